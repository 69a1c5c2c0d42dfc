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

// Of the queries that are running, the innermost first. An inner query has a later command.
Changes* running = nullptr;

// Points would be missing: an AFTER trigger whose BEFORE trigger has fired did not.
[[noreturn]] void raise_left_out(const Changes* changes) {
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("changes of model \"%s\" were not scored", NameStr(changes->model)),
             errdetail("A statement fired some of the model's triggers, but not all: one is disabled or missing."),
             errhint("SELECT * FROM lead_scoring.models();")));
}

void remove(const Changes* changes) {
    for (Changes** place = &running; *place != nullptr; place = &(*place)->outer)
        if (*place == changes) {
            *place = changes->outer;
            return;
        }
}

// Forgets queries within the running one, which have ended.
void leave_inner(CommandId command) {
    while (running != nullptr && running->command > command) {
        if (running->memory != nullptr) raise_left_out(running);
        Changes* ended = running;
        running = ended->outer;
        pfree(ended);
    }
}

Changes* find(CommandId command, const char* model) {
    for (Changes* changes = running; changes != nullptr && changes->command == command; changes = changes->outer)
        if (strcmp(NameStr(changes->model), model) == 0) return changes;
    return nullptr;
}

void at_transaction_end(XactEvent event, void*) {
    if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
        for (Changes* changes = running; changes != nullptr; changes = changes->outer)
            if (changes->memory != nullptr) raise_left_out(changes);
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) running = nullptr;
}

// What was begun in it is freed with its memory.
void at_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId, void*) {
    if (event != SUBXACT_EVENT_ABORT_SUB) return;
    while (running != nullptr && running->subtransaction >= mine) running = running->outer;
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
        changes->outer = running;
        running = changes;
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
