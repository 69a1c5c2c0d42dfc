#include "pg/server/postgres.hpp"

#include "pg/model/shape.hpp"

#include <algorithm>
#include <span>

#include "pg/model/identity.hpp"
#include "pg/model/lead_key.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "access/genam.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "commands/defrem.h"
#include "funcapi.h"
#include "nodes/parsenodes.h"
#include "rewrite/prs2lock.h"
#include "rewrite/rewriteHandler.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"
}

namespace lead_scoring {

namespace {

// Columns whose loss nothing makes up for: an empty one in its place would say something else.
constexpr const char* kEssential[] = {"settings.leads",
                                      "settings.events",
                                      "settings.lead_key",
                                      "settings.event_lead",
                                      "settings.event_type",
                                      "settings.event_time",
                                      "settings.status_columns",
                                      "settings.time_zone",
                                      "versions.version",
                                      "versions.definition",
                                      "scores.lead_id",
                                      "transitions.lead_id",
                                      "transitions.seq",
                                      "transitions.from_stage",
                                      "transitions.to_stage",
                                      "transitions.at",
                                      "transitions.cause",
                                      "adjustments.lead_id",
                                      "adjustments.id",
                                      "adjustments.points",
                                      "adjustments.expires_at",
                                      "adjustments.cancelled_at",
                                      "handoffs.lead_id",
                                      "handoffs.seq",
                                      "handoffs.id",
                                      "outbox.id",
                                      "problems.lead_id",
                                      "problems.rule",
                                      "merged.merged_from",
                                      "merged.lead_id",
                                      "forgotten.entered",
                                      "forgotten.leads",
                                      "sources.name",
                                      "sources.events",
                                      "sources.event_lead",
                                      "sources.event_type",
                                      "sources.every_event",
                                      "sources.event_time",
                                      "rule_groups.name",
                                      "rule_groups.kind",
                                      "rules.name",
                                      "rules.rule_group",
                                      "rules.event_type",
                                      "rules.condition",
                                      "rules.points",
                                      "bands.axis",
                                      "bands.label",
                                      "bands.min_points",
                                      "calendar.weekday",
                                      "calendar.opens",
                                      "calendar.closes",
                                      "holidays.day",
                                      "stages.name",
                                      "stages.rank",
                                      "stages.kind",
                                      "account_rules.name",
                                      "account_states.account"};

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
    Oid pattern;      // the schema of the tables as they are to be
    Oid key_pattern;  // the type that stands there for that of keys
    Oid key;          // of the model's keys; InvalidOid: it is not known
    bool older_too;   // what the model's format does not have yet is no fault
    List* found;      // faults
};

Search begin_search(const char* model, bool older_too) {
    Search search = {model, get_namespace_oid("lead_scoring_internal", false)};
    search.older_too = older_too;
    search.key_pattern =
        GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("lead_key"), ObjectIdGetDatum(search.pattern));
    return search;
}

// Of one of the model's tables.
struct Table {
    const char* name;
    Relation found;
    Relation wanted;  // as it is to be
    bool is_draft;
};

void add_fault(Search* search, const char* table, const char* fault, const char* statement, const char* by_hand) {
    auto* added = static_cast<Fault*>(palloc(sizeof(Fault)));
    *added = {table, fault, statement, by_hand};
    search->found = lappend(search->found, added);
}

char* name_of(const Search* search, const char* table) { return own_table(search->model, table); }

const FormData_pg_attribute* find_column(Relation relation, const char* name) {
    TupleDesc columns = RelationGetDescr(relation);
    for (int i = 0; i < columns->natts; ++i) {
        const FormData_pg_attribute* column = TupleDescAttr(columns, i);
        if (!column->attisdropped && strcmp(NameStr(column->attname), name) == 0) return column;
    }
    return nullptr;
}

bool is_scores(const Table& table) { return strcmp(table.name, "scores") == 0; }

// Its rows are read as they are stored, by its index.
bool is_read_as_stored(const Table& table) { return is_scores(table) || strcmp(table.name, "transitions") == 0; }

bool is_essential(const Table& table, const char* column) {
    const char* name = psprintf("%s.%s", table.name, column);
    return std::any_of(std::begin(kEssential), std::end(kEssential),
                       [&](const char* essential) { return strcmp(essential, name) == 0; });
}

