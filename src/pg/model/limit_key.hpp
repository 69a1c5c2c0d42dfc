// Limit keys as cards remember them.
#pragma once

#include "pg/server/postgres.hpp"

namespace lead_scoring {

// Hashes of nothing: a rule without limit_key, and a key that is null.
inline constexpr uint64 kNoKey = 0;
inline constexpr uint64 kNullKey = 1;

// The hash of the key's characters, whatever the database's encoding; of its bytes where these are no characters
// (SQL_ASCII, a character that Unicode does not have). Never kNoKey or kNullKey.
uint64 hash_limit_key(const text* key);

}  // namespace lead_scoring
