#include "pg/server/postgres.hpp"

#include "pg/model/binding.hpp"

#include "pg/model/as_owner.hpp"
#include "pg/model/citus.hpp"
#include "pg/model/format.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/model.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/instant.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
}

namespace lead_scoring {

namespace {

// The first one is the table that the columns of settings tell of.
Source& first_source(const Model* model) { return model->binding.sources[0]; }

// The statement that makes the settings name the tables again; null where nobody can tell.
char* rebind_statement(const Model* model) {
    auto further = sources_of(model->binding).subspan(1);
    auto* names = static_cast<Datum*>(palloc(sizeof(Datum) * (further.size() + 1)));
    auto* tables = static_cast<Datum*>(palloc(sizeof(Datum) * (further.size() + 1)));
    int count = 0;
    for (const Source& source : further) {
        names[count] = CStringGetTextDatum(source.name);
        tables[count++] = CStringGetTextDatum(source.table);
    }
    auto texts = [&](Datum* items) {
        return PointerGetDatum(construct_array(items, count, TEXTOID, -1, false, TYPALIGN_INT));
    };
    Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTOID};
    const Source* identities = model->binding.identities;
    Datum values[] = {CStringGetTextDatum(model->name),
                      CStringGetTextDatum(model->binding.leads_name),
                      CStringGetTextDatum(first_source(model).table),
                      texts(names),
                      texts(tables),
                      CStringGetTextDatum(identities == nullptr ? "" : identities->table)};
    query("SELECT lead_scoring_internal.rebind_statement($1, $2, $3, jsonb_object($4, $5), nullif($6, ''))", 6, types,
          values);
    return ResultRow{0}.text(1);
}

// What makes the settings say something else of the table: a statement up to the value, and its end.
struct Correction {
    const char* begin;
    const char* end;
};

Correction correction(const Model* model, const Source* source, const char* setting) {
    if (is_of_settings(model->binding, source))
        return {psprintf("UPDATE %s SET %s = ", own_table(model, "settings"), setting), ""};
    return {psprintf("UPDATE %s SET %s = ", own_table(model, "sources"), setting),
            psprintf(" WHERE name = %s", quote_literal_cstr(source->name))};
}

// The setting that names the table.
const char* setting_of(const Model* model, const Source* source) {
    if (source == kLeads) return "leads";
    return is_identities(model->binding, source) ? "identities" : "events";
}

// The relation of the table's name. Asks for no privilege, so that a schema the owner may not use is told from a table
// that is not there.
Oid find_relation(const Model* model, const Source* source) {
    const char* text = user_table(model, source);
    const RangeVar* name = makeRangeVarFromNameList(LEAD_SCORING_QUALIFIED_NAME(text));
    Oid schema = name->schemaname == nullptr ? InvalidOid : get_namespace_oid(name->schemaname, true);
    Oid relation = OidIsValid(schema) ? get_relname_relid(name->relname, schema) : InvalidOid;
    char kind = OidIsValid(relation) ? get_rel_relkind(relation) : '\0';
    if (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE) return relation;
    char* statement = rebind_statement(model);
    if (statement == nullptr && is_identities(model->binding, source)) {
        statement = psprintf("SELECT lead_scoring.set_identities(%s, NULL);  -- or name the table that it is now",
                             quote_literal_cstr(model->name));
    } else if (statement == nullptr) {
        Correction update = correction(model, source, setting_of(model, source));
        const char* naming = psprintf("ame the table that it is now, by %s'...'%s", update.begin, update.end);
        statement = is_of_settings(model->binding, source)
                        ? psprintf("N%s.", naming)
                        : psprintf("SELECT lead_scoring.drop_source(%s, %s);  -- or n%s",
                                   quote_literal_cstr(model->name), quote_literal_cstr(source->name), naming);
    }
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_TABLE),
             errmsg("model \"%s\" cannot find its %s table %s", model->name, title_of(source), text),
             errdetail("The table was renamed, moved or dropped after the model was made."), errhint("%s", statement)));
    pg_unreachable();
}

