// Calendar buckets of limits, in the model's time zone.
#pragma once

#include "pg/postgres.hpp"

#include "core/units.hpp"
#include "pg/version.hpp"

namespace lead_scoring {

// A number that is equal for all times of one bucket and rises with time. A day is a date of the local calendar,
// however many hours it has; weeks begin on Monday; an hour that a clock change repeats is two.
std::int64_t bucket_of(Timestamp at, LimitWindow window, pg_tz* time_zone);

}  // namespace lead_scoring
