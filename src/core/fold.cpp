#include "core/fold.hpp"

#include <algorithm>
#include <iterator>

#include "core/error.hpp"

namespace lead_scoring {

namespace {

template <class T>
void insert_sorted(std::vector<T>& list, const T& value) {
    list.insert(std::upper_bound(list.begin(), list.end(), value), value);
}

// Adds an occurrence whose place among the counted ones is final.
void close(const Rule& rule, RuleState& state, const Occurrence& occurrence) {
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
            insert_sorted(state.occurrences, occurrence);
            if (state.occurrences.size() > rule.max_occurrences) state.occurrences.erase(state.occurrences.begin());
            break;
    }
}

// Members of one key stand together.
struct SameKey {
    bool operator()(const Member& member, std::uint64_t key) const { return member.key < key; }
    bool operator()(std::uint64_t key, const Member& member) const { return key < member.key; }
};

// Where a bucket has all the keys it may have: true if each of them began before `candidate`.
bool begins_last(const std::vector<Member>& members, const Member& candidate) {
    for (std::size_t i = 0; i < members.size(); ++i) {
        bool first_of_key = i == 0 || members[i - 1].key != members[i].key;
        const Member& first = members[i];
        bool before = first.occurrence < candidate.occurrence ||
                      (!(candidate.occurrence < first.occurrence) && first.key < candidate.key);
        if (first_of_key && !before) return false;
    }
    return true;
}

std::size_t count_keys(const std::vector<Member>& members) {
    std::size_t keys = 0;
    for (std::size_t i = 0; i < members.size(); ++i)
        if (i == 0 || members[i - 1].key != members[i].key) ++keys;
    return keys;
}

// Within a bucket the earliest limit_count occurrences of each key count, of the first max_keys keys.
bool admit(const Rule& rule, std::vector<Member>& members, const Member& candidate) {
    auto [first, last] = std::equal_range(members.begin(), members.end(), candidate.key, SameKey());
    if (first != last) {
        if (static_cast<std::size_t>(last - first) >= rule.limit_count) {
            if (!(candidate.occurrence < std::prev(last)->occurrence)) return true;
            members.erase(std::prev(last));
        }
        insert_sorted(members, candidate);
        return true;
    }
    if (members.size() < rule.max_keys || count_keys(members) < rule.max_keys) {
        insert_sorted(members, candidate);
        return true;
    }
    return begins_last(members, candidate);
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
        for (const Member& member : state.members) close(rule, state, member.occurrence);
        state.members.clear();
        state.bucket = match.bucket;
    } else if (match.bucket < state.bucket) {
        return false;
    }
    return admit(rule, state.members, {match.key, occurrence});
}

void advance_clock(const Definition& definition, Scorecard& card, Timestamp at) {
    card.clock = std::max(card.clock, at);
    for (RuleState& state : card.rules) {
        const Decay& decay = definition.rules[state.rule].decay;
        if (state.occurrences.empty()) continue;
        Microseconds lifetime = decay.lifetime();
        auto alive = std::find_if(
            state.occurrences.begin(), state.occurrences.end(),
            [&](const Occurrence& occurrence) { return age_between(occurrence.at, card.clock) < lifetime; });
        state.occurrences.erase(state.occurrences.begin(), alive);
    }
}

bool merge(const Definition& definition, Scorecard& card, const Scorecard& other) {
    for (const Scorecard* each : {static_cast<const Scorecard*>(&card), &other})
        for (const RuleState& state : each->rules)
            if (definition.rules[state.rule].limited()) return false;
    if (card.pending_more || other.pending_more) return false;

    for (const RuleState& from : other.rules) {
        const Rule& rule = definition.rules[from.rule];
        RuleState& into = card.find_or_add(from.rule);
        into.closed_count += from.closed_count;
        into.closed_sum += from.closed_sum;
        into.closed_decaying.add(from.closed_decaying);
        std::vector<Occurrence> both;
        std::merge(into.occurrences.begin(), into.occurrences.end(), from.occurrences.begin(), from.occurrences.end(),
                   std::back_inserter(both));
        if (both.size() > rule.max_occurrences)
            both.erase(both.begin(), both.end() - static_cast<std::ptrdiff_t>(rule.max_occurrences));
        into.occurrences = std::move(both);
    }
    std::vector<std::size_t> fit;
    std::set_union(card.fit.begin(), card.fit.end(), other.fit.begin(), other.fit.end(), std::back_inserter(fit));
    card.fit = std::move(fit);
    for (const Adjustment& adjustment : other.adjustments) insert_sorted(card.adjustments, adjustment);
    for (const Match& match : other.pending) add_pending(card, match);
    advance_clock(definition, card, other.clock);
    return true;
}

bool equivalent(const Definition& definition, const Scorecard& a, const Scorecard& b) {
    if (a == b) return true;
    if (a.clock != b.clock || a.rules.size() != b.rules.size()) return false;
    Scorecard adapted = b;
    for (std::size_t i = 0; i < a.rules.size(); ++i) {
        const RuleState& mine = a.rules[i];
        RuleState& theirs = adapted.rules[i];
        if (mine.rule != theirs.rule || mine.rule >= definition.rules.size()) return false;
        Microseconds half_life = definition.rules[mine.rule].decay.half_life;
        if (half_life <= 0) continue;
        double mine_now = mine.closed_decaying.value(a.clock, half_life);
        double theirs_now = theirs.closed_decaying.value(a.clock, half_life);
        if (std::fabs(mine_now - theirs_now) > 1e-9 * std::fabs(mine_now) + 1.0) return false;
        theirs.closed_decaying = mine.closed_decaying;
    }
    return a == adapted;
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
