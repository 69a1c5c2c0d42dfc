#include "pg/server/postgres.hpp"

#include "pg/conditions/immutability.hpp"

#include "pg/conditions/comparisons.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
}

namespace lead_scoring {

namespace {

Node* fill_in(Node* node, void* context) {
    if (node == nullptr) return nullptr;
    Node* copy = expression_tree_mutator(node, reinterpret_cast<TreeMutator>(fill_in), context);
    if (!IsA(copy, FuncExpr)) return copy;
    auto* call = reinterpret_cast<FuncExpr*>(copy);
    HeapTuple function = SearchSysCache1(PROCOID, ObjectIdGetDatum(call->funcid));
    if (!HeapTupleIsValid(function)) elog(ERROR, "cache lookup failed for function %u", call->funcid);
    bool leaves_out = reinterpret_cast<Form_pg_proc>(GETSTRUCT(function))->pronargs > list_length(call->args);
    if (leaves_out) {
        List* args = expand_function_arguments(call->args, false, call->funcresulttype, function);
        call->args = reinterpret_cast<List*>(fill_in(reinterpret_cast<Node*>(args), context));
    }
    ReleaseSysCache(function);
    return copy;
}

bool has_mutable_check(Oid domain) {
    ListCell* cell = nullptr;
    foreach (cell, domain_checks(domain))
        if (is_mutable(static_cast<Node*>(lfirst(cell)))) return true;
    return false;
}

// Of the comparisons that are not in the tree.
bool hides_mutable(Node* node) {
    ListCell* cell = nullptr;
    foreach (cell, hidden_functions(node))
        if (OidIsValid(lfirst_oid(cell)) && func_volatile(lfirst_oid(cell)) != PROVOLATILE_IMMUTABLE) return true;
    return false;
}

bool has_mutable_comparison(Oid type) {
    Oid function = comparison_of(type);
    return OidIsValid(function) && func_volatile(function) != PROVOLATILE_IMMUTABLE;
}

List* add_domains_read(List* domains, Oid type) {
    check_stack_depth();
    switch (get_typtype(type)) {
        case TYPTYPE_DOMAIN:
            return add_domains_read(list_append_unique_oid(domains, type), getBaseType(type));
        case TYPTYPE_RANGE:
            return add_domains_read(domains, get_range_subtype(type));
        case TYPTYPE_MULTIRANGE:
            return add_domains_read(domains, get_multirange_range(type));
        case TYPTYPE_COMPOSITE: {
            if (type == RECORDOID) return domains;
            TupleDesc columns = lookup_rowtype_tupdesc_copy(type, -1);
            for (int i = 0; i < columns->natts; ++i)
                if (!TupleDescAttr(columns, i)->attisdropped)
                    domains = add_domains_read(domains, TupleDescAttr(columns, i)->atttypid);
            FreeTupleDesc(columns);
            return domains;
        }
        default: {
            Oid element = get_element_type(type);
            return OidIsValid(element) ? add_domains_read(domains, element) : domains;
        }
    }
}

bool is_read_mutably(Oid type) {
    ListCell* cell = nullptr;
    foreach (cell, domains_read(type))
        if (has_mutable_check(lfirst_oid(cell))) return true;
    return false;
}

// What the server takes for immutable without looking.
bool is_mutable_part(Node* node, void* context) {
    if (node == nullptr) return false;
    if (IsA(node, CoerceToDomain) && has_mutable_check(reinterpret_cast<CoerceToDomain*>(node)->resulttype))
        return true;
    if ((IsA(node, Const) || LEAD_SCORING_READS_JSON(node)) && is_read_mutably(exprType(node))) return true;
    if (IsA(node, MinMaxExpr) && has_mutable_comparison(reinterpret_cast<MinMaxExpr*>(node)->minmaxtype)) return true;
    if (hides_mutable(node)) return true;
    return expression_tree_walker(node, reinterpret_cast<TreeWalker>(is_mutable_part), context);
}

}  // namespace

List* domain_checks(Oid domain) {
    auto* constraints = static_cast<DomainConstraintRef*>(palloc0(sizeof(DomainConstraintRef)));  // kept by the context
    InitDomainConstraintRef(domain, constraints, CurrentMemoryContext, false);
    List* checks = nullptr;
    ListCell* cell = nullptr;
    foreach (cell, constraints->constraints) {
        auto* constraint = static_cast<DomainConstraintState*>(lfirst(cell));
        if (constraint->check_expr != nullptr) checks = lappend(checks, constraint->check_expr);
    }
    return checks;
}

List* domains_read(Oid type) { return add_domains_read(nullptr, type); }

Oid comparison_of(Oid type) { return lookup_type_cache(type, TYPECACHE_CMP_PROC)->cmp_proc; }

Node* fill_in_defaults(Node* expression) { return fill_in(expression, nullptr); }

bool is_mutable(Node* expression) {
    return contain_mutable_functions(expression) || is_mutable_part(expression, nullptr);
}

}  // namespace lead_scoring
