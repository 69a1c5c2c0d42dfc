#include "core/statistics/survival.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/stop.hpp"

namespace lead_scoring {

namespace {

constexpr double kHalfTolerance = 0x1p-26;
constexpr std::int64_t kLongest = (std::int64_t{1} << 62) - 1;

std::int64_t time_of(Observation observation) { return observation >> 1; }

bool is_converted(Observation observation) { return (observation & 1) == 0; }

// Walks the curve, one stop for each distinct time.
class Curve {
  public:
    explicit Curve(std::span<const Observation> sorted)
        : rest_(sorted), at_risk_(static_cast<double>(sorted.size())), run_start_(at_risk_) {}

    bool done() const { return rest_.empty(); }
    std::int64_t next_time() const { return time_of(rest_.front()); }

    void advance() {
        std::int64_t now = next_time();
        auto end = std::find_if(rest_.begin(), rest_.end(), [now](Observation o) {
            check_stop();
            return time_of(o) != now;
        });
        auto converted = static_cast<double>(std::count_if(rest_.begin(), end, is_converted));
        auto lost = static_cast<double>(end - rest_.begin()) - converted;
        rest_ = {end, rest_.end()};

        watched_ = at_risk_;
        if (converted > 0 && at_risk_ > converted) variance_ += converted / (at_risk_ * (at_risk_ - converted));
        at_risk_ -= converted;
        converted_ += converted;
        // The factors of a run without losses telescope; written so, an undisturbed half is exactly one half.
        surviving_ = before_run_ * (at_risk_ / run_start_);
        if (lost > 0) {
            at_risk_ -= lost;
            before_run_ = surviving_;
            run_start_ = at_risk_;
        }
    }

    double surviving() const { return surviving_; }
    double variance() const { return variance_; }
    double watched() const { return watched_; }
    double at_risk() const { return at_risk_; }
    double converted() const { return converted_; }

  private:
    std::span<const Observation> rest_;
    double at_risk_;
    double run_start_;       // leads at risk when the last one was lost from sight
    double before_run_ = 1;  // surviving share at that time
    double surviving_ = 1;
    double variance_ = 0;  // Greenwood's sum
    double watched_ = 0;   // leads at risk just before the last stop
    double converted_ = 0;
};

RateBounds log_log_bounds(double surviving, double variance, double confidence) {
    double spread = std::exp(two_sided_z(confidence) * std::sqrt(variance) / std::abs(std::log(surviving)));
    return {1 - std::pow(surviving, 1 / spread), 1 - std::pow(surviving, spread)};
}

}  // namespace

Observation observe(std::int64_t microseconds, bool converted) noexcept {
    return std::clamp(microseconds, -kLongest, kLongest) * 2 + (converted ? 0 : 1);
}

std::optional<double> median_time(std::span<const Observation> sorted) {
    Curve curve(sorted);
    while (!curve.done()) {
        std::int64_t now = curve.next_time();
        curve.advance();
        double surviving = curve.surviving();
        if (surviving >= 0.5 + kHalfTolerance) continue;
        auto median = static_cast<double>(now);
        if (surviving <= 0.5 - kHalfTolerance) return median;
        while (!curve.done()) {
            auto next = static_cast<double>(curve.next_time());
            curve.advance();
            if (curve.surviving() < surviving) return median + (next - median) / 2;
        }
        return median;
    }
    return std::nullopt;
}

std::optional<ConvertedShare> share_converted(std::span<const Observation> sorted, double microseconds,
                                              double confidence) {
    two_sided_z(confidence);
    Curve curve(sorted);
    while (!curve.done() && static_cast<double>(curve.next_time()) <= microseconds) curve.advance();
    double surviving = curve.surviving();
    bool watched_that_long =
        !curve.done() || (!sorted.empty() && static_cast<double>(time_of(sorted.back())) >= microseconds);
    if (surviving > 0 && !watched_that_long) return std::nullopt;
    if (sorted.empty()) return std::nullopt;

    if (surviving <= 0) {
        auto leads = static_cast<std::int64_t>(curve.converted());
        return ConvertedShare{1, wilson_bounds(leads, leads, confidence)};
    }
    if (curve.converted() == 0) {
        auto leads = static_cast<std::int64_t>(std::max({curve.at_risk(), curve.done() ? curve.watched() : 0.0, 1.0}));
        return ConvertedShare{0, wilson_bounds(0, leads, confidence)};
    }
    return ConvertedShare{1 - surviving, log_log_bounds(surviving, curve.variance(), confidence)};
}

}  // namespace lead_scoring
