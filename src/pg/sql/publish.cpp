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
    Datum values[] = {PG_GETARG_DATUM(1), CStringGetTextDatum(GetUserNameFromId(asking_role(), false)),
                      PG_GETARG_DATUM(2), PG_GETARG_DATUM(3)};
    const char nulls[] = {' ', ' ', PG_ARGISNULL(2) ? 'n' : ' ', ' '};
    AsWriter as = begin_work_in_command(find_model(model));
    const char* sql =
        "INSERT INTO %s (version, published_at, published_by, note, definition) "
        "VALUES ($1, clock_timestamp(), $2, $3, $4)";
    write_state(as, "versions", psprintf(sql, own_table(model, "versions")), 4, types, values, nulls);
    end_work(as);
    PG_RETURN_VOID();
}