// The one column of that type, if there is one, that the table would not have of itself: the one looked for, with
// another name.
const FormData_pg_attribute* find_renamed(const Table& table, Oid type) {
    const FormData_pg_attribute* renamed = nullptr;
    TupleDesc columns = RelationGetDescr(table.found);
    for (int i = 0; i < columns->natts; ++i) {
        const FormData_pg_attribute* column = TupleDescAttr(columns, i);
        if (column->attisdropped || column->atttypid != type ||
            find_column(table.wanted, NameStr(column->attname)) != nullptr)
            continue;
        if (renamed != nullptr) return nullptr;
        renamed = column;
    }
    return renamed;
}

// Asked only where something is amiss.
const char* make_statement(const char* model) {
    connect_spi();
    Oid type = TEXTOID;
    Datum value = CStringGetTextDatum(model);
    query("SELECT lead_scoring_internal.make_statement($1)", 1, &type, &value);
    char* statement = ResultRow{0}.text(1);
    char* kept = static_cast<char*>(SPI_palloc(strlen(statement) + 1));
    strcpy(kept, statement);
    finish_spi();
    return kept;
}

// Whether formats later than the model's brought this column, or with null the table. Asked only where something is
// amiss.
bool is_later(const Search* search, const char* table, const char* column) {
    if (!search->older_too || !OidIsValid(get_relname_relid("settings", get_namespace_oid(search->model, false))))
        return false;
    connect_spi();
    Oid types[] = {TEXTOID, TEXTOID};
    Datum values[] = {CStringGetTextDatum(table), column == nullptr ? 0 : CStringGetTextDatum(column)};
    const char nulls[] = {' ', column == nullptr ? 'n' : ' ', '\0'};
    query(
        psprintf("SELECT EXISTS (SELECT FROM lead_scoring_internal.later_parts l, ONLY %s s WHERE l.relation = $1 "
                 "AND l.name IS NOT DISTINCT FROM $2 AND l.format > coalesce((to_jsonb(s) ->> 'format')::integer, 1))",
                 name_of(search, "settings")),
        2, types, values, nulls);
    bool later = ResultRow{0}.boolean(1, false);
    finish_spi();
    return later;
}

// What is done where a table does not say any more what only it said.
const char* give_up(const Search* search, const char* table) {
    const char* drop = psprintf("DROP TABLE %s CASCADE;", name_of(search, table));
    const char* model = quote_literal_cstr(search->model);
    if (strcmp(table, "settings") == 0) return psprintf("%s %s", drop, make_statement(search->model));
    if (strcmp(table, "versions") == 0)  // what was published is lost; what is published next is not
        return psprintf("%s SELECT lead_scoring.repair(%s); SELECT lead_scoring.publish(%s);", drop, model, model);
    return psprintf("%s SELECT lead_scoring.repair(%s);", drop, model);
}

// Null where it has none.
const char* default_value(const Table& table, const FormData_pg_attribute* wanted) {
    Node* value = wanted->atthasdef ? build_column_default(table.wanted, wanted->attnum) : nullptr;
    return value == nullptr ? nullptr : deparse_expression(value, NIL, false, false);
}

const char* default_of(const Table& table, const FormData_pg_attribute* wanted) {
    const char* value = default_value(table, wanted);
    return value == nullptr ? "" : psprintf(" DEFAULT %s%s", value, wanted->attnotnull ? " NOT NULL" : "");
}

void miss_column(Search* search, const Table& table, const char* name, Oid type, const char* value) {
    if (is_later(search, table.name, name)) return;
    const char* qualified = name_of(search, table.name);
    const char* column = quote_identifier(name);
    const char* fault = psprintf("has no column \"%s\"", name);
    // A draft's columns all say something. In the other tables there may be columns of the user's own, but none that
    // our rows could not be without.
    const FormData_pg_attribute* renamed = find_renamed(table, type);
    bool may_be_own = renamed == nullptr || !renamed->attnotnull || renamed->atthasdef;
    if (renamed != nullptr && (table.is_draft || is_essential(table, name) || !may_be_own))
        add_fault(search, table.name, fault, nullptr,
                  psprintf("ALTER TABLE %s RENAME COLUMN %s TO %s;", qualified,
                           quote_identifier(NameStr(renamed->attname)), column));
    else if (strcmp(name, "definition") == 0)
        add_fault(search, table.name, fault, nullptr,
                  psprintf("ALTER TABLE %s ADD COLUMN definition jsonb; SELECT lead_scoring.publish(%s);", qualified,
                           quote_literal_cstr(search->model)));
    else if (is_essential(table, name))
        add_fault(search, table.name, fault, nullptr, give_up(search, table.name));
    else
        add_fault(search, table.name, fault,
                  psprintf("ALTER TABLE %s ADD COLUMN %s %s%s", qualified, column, format_type_be(type), value),
                  nullptr);
}

