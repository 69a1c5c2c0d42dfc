// Moves that time alone makes, and those that a hand makes.

#include "pg/server/postgres.hpp"

#include "pg/intake/event_log.hpp"
#include "pg/intake/plans.hpp"
#include "pg/intake/reading.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/row_security.hpp"
#include "pg/model/table_name.hpp"
#include "pg/scoring/statement.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/timestamp.h"
}

using namespace lead_scoring;

namespace {

Model* use_locked_model(const char* name) {
    Model* model = use_bound(name);
    require_capability(model, "transitions", "move leads");
    return hold_off_versions(model);
}

}  // namespace

// refresh_leads(model text, due timestamptz, most bigint) returns bigint
LEAD_SCORING_FUNCTION(lead_scoring_refresh_leads);
Datum lead_scoring_refresh_leads(PG_FUNCTION_ARGS) {
    static constexpr const char* kNames[] = {"model", "due", "most"};
    for (int i = 0; i < 3; ++i)
        require_argument(fcinfo, i, kNames[i], "For example CALL lead_scoring.refresh('sales', 1000).");
    Model* model = use_locked_model(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    const Version* version = scoring_version(model);
    if (version == nullptr) PG_RETURN_INT64(0);

    AsWriter as = begin_work(model);
    // Leads that others are working on stay due. Where there is nothing else among the first ones, look behind them.
    Applied applied = {};
    for (int64 most = PG_GETARG_INT64(2), busy = 0; applied.leads == 0;) {
        Datum arguments[] = {PG_GETARG_DATUM(1), Int64GetDatum(add_saturated(most, busy))};
        SPI_execute_plan(plan(as, PlanName::DueLeads), arguments, nullptr, false, 0);
        auto found = static_cast<int64>(SPI_processed);
        if (found == busy) break;
        Findings* findings = make_findings(model->key);
        for (int64 i = 0; i < found; ++i) {
            bool is_null = false;
            add_key(model, ResultRow{static_cast<uint64>(i)}.value(1, &is_null), FindingKind::Stored, findings);
        }
        sort_findings(findings);
        applied = apply_findings(as, version, findings, Work::Refresh);
        busy = found;
    }
    end_work(as, applied.statuses);
    PG_RETURN_INT64(static_cast<int64>(applied.leads));
}

namespace {

// Under the newest version, as of the clock. The statement that gives the accounts names its time as parameter 1.
uint64 note_accounts(const AsWriter& as) {
    Oid type = TEXTOID;
    Datum value = CStringGetTextDatum(as.model->name);
    query("SELECT lead_scoring_internal.account_rows($1, '$1')", 1, &type, &value);
    const char* rows = ResultRow{0}.text(1);
    const char* states = own_table(as.model, "account_states");
    type = TIMESTAMPTZOID;
    value = TimestampTzGetDatum(GetCurrentTimestamp());
    write_state(as, "account_states",
                psprintf("WITH gone AS MATERIALIZED (SELECT g.account FROM %1$s g WHERE NOT EXISTS "
                         "(SELECT FROM %2$s s WHERE s.account = g.account) ORDER BY 1 FOR UPDATE SKIP LOCKED) "
                         "DELETE FROM %1$s a USING gone WHERE a.account = gone.account",
                         states, own_table(as.model, "scores")),
                0, nullptr, nullptr);
    write_state(as, "account_states",
                psprintf("INSERT INTO %s (account, rule, mqa_at) SELECT r.account, r.rule, $1 FROM (%s) r "
                         "WHERE r.meets AND r.mqa_at IS NULL ORDER BY r.account ON CONFLICT DO NOTHING",
                         states, rows),
                1, &type, &value);
    return SPI_processed;
}

}  // namespace

// refresh_accounts(model text) returns bigint
LEAD_SCORING_FUNCTION(lead_scoring_refresh_accounts);
Datum lead_scoring_refresh_accounts(PG_FUNCTION_ARGS) {
    require_argument(fcinfo, 0, "model", "For example CALL lead_scoring.refresh('sales').");
    Model* model = use_locked_model(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    const Version* version = scoring_version(model);
    if (version == nullptr || version->lead_account == nullptr || version->account_rule_count == 0) PG_RETURN_INT64(0);
    AsWriter as = begin_work(model);
    uint64 noted = note_accounts(as);
    end_work(as);
    PG_RETURN_INT64(static_cast<int64>(noted));
}

// require_commit(command text)
LEAD_SCORING_FUNCTION(lead_scoring_require_commit);
Datum lead_scoring_require_commit(PG_FUNCTION_ARGS) {
    const char* command = text_to_cstring(PG_GETARG_TEXT_PP(0));
    if (IsTransactionBlock())
        ereport(ERROR,
                (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION), errmsg("%s cannot run in a transaction block", command),
                 errdetail("It commits after each batch of leads."), errhint("COMMIT;  -- and CALL it again")));
    PG_RETURN_VOID();
}

// set_stage(model text, lead, stage text, reason text)
LEAD_SCORING_FUNCTION(lead_scoring_set_stage);
Datum lead_scoring_set_stage(PG_FUNCTION_ARGS) {
    static constexpr const char* kNames[] = {"model", "lead", "stage"};
    for (int i = 0; i < 3; ++i)
        require_argument(fcinfo, i, kNames[i],
                         "For example lead_scoring.set_stage('sales', 42, 'sql', 'called them').");
    Model* model = use_locked_model(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    const Version* version = require_scoring(model);
    const char* stage = text_to_cstring(PG_GETARG_TEXT_PP(2));
    MoveByHand move = {};
    move.stage = find_stage(version, stage);
    if (move.stage == kNoStage)
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("model \"%s\" has no stage \"%s\"", model->name, stage),
                 errdetail("Version " INT64_FORMAT " is the one in force.", version->number),
                 errhint("SELECT name FROM %s;", own_table(model, "stages"))));
    move.actor = asking_name();
    move.reason = PG_ARGISNULL(3) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(3));
    Datum key = lead_argument(fcinfo, 1, model->key);
    if (!sees_lead(model, key)) no_such_lead(model, key);

    AsWriter as = begin_work(model);
    Datum arguments[] = {key};
    SPI_execute_plan(plan(as, PlanName::FindScore), arguments, nullptr, false, 0);
    if (SPI_processed == 0) no_such_lead(model, key);
    Applied applied = apply_to_lead(as, version, key, Work::SetStage, &move);
    end_work(as, applied.statuses);
    PG_RETURN_VOID();
}
