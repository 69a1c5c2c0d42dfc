#include "pg/server/postgres.hpp"

#include "pg/scoring/score_row.hpp"

#include <cmath>

#include "pg/model/hold.hpp"
#include "pg/model/row_type.hpp"
#include "pg/model/shape.hpp"
#include "pg/model/table_name.hpp"
#include "pg/model/table_write.hpp"
#include "pg/server/owner.hpp"
#include "pg/server/query.hpp"
#include "pg/server/row_lock.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"
}

namespace lead_scoring {

namespace {

// How a column holds its value; what is read where it is null.
struct Points {
    static double read(Datum value, bool is_null) { return is_null ? NAN : DatumGetFloat8(value); }
    static Datum write(double points, bool* is_null) {
        *is_null = std::isnan(points);
        return Float8GetDatum(points);
    }
};

struct Text {
    const char* missing;
    const char* read(Datum value, bool is_null) const { return is_null ? missing : TextDatumGetCString(value); }
    static Datum write(const char* text, bool* is_null) {
        *is_null = text == nullptr;
        return *is_null ? 0 : CStringGetTextDatum(text);
    }
};

struct Number {
    static int64 read(Datum value, bool is_null) { return is_null ? 0 : DatumGetInt64(value); }
    static Datum write(int64 number, bool*) { return Int64GetDatum(number); }
};

struct ShortNumber {
    static int64 read(Datum value, bool is_null) { return is_null ? -1 : DatumGetInt32(value); }
    static Datum write(int64 number, bool*) { return Int32GetDatum(static_cast<int32>(number)); }
};

struct Flag {
    static bool read(Datum value, bool is_null) { return !is_null && DatumGetBool(value); }
    static Datum write(bool flag, bool*) { return BoolGetDatum(flag); }
};

struct Instant {
    Timestamp missing;
    Timestamp read(Datum value, bool is_null) const { return is_null ? missing : DatumGetInt64(value); }
    static Datum write(Timestamp at, bool* is_null) {
        *is_null = at == kNever || at == kForever;
        return Int64GetDatum(at);
    }
};

// Calls visit(number, name, value, how) with each column of one value; the list of them.
template <class Values, class Visit>
constexpr int for_each_column(Values& values, Visit visit) {
    int number = 0;
    visit(number++, "score", values.score, Points{});
    visit(number++, "engagement", values.engagement, Points{});
    visit(number++, "fit", values.fit, Points{});
    visit(number++, "grade", values.grade, Text{nullptr});
    visit(number++, "version", values.version, Number{});
    visit(number++, "stage", values.stage_name, Text{""});
    visit(number++, "stage_since", values.stage_since, Instant{kNever});
    visit(number++, "stage_seq", values.stage_seq, ShortNumber{});
    visit(number++, "stage_armed", values.stage_armed, Flag{});
    visit(number++, "stage_barred", values.barred, Text{nullptr});
    visit(number++, "counted", values.counted, Flag{});
    visit(number++, "account", values.account, Text{nullptr});
    visit(number++, "scored_at", values.scored_at, Instant{kNever});
    visit(number++, "due_at", values.due_at, Instant{kForever});
    return number;
}

constexpr int count_columns() {
    ScoreValues values = {};
    return for_each_column(values, [](auto...) {});
}

}  // namespace

// Where things are in a row of scores of that type.
struct ScoreColumns {
    RowType rows;
    AttrNumber values[count_columns()];
    AttrNumber card;
    AttrNumber memory;
    AttrNumber* entered;  // of each stage: <stage>_at
    Oid index;            // of the primary key
    FmgrInfo equal;       // its operators' functions
    FmgrInfo at_least;
    Oid collation;
};

struct ScoreTable {
    bool frozen;
    bool seen_by_others;  // triggers that are not ours hang on it
    KeyType type;
    bool in_order;  // the index is gone through in key order, not searched for each lead
    bool placed;    // then: the scan stands at an entry
    Relation relation;
    Relation index;
    MemoryContext context;
    Snapshot snapshot;        // rows are read under it; null: a new one is to be taken
    IndexScanDesc scan;       // under that snapshot
    Buffer page;              // the one read last
    TupleTableSlot* stored;   // the row read last
    RowHolder holder;         // of it
    TupleTableSlot* changed;  // the row to write
    TupleTableSlot* later;    // a prepared row to write
    ResultRelInfo* indexes;   // opened by the first update that is not HOT; null: not open
    EState* executor;         // whose memory they live in
    bool may_raise;           // an entry in one of them: then errors tell of the row
    ScanKeyData key;
    const Model* model;
    const Version* version;
    const ScoreColumns* at;
};

namespace {

// In the current memory context.
ScoreColumns* find_columns(const Model* model, Relation relation, const Version* version) {
    require_shape_of_scores(model->name, relation, model->key, version);
    auto column = [&](const char* name) { return get_attnum(RelationGetRelid(relation), name); };
    auto* at = static_cast<ScoreColumns*>(palloc0(sizeof(ScoreColumns)));
    at->rows = row_type_of(relation);
    ScoreValues none = {};
    for_each_column(none, [&](int i, const char* name, auto, auto) { at->values[i] = column(name); });
    at->card = column("card");
    at->memory = column("memory");
    at->entered = static_cast<AttrNumber*>(palloc0(sizeof(AttrNumber) * static_cast<Size>(version->stage_count + 1)));
    for (int i = 0; i < version->stage_count; ++i) at->entered[i] = column(psprintf("%s_at", version->stages[i].name));

    at->index = RelationGetPrimaryKeyIndex(relation LEAD_SCORING_NOT_DEFERRABLE);
    Relation index = index_open(at->index, AccessShareLock);
    Oid family = index->rd_opfamily[0];
    Oid input = index->rd_opcintype[0];
    for (auto [strategy, function] :
         {std::pair(BTEqualStrategyNumber, &at->equal), std::pair(BTGreaterEqualStrategyNumber, &at->at_least)})
        fmgr_info(get_opcode(get_opfamily_member(family, input, input, static_cast<int16>(strategy))), function);
    at->collation = index->rd_indcollation[0];
    index_close(index, AccessShareLock);
    return at;
}

// Those that were found before, unless the table or its primary key is another by now. What they replace is freed with
// the version: a statement further up the stack may still use it.
const ScoreColumns* columns_for(Model* model, Relation relation, const Version* version) {
    ScoreColumns* known = version->score_columns;
    if (known != nullptr && has_row_type(relation, &known->rows) && relation->rd_rel->relam == HEAP_TABLE_AM_OID &&
        known->index == RelationGetPrimaryKeyIndex(relation LEAD_SCORING_NOT_DEFERRABLE))
        return known;
    MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring scores", ALLOCSET_SMALL_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(memory);
    ScoreColumns* found = find_columns(model, relation, version);
    MemoryContextSwitchTo(caller);
    MemoryContextSetParent(memory, version->context);
    version->score_columns = found;
    return found;
}

Datum get(const ScoreTable* table, AttrNumber number, bool* is_null) {
    return slot_getattr(table->stored, number, is_null);
}

template <class How>
auto get(const ScoreTable* table, AttrNumber number, How how) {
    if (number == InvalidAttrNumber) return how.read(static_cast<Datum>(0), true);  // an older format
    bool is_null = false;
    Datum value = get(table, number, &is_null);
    return how.read(value, is_null);
}

void set(ScoreTable* table, AttrNumber number, Datum value, bool is_null) {
    table->changed->tts_values[number - 1] = value;
    table->changed->tts_isnull[number - 1] = is_null;
}

template <class Value, class How>
void set(ScoreTable* table, AttrNumber number, Value value, How how) {
    if (number == InvalidAttrNumber) return;
    bool is_null = false;
    Datum datum = how.write(value, &is_null);
    set(table, number, datum, is_null);
}

// Has this transaction written the row at command `since` or later?
bool written_since(const HeapTupleHeader row, CommandId since) {
    if (!TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(row))) return false;
    return HeapTupleHeaderGetCmin(row) >= since;
}

// The newest state that the isolation level lets us see, our own writes included.
Snapshot take_snapshot(const ScoreTable* table) {
    if (table->frozen) return RegisterSnapshot(GetActiveSnapshot());
    if (!IsolationUsesXactSnapshot()) return RegisterSnapshot(GetLatestSnapshot());
    PushCopiedSnapshot(GetTransactionSnapshot());
    UpdateActiveSnapshotCommandId();
    Snapshot snapshot = RegisterSnapshot(GetActiveSnapshot());
    PopActiveSnapshot();
    return snapshot;
}

void look_for(ScoreTable* table, StrategyNumber strategy, const FmgrInfo* function) {
    ScanKeyEntryInitializeWithInfo(&table->key, 0, 1, strategy, InvalidOid, table->at->collation,
                                   const_cast<FmgrInfo*>(function), static_cast<Datum>(0));
}

}  // namespace

