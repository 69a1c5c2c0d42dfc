// Why two definitions give a lead different points.
#pragma once

#include <string>

#include "core/card/definition.hpp"
#include "core/card/scorecard.hpp"

namespace lead_scoring {

// A lead by a definition. Null: by none, it has no points then.
struct Scored {
    const Definition* definition = nullptr;
    const Scorecard* card = nullptr;
};

// The rules by which the scores as of `at` differ most, and what bounds make of it besides: "visit 20 -> 5, webinar 0
// -> 10, bounds +2". Rules are the same by their ids, and have the names of `after`, where it has them. Empty where
// nothing differs.
std::string difference(const Scored& before, const Scored& after, Timestamp at);

}  // namespace lead_scoring
