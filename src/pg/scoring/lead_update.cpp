#include "pg/server/postgres.hpp"

#include "pg/scoring/lead_update.hpp"

#include "pg/model/identity.hpp"
#include "pg/model/permit.hpp"
#include "pg/server/query.hpp"
#include "pg/server/subtransaction.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
}

namespace lead_scoring {

namespace {

// From begin to end.
struct LeadUpdate {
    SavedIdentity identity;
    const char* deferred;  // constraints that are to be deferred again; null: none
};

// Constraints and constraint triggers of the two tables, their partitions, and of what refers to them.
struct Deferrable {
    const char* all;
    const char* deferred;  // those that are at first
};

Deferrable find_deferrable(const Model* model) {
    Oid types[] = {OIDOID, OIDOID};
    Datum values[] = {ObjectIdGetDatum(model->binding.leads), ObjectIdGetDatum(model->binding.events)};
    query(
        "SELECT string_agg(DISTINCT k.name, ', '), string_agg(DISTINCT k.name, ', ') FILTER (WHERE c.condeferred) "
        "FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace, "
        "LATERAL (SELECT format('%I.%I', n.nspname, c.conname)) k (name), "
        "LATERAL (SELECT array_agg(p.relid::oid) || ARRAY[$1, $2] FROM (SELECT pg_partition_tree($1) UNION ALL SELECT "
        "pg_partition_tree($2)) u (tree), LATERAL (SELECT (u.tree).relid) p) t (tree) "
        "WHERE c.condeferrable AND (c.conrelid = ANY (t.tree) OR c.confrelid = ANY (t.tree))",
        2, types, values);
    return {ResultRow{0}.text(1), ResultRow{0}.text(2)};
}

void set_constraints(const char* names, const char* mode) {
    if (names == nullptr) return;
    int code = SPI_execute(psprintf("SET CONSTRAINTS %s %s", names, mode), false, 0);
    if (code < 0) elog(ERROR, "cannot set constraints: %s", SPI_result_code_string(code));
}

LeadUpdate begin(const Model* model, bool in_trigger) {
    const Entry* entry = current_entry();
    Oid asking = asking_role();
    bool own = in_trigger || asking == model->owner;
    LeadUpdate update = {};
    if (!own) {
        update.identity = become(model->owner);
        Deferrable constraints = find_deferrable(model);
        set_constraints(constraints.all, "IMMEDIATE");
        update.deferred = constraints.deferred;
    } else {
        update.identity = act_as(model->owner);
        // What the owner asked for himself he may do unrestricted, unless he was restricted when he asked.
        if (!in_trigger && entry != nullptr)
            SetUserIdAndSecContext(model->owner,
                                   entry->saved.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
    }
    set_config_option("search_path", model->binding.trigger_path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                      false);
    return update;
}

void end(const LeadUpdate* update) {
    set_constraints(update->deferred, "DEFERRED");
    restore(update->identity);
}

// A body on its way through run_translated, and what an error says of it.
struct HiddenUpdate {
    const Model* model;
    bool in_trigger;
    void (*body)(void*);
    void* argument;
    const char* owner;
};

void run_update(void* given) {
    auto* hidden = static_cast<HiddenUpdate*>(given);
    LeadUpdate update = begin(hidden->model, hidden->in_trigger);
    hidden->body(hidden->argument);
    end(&update);
}

// By the message as the server's source has it, before anything is put into it. One into which nothing is put says
// nothing of the row; into those of the server's constraints names are put; and whatever a procedural language or
// another server raises is a text as a whole.
bool is_without_values(const ErrorData* error) {
    if (error->message_id == nullptr || error->message == nullptr) return false;
    if (strchr(error->message_id, '%') == nullptr) return true;
    return ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION &&
           strcmp(error->message_id, "%s") != 0;
}

// What ends a statement for reasons that are not in the row.
bool is_about_statement(int sqlstate) {
    for (int category : {ERRCODE_TRANSACTION_ROLLBACK, ERRCODE_INSUFFICIENT_RESOURCES, ERRCODE_OPERATOR_INTERVENTION})
        if (ERRCODE_TO_CATEGORY(sqlstate) == category) return true;
    return sqlstate == ERRCODE_LOCK_NOT_AVAILABLE;
}

void raise_without_values(const ErrorData* error, void* given) {
    auto* hidden = static_cast<const HiddenUpdate*>(given);
    bool tells = is_without_values(error);
    if (tells && is_about_statement(error->sqlerrcode))
        ereport(ERROR, (errcode(error->sqlerrcode), errmsg_internal("%s", error->message)));
    const char* hint = psprintf("SET ROLE %s;  -- the same statement then shows all of it", hidden->owner);
    if (tells)
        ereport(ERROR,
                (errcode(error->sqlerrcode), errmsg_internal("%s", error->message),
                 errdetail("The status of a lead is written there with every move; the row's values are not shown."),
                 errhint("%s", hint)));
    ereport(ERROR,
            (errcode(error->sqlerrcode),
             errmsg("the status of a lead could not be written to table %s", hidden->model->binding.leads_name),
             errdetail("An expression, check or trigger of the table raised an error. What it says may hold values of "
                       "the row, and is for the owner."),
             errhint("%s", hint)));
}

}  // namespace

void with_lead_update(const Model* model, bool in_trigger, void (*body)(void*), void* argument) {
    HiddenUpdate update = {model, in_trigger, body, argument, nullptr};
    if (has_privs_of_role(asking_role(), model->owner)) {
        run_update(&update);
        return;
    }
    update.owner = quote_identifier(GetUserNameFromId(model->owner, false));
    run_translated(run_update, raise_without_values, &update);
}

}  // namespace lead_scoring

using namespace lead_scoring;

// write_table(model text, statement text, VARIADIC arguments text[]) returns bigint
LEAD_SCORING_FUNCTION(write_table) {
    const char* name = PG_ARGISNULL(0) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(name);
    if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_INT64(0);
    const Model* model = use_bound(name);
    const char* statement = text_to_cstring(PG_GETARG_TEXT_PP(1));
    Datum* values = nullptr;
    bool* missing = nullptr;
    int count = 0;
    deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &values, &missing, &count);
    auto* types = static_cast<Oid*>(palloc(sizeof(Oid) * static_cast<Size>(count + 1)));
    auto* nulls = static_cast<char*>(palloc(static_cast<Size>(count + 1)));
    for (int i = 0; i < count; ++i) {
        types[i] = TEXTOID;
        nulls[i] = missing[i] ? 'n' : ' ';
    }
    connect_spi();
    int64 rows = 0;
    with_lead_update(model, false, [&] {
        permit(model->binding.leads);  // that is where the statement may write a status
        int code = SPI_execute_with_args(statement, count, types, values, nulls, false, 0);
        if (code < 0) elog(ERROR, "statement failed: %s", SPI_result_code_string(code));
        rows = static_cast<int64>(SPI_processed);
    });
    finish_spi();
    PG_RETURN_INT64(rows);
}
