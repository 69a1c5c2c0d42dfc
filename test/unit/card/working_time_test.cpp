#include "core/card/working_time.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

constexpr Microseconds kMinute = 60'000'000;
constexpr Microseconds kHour = 60 * kMinute;

constexpr std::int64_t kMonday = 9865;  // 2027-01-04

// A local time of that week, in UTC.
Timestamp at(std::int64_t day, int hour, int minute = 0) { return day * kDay + hour * kHour + minute * kMinute; }

std::vector<Opening> nine_to_five() {
    std::vector<Opening> openings;
    for (int weekday = 0; weekday < 5; ++weekday) openings.push_back({weekday, 9 * kHour, 17 * kHour});
    return openings;
}

TEST(WorkingTime, CountsHoursOverNightsAndWeekends) {
    WorkingTime time(nine_to_five(), {});
    std::int64_t friday = kMonday + 4;
    EXPECT_EQ(time.after(at(friday, 16), {.rest = 4 * kHour}), at(kMonday + 7, 12));
    EXPECT_EQ(time.after(at(friday, 16), {.rest = kHour}), at(friday, 17)) << "not the next opening";
    EXPECT_EQ(time.after(at(friday, 22), {.rest = kHour}), at(kMonday + 7, 10));
    EXPECT_EQ(time.after(at(friday + 1, 3), {.rest = 1}), at(kMonday + 7, 9) + 1);
    EXPECT_EQ(time.after(at(kMonday, 9), {.rest = 40 * kHour}), at(friday, 17));
    EXPECT_EQ(time.between(at(friday, 16), at(kMonday + 7, 12)), 4 * kHour);
    EXPECT_EQ(time.between(at(friday, 20), at(friday + 2, 12)), 0);
    EXPECT_EQ(time.between(at(friday, 12), at(kMonday, 12)), 0);
}

TEST(WorkingTime, CountsDays) {
    WorkingTime time(nine_to_five(), std::vector<std::int64_t>{kMonday + 7});
    std::int64_t friday = kMonday + 4;
    EXPECT_EQ(time.after(at(kMonday, 11), {.days = 1}), at(kMonday + 1, 11));
    EXPECT_EQ(time.after(at(friday, 11), {.days = 1}), at(kMonday + 8, 11)) << "Monday is a holiday";
    EXPECT_EQ(time.after(at(friday, 16), {.days = 1, .rest = 2 * kHour}), at(kMonday + 9, 10));
    EXPECT_EQ(time.after(at(friday + 1, 11), {.days = 1}), at(kMonday + 8, 17)) << "a whole day, from its opening on";
    EXPECT_EQ(time.after(at(kMonday, 9), {.days = 1}), at(kMonday, 17));
    EXPECT_EQ(time.after(at(kMonday, 11), {.days = 5 * 52}), at(kMonday + 7 * 52 + 1, 11));
}

TEST(WorkingTime, CountsWhatClocksRepeatTwiceAndWhatTheyLeaveOutNotAtAll) {
    std::vector<Opening> nights;
    for (int weekday = 0; weekday < kWeekdays; ++weekday) nights.push_back({weekday, 1 * kHour, 4 * kHour});
    // From 2:00 to 3:00 on Monday, and back from 3:00 to 2:00 on Wednesday.
    std::vector<ClockChange> changes = {{kNever, 0}, {at(kMonday, 2), kHour}, {at(kMonday + 2, 2), 0}};
    WorkingTime time(nights, {});
    time.set_clock(changes);
    EXPECT_EQ(time.between(at(kMonday, 0), at(kMonday, 12)), 2 * kHour);
    EXPECT_EQ(time.between(at(kMonday + 1, 0), at(kMonday + 1, 12)), 3 * kHour);
    EXPECT_EQ(time.between(at(kMonday + 2, 0), at(kMonday + 2, 12)), 4 * kHour);
    EXPECT_EQ(time.after(at(kMonday, 1), {.rest = 2 * kHour}), at(kMonday, 3));
    EXPECT_EQ(time.after(at(kMonday + 2, 0), {.rest = 3 * kHour}), at(kMonday + 2, 3));
    EXPECT_EQ(time.after(at(kMonday - 1, 2, 30), {.days = 1}), at(kMonday, 2)) << "half past two is left out";
    EXPECT_EQ(time.after(at(kMonday + 1, 1, 30), {.days = 1}), at(kMonday + 2, 1, 30)) << "the first of two";
}

