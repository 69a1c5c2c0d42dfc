// Writing the user's tables of leads and events, on which the user has triggers, checks and foreign keys of his own.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/model.hpp"
#include "pg/server/owner.hpp"

namespace lead_scoring {

// Runs body(argument), which writes these tables, as the owner, under the path that settings.trigger_path says, so that
// what the caller has in his own path or among his temporary tables is nothing to triggers, checks and defaults there.
// `in_trigger`: within a statement of the user's on these tables; what is queued then is queued behind it, as a foreign
// key's action is. Outside, and unless the owner himself asked, the operation is security-restricted, since what it
// queued would run as the one who asked: what may be deferred on these tables is made immediate for as long. SPI must
// be connected.
//
// Where somebody else than the owner asked, an error within is raised again with its SQLSTATE and without what may hold
// values of the row: expressions, casts, triggers and checks of the user's put them into messages, details and contexts
// of any kind.
void with_lead_update(const Model* model, bool in_trigger, void (*body)(void*), void* argument);

template <class Body>
void with_lead_update(const Model* model, bool in_trigger, Body body) {
    with_lead_update(
        model, in_trigger, [](void* given) { (*static_cast<Body*>(given))(); }, &body);
}

}  // namespace lead_scoring
