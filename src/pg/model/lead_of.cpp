#include "pg/server/postgres.hpp"

#include "pg/model/lead_of.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

namespace lead_scoring {

LeadColumn lead_column_of(const Binding& binding, const Source* source, Relation relation) {
    return {get_attnum(RelationGetRelid(relation), lead_column(binding, source))};
}

char* lead_of(const Binding& binding, const Source* source, const char* row) {
    return psprintf("%s.%s", row, quote_identifier(lead_column(binding, source)));
}

}  // namespace lead_scoring
