#include "pg/server/postgres.hpp"

#include "pg/server/utf8.hpp"

#include <algorithm>

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

std::string_view convert(std::string_view bytes, int from, int to) {
    int encoding = GetDatabaseEncoding();
    if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII || is_ascii(bytes)) return bytes;
    Oid conversion = FindDefaultConversionProc(from, to);
    if (!OidIsValid(conversion)) return bytes;
    auto length = static_cast<int>(bytes.size());
    auto room = static_cast<int>(std::min<Size>(bytes.size() * MAX_CONVERSION_GROWTH + 1, MaxAllocSize));
    auto* text = static_cast<char*>(palloc(static_cast<Size>(room)));
    auto* source = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    int converted = pg_do_encoding_conversion_buf(conversion, from, to, source, length,
                                                  reinterpret_cast<unsigned char*>(text), room, true);
    return converted == length ? std::string_view(text) : bytes;
}

}  // namespace

std::string_view to_utf8(std::string_view text) { return convert(text, GetDatabaseEncoding(), PG_UTF8); }

std::string_view from_utf8(std::string_view text) { return convert(text, PG_UTF8, GetDatabaseEncoding()); }

}  // namespace lead_scoring
