#include "pg/postgres.hpp"

#include "pg/shape.hpp"

#include <span>

#include "pg/identity.hpp"
#include "pg/lead_key.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "funcapi.h"
#include "nodes/parsenodes.h"
#include "rewrite/prs2lock.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace lead_scoring {

namespace {

constexpr Oid kKey = InvalidOid;  // the type of scores.lead_id
constexpr Oid kCard = 1;          // the extension's own type

struct Column {
    const char* name;
    Oid type;
    bool essential = false;  // an empty one in its place would say something else
};

struct OwnTable {
    const char* name;
    std::span<const Column> columns;
    std::span<const char* const> key;  // that its primary key must be; empty: whatever it is
};

constexpr Column kSettings[] = {{"leads", TEXTOID, true},
                                {"events", TEXTOID, true},
                                {"lead_key", TEXTOID, true},
                                {"event_lead", TEXTOID, true},
                                {"event_type", TEXTOID, true},
                                {"event_time", TEXTOID, true},
                                {"event_campaign", TEXTOID},
                                {"status_columns", JSONBOID, true},
                                {"paused", BOOLOID, true},
                                {"time_zone", TEXTOID, true},
                                {"min_score", NUMERICOID},
                                {"max_score", NUMERICOID},
                                {"future_tolerance", INTERVALOID, true},
                                {"trigger_path", TEXTOID, true}};
constexpr Column kVersions[] = {{"version", INT8OID, true},
                                {"published_at", TIMESTAMPTZOID},
                                {"published_by", TEXTOID},
                                {"note", TEXTOID},
                                {"definition", JSONBOID, true}};
constexpr Column kScores[] = {{"lead_id", kKey, true},      {"scored_at", TIMESTAMPTZOID},
                              {"due_at", TIMESTAMPTZOID},   {"stage_since", TIMESTAMPTZOID, true},
                              {"score", FLOAT8OID},         {"engagement", FLOAT8OID},
                              {"fit", FLOAT8OID},           {"version", INT8OID},
                              {"stage_seq", INT4OID, true}, {"stage_armed", BOOLOID},
                              {"counted", BOOLOID},         {"stage", TEXTOID, true},
                              {"grade", TEXTOID},           {"card", kCard}};
constexpr Column kTransitions[] = {
    {"lead_id", kKey, true},     {"seq", INT4OID, true},       {"from_stage", TEXTOID, true},
    {"to_stage", TEXTOID, true}, {"at", TIMESTAMPTZOID, true}, {"recorded_at", TIMESTAMPTZOID},
    {"score", FLOAT8OID},        {"engagement", FLOAT8OID},    {"fit", FLOAT8OID},
    {"grade", TEXTOID},          {"version", INT8OID},         {"cause", TEXTOID, true},
    {"rule", TEXTOID},           {"actor", TEXTOID},           {"reason", TEXTOID},
    {"merged_from", TEXTOID}};
constexpr Column kAdjustments[] = {{"lead_id", kKey, true},
                                   {"id", UUIDOID, true},
                                   {"points", NUMERICOID, true},
                                   {"reason", TEXTOID},
                                   {"author", TEXTOID},
                                   {"made_at", TIMESTAMPTZOID},
                                   {"expires_at", TIMESTAMPTZOID, true},
                                   {"cancelled_at", TIMESTAMPTZOID, true},
                                   {"cancelled_by", TEXTOID},
                                   {"cancel_reason", TEXTOID}};
constexpr Column kProblems[] = {{"lead_id", kKey, true}, {"rule", TEXTOID, true},      {"message", TEXTOID},
                                {"count", INT8OID},      {"first_at", TIMESTAMPTZOID}, {"last_at", TIMESTAMPTZOID}};
constexpr Column kMerged[] = {{"merged_from", kKey, true}, {"lead_id", kKey, true}};
constexpr Column kForgotten[] = {
    {"campaign", TEXTOID}, {"came", DATEOID}, {"entered", JSONBOID, true}, {"leads", INT8OID, true}};
constexpr const char* kScoresKey[] = {"lead_id"};
constexpr const char* kProblemsKey[] = {"lead_id", "rule"};

constexpr OwnTable kScoresTable = {"scores", kScores, kScoresKey};
constexpr OwnTable kOwnTables[] = {
    {"settings", kSettings, {}},       {"versions", kVersions, {}},       kScoresTable,
    {"transitions", kTransitions, {}}, {"adjustments", kAdjustments, {}}, {"problems", kProblems, kProblemsKey},
    {"merged", kMerged, {}},           {"forgotten", kForgotten, {}},
};

static_assert(std::size(kOwnTables) == kCheckedTables);

// What is wrong with a table, and the statement that puts it right; where none does without losing anything, what to do
// by hand.
struct Fault {
    const char* table;
    const char* fault;
    const char* statement;
    const char* by_hand;
};

struct Search {
    const char* model;
    Oid key;      // of scores.lead_id; InvalidOid: it is of none that keys have
    List* found;  // faults
};

void add_fault(Search* search, const char* table, const char* fault, const char* statement, const char* by_hand) {
    auto* added = static_cast<Fault*>(palloc(sizeof(Fault)));
    *added = {table, fault, statement, by_hand};
    search->found = lappend(search->found, added);
}

char* name_of(const Search* search, const char* table) { return quote_qualified_identifier(search->model, table); }

const FormData_pg_attribute* find_column(Relation relation, const char* name) {
    TupleDesc columns = RelationGetDescr(relation);
    for (int i = 0; i < columns->natts; ++i) {
        const FormData_pg_attribute* column = TupleDescAttr(columns, i);
        if (!column->attisdropped && strcmp(NameStr(column->attname), name) == 0) return column;
    }
    return nullptr;
}

Oid scorecard_type() {
    return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("scorecard"),
                           ObjectIdGetDatum(get_namespace_oid("lead_scoring", false)));
}

