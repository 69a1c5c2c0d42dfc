// attribution_markov: the state counts which channel followed which, so that its size grows with the number of
// distinct steps and not with that of customers.
#include "pg/server/postgres.hpp"

#include <algorithm>
#include <vector>

#include "core/statistics/markov.hpp"
#include "pg/aggregates/names.hpp"
#include "pg/aggregates/row_array.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
}

namespace {

using namespace lead_scoring;

struct Header {
    StateStart start;
    int64 conversions;   // of paths with at least one channel
    int64 unattributed;  // of paths without
    uint32 order;
    uint32 channels;
};

using State = GrowingState<Header, MarkovStep>;

constexpr uint32 kTag = 0x4D4B5601;  // "MKV", format 1
constexpr uint32 kMaxChannels = 1000;
constexpr int kColumns = 3;

Header* state_argument(FunctionCallInfo fcinfo, int argument, bool change = false) {
    Header* state = State::get(fcinfo, argument, kTag, change);
    require_state(state->conversions >= 0 && state->unattributed >= 0 && state->order >= 1 &&
                  state->order <= kMaxMarkovOrder && state->channels <= kMaxChannels);
    return state;
}

// So that they can be summed.
std::span<MarkovStep> checked_counts(std::span<MarkovStep> steps) {
    __int128 paths = 0;
    for (const MarkovStep& step : steps) {
        require_state(step.count > 0);
        paths += step.count;
    }
    if (paths > kMostCount) raise_out_of_range();
    return steps;
}

Header* state_of_order(FunctionCallInfo fcinfo, int order) {
    if (order < 1 || order > kMaxMarkovOrder)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("order of a Markov chain is %d", order),
                        errhint("Write a number between 1 and %d.", kMaxMarkovOrder)));
    if (PG_ARGISNULL(0)) {
        Header* state = State::create(kTag);
        state->order = static_cast<uint32>(order);
        return state;
    }
    Header* state = state_argument(fcinfo, 0, true);
    if (state->order != static_cast<uint32>(order)) raise_not_constant("order");
    return state;
}

// The place of a channel in the chain, new ones being added.
Header* place_channel(Header* state, std::string_view channel, uint16& place) {
    int number = find_name(State::names(state), state->channels, channel);
    if (number < 0) {
        if (state->channels >= kMaxChannels)
            ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("more than %u channels", kMaxChannels),
                            errhint("Join rare channels into one.")));
        state = add_name<State>(state, channel);
        number = static_cast<int>(state->channels++);
    }
    place = static_cast<uint16>(number + 1);
    return state;
}

Header* count_step(Header* state, const uint16 (&history)[kMaxMarkovOrder], uint16 next, int64 count) {
    if (count == 0) return state;
    state = State::reserve_merged(state, 1, [](auto steps) { return merge_steps(checked_counts(steps)); });
    MarkovStep step = {{history[0], history[1], history[2]}, next, count};
    return State::append(state, step);
}

Header* add_path(Header* state, ArrayType* path, int64 conversions, int64 lost) {
    uint16 history[kMaxMarkovOrder] = {};
    bool touched = false;
    int64 paths = conversions;
    add_count(paths, lost);
    ArrayIterator iterator = array_create_iterator(path, 0, nullptr);
    Datum element;
    bool is_null;
    while (array_iterate(iterator, &element, &is_null)) {
        CHECK_FOR_INTERRUPTS();
        if (is_null) continue;
        text* channel = DatumGetTextPP(element);
        uint16 place = 0;
        state = place_channel(state, {VARDATA_ANY(channel), VARSIZE_ANY_EXHDR(channel)}, place);
        state = count_step(state, history, place, paths);
        for (uint32 i = kMaxMarkovOrder - state->order; i + 1 < kMaxMarkovOrder; ++i) history[i] = history[i + 1];
        history[kMaxMarkovOrder - 1] = place;
        touched = true;
    }
    array_free_iterator(iterator);
    add_count(touched ? state->conversions : state->unattributed, conversions);
    if (!touched) return state;
    state = count_step(state, history, kMarkovConverted, conversions);
    return count_step(state, history, kMarkovLost, lost);
}

Datum accumulate(FunctionCallInfo fcinfo, int64 conversions, int64 lost, int order_argument) {
    int order = order_argument == 0 || PG_ARGISNULL(order_argument) ? 1 : PG_GETARG_INT32(order_argument);
    if (conversions < 0 || lost < 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("number of paths must not be negative"),
                        errhint("Write how many leads took this path, 0 or more.")));
    Header* state = state_of_order(fcinfo, order);
    if (PG_ARGISNULL(1))
        add_count(state->unattributed, conversions);
    else
        state = add_path(state, PG_GETARG_ARRAYTYPE_P(1), conversions, lost);
    PG_RETURN_POINTER(state);
}

int64 count_argument(FunctionCallInfo fcinfo, int argument) {
    return PG_ARGISNULL(argument) ? 0 : PG_GETARG_INT64(argument);
}

// All of it.
Header* whole_state(FunctionCallInfo fcinfo, int argument) {
    Header* state = state_argument(fcinfo, argument);
    for (const MarkovStep& step : checked_counts(State::items(state))) {
        for (uint32 i = 0; i < kMaxMarkovOrder; ++i)
            require_state(step.history[i] <= (i + state->order < kMaxMarkovOrder ? kMarkovStart : state->channels));
        bool ends = step.next == kMarkovConverted || step.next == kMarkovLost;
        require_state(ends || (step.next != kMarkovStart && step.next <= state->channels));
    }
    return state;
}

