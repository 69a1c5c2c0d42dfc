// The entry of what is written in SQL: each command and reading function that PL/pgSQL implements, and each trigger
// function of the draft, is this one C function. It finds the implementation, the function of the same name and
// arguments in schema lead_scoring_internal (NAME of what is NAME_as_owner there itself), sees that the caller may ask
// for it, and calls it as the model's owner.

#include "pg/server/postgres.hpp"

#include <initializer_list>
#include <string_view>

#include "pg/model/authorship.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/row_security.hpp"
#include "pg/model/shape.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/query.hpp"
#include "pg/server/session_locks.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_database.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/trigger.h"
#include "executor/tstoreReceiver.h"
#include "funcapi.h"
#include "parser/parse_func.h"
#include "storage/lmgr.h"
#include "tcop/dest.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

using namespace lead_scoring;

namespace {

constexpr const char* kInternalSchema = "lead_scoring_internal";
constexpr std::string_view kEntry = "_as_owner";

// What the caller needs, where he is not to be the owner.
struct Capability {
    const char* function;
    const char* tables[14];  // to read; null: no more
    bool undone;             // it reads by views and expressions of the owner's, and nothing of what they do is left
};

constexpr Capability kCapabilities[] = {
    {"versions", {"versions"}},
    {"diff",
     {"versions", "settings", "rule_groups", "rules", "bands", "stages", "sources", "account_rules", "calendar",
      "holidays", "report_settings", "entries", "lead_types"}},
    {"export_model",
     {"settings", "rule_groups", "rules", "bands", "stages", "sources", "account_rules", "calendar", "holidays",
      "report_settings", "entries", "lead_types"}},
    {"definition", {"versions"}},
    {"verify", {"scores", "settings", "versions", "transitions"}},
    {"preview", {"scores", "settings", "versions", "transitions", "rules", "stages", "report_settings"}, true},
    {"preview_leads", {"scores", "settings", "versions", "transitions", "rules", "stages"}, true},
};

// Of one SQL function, kept as long as its call site.
struct Command {
    const char* name;
    const char* body;              // the implementation's name
    const Capability* capability;  // null: for the owner
    bool returns_set;
    bool read_only;
    int arguments;
    Oid* types;
    FmgrInfo implementation;
};

const Command* find_command(FunctionCallInfo fcinfo) {
    if (fcinfo->flinfo->fn_extra != nullptr) return static_cast<const Command*>(fcinfo->flinfo->fn_extra);
    MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    auto* command = static_cast<Command*>(palloc0(sizeof(Command)));
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
    auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    std::string_view name = command->name = pstrdup(NameStr(form->proname));
    bool internal = name.ends_with(kEntry);
    command->body = internal ? pnstrdup(name.data(), name.size() - kEntry.size()) : command->name;
    command->returns_set = form->proretset;
    command->read_only = form->provolatile != PROVOLATILE_VOLATILE;
    command->arguments = form->pronargs;
    command->types = static_cast<Oid*>(palloc(sizeof(Oid) * static_cast<Size>(form->pronargs + 1)));
    memcpy(command->types, form->proargtypes.values, sizeof(Oid) * static_cast<Size>(form->pronargs));
    ReleaseSysCache(tuple);
    for (const Capability& capability : kCapabilities)
        if (strcmp(capability.function, command->name) == 0) command->capability = &capability;
    List* names = list_make2(makeString(pstrdup(kInternalSchema)), makeString(pstrdup(command->body)));
    Oid implementation = LookupFuncName(names, command->arguments, command->types, false);
    fmgr_info_cxt(implementation, &command->implementation, fcinfo->flinfo->fn_mcxt);
    fcinfo->flinfo->fn_extra = command;
    MemoryContextSwitchTo(caller);
    return command;
}

void require_ownership(const char* model, Oid owner) {
    if (has_privs_of_role(GetUserId(), owner)) return;
    const char* name = GetUserNameFromId(owner, false);
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("must be owner of model \"%s\"", model),
                    errdetail("It belongs to role \"%s\".", name),
                    errhint("SET ROLE %s;  -- if you are a member of it", quote_identifier(name))));
}

