#include "pg/postgres.hpp"

#include "pg/lead_update.hpp"

#include "pg/identity.hpp"
#include "pg/permit.hpp"
#include "pg/query.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
}

namespace lead_scoring {

namespace {

// The server prints the whole row, or the key, to whoever stored an event.
void hide_values(void* update) {
    if (!static_cast<LeadUpdate*>(update)->hides_values) return;
    if (ERRCODE_TO_CATEGORY(geterrcode()) != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION) return;
    errdetail("The status of a lead is written there with every move; the row's values are not shown.");
}

// Constraints and constraint triggers of the two tables, their partitions, and of what refers to them.
struct Deferrable {
    const char* all;
    const char* deferred;  // those that are at first
};

Deferrable find_deferrable(const Model* model) {
    Oid types[] = {OIDOID, OIDOID};
    Datum values[] = {ObjectIdGetDatum(model->leads), ObjectIdGetDatum(model->events)};
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

}  // namespace

void begin_lead_update(const Model* model, bool in_trigger, LeadUpdate* update) {
    const Entry* entry = current_entry();
    Oid asking = asking_role();
    bool own = in_trigger || asking == model->owner;
    *update = {};
    if (!own) {
        update->identity = become(model->owner);
        Deferrable constraints = find_deferrable(model);
        set_constraints(constraints.all, "IMMEDIATE");
        update->deferred = constraints.deferred;
    } else {
        update->identity = act_as(model->owner);
        // What the owner asked for himself he may do unrestricted, unless he was restricted when he asked.
        if (!in_trigger && entry != nullptr)
            SetUserIdAndSecContext(model->owner,
                                   entry->saved.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
    }
    set_config_option("search_path", model->trigger_path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    update->hides_values = !has_privs_of_role(asking, model->owner);
    update->context.callback = hide_values;
    update->context.arg = update;
    update->context.previous = error_context_stack;
    error_context_stack = &update->context;
}

void end_lead_update(LeadUpdate* update) {
    error_context_stack = update->context.previous;
    set_constraints(update->deferred, "DEFERRED");
    restore(update->identity);
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
    LeadUpdate update;
    begin_lead_update(model, false, &update);
    permit(model->leads);  // that is where the statement may write a status
    int code = SPI_execute_with_args(statement, count, types, values, nulls, false, 0);
    if (code < 0) elog(ERROR, "statement failed: %s", SPI_result_code_string(code));
    auto rows = static_cast<int64>(SPI_processed);
    end_lead_update(&update);
    finish_spi();
    PG_RETURN_INT64(rows);
}
