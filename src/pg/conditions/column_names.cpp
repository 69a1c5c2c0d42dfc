// What may be a column in an expression that is not parsed yet, since the table it will be over has other columns: by
// the server's own scanner, which knows strings, quotes, comments and keywords.

#include "pg/server/postgres.hpp"

extern "C" {
#include "common/keywords.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/scanner.h"
#include "utils/builtins.h"
}

using namespace lead_scoring;

namespace {

// What the scanner calls its tokens: see its header. The others are characters, or keywords above these.
constexpr int kIdentifier = 258;
constexpr int kString = 261;
constexpr int kCast = 268;

struct Token {
    int code;          // 0: none
    int at;            // bytes before it
    const char* word;  // an identifier as it is folded, or a keyword; null for all else
    bool is_name;      // may be a column's name as it is
};

Token scan(core_yyscan_t scanner) {
    core_YYSTYPE value = {};
    YYLTYPE at = 0;
    Token token = {core_yylex(&value, &at, scanner), 0, nullptr, false};
    token.at = at;
    if (token.code == kIdentifier) {
        token.word = value.str;
        token.is_name = true;
    } else if (token.code > kCast && value.keyword != nullptr) {
        int keyword = ScanKeywordLookup(value.keyword, &ScanKeywords);
        if (keyword < 0) return token;  // a sign of two characters
        token.word = value.keyword;
        token.is_name = ScanKeywordCategories[keyword] <= COL_NAME_KEYWORD;
    }
    return token;
}

bool is(const Token& token, const char* word) { return token.word != nullptr && strcmp(token.word, word) == 0; }

// A name that is not that of a function, type, collation, table or part of another name, nor a word of the grammar.
bool is_column(const Token& two_before, const Token& before, const Token& token, const Token& next) {
    if (!token.is_name || next.code == '(' || next.code == '.' || next.code == kString) return false;
    if (before.code == '.' || before.code == kCast || is(before, "as") || is(before, "collate")) return false;
    if (before.code == '(' && is(two_before, "extract")) return false;
    return !(is(token, "time") && is(before, "at")) && !(is(token, "zone") && is(before, "time"));
}

// In bytes, with its quotes.
int name_length(const char* name) {
    const char* end = name;
    if (*name == '"') {
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

}  // namespace

// column_names(expression text) returns (place integer, length integer, name text)
LEAD_SCORING_FUNCTION(lead_scoring_column_names);
Datum lead_scoring_column_names(PG_FUNCTION_ARGS) {
    const char* expression = text_to_cstring(PG_GETARG_TEXT_PP(0));
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    core_yy_extra_type state = {};
    core_yyscan_t scanner = scanner_init(expression, &state, &ScanKeywords, ScanKeywordTokens);
    state.standard_conforming_strings = true;
    Token two_before = {};
    Token before = {};
    for (Token token = scan(scanner), next = {}; token.code != 0; two_before = before, before = token, token = next) {
        CHECK_FOR_INTERRUPTS();
        next = scan(scanner);
        if (!is_column(two_before, before, token, next)) continue;
        const char* name = expression + token.at;
        Datum values[] = {Int32GetDatum(pg_mbstrlen_with_len(expression, token.at) + 1),
                          Int32GetDatum(pg_mbstrlen_with_len(name, name_length(name))),
                          CStringGetTextDatum(token.word)};
        bool nulls[] = {false, false, false};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    scanner_finish(scanner);
    return static_cast<Datum>(0);
}
