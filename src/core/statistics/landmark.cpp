#include "core/statistics/landmark.hpp"

#include <algorithm>

#include "core/base/stop.hpp"

namespace lead_scoring {

namespace {

constexpr std::int64_t kLongest = std::int64_t{1} << 60;
constexpr std::size_t kEnough = 100;

// A stay as seen from one period: it is compared at ages [0, end), and was a customer within the period for those from
// `won` on.
struct Window {
    std::int64_t end;
    std::int64_t won;
};

Window window_of(const Stay& stay, std::int64_t begins, std::int64_t ends) {
    auto bounded = [](std::int64_t age) { return std::clamp(age, -kLongest, kLongest); };
    std::int64_t customer = stay.customer == kNotYet ? 2 * kLongest : bounded(stay.customer);
    std::int64_t end = std::min({bounded(stay.left), customer - begins, bounded(stay.watched) - ends + 1});
    return {end, std::max<std::int64_t>(customer - ends, 0)};
}

// The ages of those who wait, ascending.
std::vector<std::int64_t> waiting_ages(std::span<const Stay> stays) {
    std::vector<std::int64_t> ages;
    for (const Stay& stay : stays) {
        check_stop();
        if (stay.left == kNotYet) ages.push_back(std::clamp<std::int64_t>(stay.watched, 0, kLongest));
    }
    std::sort(ages.begin(), ages.end(), hearing(std::less<std::int64_t>()));
    return ages;
}

// The greatest age at which as many as it takes were compared; negative where nobody was at any.
std::int64_t last_age(std::span<const Window> windows) {
    std::vector<std::int64_t> ends;
    for (const Window& window : windows) {
        check_stop();
        if (window.end > 0) ends.push_back(window.end);
    }
    if (ends.empty()) return -1;
    std::size_t enough = std::min(kEnough, (ends.size() + 9) / 10);
    auto least = ends.begin() + static_cast<std::ptrdiff_t>(enough - 1);
    std::nth_element(ends.begin(), least, ends.end(), hearing(std::greater<std::int64_t>()));
    return *least - 1;
}

// The share of customers within the period at each of the ages, which are sorted.
std::vector<double> shares_at(std::span<const std::int64_t> ages, std::span<const Window> windows) {
    std::vector<std::int64_t> compared(ages.size() + 1), won(ages.size() + 1);
    auto place = [&](std::int64_t age) {
        return static_cast<std::size_t>(std::lower_bound(ages.begin(), ages.end(), age) - ages.begin());
    };
    for (const Window& window : windows) {
        check_stop();
        if (window.end <= 0) continue;
        std::size_t end = place(window.end);
        ++compared[0];
        --compared[end];
        if (window.won >= window.end) continue;
        ++won[place(window.won)];
        --won[end];
    }
    std::vector<double> shares;
    std::int64_t all = 0, customers = 0;
    for (std::size_t i = 0; i < ages.size(); ++i) {
        all += compared[i];
        customers += won[i];
        shares.push_back(all > 0 ? static_cast<double>(customers) / static_cast<double>(all) : 0);
    }
    return shares;
}

}  // namespace

std::vector<double> expected_customers(std::span<const Stay> stays, std::int64_t period, std::size_t periods) {
    std::vector<double> result(periods);
    std::vector<std::int64_t> ages = waiting_ages(stays);
    std::vector<double> none_yet(ages.size(), 1);  // the chance of each not to be a customer by now
    std::vector<Window> windows(stays.size());
    for (std::size_t i = 0; i < periods; ++i) {
        std::int64_t begins = static_cast<std::int64_t>(i) * period;
        std::transform(stays.begin(), stays.end(), windows.begin(), [=](const Stay& stay) {
            check_stop();
            return window_of(stay, begins, begins + period);
        });
        std::int64_t last = last_age(windows);
        if (last < 0) continue;
        std::vector<std::int64_t> compared_at = ages;
        for (std::int64_t& age : compared_at) age = std::min(age, last);
        std::vector<double> shares = shares_at(compared_at, windows);
        for (std::size_t k = 0; k < ages.size(); ++k) {
            check_stop();
            result[i] += none_yet[k] * shares[k];
            none_yet[k] *= 1 - shares[k];
        }
    }
    return result;
}

}  // namespace lead_scoring
