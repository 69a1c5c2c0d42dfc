// rule_matches(): when each lead first matched each rule. Conditions mean what they mean to scores, an expression that
// raises for a row included, since it is the same reading.

#include "pg/server/postgres.hpp"

#include "core/reading/first_matches.hpp"
#include "pg/intake/event_log.hpp"
#include "pg/intake/reading.hpp"
#include "pg/server/owned.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
}

using namespace lead_scoring;

namespace {

// In the order of the version's rules, that of their ids; infinity for no match, -infinity for a fit rule. No nulls: an
// array without finds its elements at once.
Datum first_matches(const Reading& reading, const LeadFindings& found, FirstMatches* first) {
    int rules = reading.version->rule_count;
    auto* times = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(rules)));
    run_cpp([&] { first->begin(found.known ? found.created : kNever); });
    MatchReader reader(found);
    for (std::span<const Match> matches; reader.next(&matches);) run_cpp([&] { first->add(matches); });
    TimestampTz now = GetCurrentStatementStartTimestamp();
    run_cpp([&] {
        const std::vector<Timestamp>& at = first->finish(now);
        for (std::size_t i = 0; i < at.size(); ++i) times[i] = Int64GetDatum(at[i] == kForever ? DT_NOEND : at[i]);
    });
    for (std::size_t rule : found.fit) times[rule] = Int64GetDatum(DT_NOBEGIN);
    return PointerGetDatum(construct_array(times, rules, TIMESTAMPTZOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

}  // namespace

// rule_matches(model text) returns (lead_id text, first_at timestamptz[])
LEAD_SCORING_FUNCTION(lead_scoring_rule_matches);
Datum lead_scoring_rule_matches(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    Reading reading = begin_reading(text_to_cstring(PG_GETARG_TEXT_PP(0)), "rule_matches()");
    auto* first = make_owned<FirstMatches>(*reading.version->definition);
    for_each_lead(reading.as, reading.version, [&](const LeadFindings& found) {
        Datum values[] = {CStringGetTextDatum(key_to_text(reading.model->key, found.key)),
                          first_matches(reading, found, first)};
        bool nulls[] = {false, false};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    });
    end_reading(&reading);
    return static_cast<Datum>(0);
}
