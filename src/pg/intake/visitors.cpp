#include "pg/server/postgres.hpp"

#include "pg/intake/visitors.hpp"

#include <algorithm>

#include "pg/intake/event_log.hpp"
#include "pg/intake/plans.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

namespace {

// Kinds of advisory locks are told apart by this number, and it is none that SQL can take.
constexpr uint16 kLockKind = 0x4c53;

// Under the latest snapshot at every isolation level: the locks tell what is committed by now, not what the transaction
// sees.
template <class Visit>
void for_each_identity(const AsOwner& as, Datum visitors, Visit visit) {
    MemoryContext caller = CurrentMemoryContext;
    SPIPlanPtr statement = plan(as, PlanName::Identities, as.model->binding.identities);
    PushActiveSnapshot(GetLatestSnapshot());
    if (SPI_execute_plan(statement, &visitors, nullptr, true, 0) < 0) elog(ERROR, "cannot read identities");
    PopActiveSnapshot();
    SPITupleTable* rows = SPI_tuptable;
    MemoryContextSwitchTo(caller);
    for (uint64 i = 0; i < SPI_processed; ++i) {
        bool is_null = false;
        ResultRow row{i, rows};
        visit(row.value(1, &is_null), row.value(2, &is_null));
    }
    SPI_freetuptable(rows);
}

}  // namespace

void add_visitor(const Model* model, Datum visitor, VisitorLocks* locks) {
    const KeyType& type = model->binding.visitor;
    locks->set(datum_image_hash(visitor, type.by_value, type.length) % kVisitorLocks);
}

namespace {

void lock(const Model* model, std::size_t number, LOCKMODE mode) {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, model->schema, static_cast<uint32>(number), kLockKind);
    LockAcquire(&tag, mode, false, false);
}

}  // namespace

// The one behind the last is of all: held in a weaker mode by whoever has single ones, and in place of these where they
// are many.
void lock_visitors(const Model* model, const VisitorLocks& locks, VisitorLock mode) {
    bool exclusive = mode == VisitorLock::Exclusive;
    if (locks.none()) return;
    if (locks.count() > kMostVisitorLocks) {
        lock(model, kVisitorLocks, exclusive ? ExclusiveLock : ShareLock);
        return;
    }
    lock(model, kVisitorLocks, exclusive ? RowExclusiveLock : RowShareLock);
    for (std::size_t i = 0; i < locks.size(); ++i)
        if (locks.test(i)) lock(model, i, exclusive ? ExclusiveLock : ShareLock);
}

IdentifiedRows::IdentifiedRows(const AsOwner& as, const Source* source, Relation relation, RowStream* rows)
    : as_(as), column_(lead_column_of(as.model->binding, source, relation)), rows_(rows) {
    slot_type = rows->slot_type;
    slot_ = MakeSingleTupleTableSlot(RelationGetDescr(relation), slot_type);
    batch_ = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring visitors", ALLOCSET_SMALL_SIZES);
}

// Reads ahead, and goes back.
void IdentifiedRows::mark() {
    const KeyType& type = as_.model->binding.visitor;
    rows_->mark();
    MemoryContextReset(batch_);
    identities_ = nullptr;
    count_ = 0;
    int rows = 0;
    while (rows < kRowsPerBatch && rows_->next(slot_)) {
        Datum visitor = 0;
        ++rows;
        if (!visitor_of(column_, slot_, &visitor)) continue;
        MemoryContext caller = MemoryContextSwitchTo(batch_);
        if (identities_ == nullptr)
            identities_ = static_cast<Identity*>(palloc(sizeof(Identity) * static_cast<Size>(kRowsPerBatch)));
        identities_[count_++] = {copy_key(type, visitor), 0, false};
        MemoryContextSwitchTo(caller);
    }
    ExecClearTuple(slot_);
    rows_->back_to_mark();
    if (count_ > 0) look_up();
}

void IdentifiedRows::look_up() {
    const Model* model = as_.model;
    const KeyType& visitor = model->binding.visitor;
    std::sort(identities_, identities_ + count_,
              [&](const Identity& a, const Identity& b) { return compare_keys(visitor, a.visitor, b.visitor) < 0; });
    count_ = static_cast<int>(std::unique(identities_, identities_ + count_,
                                          [&](const Identity& a, const Identity& b) {
                                              return compare_keys(visitor, a.visitor, b.visitor) == 0;
                                          }) -
                              identities_);
    MemoryContext caller = MemoryContextSwitchTo(batch_);
    auto* visitors = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count_)));
    for (int i = 0; i < count_; ++i) visitors[i] = identities_[i].visitor;
    Datum array = key_array(visitor, visitors, count_);
    for_each_identity(as_, array, [&](Datum known, Datum lead) {
        Identity* identity = find(known);
        if (identity == nullptr) return;
        identity->lead = copy_key(model->key, lead);
        identity->is_known = true;
    });
    MemoryContextSwitchTo(caller);
}

