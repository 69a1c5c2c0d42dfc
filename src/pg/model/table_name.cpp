#include "pg/server/postgres.hpp"

#include "pg/model/table_name.hpp"

namespace lead_scoring {

char* own_table(const char* model, const char* table) { return quote_qualified_identifier(model, table); }

}  // namespace lead_scoring
