#include "core/card/exponential_sum.hpp"

#include "core/base/power.hpp"

namespace lead_scoring {

namespace {

__extension__ using Unsigned128 = unsigned __int128;
constexpr int kBitsPerDigit = 32;

struct HalfLives {
    std::int64_t whole;
    double fraction;  // 0 <= fraction <= 1
};

HalfLives half_lives(Timestamp at, Microseconds half_life) {
    std::int64_t rest = at % half_life;
    if (rest < 0) rest += half_life;
    return {floor_divide(at, half_life), static_cast<double>(rest) / static_cast<double>(half_life)};
}

}  // namespace

void ExponentialSum::raise_base(std::int64_t base) {
    if (empty_) {
        empty_ = false;
        base_ = base;
        return;
    }
    if (base <= base_) return;
    std::uint64_t by = static_cast<std::uint64_t>(base) - static_cast<std::uint64_t>(base_);
    for (std::uint64_t i = 0; i < kDigits; ++i) digits_[i] = by < kDigits - i ? digits_[i + by] : 0;
    base_ = base;
}

void ExponentialSum::add(Units points, Timestamp at, Microseconds half_life) {
    HalfLives time = half_lives(at, half_life);
    std::int64_t place = floor_divide(time.whole, kBitsPerDigit);
    raise_base(place);
    std::uint64_t below = static_cast<std::uint64_t>(base_) - static_cast<std::uint64_t>(place);
    if (below >= kDigits) return;

    // |points| * 2^fraction with 32 bits behind the point, then 2^(whole mod 32): at most 127 bits.
    auto mantissa = static_cast<std::uint64_t>(power_of_two(time.fraction) * 0x1p52);  // exact
    std::uint64_t magnitude = points < 0 ? 0 - static_cast<std::uint64_t>(points) : static_cast<std::uint64_t>(points);
    Unsigned128 addend = (static_cast<Unsigned128>(magnitude) * mantissa) >> 20;
    addend <<= static_cast<int>(time.whole - place * kBitsPerDigit);
    addend >>= kBitsPerDigit * below;
    std::int64_t sign = points < 0 ? -1 : 1;
    for (std::size_t i = 0; i < kDigits && addend != 0; ++i, addend >>= kBitsPerDigit)
        digits_[i] += sign * static_cast<std::int64_t>(addend & 0xffffffffu);
}

void ExponentialSum::add(const ExponentialSum& other) {
    if (other.empty_) return;
    raise_base(other.base_);
    std::uint64_t below = static_cast<std::uint64_t>(base_) - static_cast<std::uint64_t>(other.base_);
    for (std::uint64_t i = below; i < kDigits; ++i) digits_[i - below] += other.digits_[i];
}

double ExponentialSum::value(Timestamp at, Microseconds half_life) const {
    if (empty_) return 0.0;
    double sum = 0.0;
    for (std::size_t i = kDigits; i-- > 0;) sum = sum * 4294967296.0 + static_cast<double>(digits_[i]);
    HalfLives time = half_lives(at, half_life);
    WideUnits exponent = WideUnits{base_} * kBitsPerDigit - time.whole - kBitsPerDigit;
    if (exponent < -4000) return 0.0;
    double power = 0.5 * power_of_two(1.0 - time.fraction);  // 2^-fraction
    return scale(sum * power, static_cast<std::int64_t>(std::min<WideUnits>(exponent, 4000)));
}

}  // namespace lead_scoring
