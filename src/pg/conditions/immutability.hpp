// Whether an expression gives the same for the same row whenever it is evaluated. That is a property of what is
// evaluated, which may be more than what was written.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "nodes/pg_list.h"
#include "nodes/primnodes.h"
}

namespace lead_scoring {

// A copy of the expression with the arguments that its calls leave to their defaults, as planning will put them in.
// Nothing is evaluated.
Node* fill_in_defaults(Node* expression);

// Whether anything in it may depend on more than the row: a function, an operator, a type's conversion or comparison, a
// domain's constraint. Of functions that are only called, what they are declared to be is believed.
bool is_mutable(Node* expression);

// What casting to a domain evaluates: its CHECK constraints, and those of the domains it is made from, as planned
// expressions. They last as long as the current memory context.
List* domain_checks(Oid domain);

// The domains whose constraints are looked at when a value of the type is read from its text, as a list of OIDs.
List* domains_read(Oid type);

// The function that LEAST and GREATEST call for values of the type; InvalidOid where there is none.
Oid comparison_of(Oid type);

}  // namespace lead_scoring
