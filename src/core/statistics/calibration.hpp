// How well predicted probabilities agree with outcomes. Terms are rounded to fixed point and summed as whole
// numbers, so that results do not depend on the order of the rows.
#pragma once

#include <cstdint>
#include <optional>

namespace lead_scoring {

// Units of the terms: 2^-62 for what lies within 0..1, 2^-52 for logarithms (at most 745).
inline constexpr double kShareUnit = 0x1p-62;
inline constexpr double kLogUnit = 0x1p-52;

// Throws InvalidParameter unless 0 <= probability <= 1.
void check_probability(double probability);

// The probability itself, in kShareUnit. Requires, as all that follow, one that check_probability passes.
std::int64_t share_term(double probability) noexcept;

// Brier's squared error, in kShareUnit.
std::int64_t brier_term(double probability, bool outcome) noexcept;

// -ln of the probability given to what happened, in kLogUnit; nothing where that probability is 0.
std::optional<std::int64_t> log_loss_term(double probability, bool outcome) noexcept;

// The bin of [bin / bins, (bin + 1) / bins) that holds the probability; 1 belongs to the last one.
int calibration_bin(double probability, int bins) noexcept;

}  // namespace lead_scoring
