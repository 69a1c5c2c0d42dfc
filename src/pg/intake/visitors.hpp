// Anonymous visitors: which lead each is, and who may say so while who stores events.
//
// An event of a visitor and the identity that makes a lead of him may be stored at the same time, by transactions that
// do not see each other. So who stores, changes or removes events of visitors takes a shared lock on each, and who does
// so with identities an exclusive one, until the transaction ends; and who has the lock reads the other's rows after
// that, under the latest snapshot. There are some 1,000 locks, by a hash of the
// visitor, taken in their order, before all rows of leads and scores; a statement of many visitors takes one of all.
#pragma once

#include "pg/server/postgres.hpp"

#include <bitset>

#include "pg/intake/row_reader.hpp"
#include "pg/model/as_owner.hpp"

extern "C" {
#include "utils/rel.h"
}

namespace lead_scoring {

inline constexpr std::size_t kVisitorLocks = 1024;
inline constexpr std::size_t kMostVisitorLocks = 128;  // that a statement takes one by one

// The locks of some visitors.
using VisitorLocks = std::bitset<kVisitorLocks>;

void add_visitor(const Model* model, Datum visitor, VisitorLocks* locks);

enum class VisitorLock { Shared, Exclusive };

// Waits for them, in their order.
void lock_visitors(const Model* model, const VisitorLocks& locks, VisitorLock mode);

// Rows of events, of another stream; of those of visitors it is found out, a batch at a time, whose they are. The
// visitors' locks are held.
class IdentifiedRows final : public RowStream {
  public:
    IdentifiedRows(const AsOwner& as, const Source* source, Relation relation, RowStream* rows);
    bool next(TupleTableSlot* slot) override { return rows_->next(slot); }
    void mark() override;
    void back_to_mark() override { rows_->back_to_mark(); }
    Datum identified_lead(TupleTableSlot* slot, bool* is_null) override;
    // To be called wherever no error is raised.
    void finish();

  private:
    struct Identity {
        Datum visitor;
        Datum lead;
        bool is_known;
    };

    void look_up();
    Identity* find(Datum visitor);

    AsOwner as_;
    LeadColumn column_;
    RowStream* rows_;
    TupleTableSlot* slot_;
    MemoryContext batch_;  // of what follows
    Identity* identities_ = nullptr;
    int count_ = 0;
};

// Visitors that were gathered, to be worked on so many at a time.
struct VisitorBatch {
    MemoryContext memory;
    Datum* visitors;
    int count;
};

VisitorBatch make_visitor_batch();
// Copies the visitor.
void add_visitor(const Model* model, Datum visitor, VisitorBatch* batch);
inline bool is_full(const VisitorBatch& batch) { return batch.count == kRowsPerBatch; }
void clear(VisitorBatch* batch);

// Adds, for the leads that the visitors are, those events of theirs that name a stage.
void read_stage_events(const AsOwner& as, const Version* version, const VisitorBatch& batch, Findings* findings);

// Raises 40001 where the transaction's snapshot, at isolation levels that have one, does not see the visitors' events
// as they are: who stored them has scored nobody, so that no row of scores tells.
void require_seen_events(const AsOwner& as, const VisitorBatch& batch);

}  // namespace lead_scoring
