// touch_credits: what channels or assets are credited with, from what leads remember of their touches. Its state is
// C++ objects that the aggregate's memory owns; the shares in values, which are numerics, stand beside them.
#include "pg/server/postgres.hpp"

#include <algorithm>
#include <iterator>

#include "core/base/stop.hpp"
#include "core/card/memory_bytes.hpp"
#include "core/statistics/touch_credits.hpp"
#include "pg/aggregates/aggregate.hpp"
#include "pg/aggregates/decimal.hpp"
#include "pg/aggregates/row_array.hpp"
#include "pg/server/owned.hpp"
#include "pg/server/utf8.hpp"

extern "C" {
#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
}

namespace {

using namespace lead_scoring;

constexpr const char* kMethodNames[] = {"first",          "last",     "last_non_direct", "linear",
                                        "linear_channel", "position", "time_decay"};
static_assert(std::size(kMethodNames) == kAttributionMethods);
constexpr int kColumns = 9;
constexpr std::size_t kValueChains = 2;  // of customers, and of leads that are none

// A sum of numerics that lives in the aggregate's memory.
class NumericSum {
  public:
    void add(MemoryContext context, Datum value) {
        MemoryContext caller = MemoryContextSwitchTo(context);
        Datum sum =
            sum_ == 0 ? PointerGetDatum(PG_DETOAST_DATUM_COPY(value)) : DirectFunctionCall2(numeric_add, sum_, value);
        if (sum_ != 0) pfree(DatumGetPointer(sum_));
        sum_ = sum;
        MemoryContextSwitchTo(caller);
    }
    Datum get() const { return sum_ == 0 ? DirectFunctionCall1(int8_numeric, Int64GetDatum(0)) : sum_; }

