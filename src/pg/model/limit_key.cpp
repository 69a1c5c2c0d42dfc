#include "pg/server/postgres.hpp"

#include "pg/model/limit_key.hpp"

#include "core/base/key_hash.hpp"
#include "pg/server/utf8.hpp"

namespace lead_scoring {

uint64 hash_limit_key(const text* key) {
    uint64 hash = hash_key(to_utf8({VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)}));
    return hash <= kNullKey ? hash + 2 : hash;
}

}  // namespace lead_scoring
