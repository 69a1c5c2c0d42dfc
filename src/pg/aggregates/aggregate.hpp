// What the transition functions of aggregates have in common: states that change in place, and arguments of the
// group.
//
// A state is a bigint[] of counters, else a bytea that grows (growing_state.hpp). Both have text and binary forms, so
// that they travel between parallel workers and between the nodes of a cluster. Inside an aggregate the state's own
// memory is changed, as the server allows; called by hand, a function changes a copy. Final functions change nothing.
//
// No state is trusted: it may be forged, by whoever may call support functions, or come damaged from another node. What
// takes the same time for every state is checked on each call, and what is done then is safe for whatever the rest
// holds; all of a state is checked before it is merged, joined with another or answered from.
#pragma once

#include "pg/server/postgres.hpp"

#include <cstring>
#include <span>
#include <string_view>

#include "pg/server/boundary.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "nodes/nodes.h"
#include "utils/array.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

// As AggCheckCallContext has it, without a call for each row.
inline bool in_aggregate(FunctionCallInfo fcinfo) {
    return fcinfo->context != nullptr && (IsA(fcinfo->context, AggState) || IsA(fcinfo->context, WindowAggState));
}

// Raises 22023: an argument that should be a state of the aggregate holds something else.
[[noreturn]] void raise_no_state();

// The same unless it holds one.
inline void require_state(bool holds) {
    if (!holds) [[unlikely]]
        raise_no_state();
}

// A number of leads, touches or steps. Two of them add up to what an int64 holds.
inline constexpr int64 kMostCount = (int64{1} << 62) - 1;
inline bool is_count(int64 number) { return static_cast<uint64>(number) <= static_cast<uint64>(kMostCount); }

// Raises 22003: a sum does not fit.
[[noreturn]] void raise_out_of_range();

// Raises 22023 unless bytes of a state, which are to become text, are text in the database's encoding.
void check_text(std::string_view bytes);

// An argument of variable length, uncompressed, perhaps with a short header: nearly always as it is.
inline const varlena* packed_argument(FunctionCallInfo fcinfo, int argument) {
    auto* value = reinterpret_cast<varlena*>(PG_GETARG_POINTER(argument));
    bool plain = VARATT_IS_SHORT(value) ? !VARATT_IS_EXTERNAL(value) : !VARATT_IS_COMPRESSED(value);
    return plain ? value : pg_detoast_datum_packed(value);
}

// The elements of a bigint[] argument, to be read. Raises 22023 where it is null or no array of this length (0: of
// any).
std::span<int64> counters(FunctionCallInfo fcinfo, int argument, int length);

// counters_to_change where the state has to be copied first, or refused.
std::span<int64> copied_counters(FunctionCallInfo fcinfo, int length);

// The elements of the bigint[] state in argument 0, to be changed. Raises as counters does. In an aggregate nearly
// always as it is: a state from another process may come with a short header, but only once.
inline std::span<int64> counters_to_change(FunctionCallInfo fcinfo, int length) {
    if (PG_ARGISNULL(0) || !in_aggregate(fcinfo)) [[unlikely]]
        return copied_counters(fcinfo, length);
    auto* array = reinterpret_cast<ArrayType*>(PG_GETARG_POINTER(0));
    if (VARATT_IS_EXTENDED(array) || ARR_NDIM(array) != 1 || ARR_HASNULL(array) || ARR_ELEMTYPE(array) != INT8OID ||
        (length != 0 && ARR_DIMS(array)[0] != length)) [[unlikely]]
        return copied_counters(fcinfo, length);
    return {reinterpret_cast<int64*>(reinterpret_cast<char*>(array) + ARR_OVERHEAD_NONULLS(1)),
            static_cast<std::size_t>(ARR_DIMS(array)[0])};
}

// An array of zeros in the current memory context. It may be larger than a value can be.
template <class Element>
std::span<Element> new_array(std::size_t length) {
    void* memory = palloc_extended(sizeof(Element) * length, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
    return {static_cast<Element*>(memory), length};
}

// A new bigint[] of zeros in the current memory context.
std::span<int64> new_counters(int length);

// The bigint[] that the elements belong to, which are from counters, counters_to_change or new_counters.
inline Datum array_of(std::span<int64> counters) {
    return PointerGetDatum(reinterpret_cast<char*>(counters.data()) - ARR_OVERHEAD_NONULLS(1));
}

// Raises 22003 where the sum overflows.
inline void add_count(int64& counter, int64 count) {
    if (__builtin_add_overflow(counter, count, &counter)) [[unlikely]]
        raise_out_of_range();
}

// What a transition function returns for a row that says nothing.
inline Datum unchanged_state(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    return PG_GETARG_DATUM(0);
}

// A time that says when something happened. An infinite one says, like NULL, that it did not. Without branches, for
// which lead has got where is hard to foresee for a processor too.
inline bool has_time(FunctionCallInfo fcinfo, int argument) {
    // Counted from the least number, -infinity is 0 and infinity the greatest there is.
    uint64 from_least = static_cast<uint64>(PG_GETARG_TIMESTAMPTZ(argument)) - static_cast<uint64>(DT_NOBEGIN);
    return !PG_ARGISNULL(argument) & (from_least - 1 < PG_UINT64_MAX - 1);
}

// to - from in microseconds, saturating: the range of the type is wider than 64 bits of difference.
inline int64 elapsed(TimestampTz from, TimestampTz to) {
    int64 microseconds;
    if (__builtin_sub_overflow(to, from, &microseconds)) return to > from ? PG_INT64_MAX : PG_INT64_MIN;
    return microseconds;
}

// An interval argument in microseconds, days being 24 hours, saturated. Raises 22023 for months, which have no length,
// and for less than zero. `name`: the argument's, for the error.
int64 duration_argument(FunctionCallInfo fcinfo, int argument, const char* name);

// The same of an argument that may be missing or null: `otherwise` then.
int64 optional_duration(FunctionCallInfo fcinfo, int argument, const char* name, int64 otherwise);

// The half-life in an interval argument, 7 days where there is none. Raises 22023 as duration_argument does, and for 0.
int64 half_life_argument(FunctionCallInfo fcinfo, int argument);

// Raises 22023: an argument that must be the same in all rows of a group was not.
[[noreturn]] void raise_not_constant(const char* name);

// Keeps the first value of such an argument, and raises 22023 where another one follows. NaN: none.
void keep_constant(double& kept, double value, const char* name);

// What parse(word), which is C++ and may throw, makes of a text argument that is the same in nearly all rows; it is
// parsed once for as long as it stays the same. The function may keep nothing else in fn_extra.
template <class Parse>
uint32 parse_cached(FunctionCallInfo fcinfo, int argument, Parse&& parse) {
    struct Cache {
        bool filled;
        Size length;
        uint32 value;
        char bytes[112];
    };
    auto* cache = static_cast<Cache*>(fcinfo->flinfo->fn_extra);
    if (cache == nullptr) {
        cache = static_cast<Cache*>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Cache)));
        fcinfo->flinfo->fn_extra = cache;
    }
    const varlena* argument_text = packed_argument(fcinfo, argument);
    std::string_view word(VARDATA_ANY(argument_text), VARSIZE_ANY_EXHDR(argument_text));
    if (cache->filled && word == std::string_view(cache->bytes, cache->length)) return cache->value;

    uint32 value = run_cpp([&] { return static_cast<uint32>(parse(word)); });
    cache->filled = word.size() <= sizeof(cache->bytes);
    if (cache->filled) {
        word.copy(cache->bytes, word.size());
        cache->length = word.size();
        cache->value = value;
    }
    return value;
}

}  // namespace lead_scoring
