#include "pg/postgres.hpp"

#include "pg/bucket.hpp"

extern "C" {
#include "utils/datetime.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

std::int64_t bucket_of(Timestamp at, LimitWindow window, pg_tz* time_zone) {
    if (window == LimitWindow::Ever || window == LimitWindow::None) return 0;
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

}  // namespace lead_scoring