// The owner's rights are not a matter of course: schemas have owners of their own, and rights can be revoked.
void require_access(const Model* model, const Source* source) {
    Oid table = relation_of(model->binding, source);
    Oid schema = get_rel_namespace(table);
    const char* owner = GetUserNameFromId(model->owner, false);
    bool usable = LEAD_SCORING_SCHEMA_ACLCHECK(schema, model->owner, ACL_USAGE) == ACLCHECK_OK;
    if (usable && pg_class_aclcheck(table, model->owner, ACL_SELECT) == ACLCHECK_OK) return;
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("role \"%s\", which owns model \"%s\", may not read its %s table", owner, model->name,
                           title_of(source)),
                    errdetail("Scoring runs with the rights of the model's owner."),
                    usable ? errhint("GRANT SELECT ON %s TO %s;", relation_name(table), quote_identifier(owner))
                           : errhint("GRANT USAGE ON SCHEMA %s TO %s;", quote_identifier(get_namespace_name(schema)),
                                     quote_identifier(owner))));
}

void require_owner(const Model* model, const Source* source) {
    Oid relation = relation_of(model->binding, source);
    if (relation_owner(relation) == model->owner) return;
    const char* owner = GetUserNameFromId(model->owner, false);
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("role \"%s\", which owns model \"%s\", does not own its %s table", owner, model->name,
                           title_of(source)),
                    errdetail("Scoring runs with the rights of the model's owner, who must own the schema, its tables, "
                              "the leads and the events table."),
                    errhint("ALTER TABLE %s OWNER TO %s;", relation_name(relation), quote_identifier(owner))));
}

// For invalidation, before any of them is looked at.
void note_members(Model* model) {
    MemoryContext caller = MemoryContextSwitchTo(model->context);
    model->binding.members = NIL;
    for_each_table(model->binding, [&](const Source* source) {
        List* members = find_all_inheritors(relation_of(model->binding, source), NoLock, nullptr);
        model->binding.members = list_concat(model->binding.members, members);
    });
    MemoryContextSwitchTo(caller);
}

// As SQL takes it; what the settings say is never put into a statement.
char* qualified_name(const Model* model, Oid relation) {
    return MemoryContextStrdup(model->context, relation_name(relation));
}

// A relation, that table or a partition of it, whose columns are looked at.
struct Columns {
    const Model* model;
    const Source* source;
    Oid relation;
};

// What makes a generated column, for which the server takes no USING, one that is stored and of that type (null: its
// own); null for others, and where the extension's objects are of a version that does not know.
char* generation(const Columns& of, const char* column, const char* wanted) {
    if (get_attgenerated(of.relation, get_attnum(of.relation, column)) == '\0') return nullptr;
    query("SELECT to_regprocedure('lead_scoring_internal.generation(regclass, text, regtype)')");
    if (ResultRow{0}.null(1)) return nullptr;
    Oid types[] = {OIDOID, TEXTOID, TEXTOID};
    Datum values[] = {ObjectIdGetDatum(relation_of(of.model->binding, of.source)), CStringGetTextDatum(column),
                      wanted == nullptr ? static_cast<Datum>(0) : CStringGetTextDatum(wanted)};
    query("SELECT lead_scoring_internal.generation($1, $2, $3::regtype)", 3, types, values,
          wanted == nullptr ? "  n" : nullptr);
    return ResultRow{0}.text(1);
}

[[noreturn]] void refuse_type(const Columns& of, const char* what, const char* column, const char* found,
                              const char* wanted) {
    const char* anew = generation(of, column, wanted);
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH),
             errmsg("%s \"%s\" of table \"%s\" is of type %s, but model \"%s\" needs %s", what, column,
                    get_rel_name(of.relation), found, of.model->name, wanted),
             errdetail("The column's type was changed after the model was made."),
             anew != nullptr ? errhint("%s", anew)
                             : errhint("ALTER TABLE %1$s ALTER COLUMN %2$s TYPE %3$s USING %2$s::%4$s;",
                                       user_table(of.model, of.source), quote_identifier(column), wanted, wanted)));
    pg_unreachable();
}

// The column that is most likely meant; null where none has a name like that.
char* nearest_column(Oid relation, const char* name) {
    Oid types[] = {TEXTOID, OIDOID};
    Datum values[] = {CStringGetTextDatum(name), ObjectIdGetDatum(relation)};
    query(
        "SELECT lead_scoring_internal.nearest_name($1, ARRAY(SELECT a.attname FROM pg_catalog.pg_attribute a "
        "WHERE a.attrelid OPERATOR(pg_catalog.=) $2 AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped))",
        2, types, values);
    return ResultRow{0}.text(1);
}

