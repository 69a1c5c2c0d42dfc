// Text in UTF-8, which is what stored names and hashes of keys are made of, so that they are the same in a database of
// another encoding.
#pragma once

#include "pg/server/postgres.hpp"

#include <string_view>

namespace lead_scoring {

// From the database's encoding and back. The bytes themselves where nothing has to be converted, or where they are no
// characters of both (SQL_ASCII, a character that the other does not have); else in the current memory context.
std::string_view to_utf8(std::string_view text);
std::string_view from_utf8(std::string_view text);

}  // namespace lead_scoring
