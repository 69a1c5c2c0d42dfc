// Kaplan and Meier's estimate of how long leads take, in which leads still on their way count for as long as they
// were watched.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/statistics/wilson.hpp"

namespace lead_scoring {

// One lead: microseconds until it converted, or until it was last watched without having converted. One word,
// ordered by time, and at equal times conversions before leads that were lost from sight, as the estimate wants it.
using Observation = std::int64_t;

// The time saturates at 2^62 microseconds (146,000 years).
Observation observe(std::int64_t microseconds, bool converted) noexcept;

// The time, in microseconds, by which half of the leads have converted; nothing where that was not seen. Where the
// curve is one half exactly for a while, the middle between the conversion that took it there and the next one; its
// beginning where there is no next one. So does R's summary of a survfit, which takes for one half what is as near as
// sqrt(epsilon).
std::optional<double> median_time(std::span<const Observation> sorted);

struct ConvertedShare {
    double share;
    RateBounds bounds;
};

// The share converted by `microseconds` (inclusive), with Greenwood's variance on the log-log scale; where the
// share is 0 or 1, and that variance says nothing, Wilson's bounds for as many leads as were still watched. Nothing
// where no lead was watched that long.
std::optional<ConvertedShare> share_converted(std::span<const Observation> sorted, double microseconds,
                                              double confidence);

}  // namespace lead_scoring