void require_stored(const Columns& of, const char* column) {
    if (get_attgenerated(of.relation, get_attnum(of.relation, column)) != kVirtual) return;
    const char* anew = generation(of, column, nullptr);
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("column \"%s\" of table \"%s\" is a virtual generated column", column, get_rel_name(of.relation)),
             errdetail("Rows do not have it: it is computed when they are read."),
             anew != nullptr ? errhint("%s", anew) : errhint("Make it anew, as one that is STORED.")));
}

// Of a domain the type beneath it, and text for varchar.
Oid column_type(const Columns& of, const char* setting, const char* column) {
    const Model* model = of.model;
    AttrNumber number = get_attnum(of.relation, column);
    if (number == InvalidAttrNumber) {
        const char* nearest = nearest_column(of.relation, column);
        Correction update = correction(model, of.source, setting);
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_COLUMN),
                 errmsg("model \"%s\" cannot find column \"%s\" of table \"%s\"", model->name, column,
                        get_rel_name(of.relation)),
                 errdetail("The column was renamed or dropped after the model was made."),
                 nearest == nullptr ? errhint("Name the column that it is now, by %s'...'%s.", update.begin, update.end)
                                    : errhint("%s%s%s;", update.begin, quote_literal_cstr(nearest), update.end)));
    }
    require_stored(of, column);
    Oid type = getBaseType(get_atttype(of.relation, number));
    return type == VARCHAROID ? TEXTOID : type;
}

// `wanted`: text stands for an enum too, as the type of an event.
void require_column(const Columns& of, const char* setting, const char* column, Oid wanted, bool may_be_enum = false) {
    Oid type = column_type(of, setting, column);
    if (type == wanted || (may_be_enum && get_typtype(type) == TYPTYPE_ENUM)) return;
    refuse_type(of, "column", column, format_type_be(type), format_type_be(wanted));
}

void require_time(const Columns& of, const char* column) {
    Oid type = column_type(of, "event_time", column);
    if (!is_time_type(type)) refuse_type(of, "column", column, format_type_be(type), format_type_be(TIMESTAMPTZOID));
}

void require_key(const Columns& of, Oid wanted) {
    const char* setting = of.source == kLeads                           ? "lead_key"
                          : is_identities(of.model->binding, of.source) ? "identity_lead"
                                                                        : "event_lead";
    require_column(of, setting, lead_column(of.model->binding, of.source), wanted);
}

// The column that names the visitor, where there is one.
void require_visitor(const Columns& of) {
    if (of.source->anonymous == nullptr) return;
    const char* setting = is_identities(of.model->binding, of.source) ? "identity_anonymous" : "event_anonymous";
    require_column(of, setting, of.source->anonymous, of.model->binding.visitor.type);
}

// By what visitors are known, the column of identities says.
void read_visitor(Model* model) {
    const Source* identities = model->binding.identities;
    if (identities == nullptr) return;
    Columns columns = {model, identities, identities->relation};
    Oid type = column_type(columns, "identity_anonymous", identities->anonymous);
    if (!is_key_type(type))
        refuse_type(columns, "column", identities->anonymous, format_type_be(type), format_type_be(TEXTOID));
    model->binding.visitor = key_type(type);
}

// Where all of the user's columns have another type by now, the model's own are to follow.
void require_keys(const Model* model) {
    Oid type = column_type({model, kLeads, model->binding.leads}, "lead_key", model->binding.lead_key);
    Oid wanted = is_key_type(type) ? type : model->key.type;
    for_each_table(model->binding, [&](const Source* source) {
        require_key({model, source, relation_of(model->binding, source)}, wanted);
    });
    if (wanted == model->key.type) return;
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("model \"%s\" keeps keys of type %s, but those of table \"%s\" are of type %s", model->name,
                           format_type_be(model->key.type), get_rel_name(model->binding.leads), format_type_be(type)),
                    errdetail("The column's type was changed after the model was made."),
                    errhint("SELECT lead_scoring.repair(%s);", quote_literal_cstr(model->name))));
}

