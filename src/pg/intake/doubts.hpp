// What the rows of one lead leave open: conditions that are NULL for them, and types of events that nobody names.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/program.hpp"

namespace lead_scoring {

// Of a rule, or of a stage that events enter.
struct DoubtedCondition {
    int64 times;       // rows for which it was NULL
    int64 last_row;    // the latest of them
    char* columns;     // that it reads and that were NULL, with commas; where none was, all that it reads
    Bitmapset* found;  // those of them that are in the list
};

struct UnnamedType {
    char* name;
    int64 times;
};

struct Doubts {
    static constexpr int kMostTypes = 20;  // more are not told apart

    Timestamp until;          // later events are passed over
    int64 rows;               // that were read before those being read
    DoubtedCondition* rules;  // of the version
    DoubtedCondition* stages;
    UnnamedType types[kMostTypes];
    int type_count;
    int64 last_unnamed;  // row
};

// In the current memory context, with what is noted.
Doubts* make_doubts(const Version* version, Timestamp until);

// `row`: its number among all, by which one that is read twice is noted once.
void note_null(Doubts* doubts, const Candidate& candidate, TupleTableSlot* slot, int64 row);
void note_unnamed_type(Doubts* doubts, const char* type, int64 row);

}  // namespace lead_scoring
