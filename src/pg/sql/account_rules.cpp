// What a version asks of accounts, for the view of that name.

#include "pg/server/postgres.hpp"

#include <algorithm>
#include <limits>

#include "core/base/units.hpp"
#include "pg/intake/reading.hpp"

extern "C" {
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
}

using namespace lead_scoring;

namespace {

struct RuleRow {
    Datum values[7] = {};
    bool nulls[7] = {true, true, true, true, true, true, true};

    void set(int column, Datum value) {
        values[column] = value;
        nulls[column] = false;
    }
    template <class Number>
    void set_if(int column, const std::optional<Number>& number) {
        if (number.has_value()) set(column, Int64GetDatum(*number));
    }
};

RuleRow row_of(const AccountRule& rule, int place, Timestamp at) {
    RuleRow row;
    row.set(0, Int32GetDatum(place));
    row.set(1, CStringGetTextDatum(rule.name.c_str()));
    row.set_if(2, rule.people);
    if (rule.active_within.has_value())
        row.set(3, TimestampTzGetDatum(std::max<Timestamp>(add_saturated(at, -*rule.active_within), MIN_TIMESTAMP)));
    row.set_if(4, rule.min_score);
    row.set_if(5, rule.min_points);
    row.set(6, Int64GetDatum(rule.top_n.value_or(std::numeric_limits<int64>::max())));
    return row;
}

}  // namespace

// account_rules(scores oid, at timestamptz) returns (place, rule, needed, active_since, least_score, least_points,
// most_people)
LEAD_SCORING_FUNCTION(lead_scoring_account_rules);
Datum lead_scoring_account_rules(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    Oid scores = PG_GETARG_OID(0);
    Timestamp at = PG_GETARG_TIMESTAMPTZ(1);
    Model* model = find_model_of(scores);
    require_reader(model, scores, get_attnum(scores, "card"));
    const Version* version = visible_version(model);
    int count = version == nullptr ? 0 : version->account_rule_count;
    for (int i = 0; i < count; ++i) {
        RuleRow row = row_of(version->account_rules[i], i, at);
        tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
    }
    if (count == 0) {
        RuleRow none;
        none.set(6, Int64GetDatum(std::numeric_limits<int64>::max()));
        tuplestore_putvalues(result->setResult, result->setDesc, none.values, none.nulls);
    }
    return static_cast<Datum>(0);
}
