// Which conditions are tried for a row: those of the event's type; and where conditions compare one expression with
// constants, the expression is evaluated once and its value finds those that hold, however many there are.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "nodes/execnodes.h"
#include "nodes/primnodes.h"
#include "utils/typcache.h"
}

namespace lead_scoring {

struct Formula {
    Expr* expression = nullptr;  // null: there is none
    ExprState* state = nullptr;
};

// A list of candidates, by index.
struct Link {
    int candidate;
    Link* next;
};

struct Case {
    Datum constant;
    uint32 hash;
    Link* candidates;  // null: a free slot
};

// The conditions that begin with "subject = constant" or "subject IN (constants)", of one subject.
struct Switch {
    Formula subject;
    TypeCacheEntry* type;
    Oid collation;
    Case* cases;  // open addressing, `mask` + 1 slots
    uint32 mask;
    uint32 count;
    Switch* next;
};

struct SharedValues;  // shared_values.hpp

struct Dispatch {
    Link* all;
    Link* plain;  // those that no switch finds
    Switch* switches;
    SharedValues* shared;  // null: none
    bool may_raise;        // any expression of a candidate: then rows are evaluated under a subtransaction
};

// Puts a candidate on the lists. Returns what is left of its condition to be tried once it was found: all of it where
// no switch finds it, nothing where the value says it all. Everything is allocated in the current memory context.
Expr* add_candidate(Dispatch* dispatch, int candidate, Expr* condition);

// The candidates for which this value of the subject, which is not null, is right; null where there are none.
const Link* find_case(const Switch* choice, Datum value);

}  // namespace lead_scoring
