// Points given by hand, and taken back by hand.

#include "pg/server/postgres.hpp"

#include "pg/intake/event_log.hpp"
#include "pg/intake/plans.hpp"
#include "pg/intake/reading.hpp"
#include "pg/model/format.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/row_security.hpp"
#include "pg/model/table_name.hpp"
#include "pg/scoring/statement.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
}

using namespace lead_scoring;

namespace {

// While the table is locked nobody pauses, resumes or publishes: see lock_tables() in SQL.
Model* use_adjustable(const char* name) {
    Model* model = use_bound(name);
    require_capability(model, "adjustments", "adjust leads");
    LockRelationOid(get_relname_relid("adjustments", model->schema), RowExclusiveLock);
    return use_bound(name);
}

// The argument as SQL prints it, for a message.
char* argument_text(FunctionCallInfo fcinfo, int number) {
    if (PG_ARGISNULL(number)) return pstrdup("NULL");
    Oid output = InvalidOid;
    bool variable = false;
    getTypeOutputInfo(get_fn_expr_argtype(fcinfo->flinfo, number), &output, &variable);
    return OidOutputFunctionCall(output, PG_GETARG_DATUM(number));
}

bool are_points(Datum points) {
    constexpr int64 kMost = 1000000000;
    auto at_most = [](Numeric a, Numeric b) {
        return DatumGetBool(DirectFunctionCall2(numeric_le, NumericGetDatum(a), NumericGetDatum(b)));
    };
    Numeric given = DatumGetNumeric(points);
    return at_most(int64_to_numeric(-kMost), given) && at_most(given, int64_to_numeric(kMost));
}

void check_adjustment(FunctionCallInfo fcinfo) {
    const char* model = quote_literal_cstr(argument_text(fcinfo, 0));
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || !are_points(PG_GETARG_DATUM(2)))
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("cannot adjust lead %s by %s points", argument_text(fcinfo, 1), argument_text(fcinfo, 2)),
                 errdetail("An adjustment names a lead and a number of points between -1e9 and 1e9."),
                 errhint("For example lead_scoring.adjust(%s, '42', 15, 'met at the fair').", model)));
    if (!PG_ARGISNULL(4) && TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(4)))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("an adjustment cannot expire at %s", argument_text(fcinfo, 4)),
                        errdetail("One that holds for good has no expires_at."),
                        errhint("Leave it out: lead_scoring.adjust(%s, %s, %s, 'for good').", model,
                                quote_literal_cstr(argument_text(fcinfo, 1)), argument_text(fcinfo, 2))));
}

// What the lead becomes by its adjustments as they are now. Where the model does not score, that is for later.
Statuses evaluate(const AsWriter& as, const Version* version, Datum key) {
    return version == nullptr ? Statuses{} : apply_to_lead(as, version, key, Work::Adjust).statuses;
}

// Before the first publish no lead has a row, and while the model is paused a new one has none yet: that is what is
// wrong then, whatever the tables hold.
[[noreturn]] void refuse_unknown(Model* model, Datum key) {
    require_scoring(model);
    no_such_lead(model, key);
}

// Adds a row by that plan and lets the lead follow; ends the work. Returns the row's id.
Datum add_adjustment(const AsWriter& as, const Version* version, Datum key, PlanName name, Datum* values,
                     const char* nulls) {
    Model* model = as.model;
    SPI_execute_plan(plan(as, PlanName::FindScore), &key, nullptr, false, 0);
    if (SPI_processed == 0) refuse_unknown(model, key);
    execute(as, name, values, nulls);
    if (SPI_processed == 0) refuse_kept_out(model, "adjustments", key);
    bool is_null = false;
    auto* id = static_cast<pg_uuid_t*>(SPI_palloc(sizeof(pg_uuid_t)));
    *id = *DatumGetUUIDP(ResultRow{0}.value(1, &is_null));
    end_work(as, evaluate(as, version, key));
    return UUIDPGetDatum(id);
}

}  // namespace

