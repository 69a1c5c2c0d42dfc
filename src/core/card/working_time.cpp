#include "core/card/working_time.hpp"

#include <algorithm>

namespace lead_scoring {

namespace {

constexpr std::int64_t kMondayBefore = 5;  // 2000-01-01 was a Saturday

// What lies farther off is of no calendar. Sums stay far from the ends of the range.
constexpr Timestamp kFarthest = 8'000'000'000'000'000'000;
constexpr std::int64_t kFarthestDay = kFarthest / kDay;

int weekday_of(std::int64_t day) {
    std::int64_t since = day + kMondayBefore;
    return static_cast<int>(since - floor_divide(since, kWeekdays) * kWeekdays);
}

// The least number from `low` on for which holds(number) is true, as it is for all after it; `high` where there is
// none before. It takes as many steps as its distance from `low` has digits.
template <class Holds>
std::int64_t first_from(std::int64_t low, std::int64_t high, Holds holds) {
    std::int64_t stride = 1;
    std::int64_t end = low;
    while (end < high && !holds(end)) {
        low = end + 1;
        end = std::min(high, end + stride);
        stride *= 2;
    }
    while (low < end) {
        std::int64_t half = low + (end - low) / 2;
        if (holds(half))
            end = half;
        else
            low = half + 1;
    }
    return end;
}

}  // namespace

WorkingTime::WorkingTime(std::span<const Opening> openings, std::span<const std::int64_t> holidays)
    : openings_(openings.begin(), openings.end()) {
    std::size_t next = 0;
    for (int weekday = 0; weekday < kWeekdays; ++weekday) {
        auto at = static_cast<std::size_t>(weekday);
        of_weekday_[at] = next;
        week_[at + 1] = week_[at];
        for (; next < openings_.size() && openings_[next].weekday == weekday; ++next)
            week_[at + 1].worked += openings_[next].closes - openings_[next].opens;
        if (next > of_weekday_[at]) ++week_[at + 1].days;
    }
    of_weekday_.back() = next;

    std::vector<std::int64_t> days(holidays.begin(), holidays.end());
    std::ranges::sort(days);
    days.erase(std::unique(days.begin(), days.end()), days.end());
    for (std::int64_t day : days) {
        holidays_.push_back({day, lost_});
        auto weekday = static_cast<std::size_t>(weekday_of(day));
        lost_.worked += week_[weekday + 1].worked - week_[weekday].worked;
        lost_.days += week_[weekday + 1].days - week_[weekday].days;
    }
}

void WorkingTime::set_clock(std::span<const ClockChange> changes) {
    clocks_.clear();
    for (const ClockChange& change : changes) {
        Microseconds base = 0;
        if (!clocks_.empty())
            base = clocks_.back().base + worked_locally(change.at + clocks_.back().change.offset) -
                   worked_locally(change.at + change.offset);
        clocks_.push_back({change, base});
    }
}

bool WorkingTime::is_holiday(std::int64_t day) const {
    auto found = std::ranges::lower_bound(holidays_, day, {}, &Holiday::day);
    return found != holidays_.end() && found->day == day;
}

std::span<const Opening> WorkingTime::openings_on(std::int64_t day) const {
    if (is_holiday(day)) return {};
    auto weekday = static_cast<std::size_t>(weekday_of(day));
    return {openings_.data() + of_weekday_[weekday], of_weekday_[weekday + 1] - of_weekday_[weekday]};
}

WorkingTime::Sums WorkingTime::before_day(std::int64_t day) const {
    std::int64_t weeks = floor_divide(day + kMondayBefore, kWeekdays);
    const Sums& started = week_[static_cast<std::size_t>(weekday_of(day))];
    auto holiday = std::ranges::lower_bound(holidays_, day, {}, &Holiday::day);
    const Sums& lost = holiday == holidays_.end() ? lost_ : holiday->lost_before;
    return {weeks * week_.back().worked + started.worked - lost.worked,
            weeks * week_.back().days + started.days - lost.days};
}

Microseconds WorkingTime::worked_locally(Timestamp local) const {
    std::int64_t day = floor_divide(local, kDay);
    Microseconds time = local - day * kDay;
    Microseconds worked = before_day(day).worked;
    for (const Opening& opening : openings_on(day))
        worked += std::clamp<Microseconds>(time - opening.opens, 0, opening.closes - opening.opens);
    return worked;
}

// The earliest local time by which so much is worked, which is more than at `from`.
Timestamp WorkingTime::local_after(Timestamp from, Microseconds worked) const {
    std::int64_t day = first_from(floor_divide(from, kDay), kFarthestDay,
                                  [&](std::int64_t at) { return before_day(at + 1).worked >= worked; });
    if (day == kFarthestDay) return kForever;
    Microseconds left = worked - before_day(day).worked;
    for (const Opening& opening : openings_on(day)) {
        Microseconds length = opening.closes - opening.opens;
        if (left <= length) return day * kDay + opening.opens + left;
        left -= length;
    }
    return (day + 1) * kDay;
}

const WorkingTime::Clock& WorkingTime::clock_at(Timestamp at) const {
    auto next = std::ranges::upper_bound(clocks_, at, {}, [](const Clock& clock) { return clock.change.at; });
    return *std::prev(next);
}

Microseconds WorkingTime::worked_until(Timestamp at) const {
    at = std::clamp(at, -kFarthest, kFarthest);
    const Clock& clock = clock_at(at);
    return clock.base + worked_locally(at + clock.change.offset);
}

// The earliest instant by which so much is worked, which is more than at `from`.
Timestamp WorkingTime::earliest(Timestamp from, Microseconds worked) const {
    auto index = static_cast<std::int64_t>(&clock_at(from) - clocks_.data());
    index = first_from(index, static_cast<std::int64_t>(clocks_.size()) - 1, [&](std::int64_t i) {
        return worked_until(clocks_[static_cast<std::size_t>(i) + 1].change.at) >= worked;
    });
    const Clock& clock = clocks_[static_cast<std::size_t>(index)];
    Timestamp since = std::max(from, clock.change.at);
    Timestamp local = local_after(since + clock.change.offset, worked - clock.base);
    return local == kForever ? kForever : local - clock.change.offset;
}

// The first instant at which clocks show that time, or, where they leave it out, the one at which they do.
Timestamp WorkingTime::instant_of(Timestamp local) const {
    const Clock* clock = &clock_at(local - 2 * kDay);  // no offset is as long, nor any two so far apart
    const Clock* last = &clocks_.back();
    while (clock != last && local - clock->change.offset >= (clock + 1)->change.at) ++clock;
    return std::max(local - clock->change.offset, clock->change.at);
}

// The working day that so many others come before, `from` the first of them.
std::int64_t WorkingTime::working_day(std::int64_t from, std::int64_t days) const {
    std::int64_t wanted = before_day(from).days + days + 1;
    return first_from(from, kFarthestDay, [&](std::int64_t day) { return before_day(day + 1).days >= wanted; });
}

Timestamp WorkingTime::after(Timestamp from, WorkingSpan span) const {
    if (from >= kFarthest || span.rest >= kFarthest || span.days >= kFarthestDay) return kForever;
    from = std::max(from, -kFarthest);
    Microseconds begun = worked_until(from);
    Microseconds worked = begun + span.rest;
    if (span.days > 0) {
        // A microsecond of work is done at an opening and one more.
        Timestamp first = earliest(from, begun + 1) - 1;
        Timestamp local = first + clock_at(first).change.offset;
        std::int64_t day = floor_divide(local, kDay);
        std::int64_t last = working_day(day, span.days);
        if (last == kFarthestDay) return kForever;
        worked = std::max(begun + 1, worked_until(instant_of(last * kDay + (local - day * kDay)))) + span.rest;
    }
    if (worked - begun >= kFarthest) return kForever;
    return earliest(from, worked);
}

Microseconds WorkingTime::between(Timestamp from, Timestamp to) const {
    return to <= from ? 0 : worked_until(to) - worked_until(from);
}

}  // namespace lead_scoring
