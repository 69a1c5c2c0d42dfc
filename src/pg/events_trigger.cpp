// What happens on INSERT, UPDATE, DELETE and TRUNCATE of events.

#include "pg/postgres.hpp"

#include "pg/trigger.hpp"

using namespace lead_scoring;

// events_changed('<model>') returns trigger
LEAD_SCORING_FUNCTION(events_changed) {
    TriggerRun run;
    if (!begin_trigger(fcinfo, TriggerTable::Events, &run)) return PointerGetDatum(nullptr);

    TriggerEvent event = run.data->tg_event;
    Work work = Work::Rebuild;
    if (TRIGGER_FIRED_BY_INSERT(event)) {
        read_rows(&run, TriggerTable::Events, false);
        work = Work::Fold;
    } else if (TRIGGER_FIRED_BY_UPDATE(event)) {
        // What the old rows gave is taken back by rebuilding; the new rows are read too, for one may name a stage now.
        read_rows(&run, TriggerTable::Events, false);
        read_row_keys(&run, TriggerTable::Events, true, run.findings);
    } else if (TRIGGER_FIRED_BY_DELETE(event)) {
        read_row_keys(&run, TriggerTable::Events, true, run.findings);
    } else {
        read_all_stored_keys(run.model, run.findings);
    }
    apply(&run, run.findings, work);
    end_trigger(&run);
    return PointerGetDatum(nullptr);
}
