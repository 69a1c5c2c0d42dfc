#include "pg/server/postgres.hpp"

#include "pg/intake/reading.hpp"

#include "pg/model/row_security.hpp"
#include "pg/model/table_name.hpp"

extern "C" {
#include "access/xact.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
}

namespace lead_scoring {

void require_reader(const Model* model, Oid relation, AttrNumber column) {
    Oid role = GetUserId();
    bool usable = LEAD_SCORING_SCHEMA_ACLCHECK(model->schema, role, ACL_USAGE) == ACLCHECK_OK;
    bool granted =
        pg_class_aclcheck(relation, role, ACL_SELECT) == ACLCHECK_OK ||
        (column != InvalidAttrNumber && pg_attribute_aclcheck(relation, column, role, ACL_SELECT) == ACLCHECK_OK);
    if (usable && granted) return;
    const char* schema = quote_identifier(model->name);
    const char* user = quote_identifier(GetUserNameFromId(role, false));
    const char* name = own_table(model, get_rel_name(relation));
    ereport(ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied for model \"%s\"", model->name),
             errdetail("Who reads it, through another view too, needs USAGE on the schema and SELECT on %s.", name),
             errhint("%s%s%s", usable ? "" : psprintf("GRANT USAGE ON SCHEMA %s TO %s;", schema, user),
                     usable || granted ? "" : " ", granted ? "" : psprintf("GRANT SELECT ON %s TO %s;", name, user))));
}

namespace {

// Locks the model's own tables, which are its owner's. While they are locked and nothing is heard of any change, there
// is no need to look again.
void hold_tables(Model* model) {
    HeldTables now = {LEAD_SCORING_LOCAL_TRANSACTION, GetCurrentSubTransactionId(), invalidation_count()};
    if (now == model->held) return;
    require_model(model->name, true);
    now.invalidations = invalidation_count();
    model->held = now;
}

// The model as it is now, which the caller may read.
Model* look_up(const char* name) {
    hold_tables(find_model(name));
    Model* model = find_model(name);
    require_reader(model, model->scores);
    return use_bound(name);
}

void enter_visible(Reading* reading) {
    reading->version = visible_version(reading->model);
    if (reading->version == nullptr)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("model \"%s\" has no published version", reading->model->name),
                        errdetail("Scores follow from what was published."),
                        errhint("SELECT lead_scoring.publish(%s);", quote_literal_cstr(reading->model->name))));
    reading->as = begin_reading_work(reading->model);
}

// The model and the lead that the first two arguments name; false where the caller may not see it.
bool look_up_lead(FunctionCallInfo fcinfo, Reading* reading, Datum* key) {
    *reading = {};
    reading->model = look_up(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    *key = lead_argument(fcinfo, 1, reading->model->key);
    return sees_lead(reading->model, *key);
}

}  // namespace

Reading begin_reading(const char* name, const char* what) {
    Reading reading = {};
    reading.model = look_up(name);
    require_all_rows(name, reading.model->scores, what);
    enter_visible(&reading);
    return reading;
}

bool begin_reading_lead(FunctionCallInfo fcinfo, Reading* reading, Datum* key) {
    if (!look_up_lead(fcinfo, reading, key)) return false;
    enter_visible(reading);
    return true;
}

bool begin_reading_lead_if_published(FunctionCallInfo fcinfo, Reading* reading, Datum* key) {
    if (!look_up_lead(fcinfo, reading, key)) return false;
    reading->version = visible_version(reading->model);
    if (reading->version != nullptr) reading->as = begin_reading_work(reading->model);
    return true;
}

bool begin_reading_lead_by(Datum definition, FunctionCallInfo fcinfo, Reading* reading, Datum* key) {
    if (!look_up_lead(fcinfo, reading, key)) return false;
    reading->as = begin_reading_work(reading->model);
    reading->version = make_version(reading->model->name, 0, definition);
    return true;
}

void end_reading(const Reading* reading) { end_work(reading->as); }

Model* hold_off_versions(Model* model) {
    if (model->paused) return model;
    LockRelationOid(model->binding.leads, RowExclusiveLock);
    return use_model(model->name);
}

const Version* scoring_version(Model* model) { return model->paused ? nullptr : current_version(model); }

const Version* require_scoring(Model* model) {
    const Version* version = scoring_version(model);
    if (version == nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("model \"%s\" does not score at present", model->name),
                 errdetail(model->paused ? "It is paused." : "Nothing is published yet, so that no lead has a score."),
                 errhint("SELECT lead_scoring.%s(%s);", model->paused ? "resume" : "publish",
                         quote_literal_cstr(model->name))));
    return version;
}

void require_argument(FunctionCallInfo fcinfo, int number, const char* name, const char* call) {
    if (!PG_ARGISNULL(number)) return;
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name),
                    errdetail("There is nothing that it could stand for."), errhint("%s", call)));
}

Datum lead_argument(FunctionCallInfo fcinfo, int number, const KeyType& type) {
    Oid given = get_fn_expr_argtype(fcinfo->flinfo, number);
    Datum value = PG_GETARG_DATUM(number);
    if (given == type.type) return value;
    Oid output = InvalidOid;
    bool variable = false;
    getTypeOutputInfo(given, &output, &variable);
    return key_from_text(type, OidOutputFunctionCall(output, value));
}

void no_such_lead(const Model* model, Datum key) {
    ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
                    errmsg("model \"%s\" knows no lead \"%s\"", model->name, key_to_text(model->key, key)),
                    errdetail("Neither table has a row of that key."),
                    errhint("SELECT lead_id FROM %s;", own_table(model, "leads"))));
    pg_unreachable();
}

}  // namespace lead_scoring
