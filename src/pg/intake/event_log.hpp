// Reading the user's tables: the truth from which every scorecard can be computed again.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/intake/findings.hpp"
#include "pg/intake/plans.hpp"
#include "pg/intake/row_reader.hpp"
#include "pg/model/lead_of.hpp"
#include "pg/model/model.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"
}

namespace lead_scoring {

// Rows of a trigger's transition table.
class TransitionRows final : public RowStream {
  public:
    explicit TransitionRows(Tuplestorestate* rows);
    bool next(TupleTableSlot* slot) override;
    void mark() override;
    void back_to_mark() override;

  private:
    Tuplestorestate* rows_;
    int reader_;
    int marker_;
};

// A single row, of a row trigger.
class SingleRow final : public RowStream {
  public:
    explicit SingleRow(HeapTuple row);
    bool next(TupleTableSlot* slot) override;
    void mark() override {}
    void back_to_mark() override { done_ = false; }

  private:
    HeapTuple row_;
    bool done_ = false;
};

// Calls visit(row) for each row of a prepared query, under the active snapshot with `frozen`, else under a new one.
// What visit does may use SPI.
template <class Visit>
void for_each_row(SPIPlanPtr statement, Datum* arguments, bool frozen, Visit visit) {
    MemoryContext caller = CurrentMemoryContext;
    Portal portal = open_cursor(statement, arguments, frozen);
    for (uint64 count = kRowsPerBatch; count > 0;) {
        CHECK_FOR_INTERRUPTS();
        SPI_cursor_fetch(portal, true, kRowsPerBatch);
        count = SPI_processed;
        SPITupleTable* rows = SPI_tuptable;
        for (uint64 i = 0; i < count; ++i) visit(ResultRow{i, rows});
        SPI_freetuptable(rows);
    }
    close_cursor(portal);
    MemoryContextSwitchTo(caller);
}

// Adds the adjustments of one lead, as of a snapshot taken now.
void read_adjustments(const AsOwner& as, Datum key, Findings* findings);

// Adds what the log, the leads table and the adjustments say of one lead by a version of the model. With `frozen` under
// the active snapshot, else under new ones (the transaction's in REPEATABLE READ and above). Raises what hold_table and
// take_program raise.
void read_lead(const AsOwner& as, const Version* version, Datum key, Findings* findings, bool frozen);

// The same under the active snapshot, of an instant: with the adjustments that counted then. They count from when they
// were made until they expire or are cancelled. `doubts` may be null.
void read_lead_at(const AsOwner& as, const Version* version, Datum key, Timestamp at, Findings* findings,
                  Doubts* doubts = nullptr);

// Adds what the events of some visitors say, each of the lead that identities know the visitor to be, under a new
// snapshot.
void read_visitors(const AsOwner& as, const Version* version, Datum visitors, Findings* findings);

// The same of all leads, whole tables, and of each row of scores that it is there. `problems` may be null: then what
// expressions raise is counted as no match and not noted.
void read_everything(const AsOwner& as, const Version* version, Findings* findings, Problems* problems, bool frozen);

// Calls use(found) with all that read_lead finds of one lead, which may be nothing.
template <class Use>
auto with_log(const AsOwner& as, const Version* version, Datum key, bool frozen, Use use) {
    Findings* findings = make_findings(as.model->key);
    read_lead(as, version, key, findings, frozen);
    return use_single(findings, use);
}

// The same of an instant, with all that read_lead_at finds.
template <class Use>
auto with_log_at(const AsOwner& as, const Version* version, Datum key, Timestamp at, Doubts* doubts, Use use) {
    Findings* findings = make_findings(as.model->key);
    read_lead_at(as, version, key, at, findings, doubts);
    return use_single(findings, use);
}

// Calls use(found) with what read_adjustments finds.
template <class Use>
void with_adjustments(const AsOwner& as, Datum key, Use use) {
    Findings* findings = make_findings(as.model->key);
    read_adjustments(as, key, findings);
    use_single(findings, use);
}

// Calls visit(found) for each lead of the model by key, with everything there is of it under the active snapshot;
// before them begin(leads), with how many there are, as estimate_leads has it. What visit allocates is freed after it.
template <class Begin, class Visit>
void for_each_lead(const AsOwner& as, const Version* version, Begin begin, Visit visit) {
    Findings* findings = make_findings(as.model->key);
    read_everything(as, version, findings, nullptr, true);
    sort_findings(findings);
    begin(estimate_leads(findings));
    rewind_findings(findings);
    MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring lead", ALLOCSET_DEFAULT_SIZES);
    LeadFindings found;
    while (next_lead(findings, &found)) {
        MemoryContext caller = MemoryContextSwitchTo(memory);
        visit(found);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(memory);
    }
    MemoryContextDelete(memory);
    free_findings(findings);
}
template <class Visit>
void for_each_lead(const AsOwner& as, const Version* version, Visit visit) {
    for_each_lead(
        as, version, [](std::size_t) {}, visit);
}

// Adds a finding that is no more than the lead's key: the lead is to be worked on, whatever else is found. Copies the
// key.
void add_key(const Model* model, Datum key, FindingKind kind, Findings* findings);

// The same for the lead of each of these rows of `relation`, where there is one.
void read_keys(Model* model, Relation relation, LeadColumn column, RowStream* rows, FindingKind kind,
               Findings* findings);
// The same for every row of the model's scores that the latest snapshot sees, for TRUNCATE: it removes rows whether the
// transaction's snapshot sees them or not.
void read_all_stored_keys(const AsOwner& as, FindingKind kind, Findings* findings);

}  // namespace lead_scoring
