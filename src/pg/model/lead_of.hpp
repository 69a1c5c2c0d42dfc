// Which lead a row of the user's tables is of: one answer for the rows that a statement brings, for those of the log,
// and for statements that look for a lead's rows.
//
// It is the one whose key the row has; where it has none, the one that identities know its visitor to be, which whoever
// brings the row finds out (RowStream in pg/intake/row_reader.hpp). Where leads were merged that is so for their events
// and identities too, which merge_leads moves.
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
    AttrNumber anonymous;  // of the visitor, for rows without a key; 0: such rows are of nobody
};

// The relation is open, and has the columns: require_columns has seen to it.
LeadColumn lead_column_of(const Binding& binding, const Source* source, Relation relation);

// The lead's key, as it stands in the row.
inline Datum lead_of(LeadColumn column, TupleTableSlot* row, bool* is_null) {
    return slot_getattr(row, column.number, is_null);
}

// The visitor that a row without a key is of, as it stands there. False where it is none.
bool visitor_of(LeadColumn column, TupleTableSlot* row, Datum* visitor);

// The key as an SQL expression over a row that the statement calls `row`. In the current memory context.
char* lead_of(const Binding& binding, const Source* source, const char* row);

// What is true of two rows that the statement calls so, of the source and of identities, where the latter say whose the
// former, which has no key, is.
char* is_identified(const Binding& binding, const Source* source, const char* row, const char* identity);

}  // namespace lead_scoring
