#include "core/statistics/calibration.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"

namespace lead_scoring {

void check_probability(double probability) {
    if (!(probability >= 0 && probability <= 1))
        throw Error(ErrorCode::InvalidParameter, "probability must be between 0 and 1",
                    "A score that is no probability can be judged by auc alone.", "Divide percentages by 100.");
}

std::int64_t share_term(double probability) noexcept { return std::llround(probability / kShareUnit); }

std::int64_t brier_term(double probability, bool outcome) noexcept {
    double error = probability - (outcome ? 1 : 0);
    return share_term(error * error);
}

std::optional<std::int64_t> log_loss_term(double probability, bool outcome) noexcept {
    double loss = outcome ? -std::log(probability) : -std::log1p(-probability);
    if (std::isinf(loss)) return std::nullopt;
    return std::llround(loss / kLogUnit);
}

int calibration_bin(double probability, int bins) noexcept {
    int bin = std::min(static_cast<int>(probability * bins), bins - 1);
    // The product above is rounded; the edges as they are shown decide.
    if (bin + 1 < bins && static_cast<double>(bin + 1) / bins <= probability) return bin + 1;
    if (static_cast<double>(bin) / bins > probability) return bin - 1;
    return bin;
}

}  // namespace lead_scoring
