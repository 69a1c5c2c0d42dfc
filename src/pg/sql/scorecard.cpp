// The SQL type scorecard, and the score of a card.

#include "pg/server/postgres.hpp"

#include "core/card/scorecard.hpp"

#include "core/stages/lead.hpp"
#include "pg/intake/reading.hpp"
#include "pg/model/model.hpp"
#include "pg/scoring/lead_type.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/owned.hpp"

extern "C" {
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
}

using namespace lead_scoring;

namespace {

struct varlena* to_varlena(const std::string* bytes) {
    auto* result = static_cast<struct varlena*>(palloc(VARHDRSZ + bytes->size()));
    SET_VARSIZE(result, VARHDRSZ + bytes->size());
    memcpy(VARDATA(result), bytes->data(), bytes->size());
    return result;
}

std::span<const std::byte> bytes_of(const struct varlena* packed) {
    return {reinterpret_cast<const std::byte*>(VARDATA_ANY(packed)), VARSIZE_ANY_EXHDR(packed)};
}

}  // namespace

// scorecard_in(cstring) returns scorecard
LEAD_SCORING_FUNCTION(lead_scoring_scorecard_in);
Datum lead_scoring_scorecard_in(PG_FUNCTION_ARGS) {
    const char* input = PG_GETARG_CSTRING(0);
    std::string* bytes = make_owned<std::string>();
    run_cpp([&] { encode(parse(input), *bytes); });
    PG_RETURN_POINTER(to_varlena(bytes));
}

// scorecard_out(scorecard) returns cstring
LEAD_SCORING_FUNCTION(lead_scoring_scorecard_out);
Datum lead_scoring_scorecard_out(PG_FUNCTION_ARGS) {
    const struct varlena* packed = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
    std::string* printed = make_owned<std::string>();
    run_cpp([&] {
        Scorecard card;
        decode(bytes_of(packed), card);
        *printed = print(card);
    });
    PG_RETURN_CSTRING(pnstrdup(printed->data(), printed->size()));
}

// scorecard_recv(internal) returns scorecard
LEAD_SCORING_FUNCTION(lead_scoring_scorecard_recv);
Datum lead_scoring_scorecard_recv(PG_FUNCTION_ARGS) {
    auto* buffer = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
    int length = buffer->len - buffer->cursor;
    const char* received = pq_getmsgbytes(buffer, length);
    std::string* bytes = make_owned<std::string>();
    run_cpp([&] {
        Scorecard card;
        decode({reinterpret_cast<const std::byte*>(received), static_cast<std::size_t>(length)}, card,
               ErrorCode::InvalidBinary);
        encode(card, *bytes);
    });
    PG_RETURN_POINTER(to_varlena(bytes));
}

// scorecard_send(scorecard) returns bytea
LEAD_SCORING_FUNCTION(lead_scoring_scorecard_send);
Datum lead_scoring_scorecard_send(PG_FUNCTION_ARGS) {
    const struct varlena* packed = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
    StringInfoData buffer;
    pq_begintypsend(&buffer);
    pq_sendbytes(&buffer, VARDATA_ANY(packed), static_cast<int>(VARSIZE_ANY_EXHDR(packed)));
    PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

namespace {

// Kept from row to row of one query.
struct NowCache {
    Oid reader;
    Oid scores;
    int64 number;
    Model* model;
    const Version* version;
    Workspace* workspace;
    Profile* profile;
    TupleDesc result;  // null: no row
};

NowCache* now_cache(FunctionCallInfo fcinfo, Oid scores, int64 number) {
    auto* cache = static_cast<NowCache*>(fcinfo->flinfo->fn_extra);
    MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    if (cache == nullptr) {
        cache = static_cast<NowCache*>(palloc0(sizeof(NowCache)));
        cache->workspace = make_workspace();
        cache->profile = make_owned<Profile>();
        if (get_call_result_type(fcinfo, nullptr, &cache->result) == TYPEFUNC_COMPOSITE)
            cache->result = BlessTupleDesc(cache->result);
        else
            cache->result = nullptr;
        fcinfo->flinfo->fn_extra = cache;
    }
    MemoryContextSwitchTo(caller);
    if (cache->scores != scores || cache->number != number || cache->reader != GetUserId()) {
        Model* model = find_model_of(scores);
        MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
        use_here(model);  // its version is, from row to row
        MemoryContextSwitchTo(caller);
        require_reader(model, scores, get_attnum(scores, "card"));
        cache->model = model;
        cache->version = find_version(model, number);
        cache->reader = GetUserId();
        cache->scores = scores;
        cache->number = number;
    }
    return cache;
}

// Whether an event that was future when the row was written lies in the past of `at`.
bool has_come(const Workspace* workspace, Timestamp at) {
    const auto& pending = workspace->lead.card.pending;
    return !pending.empty() && pending.front().at <= at;
}

// Counts these, and none that is still ahead. False where the card cannot tell the outcome.
bool count_pending(Workspace* workspace, const Version* version, Timestamp at) {
    const Definition& definition = *version->definition;
    Timestamp now = add_saturated(at, -definition.future_tolerance);
    return run_cpp(
        [&] { return fold_matches(definition, workspace->lead, {}, now, Moves::none(), workspace->transitions); });
}

// Has the workspace know the lead of that card as of a time.
void load_as_of(NowCache* cache, const struct varlena* packed, Timestamp at) {
    load_card(cache->workspace, cache->version, packed);
    if (has_come(cache->workspace, at) && !count_pending(cache->workspace, cache->version, at))
        load_card(cache->workspace, cache->version, packed);  // which does not tell all that has come
}

// The features of a card as of a time, for functions whose first arguments are scores, version, card and that time; the
// card is in the workspace. False where the version is not known.
bool features_now(FunctionCallInfo fcinfo, NowCache** cache, Features* found) {
    NowCache* known = *cache = now_cache(fcinfo, PG_GETARG_OID(0), PG_GETARG_INT64(1));
    Timestamp at = PG_GETARG_TIMESTAMPTZ(3);
    if (known->version == nullptr) return false;
    if (known->result == nullptr) elog(ERROR, "the score of now must be a row");
    load_as_of(known, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(2)), at);
    *found = run_cpp([&] { return features(*known->version->definition, known->workspace->lead.card, at); });
    return true;
}

}  // namespace

