// The area under the ROC curve: the chance that a lead that converted has a higher score than one that did not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace lead_scoring {

// Leads of one score.
struct ScoreCount {
    double score;
    std::int64_t converted;
    std::int64_t others;
};

// Sorts by score and joins equal ones; returns how many are left. Requires that no score is NaN, no number negative,
// and that all of them together are less than 2^62.
std::size_t merge_scores(std::span<ScoreCount> counts);

// Equal scores count one half (Mann and Whitney). Nothing where either class is empty. Requires counts as merge_scores
// leaves them.
std::optional<double> area_under_curve(std::span<const ScoreCount> counts);

}  // namespace lead_scoring
