// A score, line by line.
#pragma once

#include <span>
#include <vector>

#include "core/definition.hpp"
#include "core/scorecard.hpp"

namespace lead_scoring {

inline constexpr int kNoGroup = -1;

// `capped` of all lines sums to the score: a rule's line has its points within the rule's bounds; a group's line
// (rule == kNoRule) what the group's bounds add or take away; lines without group are adjustments, and the last one
// what the model's bounds add or take away.
struct ExplainLine {
    bool adjustment = false;
    int group = kNoGroup;
    int rule = kNoRule;
    std::int64_t times = 0;  // occurrences that count
    Units raw = 0;           // their points, undecayed
    Units decayed = 0;       // as of the time asked for
    Units capped = 0;
    Timestamp last_at = kNever;  // of the latest occurrence that counts
};

// What is known of a lead: all matches, sorted; the fit rules that match; its adjustments.
struct LeadFacts {
    std::span<const Match> matches;
    std::span<const std::size_t> fit;
    std::span<const Adjustment> adjustments;
};

// Explains the score as of `at`. Lines that say nothing (bounds that change nothing, adjustments that are not in force)
// are left out.
std::vector<ExplainLine> explain(const Definition& definition, const LeadFacts& facts, Timestamp at);

}  // namespace lead_scoring
