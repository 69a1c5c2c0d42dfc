#include "pg/server/postgres.hpp"

#include "pg/conditions/comparisons.hpp"

#include <initializer_list>

extern "C" {
#include "access/nbtree.h"
#include "access/transam.h"
#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace lead_scoring {

namespace {

List* add(List* functions, Oid function) {
    return function >= FirstNormalObjectId ? list_append_unique_oid(functions, function) : functions;
}

List* add_parts(List* functions, Oid type);

List* add_comparisons(List* functions, Oid type) {
    const TypeCacheEntry* entry =
        lookup_type_cache(type, TYPECACHE_EQ_OPR | TYPECACHE_LT_OPR | TYPECACHE_GT_OPR | TYPECACHE_CMP_PROC |
                                    TYPECACHE_HASH_PROC | TYPECACHE_HASH_EXTENDED_PROC);
    for (Oid comparison : {entry->eq_opr, entry->lt_opr, entry->gt_opr})
        if (OidIsValid(comparison)) functions = add(functions, get_opcode(comparison));
    for (Oid function : {entry->cmp_proc, entry->hash_proc, entry->hash_extended_proc})
        functions = add(functions, function);
    return add_parts(functions, type);
}

// What comparing the type's parts calls, where it has any.
List* add_parts(List* functions, Oid type) {
    check_stack_depth();
    if (type == RECORDOID || type == RECORDARRAYOID) return list_append_unique_oid(functions, InvalidOid);
    switch (get_typtype(type)) {
        case TYPTYPE_DOMAIN:
            return add_parts(functions, getBaseType(type));
        case TYPTYPE_MULTIRANGE:
            return add_parts(functions, get_multirange_range(type));
        case TYPTYPE_RANGE: {
            // By the operator class it was made with.
            const TypeCacheEntry* range = lookup_type_cache(type, TYPECACHE_RANGE_INFO);
            functions = add(functions, range->rng_cmp_proc_finfo.fn_oid);
            functions = add(functions, range->rng_canonical_finfo.fn_oid);
            return add_comparisons(functions, range->rngelemtype->type_id);
        }
        case TYPTYPE_COMPOSITE: {
            TupleDesc columns = lookup_rowtype_tupdesc_copy(type, -1);
            for (int i = 0; i < columns->natts; ++i)
                if (!TupleDescAttr(columns, i)->attisdropped)
                    functions = add_comparisons(functions, TupleDescAttr(columns, i)->atttypid);
            FreeTupleDesc(columns);
            return functions;
        }
        default: {
            Oid element = get_element_type(type);
            return OidIsValid(element) ? add_comparisons(functions, element) : functions;
        }
    }
}

List* add_arguments(List* functions, const List* arguments) {
    ListCell* cell = nullptr;
    foreach (cell, arguments) {
        auto* argument = static_cast<Node*>(lfirst(cell));
        if (IsA(argument, RowExpr) && exprType(argument) == RECORDOID) {
            ListCell* column = nullptr;
            foreach (column, reinterpret_cast<RowExpr*>(argument)->args)
                functions = add_comparisons(functions, exprType(static_cast<Node*>(lfirst(column))));
        } else {
            functions = add_parts(functions, exprType(argument));
        }
    }
    return functions;
}

// Rows are not compared by the operators that were written, but by what orders their families.
List* functions_of_rows(const RowCompareExpr* rows) {
    List* functions = nullptr;
    ListCell* comparison = nullptr;
    ListCell* family = nullptr;
    forboth(comparison, rows->opnos, family, rows->opfamilies) {
        Oid left = InvalidOid;
        Oid right = InvalidOid;
        op_input_types(lfirst_oid(comparison), &left, &right);
        functions = add(functions, get_opfamily_proc(lfirst_oid(family), left, right, BTORDER_PROC));
    }
    return add_arguments(add_arguments(functions, rows->largs), rows->rargs);
}

}  // namespace

List* hidden_functions(Node* node) {
    switch (nodeTag(node)) {
        case T_FuncExpr:
            return add_arguments(nullptr, reinterpret_cast<FuncExpr*>(node)->args);
        case T_OpExpr:
        case T_DistinctExpr:
        case T_NullIfExpr:
            return add_arguments(nullptr, reinterpret_cast<OpExpr*>(node)->args);
        case T_ScalarArrayOpExpr: {
            auto* comparison = reinterpret_cast<ScalarArrayOpExpr*>(node);
            return add_arguments(add(nullptr, comparison->hashfuncid), list_make1(linitial(comparison->args)));
        }
        case T_RowCompareExpr:
            return functions_of_rows(reinterpret_cast<RowCompareExpr*>(node));
        case T_MinMaxExpr:
            return add_comparisons(nullptr, reinterpret_cast<MinMaxExpr*>(node)->minmaxtype);
        default:
            return nullptr;
    }
}

}  // namespace lead_scoring
