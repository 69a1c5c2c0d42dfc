#include "core/statistics/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/stop.hpp"

// As in markov.cpp: one definition for all that is compiled of Eigen.
#define eigen_assert(condition) ::lead_scoring::check_stop()
#include <Eigen/Dense>

namespace lead_scoring {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kSeason = 12;
constexpr double kNormal90 = 1.2815515655446004;  // leaves a tenth on either side
constexpr double kRootShift = 0.375;
constexpr double kPoissonRootVariance = 0.25;
constexpr double kLargestCount = 1e18;  // its squares, and powers of what a logarithm makes of it, are finite
constexpr double kLargestLog = 690;     // its exponential is finite

enum class Scale { Root, Log };

double to_scale(Scale scale, double count) {
    count = std::min(count, kLargestCount);
    return scale == Scale::Root ? std::sqrt(count + kRootShift) : std::log1p(count);
}

double from_scale(Scale scale, double value) {
    if (scale == Scale::Log) return std::max(std::expm1(std::min(value, kLargestLog)), 0.0);
    double root = std::clamp(value, 0.0, std::sqrt(std::numeric_limits<double>::max()));
    return std::max(root * root - kRootShift, 0.0);
}

double log_derivative(Scale scale, double count) {
    return scale == Scale::Root ? -std::log(2 * std::sqrt(count + kRootShift)) : -std::log1p(count);
}

// A row for each past month and each to come: the slope and a level for each calendar month, or one level for all.
MatrixXd design(Index months, Index ahead, bool seasonal) {
    if (!seasonal) return MatrixXd::Ones(months + ahead, 1);
    MatrixXd rows = MatrixXd::Zero(months + ahead, 1 + kSeason);
    for (Index t = 0; t < rows.rows(); ++t) {
        rows(t, 0) = static_cast<double>(t) / static_cast<double>(months);
        rows(t, 1 + t % kSeason) = 1;
    }
    return rows;
}

// The errors of forecasting a column one month ahead by exponential smoothing, in place; returns the level it ends at.
// Linear in the column.
template <class Column>
double smooth(Column&& column, double constant) {
    double level = 0;
    for (Index t = 0; t < column.size(); ++t) {
        column[t] -= level;
        level += constant * column[t];
    }
    return level;
}

struct Fit {
    double squares;           // of the errors of one month ahead
    double log_determinant;   // of the factor of what the coefficients are fitted to
    VectorXd mean, variance;  // of each month to come, on the scale
};

// Breiman's garrote of the slope, the first coefficient; the others are what is best with it. unscaled: the
// coefficients' covariance, but for the factor `variance`.
void shrink_slope(VectorXd& coefficients, const MatrixXd& unscaled, double variance) {
    double uncertain = 2 * variance * unscaled(0, 0);
    double square = coefficients[0] * coefficients[0];
    double kept = square > uncertain ? 1 - uncertain / square : 0;
    coefficients += unscaled.col(0) / unscaled(0, 0) * (coefficients[0] * (kept - 1));
}

Fit fit(const VectorXd& values, const MatrixXd& rows, double constant) {
    Index months = values.size(), terms = rows.cols(), ahead = rows.rows() - months;
    VectorXd errors = values;
    MatrixXd whitened = rows.topRows(months);
    double level = smooth(errors, constant);
    VectorXd levels(terms);
    for (Index i = 0; i < terms; ++i) levels[i] = smooth(whitened.col(i), constant);

    Eigen::HouseholderQR<MatrixXd> qr(whitened);
    VectorXd coefficients = qr.solve(errors);
    MatrixXd inverse =
        qr.matrixQR().topRows(terms).triangularView<Eigen::Upper>().solve(MatrixXd(MatrixXd::Identity(terms, terms)));
    MatrixXd unscaled = inverse * inverse.transpose();
    double degrees = static_cast<double>(months - terms);
    // An exact fit leaves nothing but rounding.
    double squares = (errors - whitened * coefficients).squaredNorm();
    squares = std::max({squares, 1e-24 * values.squaredNorm(), std::numeric_limits<double>::min()});
    double variance = degrees > 0 ? squares / degrees : 0;
    if (terms > 1) shrink_slope(coefficients, unscaled, variance);

    double log_determinant = qr.matrixQR().diagonal().cwiseAbs().array().log().sum();
    Fit result = {squares, log_determinant, VectorXd(ahead), VectorXd(ahead)};
    for (Index h = 0; h < ahead; ++h) {
        VectorXd row = rows.row(months + h).transpose() - levels;
        result.mean[h] = level + row.dot(coefficients);
        double drift = static_cast<double>(h) * constant * constant;
        result.variance[h] = variance * (1 + drift + row.dot(unscaled * row));
    }
    return result;
}

struct Average {
    double log_weight;  // of the likeliest
    VectorXd mean, variance;
};

// The average of fits by the weights of their logarithms; its variance is that of the mixture.
Average average(const std::vector<Fit>& fits, const std::vector<double>& log_weights) {
    double most = *std::max_element(log_weights.begin(), log_weights.end());
    std::vector<double> weights;
    for (double one : log_weights) weights.push_back(std::exp(one - most));
    double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    VectorXd none = VectorXd::Zero(fits[0].mean.size());
    Average result = {most, none, none};
    for (std::size_t i = 0; i < fits.size(); ++i) result.mean += weights[i] / sum * fits[i].mean;
    for (std::size_t i = 0; i < fits.size(); ++i)
        result.variance += weights[i] / sum * (fits[i].variance + (fits[i].mean - result.mean).cwiseAbs2());
    return result;
}

VectorXd values_on(Scale scale, std::span<const double> months) {
    VectorXd values(static_cast<Index>(months.size()));
    std::transform(months.begin(), months.end(), values.begin(), [=](double count) { return to_scale(scale, count); });
    return values;
}

Average fit_seasonal(Scale scale, std::span<const double> months, const MatrixXd& rows) {
    VectorXd values = values_on(scale, months);
    auto count = static_cast<double>(months.size());
    double degrees = count - static_cast<double>(rows.cols());
    std::vector<Fit> fits;
    std::vector<double> log_weights;
    for (int tenths = 0; tenths < 10; ++tenths) {
        double constant = tenths / 10.0;
        fits.push_back(fit(values, rows, constant));
        double log_likelihood = -degrees / 2 * std::log(fits.back().squares) - fits.back().log_determinant;
        log_weights.push_back(log_likelihood + 4 * std::log1p(-constant));
    }
    Average result = average(fits, log_weights);
    // What makes likelihoods on different scales comparable; the restricted one has fewer factors than there are
    // months.
    double jacobian = 0;
    for (double month : months) jacobian += log_derivative(scale, month);
    result.log_weight += jacobian * degrees / count;
    return result;
}

// The likeliest constant, in tenths, where a month varies about the level as a Poisson count does: then a constant
// tells how far the level wanders, and with it the variance of errors of one month ahead (Muth). A level that wanders
// so far that the noise is nothing beside it has a variance of its own.
double constant_of_noise(const VectorXd& roots, const MatrixXd& rows) {
    auto degrees = static_cast<double>(roots.size() - 1);
    double found = 1, most = -std::numeric_limits<double>::infinity();
    for (int tenths = 0; degrees > 0 && tenths <= 10; ++tenths) {
        double constant = tenths / 10.0;
        Fit level = fit(roots, rows, constant);
        double variance = tenths < 10 ? kPoissonRootVariance / (1 - constant)
                                      : std::max(kPoissonRootVariance / 0.05, level.squares / degrees);
        double log_likelihood =
            -degrees / 2 * std::log(variance) - level.squares / variance / 2 - level.log_determinant;
        if (log_likelihood < most) continue;
        most = log_likelihood;
        found = constant;
    }
    return found;
}

// Without a season in it, forecasts miss by more than the errors of one month ahead add up to: where three or more of
// so many months ahead have been seen to miss by more, that counts. Months further ahead are never more certain.
void widen_by_misses(VectorXd& variance, const VectorXd& roots, double constant) {
    for (Index h = 0; h < variance.size(); ++h) {
        if (h > 0) variance[h] = std::max(variance[h], variance[h - 1]);
        Index seen = roots.size() - 1 - h;
        if (seen < 3) continue;
        double level = roots[0], squares = 0;
        for (Index t = 0; t < seen; ++t) {
            level += constant * (roots[t] - level);
            double miss = roots[t + 1 + h] - level;
            squares += miss * miss;
        }
        variance[h] = std::max(variance[h], squares / static_cast<double>(seen));
    }
}

std::vector<CountForecast> on_counts(Scale scale, const VectorXd& mean, const VectorXd& variance, double degrees) {
    bool bounded = degrees >= static_cast<double>(kBoundedMonths - 1);
    double quantile = bounded ? student_quantile(kNormal90, degrees) : std::numeric_limits<double>::quiet_NaN();
    std::vector<CountForecast> result;
    for (Index h = 0; h < mean.size(); ++h) {
        double reach = quantile * std::sqrt(variance[h]);
        CountForecast month = {from_scale(scale, mean[h]), reach, reach};
        if (bounded) {
            month.low = from_scale(scale, mean[h] - reach);
            month.high = from_scale(scale, mean[h] + reach);
        }
        result.push_back(month);
    }
    return result;
}

}  // namespace

