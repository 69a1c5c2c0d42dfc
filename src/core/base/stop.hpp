// How long work hears that it is to end.
//
// Data may ask for much work. Each loop whose length data decides calls check_stop(), which throws an Error of code
// Stopped where whoever runs the core wants the work to end. What was being changed is then half-changed.
#pragma once

#include <csignal>

namespace lead_scoring {

struct StopSignal {
    const volatile std::sig_atomic_t* pending;  // 0: nobody wants anything; read at every step
    bool (*wanted)() noexcept;                  // asked where it is not 0: whether the work is to end
};

// Set by whoever runs the core. Nobody wants anything in the beginning.
extern StopSignal stop_signal;

// Asks, and throws Stopped where the work is to end.
void stop_if_wanted();

inline void check_stop() {
    if (*stop_signal.pending != 0) [[unlikely]]
        stop_if_wanted();
}

// A comparison that hears, for sorting what may be long. Where it throws, what was being sorted is lost.
template <class Less>
auto hearing(Less less) {
    return [less](const auto& a, const auto& b) {
        check_stop();
        return less(a, b);
    };
}

}  // namespace lead_scoring
