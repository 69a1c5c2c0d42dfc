#include "pg/server/postgres.hpp"

#include "pg/model/row_security.hpp"

#include "pg/model/table_name.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "parser/parsetree.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
}

namespace lead_scoring {

bool is_limited(Oid table) { return check_enable_rls(table, InvalidOid, true) == RLS_ENABLED; }

namespace {

// The query for the lead's row as the server would run it for the current user, policies included. A name is resolved
// once, here; that it leads to the model's own table is seen before anything of it runs.
Query* query_for_row(const Model* model, const char* sql) {
    Oid type = model->key.type;
    List* parsed = pg_parse_query(sql);
    List* rewritten = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, parsed), sql, &type, 1, nullptr);
    auto* query = linitial_node(Query, rewritten);
    const RangeTblEntry* table = rt_fetch(1, query->rtable);
    if (table->rtekind != RTE_RELATION || table->relid != model->scores)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("model \"%s\" was renamed meanwhile", model->name),
                        errdetail("Its scores are in another schema by now."),
                        errhint("SELECT model FROM lead_scoring.models();")));
    return query;
}

}  // namespace

bool sees_lead(const Model* model, Datum key) {
    if (!is_limited(model->scores)) return true;
    const char* sql = psprintf("SELECT FROM %s WHERE lead_id OPERATOR(pg_catalog.=) $1", own_table(model, "scores"));
    ParamListInfo parameters = makeParamList(1);
    parameters->params[0] = {key, false, PARAM_FLAG_CONST, model->key.type};
    PlannedStmt* plan = pg_plan_query(query_for_row(model, sql), sql, 0, parameters);
    QueryDesc* query =
        CreateQueryDesc(plan, sql, GetActiveSnapshot(), InvalidSnapshot, None_Receiver, parameters, nullptr, 0);
    ExecutorStart(query, 0);
    LEAD_SCORING_RUN_EXECUTOR(query, 1);
    bool found = query->estate->es_processed > 0;
    ExecutorFinish(query);
    ExecutorEnd(query);
    FreeQueryDesc(query);
    return found;
}

void require_all_rows(const char* model, Oid table, const char* what) {
    if (!is_limited(table)) return;
    const char* name = get_rel_name(table);
    const char* visible = strcmp(name, "scores") == 0 ? "leads" : name;
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("row security on table \"%s\" of model \"%s\" limits role \"%s\"", name, model,
                           GetUserNameFromId(GetUserId(), false)),
                    errdetail("%s tells of rows that it hides.", what),
                    errhint("SELECT * FROM %s;", own_table(model, visible))));
}

}  // namespace lead_scoring
