#include "pg/server/postgres.hpp"

#include "pg/model/bucket.hpp"

#include <algorithm>

extern "C" {
#include "utils/datetime.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

// As the local clock shows it, which may go back.
std::int64_t shown_bucket(Timestamp at, LimitWindow window, pg_tz* time_zone) {
    pg_tm local = {};
    fsec_t fraction = 0;
    int west_of_utc = 0;
    // No calendar reaches the far ends of the range; there UTC days serve as any.
    if (timestamp2tm(at, &west_of_utc, &local, &fraction, nullptr, time_zone) != 0)
        return floor_divide(at, USECS_PER_DAY);
    switch (window) {
        case LimitWindow::Hour:
            // Not the local hour's name: one that a clock change repeats is two hours.
            return at - ((static_cast<std::int64_t>(local.tm_min) * SECS_PER_MINUTE + local.tm_sec) * USECS_PER_SEC +
                         fraction);
        case LimitWindow::Day:
            return date2j(local.tm_year, local.tm_mon, local.tm_mday);
        case LimitWindow::Week: {
            int day = date2j(local.tm_year, local.tm_mon, local.tm_mday);
            return day - (j2day(day) + 6) % 7;
        }
        case LimitWindow::Month:
            return static_cast<std::int64_t>(local.tm_year) * MONTHS_PER_YEAR + local.tm_mon;
        case LimitWindow::None:
        case LimitWindow::Ever:
            break;
    }
    return 0;
}

// The change of the zone's clock next after `after`; false where there is none.
bool next_change(Timestamp after, pg_tz* time_zone, Timestamp* change) {
    constexpr pg_time_t kEpoch = pg_time_t{POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE} * SECS_PER_DAY;
    pg_time_t second = floor_divide(after, USECS_PER_SEC) + kEpoch;
    pg_time_t boundary = 0;
    long before_offset = 0;
    long after_offset = 0;
    int before_summer = 0;
    int after_summer = 0;
    if (pg_next_dst_boundary(&second, &before_offset, &before_summer, &boundary, &after_offset, &after_summer,
                             time_zone) <= 0)
        return false;
    *change = (boundary - kEpoch) * USECS_PER_SEC;
    return true;
}

}  // namespace

std::int64_t bucket_of(Timestamp at, LimitWindow window, pg_tz* time_zone) {
    // Longer than any clock was ever put back: by a day and some where a place went over the date line.
    constexpr Microseconds kFarthestBack = 2 * USECS_PER_DAY;
    if (window == LimitWindow::Ever || window == LimitWindow::None) return 0;
    std::int64_t latest = shown_bucket(at, window, time_zone);
    Timestamp change = at - kFarthestBack;
    while (next_change(change, time_zone, &change) && change <= at)
        latest = std::max(latest, shown_bucket(change - 1, window, time_zone));
    return latest;
}

}  // namespace lead_scoring
