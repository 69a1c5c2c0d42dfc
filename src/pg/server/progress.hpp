// What a long operation is doing, for the view lead_scoring.progress.
//
// A backend has a place in shared memory for the progress of VACUUM, CREATE INDEX and the like, which needs no preload
// and is cleared with the (sub)transaction that fails. It is used here under a command number that is none of the
// server's, so that its own pg_stat_progress views do not show it.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "datatype/timestamp.h"
}

namespace lead_scoring {

enum class Phase { ReadingEvents, ScoringLeads, WritingStatus };

constexpr int64 kUnknownTotal = -1;

// Begins an operation on the model of that table `scores`. It ends with end_progress, or with the (sub)transaction that
// an error ends. Pairs nest: it is the innermost operation that the others speak of, and there must be one.
void begin_progress(Oid scores, TimestampTz started_at);
void report_phase(Phase phase);
// total: may be kUnknownTotal.
void report_leads(int64 done, int64 total);
void end_progress();
// After a subtransaction was rolled back, with which the server has cleared what was shown.
void show_progress_again();

// In place of end_progress, where the operation is begun again in the next transaction: it stays shown until then.
void pause_progress();

}  // namespace lead_scoring
