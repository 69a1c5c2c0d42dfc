// Times without a zone as instants, for whoever knows the zone they were written in.
#pragma once

#include "pg/server/postgres.hpp"

#include <span>

#include "core/card/working_time.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "pgtime.h"
#include "utils/date.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

// When clocks of the zone showed that time: of two such instants the first. A time that was left out, as clocks were
// put forward, is what it would have been without (the server has it so, but takes the second of two). Where there is
// no such timestamptz it is the nearest one; infinite times stay infinite.
TimestampTz instant_of(Timestamp local, const pg_tz* time_zone);

// When that day began: at midnight, or, where that was left out, at the first instant of the day.
TimestampTz instant_of_day(DateADT day, const pg_tz* time_zone);

// How clocks of the zone are set: from when on they show so much more than UTC. From 1900 to 2300; before and after it
// they stay as they are at that end. In the current memory context.
std::span<const ClockChange> clock_changes(const pg_tz* time_zone);

// A time in a column of one of these types.
inline bool is_time_type(Oid type) { return type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == DATEOID; }
inline TimestampTz instant_of_value(Datum value, Oid type, const pg_tz* time_zone) {
    if (type == TIMESTAMPTZOID) return DatumGetTimestampTz(value);
    return type == DATEOID ? instant_of_day(DatumGetDateADT(value), time_zone)
                           : instant_of(DatumGetTimestamp(value), time_zone);
}

}  // namespace lead_scoring
