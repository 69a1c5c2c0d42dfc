// The sum of exponentially decaying points in constant space, exact under reordering.
//
// An occurrence of p units at time t weighs p * 2^((t - now) / h). With t = k*h + f*h, 0 <= f < 1, that is
// (p * 2^f) * 2^k * 2^(-now/h): the first two factors do not depend on now, so they can be added up once. Adding them
// as floating point numbers would make the sum depend on the order of arrival. Instead each addend is written as a
// fixed-point number in base 2^32, and digits of equal place are added without carrying. Places under the base, which
// rises with the latest occurrence, are dropped for every addend alike. The digits are then a function of the set of
// occurrences alone: adding is associative and commutative to the bit. (The idea is that of reproducible summation:
// Demmel and Nguyen, "Fast Reproducible Floating-Point Summation", 2013.)
//
// What is dropped is under 2^-32 of 1/10000 point for each occurrence, at the time of the latest one.
#pragma once

#include <array>

#include "core/base/units.hpp"

namespace lead_scoring {

class ExponentialSum {
  public:
    static constexpr int kDigits = 4;

    // Adds `points` that were worth their full value at `at`. Of one sum the half-life is the same in each call.
    void add(Units points, Timestamp at, Microseconds half_life);
    // Adds a sum of the same half-life.
    void add(const ExponentialSum& other);

    // The sum in units as of `at`. Requires that no occurrence lies after it.
    double value(Timestamp at, Microseconds half_life) const;

    bool empty() const { return empty_; }
    bool operator==(const ExponentialSum&) const = default;

    // The parts, for the encoder. The digits of an empty sum are 0.
    std::int64_t base() const { return base_; }
    const std::array<std::int64_t, kDigits>& digits() const { return digits_; }
    void restore(std::int64_t base, const std::array<std::int64_t, kDigits>& digits) {
        base_ = base;
        digits_ = digits;
        empty_ = false;
    }

  private:
    void raise_base(std::int64_t base);

    bool empty_ = true;
    std::int64_t base_ = 0;  // place of the lowest digit: floor(k / 32) of the latest occurrence
    std::array<std::int64_t, kDigits> digits_{};
};

}  // namespace lead_scoring
