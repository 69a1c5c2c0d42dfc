#include "core/base/decimal.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "core/base/units.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

void expect_scaled(const char* number, int places, std::int64_t value, bool exact = true) {
    ScaledDecimal scaled = scale_decimal(number, places);
    EXPECT_EQ(scaled.value, value) << number;
    EXPECT_EQ(scaled.exact, exact) << number;
}

TEST(Decimal, KeepsEveryDigit) {
    expect_scaled("0", 4, 0);
    expect_scaled("-0.000", 4, 0);
    expect_scaled("1.25", 4, 12500);
    expect_scaled("-1.25", 4, -12500);
    expect_scaled("0.0001", 4, 1);
    expect_scaled("007", 0, 7);
    expect_scaled("3.000", 0, 3);
    expect_scaled("900719925474099.3", 4, 9007199254740993000);  // no double has all of these
    expect_scaled("922337203685477.5807", 4, std::numeric_limits<std::int64_t>::max());
    expect_scaled("-922337203685477.5808", 4, std::numeric_limits<std::int64_t>::min());
}

TEST(Decimal, RoundsHalfAwayFromZero) {
    expect_scaled("0.00005", 4, 1, false);
    expect_scaled("-0.00005", 4, -1, false);
    expect_scaled("0.000049999999999999999999999999", 4, 0, false);
    expect_scaled("1.00015", 4, 10002, false);
    expect_scaled("2.5", 0, 3, false);
    expect_scaled("0.09", 0, 0, false);
}

TEST(Decimal, Saturates) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
    expect_scaled("922337203685477.5808", 4, kMost, false);
    expect_scaled("-922337203685477.5809", 4, kLeast, false);
    expect_scaled("99999999999999999999", 0, kMost, false);
    expect_scaled("100000000000000000000", 0, kMost, false);
    expect_scaled(("-1" + std::string(5000, '0')).c_str(), 4, kLeast, false);
    expect_scaled("1e308", 4, kMost, false);
    expect_scaled("1e99999999999999999999", 4, kMost, false);
    expect_scaled("-1e99999999999999999999", 4, kLeast, false);
    expect_scaled("1e-99999999999999999999", 4, 0, false);
}

TEST(Decimal, ReadsExponents) {
    expect_scaled("1.5e3", 0, 1500);
    expect_scaled("1.5E+3", 0, 1500);
    expect_scaled("15e-1", 0, 2, false);
    expect_scaled("25e-2", 4, 2500);
    expect_scaled("0e400", 4, 0);
    expect_scaled("0.00000000000000000000000000005e28", 0, 1, false);
}

// Where a double has all the digits, both ways come to the same.
TEST(Decimal, IsWhatADoubleComesTo) {
    for_each_seed(1000, [](SeededChoices& choices) {
        std::int64_t units = choices.between(-10'000'000'000'000, 10'000'000'000'000);
        std::int64_t most = units < 0 ? -units : units;
        std::string digits = std::to_string(most % 10000);
        std::string written =
            (units < 0 ? "-" : "") + std::to_string(most / 10000) + "." + std::string(4 - digits.size(), '0') + digits;
        EXPECT_EQ(scale_decimal(written, 4).value, units);
        EXPECT_EQ(units_of_points(std::stod(written)), units);
    });
}

}  // namespace
}  // namespace lead_scoring::test
