// The errors of what is written in SQL.

#include "pg/server/postgres.hpp"

#include "pg/model/identity.hpp"

using namespace lead_scoring;

namespace {

const char* text_argument(FunctionCallInfo fcinfo, int place) {
    return PG_ARGISNULL(place) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(place));
}

// Anything but five letters or digits is no code, nor is what would say that nothing failed.
int sqlstate_of(const char* code) {
    if (code == nullptr || strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5 || strlen(code) != 5 ||
        strncmp(code, "00", 2) == 0)
        return ERRCODE_INVALID_PARAMETER_VALUE;
    return MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4]);
}

}  // namespace

// fail(code text, message text, detail text, hint text, constraint_name text)
LEAD_SCORING_FUNCTION(lead_scoring_fail);
Datum lead_scoring_fail(PG_FUNCTION_ARGS) {
    const char* message = text_argument(fcinfo, 1);
    const char* detail = text_argument(fcinfo, 2);
    const char* hint = text_argument(fcinfo, 3);
    const char* constraint = text_argument(fcinfo, 4);
    int sqlstate = sqlstate_of(text_argument(fcinfo, 0));
    // Where no command led here, there are the call itself and the function that makes it.
    if (hide_internals() == error_context_stack)
        for (int i = 0; i < 2 && error_context_stack != nullptr; ++i)
            error_context_stack = error_context_stack->previous;
    ereport(ERROR, (errcode(sqlstate), errmsg_internal("%s", message == nullptr ? "" : message),
                    detail == nullptr ? 0 : errdetail_internal("%s", detail), hint == nullptr ? 0 : errhint("%s", hint),
                    constraint == nullptr ? 0 : err_generic_string(PG_DIAG_CONSTRAINT_NAME, constraint)));
    pg_unreachable();
}
