#include "core/base/civil.hpp"

#include <gtest/gtest.h>

namespace lead_scoring::test {
namespace {

TEST(Civil, ReadsTimesOfTheDay) {
    EXPECT_EQ(time_of_day("00:00:00"), 0);
    EXPECT_EQ(time_of_day("09:30:05"), 34'205'000'000);
    EXPECT_EQ(time_of_day("16:59:59.5"), 61'199'500'000);
    EXPECT_EQ(time_of_day("24:00:00"), 86'400'000'000);
    for (const char* text : {"", "9:00:00", "09:00", "24:00:01", "09-00-00", "09:00:00.", "09:00:00.x", "09:00:00+01"})
        EXPECT_EQ(time_of_day(text), std::nullopt) << text;
}

TEST(Civil, ReadsDates) {
    EXPECT_EQ(day_of_date("2000-01-01"), 0);
    EXPECT_EQ(day_of_date("1999-12-31"), -1);
    EXPECT_EQ(day_of_date("2027-01-04"), 9865);
    EXPECT_EQ(day_of_date("2024-02-29"), 8825);
    for (const char* text : {"", "2023-02-29", "2027-13-01", "2027-1-1", "2027-01-00", "infinity", "2027/01/01"})
        EXPECT_EQ(day_of_date(text), std::nullopt) << text;
}

}  // namespace
}  // namespace lead_scoring::test