// score_now(scores oid, version bigint, card scorecard, at timestamptz) returns (score, engagement, fit, grade)
LEAD_SCORING_FUNCTION(lead_scoring_score_now);
Datum lead_scoring_score_now(PG_FUNCTION_ARGS) {
    NowCache* cache;
    Features found;
    if (!features_now(fcinfo, &cache, &found)) PG_RETURN_NULL();
    auto [score, graded] = found;
    const char* grade = grade_label(cache->version, graded);
    Datum values[] = {Float8GetDatum(points_of_units(score.total)), Float8GetDatum(points_of_units(score.engagement)),
                      Float8GetDatum(points_of_units(score.fit)),
                      grade == nullptr ? static_cast<Datum>(0) : CStringGetTextDatum(grade)};
    bool nulls[] = {false, false, false, grade == nullptr};
    PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(cache->result, values, nulls)));
}

// person_now(scores oid, version bigint, card scorecard, at timestamptz) returns (points, active_at)
LEAD_SCORING_FUNCTION(lead_scoring_person_now);
Datum lead_scoring_person_now(PG_FUNCTION_ARGS) {
    NowCache* cache;
    Features found;
    if (!features_now(fcinfo, &cache, &found)) PG_RETURN_NULL();
    Timestamp active_at = cache->workspace->lead.card.clock;
    Datum values[] = {Int64GetDatum(found.score.total), TimestampTzGetDatum(active_at)};
    bool nulls[] = {false, active_at == kNever};
    PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(cache->result, values, nulls)));
}

// lead_type_now(scores oid, version bigint, card scorecard, memory bytea, at timestamptz) returns text
LEAD_SCORING_FUNCTION(lead_scoring_lead_type_now);
Datum lead_scoring_lead_type_now(PG_FUNCTION_ARGS) {
    for (int i : {0, 1, 2, 4})
        if (PG_ARGISNULL(i)) PG_RETURN_NULL();
    NowCache* cache = now_cache(fcinfo, PG_GETARG_OID(0), PG_GETARG_INT64(1));
    const Version* version = cache->version;
    if (version == nullptr || version->lead_type_count == 0) PG_RETURN_NULL();
    Timestamp at = PG_GETARG_TIMESTAMPTZ(4);
    load_as_of(cache, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(2)), at);
    const Scorecard& card = cache->workspace->lead.card;
    Known known = {run_cpp([&] { return features(*version->definition, card, at); }), cache->profile, 0, false};
    run_cpp([&] { *cache->profile = profile(*version->definition, card, at); });
    const struct varlena* memory =
        PG_ARGISNULL(3) ? nullptr : reinterpret_cast<const struct varlena*>(PG_GETARG_POINTER(3));
    known.has_channels = version->touches.remembers && load_memory(cache->workspace, memory);
    if (known.has_channels) known.channels = channels_by(cache->workspace->memory, at);
    AsOwner as = begin_reading_work(cache->model);
    Typing typing = begin_typing(as, version, nullptr);
    const char* type = type_of(&typing, 0, known);
    end_typing(&typing);
    end_work(as);
    if (type == nullptr) PG_RETURN_NULL();
    PG_RETURN_DATUM(CStringGetTextDatum(type));
}

// card_clock(card scorecard) returns timestamptz
LEAD_SCORING_FUNCTION(lead_scoring_card_clock);
Datum lead_scoring_card_clock(PG_FUNCTION_ARGS) {
    const struct varlena* packed = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
    Timestamp clock = run_cpp([&] {
        Scorecard card;
        decode(bytes_of(packed), card);
        return card.clock;
    });
    PG_RETURN_TIMESTAMPTZ(clock);
}

// card_matches(card scorecard) returns boolean
LEAD_SCORING_FUNCTION(lead_scoring_card_matches);
Datum lead_scoring_card_matches(PG_FUNCTION_ARGS) {
    const struct varlena* packed = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
    PG_RETURN_BOOL(run_cpp([&] {
        Scorecard card;
        decode(bytes_of(packed), card);
        return card.clock != kNever || !card.pending.empty();
    }));
}
