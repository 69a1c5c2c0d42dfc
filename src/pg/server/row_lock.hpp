// Whether others are at a row, as the row itself tells, without waiting and without a lock. It may be out of date the
// next moment.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "access/htup.h"
#include "storage/itemptr.h"
}

namespace lead_scoring {

// Whether a transaction in progress, other than the current one, is changing the row or holds it locked so that it
// cannot be updated. Of several transactions that hold it, the current one counts too.
bool is_contended(HeapTupleHeader row);

// The same of the row at that place of a table, which the current transaction has locked against alteration. Rows of
// other tables than heaps are taken for contended.
bool is_row_contended(Oid table, ItemPointer place);

}  // namespace lead_scoring
