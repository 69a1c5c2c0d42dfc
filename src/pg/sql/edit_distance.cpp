#include "pg/server/postgres.hpp"

extern "C" {
#include "mb/pg_wchar.h"
#include "utils/varlena.h"
}

// edit_distance(a text, b text) returns integer
LEAD_SCORING_FUNCTION(lead_scoring_edit_distance);
Datum lead_scoring_edit_distance(PG_FUNCTION_ARGS) {
    constexpr int kLongest = 63;
    auto clip = [](const text* name) {
        return pg_mbcliplen(VARDATA_ANY(name), static_cast<int>(VARSIZE_ANY_EXHDR(name)), kLongest);
    };
    const text* a = PG_GETARG_TEXT_PP(0);
    const text* b = PG_GETARG_TEXT_PP(1);
    PG_RETURN_INT32(varstr_levenshtein(VARDATA_ANY(a), clip(a), VARDATA_ANY(b), clip(b), 1, 1, 1, false));
}
