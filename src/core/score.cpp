#include "core/score.hpp"

#include <algorithm>

namespace lead_scoring {

namespace {

// A sum of decaying points, split by sign: each part only shrinks with time.
struct SignedSum {
    double positive = 0;
    double negative = 0;

    void add(double units) { (units < 0 ? negative : positive) += units; }
};

// The occurrences that count where their times are kept: the latest max_occurrences of both lists.
template <class Visit>
void for_each_kept(const Rule& rule, const RuleState& state, Visit visit) {
    std::size_t all = state.occurrences.size() + state.members.size();
    if (all <= rule.max_occurrences) {
        for (const Occurrence& occurrence : state.occurrences) visit(occurrence);
        for (const Member& member : state.members) visit(member.occurrence);
        return;
    }
    std::vector<Occurrence> sorted = state.occurrences;
    for (const Member& member : state.members) sorted.push_back(member.occurrence);
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = all - rule.max_occurrences; i < all; ++i) visit(sorted[i]);
}

SignedSum decayed(const Rule& rule, const RuleState& state, Timestamp at) {
    SignedSum sum;
    switch (rule.decay.kind) {
        case DecayKind::None: {
            WideUnits units = state.closed_sum;
            for (const Member& member : state.members) units += member.occurrence.points;
            sum.add(static_cast<double>(units));
            break;
        }
        case DecayKind::Exponential:
            sum.add(state.closed_decaying.value(at, rule.decay.half_life));
            for (const Member& member : state.members)
                sum.add(static_cast<double>(member.occurrence.points) *
                        rule.decay.weight(age_between(member.occurrence.at, at)));
            break;
        case DecayKind::Linear:
        case DecayKind::Step:
        case DecayKind::Window:
            for_each_kept(rule, state, [&](const Occurrence& occurrence) {
                sum.add(static_cast<double>(occurrence.points) * rule.decay.weight(age_between(occurrence.at, at)));
            });
            break;
    }
    return sum;
}

Units undecayed(const RuleState& state) {
    WideUnits units = state.closed_sum;
    for (const Member& member : state.members) units += member.occurrence.points;
    return saturate(units);
}

UnitsRange contribution_range(const Rule& rule, const RuleState& state, Timestamp from, Timestamp to) {
    if (rule.decay.kind == DecayKind::None || from == to) {
        Units exact = contribution(rule, state, from).capped;
        return {exact, exact};
    }
    SignedSum first = decayed(rule, state, from);
    SignedSum last = decayed(rule, state, to);
    return {rule.bounds.clamp(round_to_units(last.positive + first.negative)),
            rule.bounds.clamp(round_to_units(first.positive + last.negative))};
}

struct WideRange {
    WideUnits low = 0;
    WideUnits high = 0;

    void add(UnitsRange range) {
        low += range.low;
        high += range.high;
    }
    UnitsRange within(const Bounds& bounds) const {
        return {bounds.clamp(saturate(low)), bounds.clamp(saturate(high))};
    }
};

UnitsRange adjustments_range(const Scorecard& card, Timestamp from, Timestamp to) {
    WideUnits low = 0;
    WideUnits high = 0;
    for (const Adjustment& adjustment : card.adjustments) {
        if (to < adjustment.expires_at || adjustment.points < 0)
            low += from < adjustment.expires_at ? adjustment.points : 0;
        if (to < adjustment.expires_at || adjustment.points > 0)
            high += from < adjustment.expires_at ? adjustment.points : 0;
    }
    return {saturate(low), saturate(high)};
}

}  // namespace

Contribution contribution(const Rule& rule, const RuleState& state, Timestamp at) {
    Units units = 0;
    if (rule.decay.kind == DecayKind::None) {
        units = undecayed(state);  // exact, where a double would not be
    } else {
        SignedSum sum = decayed(rule, state, at);
        units = round_to_units(sum.positive + sum.negative);
    }
    return {units, rule.bounds.clamp(units)};
}

Units adjustments_at(const Scorecard& card, Timestamp at) { return adjustments_range(card, at, at).low; }

ScoreRange score_range(const Definition& definition, const Scorecard& card, Timestamp from, Timestamp to) {
    std::vector<WideRange> groups(definition.groups.size());
    for (const RuleState& state : card.rules) {
        const Rule& rule = definition.rules[state.rule];
        groups[rule.group].add(contribution_range(rule, state, from, to));
    }
    for (std::size_t index : definition.offset_rules) {
        const Rule& rule = definition.rules[index];
        Units points = card.find(index) == nullptr ? rule.bounds.clamp(0) : 0;
        groups[rule.group].add({points, points});
    }
    for (std::size_t index : card.fit) {
        const Rule& rule = definition.rules[index];
        Units points = rule.bounds.clamp(units_of_points(rule.points));
        groups[rule.group].add({points, points});
    }
    WideRange engagement;
    WideRange fit;
    for (std::size_t i = 0; i < groups.size(); ++i)
        (definition.groups[i].fit ? fit : engagement).add(groups[i].within(definition.groups[i].bounds));

    ScoreRange range;
    range.engagement = engagement.within({});
    range.fit = fit.within({}).low;
    WideRange total;
    total.add(range.engagement);
    total.add({range.fit, range.fit});
    total.add(adjustments_range(card, from, to));
    range.total = total.within(definition.bounds);
    return range;
}

Score score_at(const Definition& definition, const Scorecard& card, Timestamp at) {
    at = std::max(at, card.clock);
    ScoreRange range = score_range(definition, card, at, at);
    return {range.engagement.low, range.fit, range.total.low};
}

Timestamp settles_at(const Definition& definition, const Scorecard& card) {
    // Sums stay under 2^127 units: after that many half-lives less than half a unit is left of any.
    constexpr std::int64_t kHalfLives = 128;
    Timestamp settled = card.clock;
    for (const RuleState& state : card.rules) {
        const Decay& decay = definition.rules[state.rule].decay;
        if (decay.kind == DecayKind::None) continue;
        Microseconds lifetime = decay.lifetime();
        if (decay.kind == DecayKind::Exponential)
            lifetime = decay.half_life > kForever / kHalfLives ? kForever : decay.half_life * kHalfLives;
        settled = std::max(settled, add_saturated(card.clock, lifetime));
    }
    for (const Adjustment& adjustment : card.adjustments)
        if (adjustment.expires_at != kForever) settled = std::max(settled, adjustment.expires_at);
    return settled;
}

}  // namespace lead_scoring