  private:
    Datum sum_;  // 0: nothing
};

struct State {
    MemoryContext context;
    TouchCredits* credits;
    Memory* memory;                        // of the lead that is being added
    std::vector<PathTouch>* path;          // likewise
    std::vector<std::string_view>* names;  // likewise
    NumericSum* values;                    // by channel, kAttributionMethods each; nobody's come first
    std::size_t value_channels;
    NumericSum touched[kValueChains];  // Markov's
    NumericSum untouched[kValueChains];
};

CreditSettings settings_of(FunctionCallInfo fcinfo) {
    CreditSettings settings;
    settings.as_of = PG_ARGISNULL(7) ? PG_INT64_MAX : PG_GETARG_TIMESTAMPTZ(7);
    settings.look_back = optional_duration(fcinfo, 8, "look_back", PG_INT64_MAX);
    settings.half_life = static_cast<double>(half_life_argument(fcinfo, 9));
    if (!PG_ARGISNULL(10)) settings.since = PG_GETARG_TIMESTAMPTZ(10);
    if (!PG_ARGISNULL(11)) settings.before = PG_GETARG_TIMESTAMPTZ(11);
    return settings;
}

State* begin(MemoryContext context, const CreditSettings& settings) {
    MemoryContext caller = MemoryContextSwitchTo(context);
    auto* state = static_cast<State*>(palloc0(sizeof(State)));
    state->context = context;
    state->credits = make_owned<TouchCredits>(settings);
    state->memory = make_owned<Memory>();
    state->path = make_owned<std::vector<PathTouch>>();
    state->names = make_owned<std::vector<std::string_view>>();
    MemoryContextSwitchTo(caller);
    return state;
}

// The lead's touches by a channel, or an asset, as far as they had happened.
void read_path(State* state, std::span<const std::byte> stored, bool of_assets) {
    const Memory& memory = *state->memory;
    state->path->clear();
    state->names->clear();
    if (stored.empty()) return;
    decode(stored, *state->memory, ErrorCode::InvalidParameter);
    for (std::uint32_t name = 1; name <= memory.name_count(); ++name) state->names->push_back(memory.name(name));
    for (const KeptTouch& touch : memory.touches()) {
        std::uint32_t name = of_assets ? touch.asset : touch.channel;
        if (name != 0 && touch.at <= state->credits->settings().as_of) state->path->push_back({touch.at, name - 1});
    }
    if (of_assets)  // of one time they are in the order of channels
        std::ranges::sort(*state->path, hearing([&](const PathTouch& a, const PathTouch& b) {
            return a.at != b.at ? a.at < b.at : (*state->names)[a.channel] < (*state->names)[b.channel];
        }));
}

// Makes room for the values of all channels there are.
void fit_values(State* state) {
    std::size_t wanted = state->credits->channel_count() + 1;
    if (wanted <= state->value_channels) return;
    wanted = std::max(wanted, 2 * state->value_channels);
    auto* values = static_cast<NumericSum*>(MemoryContextAllocExtended(
        state->context, sizeof(NumericSum) * wanted * kAttributionMethods, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
    if (state->values != nullptr) {
        std::copy_n(state->values, state->value_channels * kAttributionMethods, values);
        pfree(state->values);
    }
    state->values = values;
    state->value_channels = wanted;
}

NumericSum& value_of(const State* state, std::uint32_t channel, std::size_t method) {
    std::size_t place = channel == kNoChannel ? 0 : channel + 1;
    return state->values[place * kAttributionMethods + method];
}

void add_value(State* state, std::span<const ValueShare> shares, Datum value) {
    fit_values(state);
    for (const ValueShare& share : shares)
        value_of(state, share.channel, share.method)
            .add(state->context, DirectFunctionCall2(numeric_mul, value, small_decimal(share.credit, kCreditScale)));
    bool is_customer = state->credits->value_chain() < kConversions;
    auto& sums = state->credits->value_is_touched() ? state->touched : state->untouched;
    sums[is_customer ? 0 : 1].add(state->context, value);
}

Datum numeric_of(double value) { return DirectFunctionCall1(float8_numeric, Float8GetDatum(value)); }

// Exact: credits are whole numbers of 10^-15.
Datum credit_to_numeric(__int128 credit) {
    Datum whole = DirectFunctionCall1(int8_numeric, Int64GetDatum(static_cast<int64>(credit / kWholeCredit)));
    return DirectFunctionCall2(numeric_add, whole,
                               small_decimal(static_cast<int64>(credit % kWholeCredit), kCreditScale));
}

// The rows of the result, as they come.
struct Rows {
    TupleDesc descriptor;
    Datum* rows;
    int count;
};

void add_row(Rows* rows, const char* method, const char* channel, const ChannelCredits& counts, const Datum* shares,
             Datum value) {
    Datum values[kColumns] = {CStringGetTextDatum(method),
                              channel == nullptr ? 0 : CStringGetTextDatum(channel),
                              Int64GetDatum(counts.touches),
                              Int64GetDatum(counts.leads_touched),
                              Int64GetDatum(counts.leads),
                              shares[0],
                              shares[1],
                              shares[2],
                              value};
    bool nulls[kColumns] = {false, channel == nullptr};
    rows->rows[rows->count++] = HeapTupleGetDatum(heap_form_tuple(rows->descriptor, values, nulls));
}

char* name_of(const State* state, std::uint32_t channel) {
    std::string_view name = from_utf8(state->credits->name(channel));
    check_text(name);
    return pnstrdup(name.data(), name.size());
}

void add_method(Rows* rows, const State* state, std::size_t method, const ChannelCredits& counts, const char* channel,
                std::uint32_t number) {
    Datum shares[kConversions];
    for (std::size_t i = 0; i < kConversions; ++i) shares[i] = credit_to_numeric(counts.credits[method][i]);
    add_row(rows, kMethodNames[method], channel, counts, shares, value_of(state, number, method).get());
}

void add_markov(Rows* rows, State* state, char* const* names) {
    auto* chains = static_cast<MarkovCredits**>(palloc(sizeof(MarkovCredits*) * (kConversions + 1)));
    for (std::size_t i = 0; i <= kConversions; ++i) {
        chains[i] = make_owned<MarkovCredits>();
        run_cpp([&] { *chains[i] = state->credits->markov(i); });
    }
    auto value_of_chain = [&](std::size_t place) { return chains[kConversions - 1 + place]; };
    auto count = static_cast<std::uint32_t>(state->credits->channel_count());
    for (std::uint32_t channel = 0; channel < count; ++channel) {
        CHECK_FOR_INTERRUPTS();
        Datum shares[kConversions];
        for (std::size_t i = 0; i < kConversions; ++i) shares[i] = numeric_of(chains[i]->by_channel[channel]);
        NumericSum value = {};
        for (std::size_t place = 0; place < kValueChains; ++place) {
            const MarkovCredits& chain = *value_of_chain(place);
            if (chain.conversions == 0) continue;
            double share = chain.by_channel[channel] / static_cast<double>(chain.conversions);
            value.add(CurrentMemoryContext,
                      DirectFunctionCall2(numeric_mul, state->touched[place].get(), numeric_of(share)));
        }
        add_row(rows, "markov", names[channel], state->credits->channel(channel), shares, value.get());
    }
    Datum shares[kConversions];
    for (std::size_t i = 0; i < kConversions; ++i) shares[i] = numeric_of(chains[i]->unattributed);
    NumericSum value = {};
    for (NumericSum& sum : state->untouched) value.add(CurrentMemoryContext, sum.get());
    add_row(rows, "markov", nullptr, state->credits->nobody(), shares, value.get());
}

}  // namespace

// touch_credits_accum(state internal, touches bytea, of_assets boolean, mql_at, sql_at, customer_at timestamptz,
// revenue numeric, as_of timestamptz, look_back, half_life interval, since, before timestamptz) returns internal
LEAD_SCORING_FUNCTION(lead_scoring_touch_credits_accum);
Datum lead_scoring_touch_credits_accum(PG_FUNCTION_ARGS) {
    MemoryContext context;
    if (!AggCheckCallContext(fcinfo, &context)) raise_no_state();
    State* state =
        PG_ARGISNULL(0) ? begin(context, settings_of(fcinfo)) : reinterpret_cast<State*>(PG_GETARG_POINTER(0));
    CreditedLead lead;
    for (int i = 0; i < static_cast<int>(kConversions); ++i)
        lead.converted_at[static_cast<std::size_t>(i)] =
            has_time(fcinfo, 3 + i) ? PG_GETARG_TIMESTAMPTZ(3 + i) : kNotConverted;
    lead.has_value = !PG_ARGISNULL(6);
    std::span<const std::byte> stored;
    if (!PG_ARGISNULL(1)) {
        const varlena* packed = packed_argument(fcinfo, 1);
        stored = {reinterpret_cast<const std::byte*>(VARDATA_ANY(packed)), VARSIZE_ANY_EXHDR(packed)};
    }
    bool of_assets = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
    std::span<const ValueShare> shares = run_cpp([&] {
        read_path(state, stored, of_assets);
        lead.touches = *state->path;
        lead.names = *state->names;
        return state->credits->add(lead);
    });
    if (lead.has_value) add_value(state, shares, PG_GETARG_DATUM(6));
    PG_RETURN_POINTER(state);
}

// touch_credits_final(state internal) returns touch_credit[]
LEAD_SCORING_FUNCTION(lead_scoring_touch_credits_final);
Datum lead_scoring_touch_credits_final(PG_FUNCTION_ARGS) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    auto* state = reinterpret_cast<State*>(PG_GETARG_POINTER(0));
    fit_values(state);
    std::size_t channels = state->credits->channel_count();
    Rows rows = {element_row_type(fcinfo, kColumns), nullptr, 0};
    rows.rows = static_cast<Datum*>(
        palloc_extended(sizeof(Datum) * (channels + 1) * (kAttributionMethods + 1), MCXT_ALLOC_HUGE));
    auto** names = static_cast<char**>(palloc_extended(sizeof(char*) * (channels + 1), MCXT_ALLOC_HUGE));
    for (std::uint32_t channel = 0; channel < channels; ++channel) names[channel] = name_of(state, channel);
    for (std::size_t method = 0; method < kAttributionMethods; ++method) {
        for (std::uint32_t channel = 0; channel < channels; ++channel) {
            CHECK_FOR_INTERRUPTS();
            add_method(&rows, state, method, state->credits->channel(channel), names[channel], channel);
        }
        add_method(&rows, state, method, state->credits->nobody(), nullptr, kNoChannel);
    }
    if (state->credits->has_markov()) add_markov(&rows, state, names);
    return array_of_rows(rows.rows, rows.count, rows.descriptor);
}
