// How each kind of work computes a lead: from its stored row and what was found of it, or from the log.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/intake/findings.hpp"
#include "pg/model/model.hpp"
#include "pg/scoring/outcome.hpp"
#include "pg/scoring/workspace.hpp"

namespace lead_scoring {

enum class Work {
    Change,    // of events and leads: fold new events into what is stored, compute the cards of leads that had events
               // changed or removed from the log, take over which fit rules match a lead that came or changed, remove
               // state and history of one that is gone; findings tell which
    Adjust,    // adjustments changed
    SetStage,  // somebody moved the lead
    Refresh,   // time passed; a lead whose row in the leads table is busy is left for the next time
    Renew,     // leads of an older version, or without a row: compute anew from the log, move each lead once, now
    Rescore,   // findings are everything there is: compute anew, move each lead once, now
    Replay,    // findings are everything there is: compute anew, stages included
    CatchUp,   // findings are everything there is: compute anew, stages included from where the lead stood
};

struct Computation {
    Model* model;
    const Version* version;
    Work work;
    const MoveByHand* by_hand;  // of SetStage
    Timestamp now;
    bool distrusts;        // the stored row, which history contradicts
    bool predicts;         // nothing may be written
    Workspace* workspace;  // where the lead is computed
};

// Computes the lead in the workspace from its stored row and what was found. `gone`: it was deleted, and events remain.
// A row that is not to be trusted is replaced by what history and log say. False where there is no such lead any more,
// or where the history, which is mended before it is believed, would have to be asked and nothing may be written.
// SPI must be connected, the identity the owner's.
bool compute(const Computation* task, const LeadFindings& found, ScoreRow* row, bool gone);

}  // namespace lead_scoring
