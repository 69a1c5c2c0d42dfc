// What a long operation is doing, for the view lead_scoring.progress.
//
// A backend has a place in shared memory for the progress of VACUUM, CREATE INDEX and the like, which needs no preload
// and is cleared with the (sub)transaction that fails. It is used here under a command number that is none of the
// server's, so that its own pg_stat_progress views do not show it.
#pragma once

#include "pg/server/postgres.hpp"

namespace lead_scoring {

enum class Phase { ReadingEvents, ScoringLeads, WritingStatus };

constexpr int64 kUnknownTotal = -1;

// The operation ends with end_progress or an error. `scores`: the model's table of that name.
void begin_progress(Oid scores, int64 leads_total = kUnknownTotal);
void report_phase(Phase phase);
void report_leads(int64 done, int64 total);
void end_progress();

}  // namespace lead_scoring
