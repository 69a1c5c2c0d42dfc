#include "pg/server/postgres.hpp"

#include "pg/aggregates/rate_interval.hpp"

extern "C" {
#include "access/htup_details.h"
#include "funcapi.h"
}

namespace lead_scoring {

Datum rate_interval_datum(FunctionCallInfo fcinfo, const double* rate, RateBounds bounds, int64 leads) {
    TupleDesc descriptor;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE || descriptor->natts != 4)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("result type must be rate_interval")));
    bool unknown = rate == nullptr;
    Datum values[4] = {Float8GetDatum(unknown ? 0 : *rate), Float8GetDatum(bounds.low), Float8GetDatum(bounds.high),
                       Int64GetDatum(leads)};
    bool nulls[4] = {unknown, unknown, unknown, false};
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

}  // namespace lead_scoring
