#include "pg/server/postgres.hpp"

#include "pg/intake/event_log.hpp"

#include "pg/intake/merged.hpp"
#include "pg/model/hold.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

namespace {

// Whole rows of a query, as composite values in its first column, each with the lead that identities know its visitor
// to be in a second one, if there is one.
class CursorRows final : public RowStream {
  public:
    explicit CursorRows(Portal portal) : portal_(portal) { slot_type = &TTSOpsHeapTuple; }

    bool next(TupleTableSlot* slot) override {
        if (at_ == fetched_) return false;
        bool is_null = false;
        Datum row = SPI_getbinval(rows_->vals[at_++], rows_->tupdesc, 1, &is_null);
        HeapTupleHeader header = DatumGetHeapTupleHeader(row);
        HeapTupleData tuple = {};
        tuple.t_len = HeapTupleHeaderGetDatumLength(header);
        tuple.t_data = header;
        ExecStoreHeapTuple(heap_copytuple(&tuple), slot, true);
        return true;
    }
    // A batch of the reader is a fetch of the cursor.
    void mark() override {
        if (at_ < fetched_) return;
        if (rows_ != nullptr) SPI_freetuptable(rows_);
        SPI_cursor_fetch(portal_, true, kRowsPerBatch);
        rows_ = SPI_tuptable;
        fetched_ = SPI_processed;
        at_ = 0;
    }
    void back_to_mark() override { at_ = 0; }
    Datum identified_lead(TupleTableSlot*, bool* is_null) override {
        *is_null = true;
        return rows_->tupdesc->natts < 2 ? static_cast<Datum>(0)
                                         : SPI_getbinval(rows_->vals[at_ - 1], rows_->tupdesc, 2, is_null);
    }
    void close() {
        SPI_freetuptable(rows_);
        close_cursor(portal_);
    }

  private:
    Portal portal_;
    SPITupleTable* rows_ = nullptr;
    uint64 at_ = 0;
    uint64 fetched_ = 0;
};

// The plan finds its table by name, the program by OID. Names of schemas are not locked.
void require_rows_of(Relation relation, Portal portal) {
    if (TupleDescAttr(portal->tupDesc, 0)->atttypid == relation->rd_rel->reltype) return;
    ereport(ERROR,
            (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
             errmsg("could not serialize access due to another table in the place of \"%s\"",
                    RelationGetRelationName(relation)),
             errdetail("Its schema was renamed while a statement read it."), errhint("Run the transaction again.")));
}

void read_query(const AsOwner& as, const Version* version, PlanName name, Source* source, Datum* arguments,
                Findings* findings, Problems* problems, bool frozen, Doubts* doubts = nullptr) {
    MemoryContext caller = CurrentMemoryContext;
    SPIPlanPtr statement =
        plan(as, name, source, source == kLeads ? nullptr : find_logged(version, source));  // locks the table
    Oid table = relation_of(as.model->binding, source);
    if (frozen) require_unaltered(table, GetActiveSnapshot());
    if (frozen && source != kLeads && source->anonymous != nullptr)
        require_unaltered(as.model->binding.identities->relation, GetActiveSnapshot());
    Relation relation = table_open(table, NoLock);
    Portal portal = open_cursor(statement, arguments, frozen);
    require_rows_of(relation, portal);
    CursorRows rows(portal);
    read_rows(as, version, source, relation, &rows, findings, problems, false, doubts);
    rows.close();
    table_close(relation, NoLock);
    MemoryContextSwitchTo(caller);
}

void read_adjustments(const AsOwner& as, PlanName name, Datum* arguments, bool frozen, Findings* findings) {
    for_each_row(plan(as, name), arguments, frozen, [&](ResultRow row) {
        bool is_null = false;
        Finding finding = {};
        finding.key = row.value(1, &is_null);
        finding.match.at = kNever;
        Timestamp reset_at = row.integer(4, kNever);
        finding.kind = reset_at == kNever ? FindingKind::Adjustment : FindingKind::Reset;
        finding.match.points = units_of_points(row.number(2, 0));
        finding.match.bucket = reset_at == kNever ? row.integer(3, kForever) : reset_at;
        add_finding(findings, finding);
    });
}

void read_stored_keys(const AsOwner& as, FindingKind kind, Findings* findings, bool frozen) {
    for_each_row(plan(as, PlanName::AllScores), nullptr, frozen, [&](ResultRow row) {
        bool is_null = false;
        add_key(as.model, row.value(1, &is_null), kind, findings);
    });
}

}  // namespace

TransitionRows::TransitionRows(Tuplestorestate* rows) : rows_(rows) {
    slot_type = &TTSOpsMinimalTuple;
    reader_ = tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND);
    marker_ = tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND);
    tuplestore_select_read_pointer(rows, reader_);
    tuplestore_rescan(rows);
}

