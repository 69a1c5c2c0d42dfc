#include "core/statistics/wilson.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/error.hpp"

namespace lead_scoring {

double two_sided_z(double confidence) {
    if (!(confidence > 0 && confidence < 1))
        throw Error(ErrorCode::InvalidParameter, "confidence must be between 0 and 1, both excluded", {},
                    "Write 0.95 for 95 percent.");
    // Newton on P(|Z| > z) = erfc(z / sqrt 2), which keeps its digits in the tail. The function is convex, so that
    // from 0 each step goes up until only rounding is left.
    double outside = 1 - confidence;
    double z = 0;
    for (int step = 0; step < 100; ++step) {
        double density = std::exp(-z * z / 2) * std::sqrt(2 / std::numbers::pi);
        double next = z + (std::erfc(z / std::numbers::sqrt2) - outside) / density;
        if (next - z <= 1e-15 * z) break;
        z = next;
    }
    return z;
}

RateBounds wilson_bounds(std::int64_t hits, std::int64_t cases, double confidence) {
    double z = two_sided_z(confidence);
    double n = static_cast<double>(cases);
    double rate = static_cast<double>(hits) / n;
    double shrink = 1 + z * z / n;
    double centre = (rate + z * z / (2 * n)) / shrink;
    double half = z / shrink * std::sqrt(rate * (1 - rate) / n + z * z / (4 * n * n));
    return {hits == 0 ? 0 : std::max(centre - half, 0.0), hits == cases ? 1 : std::min(centre + half, 1.0)};
}

}  // namespace lead_scoring
