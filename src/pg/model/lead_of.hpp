// Which lead a row of the user's tables is of: one answer for the rows that a statement brings, for those of the log,
// and for statements that look for a lead's rows.
//
// It is the one whose key the row has. Where leads were merged that is so for their events too, which merge_leads
// moves.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/binding.hpp"

extern "C" {
#include "executor/tuptable.h"
#include "utils/rel.h"
}

namespace lead_scoring {

// How rows of one relation, that table or a partition of it, tell their lead.
struct LeadColumn {
    AttrNumber number;
};

// The relation is open, and has the column: require_columns has seen to it.
LeadColumn lead_column_of(const Binding& binding, const Source* source, Relation relation);

// The lead's key, as it stands in the row.
inline Datum lead_of(LeadColumn column, TupleTableSlot* row, bool* is_null) {
    return slot_getattr(row, column.number, is_null);
}

// The key as an SQL expression over a row that the statement calls `row`. In the current memory context.
char* lead_of(const Binding& binding, const Source* source, const char* row);

}  // namespace lead_scoring
