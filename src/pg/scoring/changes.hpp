// What one query changes of a model's tables, gathered from its triggers.
//
// INSERT ... ON CONFLICT DO UPDATE, MERGE and data-modifying WITH fire an AFTER trigger for each kind of change and
// each table. If each went through its leads by itself, their order would not be that of the keys, and two such queries
// could deadlock. So all but the last only add what they found, and the last one does the work for all leads at once.
// How many there will be is known by then: the BEFORE triggers of a query have all fired before its first AFTER
// trigger.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/intake/findings.hpp"
#include "pg/intake/row_reader.hpp"

namespace lead_scoring {

struct Changes {
    CommandId command;  // of the query's snapshot: another query's is another, also within this one
    SubTransactionId subtransaction;
    NameData model;
    int expected;          // AFTER triggers still to come
    MemoryContext memory;  // of what follows; null while nothing was gathered
    Findings* findings;
    Problems problems;
    int64 version;  // they are of
    Changes* outer;
};

// To be called by a BEFORE trigger: one more AFTER trigger is to be expected of the running query.
void expect_change(const char* model);

// To be called by an AFTER trigger: takes it off, and returns the changes of its query. Null where no other trigger has
// to be thought of: neither is one to come, nor has one left anything. (Such is a trigger that a foreign key's action
// has put into the queue of another query: it did not begin with that one.) Raises 55000 where a query within this one
// has ended, and not all of its triggers came.
Changes* arrived_change(const char* model);

// Whether an AFTER trigger is still to come.
inline bool is_incomplete(const Changes* changes) { return changes != nullptr && changes->expected > 0; }

// Begins to gather, in a memory context that lives until end_changes or until the subtransaction is rolled back.
// Whatever is gathered still at the transaction's end is an error there: 55000.
void gather(Changes* changes, const KeyType& key, int64 version);

// The work is done: forgets the changes and frees what was gathered.
void end_changes(Changes* changes);

}  // namespace lead_scoring
