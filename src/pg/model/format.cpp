#include "pg/server/postgres.hpp"

#include "pg/model/format.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

namespace lead_scoring {

bool has_column(const Model* model, const char* table, const char* column) {
    return get_attnum(get_relname_relid(table, model->schema), column) != InvalidAttrNumber;
}

void require_column(const Model* model, const char* table, const char* column, const char* what) {
    if (has_column(model, table, column)) return;
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("model \"%s\" cannot %s", model->name, what),
             errdetail("Its tables are of an older version, without the column \"%s\" of \"%s\".", column, table),
             errhint("SELECT lead_scoring.upgrade_model(%s);", quote_literal_cstr(model->name))));
}

}  // namespace lead_scoring
