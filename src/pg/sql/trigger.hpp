// What the triggers on events, leads and identities have in common: who may call them, for which table, and as whom
// they run.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/intake/event_log.hpp"
#include "pg/scoring/changes.hpp"
#include "pg/scoring/statement.hpp"

extern "C" {
#include "commands/trigger.h"
}

namespace lead_scoring {

// One run of a trigger, from begin_trigger to end_trigger.
struct TriggerRun {
    TriggerData* data;
    AsWriter as;
    Model* model;
    const Source* source;  // whose events, or identities; null: of the leads table
    bool is_logged;        // whether the version looks at it
    bool has_visitors;     // among its rows, old and new: lock_visitors found some
    const Version* version;
    Changes* changes;  // of the query, where it fires several of our triggers
    Findings* findings;
    Problems problems;
    MemoryContext memory;  // freed at the end
    MemoryContext caller;
};

enum class TriggerTable { Events, Leads, Identities };

// False where there is nothing to do: the trigger is a BEFORE trigger, which only counts, the model is paused, has no
// version, or the statement touched no row. Otherwise the run works as the owner until end_trigger, and its memory is
// the current one. Raises 39P01 where the function is not called as the trigger it is, 42501 where the model's settings
// do not name the trigger's table, 55006 where another version was published between two triggers of one query, and as
// use_model and current_version do.
bool begin_trigger(FunctionCallInfo fcinfo, TriggerTable table, TriggerRun* run);

// Calls read(rows) with the old or new rows, of a transition table or the one of a row trigger.
template <class Read>
void with_rows(const TriggerRun* run, bool old_rows, Read read) {
    const TriggerData* data = run->data;
    if (TRIGGER_FIRED_FOR_ROW(data->tg_event)) {
        bool second = TRIGGER_FIRED_BY_UPDATE(data->tg_event) && !old_rows;
        SingleRow row(second ? data->tg_newtuple : data->tg_trigtuple);
        read(&row);
    } else {
        TransitionRows rows(old_rows ? data->tg_oldtable : data->tg_newtable);
        read(&rows);
    }
}

// Of an UPDATE: whether every old row has its new one, in the same order. One that moved to a partition whose BEFORE
// INSERT trigger let it go has none.
bool has_all_pairs(const TriggerData* data);

// Locks the visitors whose eventsthe rows are, old and new, as pg/intake/visitors.hpp says; to be called before the
// events are read.
void lock_visitors(TriggerRun* run);

// Adds what the rows of a transition table, or the old or new row of a row trigger, say.
void read_rows(TriggerRun* run, bool old_rows);

// Adds only whose rows they are, as findings of that kind.
void read_row_keys(TriggerRun* run, bool old_rows, FindingKind kind);

// Ends the run: does the work for the leads found, or leaves it to the last trigger of the query.
void end_trigger(TriggerRun* run, Work work);

}  // namespace lead_scoring
