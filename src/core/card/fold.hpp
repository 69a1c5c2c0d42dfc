// Folding counted matches into a scorecard.
#pragma once

#include "core/card/definition.hpp"
#include "core/card/scorecard.hpp"

namespace lead_scoring {

// Adds one match of a rule, in any order of time. False, and nothing is changed, where the card does not remember
// enough to do so exactly (a limited rule's match in a closed bucket, a key that should have displaced another): the
// card must then be rebuilt from the event log. The clock is for the caller to move.
[[nodiscard]] bool fold(const Definition& definition, Scorecard& card, const Match& match);

// From when the lead came, kNever where nothing says so, rules of silence count for it until they match; of a lead
// whose engagement was reset, from then. To be called when either changes, and the card counts what it did before.
void expect_quiet(const Definition& definition, Scorecard& card, Timestamp created_at);

// Moves the clock to `at`, if later, and forgets the occurrences that weigh nothing from then on.
void advance_clock(const Definition& definition, Scorecard& card, Timestamp at);

// Puts a future match on the card's list, in order.
void add_pending(Scorecard& card, const Match& match);

}  // namespace lead_scoring
