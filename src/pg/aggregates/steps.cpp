#include "pg/server/postgres.hpp"

#include "pg/aggregates/steps.hpp"

#include "core/statistics/funnel.hpp"

namespace lead_scoring {

Steps read_steps(ArrayType* conditions) {
    int count = ArrayGetNItems(ARR_NDIM(conditions), ARR_DIMS(conditions));
    if (count < 1 || count > kMaxFunnelSteps)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("number of conditions is %d", count),
                        errhint("Write between 1 and %d conditions.", kMaxFunnelSteps)));
    const char* values = ARR_DATA_PTR(conditions);
    const bits8* present = ARR_NULLBITMAP(conditions);
    Steps steps = {count, 0};
    for (int i = 0; i < count; ++i) {
        if (present != nullptr && !(present[i / 8] >> (i % 8) & 1)) continue;
        if (*values++) steps.bits |= 1u << i;
    }
    return steps;
}

}  // namespace lead_scoring
