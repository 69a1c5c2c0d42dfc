// What the core is told while it works: to stop at the nth look, or nothing, so that the looks are counted.
#pragma once

#include <limits>

#include "core/base/error.hpp"
#include "core/base/stop.hpp"

namespace lead_scoring::test {

class Looks {
  public:
    explicit Looks(long stop_at = std::numeric_limits<long>::max()) {
        looks = 0;
        last = stop_at;
        stop_signal = {&pending, look};
    }
    ~Looks() {
        static const volatile std::sig_atomic_t nothing = 0;
        stop_signal.pending = &nothing;
    }
    long count() const { return looks; }

  private:
    static bool look() noexcept { return ++looks >= last; }

    static inline volatile std::sig_atomic_t pending = 1;
    static inline long looks = 0;
    static inline long last = 0;
};

}  // namespace lead_scoring::test
