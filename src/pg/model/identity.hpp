// One identity: whatever is done to a model is done as its owner, whoever asks for it.
//
// The owner is one role: of the schema, of each of the model's own tables, and of the tables it is bound to. Owners are
// compared, never rights counted, for a superuser has the rights of everybody. What is compared is locked before, so
// that what was looked at is what is used.
#pragma once

#include "pg/server/postgres.hpp"

#include <span>

#include "pg/server/owner.hpp"

struct TriggerData;

namespace lead_scoring {

struct ModelSchema {
    Oid schema;
    Oid owner;
};

// The schema of that name and its owner; both InvalidOid where there is none.
ModelSchema find_schema(const char* name);

// InvalidOid where there is no such relation.
Oid relation_owner(Oid relation);

// Whether the schema holds a model, or what is left of one. Uses SPI.
bool is_model(Oid schema);

// What is wrong with whose the model's own tables are, and how to put it right; null: all that are there are tables of
// the schema's owner. Waits for an ACCESS SHARE lock on each, which stays until the transaction ends only with `keep`:
// commands that go on to alter these tables must not hold them together.
struct OwnershipFault {
    int sqlstate;
    char* message;
    const char* detail;
    char* hint;
};
const OwnershipFault* find_ownership_fault(const char* model, ModelSchema schema, bool keep);

// The schema of a model, its tables locked as find_ownership_fault does. Raises 42704 where there is no such model, and
// for a fault 42501 (another's table), 42809 (no table) or 0A000 (one of Citus's). What became of its tables beyond
// that is for require_shape to say.
ModelSchema require_model(const char* name, bool keep);
[[noreturn]] void raise_fault(const OwnershipFault* fault);

// Whoever reads a table reads its partitions with it, and its children, and planning that runs what is in their
// indexes: raises 42501 where one of them belongs to somebody else than the owner. Who may act as the owner has nothing
// to gain.
void require_own_members(Oid table, Oid owner);

// Whether a trigger function of a model's own tables may go on: raises 42501 where the relation that it was called for
// is not the table of that name in a schema of its owner. Whoever may create in a model's schema may have tables of his
// own there, hang any trigger function on them, and put code of his into their columns.
void require_own_table(const TriggerData* data, const char* function, std::span<const char* const> tables);

// Raises 42704, its hint tells where the model went; 42622 where the name is longer than any model's.
[[noreturn]] void no_such_model(const char* name);

// One model at a time is worked on as its owner: an entry lasts from enter_model to leave_model, or to the end of the
// (sub)transaction that it began in.
struct Entry {
    char model[NAMEDATALEN];
    Oid owner;
    Oid caller;  // who asked
    bool keep;
    bool is_models;   // else of a write, which no internal function is called by
    bool in_trigger;  // within a statement of the user's
    int context;      // how restricted the one was who asked
    SavedIdentity saved;
    ErrorContextCallback* callers_context;
    int level;
    Entry* outer;
};

// Becomes the owner in a security-restricted operation under a safe path, and lets the internal functions of that model
// be called. `keep`: tables that are looked at stay locked until the transaction ends.
void enter_model(const char* model, Oid owner, bool keep);

// Becomes the owner in a security-restricted operation. No internal function can be called, and code of the user's that
// runs within is not told who asks. `in_trigger`: within a statement of the user's on his tables; then the search_path
// is still the caller's, and shut_search_path must be called before anything is parsed, planned or run that may look at
// it. Setting it is dear, and most runs of triggers do nothing of the kind. Otherwise the path is shut.
void enter_write(Oid owner, bool in_trigger);

// Ends the innermost entry of either kind: the one who asked is the current user again, under his search_path.
void leave_model();

// The innermost entry of a model. Null where there is none, or where the current user is not its owner in a restricted
// operation any more.
const Entry* current_entry();

// The innermost entry of either kind, or null.
const Entry* innermost_entry();

// Errors raised from here on show, as their CONTEXT, what is called from here on and what called the command, and not
// which functions of ours led from there to here. To be undone by error_context_stack = what this returns; an error in
// between undoes it by itself.
ErrorContextCallback* hide_internals();

// Raises 42501 unless the innermost entry is one of that model (null: none is).
void require_entry(const char* model);

// Who asked for what is being done: the caller of the innermost entry, or the current user.
Oid asking_role();
const char* asking_name();

// Who is told of an error in it: within a statement on the user's tables, the one whose statement it is.
Oid told_role();

}  // namespace lead_scoring
