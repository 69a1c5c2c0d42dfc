// Runs a property for many seeds. LEAD_SCORING_SEED sets the first one: what a failure prints repeats it at once.
#pragma once

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "unit/choices.hpp"

namespace lead_scoring::test {

inline std::uint64_t first_seed() {
    const char* text = std::getenv("LEAD_SCORING_SEED");
    return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

// Calls `property(choices)` with `count` seeds, up to the first that fails.
template <class Property>
void for_each_seed(int count, Property property) {
    for (int i = 0; i < count; ++i) {
        std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
        SCOPED_TRACE("LEAD_SCORING_SEED=" + std::to_string(seed));
        SeededChoices choices(seed);
        property(choices);
        if (::testing::Test::HasFailure()) return;
    }
}

}  // namespace lead_scoring::test
