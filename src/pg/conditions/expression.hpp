// Users' SQL expressions over one row of a table: parsed, checked and deparsed by the server, as those of CHECK
// constraints are.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/conditions/dependencies.hpp"

extern "C" {
#include "nodes/primnodes.h"
#include "utils/rel.h"
}

namespace lead_scoring {

enum class ExpressionKind {
    Condition,  // boolean
    Number,     // anything that casts to double precision by assignment; the expression is cast
    Key,        // anything with a text output
};

// Parses and type-checks `typed` against the columns of `relation`, which is locked, and returns it as SQL that means
// the same in every session. Names are looked up in pg_catalog and in the relation's own schema.
//
// Raises what the server's parser raises, and its own errors with the place: for mutable functions, subqueries,
// aggregates, window and set-returning functions, system columns, temporary functions; 42804 where the type is not of
// the kind. It runs what reading constants runs, for a type may call a domain's constraint, and nothing is left of
// that.
//
// Where the caller has the rights of the relation's owner all of it is done as the owner, and the expression is planned
// too, for that shows what its functions are made of. Else it is done as the caller, whose text it then must be.
char* check_expression(Relation relation, const char* typed, ExpressionKind kind);

// The same for a relation that is not open, the kind by its name: condition, number or key. Raises 42501 where the
// caller may not read the relation, 22023 for another kind.
char* check_expression(Oid relation, const char* typed, const char* kind);

// Compiles what check_expression returned for the columns that the relation, which is locked, has now. Returns the
// planned expression, which refers to the row as Var 1. Generated columns are replaced by what generates them, since
// triggers may come to see a row before they are computed. What all of that rested on is added to `dependencies`, in
// the current memory context.
//
// Requires to be called as the model's owner, for planning may call functions of the expression, within call_and_undo,
// which leaves nothing of what they do. Raises as check_expression does, where the meaning has changed since.
Expr* compile_expression(Relation relation, const char* checked, ExpressionKind kind, Dependencies* dependencies);

// Sets whatever an expression may look at to what it is in every session, until the nest level of settings ends: names
// are looked up in pg_catalog alone, values are written and read in one way, and the time zone is UTC. To be called
// before anything compiled is evaluated for which reads_settings (pg/conditions/hazards.hpp) holds.
void fix_settings();

}  // namespace lead_scoring
