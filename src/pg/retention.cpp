// retention: the state is one bigint, the number of conditions above the bits that were seen; 0 before the first row.
#include "pg/postgres.hpp"

#include "pg/aggregate.hpp"
#include "pg/steps.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace {

using namespace lead_scoring;

constexpr int kBits = 32;

int64 join(int64 state, int64 other) {
    if (state != 0 && other != 0 && state >> kBits != other >> kBits) raise_not_constant("number of conditions");
    return state | other;
}

}  // namespace

LEAD_SCORING_FUNCTION(retention_accum) {
    int64 state = PG_GETARG_INT64(0);
    if (PG_ARGISNULL(1)) PG_RETURN_INT64(state);
    Steps steps = read_steps(PG_GETARG_ARRAYTYPE_P(1));
    PG_RETURN_INT64(join(state, static_cast<int64>(steps.count) << kBits | steps.bits));
}

LEAD_SCORING_FUNCTION(retention_combine) { PG_RETURN_INT64(join(PG_GETARG_INT64(0), PG_GETARG_INT64(1))); }

LEAD_SCORING_FUNCTION(retention_final) {
    int64 state = PG_GETARG_INT64(0);
    int64 count = state >> kBits;
    if (count < 1 || count > kBits) PG_RETURN_NULL();
    bool first = state & 1;
    Datum kept[kBits];
    for (int i = 0; i < count; ++i) kept[i] = BoolGetDatum(first && (state >> i & 1));
    PG_RETURN_ARRAYTYPE_P(construct_array(kept, static_cast<int>(count), BOOLOID, 1, true, TYPALIGN_CHAR));
}
