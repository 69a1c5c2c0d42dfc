// What reports read of the column `memory` of scores. Each of these functions takes a stored memory and raises 22023
// where it is none.

#include "pg/server/postgres.hpp"

#include <algorithm>

#include "core/card/memory_bytes.hpp"
#include "core/card/scorecard.hpp"
#include "pg/aggregates/names.hpp"
#include "pg/server/owned.hpp"
#include "pg/server/utf8.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
}

using namespace lead_scoring;

namespace {

std::span<const std::byte> bytes_argument(FunctionCallInfo fcinfo, int argument) {
    const varlena* packed = packed_argument(fcinfo, argument);
    return {reinterpret_cast<const std::byte*>(VARDATA_ANY(packed)), VARSIZE_ANY_EXHDR(packed)};
}

// What is read of a row, for use until the next call.
struct ReadMemory {
    Memory memory;
    std::vector<FirstMatch> matches;
    Scorecard card;
};

ReadMemory& read_memory(FunctionCallInfo fcinfo) {
    auto* read = static_cast<ReadMemory*>(fcinfo->flinfo->fn_extra);
    if (read == nullptr) {
        MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
        fcinfo->flinfo->fn_extra = read = make_owned<ReadMemory>();
        MemoryContextSwitchTo(caller);
    }
    return *read;
}

// The memory in argument 0.
const Memory& memory_argument(FunctionCallInfo fcinfo) {
    ReadMemory& read = read_memory(fcinfo);
    std::span<const std::byte> bytes = bytes_argument(fcinfo, 0);
    run_cpp([&] { decode(bytes, read.memory, ErrorCode::InvalidParameter); });
    return read.memory;
}

Datum name_to_text(std::string_view name) { return text_of(from_utf8(name)); }

std::string_view name_argument(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument)) return {};
    const varlena* packed = packed_argument(fcinfo, argument);
    return to_utf8({VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)});
}

}  // namespace

// first_event(memory bytea) returns timestamptz; strict
LEAD_SCORING_FUNCTION(lead_scoring_first_event);
Datum lead_scoring_first_event(PG_FUNCTION_ARGS) {
    std::span<const std::byte> bytes = bytes_argument(fcinfo, 0);
    Timestamp at = run_cpp([&] { return first_event(bytes, ErrorCode::InvalidParameter); });
    if (at == kForever) PG_RETURN_NULL();
    PG_RETURN_TIMESTAMPTZ(at);
}

// keeps_names(memory bytea) returns boolean; strict
LEAD_SCORING_FUNCTION(lead_scoring_keeps_names);
Datum lead_scoring_keeps_names(PG_FUNCTION_ARGS) {
    PG_RETURN_BOOL(memory_argument(fcinfo).kept() != KeptTouches::None);
}

// keeps_touches(memory bytea) returns boolean; strict
LEAD_SCORING_FUNCTION(lead_scoring_keeps_touches);
Datum lead_scoring_keeps_touches(PG_FUNCTION_ARGS) {
    PG_RETURN_BOOL(memory_argument(fcinfo).kept() == KeptTouches::All);
}

// first_campaign(memory bytea, as_of timestamptz) returns text; strict
LEAD_SCORING_FUNCTION(lead_scoring_first_campaign);
Datum lead_scoring_first_campaign(PG_FUNCTION_ARGS) {
    const Memory& memory = memory_argument(fcinfo);
    if (memory.campaign() == 0 || memory.campaign_at() > PG_GETARG_TIMESTAMPTZ(1)) PG_RETURN_NULL();
    return name_to_text(memory.name(memory.campaign()));
}

// first_channel(memory bytea, as_of timestamptz) returns text; strict
LEAD_SCORING_FUNCTION(lead_scoring_first_channel);
Datum lead_scoring_first_channel(PG_FUNCTION_ARGS) {
    const Memory& memory = memory_argument(fcinfo);
    auto first = std::ranges::find_if(memory.touches(), [](const KeptTouch& touch) { return touch.channel != 0; });
    if (first == memory.touches().end() || first->at > PG_GETARG_TIMESTAMPTZ(1)) PG_RETURN_NULL();
    return name_to_text(memory.name(first->channel));
}