IdentifiedRows::Identity* IdentifiedRows::find(Datum visitor) {
    const KeyType& type = as_.model->binding.visitor;
    Identity* found = std::lower_bound(
        identities_, identities_ + count_, visitor,
        [&](const Identity& identity, Datum wanted) { return compare_keys(type, identity.visitor, wanted) < 0; });
    bool is_it = found != identities_ + count_ && compare_keys(type, found->visitor, visitor) == 0;
    return is_it ? found : nullptr;
}

Datum IdentifiedRows::identified_lead(TupleTableSlot* slot, bool* is_null) {
    Datum visitor = 0;
    const Identity* identity = visitor_of(column_, slot, &visitor) ? find(visitor) : nullptr;
    *is_null = identity == nullptr || !identity->is_known;
    return *is_null ? static_cast<Datum>(0) : identity->lead;
}

void IdentifiedRows::finish() {
    ExecDropSingleTupleTableSlot(slot_);
    MemoryContextDelete(batch_);
}

VisitorBatch make_visitor_batch() {
    VisitorBatch batch = {};
    batch.visitors = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(kRowsPerBatch)));
    batch.memory = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring visitors", ALLOCSET_SMALL_SIZES);
    return batch;
}

void add_visitor(const Model* model, Datum visitor, VisitorBatch* batch) {
    MemoryContext caller = MemoryContextSwitchTo(batch->memory);
    batch->visitors[batch->count++] = copy_key(model->binding.visitor, visitor);
    MemoryContextSwitchTo(caller);
}

void clear(VisitorBatch* batch) {
    MemoryContextReset(batch->memory);
    batch->count = 0;
}

namespace {

bool has_stages_by_event(const Version* version) {
    return std::any_of(version->stages, version->stages + version->door_count,
                       [](const StageSource& stage) { return stage.on_event != nullptr; });
}

Datum array_of(const Model* model, const VisitorBatch& batch) {
    return key_array(model->binding.visitor, batch.visitors, batch.count);
}

}  // namespace

void read_stage_events(const AsOwner& as, const Version* version, const VisitorBatch& batch, Findings* findings) {
    if (batch.count == 0 || !has_stages_by_event(version)) return;
    Findings* events = make_findings(as.model->key);
    read_visitors(as, version, array_of(as.model, batch), events);
    sort_findings(events);
    rewind_findings(events);
    LeadFindings lead;
    while (next_lead(events, &lead)) {
        MatchReader reader(lead);
        for (std::span<const Match> matches; reader.next(&matches);)
            for (const Match& match : matches)
                if (match.kind == MatchKind::Stage) add_finding(findings, {lead.key, FindingKind::Match, match});
    }
    free_findings(events);
}

void require_seen_events(const AsOwner& as, const VisitorBatch& batch) {
    Model* model = as.model;
    if (batch.count == 0 || !IsolationUsesXactSnapshot()) return;
    for (Source& source : sources_of(model->binding)) {
        if (source.anonymous == nullptr) continue;
        const char* sql = psprintf(
            "SELECT count(*)::bigint, coalesce(sum(hashtext(concat(e.tableoid, e.ctid, e.xmin))), 0)::bigint FROM %s e "
            "WHERE %s IS NULL AND e.%s = ANY ($1)",
            user_table(model, &source), lead_of(model->binding, &source, "e"), quote_identifier(source.anonymous));
        plan(as, PlanName::VisitorEvents, &source);  // locks the tables
        Oid type = get_array_type(model->binding.visitor.type);
        Datum visitors = array_of(model, batch);
        int64 seen[2][2];
        for (int i = 0; i < 2; ++i) {
            PushActiveSnapshot(i == 0 ? GetLatestSnapshot() : GetTransactionSnapshot());
            query(sql, 1, &type, &visitors);
            seen[i][0] = ResultRow{0}.integer(1, 0);
            seen[i][1] = ResultRow{0}.integer(2, 0);
            PopActiveSnapshot();
        }
        if (seen[0][0] == seen[1][0] && seen[0][1] == seen[1][1]) continue;
        ereport(ERROR,
                (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                 errmsg("could not serialize access due to concurrent events of a visitor"),
                 errdetail("Events in table %s came or went after this transaction began.", user_table(model, &source)),
                 errhint("Run the transaction again.")));
    }
}

}  // namespace lead_scoring