void require_capability(const char* model, ModelSchema schema, const Capability* capability) {
    Oid user = GetUserId();
    bool usable = LEAD_SCORING_SCHEMA_ACLCHECK(schema.schema, user, ACL_USAGE) == ACLCHECK_OK;
    for (const char* table : capability->tables) {
        if (table == nullptr) break;
        Oid relation = get_relname_relid(table, schema.schema);
        bool granted = !OidIsValid(relation) || pg_class_aclcheck(relation, user, ACL_SELECT) == ACLCHECK_OK;
        if (usable && granted) {
            if (!OidIsValid(relation)) continue;  // which is another error
            require_all_rows(model, relation, psprintf("%s()", capability->function));
            continue;
        }
        const char* role = quote_identifier(GetUserNameFromId(user, false));
        ereport(
            ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
             errmsg("permission denied for table \"%s\" of model \"%s\"", table, model),
             errdetail("It takes USAGE on the schema and SELECT on the table."),
             errhint("%s%s%s", usable ? "" : psprintf("GRANT USAGE ON SCHEMA %s TO %s;", quote_identifier(model), role),
                     usable || granted ? "" : " ",
                     granted ? "" : psprintf("GRANT SELECT ON %s TO %s;", own_table(model, table), role))));
    }
}

[[noreturn]] void refuse_null_model(const char* function) {
    ereport(ERROR,
            (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the model of %s is NULL", function),
             errdetail("The first argument names a model."), errhint("SELECT model FROM lead_scoring.models();")));
    pg_unreachable();
}

// Of the trigger functions, the tables each is for, and whether it runs before each of their rows, or after.
struct TriggerFunction {
    const char* function;
    std::initializer_list<const char*> tables;
    bool before;
};

constexpr TriggerFunction kTriggerFunctions[] = {
    {"check_report_settings_as_owner", {"report_settings"}, true},
    {"check_draft_row_as_owner",
     {"settings", "sources", "rule_groups", "rules", "bands", "stages", "account_rules", "calendar", "holidays",
      "entries", "lead_types"},
     true},
    {"check_rule_group_as_owner", {"rules"}, false},
};

const TriggerFunction* find_trigger_function(const Command* command) {
    for (const TriggerFunction& known : kTriggerFunctions)
        if (strcmp(known.function, command->name) == 0) return &known;
    return nullptr;
}

void require_trigger_call(const TriggerData* data, const Command* command) {
    const TriggerFunction* known = find_trigger_function(command);
    if (known == nullptr || known->before != TRIGGER_FIRED_BEFORE(data->tg_event) ||
        !TRIGGER_FIRED_FOR_ROW(data->tg_event) || TRIGGER_FIRED_BY_DELETE(data->tg_event))
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("%s() was not called as the trigger it is", command->name),
                        errdetail("It runs %s each row that is inserted or updated.",
                                  known == nullptr || known->before ? "before" : "after"),
                        errhint("Let lead_scoring.create_model() make the triggers.")));
    // On any other table its rows would be somebody else's words.
    require_own_table(data, command->name, {known->tables.begin(), known->tables.size()});
}

// The schema of the draft's table, for a trigger; the first argument otherwise.
const char* model_of(FunctionCallInfo fcinfo, const Command* command) {
    if (CALLED_AS_TRIGGER(fcinfo)) {
        auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
        require_trigger_call(data, command);
        return get_namespace_name(RelationGetNamespace(data->tg_relation));
    }
    if (find_trigger_function(command) != nullptr)
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("%s() was not called by a trigger", command->name),
                        errdetail("It is a trigger function of a model's draft."),
                        errhint("Let lead_scoring.create_model() make the triggers.")));
    if (PG_ARGISNULL(0)) refuse_null_model(command->name);
    return text_to_cstring(PG_GETARG_TEXT_PP(0));
}

