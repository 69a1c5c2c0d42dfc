// What a version that is not in force would make of leads, one at a time, by the paths of those who write: nothing is
// written, and all is read under the active snapshot.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/scoring/computation.hpp"
#include "pg/scoring/score_row.hpp"

namespace lead_scoring {

// As if the version had been in force since ever: what its first publish would make of leads.
struct Backtest {
    Computation task;
    ScoreRow row;  // as it is made for a lead that has none
};

// In the current memory context. Raises as begin_preview does.
Backtest begin_backtest(const AsWriter& as, const Version* version, Timestamp now);
// The lead and its moves are in the task's workspace then.
void replay(Backtest* backtest, const LeadFindings& found);
// When the lead that was replayed reached the stage, which is one of progress, or a higher one; kNever: it did not. In
// the first stage leads are from the beginning.
Timestamp reached_at(const Backtest* backtest, const LeadFindings& found, int stage);

// If it were published now.
struct Preview {
    Computation refreshing;  // what is due, by the version in force, as publish does before
    Computation publishing;
    bool refreshes;
    bool publishes;  // else the version is the one in force, and stays
};

// What a stored row becomes. In the current memory context.
struct Outlook {
    bool damaged;       // the row cannot be read, and publish would mend it first: nothing else is told
    const char* stage;  // as the version calls it
    double score;       // as of now
};

// Gives the stages of the version, of which nothing is stored, the names by which stored rows call them: those that the
// version in force has.
void name_as_stored(Version* version, const Version* in_force);
Preview begin_preview(const AsWriter& as, const Version* in_force, const Version* version, Timestamp now);
// Of a lead that was replayed. `row` is its own, and is changed.
Outlook look_ahead(Preview* preview, const Backtest* replayed, const LeadFindings& found, ScoreRow* row);

}  // namespace lead_scoring
