#include "core/base/units.hpp"

#include <gtest/gtest.h>

#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

constexpr Units kLeast = std::numeric_limits<Units>::min();
constexpr Units kMost = std::numeric_limits<Units>::max();

TEST(Units, RoundHalfAwayFromZero) {
    EXPECT_EQ(round_to_units(0.5), 1);
    EXPECT_EQ(round_to_units(-0.5), -1);
    EXPECT_EQ(round_to_units(2.5), 3);
    EXPECT_EQ(round_to_units(-2.5), -3);
    EXPECT_EQ(round_to_units(0.49999999999999994), 0);
    EXPECT_EQ(round_to_units(-0.0), 0);
}

TEST(Units, RoundAsTheLibraryDoes) {
    for_each_seed(10000, [](Choices& choices) {
        double halves = static_cast<double>(choices.between(-1000, 1000)) / 2;
        double any = std::ldexp(static_cast<double>(choices.between(-(1ll << 53), 1ll << 53)),
                                static_cast<int>(choices.between(-60, 9)));
        for (double units : {halves, any, std::nextafter(halves, any), std::nextafter(any, 0.0)})
            EXPECT_EQ(round_to_units(units), static_cast<Units>(std::round(units))) << units;
    });
}

TEST(Units, SaturateWhereThereIsNoInteger) {
    EXPECT_EQ(round_to_units(9.3e18), kMost);
    EXPECT_EQ(round_to_units(9223372036854775807.0), kMost);
    EXPECT_EQ(round_to_units(9223372036854774784.0), 9223372036854774784);  // the double before 2^63
    EXPECT_EQ(round_to_units(-9223372036854775808.0), kLeast);
    EXPECT_EQ(round_to_units(-1e300), kLeast);
    EXPECT_EQ(round_to_units(std::numeric_limits<double>::infinity()), kMost);
    EXPECT_EQ(round_to_units(-std::numeric_limits<double>::infinity()), kLeast);
    EXPECT_EQ(saturate(WideUnits{kMost} + 1), kMost);
    EXPECT_EQ(saturate(WideUnits{kLeast} - 1), kLeast);
    EXPECT_EQ(saturate(WideUnits{kMost}), kMost);
    EXPECT_EQ(saturate(-7), -7);
}

TEST(Units, AreTenThousandthsOfPoints) {
    EXPECT_EQ(units_of_points(1.0), 10000);
    EXPECT_EQ(units_of_points(-0.00005), -1);
    EXPECT_EQ(units_of_points(0.00004), 0);
    EXPECT_EQ(units_of_points(1e300), kMost);
    EXPECT_DOUBLE_EQ(points_of_units(-25000), -2.5);
}

TEST(Units, SurviveTheWayOverPoints) {
    for_each_seed(1000, [](Choices& choices) {
        Units units = choices.between(-1000000000000, 1000000000000);
        EXPECT_EQ(units_of_points(points_of_units(units)), units);
    });
}

TEST(Timestamp, AddsWithSaturation) {
    EXPECT_EQ(add_saturated(5, 7), 12);
    EXPECT_EQ(add_saturated(5, -7), -2);
    EXPECT_EQ(add_saturated(kForever, 1), kForever);
    EXPECT_EQ(add_saturated(kForever - 1, kForever), kForever);
    EXPECT_EQ(add_saturated(kNever + 1, -2), kNever);
    EXPECT_EQ(add_saturated(kForever, kNever), -1);
}

TEST(Timestamp, AgeIsNeverNegativeAndSaturates) {
    EXPECT_EQ(age_between(10, 15), 5);
    EXPECT_EQ(age_between(15, 10), 0);
    EXPECT_EQ(age_between(10, 10), 0);
    EXPECT_EQ(age_between(-2, kForever), kForever);
    EXPECT_EQ(age_between(kNever, kForever), kForever);
    EXPECT_EQ(age_between(kNever, kNever + 3), 3);
}

TEST(FloorDivide, RoundsTowardsMinusInfinity) {
    EXPECT_EQ(floor_divide(7, 2), 3);
    EXPECT_EQ(floor_divide(-7, 2), -4);
    EXPECT_EQ(floor_divide(7, -2), -4);
    EXPECT_EQ(floor_divide(-8, 2), -4);
    EXPECT_EQ(floor_divide(0, 5), 0);
    EXPECT_EQ(floor_divide(-1, kForever), -1);
}

TEST(FloorDivide, LeavesARestBetweenZeroAndTheDivisor) {
    for_each_seed(1000, [](Choices& choices) {
        std::int64_t dividend = choices.between(-1000000, 1000000) * choices.between(1, 1000000000);
        std::int64_t divisor = choices.between(1, 1000) * choices.between(1, 1000000);
        std::int64_t rest = dividend - floor_divide(dividend, divisor) * divisor;
        EXPECT_GE(rest, 0);
        EXPECT_LT(rest, divisor);
    });
}

}  // namespace
}  // namespace lead_scoring::test
