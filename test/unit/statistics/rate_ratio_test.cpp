#include "core/statistics/rate_ratio.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "core/statistics/wilson.hpp"

namespace lead_scoring {
namespace {

TEST(RateRatio, OfOneBandIsTheQuotientWithWilsonsInterval) {
    std::mt19937 random(1);
    for (int round = 0; round < 2000; ++round) {
        auto with = static_cast<std::int64_t>(random() % 6);
        auto without = static_cast<std::int64_t>(random() % 400);
        double time_with = std::exp(static_cast<double>(random() % 60) - 30);
        double time_without = std::exp(static_cast<double>(random() % 60) - 30);
        RiskBand band = {static_cast<double>(with), time_with, static_cast<double>(without), time_without};
        RateRatio result = rate_ratio({&band, 1}, 0.9);
        if (with + without == 0) {
            ASSERT_FALSE(result.ratio || result.low || result.high);
            continue;
        }
        RateBounds share = wilson_bounds(with, with + without, 0.9);
        auto expect = [&](std::optional<double> bound, double part) {
            ASSERT_EQ(bound.has_value(), part < 1);
            if (bound) {
                ASSERT_NEAR(*bound, part / (1 - part) * time_without / time_with, 1e-9 * *bound);
            }
        };
        expect(result.low, share.low);
        expect(result.high, share.high);
        expect(result.ratio, static_cast<double>(with) / static_cast<double>(with + without));
    }
}

// The Stanford heart transplants by bands of age (test/sql/hazards.sql), and two bands that say nothing. R:
// glm(deaths ~ factor(band) + transplant + offset(log(days)), poisson), whose transplant is exp() 1.0413327879787;
// interval: uniroot on the score.
TEST(RateRatio, AgreesWithPoissonRegression) {
    RiskBand bands[] = {{3, 2.606000e+02, 4, 6.9935555556e+02},
                        {5, 8.5482222222e+02, 6, 8.5873333333e+02},
                        {14, 1.92991111111e+03, 3, 7.7946666667e+02},
                        {5, 3.37466666667e+03, 2, 7.3202222222e+02},
                        {9, 5.52575555556e+03, 2, 7.5491111111e+02},
                        {2, 7.34435555556e+03, 0, 427},
                        {6, 5.9864e+03, 0, 6.7182222222e+02},
                        {0, 2.68888888889, 3, 6.857777778e+01},
                        {0, 9.64444444444, 3, 1.2862222222e+02},
                        {0, 32.2, 4, 2.3611111111e+02},
                        {0, 88.6, 3, 4.2526666667e+02},
                        {0, 1, 7, 0},
                        {7, 0, 0, 1}};
    RateRatio result = rate_ratio(bands, 0.95);
    EXPECT_NEAR(*result.ratio, 1.0413327879787, 1e-9);
    EXPECT_NEAR(*result.low, 0.586123121462, 1e-9);
    EXPECT_NEAR(*result.high, 1.851213260820, 1e-9);
}

TEST(RateRatio, FarNumbersStayInOrder) {
    for (double time : {1e-11, 1.0, 1e18}) {
        for (double events : {1.0, 1e9, 9e18}) {
            RiskBand band = {events, time, 1, 1e18};
            RateRatio result = rate_ratio({&band, 1}, 0.999999);
            ASSERT_LT(*result.low, *result.ratio);
            ASSERT_LT(*result.ratio, *result.high);
            ASSERT_TRUE(std::isfinite(*result.high));
        }
    }
    EXPECT_FALSE(rate_ratio({}, 0.95).low);
}

}  // namespace
}  // namespace lead_scoring
