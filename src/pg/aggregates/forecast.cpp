// forecast_counts: counts of the months to come.
#include "pg/server/postgres.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/statistics/forecast.hpp"
#include "pg/aggregates/aggregate.hpp"

extern "C" {
#include "funcapi.h"
}

namespace {

using namespace lead_scoring;

constexpr int kMostAhead = 120;

std::span<const double> months_argument(FunctionCallInfo fcinfo) {
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(0);
    auto length = static_cast<std::size_t>(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)));
    std::span<const double> months(reinterpret_cast<double*>(ARR_DATA_PTR(array)), length);
    bool counts = ARR_NDIM(array) <= 1 && !ARR_HASNULL(array);
    for (std::size_t i = 0; counts && i < length; ++i) counts = std::isfinite(months[i]) && months[i] >= 0;
    if (!counts)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("months are no list of counts"),
                        errdetail("A count is finite and not negative."),
                        errhint("Write an array of one dimension without NULL, the oldest month first.")));
    return months;
}

}  // namespace

// forecast_counts(months float8[], ahead integer) returns (period_ahead, expected, low, high); strict
LEAD_SCORING_FUNCTION(lead_scoring_forecast_counts);
Datum lead_scoring_forecast_counts(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    std::span<const double> months = months_argument(fcinfo);
    int ahead = PG_GETARG_INT32(1);
    if (ahead < 0 || ahead > kMostAhead)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("number of months ahead is %d", ahead),
                        errhint("Write a number between 0 and %d.", kMostAhead)));
    CountForecast forecasts[kMostAhead];
    auto count = run_cpp([&] {
        std::vector<CountForecast> found = forecast_counts(months, static_cast<std::size_t>(ahead));
        std::copy(found.begin(), found.end(), forecasts);
        return static_cast<int>(found.size());
    });
    for (int i = 0; i < count; ++i) {
        const CountForecast& month = forecasts[i];
        Datum values[] = {Int32GetDatum(i + 1), Float8GetDatum(month.expected), Float8GetDatum(month.low),
                          Float8GetDatum(month.high)};
        bool nulls[] = {false, false, std::isnan(month.low), std::isnan(month.high)};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    return static_cast<Datum>(0);
}
