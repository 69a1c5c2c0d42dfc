// Dates and times of the day as they are written.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/units.hpp"

namespace lead_scoring {

// Since midnight, of 09:00:00 or 16:59:59.5; the last one is 24:00:00. Empty where it is none.
std::optional<Microseconds> time_of_day(std::string_view text);

// Days since 2000-01-01, of a date such as 2027-12-25. Empty where it is none.
std::optional<std::int64_t> day_of_date(std::string_view text);

}  // namespace lead_scoring
