// What is to be written for a lead's key to be another one.

#include "pg/server/postgres.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteHandler.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

using namespace lead_scoring;

namespace {

bool are_whole(List* nodes, List** columns);

// What is made of a part of a value, such as a field of a document, does not say what the rest is to be.
bool takes_whole(Oid function, CoercionForm form) {
    return form == COERCE_EXPLICIT_CAST || form == COERCE_IMPLICIT_CAST || function == F_LOWER_TEXT ||
           function == F_REPLACE || function == F_TEXTCAT;
}

// Whether the expression is made of whole columns; appends their numbers in the order they first stand there.
bool is_whole(Node* node, List** columns) {
    check_stack_depth();
    switch (nodeTag(node)) {
        case T_Const:
            return true;
        case T_Var:
            *columns = list_append_unique_int(*columns, reinterpret_cast<Var*>(node)->varattno);
            return true;
        case T_RelabelType:
            return is_whole(reinterpret_cast<Node*>(reinterpret_cast<RelabelType*>(node)->arg), columns);
        case T_CoerceViaIO:
            return is_whole(reinterpret_cast<Node*>(reinterpret_cast<CoerceViaIO*>(node)->arg), columns);
        case T_CoerceToDomain:
            return is_whole(reinterpret_cast<Node*>(reinterpret_cast<CoerceToDomain*>(node)->arg), columns);
        case T_FuncExpr: {
            auto* call = reinterpret_cast<FuncExpr*>(node);
            return takes_whole(call->funcid, call->funcformat) && are_whole(call->args, columns);
        }
        case T_OpExpr: {
            auto* call = reinterpret_cast<OpExpr*>(node);
            return get_opcode(call->opno) == F_TEXTCAT && are_whole(call->args, columns);
        }
        default:
            return false;
    }
}

bool are_whole(List* nodes, List** columns) {
    ListCell* cell = nullptr;
    foreach (cell, nodes)
        if (!is_whole(static_cast<Node*>(lfirst(cell)), columns)) return false;
    return true;
}

// Of the column itself, where it is not generated; none: it is made of something else, or is not there.
List* find_parts(Relation relation, const char* column) {
    AttrNumber number = get_attnum(RelationGetRelid(relation), column);
    if (number <= 0) return NIL;
    if (get_attgenerated(RelationGetRelid(relation), number) == '\0') return list_make1_int(number);
    List* columns = NIL;
    return is_whole(build_column_default(relation, number), &columns) ? columns : NIL;
}

}  // namespace

// key_parts(relation regclass, column_name text) returns text[]
LEAD_SCORING_FUNCTION(lead_scoring_key_parts);
Datum lead_scoring_key_parts(PG_FUNCTION_ARGS) {
    Oid table = PG_GETARG_OID(0);
    Relation relation = try_table_open(table, AccessShareLock);
    if (relation == nullptr) PG_RETURN_NULL();
    List* columns = find_parts(relation, text_to_cstring(PG_GETARG_TEXT_PP(1)));
    auto* names = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(list_length(columns) + 1)));
    int count = 0;
    ListCell* cell = nullptr;
    foreach (cell, columns)
        names[count++] = CStringGetTextDatum(get_attname(table, static_cast<AttrNumber>(lfirst_int(cell)), false));
    table_close(relation, NoLock);
    if (count == 0) PG_RETURN_NULL();
    PG_RETURN_ARRAYTYPE_P(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}