ScoreTable* open_scores(Model* model, const Version* version, bool frozen) {
    auto* table = static_cast<ScoreTable*>(palloc0(sizeof(ScoreTable)));
    LOCKMODE lock = frozen ? AccessShareLock : RowExclusiveLock;
    table->frozen = frozen;
    table->context = CurrentMemoryContext;
    table->model = model;
    table->version = version;
    table->relation = hold_scores(model, lock);
    table->at = columns_for(model, table->relation, version);
    table->seen_by_others = !frozen && has_other_triggers(model, table->relation);
    table->type = model->key;
    table->index = index_open(table->at->index, lock);
    look_for(table, BTEqualStrategyNumber, &table->at->equal);
    table->stored = table_slot_create(table->relation, nullptr);
    table->changed = MakeSingleTupleTableSlot(RelationGetDescr(table->relation), &TTSOpsVirtual);
    return table;
}

bool is_seen_by_others(const ScoreTable* table) { return table->seen_by_others; }

void expect_leads(ScoreTable* table, std::size_t leads) {
    constexpr std::size_t kEntriesPerPage = 300;
    constexpr std::size_t kFewLeads = 100;
    // Passing an entry costs a thirtieth of a search.
    constexpr std::size_t kEntriesPerLead = 15;
    if (!table->type.by_value || leads < kFewLeads) return;  // text may have another order in the index
    std::size_t entries = RelationGetNumberOfBlocks(table->index) * kEntriesPerPage;
    if (entries / kEntriesPerLead > leads) return;
    table->in_order = true;
    look_for(table, BTGreaterEqualStrategyNumber, &table->at->at_least);
}

