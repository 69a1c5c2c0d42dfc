#include "pg/postgres.hpp"

#include "pg/hazards.hpp"

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
        default:
            return !get_func_leakproof(function);
    }
}

bool function_is_users(Oid function, void*) { return function >= FirstNormalObjectId; }

bool node_may_raise(Node* node, void* context) {
    if (node == nullptr) return false;
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

bool node_runs_users_code(Node* node, void* context) {
    if (node == nullptr) return false;
    // A domain's constraints are expressions of their own.
    if (IsA(node, CoerceToDomain) || check_functions_in_node(node, function_is_users, nullptr)) return true;
    return expression_tree_walker(node, reinterpret_cast<TreeWalker>(node_runs_users_code), context);
}

}  // namespace

bool may_raise(const Expr* expression) {
    return node_may_raise(const_cast<Node*>(reinterpret_cast<const Node*>(expression)), nullptr);
}

bool runs_users_code(const Expr* expression) {
    return node_runs_users_code(const_cast<Node*>(reinterpret_cast<const Node*>(expression)), nullptr);
}

}  // namespace lead_scoring
