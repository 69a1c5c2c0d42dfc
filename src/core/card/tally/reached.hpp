// Rules that give their points from the first instant on at which so many matches lay within an interval: until then as
// rules of frequency, from then on that instant alone.
#pragma once

#include <algorithm>

#include "core/card/tally/frequency.hpp"

namespace lead_scoring {

struct Reached : Switched<Reached> {
    static constexpr bool kConstant = true;
    static constexpr bool kTurnsOn = false;

    static bool takes(const Rule& rule) { return rule.at_least > 0 && rule.keep; }

    // A match that comes late may have made the instant earlier, or one of its own: what lay around it is not known.
    static bool fold(const Rule& rule, RuleState& state, const Match& match) {
        if (state.since != kNever) return match.at >= state.since;
        Members& members = state.members;
        if (!members.empty() && match.at < members.latest()) {
            bool is_new = !rule.distinct || !members.has_key(match.key);
            if (members.size() + (is_new ? 1 : 0) >= rule.at_least) return false;
        }
        Frequency::fold(rule, state, match);
        if (Frequency::pays(rule, state, match.at)) {
            members.rewrite();
            state.closed_count = 1;
            state.since = match.at;
        }
        return true;
    }
    static bool pays(const Rule&, const RuleState& state, Timestamp at) {
        return state.since != kNever && state.since <= at;
    }
    static Timestamp turns_at(const Rule&, const RuleState&) { return kForever; }
    static Microseconds lifetime(const Rule&) { return 0; }

    static std::int64_t times(const Rule& rule, const RuleState& state, Timestamp at) {
        return state.since != kNever ? static_cast<std::int64_t>(rule.at_least) : Frequency::times(rule, state, at);
    }
};

}  // namespace lead_scoring
