#include "pg/server/postgres.hpp"

#include "pg/conditions/dependencies.hpp"

#include "pg/conditions/comparisons.hpp"
#include "pg/conditions/immutability.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/functions.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parse_node.h"
#include "tcop/tcopprot.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
}

namespace lead_scoring {

namespace {

bool has(const List* items, int cache, uint32 hash) {
    ListCell* cell = nullptr;
    foreach (cell, items) {
        auto* item = lfirst_node(PlanInvalItem, cell);
        if (item->cacheId == cache && item->hashValue == hash) return true;
    }
    return false;
}

void add(Dependencies* dependencies, int cache, uint32 hash) {
    if (has(dependencies->items, cache, hash)) return;
    PlanInvalItem* item = makeNode(PlanInvalItem);
    item->cacheId = cache;
    item->hashValue = hash;
    dependencies->items = lappend(dependencies->items, item);
}

uint32 hash_of(int cache, Oid object) { return GetSysCacheHashValue1(cache, ObjectIdGetDatum(object)); }

void add_function(Dependencies* dependencies, Oid function) { add(dependencies, PROCOID, hash_of(PROCOID, function)); }

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

void note_checks(Oid domain, const Noting* noting) {
    Noting of_checks = {noting->dependencies, true};
    ListCell* cell = nullptr;
    foreach (cell, domain_checks(domain)) note_node(static_cast<Node*>(lfirst(cell)), &of_checks);
}

// A type is meant by its name, and its columns by theirs; a value was or will be read by all that its type is made of.
// Of a domain, planning looks whether it has constraints at all, its own or those of one it is made from. What is
// pinned is not altered.
void note_type(Oid type, Dependencies* dependencies) {
    if (type < FirstUnpinnedObjectId) return;
    check_stack_depth();
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    add(dependencies, TYPEOID, hash_of(TYPEOID, type));
    if (!HeapTupleIsValid(tuple)) return;
    auto* form = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
    switch (form->typtype) {
        case TYPTYPE_DOMAIN:
            note_type(form->typbasetype, dependencies);
            break;
        case TYPTYPE_RANGE:
            note_type(get_range_subtype(type), dependencies);
            break;
        case TYPTYPE_MULTIRANGE:
            note_type(get_multirange_range(type), dependencies);
            break;
        case TYPTYPE_COMPOSITE: {
            if (list_member_oid(dependencies->relations, form->typrelid)) break;
            dependencies->relations = lappend_oid(dependencies->relations, form->typrelid);
            TupleDesc columns = lookup_rowtype_tupdesc_copy(type, -1);
            for (int i = 0; i < columns->natts; ++i)
                if (!TupleDescAttr(columns, i)->attisdropped)
                    note_type(TupleDescAttr(columns, i)->atttypid, dependencies);
            FreeTupleDesc(columns);
            break;
        }
        default:
            if (OidIsValid(form->typelem)) note_type(form->typelem, dependencies);
            break;
    }
    ReleaseSysCache(tuple);
}

// Constraints of domains are looked at where a value is read.
void note_reading(Oid type, const Noting* noting) {
    ListCell* cell = nullptr;
    foreach (cell, domains_read(type)) note_checks(lfirst_oid(cell), noting);
}

// A constant that names an object names it by its number, which was looked up.
void note_constant(const Const* constant, Dependencies* dependencies) {
    if (constant->constisnull) return;
    switch (constant->consttype) {
        case REGCLASSOID:
            dependencies->relations =
                list_append_unique_oid(dependencies->relations, DatumGetObjectId(constant->constvalue));
            break;
        case REGTYPEOID:
            note_type(DatumGetObjectId(constant->constvalue), dependencies);
            break;
        case REGPROCOID:
        case REGPROCEDUREOID:
            add_function(dependencies, DatumGetObjectId(constant->constvalue));
            break;
        default:
            break;
    }
}

// What was compiled rests on what it calls without showing it as it does on what it calls and keeps.
void note_hidden(Node* node, Dependencies* dependencies) {
    ListCell* cell = nullptr;
    foreach (cell, hidden_functions(node)) {
        if (OidIsValid(lfirst_oid(cell))) add_function(dependencies, lfirst_oid(cell));
        dependencies->any_function = true;
    }
}

bool note_node(Node* node, void* context) {
    if (node == nullptr) return false;
    auto* noting = static_cast<Noting*>(context);
    check_functions_in_node(node, note_function, context);
    note_hidden(node, noting->dependencies);
    if (IsA(node, MinMaxExpr)) {
        Oid function = comparison_of(reinterpret_cast<MinMaxExpr*>(node)->minmaxtype);
        if (OidIsValid(function)) note_function(function, context);
    }
    if (IsA(node, CoerceToDomain)) note_checks(reinterpret_cast<CoerceToDomain*>(node)->resulttype, noting);
    if (IsA(node, Const) || LEAD_SCORING_READS_JSON(node)) note_reading(exprType(node), noting);
    if (IsA(node, Const)) note_constant(reinterpret_cast<Const*>(node), noting->dependencies);
    if (!IsA(node, List) && !IsA(node, CaseWhen)) note_type(exprType(node), noting->dependencies);
    return expression_tree_walker(node, reinterpret_cast<TreeWalker>(note_node), context);
}

struct Written {
    Dependencies* dependencies;
    bool with_casts;  // what the parser had to cast was written down as a cast, as it is in a checked expression
};

// Whether no function that is made later can be the one that is meant: arguments are of the very types it takes.
bool is_settled(const FuncExpr* call, bool with_casts) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(call->funcid));
    if (!HeapTupleIsValid(tuple)) return false;
    auto* function = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    bool settled = function->pronargs == list_length(call->args) && !OidIsValid(function->provariadic);
    for (int i = 0; settled && i < function->pronargs; ++i) {
        auto* argument = static_cast<Node*>(list_nth(call->args, i));
        if (!with_casts) argument = strip_implicit_coercions(argument);
        settled = exprType(argument) == function->proargtypes.values[i];
    }
    ReleaseSysCache(tuple);
    return settled;
}

