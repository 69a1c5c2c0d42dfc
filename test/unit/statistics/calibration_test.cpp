#include "core/statistics/calibration.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/base/error.hpp"

namespace lead_scoring {
namespace {

TEST(Calibration, BinsHoldTheirProbabilities) {
    std::mt19937 random(2);
    for (int bins : {1, 3, 7, 10, 100, 1000}) {
        for (int i = 0; i < 20000; ++i) {
            double p = i < 1001 ? i / 1000.0 : std::uniform_real_distribution<>()(random);
            int bin = calibration_bin(p, bins);
            ASSERT_LE(static_cast<double>(bin) / bins, p);
            ASSERT_LT(bin, bins);
            if (bin + 1 < bins) {
                ASSERT_GT(static_cast<double>(bin + 1) / bins, p);
            }
        }
    }
}

TEST(Calibration, TermsFitAndAreExactEnough) {
    EXPECT_EQ(share_term(1) * kShareUnit, 1);
    EXPECT_EQ(brier_term(0, true), share_term(1));
    EXPECT_NEAR(static_cast<double>(*log_loss_term(5e-324, true)) * kLogUnit, 744.4400719213812, 1e-9);
    EXPECT_FALSE(log_loss_term(0, true));
    EXPECT_FALSE(log_loss_term(1, false));
    for (double bad : {-1e-300, 1.0000000000000002, std::nan("")}) EXPECT_THROW(check_probability(bad), Error);
}

}  // namespace
}  // namespace lead_scoring
