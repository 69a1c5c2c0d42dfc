// retention: the state is one bigint, the number of conditions above the bits that were seen; 0 before the first row.
#include "pg/server/postgres.hpp"

#include "core/statistics/funnel.hpp"
#include "pg/aggregates/aggregate.hpp"
#include "pg/aggregates/steps.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace {

using namespace lead_scoring;

constexpr int kBits = 32;

int64 state_argument(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument)) raise_no_state();
    int64 state = PG_GETARG_INT64(argument);
    int64 count = state >> kBits;
    require_state(state == 0 || (count >= 1 && count <= kMaxFunnelSteps && (state & PG_UINT32_MAX) >> count == 0));
    return state;
}

int64 join(int64 state, int64 other) {
    if (state != 0 && other != 0 && state >> kBits != other >> kBits) raise_not_constant("number of conditions");
    return state | other;
}

}  // namespace

LEAD_SCORING_FUNCTION(lead_scoring_retention_accum);
Datum lead_scoring_retention_accum(PG_FUNCTION_ARGS) {
    int64 state = state_argument(fcinfo, 0);
    if (PG_ARGISNULL(1)) PG_RETURN_INT64(state);
    Steps steps = read_steps(PG_GETARG_ARRAYTYPE_P(1));
    PG_RETURN_INT64(join(state, static_cast<int64>(steps.count) << kBits | steps.bits));
}

LEAD_SCORING_FUNCTION(lead_scoring_retention_combine);
Datum lead_scoring_retention_combine(PG_FUNCTION_ARGS) {
    PG_RETURN_INT64(join(state_argument(fcinfo, 0), state_argument(fcinfo, 1)));
}

LEAD_SCORING_FUNCTION(lead_scoring_retention_final);
Datum lead_scoring_retention_final(PG_FUNCTION_ARGS) {
    int64 state = state_argument(fcinfo, 0);
    if (state == 0) PG_RETURN_NULL();
    int64 count = state >> kBits;
    bool first = state & 1;
    Datum kept[kBits];
    for (int i = 0; i < count; ++i) kept[i] = BoolGetDatum(first && (state >> i & 1));
    PG_RETURN_ARRAYTYPE_P(construct_array(kept, static_cast<int>(count), BOOLOID, 1, true, TYPALIGN_CHAR));
}