void begin_scan(ScoreTable* table) {
    table->placed = false;
    table->snapshot = nullptr;
    table->scan = nullptr;
    table->page = InvalidBuffer;
    table->indexes = nullptr;
}

void end_scan(ScoreTable* table) {
    if (table->indexes != nullptr) {
        ExecCloseIndices(table->indexes);
        FreeExecutorState(table->executor);
        table->indexes = nullptr;
    }
    if (table->snapshot == nullptr) return;
    if (BufferIsValid(table->page)) ReleaseBuffer(table->page);
    index_endscan(table->scan);
    UnregisterSnapshot(table->snapshot);
    begin_scan(table);
}

void close_scores(ScoreTable* table) {
    end_scan(table);
    ExecDropSingleTupleTableSlot(table->stored);
    ExecDropSingleTupleTableSlot(table->changed);
    if (table->later != nullptr) ExecDropSingleTupleTableSlot(table->later);
    index_close(table->index, NoLock);
    table_close(table->relation, NoLock);
}

namespace {

// Whether an entry in an index may fail over the values of a row. Not where it is of plain columns, of the server's own
// operators, and not unique, as ours are.
bool may_raise(Relation index, const IndexInfo* info) {
    if (info->ii_Unique || info->ii_ExclusionOps != nullptr || info->ii_Expressions != NIL) return true;
    for (int i = 0; i < info->ii_NumIndexKeyAttrs; ++i)
        if (index->rd_opfamily[i] >= FirstUnpinnedObjectId) return true;
    ListCell* cell = nullptr;
    foreach (cell, info->ii_Predicate) {
        auto* test = static_cast<Node*>(lfirst(cell));
        if (!IsA(test, NullTest) || !IsA(reinterpret_cast<NullTest*>(test)->arg, Var)) return true;
    }
    return false;
}

bool may_raise(const ScoreTable* table) {
    for (int i = 0; i < table->indexes->ri_NumIndices; ++i) {
        Relation index = table->indexes->ri_IndexRelationDescs[i];
        bool primary = RelationGetRelid(index) == table->at->index;
        if (!primary && may_raise(index, table->indexes->ri_IndexRelationInfo[i])) return true;
    }
    return false;
}

// Most updates are HOT and never come here.
void add_index_entries(ScoreTable* table, TupleTableSlot* row, LEAD_SCORING_UPDATE_INDEXES indexes) {
    shut_search_path();  // an index of the owner's own may call functions
    if (table->indexes == nullptr) {
        MemoryContext caller = MemoryContextSwitchTo(table->context);
        table->executor = CreateExecutorState();
        MemoryContextSwitchTo(table->executor->es_query_cxt);
        table->indexes = makeNode(ResultRelInfo);
        InitResultRelInfo(table->indexes, table->relation, 0, nullptr, 0);  // of no range table
        ExecOpenIndices(table->indexes, false);
        table->may_raise = may_raise(table);
        MemoryContextSwitchTo(caller);
    }
    auto insert = [&] { LEAD_SCORING_INSERT_INDEX_TUPLES(table->indexes, row, table->executor, indexes); };
    if (table->may_raise)
        without_values(table->model, RelationGetRelid(table->relation), insert);
    else
        insert();
    ResetPerTupleExprContext(table->executor);
}

void search(ScoreTable* table, Datum key) {
    table->key.sk_argument = key;
    index_rescan(table->scan, &table->key, 1, nullptr, 0);
}

// Fetches the row of the entry that the scan stands at. As an index scan does, but for this: that prunes a page as soon
// as less of it is free than fillfactor leaves, which is at almost every visit; we do where two more versions of the
// row would not fit, at one visit in five or six.
bool fetch_row(ScoreTable* table) {
    IndexScanDesc scan = table->scan;
    HeapTuple tuple = &reinterpret_cast<BufferHeapTupleTableSlot*>(table->stored)->base.tupdata;
    BlockNumber block = ItemPointerGetBlockNumber(&scan->xs_heaptid);
    table->page = ReleaseAndReadBuffer(table->page, table->relation, block);
    bool no_row = false;
    auto look = [&] {
        tuple->t_self = scan->xs_heaptid;
        LockBuffer(table->page, BUFFER_LOCK_SHARE);
        bool found =
            heap_hot_search_buffer(&tuple->t_self, table->relation, table->page, table->snapshot, tuple, &no_row, true);
        if (found) table->holder = holder_of(tuple->t_data);
        LockBuffer(table->page, BUFFER_LOCK_UNLOCK);
        return found;
    };
    ExecClearTuple(table->stored);
    bool found = look();
    if (found && !table->frozen && PageGetHeapFreeSpace(BufferGetPage(table->page)) < 2 * tuple->t_len) {
        heap_page_prune_opt(table->relation, table->page);  // which moves rows within the page
        found = look();
    }
    if (!scan->xactStartedInRecovery) scan->kill_prior_tuple = no_row;
    if (!found) return false;
    pgstat_count_heap_fetch(scan->indexRelation);
    ExecStoreBufferHeapTuple(tuple, table->stored, table->page);
    return true;
}

// Goes on from the entry of a lesser key, or of the same.
bool find_in_order(ScoreTable* table, Datum key) {
    constexpr int kPassed = 50;  // entries, before the rest is searched
    IndexScanDesc scan = table->scan;
    auto next = [&] { table->placed = index_getnext_tid(scan, ForwardScanDirection) != nullptr; };
    if (!table->placed) {
        search(table, key);
        next();
    }
    for (int passed = 0; table->placed; next()) {
        bool is_null = false;
        Datum entry = index_getattr(scan->xs_itup, 1, scan->xs_itupdesc, &is_null);
        int order = compare_keys(table->type, entry, key);
        if (order > 0) return false;
        if (order == 0 && fetch_row(table)) return true;
        if (order < 0 && ++passed == kPassed) search(table, key);
    }
    return false;
}

bool find_row(ScoreTable* table, Datum key) {
    if (table->snapshot == nullptr) {
        table->snapshot = take_snapshot(table);
        table->scan = LEAD_SCORING_INDEX_BEGINSCAN(table->relation, table->index, table->snapshot, 1);
        table->scan->xs_want_itup = table->in_order;
    }
    if (table->in_order) return find_in_order(table, key);
    search(table, key);
    while (index_getnext_tid(table->scan, ForwardScanDirection) != nullptr)
        if (fetch_row(table)) return true;
    return false;
}

}  // namespace

