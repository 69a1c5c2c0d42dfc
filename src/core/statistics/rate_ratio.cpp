#include "core/statistics/rate_ratio.hpp"

#include <cmath>

#include "core/statistics/wilson.hpp"

namespace lead_scoring {

namespace {

constexpr double kFarthest =
    120;  // logarithms of ratios: quotients of times and counts that fit into 64 bits lie within
constexpr int kHalvings = 64;

// Events with the thing beyond those to be expected under a ratio, and their variance.
struct Score {
    double excess = 0;
    double variance = 0;

    double bound(double z) const { return excess + z * std::sqrt(variance); }
};

Score score_of(std::span<const RiskBand> bands, double log_ratio) {
    double ratio = std::exp(log_ratio);
    Score score;
    for (const RiskBand& band : bands) {
        if (!(band.time_with > 0 && band.time_without > 0)) continue;
        // Each of the two is exact where it is small.
        double with = 1 / (1 + band.time_without / (ratio * band.time_with));
        double without = 1 / (1 + ratio * band.time_with / band.time_without);
        score.excess += band.events_with * without - band.events_without * with;
        score.variance += (band.events_with + band.events_without) * with * without;
    }
    return score;
}

// Where the bound falls through zero between the two.
double root(std::span<const RiskBand> bands, double z, double low, double high) {
    for (int i = 0; i < kHalvings; ++i) {
        double middle = low + (high - low) / 2;
        (score_of(bands, middle).bound(z) > 0 ? low : high) = middle;
    }
    return low + (high - low) / 2;
}

}  // namespace

RateRatio rate_ratio(std::span<const RiskBand> bands, double confidence) {
    double z = two_sided_z(confidence);
    double with = 0;
    double without = 0;
    for (const RiskBand& band : bands) {
        if (!(band.time_with > 0 && band.time_without > 0)) continue;
        with += band.events_with;
        without += band.events_without;
    }
    if (with + without <= 0) return {};
    double ratio = with <= 0 ? -kFarthest : without <= 0 ? kFarthest : root(bands, 0, -kFarthest, kFarthest);
    RateRatio result;
    if (without > 0) {
        result.ratio = with > 0 ? std::exp(ratio) : 0;
        result.high = std::exp(root(bands, z, ratio, kFarthest));
    }
    result.low = with > 0 ? std::exp(root(bands, -z, -kFarthest, ratio)) : 0;
    return result;
}

}  // namespace lead_scoring