// first_matches(memory bytea, card scorecard, rules integer[]) returns timestamptz[]; strict
LEAD_SCORING_FUNCTION(lead_scoring_first_matches);
Datum lead_scoring_first_matches(PG_FUNCTION_ARGS) {
    ReadMemory& read = read_memory(fcinfo);
    std::span<const std::byte> memory = bytes_argument(fcinfo, 0);
    std::span<const std::byte> card = bytes_argument(fcinfo, 1);
    run_cpp([&] {
        decode_matches(memory, read.matches, ErrorCode::InvalidParameter);
        decode_fit(card, read.card);
    });
    ArrayType* rules = PG_GETARG_ARRAYTYPE_P(2);
    if (ARR_NDIM(rules) > 1 || ARR_HASNULL(rules))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("rules are no list of ids without NULL")));
    int count = ArrayGetNItems(ARR_NDIM(rules), ARR_DIMS(rules));
    const auto* ids = reinterpret_cast<const int32*>(ARR_DATA_PTR(rules));
    auto* times = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count + 1)));
    for (int i = 0; i < count; ++i) {
        auto id = static_cast<std::size_t>(ids[i]);
        auto match = std::ranges::lower_bound(read.matches, id, {}, &FirstMatch::rule);
        bool matched = match != read.matches.end() && match->rule == id;
        bool fits = std::ranges::binary_search(read.card.fit, id);
        times[i] = Int64GetDatum(fits ? DT_NOBEGIN : matched ? match->at : DT_NOEND);
    }
    return PointerGetDatum(construct_array(times, count, TIMESTAMPTZOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

// remembered_touches(memory bytea) returns setof (at timestamptz, channel text, asset text); strict
LEAD_SCORING_FUNCTION(lead_scoring_remembered_touches);
Datum lead_scoring_remembered_touches(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    const Memory& memory = memory_argument(fcinfo);
    for (const KeptTouch& touch : memory.touches()) {
        Datum values[] = {TimestampTzGetDatum(touch.at),
                          touch.channel == 0 ? 0 : name_to_text(memory.name(touch.channel)),
                          touch.asset == 0 ? 0 : name_to_text(memory.name(touch.asset))};
        bool nulls[] = {false, touch.channel == 0, touch.asset == 0};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    return static_cast<Datum>(0);
}

// touches_accum(state internal, at timestamptz, channel text, asset text) returns internal
LEAD_SCORING_FUNCTION(lead_scoring_touches_accum);
Datum lead_scoring_touches_accum(PG_FUNCTION_ARGS) {
    MemoryContext context;
    if (!AggCheckCallContext(fcinfo, &context)) raise_no_state();
    auto* memory = PG_ARGISNULL(0) ? nullptr : reinterpret_cast<Memory*>(PG_GETARG_POINTER(0));
    if (memory == nullptr) {
        MemoryContext caller = MemoryContextSwitchTo(context);
        memory = make_owned<Memory>();
        MemoryContextSwitchTo(caller);
    }
    if (has_time(fcinfo, 1)) {
        EventNames names = {name_argument(fcinfo, 2), name_argument(fcinfo, 3), {}};
        constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
        run_cpp([&] { memory->touch(PG_GETARG_TIMESTAMPTZ(1), names, kNoLimit, kNoLimit); });
    }
    PG_RETURN_POINTER(memory);
}

// touches_final(state internal) returns bytea
LEAD_SCORING_FUNCTION(lead_scoring_touches_final);
Datum lead_scoring_touches_final(PG_FUNCTION_ARGS) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const auto& memory = *reinterpret_cast<const Memory*>(PG_GETARG_POINTER(0));
    auto* bytes = make_owned<std::string>();
    run_cpp([&] { encode(memory, *bytes); });
    Size size = bytes->size();
    if (size > MaxAllocSize - VARHDRSZ)
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("touches of a lead take more than 1 GB"),
                        errhint("Let report_settings.event_channel and event_asset name fewer events, or shorter.")));
    auto* result = static_cast<bytea*>(palloc(VARHDRSZ + size));
    SET_VARSIZE(result, VARHDRSZ + size);
    memcpy(VARDATA(result), bytes->data(), size);
    PG_RETURN_BYTEA_P(result);
}
