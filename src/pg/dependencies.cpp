#include "pg/postgres.hpp"

#include "pg/dependencies.hpp"

#include "pg/immutability.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "optimizer/optimizer.h"
#include "utils/syscache.h"
}

namespace lead_scoring {

namespace {

bool has(const Dependencies& dependencies, int cache, uint32 hash) {
    ListCell* cell = nullptr;
    foreach (cell, dependencies.items) {
        auto* item = lfirst_node(PlanInvalItem, cell);
        if (item->cacheId == cache && item->hashValue == hash) return true;
    }
    return false;
}

void add(Dependencies* dependencies, int cache, uint32 hash) {
    if (has(*dependencies, cache, hash)) return;
    PlanInvalItem* item = makeNode(PlanInvalItem);
    item->cacheId = cache;
    item->hashValue = hash;
    dependencies->items = lappend(dependencies->items, item);
}

void add_function(Dependencies* dependencies, Oid function) {
    add(dependencies, PROCOID, GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(function)));
}

Oid language_of(Oid function) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple)) return InvalidOid;
    Oid language = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prolang;
    ReleaseSysCache(tuple);
    return language;
}

bool is_compiled(Oid function) {
    Oid language = language_of(function);
    return language == ClanguageId || language == INTERNALlanguageId;
}

struct Noting {
    Dependencies* dependencies;
    bool planned;  // what is called now was not inlined
};

bool note_function(Oid function, void* context) {
    auto* noting = static_cast<Noting*>(context);
    add_function(noting->dependencies, function);
    if (noting->planned && function >= FirstNormalObjectId && language_of(function) == SQLlanguageId)
        noting->dependencies->any_function = true;
    return false;
}

bool note_node(Node* node, void* context);

// The type that a domain is made from, invalid for other types.
Oid parent_of(Oid domain) {
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(domain));
    if (!HeapTupleIsValid(tuple)) return InvalidOid;
    Oid parent = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typbasetype;
    ReleaseSysCache(tuple);
    return parent;
}

// Planning looks whether a domain has constraints at all, its own or those of one it is made from.
void note_domain(Oid domain, const Noting* noting) {
    for (Oid type = domain; OidIsValid(type); type = parent_of(type))
        add(noting->dependencies, TYPEOID, GetSysCacheHashValue1(TYPEOID, ObjectIdGetDatum(type)));
    Noting of_checks = {noting->dependencies, true};
    ListCell* cell = nullptr;
    foreach (cell, domain_checks(domain)) note_node(static_cast<Node*>(lfirst(cell)), &of_checks);
}

bool note_node(Node* node, void* context) {
    if (node == nullptr) return false;
    auto* noting = static_cast<Noting*>(context);
    check_functions_in_node(node, note_function, context);
    if (IsA(node, MinMaxExpr)) {
        Oid function = comparison_of(reinterpret_cast<MinMaxExpr*>(node)->minmaxtype);
        if (OidIsValid(function)) note_function(function, context);
    }
    if (IsA(node, CoerceToDomain)) note_domain(reinterpret_cast<CoerceToDomain*>(node)->resulttype, noting);
    return expression_tree_walker(node, reinterpret_cast<TreeWalker>(note_node), context);
}

// Whether no function that is made later can be the one that is meant: arguments are of the very types it takes. (Where
// they were cast to these, the cast was written down when the expression was checked.)
bool is_settled(const FuncExpr* call) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(call->funcid));
    if (!HeapTupleIsValid(tuple)) return false;
    auto* function = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    bool settled = function->pronargs == list_length(call->args) && !OidIsValid(function->provariadic);
    for (int i = 0; settled && i < function->pronargs; ++i)
        settled = exprType(static_cast<Node*>(list_nth(call->args, i))) == function->proargtypes.values[i];
    ReleaseSysCache(tuple);
    return settled;
}

bool note_call(Node* node, void* context) {
    if (node == nullptr) return false;
    if (IsA(node, FuncExpr)) {
        auto* call = reinterpret_cast<FuncExpr*>(node);
        bool by_name = call->funcformat == COERCE_EXPLICIT_CALL && call->funcid >= FirstNormalObjectId;
        if (by_name && !is_settled(call)) static_cast<Dependencies*>(context)->any_function = true;
    }
    return expression_tree_walker(node, reinterpret_cast<TreeWalker>(note_call), context);
}

// The functions that were about to be called since the list was emptied; where it is full, there may have been more.
constexpr int kMostCalled = 32;
Oid called[kMostCalled];
int called_count = 0;

object_access_hook_type next_hook = nullptr;

// The server asks whoever watches over permissions, whenever it makes an expression ready that calls a function. There
// is no other way to hear of what planning calls: the call has gone when planning is over.
void note_access(ObjectAccessType access, Oid catalog, Oid object, int part, void* argument) {
    if (access == OAT_FUNCTION_EXECUTE && object >= FirstNormalObjectId && called_count < kMostCalled)
        called[called_count++] = object;
    if (next_hook != nullptr) next_hook(access, catalog, object, part, argument);
}

void begin_listening() {
    static bool listens = false;
    if (!listens) {
        next_hook = object_access_hook;
        object_access_hook = note_access;
        listens = true;
    }
    called_count = 0;
}

void note_called(Dependencies* dependencies) {
    if (called_count == kMostCalled) dependencies->any_function = true;
    for (int i = 0; i < called_count; ++i) {
        add_function(dependencies, called[i]);
        dependencies->any_function |= !is_compiled(called[i]);
    }
}

}  // namespace

void note_written(Dependencies* dependencies, Node* transformed) { note_call(transformed, dependencies); }

void note_completed(Dependencies* dependencies, Node* completed) {
    Noting noting = {dependencies, false};
    note_node(completed, &noting);
}

Expr* plan_and_note(Dependencies* dependencies, Node* completed) {
    List* relations = nullptr;
    List* items = nullptr;
    begin_listening();
    Expr* planned = expression_planner_with_deps(reinterpret_cast<Expr*>(completed), &relations, &items);
    note_called(dependencies);
    ListCell* cell = nullptr;
    foreach (cell, items) {
        auto* item = lfirst_node(PlanInvalItem, cell);
        add(dependencies, item->cacheId, item->hashValue);
    }
    Noting noting = {dependencies, true};
    note_node(reinterpret_cast<Node*>(planned), &noting);
    return planned;
}

bool rests_on(const Dependencies& dependencies, int cache, uint32 hash) {
    return hash == 0 || (cache == PROCOID && dependencies.any_function) || has(dependencies, cache, hash);
}

}  // namespace lead_scoring
