#include "pg/server/postgres.hpp"

#include "pg/scoring/changes.hpp"

#include "pg/server/transaction_end.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

namespace {

// Of the queries that are running, the innermost first: an inner query has a later command. Put on by a query's first
// BEFORE trigger and taken off by its last AFTER trigger, by the next query of ours where that never came, and by the
// abort of the (sub)transaction in which the query ran.
Changes* running_changes = nullptr;

// Points would be missing: an AFTER trigger whose BEFORE trigger has fired did not.
[[noreturn]] void raise_left_out(const Changes* changes) {
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("changes of model \"%s\" were not scored", NameStr(changes->model)),
             errdetail("A statement fired some of the model's triggers, but not all: one is disabled or missing."),
             errhint("SELECT * FROM lead_scoring.models();")));
}

void remove(const Changes* changes) {
    for (Changes** place = &running_changes; *place != nullptr; place = &(*place)->outer)
        if (*place == changes) {
            *place = changes->outer;
            return;
        }
}

// Forgets queries within the running one, which have ended.
void leave_inner(CommandId command) {
    while (running_changes != nullptr && running_changes->command > command) {
        if (running_changes->memory != nullptr) raise_left_out(running_changes);
        Changes* ended = running_changes;
        running_changes = ended->outer;
        pfree(ended);
    }
}

Changes* find(CommandId command, const char* model) {
    for (Changes* changes = running_changes; changes != nullptr && changes->command == command;
         changes = changes->outer)
        if (strcmp(NameStr(changes->model), model) == 0) return changes;
    return nullptr;
}

void at_transaction_end(XactEvent event, void*) {
    if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
        for (Changes* changes = running_changes; changes != nullptr; changes = changes->outer)
            if (changes->memory != nullptr) raise_left_out(changes);
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
        running_changes = nullptr;
}

// What was begun in it is freed with its memory.
void at_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId, void*) {
    if (event != SUBXACT_EVENT_ABORT_SUB) return;
    while (running_changes != nullptr && running_changes->subtransaction >= mine)
        running_changes = running_changes->outer;
}

}  // namespace

void expect_change(const char* model) {
    watch_transactions<at_transaction_end, at_subtransaction_end>();
    CommandId command = GetActiveSnapshot()->curcid;
    leave_inner(command);
    Changes* changes = find(command, model);
    if (changes == nullptr) {
        changes = static_cast<Changes*>(MemoryContextAllocZero(CurTransactionContext, sizeof(Changes)));
        changes->command = command;
        changes->subtransaction = GetCurrentSubTransactionId();
        namestrcpy(&changes->model, model);
        changes->outer = running_changes;
        running_changes = changes;
    }
    ++changes->expected;
}

Changes* arrived_change(const char* model) {
    CommandId command = GetActiveSnapshot()->curcid;
    leave_inner(command);
    Changes* changes = find(command, model);
    if (changes == nullptr) return nullptr;
    if (--changes->expected > 0 || changes->memory != nullptr) return changes;
    end_changes(changes);
    return nullptr;
}

void gather(Changes* changes, const KeyType& key, int64 version) {
    changes->memory = AllocSetContextCreate(CurTransactionContext, "lead_scoring changes", ALLOCSET_DEFAULT_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(changes->memory);
    changes->findings = make_findings(key);
    changes->problems = make_problems();
    changes->version = version;
    MemoryContextSwitchTo(caller);
}

void end_changes(Changes* changes) {
    remove(changes);
    if (changes->memory != nullptr) MemoryContextDelete(changes->memory);
    pfree(changes);
}

}  // namespace lead_scoring