StatusKind status_kind(const char* name) {
    if (strcmp(name, "stage") == 0) return StatusKind::Stage;
    if (strcmp(name, "score") == 0) return StatusKind::Score;
    if (strcmp(name, "grade") == 0) return StatusKind::Grade;
    return StatusKind::StageAt;
}

// Rows that were put in while nothing looked at them may say less than the table allows.
char* require_setting(const Model* model, ResultRow row, int column, const char* name, const Source* source = kLeads) {
    if (!row.null(column)) return row.text(column);
    Correction update = correction(model, source, name);
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("the settings of model \"%s\" do not say \"%s\"", model->name, name),
                    errdetail("The column is NULL: the row was written while the table did not forbid it."),
                    errhint("Give its name, by %s'...'%s.", update.begin, update.end)));
    pg_unreachable();
}

[[noreturn]] void refuse_status_column(const Model* model, const char* key) {
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("the settings of model \"%s\" map \"%s\" to no status column", model->name, key),
             errdetail("Status columns are an object of stage, score, grade or <stage>_at and the name of a column."),
             errhint("UPDATE %s SET status_columns = status_columns - %s;", own_table(model, "settings"),
                     quote_literal_cstr(key))));
    pg_unreachable();
}

// As check_status_columns() in SQL, for a column that may have been changed since.
void check_status_column(const Model* model, const StatusColumn& column, const char* key) {
    AttrNumber number = get_attnum(model->binding.leads, column.column);
    if (number == InvalidAttrNumber)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                        errmsg("model \"%s\" cannot find status column \"%s\" of table \"%s\"", model->name,
                               column.column, get_rel_name(model->binding.leads)),
                        errdetail("The column was renamed or dropped after the model was made."),
                        errhint("UPDATE %s SET status_columns = status_columns - %s;", own_table(model, "settings"),
                                quote_literal_cstr(key))));
    Oid type = InvalidOid;
    Oid collation = InvalidOid;
    int32 limit = -1;
    get_atttypetypmodcoll(model->binding.leads, number, &type, &limit, &collation);
    Oid wanted = column.kind == StatusKind::Score     ? FLOAT8OID
                 : column.kind == StatusKind::StageAt ? TIMESTAMPTZOID
                                                      : TEXTOID;
    constexpr int32 kStageBytes = 60;
    constexpr int32 kGradeBytes = 126;
    int32 longest = VARHDRSZ + (column.kind == StatusKind::Stage ? kStageBytes : kGradeBytes);
    if (type == wanted || (wanted == TEXTOID && type == VARCHAROID && (limit == -1 || limit >= longest))) return;
    refuse_type({model, kLeads, model->binding.leads}, "status column", column.column,
                format_type_with_typemod(type, limit), format_type_be(wanted));
}

void read_status_columns(Model* model) {
    query(
        psprintf("SELECT c.key, c.value FROM %s s, jsonb_each_text(CASE jsonb_typeof(s.status_columns) "
                 "WHEN 'object' THEN s.status_columns ELSE '{\"\": null}' END) c ORDER BY c.key",
                 own_table(model, "settings")));
    MemoryContext caller = MemoryContextSwitchTo(model->context);
    model->binding.status_count = static_cast<int>(SPI_processed);
    model->binding.status = static_cast<StatusColumn*>(palloc0(sizeof(StatusColumn) * (SPI_processed + 1)));
    for (uint64 i = 0; i < SPI_processed; ++i) {
        ResultRow row{i};
        StatusColumn& column = model->binding.status[i];
        char* name = row.text(1);
        column.kind = status_kind(name);
        bool is_time = column.kind == StatusKind::StageAt;
        if (row.null(2) || (is_time && strlen(name) <= 3)) refuse_status_column(model, name);
        if (is_time) column.stage = pnstrdup(name, static_cast<Size>(strlen(name) - 3));  // <stage>_at
        column.column = row.text(2);
        check_status_column(model, column, name);
    }
    MemoryContextSwitchTo(caller);
}

// Formats only add to what a model's tables have, so that older ones are worked with as they are.
void require_known_format(const Model* model, int64 format) {
    if (format >= kOldestFormat && format <= kNewestFormat) return;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("model \"%s\" is of format " INT64_FORMAT, model->name, format),
                    errdetail("The library that is installed knows formats %d to %d.", kOldestFormat, kNewestFormat),
                    errhint("Install the library of the extension's version: SELECT extversion FROM pg_extension WHERE "
                            "extname = 'lead_scoring';")));
}

}  // namespace

