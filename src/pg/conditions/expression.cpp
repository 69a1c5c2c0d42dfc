#include "pg/server/postgres.hpp"

#include "pg/conditions/expression.hpp"

#include "pg/conditions/immutability.hpp"
#include "pg/server/owner.hpp"
#include "pg/server/session_locks.hpp"

extern "C" {
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
}

namespace lead_scoring {

namespace {

struct Place {
    const char* text;
    Relation relation;
    bool refused;  // the error is our own and says it all
};

// Names the table's columns, as a hint for an unknown one.
char* list_columns(Relation relation) {
    StringInfoData names;
    initStringInfo(&names);
    TupleDesc columns = RelationGetDescr(relation);
    for (int i = 0; i < columns->natts; ++i) {
        Form_pg_attribute column = TupleDescAttr(columns, i);
        if (column->attisdropped) continue;
        appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", quote_identifier(NameStr(column->attname)));
    }
    return names.data;
}

// Shows an error's place in the expression itself, not in the statement that happens to run, and says of the parser's
// commonest complaints what they mean here.
void show_place(void* context) {
    auto* place = static_cast<Place*>(context);
    int position = geterrposition();
    if (position > 0) {
        errposition(0);
        internalerrposition(position);
        internalerrquery(place->text);
    }
    if (place->refused) return;
    switch (geterrcode()) {
        case ERRCODE_UNDEFINED_COLUMN:
        case ERRCODE_UNDEFINED_TABLE:
        case ERRCODE_UNDEFINED_PARAMETER:
        case ERRCODE_INVALID_COLUMN_REFERENCE:
            errdetail("The expression is evaluated for one row of table \"%s\".",
                      RelationGetRelationName(place->relation));
            errhint("Columns of that table: %s.", list_columns(place->relation));
            break;
        case ERRCODE_DATATYPE_MISMATCH:
            errdetail("A condition is true or false for each row.");
            errhint("Compare, as in (properties->>'minutes')::numeric > 5.");
            break;
        case ERRCODE_INVALID_TEXT_REPRESENTATION:
            errdetail("A constant takes the type of what it is compared with.");
            errhint("Write a value of that type, or cast the other side, as in (properties->>'minutes')::numeric > 5.");
            break;
        case ERRCODE_UNDEFINED_FUNCTION:
            errdetail("No function or operator of that name takes these types.");
            errhint("Cast where types differ, as in (properties->>'minutes')::numeric > 5.");
            break;
        case ERRCODE_SYNTAX_ERROR:
            errdetail("A rule's expression is an SQL expression over one row of table \"%s\".",
                      RelationGetRelationName(place->relation));
            errhint("Write it as in a CHECK constraint: properties->>'path' like '/pricing%%'.");
            break;
        case ERRCODE_GROUPING_ERROR:
        case ERRCODE_WINDOWING_ERROR:
        case ERRCODE_FEATURE_NOT_SUPPORTED:
            errdetail("A rule looks at one row of one table, so that a score depends on nothing else.");
            errhint("Put what the rule needs into a column of table \"%s\".", RelationGetRelationName(place->relation));
            break;
        default:
            break;
    }
}

[[noreturn]] void refuse(int sqlstate, const char* message, const char* detail, const char* hint) {
    ereport(ERROR, (errcode(sqlstate), errmsg("%s", message), errdetail("%s", detail), errhint("%s", hint)));
    pg_unreachable();
}

Node* parse(const char* text, Place* place) {
    List* parsed = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
    auto* select = castNode(SelectStmt, linitial_node(RawStmt, parsed)->stmt);
    bool plain = list_length(select->targetList) == 1 && select->fromClause == NIL && select->whereClause == nullptr &&
                 select->groupClause == NIL && select->havingClause == nullptr && select->windowClause == NIL &&
                 select->distinctClause == NIL && select->sortClause == NIL && select->limitCount == nullptr &&
                 select->limitOffset == nullptr && select->lockingClause == NIL && select->withClause == nullptr &&
                 select->op == SETOP_NONE && linitial_node(ResTarget, select->targetList)->name == nullptr;
    if (plain) {
        Node* value = linitial_node(ResTarget, select->targetList)->val;
        plain = !IsA(value, ColumnRef) || !IsA(linitial(reinterpret_cast<ColumnRef*>(value)->fields), A_Star);
    }
    place->refused = !plain;
    if (!plain)
        refuse(ERRCODE_SYNTAX_ERROR, "a rule's expression must be a single value",
               "It is evaluated for each row, as the expression of a CHECK constraint is.",
               "Write an expression such as properties->>'path' like '/pricing%'.");
    return linitial_node(ResTarget, select->targetList)->val;
}

Node* coerce(ParseState* state, Node* node, ExpressionKind kind, Place* place) {
    Oid type = exprType(node);
    switch (kind) {
        case ExpressionKind::Condition:
            return coerce_to_boolean(state, node, "a rule's condition");
        case ExpressionKind::Number: {
            Node* number =
                coerce_to_target_type(state, node, type, FLOAT8OID, -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
            place->refused = number == nullptr;
            if (number == nullptr)
                ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                                errmsg("\"per\" must be a number, not type %s", format_type_be(type)),
                                errdetail("The points of a match are multiplied by it."),
                                errhint("Cast it, as in (properties->>'minutes')::float8."),
                                parser_errposition(state, exprLocation(node))));
            return number;
        }
        case ExpressionKind::Key: {
            Node* key =
                coerce_to_target_type(state, node, type, TEXTOID, -1, COERCION_EXPLICIT, COERCE_EXPLICIT_CAST, -1);
            place->refused = key == nullptr;
            if (key == nullptr)
                ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                                errmsg("type %s cannot be a limit key", format_type_be(type)),
                                errdetail("A limit key is compared by its text."),
                                errhint("Use an expression that casts to text, as in properties->>'asset'."),
                                parser_errposition(state, exprLocation(node))));
            return key;
        }
    }
    pg_unreachable();
}

