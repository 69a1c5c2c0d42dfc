// From a scorecard and a time to the score. This is where points are summed.
#pragma once

#include "core/card/definition.hpp"
#include "core/card/scorecard.hpp"

namespace lead_scoring {

struct Score {
    Units engagement = 0;
    Units fit = 0;
    Units total = 0;
    bool operator==(const Score&) const = default;
};

// The score as of `at`, or as of the card's clock where that is later.
Score score_at(const Definition& definition, const Scorecard& card, Timestamp at);

// Bounds of the score over all times from `from` to `to`; exact where both are equal. Every weight falls with time, so
// positive points are most at the beginning and negative ones at the end; what time turns on or off is told by both
// ends.
struct UnitsRange {
    Units low = 0;
    Units high = 0;
};
struct ScoreRange {
    Timestamp from = kNever;
    Timestamp to = kNever;
    UnitsRange engagement;
    Units fit = 0;
    UnitsRange total;
};
ScoreRange score_range(const Definition& definition, const Scorecard& card, Timestamp from, Timestamp to);

// Other bounds of the same: closer where opposite points decay by one half-life, by some units wider where not.
ScoreRange netted_range(const Definition& definition, const Scorecard& card, Timestamp from, Timestamp to);

// What one rule gives as of `at`: before its bounds (`decayed`) and within them (`capped`).
struct Contribution {
    Units decayed = 0;
    Units capped = 0;
};
Contribution contribution(const Rule& rule, const RuleState& state, Timestamp at);
// The same of a rule by its place in the definition, which the lead may have matched or not.
Contribution contribution(const Definition& definition, const Scorecard& card, std::size_t rule, Timestamp at);

// How often the rule has counted as of `at`; of one on the lead, whether its attributes match it; of one that gives its
// points or nothing, whether it does.
std::int64_t times_matched(const Definition& definition, const Scorecard& card, std::size_t rule, Timestamp at);

// Sum of the adjustments that are in force at `at`.
Units adjustments_at(const Scorecard& card, Timestamp at);

// The first instant after `after` at which time alone turns on what may lift the score, or what a stage requires:
// whatever else is known of when the score rises, by rules that do so, it does not before. kForever: none does.
Timestamp rises_at(const Definition& definition, const Scorecard& card, Timestamp after);

// A time after which the score changes no more, unless something happens; kForever where it always may.
Timestamp settles_at(const Definition& definition, const Scorecard& card);

}  // namespace lead_scoring
