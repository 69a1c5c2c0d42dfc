// A lead's history, the table "transitions", where its score row cannot be trusted: history is what happened, so the
// lead stands where its latest transition led, whatever the row says.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/scoring/score_row.hpp"

extern "C" {
#include "access/skey.h"
}

namespace lead_scoring {

// What the row says that cannot be: the name of the column, or null where nothing is found. Rows of the model's own
// making pass; so may others, for only what scoring relies on is looked at.
const char* implausible_column(const Version* version, const ScoreRow& row);

// Makes of the row one that has no card, is of no version, and stands at the end of the lead's history, which is mended
// before. The transaction must have locked the row, or be about to replace it. A lead that `begins_again` has no move
// left, and all that happened to it moves it anew.
void restore_from_history(const AsWriter& as, const Version* version, Datum key, ScoreRow* row, bool begins_again);

// Makes chains of histories that are none, of one lead or of all (`key` null): numbered without gaps, each move from
// where the last one led, never back in time. Returns the number of rows that were changed.
int64 mend_histories(const AsWriter& as, const Datum* key);

// Has the row of a lead, or of all (`key` null), say by the moves that stand when those stages were entered that the
// version does not have any more. Of those that it has, computing the lead does so.
void mend_past_entries(const AsWriter& as, const Version* version, const Datum* key);

// A look at the histories of several leads, by their index, while they may be added to.
struct HistoryProbe {
    Relation relation;
    Relation index;
    Snapshot snapshot;
    IndexScanDesc scan;
    TupleTableSlot* slot;
    ScanKeyData keys[2];
};

// Opens the histories under a snapshot taken now. False where there is no unique index of lead and number, and so
// nothing that could stand in the way; then there is nothing to close.
bool open_history(const Model* model, HistoryProbe* probe);
void close_history(HistoryProbe* probe);

// Whether the lead has transitions of that number or of later ones.
bool has_moves_from(HistoryProbe* probe, Datum key, int32 seq);

}  // namespace lead_scoring
