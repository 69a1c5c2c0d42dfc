// Exact sums of decimal numbers: one counter for each group of four decimal digits, carried only at the end.
//
// A counter takes 9 * 10^14 additions before it can overflow. The counters of two sums add element by element, so the
// sum is the same for every order and split of the input.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace lead_scoring {

inline constexpr int kDecimalBase = 10000;

// The sum as a plain decimal literal with `scale` digits after the point. counters[i] counts units of
// 10000^(lowest_weight + i) and may have any sign. Requires digits behind the scale to be zero, as they are where it is
// the largest one added.
std::string decimal_text(std::span<const std::int64_t> counters, std::int64_t lowest_weight, std::int64_t scale);

}  // namespace lead_scoring
