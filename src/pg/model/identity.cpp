#include "pg/server/postgres.hpp"

#include "pg/model/identity.hpp"

#include <algorithm>

#include "pg/model/citus.hpp"
#include "pg/model/shape.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/query.hpp"
#include "pg/server/transaction_end.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

namespace lead_scoring {

namespace {

// Locks the table that bears the name now, also where it was swapped while we waited.
Oid lock_table(const char* name, Oid schema) {
    for (Oid relation = get_relname_relid(name, schema);;) {
        if (!OidIsValid(relation)) return InvalidOid;
        LockRelationOid(relation, AccessShareLock);
        Oid again = get_relname_relid(name, schema);
        if (again == relation) return relation;
        UnlockRelationOid(relation, AccessShareLock);
        relation = again;
    }
}

constexpr const char* kOneOwner =
    "All is done as the model's owner, who must own the schema, its tables, the leads and the events table.";

const OwnershipFault* make_fault(int sqlstate, char* message, char* hint, const char* detail = kOneOwner) {
    auto* fault = static_cast<OwnershipFault*>(palloc(sizeof(OwnershipFault)));
    *fault = {sqlstate, message, detail, hint};
    return fault;
}

const OwnershipFault* look_at_table(const char* model, ModelSchema schema, const char* table, Oid relation) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple)) return nullptr;
    auto* form = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
    Oid owner = form->relowner;
    char kind = form->relkind;
    ReleaseSysCache(tuple);
    const char* name = own_table(model, table);
    const char* role = GetUserNameFromId(schema.owner, true);
    if (owner != schema.owner && strcmp(table, "settings") == 0)  // more likely the schema was given away
        return make_fault(ERRCODE_INSUFFICIENT_PRIVILEGE,
                          psprintf("role \"%s\", which owns schema \"%s\", does not own the model in it",
                                   role == nullptr ? "?" : role, model),
                          psprintf("ALTER SCHEMA %s OWNER TO %s;", quote_identifier(model),
                                   quote_identifier(GetUserNameFromId(owner, false))));
    if (owner != schema.owner)
        return make_fault(
            ERRCODE_INSUFFICIENT_PRIVILEGE,
            psprintf("role \"%s\", which owns model \"%s\", does not own its table \"%s\"",
                     role == nullptr ? "?" : role, model, table),
            psprintf("ALTER TABLE %s OWNER TO %s;", name, quote_identifier(role == nullptr ? "?" : role)));
    if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
        return make_fault(ERRCODE_WRONG_OBJECT_TYPE, psprintf("%s is not the table that create_model made", name),
                          psprintf("ALTER %s %s RENAME TO another_name; SELECT lead_scoring.repair(%s);",
                                   kind == RELKIND_VIEW ? "VIEW" : "TABLE", name, quote_literal_cstr(model)),
                          "Something else has its name now.");
    if (const char* found = found_in_citus(relation))
        return make_fault(ERRCODE_FEATURE_NOT_SUPPORTED, psprintf("table %s %s", name, found),
                          pstrdup(citus_hint(relation)), kCitusDetail);
    return nullptr;
}

}  // namespace

Oid relation_owner(Oid relation) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple)) return InvalidOid;
    Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return owner;
}

ModelSchema find_schema(const char* name) {
    ModelSchema found = {InvalidOid, InvalidOid};
    if (strlen(name) >= NAMEDATALEN) return found;
    HeapTuple tuple = SearchSysCache1(NAMESPACENAME, CStringGetDatum(name));
    if (!HeapTupleIsValid(tuple)) return found;
    auto* form = reinterpret_cast<Form_pg_namespace>(GETSTRUCT(tuple));
    found = {form->oid, form->nspowner};
    ReleaseSysCache(tuple);
    return found;
}

const OwnershipFault* find_ownership_fault(const char* model, ModelSchema schema, bool keep) {
    const OwnershipFault* fault = nullptr;
    for (const char* table : kOwnTables) {
        Oid relation = lock_table(table, schema.schema);
        if (!OidIsValid(relation)) continue;
        if (fault == nullptr) fault = look_at_table(model, schema, table, relation);
        if (!keep) UnlockRelationOid(relation, AccessShareLock);
    }
    return fault;
}

bool is_model(Oid schema) {
    if (!OidIsValid(schema)) return false;
    connect_spi();
    Oid type = OIDOID;
    Datum value = ObjectIdGetDatum(schema);
    query("SELECT EXISTS (SELECT FROM lead_scoring_internal.model_schemas() m WHERE m.schema = $1)", 1, &type, &value);
    bool found = ResultRow{0}.boolean(1, false);
    finish_spi();
    return found;
}

