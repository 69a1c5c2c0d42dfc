// window_funnel and funnel_times: the state holds the events that matter, 12 bytes each.
#include "pg/server/postgres.hpp"

#include <algorithm>
#include <vector>

#include "core/statistics/funnel.hpp"
#include "pg/aggregates/growing_state.hpp"
#include "pg/aggregates/steps.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace {

using namespace lead_scoring;

struct Header {
    StateStart start;
    int64 window;
    uint32 mode;
    uint32 steps;
};

using State = GrowingState<Header, FunnelEvent>;

constexpr uint32 kTag = 0x46554E02;                // "FUN", format 2
constexpr Size kFirstRoom = 128 - sizeof(Header);  // eight events

void check_same(const Header* state, int64 window, uint32 mode, uint32 steps) {
    if (state->window != window) raise_not_constant("within");
    if (state->mode != mode) raise_not_constant("mode");
    if (state->steps != steps) raise_not_constant("number of steps");
}

Header* state_argument(FunctionCallInfo fcinfo, int argument, bool change = false) {
    Header* state = State::get(fcinfo, argument, kTag, change);
    require_state(state->window >= 0 && is_funnel_mode(state->mode) && state->steps >= 1 &&
                  state->steps <= kMaxFunnelSteps);
    return state;
}

Header* whole_state(FunctionCallInfo fcinfo, int argument) {
    Header* state = state_argument(fcinfo, argument);
    for (const FunnelEvent& event : State::items(state))
        require_state(static_cast<uint64>(event.steps) >> state->steps == 0);
    return state;
}

Datum accumulate(FunctionCallInfo fcinfo, uint32 mode, int steps_argument) {
    if (!has_time(fcinfo, 2) || PG_ARGISNULL(steps_argument)) return unchanged_state(fcinfo);
    if (PG_ARGISNULL(1))
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("within must not be null"),
                        errhint("Write an interval such as '7 days'.")));
    int64 window = duration_argument(fcinfo, 1, "within");
    Steps steps = read_steps(PG_GETARG_ARRAYTYPE_P(steps_argument));
    // Without strict_order, an event that matches no step changes nothing.
    if (steps.bits == 0 && !(mode & kStrictOrder)) return unchanged_state(fcinfo);

    Header* state;
    if (PG_ARGISNULL(0)) {
        state = State::create(kTag, kFirstRoom);
        state->window = window;
        state->mode = mode;
        state->steps = static_cast<uint32>(steps.count);
    } else {
        state = state_argument(fcinfo, 0, true);
        check_same(state, window, mode, static_cast<uint32>(steps.count));
    }
    PG_RETURN_POINTER(State::append(state, FunnelEvent{PG_GETARG_TIMESTAMPTZ(2), steps.bits}));
}

FunnelPath path_of(Header* state) {
    std::span<const FunnelEvent> events = State::items(state);
    return run_cpp([&] {
        auto steps = static_cast<int>(state->steps);
        auto earlier = hearing(std::less<FunnelEvent>());
        if (std::is_sorted(events.begin(), events.end(), earlier))
            return longest_path(events, state->window, steps, state->mode);
        std::vector<FunnelEvent> sorted(events.begin(), events.end());
        std::sort(sorted.begin(), sorted.end(), earlier);
        return longest_path(sorted, state->window, steps, state->mode);
    });
}

}  // namespace

LEAD_SCORING_FUNCTION(lead_scoring_window_funnel_accum);
Datum lead_scoring_window_funnel_accum(PG_FUNCTION_ARGS) { return accumulate(fcinfo, 0, 3); }

LEAD_SCORING_FUNCTION(lead_scoring_window_funnel_accum_mode);
Datum lead_scoring_window_funnel_accum_mode(PG_FUNCTION_ARGS) {
    uint32 mode = PG_ARGISNULL(3) ? 0 : parse_cached(fcinfo, 3, parse_funnel_mode);
    return accumulate(fcinfo, mode, 4);
}

LEAD_SCORING_FUNCTION(lead_scoring_window_funnel_combine);
Datum lead_scoring_window_funnel_combine(PG_FUNCTION_ARGS) {
    Header* state = state_argument(fcinfo, 0, true);
    Header* other = whole_state(fcinfo, 1);
    check_same(state, other->window, other->mode, other->steps);
    PG_RETURN_POINTER(State::append(state, std::span<const FunnelEvent>(State::items(other))));
}

LEAD_SCORING_FUNCTION(lead_scoring_window_funnel_final);
Datum lead_scoring_window_funnel_final(PG_FUNCTION_ARGS) {
    if (PG_ARGISNULL(0)) PG_RETURN_INT32(0);
    PG_RETURN_INT32(path_of(whole_state(fcinfo, 0)).length);
}

LEAD_SCORING_FUNCTION(lead_scoring_funnel_times_final);
Datum lead_scoring_funnel_times_final(PG_FUNCTION_ARGS) {
    Datum times[kMaxFunnelSteps];
    FunnelPath path;
    if (!PG_ARGISNULL(0)) path = path_of(whole_state(fcinfo, 0));
    for (int i = 0; i < path.length; ++i) times[i] = TimestampTzGetDatum(path.times[i]);
    PG_RETURN_ARRAYTYPE_P(construct_array(times, path.length, TIMESTAMPTZOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
