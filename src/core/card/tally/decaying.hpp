// Rules that decay exponentially: one sum, which is told at any time.
#pragma once

#include "core/card/tally/sum.hpp"

namespace lead_scoring {

struct Decaying {
    using Full = Sum;
    static constexpr Decay kFullDecay = {};
    static constexpr bool kConstant = false;
    static constexpr bool kHalves = true;
    static constexpr bool kKeepsLatest = false;
    static constexpr bool kReplaces = false;
    static constexpr bool kClosesByTime = false;

    static bool takes(const Rule& rule) { return rule.decay.kind == DecayKind::Exponential; }

    static void close(const Rule& rule, RuleState& state, const Occurrence& occurrence) {
        ++state.closed_count;
        state.closed_decaying.add(occurrence.points, occurrence.at, rule.decay.half_life);
    }
    static bool fold(const Rule& rule, RuleState& state, const Match& match) {
        close(rule, state, {match.at, match.points});
        return true;
    }
    static void forget(const Rule&, RuleState&, Timestamp) {}

    static SignedSum split(const Rule& rule, const RuleState& state, Timestamp at) {
        SignedSum sum;
        sum.add(state.closed_decaying.value(at, rule.decay.half_life));
        if (!state.members.empty()) sum.add(state.members.decayed(rule.decay, at, state.members.size()));
        return sum;
    }
    static Units points(const Rule& rule, const RuleState& state, Timestamp at) {
        if (!state.members.empty()) return round_to_units(split(rule, state, at).total());
        return round_to_units(state.closed_decaying.value(at, rule.decay.half_life));
    }
    // Sums stay under 2^127 units: after that many half-lives less than half a unit is left of any.
    static Microseconds lifetime(const Rule& rule) {
        constexpr std::int64_t kHalfLives = 128;
        return rule.decay.half_life > kForever / kHalfLives ? kForever : rule.decay.half_life * kHalfLives;
    }

    static Count count(const Rule& rule, const RuleState& state, Timestamp last, Timestamp at) {
        return Sum::count(rule, state, last, at);
    }
};

}  // namespace lead_scoring