std::vector<MarkovStep> renumbered(Header* state, std::span<const uint16> place) {
    std::vector<MarkovStep> steps;
    for (MarkovStep step : State::items(state)) {
        check_stop();
        for (uint16& channel : step.history) channel = place[channel];
        if (step.next <= state->channels) step.next = place[step.next];
        steps.push_back(step);
    }
    steps.resize(merge_steps(steps));
    return steps;
}

// order: the channels' numbers by name, so that the result does not depend on the order of arrival.
void sort_channels(std::span<const std::string_view> names, std::span<uint32> order, std::span<uint16> place) {
    for (uint32 i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](uint32 a, uint32 b) { return names[a] < names[b]; });
    place[0] = kMarkovStart;
    for (uint32 i = 0; i < order.size(); ++i) place[order[i] + 1] = static_cast<uint16>(i + 1);
}

// The removal effect of each channel, in `place` order. Stops now and then, to let the server look for a cancel
// request.
void solve(Header* state, std::span<const uint16> place, std::span<double> effects) {
    std::size_t done = 0;
    while (done < effects.size()) {
        CHECK_FOR_INTERRUPTS();
        run_cpp([&] {
            MarkovChain chain(renumbered(state, place));
            double whole = chain.conversion_chance(kMarkovStart);
            do {
                double without = chain.conversion_chance(static_cast<uint16>(done + 1));
                effects[done++] = whole > 0 ? std::clamp(1 - without / whole, 0.0, 1.0) : 0;
            } while (done < effects.size() && !InterruptPending);
        });
    }
}

Datum markov_row(TupleDesc descriptor, const std::string_view* channel, double effect, double credit) {
    Datum values[kColumns] = {channel ? text_of(*channel) : 0, Float8GetDatum(effect), Float8GetDatum(credit)};
    bool nulls[kColumns] = {channel == nullptr, channel == nullptr, false};
    return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

}  // namespace

LEAD_SCORING_FUNCTION(lead_scoring_markov_accum);
Datum lead_scoring_markov_accum(PG_FUNCTION_ARGS) {
    bool converted = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
    return accumulate(fcinfo, converted ? 1 : 0, converted ? 0 : 1, 0);
}

LEAD_SCORING_FUNCTION(lead_scoring_markov_accum_order);
Datum lead_scoring_markov_accum_order(PG_FUNCTION_ARGS) {
    bool converted = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
    return accumulate(fcinfo, converted ? 1 : 0, converted ? 0 : 1, 3);
}

LEAD_SCORING_FUNCTION(lead_scoring_markov_accum_counts);
Datum lead_scoring_markov_accum_counts(PG_FUNCTION_ARGS) {
    return accumulate(fcinfo, count_argument(fcinfo, 2), count_argument(fcinfo, 3), 4);
}

LEAD_SCORING_FUNCTION(lead_scoring_markov_combine);
Datum lead_scoring_markov_combine(PG_FUNCTION_ARGS) {
    Header* other = whole_state(fcinfo, 1);
    Header* state = state_of_order(fcinfo, static_cast<int>(other->order));
    add_count(state->conversions, other->conversions);
    add_count(state->unattributed, other->unattributed);

    auto* names = static_cast<std::string_view*>(palloc(sizeof(std::string_view) * (other->channels + 1)));
    collect_names(State::names(other), {names, other->channels});
    auto* place = static_cast<uint16*>(palloc0(sizeof(uint16) * (other->channels + 1)));
    for (uint32 i = 0; i < other->channels; ++i) state = place_channel(state, names[i], place[i + 1]);
    for (const MarkovStep& step : State::items(other)) {
        CHECK_FOR_INTERRUPTS();
        uint16 history[] = {place[step.history[0]], place[step.history[1]], place[step.history[2]]};
        state = count_step(state, history, step.next <= other->channels ? place[step.next] : step.next, step.count);
    }
    PG_RETURN_POINTER(state);
}

LEAD_SCORING_FUNCTION(lead_scoring_markov_final);
Datum lead_scoring_markov_final(PG_FUNCTION_ARGS) {
    Header* state = whole_state(fcinfo, 0);
    TupleDesc descriptor = element_row_type(fcinfo, kColumns);
    uint32 channels = state->channels;
    auto* names = static_cast<std::string_view*>(palloc(sizeof(std::string_view) * (channels + 1)));
    collect_names(State::names(state), {names, channels});
    auto* order = static_cast<uint32*>(palloc(sizeof(uint32) * (channels + 1)));
    auto* place = static_cast<uint16*>(palloc(sizeof(uint16) * (channels + 1)));
    auto* effects = static_cast<double*>(palloc0(sizeof(double) * (channels + 1)));
    run_cpp([&] { sort_channels({names, channels}, {order, channels}, {place, channels + 1}); });
    solve(state, {place, channels + 1}, {effects, channels});

    double sum = 0;
    for (uint32 i = 0; i < channels; ++i) sum += effects[i];
    auto* rows = static_cast<Datum*>(palloc(sizeof(Datum) * (channels + 1)));
    int count = 0;
    for (uint32 i = 0; i < channels; ++i) {
        double credit = sum > 0 ? static_cast<double>(state->conversions) * (effects[i] / sum) : 0;
        rows[count++] = markov_row(descriptor, &names[order[i]], effects[i], credit);
    }
    if (state->unattributed > 0)
        rows[count++] = markov_row(descriptor, nullptr, 0, static_cast<double>(state->unattributed));
    return array_of_rows(rows, count, descriptor);
}