void look_at_type(Search* search, const Table& table, const char* name, Oid found, Oid wanted, bool is_key) {
    if (found == wanted || (found == VARCHAROID && wanted == TEXTOID && (is_key || !is_scores(table)))) return;
    const char* qualified = name_of(search, table.name);
    const char* column = quote_identifier(name);
    if (!OidIsValid(wanted)) {
        if (found == search->key_pattern) return;  // made, and not bound to leads yet
        add_fault(search, table.name,
                  psprintf("has column \"%s\" of type %s, which no key has", name, format_type_be(found)), nullptr,
                  psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE bigint;", qualified, column));
        return;
    }
    const char* type = format_type_be(wanted);
    const char* fault = psprintf("has column \"%s\" of type %s instead of %s", name, format_type_be(found), type);
    if (is_scores(table) && !is_key) {  // which can be computed again
        add_fault(search, table.name, fault,
                  psprintf("ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL, ALTER COLUMN %s TYPE %s USING NULL",
                           qualified, column, column, type),
                  nullptr);
        return;
    }
    if (strcmp(name, "definition") == 0 && found != TEXTOID && found != JSONOID) {
        add_fault(
            search, table.name, fault, nullptr,
            psprintf("ALTER TABLE %1$s DROP COLUMN definition; ALTER TABLE %1$s ADD COLUMN definition jsonb; SELECT "
                     "lead_scoring.publish(%2$s);",
                     qualified, quote_literal_cstr(search->model)));
        return;
    }
    const char* lose = is_essential(table, name)
                           ? give_up(search, table.name)
                           : psprintf("ALTER TABLE %s DROP COLUMN %s CASCADE; SELECT lead_scoring.repair(%s);",
                                      qualified, column, quote_literal_cstr(search->model));
    add_fault(
        search, table.name, fault,
        psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %s::text::%s", qualified, column, type, column, type),
        lose);
}

void look_at_column(Search* search, const Table& table, const char* name, Oid type, bool is_key, const char* value) {
    const FormData_pg_attribute* found = find_column(table.found, name);
    if (found == nullptr) {
        miss_column(search, table, name, type, value);
        return;
    }
    if (found->attgenerated != 0)
        add_fault(search, table.name, psprintf("generates its column \"%s\"", name),
                  psprintf("ALTER TABLE %s ALTER COLUMN %s DROP EXPRESSION", name_of(search, table.name),
                           quote_identifier(name)),
                  nullptr);
    look_at_type(search, table, name, found->atttypid, type, is_key);
    if (is_key && OidIsValid(found->attcollation) && !get_collation_isdeterministic(found->attcollation))
        add_fault(search, table.name,
                  psprintf("has column \"%s\" of a collation to which keys are equal that are not", name),
                  psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s COLLATE \"C\"", name_of(search, table.name),
                           quote_identifier(name), format_type_be(found->atttypid)),
                  nullptr);
}

// Puts right, or takes away, the rows that have nothing in a column.
const char* fill_column(const Search* search, const Table& table, const FormData_pg_attribute* wanted) {
    const char* name = name_of(search, table.name);
    const char* column = quote_identifier(NameStr(wanted->attname));
    const char* value = default_value(table, wanted);
    if (value == nullptr && strcmp(NameStr(wanted->attname), "kind") == 0)  // of a group, which is of that of its rules
        value = psprintf(
            "CASE WHEN EXISTS (SELECT FROM %s r WHERE r.rule_group = rule_groups.name AND r.event_type IS "
            "NULL) THEN 'fit' ELSE 'engagement' END",
            name_of(search, "rules"));
    if (value == nullptr) return psprintf("DELETE FROM %1$s WHERE %2$s IS NULL; ", name, column);
    return psprintf("UPDATE %1$s SET %2$s = %3$s WHERE %2$s IS NULL; ", name, column, value);
}

