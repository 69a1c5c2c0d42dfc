// Advisory locks of the session: neither a security-restricted operation nor a rollback touches them. What a condition
// calls may take some, and may give back those of the application whose statement it happens to run in.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/server/subtransaction.hpp"

namespace lead_scoring {

struct SessionLocks;  // session_locks.cpp

// Notes which ones the session holds, and how often; until they are put back none of them can be lost to another
// session. Pairs nest. An error in between puts them back as well, when the (sub)transaction ends in which they were
// kept.
SessionLocks* keep_session_locks();

// Gives back what was taken since, takes again what was given back. To be called under the same resource owner.
void put_back_session_locks(SessionLocks* kept);

// Calls `body`, which may call what it does not know, so that nothing is left of it but memory: what it did to the
// database is rolled back. Errors propagate.
template <class Body>
void call_and_undo(Body body) {
    SessionLocks* locks = keep_session_locks();
    auto call = [](void* argument) {
        (*static_cast<Body*>(argument))();
        return false;
    };
    run_revocable(call, &body);
    put_back_session_locks(locks);
}

}  // namespace lead_scoring
