// What the reading functions have in common: who may read, which lead is meant, and the owner's identity.
#pragma once

#include "pg/postgres.hpp"

#include "pg/identity.hpp"
#include "pg/model.hpp"
#include "pg/query.hpp"

namespace lead_scoring {

// One run of a reading function, from begin_reading to end_reading. Everything is read under one snapshot: the newest
// of the calling statement.
struct Reading {
    Model* model;
    const PublishedVersion* version;
    SavedIdentity identity;
};

// Raises 42704 for an unknown model, 42501 unless the caller may SELECT its scores, 55000 where nothing is published.
Reading begin_reading(const char* model);
void end_reading(const Reading* reading);

// The model as it is while the caller's transaction lasts: owner commands that change it wait for the lock on leads, as
// they do for statements on events.
Model* hold_off_versions(Model* model);

// The version in force; null where the model does not score at present.
const PublishedVersion* scoring_version(Model* model);
// The same; raises 55000 where there is none.
const PublishedVersion* require_scoring(Model* model);

// Raises 22004 where that argument of a function that is not strict is NULL. `call`: how to call it.
void require_argument(FunctionCallInfo fcinfo, int number, const char* name, const char* call);

// The key that argument `number` gives, as text or in a key type of its own.
Datum lead_argument(FunctionCallInfo fcinfo, int number, const KeyType& type);

// Raises P0002.
[[noreturn]] void no_such_lead(const Model* model, Datum key);

}  // namespace lead_scoring
