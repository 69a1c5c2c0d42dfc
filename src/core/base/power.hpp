// Powers of two with a fraction in the exponent, the same to the last bit on every machine: sums and products of
// doubles alone, whose roundings IEEE 754 fixes. A library's exp2 may differ from one processor to the next.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace lead_scoring {

namespace power_details {

inline constexpr int kSteps = 128;  // 2^fraction is looked up for each 1/128; a polynomial does the rest
inline constexpr double kLogTwo = 0x1.62e42fefa39efp-1;

// ln(2)^n / n!
constexpr double coefficient(int n) {
    double product = 1;
    for (int i = 1; i <= n; ++i) product *= kLogTwo / i;
    return product;
}

// 2^(i / kSteps) by its power series, in integers of 2^-63 so that nothing but the last conversion rounds to a double.
constexpr double table_entry(int i) {
    __extension__ using Wide = unsigned __int128;
    constexpr std::uint64_t kLogTwoBits = 0xb17217f7d1cf79abu;  // ln(2) * 2^64
    auto exponent = static_cast<std::uint64_t>((static_cast<Wide>(kLogTwoBits) * static_cast<unsigned>(i)) / kSteps);
    std::uint64_t term = std::uint64_t{1} << 63;
    Wide sum = 0;
    for (unsigned n = 1; term != 0; ++n) {
        sum += term;
        term = static_cast<std::uint64_t>((static_cast<Wide>(term) * exponent) >> 64) / n;
    }
    return static_cast<double>(sum) * 0x1p-63;
}

inline constexpr auto kTable = [] {
    std::array<double, kSteps + 1> table{};
    for (int i = 0; i <= kSteps; ++i) table[static_cast<std::size_t>(i)] = table_entry(i);
    return table;
}();

}  // namespace power_details

// 2^fraction. Requires 0 <= fraction <= 1.
inline double power_of_two(double fraction) {
    using namespace power_details;
    auto index = static_cast<int>(fraction * kSteps);
    double rest = fraction - static_cast<double>(index) / kSteps;  // exact
    constexpr double c1 = coefficient(1), c2 = coefficient(2), c3 = coefficient(3), c4 = coefficient(4),
                     c5 = coefficient(5);
    double square = rest * rest;
    double polynomial = (c1 + rest * c2) + square * ((c3 + rest * c4) + square * c5);
    double stepped = kTable[static_cast<std::size_t>(index)];
    return stepped + stepped * rest * polynomial;
}

// value * 2^exponent: std::ldexp, which takes a third of a score's time, where 2^exponent is an ordinary double.
inline double scale(double value, std::int64_t exponent) {
    constexpr int kBias = 1023;
    if (exponent > -kBias && exponent <= kBias)
        return value * std::bit_cast<double>(static_cast<std::uint64_t>(exponent + kBias) << 52);
    constexpr std::int64_t kFar = 10000;  // beyond all that a double can hold
    return std::ldexp(value, static_cast<int>(exponent < -kFar ? -kFar : exponent > kFar ? kFar : exponent));
}

}  // namespace lead_scoring
