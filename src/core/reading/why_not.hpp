// Why a lead is not in a stage: each condition of the stage, and the cheapest things that would bring the lead there.
//
// What would do is not derived from the conditions but tried, on a copy of the lead: by the same folding and the same
// stage machine that real events meet. So limits, caps, clamps, detours and cooldowns need no word here.
#pragma once

#include <span>
#include <vector>

#include "core/reading/trial.hpp"

namespace lead_scoring {

enum class ConditionKind { Score, Engagement, Fit, Grade, Requirement };
enum class Verdict { Yes, No, Unknown };

struct PlanStep {
    std::size_t act = 0;
    std::int64_t times = 1;
};

// Things to happen, in any order. Without steps, time alone will do.
struct Plan {
    std::vector<PlanStep> steps;
    Timestamp from = kNever;      // it does not do before; kNever: at once
    Timestamp before = kForever;  // it does where all has happened before that
    bool at_one_time = false;     // and between the first and the last lies hardly any time
    std::int64_t cost = 0;
};

// A condition of the stage. `plans` are of it alone, whatever else the stage asks for.
struct Condition {
    ConditionKind kind = ConditionKind::Score;
    std::size_t requirement = 0;  // which of the stage's, where it is one
    Verdict verdict = Verdict::No;
    std::int64_t count = 0;  // of a requirement, so far
    std::vector<Plan> plans;
};

struct WhyNotQuestion {
    Lead lead;  // as of `at`: its card, and where it stood
    int stage = kNoStage;
    Timestamp at = kNever;
    std::span<const Act> acts;
    std::span<const Doubt> doubts;
};

struct WhyNot {
    Verdict verdict = Verdict::No;  // Yes: the lead is there, or in a higher stage
    Features features;
    std::vector<Condition> conditions;
    std::vector<Plan>
        plans;  // the cheapest few that bring the lead into the stage, or a higher one; none: none is known
};

// Plans have at most so many acts.
inline constexpr std::int64_t kMostActs = 100;

WhyNot why_not(const Definition& definition, const WhyNotQuestion& question);

// When the stage may be entered as far as time has a say: its cooldown, and that of the detour the lead is in. kNever:
// at once.
Timestamp stage_opens_at(const Definition& definition, const StageState& state, int stage);

}  // namespace lead_scoring
