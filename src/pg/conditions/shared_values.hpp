// What several conditions compute from a row, such as properties->>'path', is computed once a row.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/conditions/dispatch.hpp"

extern "C" {
#include "executor/tuptable.h"
#include "nodes/pg_list.h"
}

namespace lead_scoring {

struct SharedValues {
    Formula* formulas;
    int count;
    TupleTableSlot* slot;  // has the value of each formula in a column
};

// Finds what more than one of the expressions `tried` for every row compute, and lets these and the `others`, pointers
// to expressions too, read it from the slot, which the inner tuple of their context must be. Only what cannot raise an
// error is shared: a condition may be there to guard it. Null where nothing is. Allocated in the current memory
// context.
SharedValues* share_values(List* tried, List* others);

// Fills the slot from the context's row. The values last as long as the context's memory of the row.
void compute_shared_values(SharedValues* shared, ExprContext* context);

}  // namespace lead_scoring
