// What evaluating an expression may do that costs precautions.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "nodes/primnodes.h"
}

namespace lead_scoring {

// Whether it may raise a data exception (SQLSTATE class 22). False only where it cannot, whatever the row: it is made
// of columns, constants, logic, and functions that are leakproof, and so raise nothing, or known here.
bool may_raise(const Expr* expression);

// Whether it runs code that may look at the session's settings, the search_path for one: any function but the server's
// own, and the few of those that do so although they are called immutable.
bool reads_settings(const Expr* expression);

// Whether it may run code that is not the server's own, which does what it likes: a function, a domain's constraint, a
// comparison. Where it does, may_raise holds too.
bool runs_code(const Expr* expression);

}  // namespace lead_scoring
