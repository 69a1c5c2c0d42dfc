#include "core/card/fold.hpp"

#include <algorithm>
#include <span>

#include "core/base/error.hpp"
#include "core/base/stop.hpp"

namespace lead_scoring {

namespace {

template <class T>
void insert_sorted(std::vector<T>& list, const T& value) {
    list.insert(std::upper_bound(list.begin(), list.end(), value), value);
}

// Adds an occurrence whose place among the counted ones is final.
void close(const Rule& rule, RuleState& state, const Occurrence& occurrence) {
    check_stop();
    ++state.closed_count;
    switch (rule.decay.kind) {
        case DecayKind::None:
            state.closed_sum += occurrence.points;
            break;
        case DecayKind::Exponential:
            state.closed_decaying.add(occurrence.points, occurrence.at, rule.decay.half_life);
            break;
        case DecayKind::Linear:
        case DecayKind::Step:
        case DecayKind::Window:
            state.occurrences.add(occurrence);
            if (state.occurrences.size() > rule.max_occurrences) state.occurrences.forget_earliest(1);
            break;
    }
}

// Closes the bucket. What is kept is added in time order: each in its place takes long.
void close_members(const Rule& rule, RuleState& state) {
    if (rule.decay.keeps_occurrences()) {
        for (const Occurrence& occurrence : state.members.by_time()) close(rule, state, occurrence);
    } else {
        for (const Member& member : state.members.all()) close(rule, state, member.occurrence);
    }
    state.members.rewrite();
}

}  // namespace

bool fold(const Definition& definition, Scorecard& card, const Match& match) {
    auto index = static_cast<std::size_t>(match.target);
    const Rule& rule = definition.rules[index];
    RuleState& state = card.find_or_add(index);
    Occurrence occurrence{match.at, match.points};
    if (!rule.limited()) {
        close(rule, state, occurrence);
        return true;
    }
    if (state.count() == 0 || match.bucket > state.bucket) {
        close_members(rule, state);
        state.bucket = match.bucket;
    } else if (match.bucket < state.bucket) {
        return false;
    }
    return state.members.admit({match.key, occurrence}, rule.limit_count, rule.max_keys);
}

void advance_clock(const Definition& definition, Scorecard& card, Timestamp at) {
    card.clock = std::max(card.clock, at);
    for (RuleState& state : card.rules) {
        const Decay& decay = definition.rules[state.rule].decay;
        std::span<const Occurrence> all = state.occurrences.all();
        if (all.empty()) continue;
        Microseconds lifetime = decay.lifetime();
        auto alive = std::ranges::find_if(
            all, [&](const Occurrence& occurrence) { return age_between(occurrence.at, card.clock) < lifetime; });
        state.occurrences.forget_earliest(static_cast<std::size_t>(alive - all.begin()));
    }
}

void check_card(const Definition& definition, const Scorecard& card, ErrorCode code) {
    std::size_t rules = definition.rules.size();
    bool fits = (card.rules.empty() || card.rules.back().rule < rules) && (card.fit.empty() || card.fit.back() < rules);
    for (const Match& match : card.pending)
        fits &=
            static_cast<std::size_t>(match.target) < (match.kind == MatchKind::Rule ? rules : definition.stages.size());
    if (!fits)
        throw Error(code, "scorecard does not belong to this version of the model",
                    "It names a rule or stage that the version does not have.",
                    "Take the card and the version from one row of the model's scores.");
}

void add_pending(Scorecard& card, const Match& match) {
    insert_sorted(card.pending, match);
    if (card.pending.size() > Scorecard::kMaxPending) {
        card.pending.pop_back();
        card.pending_more = true;
    }
}

}  // namespace lead_scoring
