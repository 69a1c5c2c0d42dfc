#include "pg/postgres.hpp"

#include "pg/reading.hpp"

extern "C" {
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
}

namespace lead_scoring {

Reading begin_reading(const char* name) {
    Reading reading = {};
    reading.model = use_model(name);
    if (pg_class_aclcheck(reading.model->scores, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied for model \"%s\"", name),
                        errdetail("Reading its scores takes SELECT on table %s.scores.", quote_identifier(name)),
                        errhint("GRANT SELECT ON %s.scores TO %s;", quote_identifier(name),
                                quote_identifier(GetUserNameFromId(GetUserId(), false)))));
    reading.version = visible_version(reading.model);
    if (reading.version == nullptr)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("model \"%s\" has no published version", name),
                        errdetail("Scores follow from what was published."),
                        errhint("SELECT lead_scoring.publish(%s);", quote_literal_cstr(name))));
    reading.identity = become(require_model(name, true).owner);
    connect_spi();
    return reading;
}

void end_reading(const Reading* reading) {
    finish_spi();
    restore(reading->identity);
}

Model* hold_off_versions(Model* model) {
    if (model->paused) return model;
    LockRelationOid(model->leads, RowExclusiveLock);
    return use_model(model->name);
}

const PublishedVersion* scoring_version(Model* model) { return model->paused ? nullptr : current_version(model); }

const PublishedVersion* require_scoring(Model* model) {
    const PublishedVersion* version = scoring_version(model);
    if (version == nullptr)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("model \"%s\" does not score at present", model->name),
                        errdetail("It is paused, or nothing is published."),
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
                    errhint("SELECT lead_id FROM %s.leads;", quote_identifier(model->name))));
    pg_unreachable();
}

}  // namespace lead_scoring
