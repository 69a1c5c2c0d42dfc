// Work that may have to be undone without ending the user's statement.
#pragma once

#include "pg/server/postgres.hpp"

namespace lead_scoring {

// Runs body(argument) in a subtransaction of its own. Returns null if it went through, else the error that ended it and
// that the row's data can be the reason of, copied to the caller's memory context; what the body did to the database is
// then undone, and without `keep` it is in any case; what it did to memory is not. Any other error propagates.
ErrorData* run_protected(void (*body)(void*), void* argument, bool keep);

// Runs body(argument) in a subtransaction of its own, which is kept where it returns true and rolled back where it
// returns false, its locks given back. Errors propagate.
bool run_revocable(bool (*body)(void*), void* argument);

// Runs body(argument), without a subtransaction. An error that ends it is copied and handed to raise(error, argument),
// which is to raise another in its place: nothing has been undone, and locks of the server's inside may be held, so
// that it must neither look at catalogs nor return.
void run_translated(void (*body)(void*), void (*raise)(const ErrorData*, void*), void* argument);

}  // namespace lead_scoring
