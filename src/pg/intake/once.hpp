// Reading a source whose ids count once.
//
// Of the rows that are of one lead and have one id the earliest counts, and of several at its instant the one whose
// content comes first; lead_scoring_internal.rows_once has it so for reports. What has no id, or no time, takes no
// part.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/as_owner.hpp"
#include "pg/model/model.hpp"

namespace lead_scoring {

// The plans by which the version reads the source, of which some may not be made yet. Requires its table to be locked.
// Raises as require_event_id does.
OncePlans* once_plans(const AsOwner& as, Source* source, const LoggedSource* logged);

// The statement of that name, in the current memory context: LeadEvents, AllEvents or RepeatedId. Of all leads, those
// rows alone are put in order whose id is there again: most often there are none.
char* once_statement(const Model* model, PlanName name, const Source* source, const OncePlans* once);

}  // namespace lead_scoring
