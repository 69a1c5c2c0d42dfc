// The last part of a statement's way: what was found of each lead is folded into its score row, and what follows from
// that is written.
//
// The order of locks, for all that works on leads, commands in SQL too:
//
//   1. tables. Who writes has the lock that its statement takes; owner commands shut out writers by lock_tables() in
//      SQL, which waits for one table while it holds none, as no order of these suits all. It begins with leads, then
//      come the sources, that of settings first and the others by name, then identities; merging and forgetting take
//      them so.
//   2. visitors whose events or identities are written, in the order of their locks (pg/intake/visitors.hpp).
//   3. rows of the leads table, in key order.
//   4. rows of scores, in key order.
//   5. rows of the other tables of kLeadTables, under the row of scores of their lead. Who claims hand-offs locks rows
//      of theirs alone, without waiting.
//   6. problems that were met on the way, by lead and rule.
//
// Rows of a step are locked before those of the next, and who holds one asks for none of an earlier step but without
// waiting.
//
// A write of a score row waits for whoever has the row and notices any change since the row was read, so no other lock
// on it is taken. A lead whose status changes has its row in the leads table locked before its score row is written: an
// update of attributes holds the leads row when it comes to the score row, so waiting for it here, with score rows
// written, could deadlock. Therefore the lock is asked for without waiting. If it cannot be had, a statement of one
// lead waits for it, for it holds nothing yet.
//
// One of several leads computes them all before it writes any, and locks the leads rows of those whose status will
// change, in key order. Where nobody else is at any of these rows, they are written as they were computed. Otherwise,
// and where they are too many to be kept, the work is done in a subtransaction: if it comes to a leads row that it
// cannot have, it rolls back to where it had written nothing, waits for the leads rows it could not have, in key order,
// and begins again. Two gaps remain. If between the computing and the writing another transaction comes, moves a lead
// over a threshold's edge, and a third one locks that lead's row, then it is waited for with score rows written.
// And where somebody comes to one of the leads rows in the instant in which they are locked, those of lesser keys stay
// locked in the rounds that follow. Only a subtransaction could give them back; but what it locked is updated outside
// of it when the status is written, and each such row would get a multixact in every statement.
//
// What came for a lead that was merged into another is moved when the statement has done with all others, and scored as
// a statement of its own: with rows of a statement that brought others too in its hands. Two such statements may
// deadlock.
//
// What has no single order: a foreign key that cascades brings one lead after the other, in the order of the user's
// rows, and comes to identities with rows of leads in its hands; TRUNCATE comes with its table locked; and a query that
// fires several triggers on events takes the locks of their visitors trigger by trigger. They may deadlock with others
// that share several of their leads: 40P01, and nothing is lost.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/scoring/computation.hpp"

namespace lead_scoring {

struct Applied {
    uint64 leads;
    Statuses statuses;  // to be written by end_work; in the current memory context
    Datum* merged;      // keys of leads that are others now, for which something came: for move_merged; likewise
    int merged_count;
};

// Does `work` for every lead of the sorted findings, and writes all but the status columns. The memory of what it
// returns is the current memory context's. `by_hand`: of SetStage.
//
// Requires that nobody publishes another version meanwhile: a trigger has its statement's lock on the table for that, a
// command the lock of hold_off_versions or a stronger one. Raises 40001 in REPEATABLE READ and above where a row of
// scores has changed since the transaction's snapshot, 55000 where a trigger of the user's keeps a row of scores out,
// or where a lead that is moved by hand is being merged.
Applied apply_findings(const AsWriter& as, const Version* version, Findings* findings, Work work,
                       const MoveByHand* by_hand = nullptr);

// The same for all leads, from all there is of them: tells how far it is, up to where status columns are written, and
// records problems. Nobody may write the user's tables meanwhile. end_progress() is left to the caller.
Applied apply_to_all(const AsWriter& as, const Version* version, Work work, const MoveByHand* by_hand = nullptr);

// The same for one lead, of which nothing was found.
Applied apply_to_lead(const AsWriter& as, const Version* version, Datum key, Work work,
                      const MoveByHand* by_hand = nullptr);

}  // namespace lead_scoring
