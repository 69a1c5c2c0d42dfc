#include "pg/server/postgres.hpp"

#include "pg/aggregates/mean.hpp"

using namespace lead_scoring;

// Strict: leads that lack a time, most of them, are passed over by the executor without a call.
LEAD_SCORING_FUNCTION(lead_scoring_lead_velocity_accum);
Datum lead_scoring_lead_velocity_accum(PG_FUNCTION_ARGS) {
    ExactMean& mean = mean_to_change(fcinfo);
    if (has_time(fcinfo, 1) && has_time(fcinfo, 2) && PG_GETARG_TIMESTAMPTZ(2) >= PG_GETARG_TIMESTAMPTZ(1))
        mean.add(elapsed(PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TIMESTAMPTZ(2)));
    return mean_datum(mean);
}

LEAD_SCORING_FUNCTION(lead_scoring_lead_velocity_final);
Datum lead_scoring_lead_velocity_final(PG_FUNCTION_ARGS) { return mean_result(fcinfo, 1.0 / USECS_PER_DAY); }

LEAD_SCORING_FUNCTION(lead_scoring_mean_combine);
Datum lead_scoring_mean_combine(PG_FUNCTION_ARGS) {
    ExactMean& mean = mean_to_change(fcinfo);
    mean.add(mean_argument(fcinfo, 1));
    return mean_datum(mean);
}
