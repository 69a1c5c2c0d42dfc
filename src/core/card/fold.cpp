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
    if (definition.keeps_latest) card.note_latest(index, match.at);
    return rule.tally->fold(rule, card.find_or_add(index), match);
}

void expect_quiet(const Definition& definition, Scorecard& card, Timestamp created_at) {
    Timestamp since = created_at == kNever ? kNever : std::max(created_at, card.reset_at);
    for (std::size_t rule : definition.quiet_rules) {
        const RuleState* known = card.find(rule);
        if (known != nullptr && known->closed_count > 0) continue;
        if (since != kNever)
            card.find_or_add(rule).since = since;
        else
            std::erase_if(card.rules, [&](const RuleState& state) { return state.rule == rule; });
    }
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
