// Rules that give their points while the latest match is older than an interval, or where there was none the lead
// itself: see expect_quiet (fold.hpp).
#pragma once

#include <algorithm>

#include "core/card/tally/switched.hpp"

namespace lead_scoring {

struct Quiet : Switched<Quiet> {
    static constexpr bool kConstant = false;
    static constexpr bool kTurnsOn = true;

    static bool takes(const Rule& rule) { return rule.quiet_for > 0; }

    static bool fold(const Rule&, RuleState& state, const Match& match) {
        state.since = state.closed_count > 0 ? std::max(state.since, match.at) : match.at;
        state.closed_count = 1;
        return true;
    }
    static bool pays(const Rule& rule, const RuleState& state, Timestamp at) {
        return state.since != kNever && age_between(state.since, at) > rule.quiet_for;
    }
    static Timestamp turns_at(const Rule& rule, const RuleState& state) {
        return state.since == kNever ? kForever : add_saturated(state.since, lifetime(rule));
    }
    static Microseconds lifetime(const Rule& rule) { return add_saturated(rule.quiet_for, 1); }

    static std::int64_t times(const Rule& rule, const RuleState& state, Timestamp at) {
        return pays(rule, state, at) ? 1 : 0;
    }
};

}  // namespace lead_scoring