bool read_score(ScoreTable* table, Datum key, CommandId since_command, ScoreRow* row) {
    MemoryContext caller = MemoryContextSwitchTo(table->context);  // where the scan keeps things from row to row
    bool found = find_row(table, key);
    MemoryContextSwitchTo(caller);
    if (!found) return false;
    bool shared = false;
    HeapTuple tuple = ExecFetchSlotHeapTuple(table->stored, false, &shared);
    row->written_since = written_since(tuple->t_data, since_command);
    row->contended = is_contended(table->holder);
    row->restored = false;
    row->settled_to = kNever;
    ExecMaterializeSlot(table->stored);

    bool is_null = false;
    Datum card = get(table, table->at->card, &is_null);
    row->card = is_null ? nullptr : PG_DETOAST_DATUM_PACKED(card);
    Datum memory = get(table, table->at->memory, &is_null);
    row->memory = is_null ? nullptr : reinterpret_cast<const struct varlena*>(DatumGetPointer(memory));
    for_each_column(*row,
                    [&](int i, const char*, auto& value, auto how) { value = get(table, table->at->values[i], how); });
    auto* entered =
        static_cast<Timestamp*>(palloc(sizeof(Timestamp) * static_cast<Size>(table->version->stage_count + 1)));
    for (int i = 0; i < table->version->stage_count; ++i)
        entered[i] = get(table, table->at->entered[i], Instant{kNever});
    row->entered = entered;
    return true;
}

