// How long leads were at risk to convert, and how many did, by their age.
#pragma once

#include <array>
#include <cstdint>

namespace lead_scoring {

// Bands of age double: up to one minute, up to two, up to four, ..., the last without end. Within one, a rate is taken
// to be constant. An age belongs to the band that it ends: a lead that converts at exactly one minute was at risk in
// the first band only.
inline constexpr int kAgeBands = 24;

// Exact sums, whatever their order. Lives as three elements in a bigint[] state.
struct Risk {
    std::int64_t conversions;
    std::int64_t seconds;
    std::int64_t microseconds;  // less than a second

    // Sums saturate.
    void add(const Risk& other) noexcept;
    // What is left of this without a part of it; not sound where that is no part of it.
    Risk without(const Risk& part) const noexcept;
    bool sound() const noexcept;
    double days() const noexcept;
};

using RiskByAge = std::array<Risk, kAgeBands>;

// A lead that was at risk from one age to another, in microseconds, 0 <= from < to, and converted there or did not.
void add_lead(RiskByAge& risk, std::int64_t from, std::int64_t to, bool converted) noexcept;

}  // namespace lead_scoring
