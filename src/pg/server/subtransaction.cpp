// The only place with PG_TRY. An internal subtransaction must be ended by whoever began it, errors included: the
// transaction manager takes one that is left open for a savepoint of the user's. Here is also what lets one error stand
// for another, without any.

#include "pg/server/postgres.hpp"

#include "pg/server/subtransaction.hpp"

#include "pg/server/progress.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/resowner.h"
}

namespace lead_scoring {

namespace {

// Runs the body; returns the error that ended it, or null. `keep` tells whether the work stands.
template <class Body>
ErrorData* attempt(Body body, bool* keep) {
    MemoryContext memory = CurrentMemoryContext;
    ResourceOwner resources = CurrentResourceOwner;
    ErrorData* volatile error = nullptr;

    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(memory);
    PG_TRY();
    {
        *keep = body();
        if (*keep)
            ReleaseCurrentSubTransaction();
        else
            RollbackAndReleaseCurrentSubTransaction();
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(memory);
        error = CopyErrorData();
        FlushErrorState();
        RollbackAndReleaseCurrentSubTransaction();
    }
    PG_END_TRY();
    MemoryContextSwitchTo(memory);
    CurrentResourceOwner = resources;
    if (error != nullptr || !*keep) show_progress_again();
    return error;
}

// Whether the values of a row can be the reason: besides class 22 a domain that they do not fit, and what would be
// longer than values may be. "Not supported" says so of what a function does, and of one thing that values can be: no
// number where numeric is to be an integer.
bool is_of_data(const ErrorData* error) {
    int code = error->sqlerrcode;
    if (code == ERRCODE_FEATURE_NOT_SUPPORTED)
        return error->filename != nullptr && strcmp(error->filename, "numeric.c") == 0;
    return ERRCODE_TO_CATEGORY(code) == ERRCODE_DATA_EXCEPTION ||
           ERRCODE_TO_CATEGORY(code) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
           code == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

}  // namespace

ErrorData* run_protected(void (*body)(void*), void* argument, bool keep) {
    ErrorData* error = attempt(
        [&, kept = keep] {
            body(argument);
            return kept;
        },
        &keep);
    if (error != nullptr && !is_of_data(error)) ReThrowError(error);
    return error;
}

bool run_revocable(bool (*body)(void*), void* argument) {
    bool keep = false;
    ErrorData* error = attempt([&] { return body(argument); }, &keep);
    if (error != nullptr) ReThrowError(error);
    return keep;
}

void run_translated(void (*body)(void*), void (*raise)(const ErrorData*, void*), void* argument) {
    MemoryContext memory = CurrentMemoryContext;
    ErrorData* volatile error = nullptr;
    PG_TRY();
    { body(argument); }
    PG_CATCH();
    {
        MemoryContextSwitchTo(memory);
        error = CopyErrorData();
        FlushErrorState();
    }
    PG_END_TRY();
    if (error == nullptr) return;
    raise(error, argument);
    ReThrowError(error);
}

}  // namespace lead_scoring