namespace {

// Those of the table "sources", which models of older formats do not have, behind the first one.
void read_further_sources(Model* model) {
    if (!OidIsValid(get_relname_relid("sources", model->schema))) return;
    query(
        psprintf("SELECT name, events, event_lead, event_type, every_event, event_time, event_anonymous FROM %s "
                 "ORDER BY name COLLATE pg_catalog.\"C\"",
                 own_table(model, "sources")));
    Binding& binding = model->binding;
    MemoryContext caller = MemoryContextSwitchTo(model->context);
    auto* sources = static_cast<Source*>(palloc0(sizeof(Source) * (SPI_processed + 1)));
    sources[0] = binding.sources[0];
    for (uint64 i = 0; i < SPI_processed; ++i) {
        ResultRow row{i};
        Source& source = sources[i + 1];
        source.name = row.text(1);
        source.title = psprintf("\"%s\"", source.name);
        source.table = require_setting(model, row, 2, "events", &source);
        source.lead = require_setting(model, row, 3, "event_lead", &source);
        source.every = row.text(5);
        if (source.every == nullptr) source.type = require_setting(model, row, 4, "event_type", &source);
        source.time = require_setting(model, row, 6, "event_time", &source);
        if (binding.identities != nullptr) source.anonymous = row.text(7);
    }
    MemoryContextSwitchTo(caller);
    binding.sources = sources;
    binding.source_count = static_cast<int>(SPI_processed) + 1;
}

// Models of older formats know of none.
void read_identities(Model* model) {
    if (get_attnum(model->settings, "identities") == InvalidAttrNumber) return;
    query(psprintf("SELECT identities, identity_anonymous, identity_lead, event_anonymous FROM %s",
                   own_table(model, "settings")));
    ResultRow row{0};
    if (row.null(1)) return;
    Binding& binding = model->binding;
    MemoryContext caller = MemoryContextSwitchTo(model->context);
    binding.identities = static_cast<Source*>(palloc0(sizeof(Source)));
    binding.identities->name = binding.identities->title = "identities";
    binding.identities->table = row.text(1);
    binding.identities->anonymous = require_setting(model, row, 2, "identity_anonymous");
    binding.identities->lead = require_setting(model, row, 3, "identity_lead");
    first_source(model).anonymous = row.text(4);
    MemoryContextSwitchTo(caller);
}

}  // namespace

// The binding; without a settings row (a dump half restored) the model counts as paused.
void read_settings(const AsOwner& as) {
    Model* model = as.model;
    query(
        psprintf("SELECT leads, events, lead_key, event_lead, event_type, event_time, paused::boolean, trigger_path, "
                 "format FROM %s",
                 own_table(model, "settings")));
    if (SPI_processed == 0) {
        model->paused = true;
        return;
    }
    ResultRow row{0};
    Binding& binding = model->binding;
    require_known_format(model, row.integer(9, kOldestFormat));
    MemoryContext caller = MemoryContextSwitchTo(model->context);
    binding.sources = static_cast<Source*>(palloc0(sizeof(Source)));
    binding.source_count = 1;
    Source& events = first_source(model);
    events.name = events.title = "events";
    binding.leads_name = require_setting(model, row, 1, "leads");
    events.table = require_setting(model, row, 2, "events");
    binding.lead_key = require_setting(model, row, 3, "lead_key");
    events.lead = require_setting(model, row, 4, "event_lead");
    events.type = require_setting(model, row, 5, "event_type");
    events.time = require_setting(model, row, 6, "event_time");
    model->paused = row.boolean(7, false);
    binding.trigger_path = row.text(8);
    MemoryContextSwitchTo(caller);
    read_identities(model);
    read_further_sources(model);
    for_each_table(binding, [&](Source* source) {
        (source == kLeads ? binding.leads : source->relation) = find_relation(model, source);
    });
    for_each_table(binding, [&](Source* source) {
        (source == kLeads ? binding.leads_name : source->table) = qualified_name(model, relation_of(binding, source));
    });
    if (binding.trigger_path == nullptr)  // others may create in the schema of leads, but not in place of the server's
        binding.trigger_path = MemoryContextStrdup(
            model->context, psprintf("pg_catalog, %s, pg_temp",
                                     quote_identifier(get_namespace_name(get_rel_namespace(binding.leads)))));
    auto for_each = [&](auto look) { for_each_table(binding, look); };
    auto relation = [&](const Source* source) { return relation_of(binding, source); };
    for_each([&](const Source* source) { require_owner(model, source); });
    note_members(model);
    for_each([&](const Source* source) { require_own_members(relation(source), model->owner); });
    for_each([&](const Source* source) { refuse_citus(relation(source)); });
    for_each([&](const Source* source) { require_access(model, source); });
    require_keys(model);
    read_visitor(model);
    for_each([&](const Source* source) { require_columns(model, relation(source), source); });
    read_status_columns(model);
}

