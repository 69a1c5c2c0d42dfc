// The trigger that refuses to update the row of report_settings before there is one.

#include "pg/server/postgres.hpp"

#include <array>

#include "pg/model/identity.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/table_name.hpp"

extern "C" {
#include "access/xact.h"
#include "commands/trigger.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

using namespace lead_scoring;

// report_settings_updated() returns trigger: after each UPDATE.
LEAD_SCORING_FUNCTION(lead_scoring_report_settings_updated);
Datum lead_scoring_report_settings_updated(PG_FUNCTION_ARGS) {
    auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
    if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
        !TRIGGER_FIRED_FOR_STATEMENT(data->tg_event) || !TRIGGER_FIRED_BY_UPDATE(data->tg_event))
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("report_settings_updated() was not called as the trigger it is"),
                        errdetail("It runs after each UPDATE of report_settings."),
                        errhint("Let lead_scoring.create_model() make the triggers.")));
    require_own_table(data, "report_settings_updated", std::array{"report_settings"});
    CommandCounterIncrement();  // a row that the statement itself put in is seen
    if (has_rows(RelationGetRelid(data->tg_relation))) return PointerGetDatum(nullptr);
    const char* model = get_namespace_name(RelationGetNamespace(data->tg_relation));
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("report_settings of model \"%s\" have no row to update", model),
                    errdetail("All is default until the first INSERT, set_spend() or set_revenue() makes the row."),
                    errhint("INSERT INTO %s DEFAULT VALUES;", own_table(model, "report_settings"))));
    pg_unreachable();
}
