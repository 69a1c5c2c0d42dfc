#include "core/statistics/survival.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <vector>

namespace lead_scoring {
namespace {

std::vector<Observation> random_leads(std::mt19937& random, int count, int times, double converted) {
    std::vector<Observation> leads;
    for (int i = 0; i < count; ++i)
        leads.push_back(observe(static_cast<std::int64_t>(random() % times),
                                std::uniform_real_distribution<>()(random) < converted));
    std::sort(leads.begin(), leads.end());
    return leads;
}

// The product over distinct times, in extended precision.
long double surviving_by_definition(const std::vector<Observation>& leads, std::int64_t until) {
    std::map<std::int64_t, std::pair<int, int>> times;  // conversions, losses
    for (Observation lead : leads) (lead & 1 ? times[lead >> 1].second : times[lead >> 1].first)++;
    long double surviving = 1;
    auto at_risk = static_cast<long double>(leads.size());
    for (auto [time, counts] : times) {
        if (time > until) break;
        surviving *= (at_risk - counts.first) / at_risk;
        at_risk -= counts.first + counts.second;
    }
    return surviving;
}

TEST(Survival, AgreesWithTheDefinition) {
    std::mt19937 random(5);
    for (int round = 0; round < 3000; ++round) {
        auto leads = random_leads(random, 1 + static_cast<int>(random() % 30), 12, 0.6);
        // The middle of the days on which exactly half have converted.
        std::optional<double> median;
        std::optional<int> half;
        double last = 0;
        for (int day = 0; day < 12; ++day) {
            auto share = share_converted(leads, day, 0.95);
            auto expected = static_cast<double>(1 - surviving_by_definition(leads, day));
            if (!median && !half && std::abs(expected - 0.5) < 1e-12) half = day;
            if (!median && expected > 0.5 + 1e-12) median = half ? (*half + day) / 2.0 : day;
            if (!share) continue;
            ASSERT_NEAR(share->share, expected, 1e-12);
            ASSERT_GE(share->share, last);
            ASSERT_LE(share->bounds.low, share->share + 1e-12);
            ASSERT_GE(share->bounds.high, share->share - 1e-12);
            ASSERT_GE(share->bounds.low, 0);
            ASSERT_LE(share->bounds.high, 1);
            last = share->share;
        }
        if (!median && half) median = *half;
        ASSERT_EQ(median_time(leads), median);
    }
}

TEST(Survival, WithoutLossesIsThePlainShare) {
    std::mt19937 random(6);
    auto leads = random_leads(random, 1000, 100, 1);
    for (int day = 0; day < 100; ++day) {
        auto plain = std::count_if(leads.begin(), leads.end(), [&](Observation lead) { return lead >> 1 <= day; });
        ASSERT_NEAR(share_converted(leads, day, 0.95)->share, static_cast<double>(plain) / 1000, 1e-14);
    }
}

TEST(Survival, HalfOfAnyNumberIsExact) {
    for (int half = 1; half < 500; ++half) {
        std::vector<Observation> leads;
        for (int i = 1; i <= 2 * half; ++i) leads.push_back(observe(i, true));
        ASSERT_EQ(median_time(leads), half + 0.5);
    }
}

TEST(Survival, TellsNothingAboutTimesNobodySaw) {
    std::vector<Observation> leads = {observe(3, true), observe(5, false)};
    EXPECT_TRUE(share_converted(leads, 5, 0.95));
    EXPECT_FALSE(share_converted(leads, 6, 0.95));
    EXPECT_FALSE(share_converted({}, 0, 0.95));
    EXPECT_FALSE(median_time({}));
    std::vector<Observation> all = {observe(3, true), observe(5, true)};
    EXPECT_EQ(share_converted(all, 600, 0.95)->share, 1);
}

TEST(Survival, TimesSaturate) {
    EXPECT_LT(observe(std::numeric_limits<std::int64_t>::min(), false), observe(-1, true));
    EXPECT_LT(observe(1, false), observe(std::numeric_limits<std::int64_t>::max(), true));
    EXPECT_LT(observe(7, true), observe(7, false));
}

}  // namespace
}  // namespace lead_scoring
