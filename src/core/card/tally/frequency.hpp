// Rules that give their points while at least so many matches, or matches of so many values of a key, lie within an
// interval that ends now: the latest matches, or the latest one of each of the latest values.
#pragma once

#include <algorithm>

#include "core/card/tally/switched.hpp"

namespace lead_scoring {

struct Frequency : Switched<Frequency> {
    static constexpr bool kConstant = false;
    static constexpr bool kTurnsOn = false;

    static bool takes(const Rule& rule) { return rule.at_least > 0 && !rule.keep; }

    static bool fold(const Rule& rule, RuleState& state, const Match& match) {
        state.members.put_latest({match.key, {match.at, 0}}, rule.at_least, rule.distinct);
        return true;
    }
    static bool pays(const Rule& rule, const RuleState& state, Timestamp at) {
        return state.members.size() >= rule.at_least && age_between(state.members.earliest(), at) < rule.within;
    }
    static Timestamp turns_at(const Rule& rule, const RuleState& state) {
        if (state.members.size() < rule.at_least) return kForever;
        return add_saturated(state.members.earliest(), rule.within);
    }
    static Microseconds lifetime(const Rule& rule) { return rule.within; }

    static std::int64_t times(const Rule& rule, const RuleState& state, Timestamp at) {
        return std::ranges::count_if(state.members.all(), [&](const Member& member) {
            return age_between(member.occurrence.at, at) < rule.within;
        });
    }
};

}  // namespace lead_scoring
