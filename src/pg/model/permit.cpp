#include "pg/server/postgres.hpp"

#include "pg/model/permit.hpp"

#include "pg/model/table_name.hpp"
#include "pg/model/table_write.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

namespace {

struct Permit {
    Oid relation;
    QueryId query;
};

// Set for each query of ours and never taken back: it is of no use to a later query (permit.hpp), whether the one it
// was for has ended, failed or never begun.
Permit latest_permit = {};

}  // namespace

QueryId running_query() {
    return {LEAD_SCORING_LOCAL_TRANSACTION, GetCurrentSubTransactionId(), GetActiveSnapshot()->curcid};
}

void permit(const AsWriter&, Oid relation) {
    // SPI advances the counter before a query that may write: done here, it is not done again.
    CommandCounterIncrement();
    latest_permit = {relation,
                     {LEAD_SCORING_LOCAL_TRANSACTION, GetCurrentSubTransactionId(), GetCurrentCommandId(false)}};
}

void write_state(const AsWriter& as, const char* table, const char* sql, int arguments, Oid* types, Datum* values,
                 const char* nulls) {
    with_state_write(as, get_relname_relid(table, as.model->schema), [&] {
        int code = SPI_execute_with_args(sql, arguments, types, values, nulls, false, 0);
        if (code < 0) elog(ERROR, "statement failed: %s", SPI_result_code_string(code));
    });
}

void refuse_kept_out(const Model* model, const char* table, Datum key) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("a row of lead \"%s\" cannot be written in table \"%s\" of model \"%s\"",
                           key_to_text(model->key, key), table, model->name),
                    errdetail("It is written and not there: a trigger of the table keeps it out."),
                    errhint("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass;",
                            quote_literal_cstr(own_table(model, table)))));
    pg_unreachable();
}

bool is_permitted(Oid relation) { return latest_permit.relation == relation && latest_permit.query == running_query(); }

void require_capability(const Model* model, const char* table, const char* what) {
    Oid relation = get_relname_relid(table, model->schema);
    bool usable = LEAD_SCORING_SCHEMA_ACLCHECK(model->schema, GetUserId(), ACL_USAGE) == ACLCHECK_OK;
    if (usable && OidIsValid(relation) && pg_class_aclcheck(relation, GetUserId(), ACL_INSERT) == ACLCHECK_OK) return;
    const char* name = own_table(model, table);
    const char* user = quote_identifier(GetUserNameFromId(GetUserId(), false));
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("permission denied to %s of model \"%s\"", what, model->name),
                    errdetail("It takes USAGE on the schema and INSERT on table %s.", name),
                    usable ? errhint("GRANT INSERT ON %s TO %s;", name, user)
                           : errhint("GRANT USAGE ON SCHEMA %1$s TO %3$s; GRANT INSERT ON %2$s TO %3$s;",
                                     quote_identifier(model->name), name, user)));
}

namespace {

// Calls visit(slot) for the first row of a plain table, and returns what it returns; false where there is none. Nothing
// of the table's own is evaluated: whose it is makes no difference.
template <class Visit>
bool with_first_row(Oid table, Visit visit) {
    if (!OidIsValid(table)) return false;
    Relation relation = table_open(table, AccessShareLock);
    bool result = false;
    if (relation->rd_rel->relkind == RELKIND_RELATION) {
        Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
        TupleTableSlot* slot = table_slot_create(relation, nullptr);
        TableScanDesc scan = table_beginscan(relation, snapshot, 0, nullptr);
        if (table_scan_getnextslot(scan, ForwardScanDirection, slot)) result = visit(slot);
        table_endscan(scan);
        ExecDropSingleTupleTableSlot(slot);
        UnregisterSnapshot(snapshot);
    }
    table_close(relation, AccessShareLock);
    return result;
}

}  // namespace

bool has_rows(Oid table) {
    return with_first_row(table, [](TupleTableSlot*) { return true; });
}

