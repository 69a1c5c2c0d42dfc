#include "pg/server/postgres.hpp"

#include "pg/conditions/hazards.hpp"

#include "pg/conditions/comparisons.hpp"
#include "pg/conditions/immutability.hpp"

extern "C" {
#include "access/transam.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
}

namespace lead_scoring {

namespace {

bool function_may_raise(Oid function, void*) {
    switch (function) {
        case F_JSONB_OBJECT_FIELD:
        case F_JSONB_OBJECT_FIELD_TEXT:
        case F_JSONB_EXISTS:
        case F_JSONB_CONTAINS:
        case F_NUMERIC_EQ:
        case F_NUMERIC_NE:
        case F_NUMERIC_GT:
        case F_NUMERIC_GE:
        case F_NUMERIC_LT:
        case F_NUMERIC_LE:
            return false;
        // Leakproof, but they compute an area or a length first, which may overflow.
        case F_CIRCLE_EQ:
        case F_CIRCLE_NE:
        case F_CIRCLE_LT:
        case F_CIRCLE_LE:
        case F_CIRCLE_GT:
        case F_CIRCLE_GE:
        case F_LSEG_LT:
        case F_LSEG_LE:
        case F_LSEG_GT:
        case F_LSEG_GE:
            return true;
        default:
            return function >= FirstNormalObjectId || !get_func_leakproof(function);
    }
}

// Of the server's own functions that may be called, those that look at a setting: some that it calls immutable, and
// what makes a text of a date, which a key may be.
bool function_reads_settings(Oid function, void*) {
    switch (function) {
        case F_BYTEAOUT:
        case F_FLOAT4OUT:
        case F_FLOAT8OUT:
        case F_POINT_OUT:
        case F_LINE_OUT:
        case F_LSEG_OUT:
        case F_BOX_OUT:
        case F_PATH_OUT:
        case F_POLY_OUT:
        case F_CIRCLE_OUT:
        case F_DATE_OUT:
        case F_QUOTE_IDENT:
        case F_TIMEZONE_TEXT_TIMESTAMP:
        case F_TIMEZONE_TEXT_TIMESTAMPTZ:
            return true;
        default:
            return function >= FirstNormalObjectId;
    }
}

// What the tree does not show as a call.
bool hides_code(Node* node) {
    if (IsA(node, CoerceToDomain) || hidden_functions(node) != nullptr) return true;
    return LEAD_SCORING_READS_JSON(node) && domains_read(exprType(node)) != nullptr;
}

bool node_may_raise(Node* node, void* context) {
    if (node == nullptr) return false;
    if (hides_code(node)) return true;
    switch (nodeTag(node)) {
        case T_Var:
        case T_Const:
        case T_BoolExpr:
        case T_NullTest:
        case T_BooleanTest:
        case T_RelabelType:
        case T_CaseExpr:
        case T_CaseWhen:
        case T_CoalesceExpr:
        case T_List:
            break;
        case T_OpExpr:
        case T_FuncExpr:
        case T_DistinctExpr:
        case T_ScalarArrayOpExpr:
            if (check_functions_in_node(node, function_may_raise, nullptr)) return true;
            break;
        default:
            return true;
    }
    return expression_tree_walker(node, reinterpret_cast<TreeWalker>(node_may_raise), context);
}

bool node_reads_settings(Node* node, void* context) {
    if (node == nullptr) return false;
    // A domain's constraints are expressions of their own; XML shows times in the session's zone.
    if (IsA(node, XmlExpr) || hides_code(node)) return true;
    if (check_functions_in_node(node, function_reads_settings, nullptr)) return true;
    return expression_tree_walker(node, reinterpret_cast<TreeWalker>(node_reads_settings), context);
}

bool is_users(Oid function, void*) { return function >= FirstNormalObjectId; }

bool node_runs_code(Node* node, void* context) {
    if (node == nullptr) return false;
    if (IsA(node, MinMaxExpr) || hides_code(node)) return true;
    if (check_functions_in_node(node, is_users, nullptr)) return true;
    return expression_tree_walker(node, reinterpret_cast<TreeWalker>(node_runs_code), context);
}

}  // namespace

bool may_raise(const Expr* expression) {
    return node_may_raise(const_cast<Node*>(reinterpret_cast<const Node*>(expression)), nullptr);
}

bool reads_settings(const Expr* expression) {
    return node_reads_settings(const_cast<Node*>(reinterpret_cast<const Node*>(expression)), nullptr);
}

bool runs_code(const Expr* expression) {
    return node_runs_code(const_cast<Node*>(reinterpret_cast<const Node*>(expression)), nullptr);
}

}  // namespace lead_scoring
