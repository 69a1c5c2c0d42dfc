// How each kind of work computes a lead: from its stored row and what was found of it, or from the log.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/intake/findings.hpp"
#include "pg/model/model.hpp"
#include "pg/scoring/outcome.hpp"
#include "pg/scoring/workspace.hpp"

namespace lead_scoring {

enum class Work {
    Change,      // of events and leads: fold new events into what is stored, compute the cards of leads that had events
                 // changed or removed from the log, take over which fit rules match a lead that came or changed, remove
                 // state and history of one that is gone; findings tell which
    Adjust,      // adjustments changed
    SetStage,    // somebody moved the lead
    TakeBack,    // somebody took back moves of the lead
    Refresh,     // time passed
    Renew,       // leads of an older version, or without a row: compute anew, move each lead once, now
    Rescore,     // the same of all leads at once
    Replay,      // compute all leads anew, stages included from where each stands
    CatchUp,     // the same after a time in which nothing was scored: what came meanwhile is new
    ReplayLead,  // its moves are superseded: compute it anew, from where it began
    ReplayAll,   // the same of all leads at once
};

// Where what is known of a lead comes from, and whose snapshot sees it.
enum class Facts {
    Rows,  // the stored row, and what the statement's own rows say of the lead; the log, under a snapshot taken for
           // this lead, where these do not tell
    Card,  // the stored row; the log, likewise, where its card is not of the version
    All,   // findings, which are everything there is, under a snapshot taken before any lead was computed
};

// Of leads whose card is made anew; those are new that have no card of any version.
enum class When { Never, IfNew, Always };

// What is done to a lead whose card was made anew: what is done with every card, or it is moved once, now, to where its
// score belongs.
enum class Anew { Acts, Settles };

// What becomes of leads that others are at. A row in the leads table that others have is waited for, or left with its
// lead for the next time; a lead that is being merged is left to the merge, or refused.
enum class Rivals { Usual, LeavesBusy, RefusesMerging };

// Which state a lead goes on from: that of its row, where history does not contradict; that in which history leaves it,
// since a hand took back moves; or none, since all its moves are superseded.
enum class From { Row, History, Nothing };

struct Policy;

// What each kind of work does.
const Policy& policy_of(Work work);

// A move that a lead has made before, and that its history does not have.
struct UnwrittenMove {
    const char* stage;  // it led to, as history calls it
    Timestamp at;
};

struct Computation {
    AsWriter as;
    Model* model;
    const Version* version;
    const Policy* policy;
    const MoveByHand* by_hand;  // of SetStage
    Timestamp now;
    bool distrusts;                            // the stored row, which history contradicts
    bool predicts;                             // nothing may be written
    bool frozen;                               // all is read under the active snapshot
    std::span<const UnwrittenMove> unwritten;  // of the lead
    const Scorecard* card;  // what all that was found of the lead makes by the version, as of now; null: not known yet
    Workspace* workspace;   // where the lead is computed
};

// A lead whose stored row is in the workspace.
struct StoredLead {
    const Computation* task;
    const LeadFindings& found;
    const ScoreRow& row;
    Timestamp clock;  // of its card
    bool gone;        // it was deleted, and events remain
};

struct Policy {
    Work work;
    Facts facts;
    When moves;   // whether events after the stored card's clock move a lead whose card is made anew
    When passes;  // whether time moves it then, each time at an instant of its own
    Anew anew;
    Rivals rivals;
    From from;
    bool hands_off;  // into stages that say so; what is made anew was, when it was new
    // What is done with a card that is of the version. False where there is no such lead any more.
    bool (*act)(const StoredLead& lead);
};

// Computes the lead in the workspace from its stored row, read last, and what was found. `gone`: it was deleted, and
// events remain. A row that is not to be trusted is replaced by what history and log say: `row->restored` tells. False
// where there is no such lead any more, or where the history, which is mended before it is believed, would have to be
// asked and nothing may be written.
bool compute(const Computation* task, const LeadFindings& found, ScoreRow* row, bool gone);

}  // namespace lead_scoring
