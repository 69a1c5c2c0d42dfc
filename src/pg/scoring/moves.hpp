// The moves of one lead, for whoever tells how it came to be where it is.
#pragma once

#include "pg/server/postgres.hpp"

#include "core/stages/lead.hpp"
#include "pg/model/as_owner.hpp"
#include "pg/model/model.hpp"
#include "pg/model/version.hpp"

namespace lead_scoring {

struct Move {
    int stage;  // kNoStage: the version has none of that name
    char* to;
    Timestamp at;
    char* cause;
    char* rule;  // null: none
    Units score;
    Timestamp recorded_at;
    Timestamp undone_at;  // from then on it does not stand; kForever: it does

    bool stands(Timestamp as_of) const { return undone_at > as_of; }
};

struct MoveList {
    Move* moves;  // by their numbers
    int count;
    Timestamp until;
    Timestamp undone_at;  // when one of them was taken back last, up to `until`; kNever: none was
};

// Those up to `until` that stood, if only for a time: all but what a replay superseded. Under the active snapshot, in
// the current memory context.
MoveList read_moves(const AsOwner& as, const Version* version, Datum key, Timestamp until);

// What the row of scores says the lead is barred from.
struct StoredBars {
    char* text;           // as core/stages/bars.hpp prints it; null: nothing is known
    Timestamp scored_at;  // as of then
};
StoredBars read_bars(const AsOwner& as, Datum key);

// Puts the lead, whose card is as of `until`, where it stood by the moves, barred from what the row says, where that is
// not of a later time, else from what the marks on its history do. To be called in C++.
void stand(Lead& lead, const Definition& definition, const MoveList& moves, const StoredBars& stored);

}  // namespace lead_scoring
