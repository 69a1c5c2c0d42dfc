// Rules without decay: the sum of the points.
#pragma once

#include <algorithm>

#include "core/card/tally/tally.hpp"

namespace lead_scoring {

struct Sum {
    using Full = Sum;
    static constexpr Decay kFullDecay = {};
    static constexpr bool kConstant = true;
    static constexpr bool kHalves = false;
    static constexpr bool kKeepsLatest = false;
    static constexpr bool kReplaces = false;
    static constexpr bool kClosesByTime = false;

    static bool takes(const Rule& rule) { return rule.decay.kind == DecayKind::None; }

    static void close(const Rule&, RuleState& state, const Occurrence& occurrence) {
        ++state.closed_count;
        state.closed_sum += occurrence.points;
    }
    static bool fold(const Rule& rule, RuleState& state, const Match& match) {
        close(rule, state, {match.at, match.points});
        return true;
    }
    static void forget(const Rule&, RuleState&, Timestamp) {}

    // An integer all the way, for a double would not be exact.
    static Units points(const Rule&, const RuleState& state, Timestamp) {
        return saturate(state.members.empty() ? state.closed_sum : state.closed_sum + state.members.points());
    }
    static SignedSum split(const Rule& rule, const RuleState& state, Timestamp at) {
        SignedSum sum;
        sum.add(static_cast<double>(points(rule, state, at)));
        return sum;
    }
    static Microseconds lifetime(const Rule&) { return 0; }

    static Count count(const Rule& rule, const RuleState& state, Timestamp last, Timestamp) {
        for (const Member& member : state.members.all()) last = std::max(last, member.occurrence.at);
        return {points(rule, state, last), state.count(), last};
    }
};

}  // namespace lead_scoring
