#include "pg/server/postgres.hpp"

#include "pg/conditions/shared_values.hpp"

#include "pg/conditions/hazards.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
}

namespace lead_scoring {

namespace {

// A part of an expression, and how often it occurs in all of them.
struct Part {
    Node* node;
    int times;
    int column;  // of the slot; 0: none yet
};

struct Search {
    List* parts;   // in the order of their first
    List* shared;  // those that have a column
};

// Comparisons are cheap beside what they compare, and mostly differ.
bool may_be_shared(Node* node) {
    return (IsA(node, OpExpr) || IsA(node, FuncExpr)) && exprType(node) != BOOLOID &&
           !may_raise(reinterpret_cast<Expr*>(node)) && contain_var_clause(node);
}

Part* find(const Search* search, Node* node) {
    ListCell* cell = nullptr;
    foreach (cell, search->parts) {
        auto* part = static_cast<Part*>(lfirst(cell));
        if (equal(part->node, node)) return part;
    }
    return nullptr;
}

bool count_occurrences(Node* node, Search* search) {
    if (node == nullptr) return false;
    if (may_be_shared(node)) {
        Part* part = find(search, node);
        if (part == nullptr) {
            part = static_cast<Part*>(palloc0(sizeof(Part)));
            part->node = node;
            search->parts = lappend(search->parts, part);
        }
        ++part->times;
    }
    return expression_tree_walker(node, reinterpret_cast<TreeWalker>(count_occurrences), search);
}

// The largest parts that occur twice are replaced, not what is within them.
Node* read_from_slot(Node* node, Search* search) {
    if (node == nullptr) return nullptr;
    Part* part = may_be_shared(node) ? find(search, node) : nullptr;
    if (part == nullptr || part->times < 2)
        return expression_tree_mutator(node, reinterpret_cast<TreeMutator>(read_from_slot), search);
    if (part->column == 0) {
        search->shared = lappend(search->shared, part);
        part->column = list_length(search->shared);
    }
    return reinterpret_cast<Node*>(makeVar(INNER_VAR, static_cast<AttrNumber>(part->column), exprType(node),
                                           exprTypmod(node), exprCollation(node), 0));
}

void replace_in(List* expressions, Search* search) {
    ListCell* cell = nullptr;
    foreach (cell, expressions) {
        auto** expression = static_cast<Expr**>(lfirst(cell));
        *expression = reinterpret_cast<Expr*>(read_from_slot(reinterpret_cast<Node*>(*expression), search));
    }
}

}  // namespace

SharedValues* share_values(List* tried, List* others) {
    Search search = {};
    ListCell* cell = nullptr;
    foreach (cell, tried) count_occurrences(*static_cast<Node**>(lfirst(cell)), &search);
    replace_in(tried, &search);
    replace_in(others, &search);
    int count = list_length(search.shared);
    if (count == 0) return nullptr;

    auto* shared = static_cast<SharedValues*>(palloc0(sizeof(SharedValues)));
    shared->count = count;
    shared->formulas = static_cast<Formula*>(palloc0(sizeof(Formula) * static_cast<Size>(count)));
    TupleDesc columns = CreateTemplateTupleDesc(count);
    for (int i = 0; i < count; ++i) {
        Node* node = static_cast<Part*>(list_nth(search.shared, i))->node;
        shared->formulas[i].expression = reinterpret_cast<Expr*>(node);
        auto number = static_cast<AttrNumber>(i + 1);
        TupleDescInitEntry(columns, number, nullptr, exprType(node), exprTypmod(node), 0);
        TupleDescInitEntryCollation(columns, number, exprCollation(node));
    }
    shared->slot = MakeSingleTupleTableSlot(columns, &TTSOpsVirtual);
    return shared;
}

void compute_shared_values(SharedValues* shared, ExprContext* context) {
    TupleTableSlot* slot = shared->slot;
    ExecClearTuple(slot);
    for (int i = 0; i < shared->count; ++i)
        slot->tts_values[i] = ExecEvalExprSwitchContext(shared->formulas[i].state, context, &slot->tts_isnull[i]);
    ExecStoreVirtualTuple(slot);
    context->ecxt_innertuple = slot;
}

}  // namespace lead_scoring