namespace {

// Whether the model of that schema scores: its settings have a row, which does not say that it is paused, and something
// is published.
bool scores(Oid schema) {
    Oid settings = get_relname_relid("settings", schema);
    bool active = with_first_row(settings, [&](TupleTableSlot* row) {
        AttrNumber column = get_attnum(settings, "paused");
        if (column == InvalidAttrNumber || get_atttype(settings, column) != BOOLOID) return true;
        bool is_null = false;
        Datum paused = slot_getattr(row, column, &is_null);
        return is_null || !DatumGetBool(paused);
    });
    return active && has_rows(get_relname_relid("versions", schema));
}

const char* operation_name(TriggerEvent event) {
    if (TRIGGER_FIRED_BY_INSERT(event)) return "INSERT";
    if (TRIGGER_FIRED_BY_UPDATE(event)) return "UPDATE";
    if (TRIGGER_FIRED_BY_DELETE(event)) return "DELETE";
    return "TRUNCATE";
}

// The call that does what was tried. %1$s is the model as a literal, %2$s the table.
const char* call_instead(const char* table, bool insert) {
    struct Call {
        const char* table;
        const char* insert;  // null: the same
        const char* other;
    };
    static constexpr Call kCalls[] = {
        {"adjustments", "Call lead_scoring.adjust(%1$s, '42', 15, 'met at the fair').",
         "Call lead_scoring.cancel_adjustment(%1$s, id, 'a mistake') for an id of %2$s."},
        {"transitions", nullptr, "Call lead_scoring.set_stage(%1$s, '42', 'sql', 'called them')."},
        {"handoffs", nullptr, "Call lead_scoring.decide_handoff(%1$s, '42', 'accepted')."},
        {"merged", nullptr, "Call lead_scoring.merge_leads(%1$s, '42', '7')."},
        {"forgotten", nullptr, "Call lead_scoring.forget_lead(%1$s, '42')."},
        {"account_states", nullptr, "Call lead_scoring.refresh(%1$s), which notes the accounts that meet a rule."},
        {"problems", nullptr, "Call lead_scoring.clear_problems(%1$s)."},
        {"versions", nullptr, "Call lead_scoring.publish(%1$s, 'what is new')."},
    };
    for (const Call& call : kCalls)
        if (strcmp(call.table, table) == 0) return insert && call.insert != nullptr ? call.insert : call.other;
    return "Call lead_scoring.repair(%1$s), which computes them anew.";
}

}  // namespace

}  // namespace lead_scoring

using namespace lead_scoring;

// refuse_write('<model>') returns trigger: before each statement on a table of a model's state.
LEAD_SCORING_FUNCTION(lead_scoring_refuse_write);
Datum lead_scoring_refuse_write(PG_FUNCTION_ARGS) {
    auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
    if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) ||
        !TRIGGER_FIRED_FOR_STATEMENT(data->tg_event))
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("refuse_write() was not called as the trigger it is"),
                        errdetail("It runs before each statement on the tables of a model's state."),
                        errhint("Let lead_scoring.create_model() make the triggers.")));
    Relation relation = data->tg_relation;
    Oid schema = RelationGetNamespace(relation);
    if (is_permitted(RelationGetRelid(relation))) return PointerGetDatum(nullptr);
    // A restore, by whoever may act as the owner.
    if (has_privs_of_role(GetUserId(), relation->rd_rel->relowner) && !scores(schema)) return PointerGetDatum(nullptr);

    const char* model = get_namespace_name(schema);
    const char* table = RelationGetRelationName(relation);
    const char* call = psprintf(call_instead(table, TRIGGER_FIRED_BY_INSERT(data->tg_event)), quote_literal_cstr(model),
                                own_table(model, table));
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("%s on %s is refused", operation_name(data->tg_event), own_table(model, table)),
             errdetail(
                 "Its rows are written by the functions of lead_scoring, and by its owner while the model is paused."),
             errhint("%s", call)));
    pg_unreachable();
}
