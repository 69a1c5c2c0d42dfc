// Counts of the months to come, from those of the months before.
//
// From 24 months on: a line and the twelve calendar months by least squares, all together, and what these leave
// smoothed exponentially, so that the level may drift (Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential
// Smoothing, 2008, chapter 3: the errors of one month ahead are linear in the coefficients). All of it on a scale that
// suits counts: their square root, where a Poisson count varies by as much at any size, with Anscombe's 3/8; or the
// logarithm of one more, on which growth and season are factors; whichever the months make likelier (Box and Cox 1964).
// The forecasts of ten smoothing constants are averaged, weighted by their restricted likelihood and a prior for small
// ones, Beta(1, 5), as practice has them (Gardner 1985). The slope is shrunk by how uncertain it is, as Breiman's
// garrote does (1995): a growth that a month more or less would turn is not carried on.
//
// Of fewer months neither slope nor season can be told from chance. Then it is simple exponential smoothing of the
// root, with the likeliest constant for a level that wanders (Muth 1960) under months that vary about it as Poisson
// counts do: close to the last month where counts are large or the level moves, to the mean where they are small and it
// does not. Its intervals are as wide as its own forecasts have missed so far, for there may be a season that it cannot
// know.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace lead_scoring {

inline constexpr std::size_t kMostForecastMonths = 60;  // what lies further back is not looked at
inline constexpr std::size_t kSeasonalMonths = 24;
inline constexpr std::size_t kBoundedMonths = 4;

struct CountForecast {
    double expected;   // the median of what may come
    double low, high;  // 80 % prediction interval of a single month; NaN with fewer than kBoundedMonths
};

// The forecast of each of `ahead` months after the last; oldest month first, counts finite and not negative. Empty
// where there are no months. The results are finite and not negative.
std::vector<CountForecast> forecast_counts(std::span<const double> months, std::size_t ahead);

// Student's quantile from that of the normal distribution: Fisher and Cornish's expansion (Abramowitz and Stegun
// 26.7.5), good to 0.2 % from 3 degrees of freedom on where z is 1.28.
double student_quantile(double z, double degrees);

}  // namespace lead_scoring
