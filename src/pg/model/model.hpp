// A model as this backend knows it: its binding to the user's tables and its published versions, each read once and
// kept until something it rests on changes.
//
// The binding is the newest there is, for it names tables and columns, and so are the server's catalogs. Of the
// versions, who writes scores works by the newest. Other sessions see a new one with their next statement: publish
// locks the tables, so a later statement on them takes its lock after the publishing transaction and with it the
// invalidation of `versions`. Who only reads works by the version that its snapshot sees, as it sees no other rows of
// scores: a cursor may be older than the newest version, and a parallel worker could take no snapshot of its own.
#pragma once

#include "pg/server/postgres.hpp"

#include <iterator>

#include "pg/model/binding.hpp"
#include "pg/model/lead_key.hpp"
#include "pg/model/shape.hpp"
#include "pg/model/version.hpp"

extern "C" {
#include "executor/spi.h"
#include "utils/rel.h"
}

namespace lead_scoring {

enum class PlanName {
    LeadEvents,         // the events of one lead: of a source, which keeps the plan
    VisitorEvents,      // those of visitors that are leads, likewise; takes an array
    Identities,         // which of the visitors are leads; takes an array
    LeadRow,            // the row of one lead
    LeadEntries,        // its entries into each stage
    FindMove,           // whether one of its moves stands
    HandMoves,          // its moves by hand that a replay superseded at a time
    StandingMove,       // whether one of its moves stands, from one on
    AnyStandingMove,    // of all leads
    TakeBackMoves,      // from one on
    SupersedeMoves,     // all that stand
    SupersedeAllMoves,  // of all leads
    BrokenHistory,
    BrokenHistories,  // of all leads
    MendTransition,
    AllEvents,  // likewise
    AllLeads,
    AllScores,
    AllAdjustments,
    LeadAdjustments,
    PastAdjustments,  // of one lead, those that counted at a time
    DueLeads,
    FindScore,
    LockScore,
    CreateScore,
    DeleteState,  // of one lead, from the first of kLeadTables; from the others with the numbers that follow
    DeleteLastState = DeleteState + std::size(kLeadTables) - 1,
    AddTransition,
    AddTransitions,  // takes arrays
    AddHandoffs,     // takes arrays
    ClaimHandoffs,
    ParkHandoffs,  // those that were delivered too often
    FindHandoff,   // whose it is, and who has it
    AckHandoff,
    ReleaseHandoff,
    ExtendHandoff,
    LatestHandoff,  // of a lead
    DecideHandoff,
    SettleHandoffs,     // of a lead: which is the first that is to be delivered
    SettleAllHandoffs,  // of all leads
    FindHeadless,       // leads of which none is the first
    SweepHandoffs,
    AddProblem,
    ClearProblems,
    AddAdjustment,
    AddReset,
    FindAdjustment,  // whose it is
    CancelAdjustment,
    LockLead,  // without waiting
    LockLeadWaiting,
    FindLead,
    FindMerged,     // whether a lead is another now
    AllMerged,      // of those that the leads table has
    EndMerge,       // of one lead
    RepeatedId,     // whether a lead has more than so many rows of one of these ids; of a source, takes an array
    PlacesOfLeads,  // where rows of the leads table are; takes an array
    UpdateStatus,
    UpdateStatuses,  // takes arrays
    Count
};

// Two snapshots of one id see the same rows: below one xmax, transactions that are running can only become fewer.
struct SnapshotId {
    LocalTransactionId transaction;
    TransactionId xmin;
    TransactionId xmax;
    uint32 running;
    int32 running_subtransactions;
    bool overflowed;
    CommandId command;
    bool operator==(const SnapshotId&) const = default;
};

// When the model's own tables were found to be its owner's, and locked until the subtransaction ends.
struct HeldTables {
    LocalTransactionId transaction;
    SubTransactionId subtransaction;
    uint64 invalidations;  // that had been heard of
    bool operator==(const HeldTables&) const = default;
};

struct ModelUse;  // model.cpp

struct Model {
    MemoryContext context;
    char* name;
    Oid schema;
    Oid owner;
    Oid settings;
    Oid versions;
    Oid scores;
    Oid own[kScoringTables];  // the model's tables, those three included
    Oid guard;                // function of the triggers on them that are ours
    KeyType key;
    bool bound;  // the settings were read: the next two
    Binding binding;
    bool paused;
    Version* known_versions;  // those that were asked for
    bool knows_newest;
    const Version* newest;            // null: nothing published yet
    LocalTransactionId checked_in;    // the transaction whose snapshot was found to see the newest
    LocalTransactionId unaltered_in;  // the one whose snapshot was found to see the tables as they are,
    uint64 unaltered_at;              // when so much had been heard of changes
    SnapshotId visible_under;         // the snapshot that was asked last for the version that it sees
    const Version* visible;
    HeldTables held;
    SPIPlanPtr find_newest;
    SPIPlanPtr plans[static_cast<int>(PlanName::Count)];
    bool stale;
    bool replaced;   // by a newer one: freed with its last use
    ModelUse* uses;  // the latest first
};

// What these return is valid, with its versions, until the current memory context is reset, even where it goes stale
// meanwhile. It is of the owner and tables that there were when it was read: who waits for a lock after that looks
// again (pg/model/hold.hpp).

// The model of that name. Its settings may not have been read. Raises as require_model does, and 55000 where its own
// tables are not as they have to be.
Model* find_model(const char* name);
// The model whose scores that relation is. Raises 42704 where it is no model's, and as find_model does.
Model* find_model_of(Oid scores);
// The model of that name, its settings read; where these have no row, which a dump half restored has not, it is paused.
// Raises as find_model and read_settings do.
Model* use_model(const char* name);
// The same for a trigger on the relation: raises 0A000 where there is no such model because the relation is a shard.
Model* use_model(const char* name, Oid relation);
// The same, raising 55000 where the settings have no row.
Model* use_bound(const char* name);

// Has a model that was asked for in another memory context be valid until the current one is reset too.
void use_here(Model* model);

// How often this backend, since it asked for a model first, has heard of a change of a relation, a schema or a role.
uint64 invalidation_count();
// How often of one of functions, types, and whatever else only expressions rest on.
uint64 definition_changes();

// Each is null where there is no such version, is valid as long as the model is, and raises as load_version does.

// The newest there is, whatever the active snapshot sees: for who writes.
const Version* newest_version(Model* model);
// The newest there is, for a trigger. Raises 40001 in REPEATABLE READ and above where the transaction's snapshot is
// older than its publishing.
const Version* current_version(Model* model);
// The newest one that the active snapshot sees, for who reads.
const Version* visible_version(Model* model);
// The one of that number, if the active snapshot sees it or it was read before.
const Version* find_version(Model* model, int64 number);

// Raises 42501 unless the current user has the rights of the model's owner.
void check_owner(const Model* model);

}  // namespace lead_scoring
