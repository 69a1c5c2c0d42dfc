// The prepared statements of a model: which there are says PlanName.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/as_owner.hpp"
#include "pg/model/model.hpp"

extern "C" {
#include "executor/spi.h"
}

namespace lead_scoring {

inline constexpr int kTransitionColumns = 16;  // two fewer in a model of an older format

// The types of the columns of a row that AddTransitions or UpdateStatuses writes; returns how many there are. `types`
// has room for status_count + kTransitionColumns.
int row_types(const Model* model, PlanName name, Oid* types);

// The statement for all events of a source, or those of one lead ($1) or of visitors (an array of them), by that name;
// where visitors can be known, with whose they are in a second column.
char* events_statement(const Model* model, PlanName name, const Source* source);

// Of a transition, t, whether nobody took it back.
const char* stands(const Model* model);

// Whether the model can keep moves that were taken back; those of older formats cannot.
bool keeps_undone(const Model* model);

// The plan of that name, made at its first use and the model's. Shuts the search_path, but for updates of statuses, and
// locks the table of the user's that it names, as hold_table does. `source`: whose events it reads; `logged`: what the
// version says of it, where it may say that not all of its rows count.
SPIPlanPtr plan(const AsOwner& as, PlanName name, Source* source = kLeads, const LoggedSource* logged = nullptr);

// The statement that has the status columns show what the model's scores hold, of the lead whose key as text is $1 or
// of all. To be run in with_lead_update; null where there is nothing to write.
char* stored_status_update(const Model* model, bool of_one_lead);

// Runs the plan of that name, as with_state_write does where it writes a table of the model's own. SPI_processed says
// how many rows there are, SPI_tuptable has them. `nulls` may be null: none is.
void execute(const AsWriter& as, PlanName name, Datum* values, const char* nulls = nullptr, bool fire_triggers = true);

// Locks the rows of a lead as who moves it does, leads before scores, waiting for both. False where it has no score.
bool lock_lead(const AsOwner& as, Datum key);

// Removes what a model's own tables hold of a lead under its key. The score row goes first, for it is the lock that
// others wait for, and for whom we wait.
void delete_state(const AsWriter& as, Datum key);

}  // namespace lead_scoring
