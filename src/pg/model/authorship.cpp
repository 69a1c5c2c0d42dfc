#include "pg/server/postgres.hpp"

#include "pg/model/authorship.hpp"

extern "C" {
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/rel.h"
}

namespace lead_scoring {

namespace {

struct OwnersColumns {
    const char* table;
    const char* columns[12];  // null: no more
};

constexpr OwnersColumns kOwnersColumns[] = {
    {"rules", {"condition", "per", "limit_key"}},
    {"stages", {"on_event_condition"}},
    {"settings",
     {"leads", "events", "lead_key", "event_lead", "event_type", "event_time", "event_campaign", "status_columns",
      "trigger_path"}},
    {"report_settings",
     {"spend_table", "spend_campaign", "spend_date", "spend_amount", "spend_channel", "revenue_table", "revenue_lead",
      "revenue_date", "revenue_amount", "lead_created", "event_channel", "event_asset"}},
};

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
    for (const OwnersColumns& known : kOwnersColumns) {
        if (strcmp(known.table, table) != 0) continue;
        for (const char* name : known.columns) {
            int column = name == nullptr ? 0 : SPI_fnumber(RelationGetDescr(data->tg_relation), name);
            if (column <= 0 || !is_brought(data, column)) continue;
            const char* role = GetUserNameFromId(owner, false);
            ereport(ERROR,
                    (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                     errmsg("role \"%s\" may not write column \"%s\" of table \"%s\"",
                            GetUserNameFromId(GetUserId(), false), name, table),
                     errdetail("What it says is run or read with the rights of the model's owner, role \"%s\".", role),
                     errhint("SET ROLE %s, if you are a member of it.", quote_identifier(role))));
        }
    }
}

}  // namespace lead_scoring