// Into the tuplestore of a function that returns rows.
void call_for_rows(FunctionCallInfo fcinfo, const Command* command) {
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(&sql, "SELECT * FROM %s.%s(", kInternalSchema, quote_identifier(command->body));
    ParamListInfo parameters = makeParamList(command->arguments);
    for (int i = 0; i < command->arguments; ++i) {
        appendStringInfo(&sql, "%s$%d", i > 0 ? ", " : "", i + 1);
        parameters->params[i] = {fcinfo->args[i].value, fcinfo->args[i].isnull, PARAM_FLAG_CONST, command->types[i]};
    }
    appendStringInfoChar(&sql, ')');
    SPIExecuteOptions options = {};
    options.params = parameters;
    options.read_only = command->read_only;
    options.dest = CreateDestReceiver(DestTuplestore);
    SetTuplestoreDestReceiverParams(options.dest, result->setResult, result->econtext->ecxt_per_query_memory, false,
                                    nullptr, nullptr);
    connect_spi();
    int code = SPI_execute_extended(sql.data, &options);
    if (code < 0) elog(ERROR, "%s failed: %s", command->name, SPI_result_code_string(code));
    finish_spi();
}

Datum call(FunctionCallInfo fcinfo, const Command* command) {
    LOCAL_FCINFO(inner, FUNC_MAX_ARGS);
    auto* implementation = const_cast<FmgrInfo*>(&command->implementation);
    InitFunctionCallInfoData(*inner, implementation, static_cast<short>(fcinfo->nargs), fcinfo->fncollation,
                             CALLED_AS_TRIGGER(fcinfo) ? fcinfo->context : nullptr, nullptr);
    memcpy(inner->args, fcinfo->args, sizeof(NullableDatum) * static_cast<Size>(fcinfo->nargs));
    Datum result = FunctionCallInvoke(inner);
    fcinfo->isnull = inner->isnull;
    return result;
}

}  // namespace

namespace {

Datum run_command(FunctionCallInfo fcinfo, const Command* command, const char* model) {
    // Those who only read hold their locks to the end; the others may be going to alter the tables.
    bool keep = command->capability != nullptr;
    ModelSchema schema = require_model(model, keep);
    if (CALLED_AS_TRIGGER(fcinfo)) {
        require_author(reinterpret_cast<TriggerData*>(fcinfo->context));
    } else if (command->capability == nullptr) {
        require_ownership(model, schema.owner);
    } else {
        require_capability(model, schema, command->capability);
    }
    // But for what mends it, and what a restore writes table by table.
    if (!CALLED_AS_TRIGGER(fcinfo) && strcmp(command->name, "repair") != 0) {
        require_shape(model, schema.schema, true);
        if (!has_rows(get_relname_relid("settings", schema.schema))) no_settings_row(model);
    }
    if (command->returns_set) InitMaterializedSRF(fcinfo, 0);
    Datum result = 0;
    auto enter_and_call = [&] {
        enter_model(model, schema.owner, keep);
        if (command->returns_set)
            call_for_rows(fcinfo, command);
        else
            result = call(fcinfo, command);
        leave_model();
    };
    if (command->capability != nullptr && command->capability->undone)
        call_and_undo(enter_and_call);
    else
        enter_and_call();
    return result;
}

}  // namespace

// command(model text, ...): what the function of that name in lead_scoring_internal returns
LEAD_SCORING_FUNCTION(lead_scoring_command);
Datum lead_scoring_command(PG_FUNCTION_ARGS) {
    const Command* command = find_command(fcinfo);
    return run_command(fcinfo, command, model_of(fcinfo, command));
}

