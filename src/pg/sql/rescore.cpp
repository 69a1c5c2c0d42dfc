// Computing every lead of a model anew.

#include "pg/server/postgres.hpp"

#include <algorithm>

#include "pg/intake/event_log.hpp"
#include "pg/intake/reading.hpp"
#include "pg/model/hold.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/lead_of.hpp"
#include "pg/model/table_name.hpp"
#include "pg/scoring/statement.hpp"
#include "pg/server/progress.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/timestamp.h"
}

using namespace lead_scoring;

namespace {

Work work_named(const char* name) {
    if (strcmp(name, "replay") == 0) return Work::Replay;
    if (strcmp(name, "catch up") == 0) return Work::CatchUp;
    if (strcmp(name, "evaluate") == 0) return Work::Rescore;
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown way of rescoring: \"%s\"", name),
                    errdetail("Stages are replayed through history, caught up with it, or evaluated once."),
                    errhint("Use 'replay', 'catch up' or 'evaluate'.")));
    pg_unreachable();
}

// The next keys of the user's tables and of scores, from `last` on (null: the first ones), and whether each row is
// current.
void find_next_keys(const AsOwner& as, const Version* version, Datum last, bool first, int64 most) {
    Model* model = as.model;
    // One order for all of them, that of scores.
    Oid type = InvalidOid;
    int32 modifier = -1;
    Oid collation = InvalidOid;
    get_atttypetypmodcoll(model->scores, get_attnum(model->scores, "lead_id"), &type, &modifier, &collation);
    const char* collate = OidIsValid(collation) ? psprintf(" COLLATE %s", generate_collation_name(collation)) : "";
    StringInfoData keys;
    initStringInfo(&keys);
    auto add = [&](const char* lead, const char* table) {
        appendStringInfo(&keys, "(SELECT DISTINCT %1$s%4$s AS key FROM %2$s t WHERE %1$s%4$s %3$s ORDER BY 1 LIMIT $2)",
                         lead, table, first ? "IS NOT NULL" : "> $1", collate);
    };
    const char* scores = own_table(model, "scores");
    for_each_table(model->binding, [&](const Source* source) {
        bool read =
            source == kLeads || is_identities(model->binding, source) || find_logged(version, source) != nullptr;
        if (!read) return;
        hold_table(model, source);
        add(lead_of(model->binding, source, "t"), user_table(model, source));
        appendStringInfoString(&keys, " UNION ");
    });
    add("t.lead_id", scores);
    const char* sql = psprintf(
        "SELECT k.key::%s, s.version IS NOT DISTINCT FROM $3 FROM (%s ORDER BY 1 LIMIT $2) k "
        "LEFT JOIN %s s ON s.lead_id = k.key ORDER BY 1",
        format_type_be(model->key.type), keys.data, scores);
    Oid types[] = {model->key.type, INT8OID, INT8OID};
    Datum values[] = {last, Int64GetDatum(most), Int64GetDatum(version->number)};
    query(sql, 3, types, values, first ? "n  " : nullptr);
}

int64 count_leads(const AsOwner& as) {
    Model* model = as.model;
    hold_table(model, kLeads);
    query(psprintf("SELECT count(*) FROM %s", user_table(model, kLeads)));
    return ResultRow{0}.integer(1, 0);
}

// How far one CALL is, each of whose batches is a transaction.
struct Batches {
    Oid scores;
    TimestampTz started_at;
    int64 done;
    int64 total;
};

// Of this backend's CALL: set by a batch that went through, for the next one of the same model, and taken by that, so
// that an error within it and the last batch leave nothing. What an error at COMMIT leaves, the first batch of the next
// CALL does not take.
Batches batches_so_far = {};

// The batches that one of this model belongs to. There are none any more until it has gone through.
Batches take_batches(const AsOwner& as, bool first) {
    Oid scores = as.model->scores;
    Batches batches = batches_so_far;
    batches_so_far = {};
    if (first) return {scores, GetCurrentTimestamp(), 0, count_leads(as)};
    if (batches.scores != scores) return {scores, GetCurrentTimestamp(), 0, kUnknownTotal};
    return batches;
}

}  // namespace

// rescore_leads(model text, last text, most bigint) returns text
LEAD_SCORING_FUNCTION(lead_scoring_rescore_leads);
Datum lead_scoring_rescore_leads(PG_FUNCTION_ARGS) {
    static constexpr const char* kCall = "For example CALL lead_scoring.rescore('sales', 1000).";
    require_argument(fcinfo, 0, "model", kCall);
    require_argument(fcinfo, 2, "most", kCall);
    Model* model = use_bound(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    check_owner(model);
    model = hold_off_versions(model);
    const Version* version = require_scoring(model);
    bool first = PG_ARGISNULL(1);
    Datum last = first ? static_cast<Datum>(0) : key_from_text(model->key, text_to_cstring(PG_GETARG_TEXT_PP(1)));

    AsWriter as = begin_work(model);
    Batches batches = take_batches(as, first);
    begin_progress(batches.scores, batches.started_at);
    report_leads(batches.done, batches.total);
    find_next_keys(as, version, last, first, PG_GETARG_INT64(2));
    Findings* findings = make_findings(model->key);
    auto found = static_cast<int64>(SPI_processed);
    char* reached = nullptr;
    for (uint64 i = 0; i < SPI_processed; ++i) {
        ResultRow row{i};
        bool is_null = false;
        Datum key = row.value(1, &is_null);
        if (!row.boolean(2, false)) add_key(model, key, FindingKind::Stored, findings);
        if (i + 1 == SPI_processed) reached = key_to_text(model->key, key);
    }
    Datum result =
        reached == nullptr ? static_cast<Datum>(0) : SPI_datumTransfer(CStringGetTextDatum(reached), false, -1);
    batches.done += found;
    if (batches.total != kUnknownTotal) batches.total = std::max(batches.total, batches.done);
    report_leads(batches.done, batches.total);
    Applied applied = {};
    if (!is_empty(findings)) {
        sort_findings(findings);
        applied = apply_findings(as, version, findings, Work::Renew);
    }
    end_work(as, applied.statuses);
    if (reached == nullptr) {
        end_progress();
        PG_RETURN_NULL();
    }
    pause_progress();
    batches_so_far = batches;
    return result;
}

// rescore_now(model text, stages text) returns bigint
LEAD_SCORING_FUNCTION(lead_scoring_rescore_now);
Datum lead_scoring_rescore_now(PG_FUNCTION_ARGS) {
    Model* model = use_bound(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    Work work = work_named(text_to_cstring(PG_GETARG_TEXT_PP(1)));
    check_owner(model);
    const Version* version = newest_version(model);
    if (model->paused || version == nullptr) PG_RETURN_INT64(0);

    AsWriter as = begin_work(model);
    Applied applied = apply_to_all(as, version, work);
    end_work(as, applied.statuses);
    end_progress();
    PG_RETURN_INT64(static_cast<int64>(applied.leads));
}
