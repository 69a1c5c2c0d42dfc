// The last part of a statement's way: what was found of each lead is folded into its score row, and what follows from
// that is written.
//
// Locks. Score rows are written in key order; a write waits for whoever has the row and notices any change since the
// row was read, so no other lock on them is taken. A lead whose status changes has its row in the leads table locked
// before its score row is written: an update of attributes holds the leads row when it comes to the score row, so
// waiting for it here, with score rows written, could deadlock. Therefore the lock is asked for without waiting. If it
// cannot be had, a statement of one lead waits for it, for it holds nothing yet; one of several leads rolls back to
// where it had written nothing, waits for the leads rows it could not have, in key order, and does its work again.
//
// What has no single order: INSERT ... ON CONFLICT DO UPDATE, MERGE and data-modifying WITH fire a trigger for each
// kind of change, and a changed key one for each key, so that their leads are gone through more than once; and a
// foreign key that cascades brings one lead after the other, in the order of the user's rows. Two such statements, or
// one beside a batch, may deadlock where they share several leads: 40P01, and nothing is lost.
#pragma once

#include "pg/postgres.hpp"

#include "pg/findings.hpp"
#include "pg/model.hpp"
#include "pg/outcome.hpp"
#include "pg/program.hpp"

namespace lead_scoring {

enum class Work {
    Fold,        // new events: fold them into what is stored
    Rebuild,     // events were changed or removed: compute the cards from the log; findings tell which leads
    Forget,      // leads were deleted: remove their state and history
    Attributes,  // leads came or changed: take over which fit rules match
    Adjust,      // adjustments changed
    SetStage,    // somebody moved the lead
    Refresh,     // time passed; a lead whose row in the leads table is busy is left for the next time
    Renew,       // leads of an older version, or without a row: compute anew from the log, move each lead once, now
    Rescore,     // findings are everything there is: compute anew, move each lead once, now
    Replay,      // findings are everything there is: compute anew, stages included
    CatchUp,     // findings are everything there is: compute anew, stages included from where the lead stood
};

struct Applied {
    uint64 leads;
    const RowToWrite* statuses;  // to be written with write_statuses; in the current memory context
};

// Does `work` for every lead of the sorted findings. To be called as the model's owner with SPI connected.
Applied apply_findings(Model* model, const PublishedVersion* version, Findings* findings, Work work,
                       const MoveByHand* by_hand = nullptr);

// Adds to the model's list of problems, in one order for all sessions.
void record_problems(Model* model, const ProblemList& problems);

}  // namespace lead_scoring
