// Acting as the model's owner, the way foreign-key checks act as the owner of the table they read.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "utils/guc.h"
}

namespace lead_scoring {

struct SavedIdentity {
    Oid user;
    int context;
    int settings;  // nest level of the search_path
};

// Lets the caller's search_path reach nothing until `restore`, or until a subtransaction begun before ends. Nor are
// backslashes in our statements what an old application's session takes them for.
inline void shut_search_path() {
    constexpr const char* kSafePath = "pg_catalog, pg_temp";
    if (strcmp(namespace_search_path, kSafePath) != 0)
        set_config_option("search_path", kSafePath, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    if (!standard_conforming_strings)
        set_config_option("standard_conforming_strings", "on", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                          false);
}

// Makes the owner the current user, in a security-restricted operation. The search_path is still the caller's:
// shut_search_path must be called before anything is parsed, planned or run that may look at it. For triggers, most of
// whose runs do nothing of the kind: setting it is dear.
inline SavedIdentity become_for_trigger(Oid owner) {
    SavedIdentity saved;
    GetUserIdAndSecContext(&saved.user, &saved.context);
    SetUserIdAndSecContext(
        owner, saved.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
    saved.settings = NewGUCNestLevel();
    return saved;
}

// Makes the owner the current user until `restore`: row security of his own tables does not hold him back, users'
// expressions cannot touch the session, and the caller's search_path does not reach our statements. An error in between
// needs no undoing: (sub)transaction abort restores all of it.
inline SavedIdentity become(Oid owner) {
    SavedIdentity saved = become_for_trigger(owner);
    shut_search_path();
    return saved;
}

// Makes the owner the current user, and restricts nothing: for writing the user's own tables
// (pg/model/table_write.hpp). Triggers there are the user's; what they may do is not ours to restrict. The search_path
// is the caller's until it is set.
inline SavedIdentity act_as(Oid owner) {
    SavedIdentity saved;
    GetUserIdAndSecContext(&saved.user, &saved.context);
    SetUserIdAndSecContext(owner, saved.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
    saved.settings = NewGUCNestLevel();
    return saved;
}

// Undoes one of the three, the latest first: user and settings are what they were before.
inline void restore(const SavedIdentity& saved) {
    AtEOXact_GUC(false, saved.settings);
    SetUserIdAndSecContext(saved.user, saved.context);
}

}  // namespace lead_scoring
