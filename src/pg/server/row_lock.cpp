#include "pg/server/postgres.hpp"

#include "pg/server/row_lock.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/tuptable.h"
#include "storage/bufmgr.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

RowHolder holder_of(HeapTupleHeader row) { return {row->t_infomask, HeapTupleHeaderGetRawXmax(row)}; }

bool is_contended(RowHolder holder) {
    auto [mask, transactions] = holder;
    if (mask & HEAP_XMAX_INVALID) return false;
    if (mask & HEAP_XMAX_IS_MULTI) return MultiXactIdIsRunning(transactions, HEAP_XMAX_IS_LOCKED_ONLY(mask));
    if (HEAP_XMAX_IS_KEYSHR_LOCKED(mask)) return false;  // by a foreign key
    return !TransactionIdIsCurrentTransactionId(transactions) && TransactionIdIsInProgress(transactions);
}

bool is_row_contended(Oid table, ItemPointer place) {
    Relation relation = table_open(table, NoLock);
    TupleTableSlot* slot = table_slot_create(relation, nullptr);
    bool contended = true;
    if (slot->tts_ops == &TTSOpsBufferHeapTuple && table_tuple_fetch_row_version(relation, place, SnapshotAny, slot)) {
        auto* stored = reinterpret_cast<BufferHeapTupleTableSlot*>(slot);
        LockBuffer(stored->buffer, BUFFER_LOCK_SHARE);
        RowHolder holder = holder_of(stored->base.tuple->t_data);
        LockBuffer(stored->buffer, BUFFER_LOCK_UNLOCK);
        contended = is_contended(holder);
    }
    ExecDropSingleTupleTableSlot(slot);
    table_close(relation, NoLock);
    return contended;
}

}  // namespace lead_scoring
