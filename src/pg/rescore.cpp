// Computing every lead of a model anew.

#include "pg/postgres.hpp"

#include "pg/event_log.hpp"
#include "pg/owner.hpp"
#include "pg/query.hpp"
#include "pg/statement.hpp"

using namespace lead_scoring;

namespace {

Work work_named(const char* name) {
    if (strcmp(name, "replay") == 0) return Work::Replay;
    if (strcmp(name, "catch up") == 0) return Work::CatchUp;
    if (strcmp(name, "evaluate") == 0) return Work::Rescore;
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown way of rescoring: \"%s\"", name),
                    errdetail("Stages are replayed through history, caught up with it, or evaluated once."),
                    errhint("Use 'replay', 'catch up' or 'evaluate'.")));
    pg_unreachable();
}

}  // namespace

// rescore_now(model text, stages text) returns bigint
LEAD_SCORING_FUNCTION(rescore_now) {
    Model* model = use_model(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    Work work = work_named(text_to_cstring(PG_GETARG_TEXT_PP(1)));
    check_owner(model);
    if (model->paused || model->version == nullptr) PG_RETURN_INT64(0);

    SavedIdentity identity = become(model->owner);
    connect_spi();
    Findings* findings = make_findings(model->key);
    ProblemList problems = {};
    read_everything(model, findings, &problems, false);
    Applied applied = {};
    if (!is_empty(findings)) {
        sort_findings(findings);
        applied = apply_findings(model, model->version, findings, work);
        free_findings(findings);
    }
    record_problems(model, problems);
    restore(identity);
    write_statuses(model, applied.statuses, false);
    finish_spi();
    PG_RETURN_INT64(static_cast<int64>(applied.leads));
}
