#include "core/statistics/risk.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace lead_scoring {
namespace {

constexpr std::int64_t kMinute = 60'000'000;

TEST(Risk, AnAgeBelongsToTheBandThatItEnds) {
    RiskByAge risk{};
    add_lead(risk, 0, kMinute, true);
    EXPECT_EQ(risk[0].conversions, 1);
    EXPECT_EQ(risk[0].seconds, 60);
    EXPECT_EQ(risk[1].seconds, 0);
    add_lead(risk, kMinute, 4 * kMinute + 1, true);
    EXPECT_EQ(risk[0].seconds, 60);
    EXPECT_EQ(risk[1].seconds, 60);
    EXPECT_EQ(risk[2].seconds, 120);
    EXPECT_EQ(risk[2].conversions, 0);
    EXPECT_EQ(risk[3].microseconds, 1);
    EXPECT_EQ(risk[3].conversions, 1);
}

// In bands of any kind, all of the time is somewhere, once.
TEST(Risk, LosesNoTime) {
    std::mt19937_64 random(7);
    RiskByAge risk{};
    __int128 expected = 0;
    std::int64_t conversions = 0;
    for (int i = 0; i < 10000; ++i) {
        std::int64_t from = static_cast<std::int64_t>(random() >> (2 + random() % 60)) / 4;
        std::int64_t to = from + 1 + static_cast<std::int64_t>(random() >> (2 + random() % 60)) / 1000;
        bool converted = random() % 2 == 0;
        add_lead(risk, from, to, converted);
        expected += to - from;
        conversions += converted;
    }
    __int128 sum = 0;
    for (const Risk& band : risk) {
        ASSERT_TRUE(band.sound());
        sum += static_cast<__int128>(band.seconds) * 1'000'000 + band.microseconds;
        conversions -= band.conversions;
    }
    EXPECT_TRUE(sum == expected);
    EXPECT_EQ(conversions, 0);
}

TEST(Risk, PartsAreTakenAwayExactly) {
    Risk all = {5, 10, 100};
    Risk rest = all.without({2, 3, 200});
    EXPECT_EQ(rest.conversions, 3);
    EXPECT_EQ(rest.seconds, 6);
    EXPECT_EQ(rest.microseconds, 999'900);
    EXPECT_TRUE(all.without(all).sound());
    EXPECT_EQ(all.without(all).days(), 0);
    EXPECT_FALSE(all.without({6, 0, 0}).sound());
    EXPECT_FALSE(all.without({0, 11, 0}).sound());
}

TEST(Risk, Saturates) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    RiskByAge risk{};
    for (int i = 0; i < 3; ++i) add_lead(risk, kMost - 1, kMost, true);
    EXPECT_EQ(risk[kAgeBands - 1].microseconds, 3);
    Risk sum = {kMost, kMost, 999'999};
    sum.add({1, 1, 1});
    EXPECT_EQ(sum.conversions, kMost);
    EXPECT_EQ(sum.seconds, kMost);
    EXPECT_TRUE(sum.sound());
    Risk forged = {-kMost, -kMost, -kMost};
    forged.add(forged);
    EXPECT_FALSE(forged.sound());
}

}  // namespace
}  // namespace lead_scoring
