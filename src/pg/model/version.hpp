// A version of a model: of what was published, as its `versions` table has it, or of a definition that may become one.
#pragma once

#include "pg/server/postgres.hpp"

#include "core/card/definition_reader.hpp"

extern "C" {
#include "pgtime.h"
}

namespace lead_scoring {

struct AsOwner;       // as_owner.hpp
struct Source;        // binding.hpp
struct Program;       // program.hpp
struct ScoreColumns;  // score_row.cpp

// What the server evaluates of a rule and of a stage: the texts of the definition, which the version keeps; null where
// there is none.
struct RuleSource {
    const char* name;
    const char* event_type;  // null: a fit rule; kAnyEvent: of any type
    const char* source;      // of its events, by name; null: the first; kAnyEvent: all
    const char* condition;
    const char* per;
    const char* limit_key;
    const char* distinct_key;
    LimitWindow window;
    double points;
};

// An entry has one too.
struct StageSource {
    const char* name;
    const char* on_event;  // null: no event leads here
    const char* on_event_condition;
    const char* on_event_source;  // as of a rule
    const char* counts_as;        // null: as nothing
};

// What the server evaluates of an event to remember it by; null where there is none.
struct TouchSource {
    bool remembers;  // else nothing is to be remembered
    const char* channel;
    const char* asset;
    const char* campaign;
    std::size_t most;  // touches that are kept of a lead
};

// A table of events that the version looks at.
struct LoggedSource {
    const char* name;
    pg_tz* time_zone;  // of times without one
    TouchSource touches;
    const char* event_id;  // the column whose values count once for a lead; null: all rows count
};

struct LeadTypeSource {
    const char* name;
    const char* condition;
};

struct Version {
    MemoryContext context;         // it ends with it, and so do its programs
    int64 number;                  // 0: of a definition that is not stored
    const Definition* definition;  // on the C++ heap, owned by the memory context
    RuleSource* rules;
    int rule_count;
    StageSource* stages;  // behind them those of entries: by the numbers of doors
    int stage_count;
    int door_count;  // stages and entries
    LeadTypeSource* lead_types;
    int lead_type_count;
    const char* lead_created;    // column of leads; null: nothing says when they came
    const char* lead_condition;  // null: all leads count
    const char* lead_account;    // null: there are no accounts
    const AccountRule* account_rules;
    int account_rule_count;
    LoggedSource* sources;  // the first one is that of settings
    int source_count;
    TouchSource touches;  // of the first one
    pg_tz* time_zone;
    Version* next;  // of those that the model has read

    // What it takes to work by it; found at first use.
    mutable Program* programs;            // compiled expressions, one for each relation they were used with
    mutable ScoreColumns* score_columns;  // where things are in the scores table
};

// The version that a definition (jsonb, as publish stores it) makes of the model in `schema`, in the current memory
// context. Raises XX001, 0A000 or 54000 for a definition that cannot be used, as read_definition says, and 42704 for a
// time zone that is not known.
Version* make_version(const char* schema, int64 number, Datum definition);

// Reads version `number` of the model into the current memory context, under the active snapshot; null where there is
// none. Raises as make_version does, and 42P17 where the definition is null.
Version* load_version(const AsOwner& as, int64 number);

// What the version says of the source; null: it does not look at its events.
const LoggedSource* find_logged(const Version* version, const Source* source);

// Whether a rule matches events of any type; null: it is on the lead.
inline bool is_any_event(const char* event_type) { return event_type != nullptr && event_type == kAnyEvent; }

// Whether what the version says of that name, which may be null, is of the source.
bool is_source(const Version* version, const char* name, const Source* source);

// The stage of that name, or kNoStage.
int find_stage(const Version* version, const char* name);

// The stage whose first entry a status column <name>_at shows: the one of that name, else the one that counts as it;
// kNoStage where there is neither.
int find_status_stage(const Version* version, const char* name);

}  // namespace lead_scoring
