#include "core/statistics/risk.hpp"

#include <algorithm>
#include <limits>

namespace lead_scoring {

namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kFirstEnd = 60 * kSecond;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

constexpr std::int64_t end_of(int band) { return band + 1 < kAgeBands ? kFirstEnd << band : kMost; }

std::int64_t sum_of(std::int64_t a, std::int64_t b) {
    std::int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (a < 0 ? -kMost : kMost) : sum;
}

static_assert(end_of(kAgeBands - 2) / kFirstEnd == 1 << (kAgeBands - 2));

}  // namespace

void Risk::add(const Risk& other) noexcept {
    conversions = sum_of(conversions, other.conversions);
    microseconds = sum_of(microseconds, other.microseconds);
    seconds = sum_of(seconds, sum_of(other.seconds, microseconds / kSecond));
    microseconds %= kSecond;
}

Risk Risk::without(const Risk& part) const noexcept {
    Risk rest = *this;
    rest.add({-part.conversions, -part.seconds, -part.microseconds});
    if (rest.microseconds < 0) rest.add({0, -1, kSecond});
    return rest;
}

bool Risk::sound() const noexcept {
    return conversions >= 0 && seconds >= 0 && microseconds >= 0 && microseconds < kSecond;
}

double Risk::days() const noexcept {
    return (static_cast<double>(seconds) + static_cast<double>(microseconds) / kSecond) / 86400;
}

void add_lead(RiskByAge& risk, std::int64_t from, std::int64_t to, bool converted) noexcept {
    int band = 0;
    while (end_of(band) <= from) ++band;
    for (;; ++band) {
        bool last = to <= end_of(band);
        std::int64_t time = std::min(to, end_of(band)) - from;
        risk[static_cast<std::size_t>(band)].add({last && converted, time / kSecond, time % kSecond});
        if (last) return;
        from = end_of(band);
    }
}

}  // namespace lead_scoring