bool belongs_to(Oid relation, Oid table) {
    while (relation != table) {
        if (!get_rel_relispartition(relation)) return false;
        relation = get_partition_parent(relation, false);
    }
    return true;
}

const Source* find_source(const Binding& binding, Oid relation) {
    for (const Source& source : sources_of(binding))
        if (belongs_to(relation, source.relation)) return &source;
    return nullptr;
}

void require_columns(const Model* model, Oid relation, const Source* source) {
    Columns columns = {model, source, relation};
    require_key(columns, model->key.type);
    if (source == kLeads) return;
    require_visitor(columns);
    if (is_identities(model->binding, source)) return;
    if (source->type != nullptr) require_column(columns, "event_type", source->type, TEXTOID, true);
    require_time(columns, source->time);
}

Oid require_event_id(const Model* model, Oid relation, const Source* source, const char* column) {
    Columns columns = {model, source, relation};
    if (get_attnum(relation, column) != InvalidAttrNumber) return column_type(columns, "event_id", column);
    Correction update = correction(model, source, "event_id");
    const char* nearest = nearest_column(relation, column);
    ereport(
        ERROR,
        (errcode(ERRCODE_UNDEFINED_COLUMN),
         errmsg("model \"%s\" cannot find column \"%s\" of table \"%s\"", model->name, column, get_rel_name(relation)),
         errdetail("The column, whose ids count once, was renamed or dropped after the model was published."),
         errhint("%s%s%s; SELECT lead_scoring.publish(%s);", update.begin,
                 nearest == nullptr ? "NULL" : quote_literal_cstr(nearest), update.end,
                 quote_literal_cstr(model->name))));
    pg_unreachable();
}

AttrNumber require_created(const Model* model, Oid relation, const char* column) {
    AttrNumber number = get_attnum(relation, column);
    Oid type = number == InvalidAttrNumber ? InvalidOid : getBaseType(get_atttype(relation, number));
    if (number != InvalidAttrNumber) require_stored({model, kLeads, relation}, column);
    if (is_time_type(type)) return number;
    const char* nearest = number == InvalidAttrNumber ? nearest_column(relation, column) : nullptr;
    ereport(ERROR,
            (number == InvalidAttrNumber ? errcode(ERRCODE_UNDEFINED_COLUMN) : errcode(ERRCODE_DATATYPE_MISMATCH),
             number == InvalidAttrNumber
                 ? errmsg("model \"%s\" cannot find column \"%s\" of table \"%s\"", model->name, column,
                          get_rel_name(relation))
                 : errmsg("column \"%s\" of table \"%s\" is of type %s, but model \"%s\" needs %s", column,
                          get_rel_name(relation), format_type_be(type), model->name, format_type_be(TIMESTAMPTZOID)),
             errdetail("By it leads are dated, as settings.lead_created says. It was changed after the model was "
                       "published."),
             errhint("UPDATE %s SET lead_created = %s; SELECT lead_scoring.publish(%s);", own_table(model, "settings"),
                     nearest == nullptr ? "NULL" : quote_literal_cstr(nearest), quote_literal_cstr(model->name))));
    pg_unreachable();
}

bool require_binding(const Model* model, const Source* source) {
    Oid table = relation_of(model->binding, source);
    if (find_relation(model, source) != table) return false;
    require_owner(model, source);
    require_own_members(table, model->owner);
    require_columns(model, table, source);
    return true;
}

}  // namespace lead_scoring
