#include "pg/server/postgres.hpp"

#include "pg/aggregates/aggregate.hpp"

#include <cmath>

extern "C" {
#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"
}

namespace lead_scoring {

namespace {

std::span<int64> elements_of(ArrayType* array, int length) {
    require_state(ARR_NDIM(array) == 1 && !ARR_HASNULL(array) && ARR_ELEMTYPE(array) == INT8OID &&
                  (length == 0 || ARR_DIMS(array)[0] == length));
    return {reinterpret_cast<int64*>(ARR_DATA_PTR(array)), static_cast<std::size_t>(ARR_DIMS(array)[0])};
}

}  // namespace

void raise_no_state() {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("value is no state of this aggregate"),
                    errdetail("Its support functions take what they themselves made."),
                    errhint("Call the aggregate, not its support functions.")));
    pg_unreachable();
}

std::span<int64> counters(FunctionCallInfo fcinfo, int argument, int length) {
    if (PG_ARGISNULL(argument)) raise_no_state();
    return elements_of(PG_GETARG_ARRAYTYPE_P(argument), length);
}

std::span<int64> copied_counters(FunctionCallInfo fcinfo, int length) {
    if (PG_ARGISNULL(0)) raise_no_state();
    return elements_of(PG_GETARG_ARRAYTYPE_P_COPY(0), length);
}

std::span<int64> new_counters(int length) {
    Size size = ARR_OVERHEAD_NONULLS(1) + sizeof(int64) * length;
    auto* array = static_cast<ArrayType*>(palloc0(size));
    SET_VARSIZE(array, size);
    array->ndim = 1;
    array->elemtype = INT8OID;
    ARR_DIMS(array)[0] = length;
    ARR_LBOUND(array)[0] = 1;
    return elements_of(array, length);
}

void raise_out_of_range() {
    ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("bigint out of range")));
    pg_unreachable();
}

void check_text(std::string_view bytes) {
    require_state(pg_verifymbstr(bytes.data(), static_cast<int>(bytes.size()), true));
}

int64 duration_argument(FunctionCallInfo fcinfo, int argument, const char* name) {
    const Interval* interval = PG_GETARG_INTERVAL_P(argument);
    if (interval->month != 0)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must not have months or years", name),
                 errdetail("Their length depends on the date."), errhint("Write it in days, such as '30 days'.")));
    __int128 sum = static_cast<__int128>(interval->day) * USECS_PER_DAY + interval->time;
    int64 microseconds = sum > PG_INT64_MAX ? PG_INT64_MAX : sum < 0 ? -1 : static_cast<int64>(sum);
    if (microseconds < 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must not be negative", name),
                        errhint("Write an interval such as '7 days'.")));
    return microseconds;
}

int64 optional_duration(FunctionCallInfo fcinfo, int argument, const char* name, int64 otherwise) {
    if (PG_NARGS() <= argument || PG_ARGISNULL(argument)) return otherwise;
    return duration_argument(fcinfo, argument, name);
}

int64 half_life_argument(FunctionCallInfo fcinfo, int argument) {
    constexpr int64 kDefault = 7 * USECS_PER_DAY;
    int64 half_life = optional_duration(fcinfo, argument, "half_life", kDefault);
    if (half_life == 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("half_life must be positive"),
                        errhint("Write an interval such as '7 days'.")));
    return half_life;
}

void raise_not_constant(const char* name) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be the same in all rows of a group", name),
             errhint("Write a constant, or add the column to GROUP BY.")));
    pg_unreachable();
}

void keep_constant(double& kept, double value, const char* name) {
    if (std::isnan(kept))
        kept = value;
    else if (!std::isnan(value) && kept != value)
        raise_not_constant(name);
}

}  // namespace lead_scoring
