// Reading and writing rows of a model's `scores`.
//
// A row is read without a lock and written only if it is still the version that was read: the write is the lock. What
// was computed from a row is therefore never older than the row it replaces. (That a trigger may do so without SPI
// follows the logical-replication worker, which updates rows by index in the same way.)
#pragma once

#include "pg/server/postgres.hpp"

#include "core/stages/lead.hpp"
#include "pg/model/as_owner.hpp"
#include "pg/model/model.hpp"

extern "C" {
#include "access/genam.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/snapshot.h"
}

namespace lead_scoring {

struct ScoreTable;

// Opens the model's scores for the time of one statement, in the current memory context. With `frozen` rows are read
// under the active snapshot, and may not be written. Raises as hold_scores does, and 55000 where the table has not the
// shape that the version needs.
ScoreTable* open_scores(Model* model, const Version* version, bool frozen = false);
void close_scores(ScoreTable* table);
// Whether triggers of others see what is written, and may keep it out.
bool is_seen_by_others(const ScoreTable* table);

// To be called before reading where leads will be read in key order, about so many: where they are a good part of all,
// the index is gone through from row to row.
void expect_leads(ScoreTable* table, std::size_t leads);

// Rows are read under one snapshot, which is taken at the first read and kept until end_scan, or until a write finds
// that a row has changed. It may be older than what it is combined with: the write tells. To be ended after waiting for
// somebody and after statements that may have written scores; and within the subtransaction that it began in.
void begin_scan(ScoreTable* table);
void end_scan(ScoreTable* table);

// What the columns of a row hold that are one value each. for_each_column has the list of them.
struct ScoreValues {
    double score;  // NaN: null
    double engagement;
    double fit;
    const char* grade;  // null: none
    int64 version;
    const char* stage_name;
    Timestamp stage_since;
    int64 stage_seq;
    bool stage_armed;
    const char* barred;   // as core/stages/bars.hpp prints it; null: nobody ever took back a move of the lead
    bool counted;         // the leads table has a row of that key, which is not left out
    const char* account;  // whose it is, as that row says; null: nobody's
    Timestamp scored_at;
    Timestamp due_at;
};

// A stored row in the terms of the core. The card's bytes are a copy in the current memory context.
struct ScoreRow : ScoreValues {
    const struct varlena* card;
    const struct varlena* memory;  // as it is stored, perhaps apart from the row; null: there is none
    const Timestamp* entered;      // for each stage: when it was entered first, or kNever
    bool restored;                 // from history, for the row was not to be trusted
    Timestamp settled_to;          // without a card: what happened up to then moves the lead no more
    // The current transaction wrote it at or after the command that `since_command` names: it may know of events whose
    // trigger is still to come.
    bool written_since;
    bool contended;  // somebody else seems to be changing it, or to hold it locked
};

// What is written back. `entered`: for each stage, when it was entered first by the moves of this write, or kNever;
// `entered_before`: before them, null where the row has that already.
struct ScoreUpdate : ScoreValues {
    const void* card;
    std::size_t card_size;
    const void* memory;  // null: as it is
    std::size_t memory_size;
    bool forgets;  // what it remembered is to go
    const Timestamp* entered;
    const Timestamp* entered_before;
};

// False where no row of that key is visible. In READ COMMITTED sees what was committed when reading began, else the
// transaction's snapshot; the transaction's own writes always.
bool read_score(ScoreTable* table, Datum key, CommandId since_command, ScoreRow* row);

// Replaces the row read last. False where it has been changed since it was read, or is not there any more: read it
// again. Waits for transactions in progress that have it. Raises 40001 in place of false in REPEATABLE READ and above.
bool write_score(const AsWriter& as, ScoreTable* table, const ScoreUpdate& update);

// A row that is written later than it is computed.
struct PreparedScore {
    ItemPointerData place;  // of the version that it replaces
    HeapTuple row;          // in the memory context that was current; null: nothing is prepared
};

// Prepares what write_score would write in place of the row read last. Nothing is prepared where triggers of others are
// to see each write.
PreparedScore prepare_score(ScoreTable* table, const ScoreUpdate& update);

// Writes what was prepared; returns and raises as write_score does. To be called between hold_reading, before which
// nothing of what is prepared was written, and release_reading: meanwhile the server keeps each version that was read
// in its place, whatever becomes of it.
bool write_prepared(const AsWriter& as, ScoreTable* table, const PreparedScore& prepared);
Snapshot hold_reading(ScoreTable* table);
void release_reading(Snapshot held);

}  // namespace lead_scoring
