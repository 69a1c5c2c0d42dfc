#include "pg/server/postgres.hpp"

#include "pg/model/limit_key.hpp"

#include <algorithm>
#include <string_view>

#include "core/base/key_hash.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"
}

namespace lead_scoring {

namespace {

bool is_ascii(std::string_view bytes) {
    return std::ranges::all_of(bytes, [](char byte) { return !IS_HIGHBIT_SET(byte); });
}

// In the current memory context; the bytes themselves where they cannot be converted.
std::string_view convert_to_utf8(std::string_view bytes) {
    Oid conversion = FindDefaultConversionProc(GetDatabaseEncoding(), PG_UTF8);
    if (!OidIsValid(conversion)) return bytes;
    auto length = static_cast<int>(bytes.size());
    auto room = static_cast<int>(std::min<Size>(bytes.size() * MAX_CONVERSION_GROWTH + 1, MaxAllocSize));
    auto* utf8 = static_cast<char*>(palloc(static_cast<Size>(room)));
    auto* source = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    int converted = pg_do_encoding_conversion_buf(conversion, GetDatabaseEncoding(), PG_UTF8, source, length,
                                                  reinterpret_cast<unsigned char*>(utf8), room, true);
    return converted == length ? std::string_view(utf8) : bytes;
}

}  // namespace

uint64 hash_limit_key(const text* key) {
    std::string_view bytes = {VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)};
    int encoding = GetDatabaseEncoding();
    if (encoding != PG_UTF8 && encoding != PG_SQL_ASCII && !is_ascii(bytes)) bytes = convert_to_utf8(bytes);
    uint64 hash = hash_key(bytes);
    return hash <= kNullKey ? hash + 2 : hash;
}

}  // namespace lead_scoring
