// Intervals for a share that was observed in n cases.
#pragma once

#include <cstdint>

namespace lead_scoring {

inline constexpr double kDefaultConfidence = 0.95;

struct RateBounds {
    double low;
    double high;
};

// The z with P(|Z| <= z) = confidence for a standard normal Z. Throws InvalidParameter unless 0 < confidence < 1.
double two_sided_z(double confidence);

// E. B. Wilson (1927), without continuity correction. Requires cases > 0 and 0 <= hits <= cases; throws as two_sided_z
// does.
RateBounds wilson_bounds(std::int64_t hits, std::int64_t cases, double confidence);

}  // namespace lead_scoring
