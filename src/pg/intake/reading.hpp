// What the reading functions have in common: who may read, which lead is meant, and the owner's identity.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/as_owner.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/model.hpp"
#include "pg/server/query.hpp"

namespace lead_scoring {

// One run of a reading function, from begin_reading to end_reading. Everything is read under the active snapshot.
struct Reading {
    Model* model;
    const Version* version;  // the one that the snapshot sees, or that of a definition which is not stored
    AsOwner as;
};

// Raises 42501 unless the current user has USAGE on the model's schema and SELECT on a relation in it, or on the column
// if one is given.
void require_reader(const Model* model, Oid relation, AttrNumber column = InvalidAttrNumber);

// Begins to read all leads of a model, as its owner. Locks the model's own tables (ACCESS SHARE) until the transaction
// ends. Raises 42704 for an unknown model, 42501 unless the caller may read all of its scores, 55000 where nothing is
// published, and as use_bound does. `what` names that which tells of all leads, as a sentence begins.
Reading begin_reading(const char* model, const char* what);
// Begins to read one lead: of the model in the function's first argument the one in its second, whose key is returned.
// False, and nothing was begun, where row security hides the lead from the caller. Raises as begin_reading does, and
// what key_from_text raises. Whether there is such a lead is not looked at.
bool begin_reading_lead(FunctionCallInfo fcinfo, Reading* reading, Datum* key);
// The same where nothing may be published yet: then the version is null, and nothing was begun.
bool begin_reading_lead_if_published(FunctionCallInfo fcinfo, Reading* reading, Datum* key);
// The same by a definition that is not stored, as compile_draft() returns it; nothing needs to be published. To be
// called within an entry of the model.
bool begin_reading_lead_by(Datum definition, FunctionCallInfo fcinfo, Reading* reading, Datum* key);
void end_reading(const Reading* reading);

// Locks the leads table as a writer does (ROW EXCLUSIVE), and returns the model as it is then and while the transaction
// lasts: owner commands that change it wait for that lock, as they do for statements on events. A paused model is
// returned as it is.
Model* hold_off_versions(Model* model);

// The version in force; null where the model does not score at present: it is paused, or nothing is published. Raises
// 40001 as current_version does.
const Version* scoring_version(Model* model);
// The same, raising 55000 in place of null.
const Version* require_scoring(Model* model);

// Raises 22004 where that argument of a function that is not strict is NULL. `call`: how to call it.
void require_argument(FunctionCallInfo fcinfo, int number, const char* name, const char* call);

// The key that argument `number` gives, as text or in a type of its own. Raises as key_from_text does where it is none.
Datum lead_argument(FunctionCallInfo fcinfo, int number, const KeyType& type);

// Raises P0002: neither of the user's tables knows the lead.
[[noreturn]] void no_such_lead(const Model* model, Datum key);

}  // namespace lead_scoring
