// What must hold for every input of a fuzz target.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace lead_scoring::test {

inline void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

}  // namespace lead_scoring::test
