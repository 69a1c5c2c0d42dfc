// What a compiled expression rests on besides the columns of its row: functions and types as they were. Who compiled it
// hears of changes by the server's catalog cache, and asks here whether they concern the expression.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "nodes/pg_list.h"
#include "nodes/primnodes.h"
}

namespace lead_scoring {

struct Dependencies {
    List* items = nullptr;      // of PlanInvalItem, none twice
    List* relations = nullptr;  // OIDs: their columns are a composite type's, or a constant names them
    // What a change of any function may concern: where planning called a function, and its result took the place of the
    // call; where that function had another expression planned, or a polymorphic one was inlined; where a function in
    // SQL is called that was not inlined, for it keeps what it planned; where one is called that the tree does not show
    // (pg/conditions/comparisons.hpp); and where a function of another name or other arguments may come to be the one
    // that is meant.
    bool any_function = false;
};

// Each of the three adds to `dependencies` what it finds, in the current memory context.
//
// What an expression rests on as it was written, and as the parser has understood it.
void note_written(Dependencies* dependencies, Node* transformed);

// What it rests on when default arguments and generated columns are filled in.
void note_completed(Dependencies* dependencies, Node* completed);

// Plans the completed expression, and notes what was inlined, what that calls, what was called, and what is left.
// Planning may run functions of the expression, as the current user. Returns the planned expression.
Expr* plan_and_note(Dependencies* dependencies, Node* completed);

// Whether a change in that system cache (PROCOID, TYPEOID, ...) of which the server tells this hash concerns the
// expression; 0 stands for any change.
bool rests_on(const Dependencies& dependencies, int cache, uint32 hash);

// Whether a change of this relation concerns it.
bool rests_on(const Dependencies& dependencies, Oid relation);

}  // namespace lead_scoring