namespace {

// Where these are there it is not worth a query.
bool has_heart(Oid schema) {
    for (const char* table : {"settings", "versions", "scores"})
        if (!OidIsValid(get_relname_relid(table, schema))) return false;
    return true;
}

}  // namespace

ModelSchema require_model(const char* name, bool keep) {
    ModelSchema found = find_schema(name);
    if (!OidIsValid(found.schema) || !(has_heart(found.schema) || is_model(found.schema))) no_such_model(name);
    const OwnershipFault* fault = find_ownership_fault(name, found, keep);
    if (fault != nullptr) raise_fault(fault);
    return found;
}

void raise_fault(const OwnershipFault* fault) {
    ereport(ERROR, (errcode(fault->sqlstate), errmsg_internal("%s", fault->message), errdetail("%s", fault->detail),
                    errhint("%s", fault->hint)));
    pg_unreachable();
}

void require_own_members(Oid table, Oid owner) {
    ListCell* cell = nullptr;
    foreach (cell, find_all_inheritors(table, NoLock, nullptr)) {
        Oid member = lfirst_oid(cell);
        Oid role = relation_owner(member);
        if (member == table || !OidIsValid(role) || role == owner || is_member_of_role(role, owner)) continue;
        const char* name = GetUserNameFromId(owner, false);
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("role \"%s\" does not own table %s, which is read with %s", name, relation_name(member),
                               relation_name(table)),
                        errdetail("Reading it would run its owner's code with the rights of the model's owner."),
                        errhint("ALTER TABLE %s OWNER TO %s;", relation_name(member), quote_identifier(name))));
    }
}

void require_own_table(const TriggerData* data, const char* function, std::span<const char* const> tables) {
    Relation relation = data->tg_relation;
    const char* table = RelationGetRelationName(relation);
    const char* schema = get_namespace_name(RelationGetNamespace(relation));
    bool is_named = std::any_of(tables.begin(), tables.end(), [&](const char* own) { return strcmp(own, table) == 0; });
    if (is_named && schema != nullptr && find_schema(schema).owner == relation->rd_rel->relowner) return;
    const char* name = quote_qualified_identifier(schema == nullptr ? "?" : schema, table);
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("%s() was called for table %s, which is not a model's own", function, name),
                    errdetail("It works for the tables that create_model makes, in a schema of their owner's."),
                    errhint("DROP TRIGGER %s ON %s;", quote_identifier(data->tg_trigger->tgname), name)));
}

void no_such_model(const char* name) {
    connect_spi();
    Oid type = TEXTOID;
    Datum value = CStringGetTextDatum(name);
    if (strlen(name) >= NAMEDATALEN) query("SELECT lead_scoring_internal.check_model_name($1)", 1, &type, &value);
    query(
        "SELECT lead_scoring_internal.renamed_model($1), lead_scoring_internal.is_left_behind($1), "
        "lead_scoring_internal.perhaps($1, ARRAY(SELECT m.name FROM lead_scoring_internal.model_schemas() m "
        "WHERE pg_catalog.has_schema_privilege(m.schema, 'USAGE')))",
        1, &type, &value);
    const char* renamed = ResultRow{0}.text(1);
    bool left_behind = ResultRow{0}.boolean(2, false);
    const char* quoted = quote_literal_cstr(name);
    const char* hint = psprintf("%s%s", "SELECT model FROM lead_scoring.models();", ResultRow{0}.text(3));
    if (renamed != nullptr)
        hint = psprintf("SELECT lead_scoring.drop_model(%s); SELECT lead_scoring.repair(%s);", quoted,
                        quote_literal_cstr(renamed));
    else if (left_behind)
        hint = psprintf("SELECT lead_scoring.drop_model(%s);  -- removes the triggers that are left of it", quoted);
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("model \"%s\" does not exist", name),
                    errdetail("A model is a schema with a table \"scores\" of scorecards."), errhint("%s", hint)));
    pg_unreachable();
}

namespace {

bool is_of(const Entry* entry) {
    return entry != nullptr && entry->owner == GetUserId() && InSecurityRestrictedOperation();
}

// Between a write and what runs within it there may be code of the user's.
ErrorContextCallback* callers_context() {
    const Entry* entry = innermost_entry();
    return is_of(entry) && entry->is_models ? entry->callers_context : error_context_stack;
}

}  // namespace

ErrorContextCallback* hide_internals() {
    ErrorContextCallback* shown = error_context_stack;
    error_context_stack = callers_context();
    return shown;
}

