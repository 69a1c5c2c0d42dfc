// What the rows of events and leads match: rows in, findings out.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/intake/doubts.hpp"
#include "pg/intake/findings.hpp"
#include "pg/intake/problems.hpp"
#include "pg/model/as_owner.hpp"
#include "pg/model/lead_of.hpp"
#include "pg/model/model.hpp"

extern "C" {
#include "executor/tuptable.h"
}

namespace lead_scoring {

// Rows that are evaluated under one subtransaction.
inline constexpr int kRowsPerBatch = 1000;

// Where rows come from. A batch can be read twice, for it is when one of its rows raises an error.
class RowStream {
  public:
    // False at the end; the slot's content is valid until the next call.
    virtual bool next(TupleTableSlot* slot) = 0;
    // Begins a batch of kRowsPerBatch rows: remembers the place; `back_to_mark` returns there.
    virtual void mark() = 0;
    virtual void back_to_mark() = 0;
    // The lead that identities know the visitor of this row to be, the one that `next` gave last, where it has no key.
    virtual Datum identified_lead(TupleTableSlot*, bool* is_null) {
        *is_null = true;
        return static_cast<Datum>(0);
    }

    const TupleTableSlotOps* slot_type = nullptr;

  protected:
    ~RowStream() = default;
};

// The lead of the row that the stream gave last.
inline Datum lead_of(LeadColumn column, RowStream* rows, TupleTableSlot* row, bool* is_null) {
    Datum key = lead_of(column, row, is_null);
    return *is_null ? rows->identified_lead(row, is_null) : key;
}

// Evaluates every row, of a relation that is `source` or a partition of it, by a version of the model, and adds what it
// finds: of events Match and Seen findings, of rows of the leads table Known, Created, LeftOut, Account and Fit ones.
// Events without lead, type or finite time are not scored. Where an expression raises an error that the row's data can
// be the reason of, it counts as no match there, and `problems`, which may be null, are told; other errors propagate.
// Requires the relation to be locked; raises as take_program does. `with_ids`: adds those that count once, for whoever
// does not read the log, which leaves out what does not count. `doubts`, which may be null, are told of what else the
// rows say.
void read_rows(const AsOwner& as, const Version* version, const Source* source, Relation relation, RowStream* rows,
               Findings* findings, Problems* problems, bool with_ids = false, Doubts* doubts = nullptr);

}  // namespace lead_scoring
