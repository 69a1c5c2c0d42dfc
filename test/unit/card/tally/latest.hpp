// A kind of rule that the product does not have: of undecayed rules with max_occurrences = 1 the latest occurrence
// counts, and no other.
#pragma once

#include "core/card/tally/sum.hpp"

namespace lead_scoring::test {

struct Latest : Sum {
    using Full = Latest;
    static constexpr bool kKeepsLatest = true;
    static constexpr bool kReplaces = true;

    static bool takes(const Rule& rule) { return Sum::takes(rule) && rule.max_occurrences == 1; }

    static bool fold(const Rule&, RuleState& state, const Match& match) {
        ++state.closed_count;
        state.occurrences.add({match.at, match.points});
        if (state.occurrences.size() > 1) state.occurrences.forget_earliest(1);
        return true;
    }
    static Units points(const Rule&, const RuleState& state, Timestamp) {
        return state.occurrences.empty() ? 0 : state.occurrences.all().back().points;
    }
    static Count count(const Rule& rule, const RuleState& state, Timestamp last, Timestamp) {
        return {points(rule, state, last), 1, last};
    }
};

}  // namespace lead_scoring::test
