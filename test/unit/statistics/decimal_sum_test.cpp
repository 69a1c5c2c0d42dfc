#include "core/statistics/decimal_sum.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace lead_scoring {
namespace {

std::string text(std::vector<std::int64_t> counters, std::int64_t lowest, std::int64_t scale) {
    return decimal_text(counters, lowest, scale);
}

TEST(DecimalSum, CarriesAndSigns) {
    EXPECT_EQ(text({}, 0, 0), "0000");
    EXPECT_EQ(text({0, 0}, -1, 2), "0000.00");
    EXPECT_EQ(text({1234, 5678}, -1, 4), "5678.1234");
    EXPECT_EQ(text({-1, 0, 1}, 0, 0), "000099999999");
    EXPECT_EQ(text({1, 0, -1}, 0, 0), "-000099999999");
    EXPECT_EQ(text({-25000000}, -2, 8), "-0000.25000000");
    EXPECT_EQ(text({7}, 2, 3), "000700000000.000");
    EXPECT_EQ(text({7}, -3, 12), "0000.000000000007");
    EXPECT_EQ(text({std::numeric_limits<std::int64_t>::max()}, 0, 0), "09223372036854775807");
    EXPECT_EQ(text({std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}, 0, 0),
              "-092224496996510903304193");
}

}  // namespace
}  // namespace lead_scoring
