// Expressions that raised a data exception for a row, which therefore count as no match there: what a statement met of
// them, on its way to the model's table "problems".
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/as_owner.hpp"
#include "pg/model/model.hpp"

namespace lead_scoring {

struct Problem {
    Datum lead;
    const char* rule;  // or stage
    const char* message;
    int64 count;
    int64 number;  // in the order in which they were met
};

// Memory is bounded whatever the data: at most kMost leads and rules are listed, of which any may be where there are
// more, and of each message the beginning.
struct Problems {
    static constexpr int kMost = 10000;
    static constexpr int kMessageBytes = 500;
    MemoryContext memory;
    Problem* list;
    int count;
    int capacity;
    int64 met;
};

// None yet; their memory is the current memory context.
Problems make_problems();

// Copies the lead's key and the message, but not the rule's name, which must last as long.
void add_problem(Problems* problems, const KeyType& key, Datum lead, const char* rule, const char* message);

// Adds them to the model's table "problems", by lead and rule, which is one order for all sessions.
void record_problems(const AsWriter& as, Problems* problems);

}  // namespace lead_scoring
