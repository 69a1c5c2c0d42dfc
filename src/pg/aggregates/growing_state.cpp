#include "pg/server/postgres.hpp"

#include "pg/aggregates/growing_state.hpp"

extern "C" {
#include "port/pg_bitutils.h"
#include "utils/memutils.h"
}

namespace lead_scoring {

Size grown_size(Size needed) {
    constexpr Size kSmallest = 64;
    if (needed > MaxAllocSize)
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("group is too large for this aggregate"),
                        errdetail("Its state would be larger than 1 GB."), errhint("Aggregate smaller groups.")));
    if (needed <= kSmallest) return kSmallest;
    Size size = Size{1} << (pg_leftmost_one_pos64(needed - 1) + 1);
    return size > MaxAllocSize ? MaxAllocSize : size;
}

varlena* copied_state(FunctionCallInfo fcinfo, int argument, bool change) {
    if (PG_ARGISNULL(argument)) raise_no_state();
    Datum given = PG_GETARG_DATUM(argument);
    varlena* value = PG_DETOAST_DATUM(given);
    bool own = PointerGetDatum(value) != given;  // detoasting made a copy
    bool aligned = PointerGetDatum(value) == MAXALIGN(PointerGetDatum(value));
    if (aligned && (own || !change || in_aggregate(fcinfo))) return value;
    auto* copy = static_cast<varlena*>(palloc(VARSIZE(value)));
    std::memcpy(copy, value, VARSIZE(value));
    return copy;
}

uint32 tag_of(FunctionCallInfo fcinfo, int argument) {
    varlena* value = aligned_state(fcinfo, argument, false);
    require_state(VARSIZE(value) >= sizeof(StateStart));
    return reinterpret_cast<StateStart*>(value)->tag;
}

}  // namespace lead_scoring
