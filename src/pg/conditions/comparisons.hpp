// What the server's own functions call by the types of what they are given: to compare or hash arrays, rows and ranges
// is to compare or hash what they are made of, by the operator classes of that. The tree of an expression does not show
// it.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "nodes/pg_list.h"
#include "nodes/primnodes.h"
}

namespace lead_scoring {

// The functions that are not the server's own and that evaluating the node, without what is below it, may call that
// way, as a list of OIDs. InvalidOid stands for any: the columns of a record are known when it is there.
List* hidden_functions(Node* node);

}  // namespace lead_scoring
