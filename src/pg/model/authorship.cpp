#include "pg/server/postgres.hpp"

#include "pg/model/authorship.hpp"

#include "pg/server/query.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/rel.h"
}

namespace lead_scoring {

namespace {

// By what is stored: nothing of the column's type is called, which may not be what it was.
bool is_brought(const TriggerData* data, int column) {
    TupleDesc columns = RelationGetDescr(data->tg_relation);
    bool updated = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
    bool old_null = true;
    bool new_null = false;
    Datum old_value = updated ? SPI_getbinval(data->tg_trigtuple, columns, column, &old_null) : Datum{0};
    Datum new_value = SPI_getbinval(updated ? data->tg_newtuple : data->tg_trigtuple, columns, column, &new_null);
    if (new_null || old_null) return !new_null;
    Form_pg_attribute attribute = TupleDescAttr(columns, column - 1);
    return !datum_image_eq(old_value, new_value, attribute->attbyval, attribute->attlen);
}

}  // namespace

void require_author(const TriggerData* data) {
    Oid owner = data->tg_relation->rd_rel->relowner;
    if (TRIGGER_FIRED_BY_DELETE(data->tg_event) || has_privs_of_role(GetUserId(), owner)) return;
    const char* table = RelationGetRelationName(data->tg_relation);
    Oid type = TEXTOID;
    Datum entity = CStringGetTextDatum(table);
    connect_spi();
    // The path is that of whoever writes.
    query(
        "SELECT f.field, f.kind FROM lead_scoring_internal.draft_fields f "
        "WHERE f.entity OPERATOR(pg_catalog.=) $1 AND f.is_owners ORDER BY f.place",
        1, &type, &entity);
    for (uint64 i = 0; i < SPI_processed; ++i) {
        const char* name = ResultRow{i}.text(1);
        int column = SPI_fnumber(RelationGetDescr(data->tg_relation), name);
        if (column <= 0 || !is_brought(data, column)) continue;
        const char* role = GetUserNameFromId(owner, false);
        ereport(
            ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
             errmsg("role \"%s\" may not write column \"%s\" of table \"%s\"", GetUserNameFromId(GetUserId(), false),
                    name, table),
             strcmp(ResultRow{i}.text(2), "id") == 0
                 ? errdetail("By it the cards of leads know the row. Only role \"%s\", the owner, may give it.", role)
                 : errdetail("What it says is run or read with the rights of the model's owner, role \"%s\".", role),
             errhint("SET ROLE %s;  -- if you are a member of it", quote_identifier(role))));
    }
    finish_spi();
}

}  // namespace lead_scoring
