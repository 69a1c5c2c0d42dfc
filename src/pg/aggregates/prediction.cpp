// auc, brier, log_loss and calibration: how well scores and probabilities predict who converts.
#include "pg/server/postgres.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "core/statistics/auc.hpp"
#include "core/statistics/calibration.hpp"
#include "pg/aggregates/growing_state.hpp"
#include "pg/aggregates/mean.hpp"

namespace {

using namespace lead_scoring;

struct Header {
    StateStart start;
};

using State = GrowingState<Header, ScoreCount>;

constexpr uint32 kTag = 0x41554301;  // "AUC", format 1

// All of a state: what it holds can be sorted and summed.
std::span<ScoreCount> checked(std::span<ScoreCount> counts) {
    __int128 leads = 0;
    for (const ScoreCount& count : counts) {
        require_state(!std::isnan(count.score) && count.converted >= 0 && count.others >= 0);
        leads += static_cast<__int128>(count.converted) + count.others;
    }
    if (leads > kMostCount) raise_out_of_range();
    return counts;
}

Header* reserve(Header* state, std::size_t more) {
    return State::reserve_merged(state, more,
                                 [](std::span<ScoreCount> counts) { return merge_scores(checked(counts)); });
}

// A probability with an outcome; false where one of them is NULL.
bool read_prediction(FunctionCallInfo fcinfo, double& probability, bool& outcome) {
    if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) return false;
    probability = PG_GETARG_FLOAT8(1);
    outcome = PG_GETARG_BOOL(2);
    if (!(probability >= 0 && probability <= 1)) run_cpp([&] { check_probability(probability); });
    return true;
}

}  // namespace

LEAD_SCORING_FUNCTION(lead_scoring_auc_accum);
Datum lead_scoring_auc_accum(PG_FUNCTION_ARGS) {
    if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || std::isnan(PG_GETARG_FLOAT8(1))) return unchanged_state(fcinfo);
    Header* state = PG_ARGISNULL(0) ? State::create(kTag) : State::get(fcinfo, 0, kTag, true);
    state = reserve(state, 1);
    bool converted = PG_GETARG_BOOL(2);
    PG_RETURN_POINTER(State::append(state, ScoreCount{PG_GETARG_FLOAT8(1), converted ? 1 : 0, converted ? 0 : 1}));
}

LEAD_SCORING_FUNCTION(lead_scoring_auc_combine);
Datum lead_scoring_auc_combine(PG_FUNCTION_ARGS) {
    std::span<const ScoreCount> more = checked(State::items(State::get(fcinfo, 1, kTag)));
    PG_RETURN_POINTER(State::append(reserve(State::get(fcinfo, 0, kTag, true), more.size()), more));
}

LEAD_SCORING_FUNCTION(lead_scoring_auc_final);
Datum lead_scoring_auc_final(PG_FUNCTION_ARGS) {
    std::span<const ScoreCount> counts = checked(State::items(State::get(fcinfo, 0, kTag)));
    auto area = run_cpp([&] {
        std::vector<ScoreCount> merged(counts.begin(), counts.end());
        merged.resize(merge_scores(merged));
        return area_under_curve(merged);
    });
    if (!area) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(*area);
}

LEAD_SCORING_FUNCTION(lead_scoring_brier_accum);
Datum lead_scoring_brier_accum(PG_FUNCTION_ARGS) {
    ExactMean& mean = mean_to_change(fcinfo);
    double probability;
    bool outcome;
    if (read_prediction(fcinfo, probability, outcome)) mean.add(brier_term(probability, outcome));
    return mean_datum(mean);
}

LEAD_SCORING_FUNCTION(lead_scoring_brier_final);
Datum lead_scoring_brier_final(PG_FUNCTION_ARGS) { return mean_result(fcinfo, kShareUnit); }

LEAD_SCORING_FUNCTION(lead_scoring_log_loss_accum);
Datum lead_scoring_log_loss_accum(PG_FUNCTION_ARGS) {
    ExactMean& mean = mean_to_change(fcinfo);
    double probability;
    bool outcome;
    if (read_prediction(fcinfo, probability, outcome)) {
        auto term = log_loss_term(probability, outcome);
        if (term)
            mean.add(*term);
        else
            mean.add_infinity();
    }
    return mean_datum(mean);
}

LEAD_SCORING_FUNCTION(lead_scoring_log_loss_final);
Datum lead_scoring_log_loss_final(PG_FUNCTION_ARGS) { return mean_result(fcinfo, kLogUnit); }
