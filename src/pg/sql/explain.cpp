#include "pg/server/postgres.hpp"

#include "core/reading/explain.hpp"

#include "pg/intake/event_log.hpp"
#include "pg/intake/reading.hpp"
#include "pg/scoring/workspace.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/owned.hpp"

extern "C" {
#include "access/xact.h"
#include "funcapi.h"
#include "utils/timestamp.h"
}

using namespace lead_scoring;

namespace {

void put_line(ReturnSetInfo* result, const Version* version, const ExplainLine& line) {
    Datum values[7];
    bool nulls[7] = {};
    nulls[0] = line.group == kNoGroup;
    if (!nulls[0]) values[0] = CStringGetTextDatum(version->definition->groups[line.group].name.c_str());
    nulls[1] = line.rule == kNoRule && !line.adjustment;
    if (line.adjustment) values[1] = CStringGetTextDatum("adjustment");
    if (line.rule != kNoRule) values[1] = CStringGetTextDatum(version->rules[line.rule].name);
    values[2] = Int64GetDatum(line.times);
    values[3] = Float8GetDatum(points_of_units(line.raw));
    values[4] = Float8GetDatum(points_of_units(line.decayed));
    values[5] = Float8GetDatum(points_of_units(line.capped));
    nulls[2] = nulls[3] = nulls[4] = nulls[1];
    values[6] = Int64GetDatum(line.last_at);
    nulls[6] = line.last_at == kNever;
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

// As of the statement.
Timestamp came_at(const LeadFindings& found) { return created_by(found, GetCurrentStatementStartTimestamp()); }

Units score_of(const Reading* reading, const LeadFindings& found, Timestamp at) {
    const Definition& definition = *reading->version->definition;
    Workspace* workspace = make_workspace();
    load_new_lead(workspace, reading->version);
    replay(workspace, reading->version, found, Until::instant(at), Moves::none(), came_at(found));
    return run_cpp([&] { return score_at(definition, workspace->lead.card, at).total; });
}

void explain(const Reading* reading, Datum key, Timestamp at, ReturnSetInfo* result) {
    with_log_at(reading->as, reading->version, key, at, nullptr, [&](const LeadFindings& found) {
        if (!is_known(found)) return;
        LeadFacts facts = facts_of(found, came_at(found));
        auto* explanation = make_owned<Explanation>(*reading->version->definition, facts, at);
        auto* lines = make_owned<std::vector<ExplainLine>>();
        MatchReader reader(found);
        for (std::span<const Match> matches; reader.next(&matches);) run_cpp([&] { explanation->add(matches); });
        run_cpp([&] { *lines = explanation->lines(); });
        for (const ExplainLine& line : *lines) put_line(result, reading->version, line);
    });
}

}  // namespace

// explain(model text, lead, at timestamptz) returns (rule_group, rule, times, raw, decayed, capped, last_at)
LEAD_SCORING_FUNCTION(lead_scoring_explain);
Datum lead_scoring_explain(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    Reading reading;
    Datum key;
    if (!begin_reading_lead(fcinfo, &reading, &key)) return static_cast<Datum>(0);
    explain(&reading, key, PG_GETARG_TIMESTAMPTZ(2), reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo));
    end_reading(&reading);
    return static_cast<Datum>(0);
}

// explain_definition(model text, lead text, at timestamptz, definition jsonb) returns the same
LEAD_SCORING_FUNCTION(lead_scoring_explain_definition);
Datum lead_scoring_explain_definition(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    require_entry(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    Datum definition = PointerGetDatum(PG_DETOAST_DATUM(PG_GETARG_DATUM(3)));
    Reading reading;
    Datum key;
    if (!begin_reading_lead_by(definition, fcinfo, &reading, &key)) return static_cast<Datum>(0);
    explain(&reading, key, PG_GETARG_TIMESTAMPTZ(2), reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo));
    end_reading(&reading);
    return static_cast<Datum>(0);
}

// score_at(model text, lead, at timestamptz) returns float8
LEAD_SCORING_FUNCTION(lead_scoring_score_at);
Datum lead_scoring_score_at(PG_FUNCTION_ARGS) {
    Timestamp at = PG_GETARG_TIMESTAMPTZ(2);
    Reading reading;
    Datum key;
    if (!begin_reading_lead(fcinfo, &reading, &key)) PG_RETURN_NULL();
    bool known = false;
    Units points = 0;
    with_log_at(reading.as, reading.version, key, at, nullptr, [&](const LeadFindings& found) {
        known = is_known(found);
        if (known) points = score_of(&reading, found, at);
    });
    end_reading(&reading);
    if (!known) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(points_of_units(points));
}