bool note_call(Node* node, void* context) {
    if (node == nullptr) return false;
    auto* written = static_cast<Written*>(context);
    if (IsA(node, FuncExpr)) {
        auto* call = reinterpret_cast<FuncExpr*>(node);
        bool by_name = call->funcformat == COERCE_EXPLICIT_CALL && call->funcid >= FirstNormalObjectId;
        if (by_name && !is_settled(call, written->with_casts)) written->dependencies->any_function = true;
    }
    return expression_tree_walker(node, reinterpret_cast<TreeWalker>(note_call), context);
}

bool is_polymorphic(Form_pg_proc function) {
    bool polymorphic = false;
    for (int i = 0; i < function->pronargs; ++i) polymorphic |= IsPolymorphicType(function->proargtypes.values[i]);
    return polymorphic;
}

// The statement that is the body of a function in SQL; null where it has none, or several. Parsing may be an error,
// too.
Query* statement_of(HeapTuple function) {
    bool is_text = false;
    Datum parsed = SysCacheGetAttr(PROCOID, function, Anum_pg_proc_prosqlbody, &is_text);
    if (!is_text) {
        auto* body = static_cast<Node*>(stringToNode(TextDatumGetCString(parsed)));
        while (body != nullptr && IsA(body, List)) {
            auto* statements = reinterpret_cast<List*>(body);
            body = list_length(statements) == 1 ? static_cast<Node*>(linitial(statements)) : nullptr;
        }
        return reinterpret_cast<Query*>(body);
    }
    char* source = TextDatumGetCString(SysCacheGetAttr(PROCOID, function, Anum_pg_proc_prosrc, &is_text));
    List* statements = pg_parse_query(source);
    if (list_length(statements) != 1) return nullptr;
    ParseState* state = make_parsestate(nullptr);
    state->p_sourcetext = source;
    sql_fn_parser_setup(state, prepare_sql_fn_parse_info(function, nullptr, InvalidOid));
    Query* body = transformTopLevelStmt(state, linitial_node(RawStmt, statements));
    free_parsestate(state);
    return body;
}

// The one value that a function in SQL selects which can be inlined and is not polymorphic. Null for any other body:
// what was inlined a moment ago may have been replaced since, by another session or by a function that planning called.
Node* body_of(HeapTuple function) {
    const Query* body = statement_of(function);
    if (body == nullptr || body->commandType != CMD_SELECT || body->utilityStmt != nullptr || body->hasAggs ||
        body->hasWindowFuncs || body->hasTargetSRFs || body->hasSubLinks || body->rtable != NIL ||
        list_length(body->targetList) != 1)
        return nullptr;
    return reinterpret_cast<Node*>(linitial_node(TargetEntry, body->targetList)->expr);
}

