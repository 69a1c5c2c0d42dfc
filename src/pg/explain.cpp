#include "pg/postgres.hpp"

#include "core/explain.hpp"

#include "core/lead.hpp"
#include "pg/boundary.hpp"
#include "pg/event_log.hpp"
#include "pg/reading.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/timestamp.h"
}

using namespace lead_scoring;

namespace {

// All that is known of the lead; false where neither table has it.
bool find_lead(FunctionCallInfo fcinfo, const Reading* reading, LeadFindings* found) {
    Findings* findings = make_findings(reading->model->key);
    read_lead(reading->model, reading->version, lead_argument(fcinfo, 1, reading->model->key), findings, true);
    sort_findings(findings);
    rewind_findings(findings);
    return next_lead(findings, found);
}

void put_line(ReturnSetInfo* result, const PublishedVersion* version, const ExplainLine& line) {
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

}  // namespace

// explain(model text, lead, at timestamptz) returns (rule_group, rule, times, raw, decayed, capped, last_at)
LEAD_SCORING_FUNCTION(explain) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    Reading reading = begin_reading(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    Timestamp at = PG_GETARG_TIMESTAMPTZ(2);
    LeadFindings found = {};
    if (find_lead(fcinfo, &reading, &found)) {
        const Definition& definition = *reading.version->definition;
        auto* lines = static_cast<ExplainLine*>(palloc(
            sizeof(ExplainLine) * (definition.rules.size() + definition.groups.size() + found.adjustment_count + 1)));
        std::size_t count = run_cpp([&] {
            LeadFacts facts = {{found.matches, found.match_count},
                               {found.fit, found.fit_count},
                               {found.adjustments, found.adjustment_count}};
            auto explained = explain(definition, facts, at);
            std::copy(explained.begin(), explained.end(), lines);
            return explained.size();
        });
        for (std::size_t i = 0; i < count; ++i) put_line(result, reading.version, lines[i]);
    }
    end_reading(&reading);
    return static_cast<Datum>(0);
}

// score_at(model text, lead, at timestamptz) returns float8
LEAD_SCORING_FUNCTION(score_at) {
    Reading reading = begin_reading(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    Timestamp at = PG_GETARG_TIMESTAMPTZ(2);
    LeadFindings found = {};
    bool known = find_lead(fcinfo, &reading, &found);
    Units points = 0;
    if (known) {
        const Definition& definition = *reading.version->definition;
        points = run_cpp([&] {
            // Only what had happened by then; nothing of it lies ahead, so that no tolerance applies.
            std::size_t until = 0;
            while (until < found.match_count && found.matches[until].at <= at) ++until;
            Lead lead;
            std::vector<Transition> none;
            lead.stage.stage = definition.first_stage;
            lead.card.fit.assign(found.fit, found.fit + found.fit_count);
            lead.card.adjustments.assign(found.adjustments, found.adjustments + found.adjustment_count);
            if (!fold_matches(definition, lead, {found.matches, until}, at, Moves::none(), none)) return Units{0};
            return score_at(definition, lead.card, at).total;
        });
    }
    end_reading(&reading);
    if (!known) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(points_of_units(points));
}