void enter_model(const char* model, Oid owner, bool keep) {
    ErrorContextCallback* context = callers_context();
    Oid caller = asking_role();
    SavedIdentity saved = become(owner);
    Entry* entry = Ongoing<Entry>::put_up();
    strlcpy(entry->model, model, NAMEDATALEN);
    entry->owner = owner;
    entry->caller = caller;
    entry->keep = keep;
    entry->is_models = true;
    entry->context = saved.context;
    entry->saved = saved;
    entry->callers_context = context;
}

void enter_write(Oid owner, bool in_trigger) {
    const Entry* outer = innermost_entry();
    bool is_inner = !in_trigger && is_of(outer);
    Oid caller = told_role();
    SavedIdentity saved = in_trigger ? become_for_trigger(owner) : become(owner);
    Entry* entry = Ongoing<Entry>::put_up();
    entry->owner = owner;
    entry->caller = caller;
    entry->in_trigger = in_trigger;
    entry->context = is_inner ? outer->context : saved.context;
    entry->saved = saved;
}

void leave_model() {
    SavedIdentity saved = Ongoing<Entry>::innermost->saved;
    Ongoing<Entry>::take_down();
    restore(saved);
}

const Entry* innermost_entry() { return Ongoing<Entry>::innermost; }

const Entry* current_entry() {
    const Entry* entry = innermost_entry();
    while (entry != nullptr && !entry->is_models) entry = entry->outer;
    return is_of(entry) ? entry : nullptr;
}

Oid asking_role() {
    const Entry* entry = current_entry();
    return entry == nullptr ? GetUserId() : entry->caller;
}

const char* asking_name() { return GetUserNameFromId(asking_role(), false); }

Oid told_role() {
    const Entry* entry = innermost_entry();
    return is_of(entry) ? entry->caller : GetUserId();
}

void require_entry(const char* model) {
    const Entry* entry = current_entry();
    if (entry != nullptr && model != nullptr && strcmp(entry->model, model) == 0) return;
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("an internal function of lead_scoring was called for model \"%s\"",
                           model == nullptr ? "NULL" : model),
                    errdetail("It works as the model's owner, within the commands of lead_scoring only."),
                    errhint("SELECT * FROM lead_scoring.models();")));
}

}  // namespace lead_scoring

using namespace lead_scoring;

// require_identity(model text)
LEAD_SCORING_FUNCTION(lead_scoring_require_identity);
Datum lead_scoring_require_identity(PG_FUNCTION_ARGS) {
    require_entry(PG_ARGISNULL(0) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(0)));
    PG_RETURN_VOID();
}

// asking_role() returns text
LEAD_SCORING_FUNCTION(lead_scoring_asking_role);
Datum lead_scoring_asking_role(PG_FUNCTION_ARGS) { PG_RETURN_TEXT_P(cstring_to_text(asking_name())); }

// is_sound(model text) returns boolean
LEAD_SCORING_FUNCTION(lead_scoring_is_sound);
Datum lead_scoring_is_sound(PG_FUNCTION_ARGS) {
    const char* model = text_to_cstring(PG_GETARG_TEXT_PP(0));
    ModelSchema schema = find_schema(model);
    PG_RETURN_BOOL(schema.owner == GetUserId() && find_ownership_fault(model, schema, false) == nullptr);
}

// require_own(relation regclass, exclusive boolean)
LEAD_SCORING_FUNCTION(lead_scoring_require_own);
Datum lead_scoring_require_own(PG_FUNCTION_ARGS) {
    Oid relation = PG_GETARG_OID(0);
    bool exclusive = PG_GETARG_BOOL(1);
    LOCKMODE mode = exclusive ? ShareRowExclusiveLock : AccessShareLock;
    const Entry* entry = current_entry();
    ErrorContextCallback* shown = hide_internals();
    LockRelationOid(relation, mode);
    Oid owner = relation_owner(relation);
    if (owner != GetUserId()) {
        const char* role = GetUserNameFromId(GetUserId(), false);
        const char* table = relation_name(relation);
        ereport(ERROR,
                (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("role \"%s\" does not own table %s", role, table),
                 errdetail("%s", kOneOwner), errhint("ALTER TABLE %s OWNER TO %s;", table, quote_identifier(role))));
    }
    require_own_members(relation, owner);
    refuse_citus(relation);
    error_context_stack = shown;
    if (!exclusive && (entry == nullptr || !entry->keep)) UnlockRelationOid(relation, mode);
    PG_RETURN_VOID();
}
