// cost_per_mql and cost_per: the sum of spend over the number reached, both exact.
//
// The state is a bigint[] that grows only where an amount has more digits than those before it. Amounts are added
// digit group by digit group, straight from numeric's stored form.
#include "pg/server/postgres.hpp"

#include <algorithm>
#include <string>

#include "core/statistics/decimal_sum.hpp"
#include "pg/aggregates/aggregate.hpp"
#include "pg/aggregates/decimal.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace {

using namespace lead_scoring;

// kScale: the most digits after the point that an amount was given with; -1: there was none.
enum { kReached, kScale, kNaN, kPlusInfinity, kMinusInfinity, kLowestWeight, kCounters };

constexpr int kFirstCounters = 8;  // 10^-8 up to 10^24
constexpr int kLowest = Decimal::kLeastWeight;
constexpr int kHighest = Decimal::kMostWeight;
constexpr int kMostScale = 0x3FFF;  // numeric's; NUMERIC_MAX_DISPLAY_SCALE is for columns that declare one

int64 highest_weight(std::span<const int64> state) {
    return state[kLowestWeight] + static_cast<int64>(state.size()) - kCounters - 1;
}

// Counters may have any value: additions to them are checked.
std::span<int64> checked(std::span<int64> state) {
    require_state(state.size() >= kCounters && state[kLowestWeight] >= kLowest && state[kLowestWeight] <= 0 &&
                  highest_weight(state) <= kHighest && state[kScale] >= -1 && state[kScale] <= kMostScale);
    return state;
}

std::span<int64> state_to_change(FunctionCallInfo fcinfo) { return checked(counters_to_change(fcinfo, 0)); }

// Whether there are counters for weights from `low` to `high`.
bool covers(std::span<const int64> state, int64 low, int64 high) {
    return low >= state[kLowestWeight] && high <= highest_weight(state);
}

// The state with counters for weights from `low` to `high`: itself, or a larger copy.
std::span<int64> cover(std::span<int64> state, int64 low, int64 high) {
    if (covers(state, low, high)) return state;
    bool fresh = state.size() == kCounters;
    low = std::min(low, fresh ? -2 : state[kLowestWeight]);
    high = std::max(high, fresh ? low + kFirstCounters - 1 : highest_weight(state));
    auto larger = new_counters(kCounters + static_cast<int>(high - low) + 1);
    std::copy_n(state.begin(), kCounters, larger.begin());
    std::copy(state.begin() + kCounters, state.end(),
              larger.begin() + kCounters + (fresh ? 0 : state[kLowestWeight] - low));
    larger[kLowestWeight] = low;
    return larger;
}

// sign: 0, or -1 to subtract.
inline void add_digits(std::span<int64> state, const Decimal& amount, int64 sign) {
    int64* counter = &state[kCounters + amount.weight - state[kLowestWeight]];
    for (int i = 0; i < amount.count; ++i) add_count(counter[-i], (amount.digit(i) ^ sign) - sign);
}

// An amount of any form, for whose digits there may be no counters yet.
[[gnu::noinline]] std::span<int64> add_unusual(std::span<int64> state, FunctionCallInfo fcinfo) {
    Decimal amount(packed_argument(fcinfo, 1));
    state[kScale] = std::max<int64>(state[kScale], amount.scale);
    if (amount.special != 0) {
        add_count(state[amount.special == 0xC000   ? kNaN
                        : amount.special == 0xD000 ? kPlusInfinity
                                                   : kMinusInfinity],
                  1);
    } else if (amount.count > 0) {
        if (!covers(state, amount.lowest_weight(), amount.weight))
            state = cover(state, amount.lowest_weight(), amount.weight);
        add_digits(state, amount, amount.negative ? -1 : 0);
    }
    return state;
}

[[gnu::always_inline]] inline std::span<int64> add_amount(std::span<int64> state, FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) return state;
    auto* numeric = reinterpret_cast<const varlena*>(PG_GETARG_POINTER(1));
    if (!Decimal::is_plain(numeric)) [[unlikely]]
        return add_unusual(state, fcinfo);
    Decimal amount(numeric);
    if (!covers(state, amount.lowest_weight(), amount.weight) || amount.scale > state[kScale]) [[unlikely]]
        return add_unusual(state, fcinfo);
    add_digits(state, amount, 0);
    return state;
}

Numeric sum_of(std::span<const int64> state) {
    const char* text = nullptr;
    if (state[kNaN] > 0 || (state[kPlusInfinity] > 0 && state[kMinusInfinity] > 0))
        text = "NaN";
    else if (state[kPlusInfinity] > 0)
        text = "Infinity";
    else if (state[kMinusInfinity] > 0)
        text = "-Infinity";
    else {
        // Room for every digit there can be: those of the counters with five more carried, zeros down to the point,
        // the scale.
        Size size = 4 * (state.size() + 8 + std::abs(state[kLowestWeight])) + state[kScale] + 8;
        auto* buffer = static_cast<char*>(palloc(size));
        run_cpp([&] {
            std::string digits = decimal_text(state.subspan(kCounters), state[kLowestWeight], state[kScale]);
            std::memcpy(buffer, digits.c_str(), std::min(digits.size() + 1, size));
        });
        text = buffer;
    }
    return DatumGetNumeric(
        DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

}  // namespace

LEAD_SCORING_FUNCTION(lead_scoring_cost_accum_count);
Datum lead_scoring_cost_accum_count(PG_FUNCTION_ARGS) {
    auto state = add_amount(state_to_change(fcinfo), fcinfo);
    if (!PG_ARGISNULL(2)) add_count(state[kReached], PG_GETARG_INT64(2));
    return array_of(state);
}

LEAD_SCORING_FUNCTION(lead_scoring_cost_accum_time);
Datum lead_scoring_cost_accum_time(PG_FUNCTION_ARGS) {
    auto state = add_amount(state_to_change(fcinfo), fcinfo);
    add_count(state[kReached], has_time(fcinfo, 2));
    return array_of(state);
}

LEAD_SCORING_FUNCTION(lead_scoring_cost_accum_flag);
Datum lead_scoring_cost_accum_flag(PG_FUNCTION_ARGS) {
    auto state = add_amount(state_to_change(fcinfo), fcinfo);
    if (!PG_ARGISNULL(2) && PG_GETARG_BOOL(2)) add_count(state[kReached], 1);
    return array_of(state);
}

LEAD_SCORING_FUNCTION(lead_scoring_cost_combine);
Datum lead_scoring_cost_combine(PG_FUNCTION_ARGS) {
    auto state = state_to_change(fcinfo);
    auto other = checked(counters(fcinfo, 1, 0));
    if (other.size() > kCounters) state = cover(state, other[kLowestWeight], highest_weight(other));
    for (int i : {kReached, kNaN, kPlusInfinity, kMinusInfinity}) add_count(state[i], other[i]);
    state[kScale] = std::max(state[kScale], other[kScale]);
    for (std::size_t i = kCounters; i < other.size(); ++i)
        add_count(state[i + other[kLowestWeight] - state[kLowestWeight]], other[i]);
    return array_of(state);
}

LEAD_SCORING_FUNCTION(lead_scoring_cost_final);
Datum lead_scoring_cost_final(PG_FUNCTION_ARGS) {
    auto state = checked(counters(fcinfo, 0, 0));
    if (state[kReached] <= 0 || state[kScale] < 0) PG_RETURN_NULL();
    return DirectFunctionCall2(numeric_div, NumericGetDatum(sum_of(state)),
                               NumericGetDatum(int64_to_numeric(state[kReached])));
}
