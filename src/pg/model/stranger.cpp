// Reading a table that belongs to another role than the model's owner, with the owner's rights and without running code
// of that role.
//
// A plan does run such code, before anything is read: the planner evaluates constant expressions in predicates of
// indexes, expressions of indexes, statistics and constraints of every table that it meets, as whoever plans. None of
// them can be kept out for as long as it would take: an index may be made under any lock that readers may hold. So
// there is no plan for such a table. Its rows are read as its storage has them, and nothing else of it is looked at but
// its columns.

#include "pg/server/postgres.hpp"

#include "pg/model/identity.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "access/relation.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

using namespace lead_scoring;

namespace {

// A column whose type brings casts or output functions of somebody else's.
bool has_foreign_type(TupleDesc columns) {
    for (int i = 0; i < columns->natts; ++i) {
        Form_pg_attribute column = TupleDescAttr(columns, i);
        if (!column->attisdropped && column->atttypid >= FirstUnpinnedObjectId) return true;
    }
    return false;
}

// One that is computed whenever it is read (PostgreSQL 18). Its rows do not have it.
bool has_virtual_column(TupleDesc columns) {
    for (int i = 0; i < columns->natts; ++i)
        if (TupleDescAttr(columns, i)->attgenerated == kVirtual) return true;
    return false;
}

// Why a relation of another role's cannot be read; null: it can.
const char* find_reason(Relation relation) {
    Form_pg_class form = relation->rd_rel;
    if (form->relkind != RELKIND_RELATION && form->relkind != RELKIND_MATVIEW) return "It is not an ordinary table.";
    if (form->relrowsecurity) return "It has row security.";
    if (form->relhassubclass) return "Other tables inherit from it.";
    if (has_foreign_type(RelationGetDescr(relation))) return "It has a column whose type is not the server's own.";
    if (has_virtual_column(RelationGetDescr(relation))) return "It has a column that is computed when it is read.";
    return nullptr;
}

[[noreturn]] void refuse(const char* table, const char* reason) {
    ereport(ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
             errmsg("table %s belongs to another role than the model's owner", table),
             errdetail("Reading it would run that role's code with the rights of the model's owner. %s", reason),
             errhint("ALTER TABLE %s OWNER TO %s;", table, quote_identifier(GetUserNameFromId(GetUserId(), false)))));
    pg_unreachable();
}

constexpr const char* kDropped = "It was dropped meanwhile.";

// Which columns are asked for, as whoever reads.
struct Columns {
    int count;
    AttrNumber* numbers;
};

[[noreturn]] void raise_altered(const char* table) {
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access due to a change of table %s", table),
                    errdetail("It was altered while a report that reads it was being made."),
                    errhint("Run the transaction again.")));
    pg_unreachable();
}

Columns find_columns(Relation relation, ArrayType* names, TupleDesc wanted) {
    const char* table = relation_name(RelationGetRelid(relation));
    Datum* values = nullptr;
    bool* missing = nullptr;
    Columns found = {};
    deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &values, &missing, &found.count);
    if (found.count != wanted->natts) raise_altered(table);
    found.numbers = static_cast<AttrNumber*>(palloc(sizeof(AttrNumber) * static_cast<Size>(found.count + 1)));
    for (int i = 0; i < found.count; ++i) {
        AttrNumber number = missing[i] ? 0 : get_attnum(RelationGetRelid(relation), TextDatumGetCString(values[i]));
        if (number <= 0) raise_altered(table);
        if (TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypid != TupleDescAttr(wanted, i)->atttypid)
            raise_altered(table);
        found.numbers[i] = number;
    }
    return found;
}

void require_select(Relation relation, const Columns& columns) {
    Oid table = RelationGetRelid(relation);
    Oid role = GetUserId();
    if (pg_class_aclcheck(table, role, ACL_SELECT) == ACLCHECK_OK) return;
    for (int i = 0; i < columns.count; ++i) {
        if (pg_attribute_aclcheck(table, columns.numbers[i], role, ACL_SELECT) == ACLCHECK_OK) continue;
        const char* name = relation_name(table);
        const char* owner = GetUserNameFromId(role, false);
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied for table %s", name),
                        errdetail("Reports read it with the rights of role \"%s\", which owns the model.", owner),
                        errhint("GRANT SELECT ON %s TO %s;", name, quote_identifier(owner))));
    }
}

void put_rows(Relation relation, const Columns& columns, ReturnSetInfo* result) {
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(columns.count + 1)));
    auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * static_cast<Size>(columns.count + 1)));
    TupleTableSlot* slot = table_slot_create(relation, nullptr);
    TableScanDesc scan = table_beginscan(relation, GetActiveSnapshot(), 0, nullptr);
    while (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        for (int i = 0; i < columns.count; ++i) values[i] = slot_getattr(slot, columns.numbers[i], &nulls[i]);
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    table_endscan(scan);
    ExecDropSingleTupleTableSlot(slot);
}

}  // namespace

// require_readable(relation regclass)
LEAD_SCORING_FUNCTION(lead_scoring_require_readable);
Datum lead_scoring_require_readable(PG_FUNCTION_ARGS) {
    Oid relation = PG_GETARG_OID(0);
    const Entry* entry = current_entry();
    ErrorContextCallback* shown = hide_internals();
    Relation opened = try_relation_open(relation, AccessShareLock);
    if (opened == nullptr) refuse(relation_name(relation), kDropped);
    if (opened->rd_rel->relowner != GetUserId())
        if (const char* reason = find_reason(opened)) refuse(relation_name(relation), reason);
    error_context_stack = shown;
    relation_close(opened, entry == nullptr || !entry->keep ? AccessShareLock : NoLock);
    PG_RETURN_VOID();
}

// stranger_rows(model text, relation oid, VARIADIC columns text[]) returns setof record
LEAD_SCORING_FUNCTION(lead_scoring_stranger_rows);
Datum lead_scoring_stranger_rows(PG_FUNCTION_ARGS) {
    require_entry(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    Oid relation = PG_GETARG_OID(1);
    InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    Relation opened = try_relation_open(relation, AccessShareLock);
    if (opened == nullptr) refuse(relation_name(relation), kDropped);
    if (const char* reason = find_reason(opened)) refuse(relation_name(relation), reason);
    Columns columns = find_columns(opened, PG_GETARG_ARRAYTYPE_P(2), result->setDesc);
    require_select(opened, columns);
    if (!RelationIsScannable(opened))
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("materialized view %s has not been populated", relation_name(relation)),
                 errdetail("Reports read it."), errhint("REFRESH MATERIALIZED VIEW %s;", relation_name(relation))));
    put_rows(opened, columns, result);
    relation_close(opened, NoLock);  // values of it may still be fetched
    return static_cast<Datum>(0);
}