// Its tuples are read as they are stored.
bool is_scores(const OwnTable& table) { return table.columns.data() == kScores; }

void miss_column(Search* search, const OwnTable& table, const Column& expected, Oid wanted) {
    const char* name = name_of(search, table.name);
    const char* column = quote_identifier(expected.name);
    const char* type = OidIsValid(wanted) ? format_type_be(wanted) : "bigint";
    const char* add = psprintf("ALTER TABLE %s ADD COLUMN %s %s", name, column, type);
    const char* by_hand = psprintf("ALTER TABLE %s RENAME COLUMN another_name TO %s;", name, column);
    if (table.columns.data() == kVersions)  // what was published is lost; what is published next is not
        by_hand = psprintf("%s; SELECT lead_scoring.publish(%s);", add, quote_literal_cstr(search->model));
    add_fault(search, table.name, psprintf("has no column \"%s\"", expected.name), expected.essential ? nullptr : add,
              by_hand);
}

void look_at_type(Search* search, const OwnTable& table, const Column& expected, Oid found, Oid wanted) {
    if (found == wanted || (found == VARCHAROID && wanted == TEXTOID && (expected.type == kKey || !is_scores(table))))
        return;
    const char* name = name_of(search, table.name);
    const char* column = quote_identifier(expected.name);
    if (!OidIsValid(wanted)) {
        add_fault(search, table.name,
                  psprintf("has column \"%s\" of type %s, which no key has", expected.name, format_type_be(found)),
                  nullptr, psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE bigint;", name, column));
        return;
    }
    // What can be computed again need not be converted.
    const char* type = format_type_be(wanted);
    const char* value = is_scores(table) && !expected.essential ? "NULL" : psprintf("%s::text::%s", column, type);
    add_fault(search, table.name,
              psprintf("has column \"%s\" of type %s instead of %s", expected.name, format_type_be(found), type),
              psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %s", name, column, type, value), nullptr);
}

void look_at_column(Search* search, const OwnTable& table, Relation relation, const Column& expected) {
    const FormData_pg_attribute* found = find_column(relation, expected.name);
    Oid wanted = expected.type == kKey ? search->key : expected.type == kCard ? scorecard_type() : expected.type;
    if (found == nullptr) {
        miss_column(search, table, expected, wanted);
        return;
    }
    if (found->attgenerated != 0)
        add_fault(search, table.name, psprintf("generates its column \"%s\"", expected.name),
                  psprintf("ALTER TABLE %s ALTER COLUMN %s DROP EXPRESSION", name_of(search, table.name),
                           quote_identifier(expected.name)),
                  nullptr);
    look_at_type(search, table, expected, found->atttypid, wanted);
}

// Rows are found by it, in its type's own order.
bool has_key(const OwnTable& table, Relation relation) {
    Oid primary = RelationGetPrimaryKeyIndex(relation LEAD_SCORING_NOT_DEFERRABLE);
    if (!OidIsValid(primary)) return false;
    Relation index = index_open(primary, AccessShareLock);
    bool same = index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indisvalid &&
                static_cast<std::size_t>(IndexRelationGetNumberOfKeyAttributes(index)) == table.key.size();
    for (std::size_t i = 0; same && i < table.key.size(); ++i) {
        const FormData_pg_attribute* column = find_column(relation, table.key[i]);
        same = column != nullptr && index->rd_index->indkey.values[i] == column->attnum &&
               index->rd_opfamily[i] == get_opclass_family(GetDefaultOpClass(column->atttypid, BTREE_AM_OID));
    }
    index_close(index, AccessShareLock);
    return same;
}

void look_at_key(Search* search, const OwnTable& table, Relation relation) {
    if (table.key.empty() || has_key(table, relation)) return;
    for (const char* column : table.key)
        if (find_column(relation, column) == nullptr) return;  // is a fault of its own
    StringInfoData columns;
    initStringInfo(&columns);
    for (const char* column : table.key)
        appendStringInfo(&columns, "%s%s", columns.len > 0 ? ", " : "", quote_identifier(column));
    Oid constraint = InvalidOid;
    get_primary_key_attnos(RelationGetRelid(relation), true, &constraint);
    const char* drop = !OidIsValid(constraint)
                           ? ""
                           : psprintf("DROP CONSTRAINT %s, ", quote_identifier(get_constraint_name(constraint)));
    add_fault(search, table.name, psprintf("has no primary key of just %s", columns.data),
              psprintf("ALTER TABLE %s %sADD PRIMARY KEY (%s)", name_of(search, table.name), drop, columns.data),
              nullptr);
}

// Scores are read and written as a heap's rows are stored, each table by itself.
void look_at_storage(Search* search, const OwnTable& table, Relation relation) {
    const char* name = name_of(search, table.name);
    const char* old_name = name_of(search, "old_scores");
    const FormData_pg_class* form = relation->rd_rel;
    if (form->relkind != RELKIND_RELATION)
        add_fault(search, table.name, "is partitioned", nullptr,
                  psprintf("ALTER TABLE %1$s RENAME TO old_scores; CREATE TABLE %1$s (LIKE %2$s INCLUDING ALL) USING "
                           "heap; INSERT INTO %1$s SELECT * FROM %2$s; DROP TABLE %2$s CASCADE; SELECT "
                           "lead_scoring.repair(%3$s);",
                           name, old_name, quote_literal_cstr(search->model)));
    else if (form->relam != HEAP_TABLE_AM_OID)
        add_fault(search, table.name, psprintf("is stored by access method \"%s\"", get_am_name(form->relam)),
                  psprintf("ALTER TABLE %s SET ACCESS METHOD heap", name), nullptr);
    if (form->relkind != RELKIND_RELATION || !form->relhassubclass) return;
    ListCell* cell = nullptr;
    foreach (cell, find_inheritance_children(RelationGetRelid(relation), NoLock)) {
        Oid child = lfirst_oid(cell);
        const char* child_name =
            quote_qualified_identifier(get_namespace_name(get_rel_namespace(child)), get_rel_name(child));
        add_fault(search, table.name, psprintf("has the child table %s", child_name),
                  psprintf("ALTER TABLE %s NO INHERIT %s", child_name, name), nullptr);
    }
}

void look_at_rules(Search* search, const OwnTable& table, Relation relation) {
    for (int i = 0; relation->rd_rules != nullptr && i < relation->rd_rules->numLocks; ++i) {
        const RewriteRule* rule = relation->rd_rules->rules[i];
        if (!rule->isInstead) continue;
        ObjectAddress address = {RewriteRelationId, rule->ruleId, 0};
        const char* name = getObjectIdentity(&address, false);
        add_fault(search, table.name, psprintf("has the rule %s, which does something instead", name),
                  psprintf("DROP RULE %s", name), nullptr);
    }
}

void look_at_table(Search* search, const OwnTable& table, Relation relation) {
    if (is_scores(table)) look_at_storage(search, table, relation);
    look_at_rules(search, table, relation);
    for (const Column& column : table.columns) look_at_column(search, table, relation, column);
    if (relation->rd_rel->relkind == RELKIND_RELATION) look_at_key(search, table, relation);
}

Oid key_of(Relation scores) {
    const FormData_pg_attribute* column = find_column(scores, "lead_id");
    return column == nullptr || !is_key_type(column->atttypid) ? InvalidOid : key_type(column->atttypid).type;
}

Relation open_table(const char* name, Oid schema) {
    Oid relation = get_relname_relid(name, schema);
    return OidIsValid(relation) ? try_table_open(relation, AccessShareLock) : nullptr;
}

// `stages`: further columns of scores.
Search look_at_model(const char* model, Oid schema, std::span<const Column> stages) {
    Search search = {model, InvalidOid, NIL};
    Relation scores = open_table(kScoresTable.name, schema);
    if (scores != nullptr) {
        search.key = key_of(scores);
        for (const Column& stage : stages) look_at_column(&search, kScoresTable, scores, stage);
        table_close(scores, AccessShareLock);
    }
    for (const OwnTable& table : kOwnTables) {
        Relation relation = open_table(table.name, schema);
        if (relation == nullptr) {
            add_fault(&search, table.name, "is missing", nullptr,
                      psprintf("SELECT lead_scoring.drop_model(%s);", quote_literal_cstr(model)));
            continue;
        }
        look_at_table(&search, table, relation);
        table_close(relation, AccessShareLock);
    }
    return search;
}

void refuse_first(const Search* search) {
    if (search->found == NIL) return;
    const auto* fault = static_cast<const Fault*>(linitial(search->found));
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("table \"%s\" of model \"%s\" %s", fault->table, search->model, fault->fault),
                    errdetail("It was altered after the model was made, and cannot be worked with as it is."),
                    errhint("SELECT lead_scoring.repair(%s);", quote_literal_cstr(search->model))));
}

}  // namespace