// What an inlined function calls may be folded away without being called: where an argument is NULL, or by CASE, AND
// or OR.
void note_body(Dependencies* dependencies, Oid function) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    bool fixed = HeapTupleIsValid(tuple) && !is_polymorphic(reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple)));
    if (Node* body = fixed ? body_of(tuple) : nullptr; body != nullptr) {
        Written written = {dependencies, false};
        note_call(body, &written);
        Noting noting = {dependencies, false};
        note_node(fill_in_defaults(body), &noting);
    } else {
        dependencies->any_function = true;
    }
    if (HeapTupleIsValid(tuple)) ReleaseSysCache(tuple);
}

// Functions that were heard of since planning began; where it is full, there may have been more. The hooks, once set,
// note for as long as the backend lives. begin_listening forgets what is there, so what an error leaves is not read.
struct Heard {
    static constexpr int kMost = 32;
    Oid functions[kMost];
    int count;
};

Heard functions_called;     // or about to be
Heard functions_looked_at;  // to be called or inlined

// How often planning has begun. It runs functions, which may have other expressions planned meanwhile.
uint64 listenings = 0;

void hear(Heard* heard, Oid function) {
    if (function < FirstNormalObjectId || heard->count == Heard::kMost) return;
    for (int i = 0; i < heard->count; ++i)
        if (heard->functions[i] == function) return;
    heard->functions[heard->count++] = function;
}

object_access_hook_type next_access_hook = nullptr;
needs_fmgr_hook_type next_look_hook = nullptr;

// The server asks whoever watches over permissions, whenever it makes an expression ready that calls a function, and
// whoever watches over calls, also where it is about to inline one. There is no other way to hear of what planning
// calls: the call has gone when planning is over.
void note_access(ObjectAccessType access, Oid catalog, Oid object, int part, void* argument) {
    if (access == OAT_FUNCTION_EXECUTE) hear(&functions_called, object);
    if (next_access_hook != nullptr) next_access_hook(access, catalog, object, part, argument);
}

bool note_look(Oid function) {
    hear(&functions_looked_at, function);
    return next_look_hook != nullptr && next_look_hook(function);
}

uint64 begin_listening() {
    if (listenings == 0) {
        next_access_hook = object_access_hook;
        object_access_hook = note_access;
        next_look_hook = needs_fmgr_hook;
        needs_fmgr_hook = note_look;
    }
    functions_called.count = 0;
    functions_looked_at.count = 0;
    return ++listenings;
}

// Of what was inlined, planning tells the hashes. More is heard of while bodies are parsed, and means nothing.
void note_heard(Dependencies* dependencies, const List* inlined) {
    Heard looked = functions_looked_at;
    if (functions_called.count == Heard::kMost || looked.count == Heard::kMost) dependencies->any_function = true;
    for (int i = 0; i < functions_called.count; ++i) {
        add_function(dependencies, functions_called.functions[i]);
        dependencies->any_function |= !is_compiled(functions_called.functions[i]);
    }
    for (int i = 0; i < looked.count; ++i) {
        Oid function = looked.functions[i];
        if (has(inlined, PROCOID, hash_of(PROCOID, function)) && language_of(function) == SQLlanguageId)
            note_body(dependencies, function);
    }
}

}  // namespace

void note_written(Dependencies* dependencies, Node* transformed) {
    Written written = {dependencies, true};
    note_call(transformed, &written);
}

void note_completed(Dependencies* dependencies, Node* completed) {
    Noting noting = {dependencies, false};
    note_node(completed, &noting);
}

Expr* plan_and_note(Dependencies* dependencies, Node* completed) {
    List* relations = nullptr;
    List* items = nullptr;
    uint64 listening = begin_listening();
    Expr* planned = expression_planner_with_deps(reinterpret_cast<Expr*>(completed), &relations, &items);
    if (listening == listenings)
        note_heard(dependencies, items);
    else
        dependencies->any_function = true;
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
    return hash == 0 || (cache == PROCOID && dependencies.any_function) || has(dependencies.items, cache, hash);
}

bool rests_on(const Dependencies& dependencies, Oid relation) {
    return list_member_oid(dependencies.relations, relation);
}

}  // namespace lead_scoring
