#include "pg/server/postgres.hpp"

#include "pg/server/instant.hpp"

#include <algorithm>

#include "pg/server/boundary.hpp"

extern "C" {
#include "utils/builtins.h"
}

namespace lead_scoring {

namespace {

constexpr int64 kEpochShift = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * int64{SECS_PER_DAY};

// How clocks are set around a local time, in seconds as pg_time_t has them.
struct Clocks {
    int64 offset;  // what they show less the instant
    bool is_gap;   // the time was left out
    int64 change;  // then the instant at which it was
};

// As DetermineTimeZoneOffset of the server, but for times that come twice.
Clocks clocks_at(int64 local, const pg_tz* time_zone) {
    pg_time_t before = local - SECS_PER_DAY;  // no zone is so far from any other
    pg_time_t change = 0;
    long offset_before = 0;
    long offset_after = 0;
    int is_summer = 0;
    int found =
        pg_next_dst_boundary(&before, &offset_before, &is_summer, &change, &offset_after, &is_summer, time_zone);
    if (found < 0) return {0, false, 0};
    if (found == 0 || local - offset_before < change) return {offset_before, false, 0};
    if (local - offset_after >= change) return {offset_after, false, 0};
    return {offset_before, true, change};
}

// Whole seconds, and the microseconds above them.
struct Seconds {
    int64 whole;
    int64 rest;
};

Seconds split(Timestamp at) {
    int64 rest = at % USECS_PER_SEC;
    if (rest < 0) rest += USECS_PER_SEC;
    return {(at - rest) / USECS_PER_SEC + kEpochShift, rest};
}

TimestampTz join(Seconds at) {
    constexpr int64 kFirst = MIN_TIMESTAMP / USECS_PER_SEC;
    constexpr int64 kLast = END_TIMESTAMP / USECS_PER_SEC - 1;
    return std::clamp(at.whole - kEpochShift, kFirst, kLast) * USECS_PER_SEC + at.rest;
}

}  // namespace

TimestampTz instant_of(Timestamp local, const pg_tz* time_zone) {
    if (TIMESTAMP_NOT_FINITE(local)) return local;
    Seconds at = split(local);
    return join({at.whole - clocks_at(at.whole, time_zone).offset, at.rest});
}

TimestampTz instant_of_day(DateADT day, const pg_tz* time_zone) {
    if (DATE_IS_NOBEGIN(day)) return DT_NOBEGIN;
    if (DATE_IS_NOEND(day)) return DT_NOEND;
    int64 midnight = day * int64{SECS_PER_DAY} + kEpochShift;
    Clocks clocks = clocks_at(midnight, time_zone);
    return join({clocks.is_gap ? clocks.change : midnight - clocks.offset, 0});
}

std::span<const ClockChange> clock_changes(const pg_tz* time_zone) {
    static constexpr int64 kYear = 31556952;  // seconds
    static constexpr int64 kFirst = -70 * kYear;
    static constexpr int64 kLast = 330 * kYear;
    Size room = 256;
    Size count = 0;
    auto* changes = static_cast<ClockChange*>(palloc(sizeof(ClockChange) * room));
    for (pg_time_t second = kFirst; second < kLast;) {
        pg_time_t change = 0;
        long offset = 0;
        long offset_after = 0;
        int is_summer = 0;
        int found = pg_next_dst_boundary(&second, &offset, &is_summer, &change, &offset_after, &is_summer, time_zone);
        if (found < 0) break;
        if (count == 0) changes[count++] = {kNever, offset * USECS_PER_SEC};
        if (found == 0) break;
        if (count == room) changes = static_cast<ClockChange*>(repalloc(changes, sizeof(ClockChange) * (room *= 2)));
        changes[count++] = {(change - kEpochShift) * USECS_PER_SEC, offset_after * USECS_PER_SEC};
        second = change;
    }
    if (count == 0) changes[count++] = {};
    return {changes, count};
}

}  // namespace lead_scoring

using namespace lead_scoring;

namespace {

// The zone that the second argument names. A statement most often names the same for all rows.
const pg_tz* zone_of(FunctionCallInfo fcinfo) {
    if (fcinfo->flinfo->fn_extra != nullptr) return static_cast<const pg_tz*>(fcinfo->flinfo->fn_extra);
    char* zone = text_to_cstring(PG_GETARG_TEXT_PP(1));
    pg_tz* known = pg_tzset(zone);
    if (known == nullptr)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("time zone \"%s\" is not known", zone),
                        errdetail("A time without a zone is one of a time zone."),
                        errhint("SELECT name FROM pg_timezone_names;")));
    if (get_fn_expr_arg_stable(fcinfo->flinfo, 1)) fcinfo->flinfo->fn_extra = known;
    return known;
}

}  // namespace

// instant(local timestamp, time_zone text) returns timestamptz
LEAD_SCORING_FUNCTION(lead_scoring_instant_of_time);
Datum lead_scoring_instant_of_time(PG_FUNCTION_ARGS) {
    PG_RETURN_TIMESTAMPTZ(instant_of(PG_GETARG_TIMESTAMP(0), zone_of(fcinfo)));
}

// instant(day date, time_zone text) returns timestamptz
LEAD_SCORING_FUNCTION(lead_scoring_instant_of_day);
Datum lead_scoring_instant_of_day(PG_FUNCTION_ARGS) {
    PG_RETURN_TIMESTAMPTZ(instant_of_day(PG_GETARG_DATEADT(0), zone_of(fcinfo)));
}
