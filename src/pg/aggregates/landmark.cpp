// expected_customers: a state of three words a lead, its stay in one stage.
#include "pg/server/postgres.hpp"

#include "core/statistics/landmark.hpp"
#include "pg/aggregates/growing_state.hpp"

namespace {

using namespace lead_scoring;

struct Header {
    StateStart start;
};

using State = GrowingState<Header, Stay>;

constexpr uint32 kTag = 0x4C4D0001;  // "LM", format 1
constexpr int kPeriods = 6;
constexpr int64 kPeriod = 30 * USECS_PER_DAY;

// How long after it reached the stage something happened.
int64 age_at(FunctionCallInfo fcinfo, int argument) {
    return has_time(fcinfo, argument) ? elapsed(PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TIMESTAMPTZ(argument)) : kNotYet;
}

}  // namespace

// expected_customers_accum(state bytea, from_at, left_at, customer_at, as_of timestamptz) returns bytea
LEAD_SCORING_FUNCTION(lead_scoring_expected_customers_accum);
Datum lead_scoring_expected_customers_accum(PG_FUNCTION_ARGS) {
    if (!has_time(fcinfo, 1) || !has_time(fcinfo, 4)) return unchanged_state(fcinfo);
    Stay stay = {age_at(fcinfo, 4), age_at(fcinfo, 2), age_at(fcinfo, 3)};
    if (stay.watched < 0) return unchanged_state(fcinfo);
    Header* state = PG_ARGISNULL(0) ? State::create(kTag) : State::get(fcinfo, 0, kTag, true);
    PG_RETURN_POINTER(State::append(state, stay));
}

// expected_customers_final(state bytea) returns float8[]; strict
LEAD_SCORING_FUNCTION(lead_scoring_expected_customers_final);
Datum lead_scoring_expected_customers_final(PG_FUNCTION_ARGS) {
    std::span<const Stay> stays = State::items(State::get(fcinfo, 0, kTag));
    Datum customers[kPeriods];
    run_cpp([&] {
        std::vector<double> expected = expected_customers(stays, kPeriod, kPeriods);
        for (int i = 0; i < kPeriods; ++i) customers[i] = Float8GetDatum(expected[static_cast<std::size_t>(i)]);
    });
    PG_RETURN_ARRAYTYPE_P(construct_array(customers, kPeriods, FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
