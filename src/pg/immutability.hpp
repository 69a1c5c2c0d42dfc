// Whether an expression gives the same for the same row whenever it is evaluated. That is a property of what is
// evaluated, which may be more than what was written.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/primnodes.h"
}

namespace lead_scoring {

// The expression with the arguments that its calls leave to their defaults, as planning will put them in. Nothing is
// evaluated.
Node* fill_in_defaults(Node* expression);

// Whether anything in it may depend on more than the row: a function, an operator, a type's conversion or comparison, a
// domain's constraint. Of functions that are only called, what they are declared to be is believed.
bool is_mutable(Node* expression);

}  // namespace lead_scoring