[[noreturn]] void refuse_mutable() {
    refuse(ERRCODE_INVALID_OBJECT_DEFINITION, "functions in a rule's expression must be immutable",
           "A score must come out the same whenever it is computed again, whatever the session's settings.",
           "Compare columns with each other; write (occurred_at AT TIME ZONE 'UTC')::date for a day.");
}

bool is_temporary(Oid function, void*) { return isAnyTempNamespace(get_func_namespace(function)); }

bool refuse_special_nodes(Node* node, void* context) {
    if (node == nullptr) return false;
    if (IsA(node, Var) && reinterpret_cast<Var*>(node)->varattno < 0)
        refuse(ERRCODE_FEATURE_NOT_SUPPORTED, "system columns are not allowed in a rule's expression",
               "They change without the row being changed.", "Use columns of the table's own.");
    if (check_functions_in_node(node, is_temporary, context))
        refuse(ERRCODE_FEATURE_NOT_SUPPORTED, "temporary functions are not allowed in a rule's expression",
               "They are gone with the session.", "Create the function in the schema of the table.");
    return expression_tree_walker(node, reinterpret_cast<TreeWalker>(refuse_special_nodes), context);
}

Node* replace_generated_columns(Node* node, void* context) {
    if (node == nullptr) return nullptr;
    auto* relation = static_cast<Relation>(context);
    if (IsA(node, Var)) {
        int column = reinterpret_cast<Var*>(node)->varattno;
        if (column > 0 && TupleDescAttr(RelationGetDescr(relation), column - 1)->attgenerated != 0)
            return build_column_default(relation, column);
    }
    return expression_tree_mutator(node, reinterpret_cast<TreeMutator>(replace_generated_columns), context);
}

void set(const char* name, const char* value) {
    const char* current = GetConfigOption(name, false, false);
    if (current != nullptr && strcmp(current, value) == 0) return;
    set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

// Until the nest level ends: names in pg_catalog, then `schema` if valid; constants read and written in one way, but
// for times without a zone, which are in the session's.
void fix_settings_but_zone(Oid schema) {
    StringInfoData path;
    initStringInfo(&path);
    appendStringInfoString(&path, "pg_catalog");
    if (OidIsValid(schema)) appendStringInfo(&path, ", %s", quote_identifier(get_namespace_name(schema)));
    appendStringInfoString(&path, ", pg_temp");
    set("search_path", path.data);
    set("datestyle", "ISO, MDY");
    set("intervalstyle", "postgres");
    set("extra_float_digits", "1");
    set("bytea_output", "hex");
    set("timezone_abbreviations", "Default");
    set("standard_conforming_strings", "on");
    set("transform_null_equals", "off");
    set("quote_all_identifiers", "off");
}

// The text of a date is the same everywhere, as settings are fixed when it is written: of a key that is one, only the
// date is looked at.
Node* without_text(Node* node) {
    if (!IsA(node, CoerceViaIO)) return node;
    auto* text = reinterpret_cast<CoerceViaIO*>(node);
    auto* value = reinterpret_cast<Node*>(text->arg);
    return text->resulttype == TEXTOID && exprType(value) == DATEOID ? value : node;
}

Node* transform(Relation relation, const char* text, ExpressionKind kind) {
    Place place = {text, relation, false};
    ErrorContextCallback context;
    context.callback = show_place;
    context.arg = &place;
    context.previous = error_context_stack;
    error_context_stack = &context;

    Node* raw = parse(text, &place);
    ParseState* state = make_parsestate(nullptr);
    state->p_sourcetext = text;
    ParseNamespaceItem* item = addRangeTableEntryForRelation(state, relation, AccessShareLock, nullptr, false, true);
    addNSItemToQuery(state, item, true, true, true);
    Node* node = transformExpr(state, raw, EXPR_KIND_CHECK_CONSTRAINT);
    node = coerce(state, node, kind, &place);
    assign_expr_collations(state, node);
    free_parsestate(state);
    place.refused = true;  // from here on the errors are our own
    refuse_special_nodes(node, nullptr);
    error_context_stack = context.previous;
    return node;
}

// What takes the place of the expression: generated columns and default arguments are filled in.
Node* complete(Relation relation, Node* node) {
    Node* completed = fill_in_defaults(replace_generated_columns(node, relation));
    if (is_mutable(without_text(completed))) refuse_mutable();
    return completed;
}

// Inlining shows what functions are made of.
Expr* plan_expression(Node* completed, Dependencies* dependencies) {
    Expr* planned = plan_and_note(dependencies, completed);
    if (is_mutable(without_text(reinterpret_cast<Node*>(planned)))) refuse_mutable();
    return planned;
}

}  // namespace

