// Means with exact sums (core/statistics/mean.hpp) as aggregate states: a bigint[4].
#pragma once

#include "pg/aggregates/aggregate.hpp"

#include "core/statistics/mean.hpp"

namespace lead_scoring {

inline constexpr int kMeanLength = 4;

// Raises 22023 where the counters, kMeanLength of them, are no mean.
inline ExactMean& checked_mean(std::span<int64> counters) {
    auto& mean = *reinterpret_cast<ExactMean*>(counters.data());
    require_state(mean.sound());
    return mean;
}

inline ExactMean& mean_to_change(FunctionCallInfo fcinfo) {
    return checked_mean(counters_to_change(fcinfo, kMeanLength));
}

inline const ExactMean& mean_argument(FunctionCallInfo fcinfo, int argument) {
    return checked_mean(counters(fcinfo, argument, kMeanLength));
}

inline Datum mean_datum(ExactMean& mean) { return array_of({reinterpret_cast<int64*>(&mean), kMeanLength}); }

// What a final function returns: the mean of the state in argument 0, in `unit`; NULL where there is no term.
inline Datum mean_result(FunctionCallInfo fcinfo, double unit) {
    auto mean = mean_argument(fcinfo, 0).mean(unit);
    if (!mean) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(*mean);
}

}  // namespace lead_scoring
