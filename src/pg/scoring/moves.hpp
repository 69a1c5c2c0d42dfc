// The moves of one lead that stand, for whoever tells how it came to be where it is.
#pragma once

#include "pg/server/postgres.hpp"

#include "core/stages/stage_machine.hpp"
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
};

struct MoveList {
    Move* moves;  // in their order
    int count;
};

// Those up to `until`, under the active snapshot, in the current memory context.
MoveList read_moves(const AsOwner& as, const Version* version, Datum key, Timestamp until);

// Where the lead stood after them. To be called in C++.
StageState state_after(const Definition& definition, const MoveList& moves);

}  // namespace lead_scoring