// What is never empty is read without asking. A column that is made again without NOT NULL may be.
void look_at_emptiness(Search* search, const Table& table, const FormData_pg_attribute* wanted) {
    const FormData_pg_attribute* found = find_column(table.found, NameStr(wanted->attname));
    if (!wanted->attnotnull || found == nullptr || found->attnotnull ||
        (!wanted->atthasdef && !is_essential(table, NameStr(wanted->attname))) ||
        strcmp(NameStr(wanted->attname), "definition") == 0)
        return;
    const char* name = name_of(search, table.name);
    bool is_binding = strcmp(table.name, "settings") == 0 && !wanted->atthasdef;
    add_fault(search, table.name, psprintf("lets column \"%s\" be empty", NameStr(wanted->attname)),
              psprintf("ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", name, quote_identifier(NameStr(wanted->attname))),
              is_binding ? give_up(search, table.name)
                         : psprintf("ALTER TABLE %s DISABLE TRIGGER USER; %sSELECT lead_scoring.repair(%s);", name,
                                    fill_column(search, table, wanted), quote_literal_cstr(search->model)));
}

void look_at_columns(Search* search, const Table& table) {
    TupleDesc columns = RelationGetDescr(table.wanted);
    Bitmapset* key = RelationGetIndexAttrBitmap(table.wanted, INDEX_ATTR_BITMAP_PRIMARY_KEY);
    for (int i = 0; i < columns->natts; ++i) {
        const FormData_pg_attribute* wanted = TupleDescAttr(columns, i);
        if (wanted->attisdropped) continue;
        bool is_key = wanted->atttypid == search->key_pattern;
        look_at_column(search, table, NameStr(wanted->attname), is_key ? search->key : wanted->atttypid, is_key,
                       find_column(table.found, NameStr(wanted->attname)) == nullptr ? default_of(table, wanted) : "");
        if (!bms_is_member(wanted->attnum - FirstLowInvalidHeapAttributeNumber, key))  // which look_at_key() sees to
            look_at_emptiness(search, table, wanted);
    }
}

// Calls `visit` with the name of each column of a primary key.
template <class Visit>
void for_each_key_column(Relation relation, Oid primary, Visit visit) {
    Relation index = index_open(primary, AccessShareLock);
    for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); ++i)
        visit(NameStr(TupleDescAttr(RelationGetDescr(relation), index->rd_index->indkey.values[i] - 1)->attname));
    index_close(index, AccessShareLock);
}

// Rows are found by it, in its type's own order.
bool has_key(Relation relation, std::span<const char* const> columns) {
    Oid primary = RelationGetPrimaryKeyIndex(relation LEAD_SCORING_NOT_DEFERRABLE);
    if (!OidIsValid(primary)) return false;
    Relation index = index_open(primary, AccessShareLock);
    bool same = index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indisvalid &&
                static_cast<std::size_t>(IndexRelationGetNumberOfKeyAttributes(index)) == columns.size();
    for (std::size_t i = 0; same && i < columns.size(); ++i) {
        const FormData_pg_attribute* column = find_column(relation, columns[i]);
        same = column != nullptr && index->rd_index->indkey.values[i] == column->attnum &&
               index->rd_opfamily[i] == get_opclass_family(GetDefaultOpClass(column->atttypid, BTREE_AM_OID));
    }
    index_close(index, AccessShareLock);
    return same;
}

void look_at_key(Search* search, const Table& table) {
    Oid wanted = RelationGetPrimaryKeyIndex(table.wanted LEAD_SCORING_NOT_DEFERRABLE);
    if (!OidIsValid(wanted)) return;
    constexpr int kMost = 4;
    const char* columns[kMost];
    int count = 0;
    bool complete = true;  // else it is a fault of its own
    StringInfoData list;
    StringInfoData same;   // rows
    StringInfoData empty;  // what is done with rows that have no key
    initStringInfo(&list);
    initStringInfo(&same);
    initStringInfo(&empty);
    for_each_key_column(table.wanted, wanted, [&](const char* column) {
        complete = complete && count < kMost && find_column(table.found, column) != nullptr;
        if (complete) columns[count++] = pstrdup(column);
        appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", quote_identifier(column));
        appendStringInfo(&same, " AND a.%1$s = b.%1$s", quote_identifier(column));
    });
    if (!complete || has_key(table.found, {columns, static_cast<std::size_t>(count)})) return;
    for (int i = 0; i < count; ++i)
        appendStringInfoString(&empty, fill_column(search, table, find_column(table.wanted, columns[i])));
    const char* name = name_of(search, table.name);
    Oid constraint = InvalidOid;
    get_primary_key_attnos(RelationGetRelid(table.found), true, &constraint);
    const char* drop = !OidIsValid(constraint)
                           ? ""
                           : psprintf("DROP CONSTRAINT %s, ", quote_identifier(get_constraint_name(constraint)));
    add_fault(
        search, table.name, psprintf("has no primary key of just %s", list.data),
        psprintf("ALTER TABLE %s %sADD PRIMARY KEY (%s)", name, drop, list.data),
        psprintf(
            "ALTER TABLE %1$s DISABLE TRIGGER USER; %2$sDELETE FROM %1$s a USING %1$s b WHERE a.ctid > b.ctid%3$s; "
            "SELECT lead_scoring.repair(%4$s);",
            name, empty.data, same.data, quote_literal_cstr(search->model)));
}

