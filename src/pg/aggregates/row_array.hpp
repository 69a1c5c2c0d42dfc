// Results that are arrays of a composite type: unnest makes a table of them.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "access/tupdesc.h"
}

namespace lead_scoring {

// The composite type that the function is declared to return an array of; looked up once per query and kept in
// fn_extra. Raises 0A000 where that is no array, 42804 where the type has another number of columns.
TupleDesc element_row_type(FunctionCallInfo fcinfo, int columns);

// The array of these rows, which are of that type.
Datum array_of_rows(Datum* rows, int count, TupleDesc descriptor);

}  // namespace lead_scoring
