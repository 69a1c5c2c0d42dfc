// Working time: the hours of a calendar of weekdays, as the clocks of a place show them, but for holidays.
//
// An instant is working time where the local clock shows a time at which the calendar is open. So an hour that clocks
// repeat counts twice, and one that they leave out not at all. Sums are kept for weeks, holidays and changes of the
// clocks, so that a year is counted as fast as an hour.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/units.hpp"

namespace lead_scoring {

inline constexpr Microseconds kDay = 86'400'000'000;
inline constexpr int kWeekdays = 7;

// On each such weekday (0: Monday) from then to then, as time since local midnight; 24:00 is kDay.
struct Opening {
    int weekday = 0;
    Microseconds opens = 0;
    Microseconds closes = 0;
};

// From that instant on clocks show the instant (as UTC would) plus the offset.
struct ClockChange {
    Timestamp at = kNever;
    Microseconds offset = 0;
};

// So many working days, and then so much working time.
struct WorkingSpan {
    std::int64_t days = 0;
    Microseconds rest = 0;
};

class WorkingTime {
  public:
    WorkingTime() = default;
    // `openings`: by weekday and time, none of a day before the one before it has closed, each longer than nothing.
    // `holidays`: days since 2000-01-01, in any order. Clocks show UTC until set_clock.
    WorkingTime(std::span<const Opening> openings, std::span<const std::int64_t> holidays);

    // By their times, the first at kNever.
    void set_clock(std::span<const ClockChange> changes);

    // Without any opening.
    bool empty() const { return week_.back().worked == 0; }

    // The earliest instant by which so much working time has passed since `from`; kForever where none is. A day is a
    // day of the calendar with an opening and no holiday: after n of them it is as late as it was at `from`, or at the
    // first opening after it, on the n-th such day after that one. Requires an opening and a span that is longer than
    // nothing.
    Timestamp after(Timestamp from, WorkingSpan span) const;

    // How much of the time between two instants is working time.
    Microseconds between(Timestamp from, Timestamp to) const;

  private:
    // Sums up to some day, which is not among them.
    struct Sums {
        Microseconds worked = 0;
        std::int64_t days = 0;  // that have an opening
    };
    struct Holiday {
        std::int64_t day = 0;
        Sums lost_before;  // through those before it
    };
    // The working time up to an instant is that of its local time and `base` more.
    struct Clock {
        ClockChange change;
        Microseconds base = 0;
    };

    bool is_holiday(std::int64_t day) const;
    std::span<const Opening> openings_on(std::int64_t day) const;
    Sums before_day(std::int64_t day) const;
    Microseconds worked_locally(Timestamp local) const;
    Timestamp local_after(Timestamp from, Microseconds worked) const;
    const Clock& clock_at(Timestamp at) const;
    Microseconds worked_until(Timestamp at) const;
    Timestamp earliest(Timestamp from, Microseconds worked) const;
    Timestamp instant_of(Timestamp local) const;
    std::int64_t working_day(std::int64_t from, std::int64_t days) const;

    std::vector<Opening> openings_;
    std::vector<Sums> week_ = std::vector<Sums>(kWeekdays + 1);  // of its days before each, the last: of all
    std::vector<std::size_t> of_weekday_ = std::vector<std::size_t>(kWeekdays + 1);  // the first of its openings
    std::vector<Holiday> holidays_;
    Sums lost_;  // through all holidays
    std::vector<Clock> clocks_ = std::vector<Clock>(1);
};

}  // namespace lead_scoring
