#include "core/card/fold.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/stop.hpp"
#include "core/card/tally/tally.hpp"

namespace lead_scoring {

namespace {

template <class T>
void insert_sorted(std::vector<T>& list, const T& value) {
    list.insert(std::upper_bound(list.begin(), list.end(), value), value);
}

}  // namespace

bool fold(const Definition& definition, Scorecard& card, const Match& match) {
    check_stop();
    auto index = static_cast<std::size_t>(match.target);
    const Rule& rule = definition.rules[index];
    return rule.tally->fold(rule, card.find_or_add(index), match);
}

void advance_clock(const Definition& definition, Scorecard& card, Timestamp at) {
    card.clock = std::max(card.clock, at);
    for (RuleState& state : card.rules) {
        if (state.occurrences.empty()) continue;
        const Rule& rule = definition.rules[state.rule];
        rule.tally->forget(rule, state, card.clock);
    }
}

void add_pending(Scorecard& card, const Match& match) {
    insert_sorted(card.pending, match);
    if (card.pending.size() > Scorecard::kMaxPending) {
        card.pending.pop_back();
        card.pending_more = true;
    }
}

}  // namespace lead_scoring
