// The statements on the table "handoffs" of a model: a row for each move into a stage that is handed over.
//
// Deliveries of a lead come one after the other: of its rows that are not done the first, by the number of the move, is
// marked is_first, and no other is given out. Who makes a row or ends one has the lead's row of scores locked, so that
// one of them is always marked, but for who parks a row that was delivered too often, and whoever works under a
// snapshot older than that lock: then none may be. Claiming finds such leads where it finds too little else.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/model.hpp"

namespace lead_scoring {

// The statement of that name, with the types of its arguments (at most seven) and how many there are; null where it is
// none of these.
char* handoff_statement(const Model* model, PlanName name, Oid* types, int* arguments);

// Whether the model has the table; those of older formats have not.
bool has_handoffs(const Model* model);

}  // namespace lead_scoring
