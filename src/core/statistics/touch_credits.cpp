#include "core/statistics/touch_credits.hpp"

#include <algorithm>
#include <numeric>

#include "core/base/stop.hpp"

namespace lead_scoring {

namespace {

constexpr std::uint32_t kUnknown = std::numeric_limits<std::uint32_t>::max();

constexpr std::uint32_t step_of(std::uint32_t from, std::uint32_t to) { return from << 16 | to; }

std::int64_t saturated_difference(std::int64_t to, std::int64_t from) {
    std::int64_t difference = 0;
    if (!__builtin_sub_overflow(to, from, &difference)) return difference;
    return to > from ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

}  // namespace

std::uint32_t TouchCredits::number_of(std::string_view name) {
    auto known = numbers_.find(name);
    if (known != numbers_.end()) return known->second;
    auto number = static_cast<std::uint32_t>(names_.size());
    numbers_.emplace(names_.emplace_back(name), number);
    channels_.emplace_back();
    return number;
}

void TouchCredits::take(const CreditedLead& lead) {
    own_names_.assign(lead.names.size(), kUnknown);
    path_.clear();
    for (const PathTouch& touch : lead.touches) {
        std::uint32_t& number = own_names_[touch.channel];
        if (number == kUnknown) number = number_of(lead.names[touch.channel]);
        path_.push_back({touch.at, number});
    }
}

void TouchCredits::count() {
    (path_.empty() ? nobody_ : channels_[path_.front().channel]).leads += 1;
    distinct_.clear();
    for (const Touch& touch : path_) {
        if (touch.at < settings_.since || touch.at >= settings_.before) continue;
        channels_[touch.channel].touches += 1;
        if (std::ranges::find(distinct_, touch.channel) == distinct_.end()) distinct_.push_back(touch.channel);
    }
    for (std::uint32_t channel : distinct_) channels_[channel].leads_touched += 1;
}

TouchCredits::Part TouchCredits::credited(std::int64_t at) const {
    auto first = std::ranges::partition_point(
        path_, [&](const Touch& touch) { return saturated_difference(at, touch.at) > settings_.look_back; });
    auto end = std::ranges::partition_point(path_, [&](const Touch& touch) { return touch.at <= at; });
    auto place = [&](auto touch) { return static_cast<std::size_t>(touch - path_.begin()); };
    return {std::min(place(first), place(end)), place(end)};
}

// Shares a conversion out by each method. That of kConversions is none, but has a value.
void TouchCredits::share(std::size_t conversion, std::int64_t at, bool has_value) {
    auto [from, to] = credited(at);
    auto give = [&](std::size_t method, std::uint32_t channel, std::int64_t credit) {
        if (conversion < kConversions)
            (channel == kNoChannel ? nobody_ : channels_[channel]).credits[method][conversion] += credit;
        if (has_value) value_shares_.push_back({method, channel, credit});
    };
    if (from == to) {
        for (std::size_t method = 0; method < kAttributionMethods; ++method) give(method, kNoChannel, kWholeCredit);
        return;
    }
    distinct_.clear();
    for (std::size_t i = from; i < to; ++i)
        if (std::ranges::find(distinct_, path_[i].channel) == distinct_.end()) distinct_.push_back(path_[i].channel);
    std::ranges::sort(distinct_, {}, [&](std::uint32_t channel) -> const std::string& { return names_[channel]; });
    shares_.clear();
    for (std::uint32_t channel : distinct_) shares_.push_back({is_direct(names_[channel]), 0, 0, 0});
    weighed_.clear();
    for (std::size_t i = from; i < to; ++i) {
        auto place = static_cast<std::uint32_t>(std::ranges::find(distinct_, path_[i].channel) - distinct_.begin());
        ChannelTouches& channel = shares_[place];
        if (channel.touches++ == 0) channel.first = path_[i].at;
        channel.last = path_[i].at;
        weighed_.push_back({path_[i].at, place});
    }
    for (std::size_t method = 0; method < kAttributionMethods; ++method) {
        auto model = static_cast<AttributionModel>(method);
        if (model == AttributionModel::TimeDecay) {
            for (ChannelTouches& channel : shares_) channel.weight = 0;
            weigh_touches(weighed_, settings_.half_life, shares_);
        }
        attribute(model, shares_);
        for (std::size_t i = 0; i < shares_.size(); ++i) give(method, distinct_[i], shares_[i].credit);
    }
}

void TouchCredits::add_to_chain(Chain& chain, Part part, bool converted) {
    if (part.from == part.to) {
        chain.unattributed += converted ? 1 : 0;
        return;
    }
    chain.conversions += converted ? 1 : 0;
    std::uint32_t from = kMarkovStart;
    for (std::size_t i = part.from; i < part.to; ++i) {
        std::uint32_t to = path_[i].channel + 1;
        ++chain.steps[step_of(from, to)];
        from = to;
    }
    ++chain.steps[step_of(from, converted ? kMarkovConverted : kMarkovLost)];
}

std::span<const ValueShare> TouchCredits::add(const CreditedLead& lead) {
    check_stop();
    take(lead);
    count();
    value_shares_.clear();
    std::int64_t customer_at = lead.converted_at[kConversions - 1];
    bool is_customer = customer_at != kNotConverted;
    std::int64_t value_at = is_customer ? customer_at : settings_.as_of;
    value_chain_ = is_customer ? kConversions - 1 : kConversions;
    if (lead.has_value) {
        Part part = credited(value_at);
        value_is_touched_ = part.from < part.to;
    }
    for (std::size_t i = 0; i < kConversions; ++i)
        if (lead.converted_at[i] != kNotConverted) share(i, lead.converted_at[i], lead.has_value && i == value_chain_);
    if (lead.has_value && !is_customer) share(kConversions, value_at, true);

    if (!has_markov()) return value_shares_;
    Part all = {0, path_.size()};
    bool lost = !lead.has_value && std::ranges::all_of(lead.converted_at, [](auto at) { return at == kNotConverted; });
    if (lost) {
        add_to_chain(lost_, all, false);
        return value_shares_;
    }
    for (std::size_t i = 0; i < kConversions; ++i) {
        bool converted = lead.converted_at[i] != kNotConverted;
        add_to_chain(chains_[i], converted ? credited(lead.converted_at[i]) : all, converted);
    }
    if (!is_customer) add_to_chain(chains_[kConversions], lead.has_value ? credited(value_at) : all, lead.has_value);
    return value_shares_;
}

MarkovCredits TouchCredits::markov(std::size_t number) const {
    const Chain& chain = chains_[number];
    MarkovCredits result;
    result.conversions = chain.conversions;
    result.unattributed = static_cast<double>(chain.unattributed);
    result.by_channel.resize(names_.size());
    // By name, so that the result does not depend on the order in which leads came.
    std::vector<std::uint32_t> order(names_.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, hearing([&](std::uint32_t a, std::uint32_t b) { return names_[a] < names_[b]; }));
    std::vector<std::uint16_t> place(names_.size() + 1);
    for (std::size_t i = 0; i < order.size(); ++i) place[order[i] + 1] = static_cast<std::uint16_t>(i + 1);

    std::vector<MarkovStep> steps;
    for (const Chain* part : {&chain, &lost_})
        for (auto [step, count] : part->steps) {
            std::uint32_t to = step & 0xffff;
            auto next = static_cast<std::uint16_t>(to);
            if (to <= names_.size()) next = place[to];
            steps.push_back({{kMarkovStart, kMarkovStart, place[step >> 16]}, next, count});
        }
    if (steps.empty()) return result;
    steps.resize(merge_steps(steps));
    MarkovChain solved(steps);
    double whole = solved.conversion_chance(kMarkovStart);
    double sum = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        check_stop();
        double without = solved.conversion_chance(static_cast<std::uint16_t>(i + 1));
        double effect = whole > 0 ? std::clamp(1 - without / whole, 0.0, 1.0) : 0;
        result.by_channel[order[i]] = effect;
        sum += effect;
    }
    for (double& credit : result.by_channel)
        credit = sum > 0 ? static_cast<double>(result.conversions) * (credit / sum) : 0;
    return result;
}

}  // namespace lead_scoring
