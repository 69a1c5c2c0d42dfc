#include "core/attribution.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "core/error.hpp"

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

std::vector<double> weigh(AttributionModel model, Channels channels) {
    std::vector<double> weights(channels.size(), 0.0);
    std::int64_t touches = 0;
    for (const ChannelTouches& channel : channels) touches += channel.touches;

    switch (model) {
        case AttributionModel::First:
            weights[first_channel(channels)] = 1;
            break;
        case AttributionModel::Last:
            weights[last_channel(channels, false)] = 1;
            break;
        case AttributionModel::LastNonDirect:
            weights[last_channel(channels, true)] = 1;
            break;
        case AttributionModel::Linear:
            for (std::size_t i = 0; i < channels.size(); ++i) weights[i] = static_cast<double>(channels[i].touches);
            break;
        case AttributionModel::LinearChannel:
            weights.assign(channels.size(), 1.0);
            break;
        case AttributionModel::Position: {
            std::size_t first = first_channel(channels);
            std::size_t last = last_channel(channels, false);
            weights[first] += 0.4;
            weights[last] += 0.4;
            if (touches <= 2) break;
            double each = 0.2 / static_cast<double>(touches - 2);
            for (std::size_t i = 0; i < channels.size(); ++i)
                weights[i] += each * static_cast<double>(channels[i].touches - (i == first) - (i == last));
            break;
        }
        case AttributionModel::TimeDecay:
            for (std::size_t i = 0; i < channels.size(); ++i) weights[i] = channels[i].weight;
            break;
    }
    return weights;
}

}  // namespace

AttributionModel parse_attribution_model(std::string_view name) {
    for (const auto& [known, model] : kModelNames)
        if (known == name) return model;
    throw Error(ErrorCode::InvalidParameter, "unknown attribution model \"" + std::string(name) + "\"", {},
                "Models are first, last, last_non_direct, linear, linear_channel, position and time_decay; for Markov "
                "chains use "
                "attribution_markov.");
}

bool is_direct(std::string_view channel) noexcept {
    auto equals = [channel](std::string_view name) {
        return std::equal(channel.begin(), channel.end(), name.begin(), name.end(),
                          [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
    };
    return equals("direct") || equals("(direct)");
}

void attribute(AttributionModel model, Channels channels, std::span<std::int64_t> credits) {
    std::vector<double> weights = weigh(model, channels);
    double sum = std::accumulate(weights.begin(), weights.end(), 0.0);

    // What rounding leaves over, a few units, goes to the channel with the largest credit.
    std::int64_t left = kWholeCredit;
    for (std::size_t i = 0; i < channels.size(); ++i) {
        credits[i] = std::llround(weights[i] / sum * static_cast<double>(kWholeCredit));
        left -= credits[i];
    }
    *std::max_element(credits.begin(), credits.end()) += left;
}

void weigh_touches(std::span<Touch> touches, double half_life, std::span<ChannelTouches> channels) {
    std::sort(touches.begin(), touches.end(),
              [](const Touch& a, const Touch& b) { return a.at != b.at ? a.at < b.at : a.channel < b.channel; });
    // Ages counted from the last touch rather than from the conversion: the same shares, but never all zero.
    auto last = static_cast<double>(touches.back().at);
    for (const Touch& touch : touches)
        channels[touch.channel].weight += std::exp2((static_cast<double>(touch.at) - last) / half_life);
}

}  // namespace lead_scoring
