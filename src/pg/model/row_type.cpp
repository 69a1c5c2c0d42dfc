#include "pg/server/postgres.hpp"

#include "pg/model/row_type.hpp"

#include "pg/model/model.hpp"

extern "C" {
#include "access/tupdesc.h"
}

namespace lead_scoring {

RowType row_type_of(Relation relation) {
    return {CreateTupleDescCopyConstr(RelationGetDescr(relation)), invalidation_count()};
}

bool has_row_type(Relation relation, RowType* type) {
    if (type->checked == invalidation_count()) return true;
    if (!equalTupleDescs(type->columns, RelationGetDescr(relation))) return false;
    type->checked = invalidation_count();
    return true;
}

}  // namespace lead_scoring
