// The shape of a model's own tables: what the library relies on when it reads and writes them. Their owner may alter
// them in any way.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/lead_key.hpp"
#include "pg/model/version.hpp"

extern "C" {
#include "utils/rel.h"
}

namespace lead_scoring {

// The tables of a model: first those that scoring works with, then what comes of moves and of accounts, then the draft.
// As they are to be they are in schema lead_scoring_internal (sql/install/90-tables).
inline constexpr const char* kOwnTables[] = {
    "settings", "versions", "scores",          "transitions",    "adjustments", "problems",  "merged",      "forgotten",
    "sources",  "handoffs", "outbox",          "account_states", "calendar",    "holidays",  "rule_groups", "rules",
    "bands",    "stages",   "report_settings", "account_rules",  "entries",     "lead_types"};
inline constexpr int kScoringTables = 9;
inline constexpr int kStateTables = 12;

// Those of them that have rows of leads, by their column lead_id. The score row goes first, for it is the lock that
// others wait for. A lead that is removed is removed from each; merge_leads has a way for each (pg/sql/merge.cpp).
inline constexpr const char* kLeadTables[] = {"scores", "transitions", "problems", "adjustments", "handoffs", "merged"};

// Raises 55000 where a table of the model's own is missing, or is not as it has to be: one of those that scoring works
// with, or, with `draft`, any.
void require_shape(const char* model, Oid schema, bool draft);

// Raises 55000: the settings have no row, so nothing says what the model is bound to.
[[noreturn]] void no_settings_row(const char* model);

// Raises 55000 where scores, which is open, is not as it has to be, with keys of that type and the columns of the
// version's stages.
void require_shape_of_scores(const char* model, Relation scores, const KeyType& key, const Version* version);

}  // namespace lead_scoring
