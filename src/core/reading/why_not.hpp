// Why a lead is not in a stage: each condition of the stage, and the cheapest things that would bring the lead there.
#pragma once

#include <vector>

#include "core/reading/way.hpp"

namespace lead_scoring {

enum class ConditionKind { Score, Engagement, Fit, Grade, Requirement };

// Unknown: it would be so if all that is not known of the lead were so.
enum class Verdict { Yes, No, Unknown };

// A condition of the stage, or of an entry of it. `ways` are of it alone, whatever else is asked for.
struct Condition {
    ConditionKind kind = ConditionKind::Score;
    int entry = kNoEntry;
    std::size_t requirement = 0;  // which of these, where it is one
    Verdict verdict = Verdict::No;
    std::int64_t count = 0;  // of a requirement, so far
    std::vector<Way> ways;
};

struct WhyNot {
    Verdict verdict = Verdict::No;  // Yes: the lead is there, or in a higher stage
    Features features;
    std::vector<Condition> conditions;  // the stage's own, then those of its entries
    std::vector<Way> ways;              // into the stage, or a higher one
};

WhyNot why_not(const Definition& definition, const WhyNotQuestion& question);

}  // namespace lead_scoring
