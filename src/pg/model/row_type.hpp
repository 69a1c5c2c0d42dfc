// The columns of a relation as they were when something was found out about its rows: what was found holds for rows of
// these columns only. Between finding out and use a statement may wait for a lock, and a table be altered meanwhile;
// the session may alter one itself, too.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "utils/rel.h"
}

namespace lead_scoring {

struct RowType {
    TupleDesc columns;
    uint64 checked;  // how much had been heard of changes when it was compared last
};

// The columns of the relation as it is now, in the current memory context.
RowType row_type_of(Relation relation);

// Whether the relation, which must be locked, still has these columns: names, types, collations, what generates them.
bool has_row_type(Relation relation, RowType* type);

}  // namespace lead_scoring