TEST(WorkingTime, KnowsNoEnd) {
    WorkingTime time(nine_to_five(), {});
    EXPECT_EQ(time.after(kForever, {.rest = kHour}), kForever);
    EXPECT_EQ(time.after(0, {.days = std::numeric_limits<std::int64_t>::max()}), kForever);
    EXPECT_EQ(time.after(0, {.rest = std::numeric_limits<std::int64_t>::max()}), kForever);
    EXPECT_EQ(time.after(0, {.days = 80'000'000}), kForever);
    EXPECT_GT(time.after(kNever, {.rest = kHour}), kNever);
    EXPECT_GT(time.between(kNever, kForever), 0);
    EXPECT_TRUE(WorkingTime().empty());
    EXPECT_FALSE(time.empty());
}

// Goes from minute to minute.
struct Naive {
    std::vector<Opening> openings;
    std::vector<std::int64_t> holidays;
    std::vector<ClockChange> changes;

    Timestamp local(Timestamp t) const {
        Timestamp shown = t;
        for (const ClockChange& change : changes)
            if (change.at <= t) shown = t + change.offset;
        return shown;
    }
    bool is_open_on(std::int64_t day) const {
        return std::ranges::find(holidays, day) == holidays.end() &&
               std::ranges::any_of(openings, [&](const Opening& o) { return o.weekday == (day + 5) % 7; });
    }
    bool is_open(Timestamp t) const {
        std::int64_t day = floor_divide(local(t), kDay);
        Microseconds time = local(t) - day * kDay;
        return is_open_on(day) && std::ranges::any_of(openings, [&](const Opening& o) {
                   return o.weekday == (day + 5) % 7 && o.opens <= time && time < o.closes;
               });
    }
    std::int64_t minutes(Timestamp from, Timestamp to) const {
        std::int64_t count = 0;
        for (Timestamp t = from; t < to; t += kMinute) count += is_open(t);
        return count;
    }
    Timestamp after(Timestamp from, std::int64_t days, std::int64_t rest) const {
        std::int64_t wanted = rest;
        if (days > 0) {
            Timestamp first = from;
            while (!is_open(first)) first += kMinute;
            std::int64_t day = floor_divide(local(first), kDay);
            Timestamp target = local(first) - day * kDay;
            while (days > 0) days -= is_open_on(++day);
            target += day * kDay;
            Timestamp reached = target - 3 * kDay;
            while (local(reached) < target) reached += kMinute;
            wanted += minutes(from, reached);
        }
        Timestamp t = from;
        for (; wanted > 0; t += kMinute) wanted -= is_open(t);
        return t;
    }
};

Naive random_calendar(Choices& choices) {
    Naive naive;
    for (int weekday = 0; weekday < kWeekdays; ++weekday) {
        Microseconds free = 0;
        for (int i = static_cast<int>(choices.between(0, 2)); i > 0 && free < kDay; --i) {
            Microseconds opens = free + choices.between(0, 300) * kMinute;
            if (opens >= kDay) break;
            Microseconds closes = std::min(kDay, opens + choices.between(1, 600) * kMinute);
            naive.openings.push_back({weekday, opens, closes});
            free = closes;
        }
    }
    if (naive.openings.empty()) naive.openings.push_back({2, 0, kDay});
    for (std::uint64_t i = choices.below(6); i > 0; --i) naive.holidays.push_back(kMonday + choices.between(-5, 25));
    naive.changes.push_back({kNever, choices.between(-12 * 4, 12 * 4) * 15 * kMinute});
    Timestamp changed = kMonday * kDay;
    for (std::uint64_t i = choices.below(4); i > 0; --i) {
        changed += choices.between(2 * 24 * 60, 9 * 24 * 60) * kMinute;
        Microseconds by = choices.one_in(4) ? choices.pick<Microseconds>({-24 * kHour, 24 * kHour, 30 * kMinute})
                                            : choices.pick<Microseconds>({-kHour, kHour});
        naive.changes.push_back({changed, naive.changes.back().offset + by});
    }
    return naive;
}

TEST(WorkingTime, IsWhatGoingFromMinuteToMinuteGives) {
    for_each_seed(150, [](Choices& choices) {
        Naive naive = random_calendar(choices);
        WorkingTime time(naive.openings, naive.holidays);
        time.set_clock(naive.changes);
        for (int i = 0; i < 4; ++i) {
            Timestamp from = kMonday * kDay + choices.between(0, 14 * 24 * 60) * kMinute;
            Timestamp to = from + choices.between(0, 9 * 24 * 60) * kMinute;
            EXPECT_EQ(time.between(from, to), naive.minutes(from, to) * kMinute);
            std::int64_t days = choices.one_in(2) ? choices.between(1, 5) : 0;
            std::int64_t rest = days > 0 && choices.one_in(2) ? 0 : choices.between(1, 3000);
            EXPECT_EQ(time.after(from, {days, rest * kMinute}), naive.after(from, days, rest)) << days << " " << rest;
        }
    });
}

}  // namespace
}  // namespace lead_scoring::test