char* check_expression(Relation relation, const char* typed, ExpressionKind kind) {
    Oid owner = relation->rd_rel->relowner;
    bool for_owner = has_privs_of_role(GetUserId(), owner);
    // What is known of leads is no table of the owner's: whoever checks what reads it evaluates it.
    bool plans = for_owner || strcmp(RelationGetRelationName(relation), "lead_features") == 0;
    char* checked = nullptr;
    // Parsing already runs what it does not know: a constant is read by its type, which may look at a domain's CHECK.
    call_and_undo([&] {
        SavedIdentity identity = become(for_owner ? owner : GetUserId());
        fix_settings_but_zone(RelationGetNamespace(relation));
        Node* node = transform(relation, typed, kind);
        fix_settings_but_zone(InvalidOid);
        Node* completed = complete(relation, static_cast<Node*>(copyObjectImpl(node)));
        if (plans) {
            int nest_level = NewGUCNestLevel();
            fix_settings();
            Dependencies dependencies;
            plan_expression(completed, &dependencies);
            AtEOXact_GUC(false, nest_level);
        }
        List* context = deparse_context_for(RelationGetRelationName(relation), RelationGetRelid(relation));
        checked = deparse_expression(node, context, false, false);
        restore(identity);
    });
    return checked;
}

char* check_expression(Oid relation, const char* typed, const char* kind) {
    ExpressionKind known = ExpressionKind::Key;
    if (strcmp(kind, "condition") == 0)
        known = ExpressionKind::Condition;
    else if (strcmp(kind, "number") == 0)
        known = ExpressionKind::Number;
    else if (strcmp(kind, "key") != 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown kind of expression: \"%s\"", kind),
                        errdetail("Expressions are conditions, numbers or keys."),
                        errhint("Use 'condition', 'number' or 'key'.")));

    if (pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
        aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(relation));
    Relation opened = relation_open(relation, AccessShareLock);
    char* checked = check_expression(opened, typed, known);
    relation_close(opened, AccessShareLock);
    return checked;
}

Expr* compile_expression(Relation relation, const char* checked, ExpressionKind kind, Dependencies* dependencies) {
    int nest_level = NewGUCNestLevel();
    fix_settings();
    Node* node = transform(relation, checked, kind);
    note_written(dependencies, node);
    Node* completed = complete(relation, node);
    note_completed(dependencies, completed);
    Expr* planned = plan_expression(completed, dependencies);
    AtEOXact_GUC(false, nest_level);
    return planned;
}

void fix_settings() {
    fix_settings_but_zone(InvalidOid);
    set("timezone", "UTC");
}

}  // namespace lead_scoring

using namespace lead_scoring;

// check_expression(relation regclass, expression text, kind text) returns text
LEAD_SCORING_FUNCTION(lead_scoring_check_expression);
Datum lead_scoring_check_expression(PG_FUNCTION_ARGS) {
    const char* typed = text_to_cstring(PG_GETARG_TEXT_PP(1));
    const char* kind = text_to_cstring(PG_GETARG_TEXT_PP(2));
    PG_RETURN_TEXT_P(cstring_to_text(check_expression(PG_GETARG_OID(0), typed, kind)));
}
