// calibration: for each bin of the predicted probability, what was predicted and what came. The state is a bigint[]
// of a mean of the predictions and the number of conversions for each bin.
#include "pg/server/postgres.hpp"

#include "core/statistics/calibration.hpp"
#include "core/statistics/mean.hpp"
#include "pg/aggregates/aggregate.hpp"
#include "pg/aggregates/row_array.hpp"

extern "C" {
#include "access/htup_details.h"
#include "funcapi.h"
}

namespace {

using namespace lead_scoring;

struct Bin {
    ExactMean predicted;
    int64 converted;
};

constexpr int kBinLength = sizeof(Bin) / sizeof(int64);
constexpr int kDefaultBins = 10;
constexpr int kMostBins = 1000;
constexpr int kColumns = 7;

int bins_argument(FunctionCallInfo fcinfo) {
    if (PG_NARGS() <= 3 || PG_ARGISNULL(3)) return kDefaultBins;
    int bins = PG_GETARG_INT32(3);
    if (bins < 1 || bins > kMostBins)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("number of bins is %d", bins),
                        errhint("Write a number between 1 and %d.", kMostBins)));
    return bins;
}

std::span<Bin> bins_of(std::span<int64> state) {
    require_state(state.size() % kBinLength == 0 && state.size() / kBinLength <= kMostBins);
    return {reinterpret_cast<Bin*>(state.data()), state.size() / kBinLength};
}

Bin& checked(Bin& bin) {
    require_state(bin.predicted.sound() && bin.converted >= 0 && bin.converted <= bin.predicted.count);
    return bin;
}

Datum datum_of(std::span<Bin> bins) {
    return array_of({reinterpret_cast<int64*>(bins.data()), bins.size() * kBinLength});
}

Datum row_of(TupleDesc descriptor, const Bin& bin, int index, int count) {
    int64 leads = bin.predicted.count;
    auto mean = bin.predicted.mean(kShareUnit);
    double observed = leads > 0 ? static_cast<double>(bin.converted) / static_cast<double>(leads) : 0;
    Datum values[kColumns] = {Int32GetDatum(index + 1),
                              Float8GetDatum(static_cast<double>(index) / count),
                              Float8GetDatum(static_cast<double>(index + 1) / count),
                              Int64GetDatum(leads),
                              Int64GetDatum(bin.converted),
                              Float8GetDatum(mean.value_or(0)),
                              Float8GetDatum(observed)};
    bool nulls[kColumns] = {false, false, false, false, false, !mean, !mean};
    return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

}  // namespace

LEAD_SCORING_FUNCTION(lead_scoring_calibration_accum);
Datum lead_scoring_calibration_accum(PG_FUNCTION_ARGS) {
    if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) return unchanged_state(fcinfo);
    double probability = PG_GETARG_FLOAT8(1);
    if (!(probability >= 0 && probability <= 1)) run_cpp([&] { check_probability(probability); });

    int count = bins_argument(fcinfo);
    auto bins = bins_of(PG_ARGISNULL(0) ? new_counters(count * kBinLength) : counters_to_change(fcinfo, 0));
    if (bins.size() != static_cast<std::size_t>(count)) raise_not_constant("number of bins");
    Bin& bin = checked(bins[calibration_bin(probability, count)]);
    bin.predicted.add(share_term(probability));
    bin.converted += PG_GETARG_BOOL(2);
    return datum_of(bins);
}

LEAD_SCORING_FUNCTION(lead_scoring_calibration_combine);
Datum lead_scoring_calibration_combine(PG_FUNCTION_ARGS) {
    auto bins = bins_of(counters_to_change(fcinfo, 0));
    auto others = bins_of(counters(fcinfo, 1, 0));
    if (bins.size() != others.size()) raise_not_constant("number of bins");
    for (std::size_t i = 0; i < bins.size(); ++i) {
        checked(bins[i]).predicted.add(checked(others[i]).predicted);
        bins[i].converted += others[i].converted;
    }
    return datum_of(bins);
}

LEAD_SCORING_FUNCTION(lead_scoring_calibration_final);
Datum lead_scoring_calibration_final(PG_FUNCTION_ARGS) {
    auto bins = bins_of(counters(fcinfo, 0, 0));
    TupleDesc descriptor = element_row_type(fcinfo, kColumns);
    auto count = static_cast<int>(bins.size());
    auto* rows = static_cast<Datum*>(palloc(sizeof(Datum) * count));
    for (int i = 0; i < count; ++i) rows[i] = row_of(descriptor, checked(bins[i]), i, count);
    return array_of_rows(rows, count, descriptor);
}
