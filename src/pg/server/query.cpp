#include "pg/server/postgres.hpp"

#include "pg/server/query.hpp"

extern "C" {
#include "utils/lsyscache.h"
#include "utils/portal.h"
}

namespace lead_scoring {

const char* relation_name(Oid relation) {
    const char* name = get_rel_name(relation);
    const char* schema = get_namespace_name(get_rel_namespace(relation));
    if (name == nullptr || schema == nullptr) return psprintf("%u", relation);
    return quote_qualified_identifier(schema, name);
}

void query(const char* sql, int arguments, Oid* types, Datum* values, const char* nulls) {
    int code = SPI_execute_with_args(sql, arguments, types, values, nulls, true, 0);
    if (code < 0) elog(ERROR, "query failed: %s", SPI_result_code_string(code));
}

SPIPlanPtr prepare(const char* sql, int arguments, Oid* types) {
    SPIPlanPtr plan = SPI_prepare_cursor(sql, arguments, types, CURSOR_OPT_GENERIC_PLAN);
    if (plan == nullptr) elog(ERROR, "cannot prepare a statement: %s", SPI_result_code_string(SPI_result));
    return plan;
}

SPIPlanPtr prepare_kept(const char* sql, int arguments, Oid* types) {
    SPIPlanPtr plan = prepare(sql, arguments, types);
    if (SPI_keepplan(plan) != 0) elog(ERROR, "cannot keep a plan");
    return plan;
}

Portal open_cursor(SPIPlanPtr statement, Datum* arguments, bool read_only) {
    Portal cursor = SPI_cursor_open(nullptr, statement, arguments, nullptr, read_only);
    if (cursor == nullptr) elog(ERROR, "cannot open a cursor: %s", SPI_result_code_string(SPI_result));
    PinPortal(cursor);
    return cursor;
}

void close_cursor(Portal cursor) {
    UnpinPortal(cursor);
    SPI_cursor_close(cursor);
}

void connect_spi() {
    int code = SPI_connect();
    if (code != SPI_OK_CONNECT) elog(ERROR, "cannot connect to SPI: %s", SPI_result_code_string(code));
}

void finish_spi() {
    int code = SPI_finish();
    if (code != SPI_OK_FINISH) elog(ERROR, "cannot finish SPI: %s", SPI_result_code_string(code));
}

}  // namespace lead_scoring
