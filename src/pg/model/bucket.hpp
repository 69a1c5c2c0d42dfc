// Calendar buckets of limits, in the model's time zone.
#pragma once

#include "pg/server/postgres.hpp"

#include "core/base/units.hpp"
#include "pg/model/version.hpp"

namespace lead_scoring {

// A number that is equal for all times of one bucket, and never falls as time goes on. A day is a date of the local
// calendar, however many hours it has; weeks begin on Monday; an hour that a clock change repeats is two. Where the
// local date goes back (clocks put back just after midnight, a place on the other side of the date line), a time
// belongs to the latest bucket that has begun.
std::int64_t bucket_of(Timestamp at, LimitWindow window, pg_tz* time_zone);

}  // namespace lead_scoring
