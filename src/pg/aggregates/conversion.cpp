#include "pg/server/postgres.hpp"

#include <cmath>

#include "core/statistics/wilson.hpp"
#include "pg/aggregates/aggregate.hpp"
#include "pg/aggregates/rate_interval.hpp"

namespace {

using namespace lead_scoring;

// The state, a bigint[3].
enum { kLeads, kConverted, kConfidence, kStateLength };

constexpr double kConfidenceUnit = 1e-15;  // the confidence is kept as a whole number of these; 0: not given
constexpr int64 kWholeConfidence = 1'000'000'000'000'000;

std::span<int64> checked(std::span<int64> state) {
    require_state(is_count(state[kLeads]) && state[kConverted] >= 0 && state[kConverted] <= state[kLeads] &&
                  state[kConfidence] >= 0 && state[kConfidence] < kWholeConfidence);
    return state;
}

std::span<int64> state_to_change(FunctionCallInfo fcinfo) { return checked(counters_to_change(fcinfo, kStateLength)); }

std::span<int64> state_argument(FunctionCallInfo fcinfo, int argument) {
    return checked(counters(fcinfo, argument, kStateLength));
}

void keep_confidence(std::span<int64> state, int64 confidence) {
    if (confidence == 0) return;
    if (state[kConfidence] != 0 && state[kConfidence] != confidence) raise_not_constant("confidence");
    state[kConfidence] = confidence;
}

void keep_confidence(FunctionCallInfo fcinfo, std::span<int64> state, int argument) {
    if (PG_ARGISNULL(argument)) return;
    double confidence = PG_GETARG_FLOAT8(argument);
    int64 units =
        std::isfinite(confidence) ? std::llround(std::fmin(std::fmax(confidence, -1), 2) / kConfidenceUnit) : -1;
    // Wrong values are told by the one function that checks them; 0 must not pass for 'not given'.
    if (units <= 0 || units >= kWholeConfidence) run_cpp([&] { return two_sided_z(confidence <= 0 ? -1 : 2); });
    keep_confidence(state, units);
}

// within, confidence: numbers of arguments; 0: the aggregate has none.
template <int within, int confidence>
Datum accumulate_times(FunctionCallInfo fcinfo) {
    auto state = state_to_change(fcinfo);
    if constexpr (confidence > 0) keep_confidence(fcinfo, state, confidence);
    bool from = has_time(fcinfo, 1);
    bool converted = from & has_time(fcinfo, 2) & (PG_GETARG_TIMESTAMPTZ(2) >= PG_GETARG_TIMESTAMPTZ(1));
    if constexpr (within > 0)
        if (converted && !PG_ARGISNULL(within))
            converted = elapsed(PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TIMESTAMPTZ(2)) <=
                        duration_argument(fcinfo, within, "within");
    state[kLeads] += from;
    state[kConverted] += converted;
    return array_of(state);
}

template <int confidence>
Datum accumulate_flags(FunctionCallInfo fcinfo) {
    auto state = state_to_change(fcinfo);
    if constexpr (confidence > 0) keep_confidence(fcinfo, state, confidence);
    bool from = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
    bool to = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
    state[kLeads] += from;
    state[kConverted] += from && to;
    return array_of(state);
}

Datum rate_interval(FunctionCallInfo fcinfo, int64 converted, int64 leads, double confidence) {
    if (leads == 0) return rate_interval_datum(fcinfo, nullptr, {}, 0);
    RateBounds bounds = run_cpp([&] { return wilson_bounds(converted, leads, confidence); });
    double rate = static_cast<double>(converted) / static_cast<double>(leads);
    return rate_interval_datum(fcinfo, &rate, bounds, leads);
}

}  // namespace

LEAD_SCORING_FUNCTION(lead_scoring_conversion_accum);
Datum lead_scoring_conversion_accum(PG_FUNCTION_ARGS) { return accumulate_times<0, 0>(fcinfo); }

LEAD_SCORING_FUNCTION(lead_scoring_conversion_accum_confidence);
Datum lead_scoring_conversion_accum_confidence(PG_FUNCTION_ARGS) { return accumulate_times<0, 3>(fcinfo); }

LEAD_SCORING_FUNCTION(lead_scoring_conversion_within_accum);
Datum lead_scoring_conversion_within_accum(PG_FUNCTION_ARGS) { return accumulate_times<3, 0>(fcinfo); }

LEAD_SCORING_FUNCTION(lead_scoring_conversion_within_accum_confidence);
Datum lead_scoring_conversion_within_accum_confidence(PG_FUNCTION_ARGS) { return accumulate_times<3, 4>(fcinfo); }

LEAD_SCORING_FUNCTION(lead_scoring_conversion_flags_accum);
Datum lead_scoring_conversion_flags_accum(PG_FUNCTION_ARGS) { return accumulate_flags<0>(fcinfo); }

LEAD_SCORING_FUNCTION(lead_scoring_conversion_flags_accum_confidence);
Datum lead_scoring_conversion_flags_accum_confidence(PG_FUNCTION_ARGS) { return accumulate_flags<3>(fcinfo); }

LEAD_SCORING_FUNCTION(lead_scoring_conversion_combine);
Datum lead_scoring_conversion_combine(PG_FUNCTION_ARGS) {
    auto state = state_to_change(fcinfo);
    auto other = state_argument(fcinfo, 1);
    state[kLeads] += other[kLeads];
    state[kConverted] += other[kConverted];
    keep_confidence(state, other[kConfidence]);
    return array_of(state);
}

LEAD_SCORING_FUNCTION(lead_scoring_conversion_rate_final);
Datum lead_scoring_conversion_rate_final(PG_FUNCTION_ARGS) {
    auto state = state_argument(fcinfo, 0);
    if (state[kLeads] == 0) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(static_cast<double>(state[kConverted]) / static_cast<double>(state[kLeads]));
}

LEAD_SCORING_FUNCTION(lead_scoring_conversion_interval_final);
Datum lead_scoring_conversion_interval_final(PG_FUNCTION_ARGS) {
    auto state = state_argument(fcinfo, 0);
    double confidence =
        state[kConfidence] == 0 ? kDefaultConfidence : static_cast<double>(state[kConfidence]) * kConfidenceUnit;
    return rate_interval(fcinfo, state[kConverted], state[kLeads], confidence);
}

LEAD_SCORING_FUNCTION(lead_scoring_wilson_interval);
Datum lead_scoring_wilson_interval(PG_FUNCTION_ARGS) {
    int64 converted = PG_GETARG_INT64(0);
    int64 leads = PG_GETARG_INT64(1);
    if (converted < 0 || converted > leads)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%lld of %lld cannot have converted", static_cast<long long>(converted),
                               static_cast<long long>(leads)),
                        errhint("Write how many converted, then how many there were: wilson_interval(10, 100).")));
    double confidence = PG_GETARG_FLOAT8(2);
    run_cpp([&] { return two_sided_z(confidence); });
    return rate_interval(fcinfo, converted, leads, confidence);
}
