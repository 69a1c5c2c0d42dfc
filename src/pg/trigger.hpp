// What the triggers on events and leads have in common: who may call them, for which table, and as whom they run.
#pragma once

#include "pg/postgres.hpp"

#include "pg/event_log.hpp"
#include "pg/owner.hpp"
#include "pg/statement.hpp"

extern "C" {
#include "commands/trigger.h"
}

namespace lead_scoring {

// One run of a trigger, from begin_trigger to end_trigger.
struct TriggerRun {
    TriggerData* data;
    Model* model;
    const PublishedVersion* version;
    Findings* findings;
    ProblemList problems;
    const RowToWrite* statuses[2];  // of the first and second call of apply
    int applied;
    SavedIdentity identity;
    MemoryContext memory;  // freed at the end
    MemoryContext caller;
};

enum class TriggerTable { Events, Leads, Adjustments };

// False where there is nothing to do: the model is paused, has no version, or the statement touched no row.
// Otherwise the run has the owner's identity and SPI is connected. Raises 39P01 where the function is not called as
// the trigger it is, and 42501 where the model's settings do not name the trigger's table.
bool begin_trigger(FunctionCallInfo fcinfo, TriggerTable table, TriggerRun* run);

// Adds what the rows of a transition table, or the old or new row of a row trigger, say.
void read_rows(TriggerRun* run, TriggerTable table, bool old_rows);

// The same, but only whose rows they are.
void read_row_keys(TriggerRun* run, TriggerTable table, bool old_rows, Findings* findings);

// Does the work for the leads found.
void apply(TriggerRun* run, Findings* findings, Work work);
void end_trigger(TriggerRun* run);

}  // namespace lead_scoring
