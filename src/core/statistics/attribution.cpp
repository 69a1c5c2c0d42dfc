#include "core/statistics/attribution.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/base/stop.hpp"

namespace lead_scoring {

namespace {

constexpr std::pair<std::string_view, AttributionModel> kModelNames[] = {
    {"first", AttributionModel::First},
    {"last", AttributionModel::Last},
    {"last_non_direct", AttributionModel::LastNonDirect},
    {"linear", AttributionModel::Linear},
    {"linear_channel", AttributionModel::LinearChannel},
    {"position", AttributionModel::Position},
    {"time_decay", AttributionModel::TimeDecay},
};

constexpr std::string_view kDirectNames[] = {
    "", "direct", "(direct)", "(none)", "(direct) / (none)", "direct entry", "direct traffic",
};

using Channels = std::span<const ChannelTouches>;

std::size_t first_channel(Channels channels) {
    auto earlier = [](const ChannelTouches& a, const ChannelTouches& b) { return a.first < b.first; };
    return static_cast<std::size_t>(std::min_element(channels.begin(), channels.end(), earlier) - channels.begin());
}

// At equal times the later name is the later touch.
std::size_t last_channel(Channels channels, bool named_only) {
    std::size_t last = channels.size();
    for (std::size_t i = 0; i < channels.size(); ++i) {
        if (named_only && channels[i].direct) continue;
        if (last == channels.size() || channels[i].last >= channels[last].last) last = i;
    }
    return last < channels.size() ? last : last_channel(channels, false);
}

void weigh(AttributionModel model, std::span<ChannelTouches> channels) {
    if (model == AttributionModel::TimeDecay) return;
    for (ChannelTouches& channel : channels) channel.weight = 0;
    switch (model) {
        case AttributionModel::First:
            channels[first_channel(channels)].weight = 1;
            break;
        case AttributionModel::Last:
            channels[last_channel(channels, false)].weight = 1;
            break;
        case AttributionModel::LastNonDirect:
            channels[last_channel(channels, true)].weight = 1;
            break;
        case AttributionModel::Linear:
            for (ChannelTouches& channel : channels) channel.weight = static_cast<double>(channel.touches);
            break;
        case AttributionModel::LinearChannel:
            for (ChannelTouches& channel : channels) channel.weight = 1;
            break;
        case AttributionModel::Position: {
            std::size_t first = first_channel(channels);
            std::size_t last = last_channel(channels, false);
            channels[first].weight += 0.4;
            channels[last].weight += 0.4;
            std::int64_t touches = 0;
            for (const ChannelTouches& channel : channels) touches += channel.touches;
            if (touches <= 2) break;
            double each = 0.2 / static_cast<double>(touches - 2);
            for (std::size_t i = 0; i < channels.size(); ++i)
                channels[i].weight += each * static_cast<double>(channels[i].touches - (i == first) - (i == last));
            break;
        }
        case AttributionModel::TimeDecay:
            break;
    }
}

}  // namespace

AttributionModel parse_attribution_model(std::string_view name) {
    for (const auto& [known, model] : kModelNames)
        if (known == name) return model;
    throw Error(ErrorCode::InvalidParameter, "unknown attribution method \"" + std::string(name) + "\"", {},
                "Methods are first, last, last_non_direct, linear, linear_channel, position and time_decay; for Markov "
                "chains use "
                "attribution_markov.");
}

bool is_direct(std::string_view channel) noexcept {
    auto equals = [channel](std::string_view name) {
        return std::equal(channel.begin(), channel.end(), name.begin(), name.end(),
                          [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
    };
    return std::ranges::any_of(kDirectNames, equals);
}

void attribute(AttributionModel model, std::span<ChannelTouches> channels) {
    weigh(model, channels);
    double sum = 0;
    for (const ChannelTouches& channel : channels) sum += channel.weight;

    // What rounding leaves over, a few units, goes to the channel with the largest credit.
    std::int64_t left = kWholeCredit;
    for (ChannelTouches& channel : channels) {
        channel.credit = std::llround(channel.weight / sum * static_cast<double>(kWholeCredit));
        left -= channel.credit;
    }
    std::ranges::max_element(channels, {}, &ChannelTouches::credit)->credit += left;
}

void weigh_touches(std::span<Touch> touches, double half_life, std::span<ChannelTouches> channels) {
    std::sort(touches.begin(), touches.end(), hearing([](const Touch& a, const Touch& b) {
                  return a.at != b.at ? a.at < b.at : a.channel < b.channel;
              }));
    // Ages counted from the last touch rather than from the conversion: the same shares, but never all zero.
    auto last = static_cast<double>(touches.back().at);
    for (const Touch& touch : touches) {
        check_stop();
        channels[touch.channel].weight += std::exp2((static_cast<double>(touch.at) - last) / half_life);
    }
}

}  // namespace lead_scoring
