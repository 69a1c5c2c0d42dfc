#include "core/statistics/attribution.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <vector>

#include "core/base/error.hpp"

namespace lead_scoring {
namespace {

const AttributionModel kModels[] = {AttributionModel::First,         AttributionModel::Last,
                                    AttributionModel::LastNonDirect, AttributionModel::Linear,
                                    AttributionModel::LinearChannel, AttributionModel::Position,
                                    AttributionModel::TimeDecay};

std::vector<ChannelTouches> summarize(std::vector<Touch> touches, std::uint32_t channels, double half_life) {
    std::vector<ChannelTouches> result(channels, ChannelTouches{});
    result[0].direct = true;
    for (const Touch& touch : touches) {
        ChannelTouches& channel = result[touch.channel];
        channel.first = channel.touches == 0 ? touch.at : std::min(channel.first, touch.at);
        channel.last = channel.touches == 0 ? touch.at : std::max(channel.last, touch.at);
        ++channel.touches;
    }
    weigh_touches(touches, half_life, result);
    return result;
}

std::vector<std::int64_t> credits_of(AttributionModel model, std::vector<ChannelTouches> channels) {
    attribute(model, channels);
    std::vector<std::int64_t> credits;
    for (const ChannelTouches& channel : channels) credits.push_back(channel.credit);
    return credits;
}

TEST(Attribution, CreditsAreSharesOfOne) {
    std::mt19937 random(2);
    for (int round = 0; round < 5000; ++round) {
        std::uint32_t channels = 1 + random() % 5;
        std::vector<Touch> touches;
        for (std::uint32_t i = 0; i < channels; ++i) touches.push_back({static_cast<std::int64_t>(random() % 20), i});
        for (auto more = random() % 10; more > 0; --more)
            touches.push_back(
                {static_cast<std::int64_t>(random() % 20), static_cast<std::uint32_t>(random() % channels)});
        auto summary = summarize(touches, channels, 0.01 + static_cast<double>(random() % 100));
        for (AttributionModel model : kModels) {
            auto credits = credits_of(model, summary);
            ASSERT_EQ(std::accumulate(credits.begin(), credits.end(), std::int64_t{0}), kWholeCredit);
            for (std::int64_t credit : credits) ASSERT_GE(credit, 0);
            if (model == AttributionModel::First || model == AttributionModel::Last ||
                model == AttributionModel::LastNonDirect) {
                ASSERT_EQ(std::count(credits.begin(), credits.end(), kWholeCredit), 1);
            }
        }
    }
}

// Position and the single-touch models from the touches in order, as a reader would do it.
TEST(Attribution, SummariesTellAsMuchAsTouches) {
    std::mt19937 random(4);
    for (int round = 0; round < 5000; ++round) {
        std::uint32_t channels = 1 + random() % 4;
        std::vector<Touch> touches;
        for (std::uint32_t i = 0; i < channels; ++i) touches.push_back({static_cast<std::int64_t>(random() % 6), i});
        for (auto more = random() % 6; more > 0; --more)
            touches.push_back(
                {static_cast<std::int64_t>(random() % 6), static_cast<std::uint32_t>(random() % channels)});
        auto summary = summarize(touches, channels, 1);
        std::sort(touches.begin(), touches.end(), [](const Touch& a, const Touch& b) {
            return std::pair(a.at, a.channel) < std::pair(b.at, b.channel);
        });

        std::vector<double> position(channels, 0.0);
        std::size_t n = touches.size();
        for (std::size_t i = 0; i < n; ++i)
            position[touches[i].channel] += n == 1                 ? 1
                                            : n == 2               ? 0.5
                                            : i == 0 || i == n - 1 ? 0.4
                                                                   : 0.2 / static_cast<double>(n - 2);
        auto credits = credits_of(AttributionModel::Position, summary);
        for (std::uint32_t i = 0; i < channels; ++i)
            ASSERT_NEAR(static_cast<double>(credits[i]) / kWholeCredit, position[i], 1e-14);
        ASSERT_EQ(credits_of(AttributionModel::First, summary)[touches.front().channel], kWholeCredit);
        ASSERT_EQ(credits_of(AttributionModel::Last, summary)[touches.back().channel], kWholeCredit);
        auto named =
            std::find_if(touches.rbegin(), touches.rend(), [](const Touch& touch) { return touch.channel != 0; });
        std::uint32_t last = named == touches.rend() ? 0 : named->channel;
        ASSERT_EQ(credits_of(AttributionModel::LastNonDirect, summary)[last], kWholeCredit);
    }
}

TEST(Attribution, OldTouchesStillShare) {
    auto credits = credits_of(AttributionModel::TimeDecay, summarize({{0, 0}, {1, 1}}, 2, 1e-3));
    EXPECT_EQ(credits[1], kWholeCredit);
    credits = credits_of(AttributionModel::TimeDecay, summarize({{0, 0}, {0, 1}}, 2, 1e-300));
    EXPECT_EQ(credits[0], kWholeCredit / 2);
}

TEST(Attribution, Names) {
    EXPECT_EQ(parse_attribution_model("time_decay"), AttributionModel::TimeDecay);
    EXPECT_THROW(parse_attribution_model("Linear"), Error);
    EXPECT_TRUE(is_direct("(Direct)"));
    EXPECT_TRUE(is_direct("DIRECT"));
    EXPECT_TRUE(is_direct("Direct Entry"));
    EXPECT_TRUE(is_direct("direct traffic"));
    EXPECT_TRUE(is_direct("(none)"));
    EXPECT_TRUE(is_direct("(direct) / (none)"));
    EXPECT_TRUE(is_direct(""));
    EXPECT_FALSE(is_direct("directory"));
    EXPECT_FALSE(is_direct("direct mail"));
}

}  // namespace
}  // namespace lead_scoring