// As a heap's, each table by itself.
void look_at_storage(Search* search, const Table& table) {
    const char* name = name_of(search, table.name);
    const char* renamed = psprintf("old_%s", table.name);
    const char* old_name = name_of(search, renamed);
    const FormData_pg_class* form = table.found->rd_rel;
    if (form->relkind != RELKIND_RELATION)
        add_fault(search, table.name, "is partitioned", nullptr,
                  psprintf("ALTER TABLE %1$s RENAME TO %4$s; CREATE TABLE %1$s (LIKE %2$s INCLUDING ALL) USING "
                           "heap; INSERT INTO %1$s SELECT * FROM %2$s; DROP TABLE %2$s CASCADE; SELECT "
                           "lead_scoring.repair(%3$s);",
                           name, old_name, quote_literal_cstr(search->model), renamed));
    else if (form->relam != HEAP_TABLE_AM_OID)
        add_fault(search, table.name, psprintf("is stored by access method \"%s\"", get_am_name(form->relam)),
                  psprintf("ALTER TABLE %s SET ACCESS METHOD heap", name), nullptr);
}

// What stands in a child would be read with its parent, and not be kept unique, checked or scored with it.
void look_at_children(Search* search, const Table& table) {
    const FormData_pg_class* form = table.found->rd_rel;
    if (form->relkind != RELKIND_RELATION || !form->relhassubclass) return;
    const char* name = name_of(search, table.name);
    ListCell* cell = nullptr;
    foreach (cell, find_inheritance_children(RelationGetRelid(table.found), NoLock)) {
        Oid child = lfirst_oid(cell);
        const char* child_name =
            quote_qualified_identifier(get_namespace_name(get_rel_namespace(child)), get_rel_name(child));
        add_fault(search, table.name, psprintf("has the child table %s", child_name),
                  psprintf("ALTER TABLE %s NO INHERIT %s", child_name, name), nullptr);
    }
}

void look_at_rules(Search* search, const Table& table) {
    for (int i = 0; table.found->rd_rules != nullptr && i < table.found->rd_rules->numLocks; ++i) {
        const RewriteRule* rule = table.found->rd_rules->rules[i];
        if (!rule->isInstead) continue;
        ObjectAddress address = {RewriteRelationId, rule->ruleId, 0};
        const char* name = getObjectIdentity(&address, false);
        add_fault(search, table.name, psprintf("has the rule %s, which does something instead", name),
                  psprintf("DROP RULE %s", name), nullptr);
    }
}

void look_at_table(Search* search, const Table& table) {
    if (is_read_as_stored(table)) look_at_storage(search, table);
    look_at_children(search, table);
    look_at_rules(search, table);
    look_at_columns(search, table);
    if (table.found->rd_rel->relkind == RELKIND_RELATION) look_at_key(search, table);
}

Relation open_table(const char* name, Oid schema) {
    Oid relation = get_relname_relid(name, schema);
    return OidIsValid(relation) ? try_table_open(relation, AccessShareLock) : nullptr;
}

// Tables that the objects of an older version, under which the library may be installed, do not have.
constexpr const char* kLaterTables[] = {"sources",  "account_rules", "account_states", "calendar",  "holidays",
                                        "handoffs", "outbox",        "entries",        "lead_types"};

// A table as it is to be; null where it is one of these, and not there.
Relation open_pattern(const Search* search, const char* name) {
    Relation relation = open_table(name, search->pattern);
    auto is_it = [=](const char* later) { return strcmp(later, name) == 0; };
    if (relation == nullptr && !std::any_of(std::begin(kLaterTables), std::end(kLaterTables), is_it))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("table lead_scoring_internal.%s does not exist", name),
                        errdetail("It belongs to the extension, and shows what the tables of models are like."),
                        errhint("DROP EXTENSION lead_scoring CASCADE; CREATE EXTENSION lead_scoring;")));
    return relation;
}

constexpr const char* kMissing = "is missing";

