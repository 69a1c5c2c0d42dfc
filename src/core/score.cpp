#include "core/score.hpp"

#include <algorithm>
#include <array>

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

// Sums of groups and of the whole: of ranges, and of what is exact.
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

struct WideSum {
    WideUnits units = 0;

    void add(Units points) { units += points; }
    Units within(const Bounds& bounds) const { return bounds.clamp(saturate(units)); }
};

// Room for the sums of a definition's groups, without an allocation where there are as few as usual.
template <class Sum>
class GroupSums {
  public:
    explicit GroupSums(std::size_t count) {
        if (count > kFew) many_.resize(count);
    }
    Sum& operator[](std::size_t group) { return many_.empty() ? few_[group] : many_[group]; }

  private:
    static constexpr std::size_t kFew = 16;
    std::array<Sum, kFew> few_{};
    std::vector<Sum> many_;
};

template <class Sum>
struct Sums {
    Sum engagement;
    Sum fit;
};

// `contribute(rule, state)`: what a rule that the lead has matched gives; `constant(points)`: what is the same at all
// times, in the same terms.
template <class Sum, class Contribute, class Constant>
Sums<Sum> sum_up(const Definition& definition, const Scorecard& card, Contribute contribute, Constant constant) {
    GroupSums<Sum> groups(definition.groups.size());
    for (const RuleState& state : card.rules) {
        const Rule& rule = definition.rules[state.rule];
        groups[rule.group].add(contribute(rule, state));
    }
    for (std::size_t index : definition.offset_rules) {
        const Rule& rule = definition.rules[index];
        if (card.find(index) == nullptr) groups[rule.group].add(constant(rule.bounds.clamp(0)));
    }
    for (std::size_t index : card.fit) {
        const Rule& rule = definition.rules[index];
        groups[rule.group].add(constant(rule.bounds.clamp(units_of_points(rule.points))));
    }
    Sums<Sum> sums;
    for (std::size_t i = 0; i < definition.groups.size(); ++i)
        (definition.groups[i].fit ? sums.fit : sums.engagement).add(groups[i].within(definition.groups[i].bounds));
    return sums;
}

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
    auto sums = sum_up<WideRange>(
        definition, card,
        [&](const Rule& rule, const RuleState& state) { return contribution_range(rule, state, from, to); },
        [](Units points) {
            return UnitsRange{points, points};
        });
    ScoreRange range;
    range.engagement = sums.engagement.within({});
    range.fit = sums.fit.within({}).low;
    WideRange total;
    total.add(range.engagement);
    total.add({range.fit, range.fit});
    total.add(adjustments_range(card, from, to));
    range.total = total.within(definition.bounds);
    return range;
}

Score score_at(const Definition& definition, const Scorecard& card, Timestamp at) {
    at = std::max(at, card.clock);
    auto sums = sum_up<WideSum>(
        definition, card,
        [&](const Rule& rule, const RuleState& state) { return contribution(rule, state, at).capped; },
        [](Units points) { return points; });
    Score score;
    score.engagement = sums.engagement.within({});
    score.fit = sums.fit.within({});
    score.total = definition.bounds.clamp(saturate(WideUnits{score.engagement} + score.fit + adjustments_at(card, at)));
    return score;
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