// drop_model(name text); where somebody dropped the schema by hand, the triggers that are left
LEAD_SCORING_FUNCTION(lead_scoring_drop_model);
Datum lead_scoring_drop_model(PG_FUNCTION_ARGS) {
    const Command* command = find_command(fcinfo);
    const char* model = model_of(fcinfo, command);
    ModelSchema schema = find_schema(model);
    if (is_model(schema.schema)) {
        // A table that is none any more is no reason to keep the model; one that somebody else owns is.
        const OwnershipFault* fault = find_ownership_fault(model, schema, false);
        if (fault != nullptr && fault->sqlstate != ERRCODE_WRONG_OBJECT_TYPE) raise_fault(fault);
        require_ownership(model, schema.owner);
        enter_model(model, schema.owner, false);
        call(fcinfo, command);
        leave_model();
        PG_RETURN_VOID();
    }
    connect_spi();
    Oid type = TEXTOID;
    Datum value = CStringGetTextDatum(model);
    int code =
        SPI_execute_with_args("SELECT lead_scoring_internal.drop_triggers($1)", 1, &type, &value, nullptr, false, 0);
    if (code < 0) elog(ERROR, "cannot drop triggers: %s", SPI_result_code_string(code));
    if (ResultRow{0}.integer(1, 0) == 0) no_such_model(model);
    finish_spi();
    PG_RETURN_VOID();
}

// model_state_as_owner(model text) returns (leads, events, version, paused, problem, draft_differs)
LEAD_SCORING_FUNCTION(lead_scoring_model_state);
Datum lead_scoring_model_state(PG_FUNCTION_ARGS) {
    const Command* command = find_command(fcinfo);
    const char* model = text_to_cstring(PG_GETARG_TEXT_PP(0));
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    ModelSchema schema = find_schema(model);
    if (!OidIsValid(schema.schema)) return static_cast<Datum>(0);  // dropped meanwhile
    const OwnershipFault* fault = find_ownership_fault(model, schema, true);
    const char* problem = fault == nullptr ? nullptr : fault->message;
    for (const char* table : {"settings", "versions"}) {
        Oid relation = get_relname_relid(table, schema.schema);
        if (problem == nullptr && OidIsValid(relation) &&
            (pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) != ACLCHECK_OK || is_limited(relation)))
            problem = "settings and versions cannot be read";
    }
    if (problem != nullptr) {
        Datum values[6] = {};
        bool nulls[] = {true, true, true, true, false, true};
        values[4] = CStringGetTextDatum(problem);
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
        return static_cast<Datum>(0);
    }
    enter_model(model, schema.owner, true);
    call_for_rows(fcinfo, command);
    leave_model();
    return static_cast<Datum>(0);
}

namespace {

// Who owns the table of leads, and so the model. Its lock is not kept: create_model takes a stronger one and looks
// again.
Oid owner_of_leads(Oid leads) {
    LockRelationOid(leads, AccessShareLock);
    Oid owner = relation_owner(leads);
    UnlockRelationOid(leads, AccessShareLock);
    if (!OidIsValid(owner))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("leads: there is no table with OID %u", leads),
                        errdetail("It was dropped, or the number is wrong."),
                        errhint("Name the table, as in leads => 'public.leads'.")));
    if (!has_privs_of_role(GetUserId(), owner))
        ereport(
            ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("must be owner of table %s", relation_name(leads)),
             errdetail("A model belongs to the owner of its two tables."),
             errhint("SET ROLE %s;  -- if you are a member of it", quote_identifier(GetUserNameFromId(owner, false)))));
    return owner;
}

// Whether somebody else has made the model while he had the leads table locked, as who makes one has until he commits.
// Where it is still to be made, that lock is ours from here on; else it is not kept, for owner commands lock in an
// order of their own. Requires that the caller may act as the owner of the table.
bool was_made_meanwhile(const char* model, Oid leads) {
    LockRelationOid(leads, ShareRowExclusiveLock);
    bool made = is_model(find_schema(model).schema);
    if (made) UnlockRelationOid(leads, ShareRowExclusiveLock);
    return made;
}

}  // namespace

