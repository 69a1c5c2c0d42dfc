// Writing tables on which the user has code of his own: triggers, checks, foreign keys, indexes. They are his leads and
// events, and the model's own tables, on which he may hang the same.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/as_owner.hpp"
#include "pg/model/model.hpp"

namespace lead_scoring {

// Runs body(argument), which writes the leads or an events table, as the owner, under the path that
// settings.trigger_path says, so that what the caller has in his own path or among his temporary tables is nothing to
// triggers, checks and defaults there. `in_trigger`: within a statement of the user's on these tables; what is queued
// then is queued behind it, as a foreign key's action is. Outside, and unless the owner himself asked, the operation is
// security-restricted, since what it queued would run as the one who asked: what may be deferred on the tables is made
// immediate for as long. SPI must be connected.
//
// Where somebody asked who has not the owner's rights, an error within is raised again with its SQLSTATE and without
// what may hold values of the row: expressions, casts, triggers and checks of the user's put them into messages,
// details and contexts of any kind.
void with_lead_update(const Model* model, bool in_trigger, void (*body)(void*), void* argument);

// Runs body(argument), which is one query, the next of this subtransaction, with the permit to write `table` of the
// model's own. The path, which must be shut, stays so. Where there are triggers on the table but the extension's, they
// run, and what they queue is queued, as with_lead_update says. So are errors raised.
void with_state_write(const AsWriter& as, Oid table, void (*body)(void*), void* argument);

// Runs body(argument), which writes that table without a query and fires no triggers, but evaluates the user's indexes:
// errors are raised as with_lead_update says.
void without_values(const Model* model, Oid table, void (*body)(void*), void* argument);

// The same three with a body that is called as body(as), body() and body().
template <class Body>
void with_lead_update(Model* model, bool in_trigger, Body body) {
    auto run = [&] { body(go_on_as_owner(model)); };
    with_lead_update(
        model, in_trigger, [](void* given) { (*static_cast<decltype(run)*>(given))(); }, &run);
}

template <class Body>
void with_state_write(const AsWriter& as, Oid table, Body body) {
    with_state_write(
        as, table, [](void* given) { (*static_cast<Body*>(given))(); }, &body);
}

template <class Body>
void without_values(const Model* model, Oid table, Body body) {
    without_values(
        model, table, [](void* given) { (*static_cast<Body*>(given))(); }, &body);
}

// Whether triggers that are not the extension's guard hang on a table of a model's own: pg_repack's or an audit's are
// to see what we write.
bool has_other_triggers(const Model* model, Relation relation);

}  // namespace lead_scoring
