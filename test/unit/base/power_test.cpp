#include "core/base/power.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "core/base/key_hash.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

TEST(Power, IsExactAtWholeExponents) {
    EXPECT_EQ(power_of_two(0.0), 1.0);
    EXPECT_EQ(power_of_two(1.0), 2.0);
    EXPECT_EQ(power_of_two(0.5), 0x1.6a09e667f3bcdp+0);
}

TEST(Power, IsThatOfTheLibraryToTheLastBits) {
    for_each_seed(200, [](Choices& choices) {
        for (int i = 0; i < 100; ++i) {
            double fraction = static_cast<double>(choices.below(std::uint64_t{1} << 53)) * 0x1p-53;
            EXPECT_NEAR(power_of_two(fraction), std::exp2(fraction), 0x1p-51) << fraction;
        }
    });
}

// Each bit of many values, on every machine.
TEST(Power, IsTheSameEverywhere) {
    std::string bytes;
    for (int i = 0; i <= 10000; ++i) {
        auto bits = std::bit_cast<std::uint64_t>(power_of_two(i / 10000.0));
        for (int byte = 0; byte < 8; ++byte) bytes.push_back(static_cast<char>(bits >> 8 * byte));
    }
    EXPECT_EQ(hash_key(bytes), 11380775442130292435u);
}

TEST(Scale, IsThatOfTheLibrary) {
    for (std::int64_t exponent : {-2000, -1074, -1060, -1023, -1022, -1, 0, 1, 1000, 1023, 1024, 5000})
        EXPECT_EQ(scale(1.5, exponent), std::ldexp(1.5, static_cast<int>(exponent))) << exponent;
    EXPECT_EQ(scale(1.5, std::numeric_limits<std::int64_t>::min()), 0.0);
    EXPECT_EQ(scale(1.5, std::numeric_limits<std::int64_t>::max()), std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace lead_scoring::test