// create_model(name text, leads regclass, ...): for the owner of the leads table; of a model that is there, as its
// owner
LEAD_SCORING_FUNCTION(lead_scoring_create_model);
Datum lead_scoring_create_model(PG_FUNCTION_ARGS) {
    const Command* command = find_command(fcinfo);
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("an argument of create_model is NULL"),
                 errdetail(
                     "Only lead_key, event_campaign, event_id, event_anonymous, min_score and max_score may be NULL."),
                 errhint("For example lead_scoring.create_model('sales', leads => 'public.leads', events => "
                         "'public.events').")));
    const char* model = text_to_cstring(PG_GETARG_TEXT_PP(0));
    if (strlen(model) >= NAMEDATALEN) no_such_model(model);
    Oid owner = InvalidOid;
    bool is_there = is_model(find_schema(model).schema);
    if (!is_there) {
        owner = owner_of_leads(PG_GETARG_OID(1));
        is_there = was_made_meanwhile(model, PG_GETARG_OID(1));
    }
    if (is_there) {
        owner = require_model(model, false).owner;
        require_ownership(model, owner);
    }
    enter_model(model, owner, false);
    Datum result = call(fcinfo, command);
    leave_model();
    return result;
}

// apply_model(name text, definition jsonb, note text, words jsonb, tables jsonb): of a model that is not there, for the
// owner of the leads table that the document names. It is named again when the model is made: of whatever is that
// table by then, the same role has to be the owner.
LEAD_SCORING_FUNCTION(lead_scoring_apply_model);
Datum lead_scoring_apply_model(PG_FUNCTION_ARGS) {
    const Command* command = find_command(fcinfo);
    const char* model = model_of(fcinfo, command);
    if (strlen(model) >= NAMEDATALEN) no_such_model(model);
    if (is_model(find_schema(model).schema)) return run_command(fcinfo, command, model);
    enter_model(model, GetUserId(), false);
    connect_spi();
    Oid types[] = {TEXTOID, JSONBOID, JSONBOID};
    Datum values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(4)};
    const char nulls[] = {' ', PG_ARGISNULL(1) ? 'n' : ' ', PG_ARGISNULL(4) ? 'n' : ' ', '\0'};
    query("SELECT lead_scoring_internal.document_leads($1, $2, $3)", 3, types, values, nulls);
    bool is_null = false;
    Oid leads = DatumGetObjectId(ResultRow{0}.value(1, &is_null));
    finish_spi();
    leave_model();
    Oid owner = owner_of_leads(leads);
    if (was_made_meanwhile(model, leads)) return run_command(fcinfo, command, model);
    enter_model(model, owner, false);
    Datum result = call(fcinfo, command);
    leave_model();
    return result;
}

// create_schema(name text): the owner's, made by whoever of the two may: the owner, or the one who asks
LEAD_SCORING_FUNCTION(lead_scoring_create_schema);
Datum lead_scoring_create_schema(PG_FUNCTION_ARGS) {
    const Entry* entry = current_entry();
    const char* name = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
    if (entry == nullptr || strcmp(entry->model, name) != 0)
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("schema \"%s\" is not being made", name),
                        errdetail("The function makes the schema of a model within create_model."),
                        errhint("For example lead_scoring.create_model('sales', leads => 'public.leads', events => "
                                "'public.events').")));
    auto may = [](Oid role) { return LEAD_SCORING_DATABASE_ACLCHECK(MyDatabaseId, role, ACL_CREATE) == ACLCHECK_OK; };
    Oid maker = may(entry->owner) ? entry->owner : entry->caller;
    if (!may(maker))
        ereport(ERROR,
                (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                 errmsg("permission denied to create a schema in database \"%s\"", get_database_name(MyDatabaseId)),
                 errdetail("A model is a schema of its own."),
                 errhint("GRANT CREATE ON DATABASE %s TO %s;", quote_identifier(get_database_name(MyDatabaseId)),
                         quote_identifier(GetUserNameFromId(entry->owner, false)))));
    Oid user = InvalidOid;
    int context = 0;
    GetUserIdAndSecContext(&user, &context);
    SetUserIdAndSecContext(maker, context);
    connect_spi();
    const char* sql = psprintf("CREATE SCHEMA %s AUTHORIZATION %s", quote_identifier(name),
                               quote_identifier(GetUserNameFromId(entry->owner, false)));
    int code = SPI_execute(sql, false, 0);
    if (code < 0) elog(ERROR, "cannot make a schema: %s", SPI_result_code_string(code));
    finish_spi();
    SetUserIdAndSecContext(user, context);
    PG_RETURN_VOID();
}
