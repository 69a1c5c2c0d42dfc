// Decimal numbers as they are written, as integers: no digit is lost on the way through a double.
#pragma once

#include <cstdint>
#include <string_view>

namespace lead_scoring {

struct ScaledDecimal {
    std::int64_t value;
    bool exact;  // neither rounded nor saturated
};

// A number, which is one as JSON writes them, counted in units of 10^-places: rounded half away from zero, saturated.
ScaledDecimal scale_decimal(std::string_view number, int places);

}  // namespace lead_scoring