void require_shape(const char* model, Oid schema, Oid* tables) {
    Search search = look_at_model(model, schema, {});
    refuse_first(&search);
    for (std::size_t i = 0; i < kCheckedTables; ++i) tables[i] = get_relname_relid(kOwnTables[i].name, schema);
}

void require_shape_of_scores(const char* model, Relation scores, const KeyType& key, const PublishedVersion* version) {
    Search search = {model, key.type, NIL};
    look_at_table(&search, kScoresTable, scores);
    for (int i = 0; i < version->stage_count; ++i)
        look_at_column(&search, kScoresTable, scores, {psprintf("%s_at", version->stages[i].name), TIMESTAMPTZOID});
    refuse_first(&search);
}

}  // namespace lead_scoring

using namespace lead_scoring;

// shape_faults(model text, stage_columns text[]) returns (relation, fault, statement, by_hand)
LEAD_SCORING_FUNCTION(shape_faults) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    const char* model = text_to_cstring(PG_GETARG_TEXT_PP(0));
    Datum* names = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
    auto* stages = static_cast<Column*>(palloc(sizeof(Column) * static_cast<Size>(count + 1)));
    int stage_count = 0;
    for (int i = 0; i < count; ++i)
        if (!nulls[i]) stages[stage_count++] = {TextDatumGetCString(names[i]), TIMESTAMPTZOID};
    ModelSchema found = find_schema(model);
    if (!OidIsValid(found.schema)) return static_cast<Datum>(0);
    Search search = look_at_model(model, found.schema, {stages, static_cast<std::size_t>(stage_count)});
    ListCell* cell = nullptr;
    foreach (cell, search.found) {
        const auto* fault = static_cast<const Fault*>(lfirst(cell));
        const char* texts[] = {fault->table, fault->fault, fault->statement, fault->by_hand};
        Datum values[4] = {};
        bool is_null[4] = {};
        for (int i = 0; i < 4; ++i) {
            is_null[i] = texts[i] == nullptr;
            if (!is_null[i]) values[i] = CStringGetTextDatum(texts[i]);
        }
        tuplestore_putvalues(result->setResult, result->setDesc, values, is_null);
    }
    return static_cast<Datum>(0);
}
