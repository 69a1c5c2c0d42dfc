// rule_matches(): when each lead first matched each rule. Conditions mean what they mean to scores, an expression that
// raises for a row included, since it is the same reading.

#include "pg/server/postgres.hpp"

#include <algorithm>

#include "pg/intake/event_log.hpp"
#include "pg/intake/reading.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
}

using namespace lead_scoring;

namespace {

// In the order of the version's rules, that of their ids; infinity for no match, -infinity for a fit rule. No nulls: an
// array without finds its elements at once.
Datum first_matches(const LeadFindings& found, int rules) {
    auto* times = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(rules)));
    std::fill_n(times, rules, Int64GetDatum(DT_NOEND));
    auto note = [&](std::size_t rule, int64 at) {
        times[rule] = Int64GetDatum(std::min<int64>(DatumGetInt64(times[rule]), at));
    };
    for (std::size_t rule : found.fit) note(rule, DT_NOBEGIN);
    MatchReader reader(found);
    for (std::span<const Match> matches; reader.next(&matches);)
        for (const Match& match : matches)
            if (match.kind == MatchKind::Rule) note(match.target, match.at);
    return PointerGetDatum(construct_array(times, rules, TIMESTAMPTZOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

}  // namespace

// rule_matches(model text) returns (lead_id text, first_at timestamptz[])
LEAD_SCORING_FUNCTION(lead_scoring_rule_matches);
Datum lead_scoring_rule_matches(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    Reading reading = begin_reading(text_to_cstring(PG_GETARG_TEXT_PP(0)), "rule_matches()");
    for_each_lead(reading.as, reading.version, [&](const LeadFindings& found) {
        Datum values[] = {CStringGetTextDatum(key_to_text(reading.model->key, found.key)),
                          first_matches(found, reading.version->rule_count)};
        bool nulls[] = {false, false};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    });
    end_reading(&reading);
    return static_cast<Datum>(0);
}
