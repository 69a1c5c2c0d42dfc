#include "pg/server/postgres.hpp"

#include "pg/model/lead_of.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

namespace lead_scoring {

LeadColumn lead_column_of(const Binding& binding, const Source* source, Relation relation) {
    Oid table = RelationGetRelid(relation);
    LeadColumn column = {get_attnum(table, lead_column(binding, source)), InvalidAttrNumber};
    if (source != kLeads && source->anonymous != nullptr) column.anonymous = get_attnum(table, source->anonymous);
    return column;
}

bool visitor_of(LeadColumn column, TupleTableSlot* row, Datum* visitor) {
    bool is_null = true;
    if (column.anonymous == InvalidAttrNumber) return false;
    slot_getattr(row, column.number, &is_null);
    if (!is_null) return false;
    *visitor = slot_getattr(row, column.anonymous, &is_null);
    return !is_null;
}

char* lead_of(const Binding& binding, const Source* source, const char* row) {
    return psprintf("%s.%s", row, quote_identifier(lead_column(binding, source)));
}

char* is_identified(const Binding& binding, const Source* source, const char* row, const char* identity) {
    return psprintf("%s IS NULL AND %s.%s = %s.%s", lead_of(binding, source, row), row,
                    quote_identifier(source->anonymous), identity, quote_identifier(binding.identities->anonymous));
}

}  // namespace lead_scoring
