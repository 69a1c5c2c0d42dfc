// What happens on INSERT, UPDATE, DELETE and TRUNCATE of events.

#include "pg/server/postgres.hpp"

#include "pg/sql/trigger.hpp"

using namespace lead_scoring;

// events_changed('<model>') returns trigger
LEAD_SCORING_FUNCTION(lead_scoring_events_changed);
Datum lead_scoring_events_changed(PG_FUNCTION_ARGS) {
    TriggerRun run;
    if (!begin_trigger(fcinfo, TriggerTable::Events, &run)) return PointerGetDatum(nullptr);

    TriggerEvent event = run.data->tg_event;
    if (!TRIGGER_FIRED_BY_TRUNCATE(event)) lock_visitors(&run);
    // What old rows gave is taken back by rebuilding their leads; new rows are read too, for one may name a stage.
    if (TRIGGER_FIRED_BY_INSERT(event) || TRIGGER_FIRED_BY_UPDATE(event)) read_rows(&run, false);
    if (TRIGGER_FIRED_BY_UPDATE(event) || TRIGGER_FIRED_BY_DELETE(event))
        read_row_keys(&run, true, FindingKind::TakenBack);
    if (TRIGGER_FIRED_BY_TRUNCATE(event) && run.is_logged)
        read_all_stored_keys(run.as, FindingKind::TakenBack, run.findings);
    end_trigger(&run, Work::Change);
    return PointerGetDatum(nullptr);
}