namespace {

// By a statement, which fires whatever triggers there are. It names the version of the row that was read: where that
// has been replaced meanwhile, it finds no row after waiting, or raises 40001.
bool write_by_statement(const AsWriter& as, ScoreTable* table) {
    TupleDesc columns = RelationGetDescr(table->relation);
    auto room = static_cast<Size>(columns->natts + 1);
    auto* types = static_cast<Oid*>(palloc(sizeof(Oid) * room));
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * room));
    auto* nulls = static_cast<char*>(palloc(room));
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(&sql, "UPDATE %s SET ",
                     own_table(get_namespace_name(RelationGetNamespace(table->relation)), "scores"));
    int count = 0;
    for (int i = 0; i < columns->natts; ++i) {
        Form_pg_attribute column = TupleDescAttr(columns, i);
        // What is as it was is left alone: the key, and columns of others'.
        if (column->attisdropped || (table->changed->tts_values[i] == table->stored->tts_values[i] &&
                                     table->changed->tts_isnull[i] == table->stored->tts_isnull[i]))
            continue;
        types[count] = column->atttypid;
        values[count] = table->changed->tts_values[i];
        nulls[count] = table->changed->tts_isnull[i] ? 'n' : ' ';
        appendStringInfo(&sql, "%s%s = $%d", count > 0 ? ", " : "", quote_identifier(NameStr(column->attname)),
                         count + 1);
        ++count;
    }
    ItemPointerData place = table->stored->tts_tid;
    types[count] = TIDOID;
    values[count] = PointerGetDatum(&place);
    nulls[count] = ' ';
    appendStringInfo(&sql, " WHERE ctid = $%d", count + 1);

    shut_search_path();
    MemoryContext caller = CurrentMemoryContext;
    with_state_write(as, RelationGetRelid(table->relation), [&] {
        int code = SPI_execute_with_args(sql.data, count + 1, types, values, nulls, false, 0);
        if (code != SPI_OK_UPDATE) elog(ERROR, "cannot write scores: %s", SPI_result_code_string(code));
    });
    bool written = SPI_processed > 0;
    MemoryContextSwitchTo(caller);
    end_scan(table);  // triggers may have written scores, and may have been waited for
    return written;
}

