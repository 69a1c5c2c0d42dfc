#include "core/statistics/mean.hpp"

#include <limits>

namespace lead_scoring {

bool ExactMean::sound() const noexcept {
    constexpr std::int64_t kMostTerms = (std::int64_t{1} << 62) - 1;
    if (count < 0 || count > kMostTerms || infinite < 0 || infinite > count) return false;
    __int128 farthest = static_cast<__int128>(count) << 63;
    return sum() >= -farthest && sum() <= farthest;
}

std::optional<double> ExactMean::mean(double unit) const noexcept {
    if (count <= 0) return std::nullopt;
    if (infinite > 0) return std::numeric_limits<double>::infinity();
    // Quotient and remainder apart, so that no digit of a sum beyond 2^53 is lost.
    __int128 quotient = sum() / count;
    double remainder = static_cast<double>(sum() % count) / static_cast<double>(count);
    return (static_cast<double>(quotient) + remainder) * unit;
}

}  // namespace lead_scoring
