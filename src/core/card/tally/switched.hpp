// What rules have in common that give their points or nothing, and which time alone turns on or off once at the most.
// They count as matched, for stages that require them, while they give their points.
#pragma once

#include "core/card/tally/tally.hpp"

namespace lead_scoring {

// `Kind` has pays(rule, state, at), turns_at(rule, state), and times(rule, state, at): how many matches or values count
// by then. All are asked for times that are not before the latest match.
template <class Kind>
struct Switched {
    using Full = Kind;
    static constexpr Decay kFullDecay = {};
    static constexpr bool kHalves = false;
    static constexpr bool kKeepsLatest = false;
    static constexpr bool kReplaces = false;

    static void forget(const Rule&, RuleState&, Timestamp) {}

    static Units points(const Rule& rule, const RuleState& state, Timestamp at) {
        return Kind::pays(rule, state, at) ? units_of_points(rule.points) : 0;
    }
    static SignedSum split(const Rule& rule, const RuleState& state, Timestamp at) {
        SignedSum sum;
        sum.add(static_cast<double>(points(rule, state, at)));
        return sum;
    }
    static Count count(const Rule& rule, const RuleState& state, Timestamp last, Timestamp at) {
        return {points(rule, state, at), Kind::times(rule, state, at), last};
    }
};

}  // namespace lead_scoring
