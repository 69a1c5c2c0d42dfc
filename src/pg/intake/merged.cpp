#include "pg/server/postgres.hpp"

#include "pg/intake/merged.hpp"

#include <algorithm>

#include "pg/intake/event_log.hpp"
#include "pg/intake/plans.hpp"
#include "pg/model/format.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/model.hpp"
#include "pg/model/table_write.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/pg_type.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

namespace {

// Whether any lead was ever merged since the model can tell when: the size of the table tells, whatever the snapshot,
// so that a model without merged leads pays no query.
bool has_merged(const Model* model) {
    if (!has_column(model, "merged", "at")) return false;
    Relation merged = table_open(get_relname_relid("merged", model->schema), AccessShareLock);
    bool any = RelationGetNumberOfBlocks(merged) > 0;
    table_close(merged, NoLock);
    return any;
}

}  // namespace

Merged find_merged(const AsOwner& as, Datum key) {
    if (!has_merged(as.model)) return Merged::No;
    MemoryContext caller = CurrentMemoryContext;
    PushActiveSnapshot(GetLatestSnapshot());
    if (SPI_execute_snapshot(plan(as, PlanName::FindMerged), &key, nullptr, GetActiveSnapshot(), InvalidSnapshot, true,
                             false, 1) < 0)
        elog(ERROR, "cannot read merged leads");
    PopActiveSnapshot();
    Merged merged = SPI_processed == 0               ? Merged::No
                    : ResultRow{0}.boolean(1, false) ? Merged::IntoAnother
                                                     : Merged::IntoNobody;
    SPI_freetuptable(SPI_tuptable);
    MemoryContextSwitchTo(caller);
    return merged;
}

void read_merged(const AsOwner& as, Datum key, Findings* findings, bool frozen) {
    if (!has_merged(as.model)) return;
    for_each_row(plan(as, PlanName::FindMerged), &key, frozen,
                 [&](ResultRow) { add_key(as.model, key, FindingKind::LeftOut, findings); });
}

void read_all_merged(const AsOwner& as, Findings* findings, bool frozen) {
    if (!has_merged(as.model)) return;
    for_each_row(plan(as, PlanName::AllMerged), nullptr, frozen, [&](ResultRow row) {
        bool is_null = false;
        add_key(as.model, row.value(1, &is_null), FindingKind::LeftOut, findings);
    });
}

void end_merge(const AsWriter& as, Datum key) {
    MemoryContext caller = CurrentMemoryContext;
    execute(as, PlanName::EndMerge, &key);
    MemoryContextSwitchTo(caller);
}

namespace {

// Statements that write the user's tables, with their arguments.
struct Moving {
    char** statements;
    Datum* arguments;  // arrays of text
    uint64 count;
};

// In the current memory context. They are the model's owner's to make.
Moving find_moves(const Model* model, const Datum* keys, int count) {
    auto* texts = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count)));
    for (int i = 0; i < count; ++i) texts[i] = CStringGetTextDatum(key_to_text(model->key, keys[i]));
    Oid types[] = {TEXTOID, TEXTARRAYOID};
    Datum values[] = {CStringGetTextDatum(model->name),
                      PointerGetDatum(construct_array(texts, count, TEXTOID, -1, false, TYPALIGN_INT))};
    MemoryContext caller = CurrentMemoryContext;
    enter_model(model->name, model->owner, false);
    query("SELECT m.statement, m.arguments FROM lead_scoring_internal.moves_of_merged($1, $2) m", 2, types, values);
    leave_model();
    MemoryContextSwitchTo(caller);
    Moving moving = {static_cast<char**>(palloc(sizeof(char*) * (SPI_processed + 1))),
                     static_cast<Datum*>(palloc(sizeof(Datum) * (SPI_processed + 1))), SPI_processed};
    for (uint64 i = 0; i < moving.count; ++i) {
        bool is_null = false;
        ResultRow row{i};
        moving.statements[i] = pstrdup(row.text(1));
        moving.arguments[i] = PointerGetDatum(PG_DETOAST_DATUM_COPY(row.value(2, &is_null)));
    }
    return moving;
}

void run_move(const char* statement, Datum arguments) {
    Datum* values = nullptr;
    int count = 0;
    deconstruct_array(DatumGetArrayTypeP(arguments), TEXTOID, -1, false, TYPALIGN_INT, &values, nullptr, &count);
    auto* types = static_cast<Oid*>(palloc(sizeof(Oid) * static_cast<Size>(count)));
    std::fill(types, types + count, TEXTOID);
    int code = SPI_execute_with_args(statement, count, types, values, nullptr, false, 0);
    if (code < 0) elog(ERROR, "statement failed: %s", SPI_result_code_string(code));
}

}  // namespace

void move_merged(Model* model, const Datum* keys, int count) {
    connect_spi();
    Moving moving = find_moves(model, keys, count);
    with_lead_update(model, true, [&](const AsWriter&) {
        for (uint64 i = 0; i < moving.count; ++i) run_move(moving.statements[i], moving.arguments[i]);
    });
    finish_spi();
}

}  // namespace lead_scoring
