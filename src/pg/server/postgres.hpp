// The first include of every file in src/pg, and the only home of server version differences.
//
// postgres.h redefines snprintf and friends and brings macros that break C++ headers; both are undone here, so
// that core and standard headers can follow in any order.
#pragma once

extern "C" {
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#if PG_VERSION_NUM >= 160000
#include "catalog/pg_database_d.h"
#include "catalog/pg_namespace_d.h"
#include "varatt.h"
#endif
}

#undef Max
#undef Min
#undef Abs
#undef _
#undef gettext
#undef dgettext
#undef ngettext
#undef dngettext
#undef snprintf
#undef vsnprintf
#undef sprintf
#undef vsprintf
#undef printf
#undef fprintf
#undef vprintf
#undef vfprintf
#undef strerror
#undef strerror_r

// Before 16 the macro is empty, and -fvisibility=hidden would hide even the magic block.
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

namespace lead_scoring {

// What tree walkers and mutators are cast to.
#if PG_VERSION_NUM < 160000
using TreeWalker = bool (*)();
using TreeMutator = struct Node* (*)();
#else
using TreeWalker = bool (*)(struct Node*, void*);
using TreeMutator = struct Node* (*)(struct Node*, void*);
#endif

// pg_attribute.attgenerated of a column that rows do not have: it is computed whenever it is read. From 18 on.
constexpr char kVirtual = 'v';

}  // namespace lead_scoring

// The transaction's local id, which no other transaction of this backend has.
#if PG_VERSION_NUM < 170000
#define LEAD_SCORING_LOCAL_TRANSACTION (MyProc->lxid)
#else
#define LEAD_SCORING_LOCAL_TRANSACTION (MyProc->vxid.lxid)
#endif

// Whether the node is JSON_VALUE or one like it, which reads a value of its type from JSON; needs nodes/primnodes.h.
#if PG_VERSION_NUM < 170000
#define LEAD_SCORING_READS_JSON(node) false
#else
#define LEAD_SCORING_READS_JSON(node) IsA(node, JsonExpr)
#endif

// Whether transaction_timeout has passed; needs storage/proc.h and miscadmin.h.
#if PG_VERSION_NUM < 170000
#define LEAD_SCORING_TRANSACTION_TIMED_OUT false
#else
#define LEAD_SCORING_TRANSACTION_TIMED_OUT (TransactionTimeoutPending && TransactionTimeout > 0)
#endif

#if PG_VERSION_NUM < 160000
#define LEAD_SCORING_QUALIFIED_NAME(text) stringToQualifiedNameList(text)
#else
#define LEAD_SCORING_QUALIFIED_NAME(text) stringToQualifiedNameList(text, nullptr)
#endif

#if PG_VERSION_NUM < 160000
#define LEAD_SCORING_SCHEMA_ACLCHECK(schema, role, mode) pg_namespace_aclcheck(schema, role, mode)
#else
#define LEAD_SCORING_SCHEMA_ACLCHECK(schema, role, mode) object_aclcheck(NamespaceRelationId, schema, role, mode)
#endif

#if PG_VERSION_NUM < 160000
#define LEAD_SCORING_DATABASE_ACLCHECK(database, role, mode) pg_database_aclcheck(database, role, mode)
#else
#define LEAD_SCORING_DATABASE_ACLCHECK(database, role, mode) object_aclcheck(DatabaseRelationId, database, role, mode)
#endif

#if PG_VERSION_NUM < 160000
#define LEAD_SCORING_LOCAL_BACKEND(index) pgstat_fetch_stat_local_beentry(index)
#else
#define LEAD_SCORING_LOCAL_BACKEND(index) pgstat_get_local_beentry_by_index(index)
#endif

#if PG_VERSION_NUM < 160000
#define LEAD_SCORING_UPDATE_INDEXES bool
#define LEAD_SCORING_NEEDS_INDEXES(indexes) (indexes)
#define LEAD_SCORING_INSERT_INDEX_TUPLES(result, slot, executor, indexes)                                              \
    ExecInsertIndexTuples(result, slot, executor, true, false, nullptr, NIL)
