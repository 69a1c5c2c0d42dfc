#include "pg/server/postgres.hpp"

#include "pg/model/table_write.hpp"

#include "pg/model/identity.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/query.hpp"
#include "pg/server/subtransaction.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
}

namespace lead_scoring {

namespace {

// Constraints and constraint triggers of the user's tables, their partitions, the model's own, and of what refers
// to them.
struct Deferrable {
    const char* all;       // null: none
    const char* deferred;  // those that are at first
};

Deferrable find_deferrable(const Model* model) {
    auto* tables = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(model->binding.source_count + 1)));
    int count = 0;
    for_each_table(model->binding, [&](const Source* source) {
        tables[count++] = ObjectIdGetDatum(relation_of(model->binding, source));
    });
    Oid types[] = {OIDARRAYOID, OIDOID};
    Datum values[] = {PointerGetDatum(construct_array(tables, count, OIDOID, sizeof(Oid), true, TYPALIGN_INT)),
                      ObjectIdGetDatum(model->schema)};
    query(
        "SELECT string_agg(DISTINCT k.name, ', '), string_agg(DISTINCT k.name, ', ') FILTER (WHERE c.condeferred) "
        "FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace, "
        "LATERAL (SELECT format('%I.%I', n.nspname, c.conname)) k (name), "
        "LATERAL (SELECT array_agg(p.relid::oid) || $1 FROM unnest($1) bound (relation), "
        "LATERAL pg_partition_tree(bound.relation) p) t (tree) "
        "WHERE c.condeferrable AND (c.conrelid = ANY (t.tree) OR c.confrelid = ANY (t.tree) OR c.connamespace = $2)",
        2, types, values);
    return {ResultRow{0}.text(1), ResultRow{0}.text(2)};
}

// Leaves SPI's latest result and the memory context as they are.
void set_constraints(const char* names, const char* mode) {
    if (names == nullptr) return;
    uint64 processed = SPI_processed;
    SPITupleTable* rows = SPI_tuptable;
    MemoryContext caller = CurrentMemoryContext;
    int code = SPI_execute(psprintf("SET CONSTRAINTS %s %s", names, mode), false, 0);
    if (code < 0) elog(ERROR, "cannot set constraints: %s", SPI_result_code_string(code));
    MemoryContextSwitchTo(caller);
    SPI_processed = processed;
    SPI_tuptable = rows;
}

// Returns what end_immediate takes. What is deferred cannot be queued in a security-restricted operation.
const char* begin_immediate(const Model* model) {
    MemoryContext caller = CurrentMemoryContext;
    Deferrable constraints = find_deferrable(model);
    MemoryContextSwitchTo(caller);
    set_constraints(constraints.all, "IMMEDIATE");
    return constraints.deferred;
}

void end_immediate(const char* deferred) { set_constraints(deferred, "DEFERRED"); }