std::vector<CountForecast> forecast_counts(std::span<const double> months, std::size_t ahead) {
    if (months.empty()) return {};
    months = months.last(std::min(months.size(), kMostForecastMonths));
    bool seasonal = months.size() >= kSeasonalMonths;
    MatrixXd rows = design(static_cast<Index>(months.size()), static_cast<Index>(ahead), seasonal);
    auto degrees = static_cast<double>(months.size()) - static_cast<double>(rows.cols());
    if (!seasonal) {
        VectorXd roots = values_on(Scale::Root, months);
        double constant = constant_of_noise(roots, rows);
        Fit level = fit(roots, rows, constant);
        widen_by_misses(level.variance, roots, constant);
        return on_counts(Scale::Root, level.mean, level.variance, degrees);
    }
    Average root = fit_seasonal(Scale::Root, months, rows);
    Average log = fit_seasonal(Scale::Log, months, rows);
    if (root.log_weight >= log.log_weight) return on_counts(Scale::Root, root.mean, root.variance, degrees);
    return on_counts(Scale::Log, log.mean, log.variance, degrees);
}

double student_quantile(double z, double degrees) {
    double square = z * z;
    double first = (square + 1) * z / 4;
    double second = ((5 * square + 16) * square + 3) * z / 96;
    double third = (((3 * square + 19) * square + 17) * square - 15) * z / 384;
    double fourth = ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) * z / 92160;
    return z + (first + (second + (third + fourth / degrees) / degrees) / degrees) / degrees;
}

}  // namespace lead_scoring
