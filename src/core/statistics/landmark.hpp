// What leads that wait are going to bring, from what became of those that had waited for as long (landmark analysis:
// Anderson, Cain and Gelber 1983).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace lead_scoring {

inline constexpr std::int64_t kNotYet = std::numeric_limits<std::int64_t>::max();

// A lead's time in a stage, in microseconds since it reached it. Who has not left still waits, for as long as it was
// watched.
struct Stay {
    std::int64_t watched;
    std::int64_t left;      // when it left the stage, upwards or out; kNotYet
    std::int64_t customer;  // when it became a customer, in whatever stage it was before; kNotYet
};

// How many of those who wait become customers in the first, second, ... period from now on.
//
// A lead that has waited for `age` is compared with all that were still in the stage at that very age: of those who
// were no customers by the end of the period before and were watched to the end of this one, the share that became
// customers in it. These shares are chained as in a life table, so that nobody becomes a customer twice. Who has waited
// for longer than nearly all that could be compared counts as one of the greatest age at which there were a tenth of
// them, or a hundred.
std::vector<double> expected_customers(std::span<const Stay> stays, std::int64_t period, std::size_t periods);

}  // namespace lead_scoring
