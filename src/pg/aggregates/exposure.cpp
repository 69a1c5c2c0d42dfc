// exposure: how leads that matched a rule convert, and leads before a match or without one. The state is a bigint[] of
// a Leads for all leads and one for each rule, of leads since they matched it.
#include "pg/server/postgres.hpp"

#include <algorithm>

#include "core/statistics/rate_ratio.hpp"
#include "core/statistics/risk.hpp"
#include "core/statistics/wilson.hpp"
#include "pg/aggregates/aggregate.hpp"
#include "pg/aggregates/row_array.hpp"

extern "C" {
#include "access/htup_details.h"
#include "funcapi.h"
}

namespace {

using namespace lead_scoring;

struct Leads {
    int64 leads;
    int64 from_start;  // of these, leads that matched when they came
    RiskByAge risk;
};

constexpr int kLeadsLength = sizeof(Leads) / sizeof(int64);
constexpr int kMostRules = 100000;
constexpr int kColumns = 9;

std::span<Leads> groups_of(std::span<int64> state) {
    require_state(!state.empty() && state.size() % kLeadsLength == 0 && state.size() / kLeadsLength <= kMostRules + 1);
    return {reinterpret_cast<Leads*>(state.data()), state.size() / kLeadsLength};
}

Datum datum_of(std::span<Leads> groups) {
    return array_of({reinterpret_cast<int64*>(groups.data()), groups.size() * kLeadsLength});
}

std::span<const TimestampTz> times_argument(FunctionCallInfo fcinfo, int argument) {
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(argument);
    int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
    if (ARR_NDIM(array) > 1 || ARR_HASNULL(array) || count > kMostRules)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("first_at is no list of times without NULL")));
    return {reinterpret_cast<TimestampTz*>(ARR_DATA_PTR(array)), static_cast<std::size_t>(count)};
}

// All of this is checked here, before it is answered from.
Risk checked_sum(const RiskByAge& risk) {
    Risk sum{};
    for (const Risk& band : risk) {
        require_state(band.sound());
        sum.add(band);
    }
    return sum;
}

RateRatio ratio_of(const RiskByAge& with, const RiskByAge& without) {
    RiskBand bands[kAgeBands];
    for (std::size_t i = 0; i < kAgeBands; ++i)
        bands[i] = {static_cast<double>(with[i].conversions), with[i].days(),
                    static_cast<double>(without[i].conversions), without[i].days()};
    return run_cpp([&] { return rate_ratio(bands, kDefaultConfidence); });
}

Datum row_of(TupleDesc descriptor, const Leads& all, const Leads& with) {
    RiskByAge others;
    for (std::size_t i = 0; i < kAgeBands; ++i) others[i] = all.risk[i].without(with.risk[i]);
    Risk matched = checked_sum(with.risk);
    Risk unmatched = checked_sum(others);
    RateRatio lift = ratio_of(with.risk, others);
    Datum values[kColumns] = {Int64GetDatum(with.leads),
                              Int64GetDatum(matched.conversions),
                              Float8GetDatum(matched.days()),
                              Int64GetDatum(all.leads - with.from_start),
                              Int64GetDatum(unmatched.conversions),
                              Float8GetDatum(unmatched.days()),
                              Float8GetDatum(lift.ratio.value_or(0)),
                              Float8GetDatum(lift.low.value_or(0)),
                              Float8GetDatum(lift.high.value_or(0))};
    bool nulls[kColumns] = {false, false, false, false, false, false, !lift.ratio, !lift.low, !lift.high};
    return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

}  // namespace

LEAD_SCORING_FUNCTION(lead_scoring_exposure_accum);
Datum lead_scoring_exposure_accum(PG_FUNCTION_ARGS) {
    if (!has_time(fcinfo, 1) || !has_time(fcinfo, 2) || PG_ARGISNULL(3) || PG_ARGISNULL(4))
        return unchanged_state(fcinfo);
    TimestampTz came = PG_GETARG_TIMESTAMPTZ(1);
    int64 until = elapsed(came, PG_GETARG_TIMESTAMPTZ(2));
    if (until <= 0) return unchanged_state(fcinfo);
    bool converted = PG_GETARG_BOOL(3);
    auto first_at = times_argument(fcinfo, 4);

    int length = (static_cast<int>(first_at.size()) + 1) * kLeadsLength;
    auto groups = groups_of(PG_ARGISNULL(0) ? new_counters(length) : counters_to_change(fcinfo, 0));
    if (groups.size() != first_at.size() + 1) raise_not_constant("number of rules");
    add_count(groups[0].leads, 1);
    add_lead(groups[0].risk, 0, until, converted);
    for (std::size_t i = 0; i < first_at.size(); ++i) {
        int64 matched = std::max<int64>(elapsed(came, first_at[i]), 0);
        if (matched >= until) continue;  // a match at the instant of the conversion did not come before it
        Leads& with = groups[i + 1];
        add_count(with.leads, 1);
        add_count(with.from_start, matched == 0);
        add_lead(with.risk, matched, until, converted);
    }
    return datum_of(groups);
}

LEAD_SCORING_FUNCTION(lead_scoring_exposure_combine);
Datum lead_scoring_exposure_combine(PG_FUNCTION_ARGS) {
    auto groups = groups_of(counters_to_change(fcinfo, 0));
    auto others = groups_of(counters(fcinfo, 1, 0));
    if (groups.size() != others.size()) raise_not_constant("number of rules");
    for (std::size_t i = 0; i < groups.size(); ++i) {
        add_count(groups[i].leads, others[i].leads);
        add_count(groups[i].from_start, others[i].from_start);
        for (std::size_t band = 0; band < kAgeBands; ++band) groups[i].risk[band].add(others[i].risk[band]);
    }
    return datum_of(groups);
}

LEAD_SCORING_FUNCTION(lead_scoring_exposure_final);
Datum lead_scoring_exposure_final(PG_FUNCTION_ARGS) {
    auto groups = groups_of(counters(fcinfo, 0, 0));
    TupleDesc descriptor = element_row_type(fcinfo, kColumns);
    const Leads& all = groups[0];
    auto count = static_cast<int>(groups.size()) - 1;
    auto* rows = static_cast<Datum*>(palloc(sizeof(Datum) * (count + 1)));
    for (int i = 0; i < count; ++i) {
        const Leads& with = groups[static_cast<std::size_t>(i) + 1];
        require_state(with.from_start >= 0 && with.from_start <= with.leads && with.leads <= all.leads &&
                      is_count(all.leads));
        rows[i] = row_of(descriptor, all, with);
    }
    return array_of_rows(rows, count, descriptor);
}
