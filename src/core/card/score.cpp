#include "core/card/score.hpp"

#include <algorithm>
#include <array>

#include "core/card/tally/decaying.hpp"
#include "core/card/tally/sum.hpp"

namespace lead_scoring {

namespace {

// In place for what most rules are; a call through the table costs as much as such a sum.
Units points_of(const Rule& rule, const RuleState& state, Timestamp at) {
    if (rule.tally == &kTally<Sum>) return Sum::points(rule, state, at);
    if (rule.tally == &kTally<Decaying>) return Decaying::points(rule, state, at);
    return rule.tally->points(rule, state, at);
}

SignedSum split_of(const Rule& rule, const RuleState& state, Timestamp at) {
    if (rule.tally == &kTally<Decaying>) return Decaying::split(rule, state, at);
    return rule.tally->split(rule, state, at);
}

UnitsRange contribution_range(const Rule& rule, const RuleState& state, Timestamp from, Timestamp to) {
    if (rule.tally->constant || from == to) {
        Units exact = rule.bounds.clamp(points_of(rule, state, from));
        return {exact, exact};
    }
    if (rule.tally->pays != nullptr) {
        Units first = rule.bounds.clamp(points_of(rule, state, from));
        Units last = rule.bounds.clamp(points_of(rule, state, to));
        return {std::min(first, last), std::max(first, last)};
    }
    SignedSum first = split_of(rule, state, from);
    SignedSum last = split_of(rule, state, to);
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

// Bounds of a sum in which what decays by one half-life is taken together, so that opposite points cancel out.
struct Net {
    struct Decaying {
        Microseconds half_life;
        double first;  // at the beginning of the interval
        double last;   // at its end
    };
    WideRange rest;
    std::vector<Decaying> decaying;
    double error = 0;  // of the latter, by rounding

    void add(const Net& other) {
        rest.low += other.rest.low;
        rest.high += other.rest.high;
        for (const Decaying& more : other.decaying) {
            auto same = std::ranges::find(decaying, more.half_life, &Decaying::half_life);
            if (same == decaying.end()) same = decaying.insert(same, {more.half_life, 0, 0});
            same->first += more.first;
            same->last += more.last;
        }
        error += other.error;
    }
    WideRange sum() const {
        double low = -error;
        double high = error;
        for (const Decaying& part : decaying) {
            low += std::min(part.first, part.last);
            high += std::max(part.first, part.last);
        }
        return {rest.low + static_cast<WideUnits>(std::floor(low)),
                rest.high + static_cast<WideUnits>(std::ceil(high))};
    }
    // Taken together no more where the bounds may matter.
    Net within(const Bounds& bounds) const {
        WideRange all = sum();
        UnitsRange clamped = all.within(bounds);
        if (clamped.low == all.low && clamped.high == all.high) return *this;
        return net_of(clamped);
    }
    static Net net_of(UnitsRange range) {
        Net net;
        net.rest.add(range);
        return net;
    }
};

Net net_contribution(const Rule& rule, const RuleState& state, Timestamp from, Timestamp to) {
    constexpr double kFarFromOverflow = 0x1p62;
    constexpr double kPrecision = 0x1p-48;  // well above what a few roundings of doubles make
    UnitsRange range = contribution_range(rule, state, from, to);
    if (!rule.tally->halves) return Net::net_of(range);
    SignedSum first = split_of(rule, state, from);
    SignedSum last = split_of(rule, state, to);
    double magnitude = first.positive - first.negative;
    auto unbounded = [&](double sum) { return rule.bounds.clamp(round_to_units(sum)) == round_to_units(sum); };
    if (magnitude > kFarFromOverflow || !unbounded(first.total()) || !unbounded(last.total()))
        return Net::net_of(range);
    Net net;
    net.decaying.push_back({rule.decay.half_life, first.total(), last.total()});
    net.error = 0.5 + magnitude * kPrecision;
    return net;
}

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
    Units units = points_of(rule, state, at);
    return {units, rule.bounds.clamp(units)};
}

std::int64_t times_matched(const Definition& definition, const Scorecard& card, std::size_t rule, Timestamp at) {
    const Rule& known = definition.rules[rule];
    if (known.fit) return std::ranges::binary_search(card.fit, rule) ? 1 : 0;
    if (known.tally->pays != nullptr) {
        const RuleState* state = card.find(rule);
        return state != nullptr && known.tally->pays(known, *state, at) ? 1 : 0;
    }
    return card.count(rule);
}

Contribution contribution(const Definition& definition, const Scorecard& card, std::size_t rule, Timestamp at) {
    const Rule& known = definition.rules[rule];
    if (known.fit) {
        if (times_matched(definition, card, rule, at) == 0) return {};
        Units points = units_of_points(known.points);
        return {points, known.bounds.clamp(points)};
    }
    const RuleState nothing;
    const RuleState* state = card.find(rule);
    return contribution(known, state == nullptr ? nothing : *state, at);
}

Units adjustments_at(const Scorecard& card, Timestamp at) { return adjustments_range(card, at, at).low; }

ScoreRange score_range(const Definition& definition, const Scorecard& card, Timestamp from, Timestamp to) {
    auto sums = sum_up<WideRange>(
        definition, card,
        [&](const Rule& rule, const RuleState& state) { return contribution_range(rule, state, from, to); },
        [](Units points) {
            return UnitsRange{points, points};
        });
    ScoreRange range = {.from = from, .to = to};
    range.engagement = sums.engagement.within({});
    range.fit = sums.fit.within({}).low;
    WideRange total;
    total.add(range.engagement);
    total.add({range.fit, range.fit});
    total.add(adjustments_range(card, from, to));
    range.total = total.within(definition.bounds);
    return range;
}

ScoreRange netted_range(const Definition& definition, const Scorecard& card, Timestamp from, Timestamp to) {
    auto sums = sum_up<Net>(
        definition, card,
        [&](const Rule& rule, const RuleState& state) { return net_contribution(rule, state, from, to); },
        [](Units points) {
            return Net::net_of({points, points});
        });
    Net engagement = sums.engagement.within({});
    UnitsRange fit = sums.fit.sum().within({});
    Net total = engagement;
    total.add(Net::net_of(fit));
    total.add(Net::net_of(adjustments_range(card, from, to)));
    return {from, to, engagement.sum().within({}), fit.low, total.sum().within(definition.bounds)};
}

Score score_at(const Definition& definition, const Scorecard& card, Timestamp at) {
    at = std::max(at, card.clock);
    auto sums = sum_up<WideSum>(
        definition, card,
        [&](const Rule& rule, const RuleState& state) { return rule.bounds.clamp(points_of(rule, state, at)); },
        [](Units points) { return points; });
    Score score;
    score.engagement = sums.engagement.within({});
    score.fit = sums.fit.within({});
    score.total = definition.bounds.clamp(saturate(WideUnits{score.engagement} + score.fit + adjustments_at(card, at)));
    return score;
}

Timestamp rises_at(const Definition& definition, const Scorecard& card, Timestamp after) {
    Timestamp rises = kForever;
    if (!definition.has_rising) return rises;
    for (const RuleState& state : card.rules) {
        const Rule& rule = definition.rules[state.rule];
        if (!rule.rises) continue;
        Timestamp at = rule.tally->turns_at(rule, state);
        if (at > after) rises = std::min(rises, at);
    }
    return rises;
}

Timestamp settles_at(const Definition& definition, const Scorecard& card) {
    Timestamp settled = card.clock;
    for (const RuleState& state : card.rules) {
        const Rule& rule = definition.rules[state.rule];
        Timestamp turns =
            rule.tally->pays != nullptr ? rule.tally->turns_at(rule, state) : add_saturated(card.clock, rule.lifetime);
        if (rule.tally->pays == nullptr || turns != kForever) settled = std::max(settled, turns);
    }
    for (const Adjustment& adjustment : card.adjustments)
        if (adjustment.expires_at != kForever) settled = std::max(settled, adjustment.expires_at);
    return settled;
}

}  // namespace lead_scoring
