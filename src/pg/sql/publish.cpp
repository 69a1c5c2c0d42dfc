// What publishing writes.

#include "pg/server/postgres.hpp"

#include "pg/model/identity.hpp"
#include "pg/model/model.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

using namespace lead_scoring;

// add_version(model text, version bigint, note text, definition jsonb)
LEAD_SCORING_FUNCTION(lead_scoring_add_version);
Datum lead_scoring_add_version(PG_FUNCTION_ARGS) {
    bool whole = !PG_ARGISNULL(0) && !PG_ARGISNULL(1) && !PG_ARGISNULL(3);
    const char* model = whole ? text_to_cstring(PG_GETARG_TEXT_PP(0)) : nullptr;
    require_entry(model);
    Oid types[] = {INT8OID, TEXTOID, TEXTOID, JSONBOID};
    Datum values[] = {PG_GETARG_DATUM(1), CStringGetTextDatum(asking_name()), PG_GETARG_DATUM(2), PG_GETARG_DATUM(3)};
    const char nulls[] = {' ', ' ', PG_ARGISNULL(2) ? 'n' : ' ', ' '};
    AsWriter as = begin_work_in_command(find_model(model));
    const char* sql =
        "INSERT INTO %s (version, published_at, published_by, note, definition) "
        "VALUES ($1, clock_timestamp(), $2, $3, $4)";
    write_state(as, "versions", psprintf(sql, own_table(model, "versions")), 4, types, values, nulls);
    end_work(as);
    PG_RETURN_VOID();
}

// carry_over(model text, former bigint, version bigint)
LEAD_SCORING_FUNCTION(lead_scoring_carry_over);
Datum lead_scoring_carry_over(PG_FUNCTION_ARGS) {
    const char* model = text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(model);
    Oid types[] = {INT8OID, INT8OID};
    Datum values[] = {PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)};
    AsWriter as = begin_work_in_command(find_model(model));
    const char* sql = "UPDATE %s SET version = $2 WHERE version = $1";
    write_state(as, "scores", psprintf(sql, own_table(model, "scores")), 2, types, values);
    end_work(as);
    PG_RETURN_VOID();
}

namespace {

struct Renaming {
    const char* section;
    const char* table;
    const char* sql;  // %1$s: the table; $1: the former name, $2: the new one
};

// No name has ever been another's, so that one update does not take the rows of another for its own.
constexpr Renaming kRenamings[] = {
    {"stages", "transitions",
     "UPDATE %1$s SET from_stage = CASE from_stage WHEN $1 THEN $2 ELSE from_stage END, "
     "to_stage = CASE to_stage WHEN $1 THEN $2 ELSE to_stage END WHERE $1 IN (from_stage, to_stage)"},
    {"stages", "scores", "UPDATE %1$s SET stage = $2 WHERE stage = $1"},
    {"stages", "forgotten",
     "UPDATE %1$s SET entered = entered - $1 || jsonb_build_object($2, entered -> $1) WHERE entered ? $1"},
    {"rules", "transitions", "UPDATE %1$s SET rule = $2 WHERE rule = $1"},
    {"entries", "transitions", "UPDATE %1$s SET entry = $2 WHERE entry = $1"},
    {"lead_types", "transitions", "UPDATE %1$s SET lead_type = $2 WHERE lead_type = $1"},
    {"rules", "problems", "UPDATE %1$s SET rule = $2 WHERE rule = $1"},
};

}  // namespace

// rename_in_history(model text, section text, former text, name text)
LEAD_SCORING_FUNCTION(lead_scoring_rename_in_history);
Datum lead_scoring_rename_in_history(PG_FUNCTION_ARGS) {
    const char* model = text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(model);
    const char* section = text_to_cstring(PG_GETARG_TEXT_PP(1));
    Oid types[] = {TEXTOID, TEXTOID};
    Datum values[] = {PG_GETARG_DATUM(2), PG_GETARG_DATUM(3)};
    AsWriter as = begin_work_in_command(find_model(model));
    for (const Renaming& renaming : kRenamings)
        if (strcmp(renaming.section, section) == 0)
            write_state(as, renaming.table, psprintf(renaming.sql, own_table(model, renaming.table)), 2, types, values);
    end_work(as);
    PG_RETURN_VOID();
}