#else
#define LEAD_SCORING_UPDATE_INDEXES TU_UpdateIndexes
#define LEAD_SCORING_NEEDS_INDEXES(indexes) ((indexes) != TU_None)
#define LEAD_SCORING_INSERT_INDEX_TUPLES(result, slot, executor, indexes)                                              \
    ExecInsertIndexTuples(result, slot, executor, true, false, nullptr, NIL, (indexes) == TU_Summarizing)
#endif

#if PG_VERSION_NUM < 180000
#define LEAD_SCORING_INDEX_BEGINSCAN(heap, index, snapshot, keys) index_beginscan(heap, index, snapshot, keys, 0)
#define LEAD_SCORING_NOT_DEFERRABLE
#else
#define LEAD_SCORING_INDEX_BEGINSCAN(heap, index, snapshot, keys)                                                      \
    index_beginscan(heap, index, snapshot, nullptr, keys, 0)
#define LEAD_SCORING_NOT_DEFERRABLE , false
#endif

#if PG_VERSION_NUM < 180000
#define LEAD_SCORING_RUN_EXECUTOR(query, rows) ExecutorRun(query, ForwardScanDirection, rows, true)
#else
#define LEAD_SCORING_RUN_EXECUTOR(query, rows) ExecutorRun(query, ForwardScanDirection, rows)
#endif

// The locks of this process in one partition of the lock table, whose lock must be held to go through them; they need
// storage/lock.h and storage/proc.h.
#if PG_VERSION_NUM < 160000
#define LEAD_SCORING_NO_LOCKS(partition) SHMQueueEmpty(&MyProc->myProcLocks[partition])
#define LEAD_SCORING_FOR_EACH_LOCK(lock, partition)                                                                    \
    for (auto* lock = reinterpret_cast<PROCLOCK*>(SHMQueueNext(                                                        \
             &MyProc->myProcLocks[partition], &MyProc->myProcLocks[partition], offsetof(PROCLOCK, procLink)));         \
         lock != nullptr; lock = reinterpret_cast<PROCLOCK*>(SHMQueueNext(                                             \
                              &MyProc->myProcLocks[partition], &lock->procLink, offsetof(PROCLOCK, procLink))))
#else
#define LEAD_SCORING_NO_LOCKS(partition) dlist_is_empty(&MyProc->myProcLocks[partition])
#define LEAD_SCORING_FOR_EACH_LOCK(lock, partition)                                                                    \
    for (dlist_node* head = &MyProc->myProcLocks[partition].head, *place = head->next; place != head;                  \
         place = place->next)                                                                                          \
        if (auto* lock = reinterpret_cast<PROCLOCK*>(reinterpret_cast<char*>(place) - offsetof(PROCLOCK, procLink));   \
            lock != nullptr)
#endif

// Without waiting, and without an error where there is no memory.
#if PG_VERSION_NUM < 180000
#define LEAD_SCORING_LOCK_ACQUIRE(tag, mode, session, entry) LockAcquireExtended(tag, mode, session, true, false, entry)
#else
#define LEAD_SCORING_LOCK_ACQUIRE(tag, mode, session, entry)                                                           \
    LockAcquireExtended(tag, mode, session, true, false, entry, false)
#endif

// Triggers that are queued behind a statement run as the role that queued them. Before 18 they run as the statement's.
#if PG_VERSION_NUM < 180000
#define LEAD_SCORING_QUEUED_AS_QUEUER false
#else
#define LEAD_SCORING_QUEUED_AS_QUEUER true
#endif

// Exports and registers the C function of an SQL function, `lead_scoring_<name>`, whose definition follows.
#define LEAD_SCORING_FUNCTION(symbol)                                                                                  \
    extern "C" {                                                                                                       \
    PGDLLEXPORT Datum symbol(PG_FUNCTION_ARGS);                                                                        \
    PG_FUNCTION_INFO_V1(symbol);                                                                                       \
    }                                                                                                                  \
    extern "C" Datum symbol(PG_FUNCTION_ARGS)
