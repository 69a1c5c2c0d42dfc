#include "pg/server/postgres.hpp"

#include "pg/model/hold.hpp"

#include "pg/model/binding.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/table_name.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

namespace lead_scoring {

namespace {

[[noreturn]] void raise_replaced(const Model* model, const char* table) {
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access due to another table in the place of %s", table),
                    errdetail("Model \"%s\" had begun to work with the one that was there.", model->name),
                    errhint("Run the transaction again.")));
    pg_unreachable();
}

// Whether the snapshot sees the relation's present entry in the catalog.
bool is_seen(Oid relation, Snapshot snapshot) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple)) return false;
    TransactionId writer = HeapTupleHeaderGetXmin(tuple->t_data);
    ReleaseSysCache(tuple);
    return TransactionIdIsCurrentTransactionId(writer) || !XidInMVCCSnapshot(writer, snapshot);
}

bool is_unaltered(Oid table, Snapshot snapshot) {
    if (!is_seen(table, snapshot)) return false;
    if (get_rel_relkind(table) != RELKIND_PARTITIONED_TABLE) return true;
    ListCell* cell = nullptr;
    foreach (cell, find_all_inheritors(table, NoLock, nullptr))
        if (!is_seen(lfirst_oid(cell), snapshot)) return false;
    return true;
}

// The transaction's own snapshot, at isolation levels that have one. All tables are looked at, at once.
void require_unaltered_tables(Model* model) {
    LocalTransactionId transaction = LEAD_SCORING_LOCAL_TRANSACTION;
    if (model->unaltered_in == transaction && model->unaltered_at == invalidation_count()) return;
    for_each_table(model->binding, [&](const Source* source) {
        require_unaltered(relation_of(model->binding, source), GetTransactionSnapshot());
    });
    model->unaltered_in = transaction;
    model->unaltered_at = invalidation_count();
}

}  // namespace

void require_unaltered(Oid table, Snapshot snapshot) {
    if (is_unaltered(table, snapshot)) return;
    const char* name = get_rel_name(table);
    ereport(
        ERROR,
        (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
         errmsg("could not serialize access due to a change of table \"%s\"", name == nullptr ? "?" : name),
         errdetail("It was altered after the snapshot was taken that its rows are to be read under; where rows were "
                   "written anew, that snapshot sees none."),
         errhint("Run the transaction again.")));
}

void hold_table(Model* model, const Source* source) {
    LockRelationOid(relation_of(model->binding, source), AccessShareLock);
    if (model->stale && !require_binding(model, source)) raise_replaced(model, user_table(model, source));
    if (IsolationUsesXactSnapshot()) require_unaltered_tables(model);
}

Relation hold_scores(const Model* model, LOCKMODE lock) {
    Relation relation = try_table_open(model->scores, lock);
    if (relation == nullptr) no_such_model(model->name);
    if (!model->stale) return relation;
    ModelSchema now = require_model(model->name, true);
    if (now.schema != model->schema || get_relname_relid("scores", now.schema) != model->scores)
        raise_replaced(model, own_table(model, "scores"));
    return relation;
}

}  // namespace lead_scoring
