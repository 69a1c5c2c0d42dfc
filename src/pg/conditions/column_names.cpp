// What is a column in an expression that is not checked yet, since the table it will be over has other columns: by the
// server's own grammar, which needs no table to parse it.

#include "pg/server/postgres.hpp"

extern "C" {
#include "common/keywords.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "utils/builtins.h"
}

using namespace lead_scoring;

namespace {

struct Found {
    const char* expression;
    ReturnSetInfo* result;
};

// Where the last of so many names that are joined by dots begins, in bytes.
int find_last_name(const char* names, int count) {
    core_yy_extra_type state = {};
    core_yyscan_t scanner = scanner_init(names, &state, &ScanKeywords, ScanKeywordTokens);
    YYLTYPE at = 0;
    for (int i = 0; i < 2 * count - 1; ++i) {
        CHECK_FOR_INTERRUPTS();
        core_YYSTYPE value = {};
        core_yylex(&value, &at, scanner);
    }
    scanner_finish(scanner);
    return at;
}

// In bytes, with its quotes.
int name_length(const char* name) {
    const char* end = name;
    if ((*end == 'U' || *end == 'u') && end[1] == '&' && end[2] == '"') end += 2;
    if (*end == '"') {
        do {
            for (++end; *end != '"'; ++end) {
            }
            ++end;
        } while (*end == '"');
    } else {
        while (IS_HIGHBIT_SET(*end) || isalnum(static_cast<unsigned char>(*end)) || *end == '_' || *end == '$') ++end;
    }
    return static_cast<int>(end - name);
}

bool add_columns(Node* node, void* context) {
    if (node == nullptr) return false;
    check_stack_depth();
    CHECK_FOR_INTERRUPTS();
    if (!IsA(node, ColumnRef))
        return raw_expression_tree_walker(node, reinterpret_cast<TreeWalker>(add_columns), context);
    auto* column = reinterpret_cast<ColumnRef*>(node);
    auto* last = static_cast<Node*>(llast(column->fields));
    if (!IsA(last, String)) return false;  // all columns of a row
    auto* found = static_cast<Found*>(context);
    int at = column->location + find_last_name(found->expression + column->location, list_length(column->fields));
    const char* name = found->expression + at;
    Datum values[] = {Int32GetDatum(pg_mbstrlen_with_len(found->expression, at) + 1),
                      Int32GetDatum(pg_mbstrlen_with_len(name, name_length(name))), CStringGetTextDatum(strVal(last))};
    bool nulls[] = {false, false, false};
    tuplestore_putvalues(found->result->setResult, found->result->setDesc, values, nulls);
    return false;
}

}  // namespace

// column_names(expression text) returns (place integer, length integer, name text)
LEAD_SCORING_FUNCTION(lead_scoring_column_names);
Datum lead_scoring_column_names(PG_FUNCTION_ARGS) {
    const char* expression = text_to_cstring(PG_GETARG_TEXT_PP(0));
    InitMaterializedSRF(fcinfo, 0);
    Found found = {expression, reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)};
    List* parsed = raw_parser(expression, RAW_PARSE_PLPGSQL_EXPR);
    add_columns(linitial_node(RawStmt, parsed)->stmt, &found);
    return static_cast<Datum>(0);
}
