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

// Parses and type-checks `typed` against the columns of `relation` and returns it as SQL that means the same in every
// session. Names are looked up in pg_catalog and in the relation's own schema. Refused with an error that shows the
// place: mutable functions, subqueries, aggregates, window and set-returning functions, system columns, temporary
// functions. It runs what reading constants runs, and nothing is left of that: a type may call a domain's constraint.
// Where the caller has the rights of the relation's owner all of it is done as the owner, and the expression is planned
// too, for that shows what its functions are made of. Else it is done as the caller, whose text it then must be.
char* check_expression(Relation relation, const char* typed, ExpressionKind kind);

// The same for whoever may read the relation, the kind by its name: condition, number or key.
char* check_expression(Oid relation, const char* typed, const char* kind);

// Compiles what check_expression returned: the planned expression, which refers to the row as Var 1. Planning may call
// functions of the expression, so the caller must be who they belong to. Generated columns are replaced by what
// generates them, since triggers may come to see a row before they are computed. Immutability is checked once more.
// What all of that rested on is added to `dependencies`, in the current memory context.
Expr* compile_expression(Relation relation, const char* checked, ExpressionKind kind, Dependencies* dependencies);

// Sets whatever an expression may look at to what it is in every session, until the nest level of settings ends: names
// are looked up in pg_catalog alone, values are written and read in one way, and the time zone is UTC. To be called
// before anything compiled is evaluated for which reads_settings (pg/hazards.hpp) holds.
void fix_settings();

}  // namespace lead_scoring
