#include "pg/server/postgres.hpp"

#include "pg/server/progress.hpp"

#include "pg/server/transaction_end.hpp"

extern "C" {
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

// An enumeration of C: any number fits, and the server's own are small.
constexpr auto kCommand = static_cast<ProgressCommandType>(0x6c656164);
constexpr const char* kPhases[] = {"reading events", "scoring leads", "writing status columns"};

enum Parameter { kPhase, kLeadsDone, kLeadsTotal, kStartedAt, kParameterCount };

// An operation that is going on. What its statements fire may do another one meanwhile.
struct Operation {
    Oid scores;
    int64 parameters[kParameterCount];
    int level;
    Operation* outer;
};

using Operations = Ongoing<Operation>;

// All of it each time: a subtransaction that was rolled back, or a command within, may have cleared it.
void publish(const Operation* operation) {
    const int indexes[] = {kPhase, kLeadsDone, kLeadsTotal, kStartedAt};
    pgstat_progress_start_command(kCommand, operation->scores);
    pgstat_progress_update_multi_param(kParameterCount, indexes, operation->parameters);
}

}  // namespace

void begin_progress(Oid scores, TimestampTz started_at) {
    Operation* operation = Operations::put_up();
    operation->scores = scores;
    operation->parameters[kPhase] = static_cast<int64>(Phase::ReadingEvents);
    operation->parameters[kLeadsTotal] = kUnknownTotal;
    operation->parameters[kStartedAt] = started_at;
    publish(operation);
}

void report_phase(Phase phase) {
    Operation* operation = Operations::innermost;
    operation->parameters[kPhase] = static_cast<int64>(phase);
    publish(operation);
}

void report_leads(int64 done, int64 total) {
    Operation* operation = Operations::innermost;
    operation->parameters[kPhase] = static_cast<int64>(Phase::ScoringLeads);
    operation->parameters[kLeadsDone] = done;
    operation->parameters[kLeadsTotal] = total;
    publish(operation);
}

void show_progress_again() {
    if (Operations::innermost != nullptr) publish(Operations::innermost);
}

void pause_progress() { Operations::take_down(); }

void end_progress() {
    Operations::take_down();
    if (Operations::innermost != nullptr)
        publish(Operations::innermost);
    else
        pgstat_progress_end_command();
}

}  // namespace lead_scoring

using namespace lead_scoring;

// progress_reports() returns (pid, scores, phase, leads_done, leads_total, started_at)
LEAD_SCORING_FUNCTION(lead_scoring_progress_reports);
Datum lead_scoring_progress_reports(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    pgstat_clear_backend_activity_snapshot();
    int backends = pgstat_fetch_stat_numbackends();
    for (int i = 1; i <= backends; ++i) {
        const PgBackendStatus& backend = LEAD_SCORING_LOCAL_BACKEND(i)->backendStatus;
        const int64* parameters = backend.st_progress_param;
        bool sound = backend.st_progress_command == kCommand && backend.st_databaseid == MyDatabaseId &&
                     parameters[kPhase] >= 0 && parameters[kPhase] < static_cast<int64>(lengthof(kPhases));
        if (!sound) continue;
        Datum values[] = {Int32GetDatum(backend.st_procpid),
                          Int64GetDatum(backend.st_progress_command_target),
                          CStringGetTextDatum(kPhases[parameters[kPhase]]),
                          Int64GetDatum(parameters[kLeadsDone]),
                          Int64GetDatum(parameters[kLeadsTotal]),
                          Int64GetDatum(parameters[kStartedAt])};
        bool nulls[] = {false, false, false, false, parameters[kLeadsTotal] == kUnknownTotal, false};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    return static_cast<Datum>(0);
}
