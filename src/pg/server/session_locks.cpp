// The server tells nobody which locks a session holds as such. Which ones this process holds at all is in lists of its
// own in shared memory; and of each, the local lock table knows for whom. Taking once more what is held already, on
// behalf of the transaction, is a matter of that table alone, and gives away its entry.

#include "pg/server/postgres.hpp"

#include "pg/server/session_locks.hpp"

#include "pg/server/transaction_end.hpp"

extern "C" {
#include "access/xact.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/memutils.h"
}

namespace lead_scoring {

namespace {

struct AdvisoryLock {
    LOCKTAG tag;
    LOCKMODE mode;
    int64 count;  // on behalf of the session
};

struct AdvisoryLocks {
    AdvisoryLock* list;
    int count;
    int capacity;
};

}  // namespace

struct SessionLocks {
    AdvisoryLocks locks;
    int level;  // of the transaction
    SessionLocks* outer;
};

namespace {

// Those that are kept, the innermost first; in TopTransactionContext. An abort of the (sub)transaction that they were
// kept in puts them back and takes them off.
SessionLocks* kept_locks = nullptr;

void add(AdvisoryLocks* locks, const LOCKTAG& tag, LOCKMODE mode) {
    if (locks->count == locks->capacity) {
        locks->capacity = 2 * locks->capacity + 8;
        Size size = sizeof(AdvisoryLock) * static_cast<Size>(locks->capacity);
        locks->list = static_cast<AdvisoryLock*>(locks->list == nullptr ? palloc(size) : repalloc(locks->list, size));
    }
    locks->list[locks->count++] = {tag, mode, 0};
}

// Other processes may add a relation's lock to these lists that this one has taken by the fast path; an advisory lock
// never.
AdvisoryLocks held_locks() {
    AdvisoryLocks locks = {};
    for (int partition = 0; partition < NUM_LOCK_PARTITIONS; ++partition) {
        if (LEAD_SCORING_NO_LOCKS(partition)) continue;
        LWLock* lock = LockHashPartitionLockByIndex(partition);
        LWLockAcquire(lock, LW_SHARED);
        LEAD_SCORING_FOR_EACH_LOCK(held, partition) {
            const LOCKTAG& tag = held->tag.myLock->tag;
            if (tag.locktag_lockmethodid != USER_LOCKMETHOD || tag.locktag_type != LOCKTAG_ADVISORY) continue;
            for (LOCKMODE mode = 1; mode < MAX_LOCKMODES; ++mode)
                if ((held->holdMask & LOCKBIT_ON(mode)) != 0) add(&locks, tag, mode);
        }
        LWLockRelease(lock);
    }
    return locks;
}

// How often the session holds it. It is held once more then, on behalf of the transaction.
int64 hold(const AdvisoryLock& lock) {
    LOCALLOCK* entry = nullptr;
    LEAD_SCORING_LOCK_ACQUIRE(&lock.tag, lock.mode, false, &entry);
    for (int i = 0; entry != nullptr && i < entry->numLockOwners; ++i)
        if (entry->lockOwners[i].owner == nullptr) return entry->lockOwners[i].nLocks;
    return 0;
}

void let_go(const AdvisoryLock& lock) { LockRelease(&lock.tag, lock.mode, false); }

const AdvisoryLock* find(const AdvisoryLocks& locks, const AdvisoryLock& lock) {
    for (int i = 0; i < locks.count; ++i)
        if (locks.list[i].mode == lock.mode && memcmp(&locks.list[i].tag, &lock.tag, sizeof(LOCKTAG)) == 0)
            return &locks.list[i];
    return nullptr;
}

// Whatever was held then is held now, if only on behalf of the transaction.
void restore_counts(const AdvisoryLocks& before) {
    AdvisoryLocks now = held_locks();
    for (int i = 0; i < now.count; ++i) {
        const AdvisoryLock& lock = now.list[i];
        const AdvisoryLock* then = find(before, lock);
        int64 wanted = then == nullptr ? 0 : then->count;
        int64 count = hold(lock);
        for (; count > wanted; --count) LockRelease(&lock.tag, lock.mode, true);
        for (; count < wanted; ++count) LEAD_SCORING_LOCK_ACQUIRE(&lock.tag, lock.mode, true, nullptr);
        let_go(lock);
    }
    if (now.list != nullptr) pfree(now.list);
}

void forget(SessionLocks* kept) {
    if (kept->locks.list != nullptr) pfree(kept->locks.list);
    pfree(kept);
}

// What they were held by for the transaction is still there, and ends with it.
void restore_after_error(int level) {
    SessionLocks* outermost = nullptr;
    while (kept_locks != nullptr && kept_locks->level >= level) {
        if (outermost != nullptr) forget(outermost);
        outermost = kept_locks;
        kept_locks = kept_locks->outer;
    }
    if (outermost == nullptr) return;
    restore_counts(outermost->locks);
    forget(outermost);
}

void at_subtransaction_end(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
    if (event == SUBXACT_EVENT_ABORT_SUB) restore_after_error(GetCurrentTransactionNestLevel());
}

void at_transaction_end(XactEvent event, void*) {
    if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT) restore_after_error(1);
}

}  // namespace

SessionLocks* keep_session_locks() {
    watch_transactions<at_transaction_end, at_subtransaction_end>();
    MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
    auto* kept = static_cast<SessionLocks*>(palloc0(sizeof(SessionLocks)));
    kept->locks = held_locks();
    MemoryContextSwitchTo(caller);
    for (int i = 0; i < kept->locks.count; ++i) kept->locks.list[i].count = hold(kept->locks.list[i]);
    kept->level = GetCurrentTransactionNestLevel();
    kept->outer = kept_locks;
    kept_locks = kept;
    return kept;
}

void put_back_session_locks(SessionLocks* kept) {
    restore_counts(kept->locks);
    for (int i = 0; i < kept->locks.count; ++i) let_go(kept->locks.list[i]);
    kept_locks = kept->outer;
    forget(kept);
}

}  // namespace lead_scoring
