#include "pg/server/postgres.hpp"

#include "pg/aggregates/row_array.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"
}

namespace lead_scoring {

TupleDesc element_row_type(FunctionCallInfo fcinfo, int columns) {
    if (fcinfo->flinfo->fn_extra == nullptr) {
        Oid row_type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
        if (!OidIsValid(row_type))
            ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("result type is not an array")));
        MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
        TupleDesc descriptor = lookup_rowtype_tupdesc_copy(row_type, -1);
        MemoryContextSwitchTo(caller);
        if (descriptor->natts != columns)
            ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                            errmsg("result type has %d columns rather than %d", descriptor->natts, columns)));
        fcinfo->flinfo->fn_extra = descriptor;
    }
    return static_cast<TupleDesc>(fcinfo->flinfo->fn_extra);
}

Datum array_of_rows(Datum* rows, int count, TupleDesc descriptor) {
    return PointerGetDatum(construct_array(rows, count, descriptor->tdtypeid, -1, false, TYPALIGN_DOUBLE));
}

}  // namespace lead_scoring
