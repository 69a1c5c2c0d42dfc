// What happens when somebody adjusts a lead's points by hand.

#include "pg/postgres.hpp"

#include "pg/trigger.hpp"

using namespace lead_scoring;

// adjustments_changed('<model>') returns trigger
LEAD_SCORING_FUNCTION(adjustments_changed) {
    TriggerRun run;
    if (!begin_trigger(fcinfo, TriggerTable::Adjustments, &run)) return PointerGetDatum(nullptr);

    TriggerEvent event = run.data->tg_event;
    if (TRIGGER_FIRED_BY_TRUNCATE(event)) read_all_stored_keys(run.model, FindingKind::Stored, run.findings);
    if (TRIGGER_FIRED_BY_INSERT(event) || TRIGGER_FIRED_BY_UPDATE(event))
        read_row_keys(&run, TriggerTable::Adjustments, false, FindingKind::Stored);
    if (TRIGGER_FIRED_BY_DELETE(event) || TRIGGER_FIRED_BY_UPDATE(event))
        read_row_keys(&run, TriggerTable::Adjustments, true, FindingKind::Stored);
    end_trigger(&run, Work::Adjust);
    return PointerGetDatum(nullptr);
}
