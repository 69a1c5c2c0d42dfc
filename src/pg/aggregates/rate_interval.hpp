// The composite type rate_interval: a rate with the bounds of its interval, and the number of leads it speaks of.
#pragma once

#include "pg/server/postgres.hpp"

#include "core/statistics/wilson.hpp"

namespace lead_scoring {

// The value that a function declared to return rate_interval returns (0A000 where it is declared otherwise). `rate`
// null: there is none, and neither are bounds.
Datum rate_interval_datum(FunctionCallInfo fcinfo, const double* rate, RateBounds bounds, int64 leads);

}  // namespace lead_scoring