// As the owner, but no more restricted than `context` says.
void relax(const Model* model, int context) {
    SetUserIdAndSecContext(model->owner, context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
}

// A body on its way, and what an error says of it.
struct Write {
    const Model* model;
    const AsWriter* as;  // of a state table
    bool in_trigger;
    Oid table;
    void (*body)(void*);
    void* argument;
    const char* failure;
    const char* purpose;
    const char* owner;
};

void update_leads(void* given) {
    auto* write = static_cast<Write*>(given);
    const Model* model = write->model;
    const Entry* entry = current_entry();
    Oid asking = asking_role();
    SavedIdentity identity;
    const char* deferred = nullptr;
    if (write->in_trigger || asking == model->owner) {
        identity = act_as(model->owner);
        // What the owner asked for himself he may do unrestricted, unless he was restricted when he asked.
        if (!write->in_trigger && entry != nullptr) relax(model, entry->saved.context);
    } else {
        identity = become(model->owner);
        deferred = begin_immediate(model);
    }
    set_config_option("search_path", model->binding.trigger_path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                      false);
    write->body(write->argument);
    end_immediate(deferred);
    restore(identity);
}

void run_query(const Write* write) {
    permit(*write->as, write->table);
    write->body(write->argument);
}

bool is_watched(const Model* model, Oid table) {
    Relation relation = RelationIdGetRelation(table);
    if (relation == nullptr) return false;
    bool watched = has_other_triggers(model, relation);
    RelationClose(relation);
    return watched;
}

void write_state(void* given) {
    auto* write = static_cast<Write*>(given);
    const Model* model = write->model;
    const Entry* entry = innermost_entry();
    if (entry == nullptr || !is_watched(model, write->table)) {
        run_query(write);
    } else if (entry->in_trigger || entry->caller == model->owner) {
        Oid user = InvalidOid;
        int context = 0;
        GetUserIdAndSecContext(&user, &context);
        relax(model, entry->context);
        run_query(write);
        SetUserIdAndSecContext(user, context);
    } else {
        const char* deferred = begin_immediate(model);
        run_query(write);
        end_immediate(deferred);
    }
}

void run_body(void* given) {
    auto* write = static_cast<Write*>(given);
    write->body(write->argument);
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
    auto* write = static_cast<const Write*>(given);
    bool tells = is_without_values(error);
    if (tells && is_about_statement(error->sqlerrcode))
        ereport(ERROR, (errcode(error->sqlerrcode), errmsg_internal("%s", error->message)));
    const char* hint = psprintf("SET ROLE %s;  -- the same statement then shows all of it", write->owner);
    if (tells)
        ereport(ERROR, (errcode(error->sqlerrcode), errmsg_internal("%s", error->message),
                        errdetail("%s; the row's values are not shown.", write->purpose), errhint("%s", hint)));
    ereport(ERROR, (errcode(error->sqlerrcode), errmsg_internal("%s", write->failure),
                    errdetail("An expression, check or trigger of the table raised an error. What it says may hold "
                              "values of the row, and is for the owner."),
                    errhint("%s", hint)));
}

bool are_for(const Model* model, Oid role) { return role == model->owner || has_privs_of_role(role, model->owner); }

// What an error says has to be known before: after it no catalog can be read.
void hide_values(Write* write, void (*body)(void*)) {
    write->owner = quote_identifier(GetUserNameFromId(write->model->owner, false));
    run_translated(body, raise_without_values, write);
}

void hide_state_values(Write* write, void (*body)(void*)) {
    if (are_for(write->model, told_role())) {
        body(write);
        return;
    }
    const char* table = relation_name(write->table);
    write->failure = psprintf("a row of table %s could not be written", table);
    write->purpose = psprintf("It is a row of table %s, which the model writes", table);
    hide_values(write, body);
}

}  // namespace

void with_lead_update(const Model* model, bool in_trigger, void (*body)(void*), void* argument) {
    Write write = {model, nullptr, in_trigger, model->binding.leads, body, argument, nullptr, nullptr, nullptr};
    if (are_for(model, asking_role())) {
        update_leads(&write);
        return;
    }
    write.failure = psprintf("the status of a lead could not be written to table %s", user_table(model, kLeads));
    write.purpose = "The status of a lead is written there with every move";
    hide_values(&write, update_leads);
}

void with_state_write(const AsWriter& as, Oid table, void (*body)(void*), void* argument) {
    Write write = {as.model, &as, false, table, body, argument, nullptr, nullptr, nullptr};
    hide_state_values(&write, write_state);
}

void without_values(const Model* model, Oid table, void (*body)(void*), void* argument) {
    Write write = {model, nullptr, false, table, body, argument, nullptr, nullptr, nullptr};
    hide_state_values(&write, run_body);
}

bool has_other_triggers(const Model* model, Relation relation) {
    const TriggerDesc* triggers = relation->trigdesc;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; ++i)
        if (triggers->triggers[i].tgfoid != model->guard) return true;
    return false;
}

}  // namespace lead_scoring

using namespace lead_scoring;

// write_table(model text, statement text, VARIADIC arguments text[]) returns bigint
LEAD_SCORING_FUNCTION(lead_scoring_write_table);
Datum lead_scoring_write_table(PG_FUNCTION_ARGS) {
    const char* name = PG_ARGISNULL(0) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(name);
    if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_INT64(0);
    Model* model = use_bound(name);
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
    ErrorContextCallback* shown = hide_internals();
    int64 rows = 0;
    with_lead_update(model, false, [&](const AsWriter& as) {
        permit(as, model->binding.leads);  // that is where the statement may write a status
        int code = SPI_execute_with_args(statement, count, types, values, nulls, false, 0);
        if (code < 0) elog(ERROR, "statement failed: %s", SPI_result_code_string(code));
        rows = static_cast<int64>(SPI_processed);
    });
    error_context_stack = shown;
    finish_spi();
    PG_RETURN_INT64(rows);
}
