// A score, line by line.
#pragma once

#include <span>
#include <vector>

#include "core/reading/replay.hpp"

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

// Explains the score as of `at`. The definition and the facts must outlive it.
class Explanation {
  public:
    Explanation(const Definition& definition, const LeadFacts& facts, Timestamp at);
    Explanation(const Explanation&) = delete;

    // All matches of the lead, sorted, as many at a time as the caller has at hand. Throws Internal where they are in
    // disorder.
    void add(std::span<const Match> matches);
    // To be called once, when all matches are there. Lines that say nothing (bounds that change nothing, adjustments
    // that are not in force, rules of frequency and silence without a match that counts) are left out.
    std::vector<ExplainLine> lines();

  private:
    // The lead by a definition.
    struct Part {
        Part(const Definition& definition, const LeadFacts& facts, Timestamp at);
        std::vector<Transition> none;
        Lead lead;
        Replay replay;
    };

    ExplainLine line_of(std::size_t rule) const;

    const Definition& definition_;
    Definition counting_;  // the same rules, but what counts keeps its full points, however old it is
    LeadFacts facts_;
    Timestamp at_;
    std::vector<Timestamp> last_;  // match of each rule
    Part scored_;
    Part counted_;
};

}  // namespace lead_scoring
