// Means with exact sums (core/mean.hpp) as aggregate states: a bigint[4].
#pragma once

#include "pg/aggregate.hpp"

#include "core/mean.hpp"

namespace lead_scoring {

inline constexpr int kMeanLength = 4;

inline ExactMean& mean_to_change(FunctionCallInfo fcinfo) {
    return *reinterpret_cast<ExactMean*>(counters_to_change(fcinfo, kMeanLength).data());
}

inline Datum mean_datum(ExactMean& mean) { return array_of({reinterpret_cast<int64*>(&mean), kMeanLength}); }

// NULL where there is no term.
inline Datum mean_result(FunctionCallInfo fcinfo, double unit) {
    auto mean = reinterpret_cast<const ExactMean*>(counters(fcinfo, 0, kMeanLength).data())->mean(unit);
    if (!mean) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(*mean);
}

}  // namespace lead_scoring