// adjust(model text, lead, points numeric, reason text, expires_at timestamptz) returns uuid
LEAD_SCORING_FUNCTION(lead_scoring_adjust);
Datum lead_scoring_adjust(PG_FUNCTION_ARGS) {
    check_adjustment(fcinfo);
    Model* model = use_adjustable(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    const Version* version = scoring_version(model);
    Datum key = lead_argument(fcinfo, 1, model->key);
    if (!sees_lead(model, key)) refuse_unknown(model, key);
    Datum values[] = {key, PG_GETARG_DATUM(2), PG_GETARG_DATUM(3), PG_GETARG_DATUM(4),
                      CStringGetTextDatum(asking_name())};
    const char nulls[] = {' ', ' ', PG_ARGISNULL(3) ? 'n' : ' ', PG_ARGISNULL(4) ? 'n' : ' ', ' '};

    AsWriter as = begin_work(model);
    return add_adjustment(as, version, key, PlanName::AddAdjustment, values, nulls);
}

// reset_engagement(model text, lead, reason text) returns uuid
LEAD_SCORING_FUNCTION(lead_scoring_reset_engagement);
Datum lead_scoring_reset_engagement(PG_FUNCTION_ARGS) {
    static constexpr const char* kNames[] = {"model", "lead"};
    for (int i = 0; i < 2; ++i)
        require_argument(fcinfo, i, kNames[i], "For example lead_scoring.reset_engagement('sales', 42, 'said no').");
    Model* model = use_adjustable(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    require_column(model, "adjustments", "resets", "reset the engagement of leads");
    const Version* version = scoring_version(model);
    Datum key = lead_argument(fcinfo, 1, model->key);
    if (!sees_lead(model, key)) refuse_unknown(model, key);
    Datum values[] = {key, PG_GETARG_DATUM(2), CStringGetTextDatum(asking_name())};
    const char nulls[] = {' ', PG_ARGISNULL(2) ? 'n' : ' ', ' '};

    AsWriter as = begin_work(model);
    return add_adjustment(as, version, key, PlanName::AddReset, values, nulls);
}

namespace {

[[noreturn]] void no_such_adjustment(const Model* model, Datum id) {
    ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
                    errmsg("model \"%s\" has no adjustment %s", model->name,
                           DatumGetCString(DirectFunctionCall1(uuid_out, id))),
                    errdetail("adjust() and reset_engagement() return the id of each."),
                    errhint("SELECT id, lead_id, points, reason FROM %s;", own_table(model, "adjustments"))));
    pg_unreachable();
}

// Whose adjustment it is: a copy of the key.
Datum find_adjusted(const AsOwner& as, Datum id) {
    const Model* model = as.model;
    SPI_execute_plan(plan(as, PlanName::FindAdjustment), &id, nullptr, false, 0);
    if (SPI_processed == 0) no_such_adjustment(model, id);
    bool is_null = false;
    return datumCopy(ResultRow{0}.value(1, &is_null), model->key.by_value, model->key.length);
}

// Whoever removes a lead, or merges it, has locked its rows when he comes to its adjustments; so these come first here
// too.
Datum lock_adjusted(const AsOwner& as, Datum id) {
    const Model* model = as.model;
    Datum key = find_adjusted(as, id);
    for (;;) {
        lock_lead(as, key);
        Datum found = find_adjusted(as, id);
        if (compare_keys(model->key, key, found) == 0) return key;
        key = found;  // merged meanwhile
    }
}

}  // namespace

// cancel_adjustment(model text, id uuid, reason text) returns void
LEAD_SCORING_FUNCTION(lead_scoring_cancel_adjustment);
Datum lead_scoring_cancel_adjustment(PG_FUNCTION_ARGS) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("an argument of cancel_adjustment is NULL"),
                        errdetail("Only the reason may be left out."),
                        errhint("For example SELECT lead_scoring.cancel_adjustment('sales', id, 'a mistake') FROM "
                                "sales.adjustments WHERE lead_id = '42'.")));
    Model* model = use_adjustable(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    const Version* version = scoring_version(model);
    Datum values[] = {PG_GETARG_DATUM(1), CStringGetTextDatum(asking_name()), PG_GETARG_DATUM(2)};
    const char nulls[] = {' ', ' ', PG_ARGISNULL(2) ? 'n' : ' '};

    AsWriter locking = begin_work(model);
    Datum key = SPI_datumTransfer(lock_adjusted(locking, values[0]), model->key.by_value, model->key.length);
    end_work(locking);
    if (!sees_lead(model, key)) no_such_adjustment(model, values[0]);
    AsWriter as = begin_work(model);
    execute(as, PlanName::CancelAdjustment, values, nulls);
    end_work(as, SPI_processed == 0 ? Statuses{} : evaluate(as, version, key));
    PG_RETURN_VOID();
}

// settle_leads(model text, leads text[]): what is stored of them becomes what it is to be now. The leads are locked.
LEAD_SCORING_FUNCTION(lead_scoring_settle_leads);
Datum lead_scoring_settle_leads(PG_FUNCTION_ARGS) {
    Model* model = use_bound(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    require_entry(model->name);
    const Version* version = require_scoring(model);
    AsWriter as = begin_work(model);
    Findings* findings = make_findings(model->key);
    Keys leads = keys_from_texts(model->key, PG_GETARG_ARRAYTYPE_P(1));
    for (int i = 0; i < leads.count; ++i) add_key(model, leads.keys[i], FindingKind::Stored, findings);
    sort_findings(findings);
    Applied applied = is_empty(findings) ? Applied{} : apply_findings(as, version, findings, Work::Adjust);
    end_work(as, applied.statuses);
    PG_RETURN_VOID();
}