Datum datum_of(const void* bytes, std::size_t size) {
    auto* datum = static_cast<struct varlena*>(palloc(VARHDRSZ + size));
    SET_VARSIZE(datum, VARHDRSZ + size);
    memcpy(VARDATA(datum), bytes, size);
    return PointerGetDatum(datum);
}

// Makes `changed` the row read last with what is new of it.
void form_row(ScoreTable* table, const ScoreUpdate& update) {
    ExecClearTuple(table->changed);
    slot_getallattrs(table->stored);
    int columns = RelationGetDescr(table->relation)->natts;
    memcpy(table->changed->tts_values, table->stored->tts_values, sizeof(Datum) * static_cast<Size>(columns));
    memcpy(table->changed->tts_isnull, table->stored->tts_isnull, sizeof(bool) * static_cast<Size>(columns));

    set(table, table->at->card, datum_of(update.card, update.card_size), false);
    if (update.memory != nullptr)
        set(table, table->at->memory, datum_of(update.memory, update.memory_size), false);
    else if (update.forgets)
        set(table, table->at->memory, static_cast<Datum>(0), true);
    for_each_column(
        update, [&](int i, const char*, const auto& value, auto how) { set(table, table->at->values[i], value, how); });
    for (int i = 0; i < table->version->stage_count; ++i) {
        AttrNumber number = table->at->entered[i];
        if (update.entered_before != nullptr) set(table, number, update.entered_before[i], Instant{kNever});
        if (update.entered[i] != kNever && table->changed->tts_isnull[number - 1])
            set(table, number, update.entered[i], Instant{kNever});
    }
    ExecStoreVirtualTuple(table->changed);
}

// Puts the row where the version at that place is.
bool replace(ScoreTable* table, ItemPointerData place, TupleTableSlot* row) {
    row->tts_tableOid = RelationGetRelid(table->relation);
    TM_FailureData failure;
    LockTupleMode mode;
    LEAD_SCORING_UPDATE_INDEXES indexes;
    TM_Result outcome = table_tuple_update(table->relation, &place, row, GetCurrentCommandId(true), GetActiveSnapshot(),
                                           InvalidSnapshot, true, &failure, &mode, &indexes);
    if (outcome == TM_Ok) {
        if (LEAD_SCORING_NEEDS_INDEXES(indexes)) add_index_entries(table, row, indexes);
        return true;
    }
    end_scan(table);
    if (outcome == TM_SelfModified) return false;  // by what our own statements have set off
    if (outcome != TM_Updated && outcome != TM_Deleted)
        elog(ERROR, "unexpected outcome of an update of scores: %d", static_cast<int>(outcome));
    if (IsolationUsesXactSnapshot())
        ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                        errmsg("could not serialize access due to concurrent update"),
                        errdetail("Another transaction scored the same lead."), errhint("Run the transaction again.")));
    return false;
}

}  // namespace

bool write_score(const AsWriter& as, ScoreTable* table, const ScoreUpdate& update) {
    form_row(table, update);
    return table->seen_by_others ? write_by_statement(as, table)
                                 : replace(table, table->stored->tts_tid, table->changed);
}

PreparedScore prepare_score(ScoreTable* table, const ScoreUpdate& update) {
    if (table->seen_by_others) return {};
    form_row(table, update);
    return {table->stored->tts_tid, ExecCopySlotHeapTuple(table->changed)};
}

bool write_prepared(const AsWriter&, ScoreTable* table, const PreparedScore& prepared) {
    if (table->later == nullptr) {
        MemoryContext caller = MemoryContextSwitchTo(table->context);
        table->later = MakeSingleTupleTableSlot(RelationGetDescr(table->relation), &TTSOpsHeapTuple);
        MemoryContextSwitchTo(caller);
    }
    ExecStoreHeapTuple(prepared.row, table->later, false);
    return replace(table, prepared.place, table->later);
}

Snapshot hold_reading(ScoreTable* table) {
    return table->snapshot == nullptr ? nullptr : RegisterSnapshot(table->snapshot);
}

void release_reading(Snapshot held) {
    if (held != nullptr) UnregisterSnapshot(held);
}

}  // namespace lead_scoring
