// A published version of a model, read from its `versions` table.
#pragma once

#include "pg/server/postgres.hpp"

#include "core/card/definition.hpp"

extern "C" {
#include "pgtime.h"
}

namespace lead_scoring {

struct Program;       // program.hpp
struct ScoreColumns;  // score_row.cpp

enum class LimitWindow { None, Hour, Day, Week, Month, Ever };

// What the server evaluates of a rule. Expressions are as deparsed by publish; null where there is none.
struct RuleSource {
    char* name;
    char* event_type;  // null: a fit rule
    char* condition;
    char* per;
    char* limit_key;
    LimitWindow window;
    double points;
};

struct StageSource {
    char* name;
    char* on_event;  // null: no event leads here
    char* on_event_condition;
};

struct Version {
    int64 number;
    const Definition* definition;  // on the C++ heap, owned by the memory context
    RuleSource* rules;
    int rule_count;
    StageSource* stages;
    int stage_count;
    pg_tz* time_zone;
    Version* next;  // of those that the model has read

    // What it takes to work by it; found at first use.
    mutable Program* programs;            // compiled expressions, one for each relation they were used with
    mutable ScoreColumns* score_columns;  // where things are in the scores table
};

// Reads version `number` of the model in `schema` into the current memory context. Null where there is none. SPI must
// be connected, a snapshot active.
Version* load_version(const char* schema, int64 number);

// The stage of that name, or kNoStage.
int find_stage(const Version* version, const char* name);

}  // namespace lead_scoring
