// A model as this backend knows it: its binding to the user's tables and its newest published version, read once and
// kept until something it rests on changes.
//
// Other sessions see a new version with their next statement: publish locks the tables, so a later statement on them
// takes its lock after the publishing transaction and with it the invalidation of `versions`.
#pragma once

#include "pg/postgres.hpp"

#include "pg/lead_key.hpp"
#include "pg/version.hpp"

extern "C" {
#include "executor/spi.h"
#include "utils/rel.h"
}

namespace lead_scoring {

struct Program;       // program.hpp
struct ScoreColumns;  // score_row.cpp

enum class StatusKind { Stage, Score, Grade, StageAt };

struct StatusColumn {
    StatusKind kind;
    char* stage;   // StageAt: of this stage
    char* column;  // in the leads table
};

enum class PlanName {
    LeadEvents,   // the events of one lead
    LeadRow,      // the row of one lead
    LeadEntries,  // its latest entry into each stage
    AllEvents,
    AllLeads,
    AllScores,
    AllAdjustments,
    LeadAdjustments,
    DueLeads,
    FindScore,
    CreateScore,
    DeleteScore,
    DeleteTransitions,
    DeleteProblems,
    DeleteAdjustments,
    DeleteMerged,
    AddTransition,
    AddTransitions,  // takes arrays
    AddProblem,
    LockLead,  // without waiting
    LockLeadWaiting,
    FindLead,
    UpdateStatus,
    UpdateStatuses,  // takes arrays
    Count
};

struct OtherVersion {
    const PublishedVersion* version;
    OtherVersion* next;
};

struct Model {
    MemoryContext context;
    char* name;
    Oid schema;
    Oid owner;
    Oid settings;
    Oid versions;
    Oid scores;
    Oid events;
    Oid leads;
    char* events_name;  // as SQL takes them
    char* leads_name;
    char* lead_key;  // column names, unquoted
    char* event_lead;
    char* event_type;
    char* event_time;
    StatusColumn* status;
    int status_count;
    bool paused;
    KeyType key;
    PublishedVersion* version;      // null: nothing published yet
    OtherVersion* others;           // older ones that were asked for
    LocalTransactionId checked_in;  // the transaction whose snapshot was found to see the version
    ScoreColumns* score_columns;    // where things are in the scores table; found at first use
    Program* programs;              // compiled expressions, one for each relation they were used with
    SPIPlanPtr plans[static_cast<int>(PlanName::Count)];
    bool stale;
};

// The model of that name. Raises an error where there is none, its tables cannot be found, or its owner does not own
// them. Valid to the end of the transaction, even where it goes stale meanwhile.
Model* use_model(const char* name);
// The same for the schema that holds the relation `scores`.
Model* use_model_of(Oid scores);

// The version a trigger works by. Raises 40001 where the transaction's own snapshot is older than that.
const PublishedVersion* current_version(Model* model);

// Another version of the model, kept as long as the model is. Null where there is none.
const PublishedVersion* other_version(Model* model, int64 number);

// Raises 42501 unless the current user has the rights of the model's owner.
void check_owner(const Model* model);

}  // namespace lead_scoring
