#include "core/statistics/wilson.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.hpp"

namespace lead_scoring {
namespace {

TEST(Wilson, QuantilesOfTheNormalDistribution) {
    EXPECT_NEAR(two_sided_z(0.95), 1.959963984540054, 1e-13);
    EXPECT_NEAR(two_sided_z(0.5), 0.6744897501960817, 1e-13);
    EXPECT_NEAR(two_sided_z(0.999999), 4.891638475699, 1e-9);
    EXPECT_NEAR(two_sided_z(1e-9), 1.2533141373155e-9, 1e-16);
    for (double bad : {0.0, 1.0, -1.0, 2.0, std::nan("")}) EXPECT_THROW(two_sided_z(bad), Error);
}

TEST(Wilson, BoundsHoldTheRateAndNarrow) {
    for (std::int64_t cases : {1, 2, 10, 1000}) {
        for (std::int64_t hits = 0; hits <= cases; ++hits) {
            RateBounds bounds = wilson_bounds(hits, cases, 0.95);
            double rate = static_cast<double>(hits) / static_cast<double>(cases);
            ASSERT_LE(0, bounds.low);
            ASSERT_LE(bounds.low, rate);
            ASSERT_LE(rate, bounds.high);
            ASSERT_LE(bounds.high, 1);
            RateBounds wider = wilson_bounds(hits, cases, 0.99);
            ASSERT_LE(wider.low, bounds.low);
            ASSERT_GE(wider.high, bounds.high);
            RateBounds mirrored = wilson_bounds(cases - hits, cases, 0.95);
            ASSERT_NEAR(mirrored.low, 1 - bounds.high, 1e-12);
        }
    }
}

}  // namespace
}  // namespace lead_scoring
