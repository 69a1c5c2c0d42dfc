// Points and time as the core counts them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace lead_scoring {

// Points are integers of 1/10000, so that sums of undecayed points are exact in any order.
using Units = std::int64_t;
__extension__ using WideUnits = __int128;
inline constexpr double kUnitsPerPoint = 10000.0;

// Microseconds since 2000-01-01 00:00 UTC, as the server counts.
using Timestamp = std::int64_t;
using Microseconds = std::int64_t;
inline constexpr Timestamp kNever = std::numeric_limits<Timestamp>::min();    // has not happened
inline constexpr Timestamp kForever = std::numeric_limits<Timestamp>::max();  // will not happen

// The nearest that fits.
inline Units saturate(WideUnits value) {
    constexpr WideUnits low = std::numeric_limits<Units>::min();
    constexpr WideUnits high = std::numeric_limits<Units>::max();
    return static_cast<Units>(std::clamp(value, low, high));
}

// Rounds half away from zero and saturates; NaN, to which only a forged card can come, too.
inline Units round_to_units(double units) {
    if (!(units < 9223372036854775807.0)) return std::numeric_limits<Units>::max();
    if (units <= -9223372036854775808.0) return std::numeric_limits<Units>::min();
    auto whole = static_cast<Units>(units);
    double rest = units - static_cast<double>(whole);  // exact
    return whole + (rest >= 0.5 ? 1 : 0) - (rest <= -0.5 ? 1 : 0);
}

inline Units units_of_points(double points) { return round_to_units(points * kUnitsPerPoint); }
inline double points_of_units(Units units) { return static_cast<double>(units) / kUnitsPerPoint; }

// kForever or kNever where the sum does not fit.
inline Timestamp add_saturated(Timestamp at, Microseconds interval) {
    Timestamp sum = 0;
    if (__builtin_add_overflow(at, interval, &sum)) return interval > 0 ? kForever : kNever;
    return sum;
}

// The age of something at `from` when it is `to`: 0 before, saturated where the distance has no int64.
inline Microseconds age_between(Timestamp from, Timestamp to) {
    Microseconds age = 0;
    if (to <= from) return 0;
    if (__builtin_sub_overflow(to, from, &age)) return kForever;
    return age;
}

// Rounded down. Requires a divisor other than 0.
inline std::int64_t floor_divide(std::int64_t dividend, std::int64_t divisor) {
    std::int64_t quotient = dividend / divisor;
    return quotient - ((dividend % divisor != 0) && ((dividend < 0) != (divisor < 0)) ? 1 : 0);
}

}  // namespace lead_scoring
