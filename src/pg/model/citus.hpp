// Tables of Citus, on which models are not supported: their rows are in shards, on other servers or under other names,
// and the tables that triggers would write to are not there.
#pragma once

#include "pg/server/postgres.hpp"

namespace lead_scoring {

// What the relation is to Citus, in words that go after "table public.events"; null where it is nothing to it, or there
// is no Citus: that is asked of the system cache. Needs no right on Citus's catalogs.
const char* found_in_citus(Oid relation);

// What to do about it: a hint.
const char* citus_hint(Oid relation);

inline constexpr const char* kCitusDetail =
    "Models are not supported on Citus: triggers on a shard would find the model's tables on another server, or not at "
    "all.";

// Raises 0A000 where the relation is something to Citus.
void refuse_citus(Oid relation);

}  // namespace lead_scoring
