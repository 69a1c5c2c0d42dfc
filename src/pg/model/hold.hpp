// Opening a model's tables. What the model knows of them may be old as soon as a lock has been waited for, so it is
// asked for again under the lock.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/model.hpp"

extern "C" {
#include "utils/snapshot.h"
}

namespace lead_scoring {

// Locks one of the user's tables (ACCESS SHARE) for the rest of the transaction. Raises the errors of use_model where
// it has gone; 40001 where another one has taken its place and, in REPEATABLE READ and above, where one of the model's
// tables was altered after the transaction's snapshot was taken.
void hold_table(Model* model, const Source* source);

// Opens the model's scores under that lock. Raises 42704 where they have gone, as require_model does where
// they are another's by now, and 40001 where another table has taken their place.
Relation hold_scores(const Model* model, LOCKMODE lock);

// Raises 40001 where the table, or a partition of it, was altered after the snapshot was taken: where its rows were
// written anew, that snapshot sees none of them.
void require_unaltered(Oid table, Snapshot snapshot);

}  // namespace lead_scoring
