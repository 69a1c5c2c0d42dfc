// What follows from a lead's new state besides its score row: rows of transitions, and the status columns of the leads
// table. Both are gathered and written many at a time, one statement for all.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/model.hpp"
#include "pg/scoring/score_row.hpp"
#include "pg/scoring/workspace.hpp"

extern "C" {
#include "nodes/pg_list.h"
}

namespace lead_scoring {

// What a hand did: of SetStage where to, by whom and why.
struct MoveByHand {
    int stage;
    const char* actor;
    const char* reason;       // null: not given
    Timestamp superseded_at;  // of a replay, when the moves that stood were marked; stage is kNoStage then
};

// A row to be written: the values and whether they are null, in a list.
struct RowToWrite {
    Datum* values;
    bool* nulls;
    int attempts;  // of a transition that is handed over: to deliver it, at most; 0: it is not handed over
    RowToWrite* next;
};

struct RowList {
    RowToWrite* first;
    RowToWrite** last;
    int count;
};

// What is to be written into status columns, and when it was gathered: triggers of the user's may have had the leads
// computed again since.
struct Statuses {
    RowToWrite* first;  // null: nothing
    const Version* version;
    uint64 computation;
};

struct Outcome {
    Model* model;
    const Version* version;
    uint64 computation;         // a number of its own
    const MoveByHand* by_hand;  // null: nobody moved the lead
    bool hands_off;             // moves into stages that say so are handed over
    MemoryContext context;      // of the statuses, which outlive the statement's work
    MemoryContext pending;      // of the transitions not yet written
    RowList transitions;
    RowList statuses;  // of leads whose rows in the leads table are locked
};

// An empty outcome for leads that are about to be computed, in the current memory context.
Outcome begin_outcome(Model* model, const Version* version, const MoveByHand* by_hand, bool hands_off);

// Forgets what was gathered.
void clear_outcome(Outcome* outcome);

// Takes the first `count` rows from one list and puts them at the end of the other; with null, drops them.
void take_rows(RowList* from, int count, RowList* to);

// Whether the status columns may have to change. Those of a lead that has just come do, whatever it was before.
bool shows_status(const Model* model, const Version* version, const Workspace* workspace, const ScoreRow& row);

// Add what the workspace's lead became, which was `row` before. The row of the lead in the leads table is locked before
// its status is added.
void add_transitions(Outcome* outcome, Datum key, const Workspace* workspace, const ScoreRow& row);
void add_status(Outcome* outcome, Datum key, const Workspace* workspace, const ScoreRow& row);

// Whether so many transitions wait that they should be written now.
bool has_many_transitions(const Outcome* outcome);

// Writes the transitions that wait, in one statement for many, and the hand-offs they give rise to: triggers of the
// user's may run.
void write_transitions(const AsWriter& as, Outcome* outcome);

// Takes the leads whose moves have numbers that their history has already out of what is to be written: their keys, in
// their order and in the outcome's context. Their rows in scores are wrong about where they stand.
List* take_contradicted_leads(Outcome* outcome);

Statuses statuses_of(const Outcome& outcome);

// Ends the work as end_work(as) does, and in between, when the caller's identity has been restored, writes the status
// columns; where leads have been computed since they were gathered, as their rows of scores have them now.
// `in_trigger`: triggers on leads are then queued behind the statement that fired ours, and run as its user. Raises as
// with_lead_update does.
void end_work(const AsWriter& as, const Statuses& statuses, bool in_trigger = false);

}  // namespace lead_scoring