void miss_table(Search* search, const Table& table) {
    if (is_later(search, table.name, nullptr)) return;
    const char* name = name_of(search, table.name);
    const char* comment = GetComment(RelationGetRelid(table.wanted), RelationRelationId, 0);
    add_fault(
        search, table.name, kMissing,
        psprintf(
            "CREATE TABLE %s (LIKE lead_scoring_internal.%s INCLUDING ALL) USING heap%s; COMMENT ON TABLE %s IS %s",
            name, table.name, is_scores(table) ? " WITH (fillfactor = 64)" : "", name,
            comment == nullptr ? "NULL" : quote_literal_cstr(comment)),
        strcmp(table.name, "settings") == 0 ? make_statement(search->model) : nullptr);
}

// The type of the model's keys, as the first of its tables has it that has one.
Oid find_key(const Search* search, Oid schema) {
    for (const char* name : kLeadTables) {
        Relation relation = open_table(name, schema);
        if (relation == nullptr) continue;
        const FormData_pg_attribute* column = find_column(relation, "lead_id");
        Oid type = column == nullptr ? InvalidOid : column->atttypid;
        table_close(relation, AccessShareLock);
        if (OidIsValid(type) && type != search->key_pattern)
            return is_key_type(type) ? key_type(type).type : InvalidOid;
    }
    return InvalidOid;
}

// `stages`: further columns of scores.
Search look_at_model(const char* model, Oid schema, int count, List* stages, bool older_too) {
    Search search = begin_search(model, older_too);
    search.key = find_key(&search, schema);
    for (int i = 0; i < count; ++i) {
        Table table = {kOwnTables[i], open_table(kOwnTables[i], schema), open_pattern(&search, kOwnTables[i]),
                       i >= kStateTables};
        if (table.wanted == nullptr) {
            if (table.found != nullptr) table_close(table.found, AccessShareLock);
            continue;
        }
        if (table.found == nullptr) {
            miss_table(&search, table);
        } else {
            ListCell* cell = nullptr;
            if (is_scores(table))
                foreach (cell, stages)
                    look_at_column(&search, table, static_cast<const char*>(lfirst(cell)), TIMESTAMPTZOID, false, "");
            look_at_table(&search, table);
            table_close(table.found, AccessShareLock);
        }
        table_close(table.wanted, AccessShareLock);
    }
    return search;
}

void refuse_first(const Search* search) {
    if (search->found == NIL) return;
    const auto* fault = static_cast<const Fault*>(linitial(search->found));
    bool is_lost = fault->fault == kMissing && fault->by_hand != nullptr;
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("table \"%s\" of model \"%s\" %s", fault->table, search->model, fault->fault),
                    errdetail("It was altered after the model was made, and cannot be worked with as it is."),
                    is_lost ? errhint("%s", fault->by_hand)
                            : errhint("SELECT lead_scoring.repair(%s);", quote_literal_cstr(search->model))));
}

}  // namespace

void require_shape(const char* model, Oid schema, bool draft) {
    Search search =
        look_at_model(model, schema, draft ? static_cast<int>(std::size(kOwnTables)) : kScoringTables, NIL, true);
    refuse_first(&search);
}

void require_shape_of_scores(const char* model, Relation scores, const KeyType& key, const Version* version) {
    Search search = begin_search(model, true);
    search.key = key.type;
    Table table = {"scores", scores, open_pattern(&search, "scores"), false};
    look_at_table(&search, table);
    for (int i = 0; i < version->stage_count; ++i)
        look_at_column(&search, table, psprintf("%s_at", version->stages[i].name), TIMESTAMPTZOID, false, "");
    table_close(table.wanted, AccessShareLock);
    refuse_first(&search);
}

void no_settings_row(const char* model) {
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("settings of model \"%s\" have no row", model),
             errdetail("The model was not restored completely, or its settings were truncated."),
             errhint("%s", make_statement(model))));
    pg_unreachable();
}

}  // namespace lead_scoring

using namespace lead_scoring;

// shape_faults(model text, stage_columns text[]) returns (relation, fault, statement, by_hand)
LEAD_SCORING_FUNCTION(lead_scoring_shape_faults);
Datum lead_scoring_shape_faults(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    const char* model = text_to_cstring(PG_GETARG_TEXT_PP(0));
    Datum* names = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
    List* stages = NIL;
    for (int i = 0; i < count; ++i)
        if (!nulls[i]) stages = lappend(stages, TextDatumGetCString(names[i]));
    ModelSchema found = find_schema(model);
    if (!OidIsValid(found.schema)) return static_cast<Datum>(0);
    Search search = look_at_model(model, found.schema, static_cast<int>(std::size(kOwnTables)), stages, false);
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
