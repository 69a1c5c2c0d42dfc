// median_time_to, share_converted and share_converted_interval: a state of one word a lead.
#include "pg/server/postgres.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "core/statistics/survival.hpp"
#include "pg/aggregates/growing_state.hpp"
#include "pg/aggregates/rate_interval.hpp"

namespace {

using namespace lead_scoring;

struct Header {
    StateStart start;
    double days;        // by which conversions are asked for; NaN: not given
    double confidence;  // NaN: not given
};

using State = GrowingState<Header, Observation>;

constexpr uint32 kTag = 0x4B4D0001;  // "KM", format 1
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

Header* state_to_change(FunctionCallInfo fcinfo) {
    if (!PG_ARGISNULL(0)) return State::get(fcinfo, 0, kTag, true);
    Header* state = State::create(kTag);
    state->days = state->confidence = kNone;
    return state;
}

// How long the lead of this row was watched, and whether it converted by then; false where the row has no lead.
bool read_observation(FunctionCallInfo fcinfo, Observation& observation) {
    if (!has_time(fcinfo, 1)) return false;
    if (PG_ARGISNULL(3))
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("as_of must not be null"),
                        errdetail("It says until when leads without a conversion were watched."),
                        errhint("Write now(), or the time of the last load.")));
    TimestampTz from = PG_GETARG_TIMESTAMPTZ(1);
    TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(3);
    if (from > as_of) return false;
    bool converted = has_time(fcinfo, 2) && PG_GETARG_TIMESTAMPTZ(2) >= from && PG_GETARG_TIMESTAMPTZ(2) <= as_of;
    observation = observe(elapsed(from, converted ? PG_GETARG_TIMESTAMPTZ(2) : as_of), converted);
    return true;
}

Datum accumulate(FunctionCallInfo fcinfo, int days_argument, int confidence_argument) {
    Observation observation;
    if (!read_observation(fcinfo, observation)) return unchanged_state(fcinfo);
    Header* state = state_to_change(fcinfo);
    if (days_argument > 0 && !PG_ARGISNULL(days_argument))
        keep_constant(state->days, PG_GETARG_FLOAT8(days_argument), "days");
    if (confidence_argument > 0 && !PG_ARGISNULL(confidence_argument))
        keep_constant(state->confidence, PG_GETARG_FLOAT8(confidence_argument), "confidence");
    PG_RETURN_POINTER(State::append(state, observation));
}

template <class Answer>
auto ask(Header* state, Answer&& answer) {
    std::span<const Observation> observations = State::items(state);
    return run_cpp([&] {
        std::vector<Observation> sorted(observations.begin(), observations.end());
        std::sort(sorted.begin(), sorted.end(), hearing(std::less<Observation>()));
        return answer(std::span<const Observation>(sorted));
    });
}

std::optional<ConvertedShare> share_of(Header* state) {
    double confidence = std::isnan(state->confidence) ? kDefaultConfidence : state->confidence;
    if (std::isnan(state->days)) return std::nullopt;
    double microseconds = state->days * USECS_PER_DAY;
    return ask(state, [=](auto sorted) { return share_converted(sorted, microseconds, confidence); });
}

}  // namespace

LEAD_SCORING_FUNCTION(lead_scoring_survival_accum);
Datum lead_scoring_survival_accum(PG_FUNCTION_ARGS) { return accumulate(fcinfo, 0, 0); }

LEAD_SCORING_FUNCTION(lead_scoring_survival_accum_days);
Datum lead_scoring_survival_accum_days(PG_FUNCTION_ARGS) { return accumulate(fcinfo, 4, 0); }

LEAD_SCORING_FUNCTION(lead_scoring_survival_accum_days_confidence);
Datum lead_scoring_survival_accum_days_confidence(PG_FUNCTION_ARGS) { return accumulate(fcinfo, 4, 5); }

LEAD_SCORING_FUNCTION(lead_scoring_survival_combine);
Datum lead_scoring_survival_combine(PG_FUNCTION_ARGS) {
    Header* other = State::get(fcinfo, 1, kTag);
    Header* state = state_to_change(fcinfo);
    keep_constant(state->days, other->days, "days");
    keep_constant(state->confidence, other->confidence, "confidence");
    PG_RETURN_POINTER(State::append(state, std::span<const Observation>(State::items(other))));
}

LEAD_SCORING_FUNCTION(lead_scoring_median_time_final);
Datum lead_scoring_median_time_final(PG_FUNCTION_ARGS) {
    std::optional<double> median = ask(State::get(fcinfo, 0, kTag), [](auto sorted) { return median_time(sorted); });
    if (!median) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(*median / USECS_PER_DAY);
}

LEAD_SCORING_FUNCTION(lead_scoring_share_converted_final);
Datum lead_scoring_share_converted_final(PG_FUNCTION_ARGS) {
    auto share = share_of(State::get(fcinfo, 0, kTag));
    if (!share) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(share->share);
}

LEAD_SCORING_FUNCTION(lead_scoring_share_converted_interval_final);
Datum lead_scoring_share_converted_interval_final(PG_FUNCTION_ARGS) {
    std::optional<ConvertedShare> share;
    int64 leads = 0;
    if (!PG_ARGISNULL(0)) {
        Header* state = State::get(fcinfo, 0, kTag);
        share = share_of(state);
        leads = state->start.items;
    }
    return rate_interval_datum(fcinfo, share ? &share->share : nullptr, share ? share->bounds : RateBounds{}, leads);
}