bool TransitionRows::next(TupleTableSlot* slot) {
    tuplestore_select_read_pointer(rows_, reader_);
    return tuplestore_gettupleslot(rows_, true, false, slot);
}

void TransitionRows::mark() { tuplestore_copy_read_pointer(rows_, reader_, marker_); }

void TransitionRows::back_to_mark() { tuplestore_copy_read_pointer(rows_, marker_, reader_); }

SingleRow::SingleRow(HeapTuple row) : row_(row) { slot_type = &TTSOpsHeapTuple; }

bool SingleRow::next(TupleTableSlot* slot) {
    if (done_) return false;
    done_ = true;
    ExecStoreHeapTuple(row_, slot, false);
    return true;
}

namespace {

// Calls read(source) for each table of events that the version looks at.
template <class Read>
void for_each_logged(const AsOwner& as, const Version* version, Read read) {
    for (Source& source : sources_of(as.model->binding))
        if (find_logged(version, &source) != nullptr) read(&source);
}

}  // namespace

namespace {

void read_rows_of_lead(const AsOwner& as, const Version* version, Datum key, Findings* findings, bool frozen,
                       Doubts* doubts) {
    for_each_logged(as, version, [&](Source* source) {
        read_query(as, version, PlanName::LeadEvents, source, &key, findings, nullptr, frozen, doubts);
    });
    read_query(as, version, PlanName::LeadRow, kLeads, &key, findings, nullptr, frozen, doubts);
    read_merged(as, key, findings, frozen);
}

}  // namespace

void read_lead(const AsOwner& as, const Version* version, Datum key, Findings* findings, bool frozen) {
    read_rows_of_lead(as, version, key, findings, frozen, nullptr);
    read_adjustments(as, PlanName::LeadAdjustments, &key, frozen, findings);
}

void read_lead_at(const AsOwner& as, const Version* version, Datum key, Timestamp at, Findings* findings,
                  Doubts* doubts) {
    read_rows_of_lead(as, version, key, findings, true, doubts);
    Datum arguments[] = {key, TimestampTzGetDatum(at)};
    read_adjustments(as, PlanName::PastAdjustments, arguments, true, findings);
}

void read_visitors(const AsOwner& as, const Version* version, Datum visitors, Findings* findings) {
    for_each_logged(as, version, [&](Source* source) {
        if (source->anonymous != nullptr)
            read_query(as, version, PlanName::VisitorEvents, source, &visitors, findings, nullptr, false);
    });
}

void add_key(const Model* model, Datum key, FindingKind kind, Findings* findings) {
    Finding added = {};
    added.key = model->key.length == -1 ? PointerGetDatum(PG_DETOAST_DATUM_PACKED(key)) : key;
    added.kind = kind;
    added.match.at = kNever;
    add_finding(findings, added);
}

void read_keys(Model* model, Relation relation, LeadColumn column, RowStream* rows, FindingKind kind,
               Findings* findings) {
    TupleTableSlot* slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), rows->slot_type);
    MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring row", ALLOCSET_SMALL_SIZES);
    // The slot may own its tuple, which therefore must not be allocated in what is reset.
    for (int64 i = 0;; ++i) {
        if (i % kRowsPerBatch == 0) rows->mark();
        if (!rows->next(slot)) break;
        bool is_null = false;
        MemoryContext caller = MemoryContextSwitchTo(row);
        Datum key = lead_of(column, rows, slot, &is_null);
        if (!is_null) add_key(model, key, kind, findings);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(row);
    }
    ExecDropSingleTupleTableSlot(slot);
    MemoryContextDelete(row);
}

void read_all_stored_keys(const AsOwner& as, FindingKind kind, Findings* findings) {
    PushActiveSnapshot(GetLatestSnapshot());
    read_stored_keys(as, kind, findings, true);
    PopActiveSnapshot();
}

void read_adjustments(const AsOwner& as, Datum key, Findings* findings) {
    read_adjustments(as, PlanName::LeadAdjustments, &key, false, findings);
}

void read_everything(const AsOwner& as, const Version* version, Findings* findings, Problems* problems, bool frozen) {
    allow_maintenance_memory(findings);
    for_each_logged(as, version, [&](Source* source) {
        read_query(as, version, PlanName::AllEvents, source, nullptr, findings, problems, frozen);
    });
    read_query(as, version, PlanName::AllLeads, kLeads, nullptr, findings, problems, frozen);
    read_all_merged(as, findings, frozen);
    read_adjustments(as, PlanName::AllAdjustments, nullptr, frozen, findings);
    read_stored_keys(as, FindingKind::Stored, findings, frozen);
}

}  // namespace lead_scoring
