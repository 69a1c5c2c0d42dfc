// Whether others are at a row, as the row itself tells, without waiting and without a lock. It may be out of date the
// next moment.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "access/htup.h"
#include "storage/itemptr.h"
}

namespace lead_scoring {

// Who changes a row or holds it locked, as the row says.
struct RowHolder {
    uint16 mask;
    TransactionId transactions;  // one, or a number for several
};

// To be called with the row's page locked: the two are not written at once, and the one makes no sense of another
// holder's other.
RowHolder holder_of(HeapTupleHeader row);

// Whether a transaction in progress, other than the current one, is changing the row or holds it locked so that it
// cannot be updated. Of several transactions that hold it, the current one counts too.
bool is_contended(RowHolder holder);

// Whether the row at that place of a table is; the current transaction has locked the table against alteration. Rows of
// other tables than heaps are taken for contended.
bool is_row_contended(Oid table, ItemPointer place);

}  // namespace lead_scoring
