#include "core/base/stop.hpp"

#include "core/base/error.hpp"

namespace lead_scoring {

namespace {

const volatile std::sig_atomic_t nothing = 0;

bool never() noexcept { return false; }

}  // namespace

constinit StopSignal stop_signal = {&nothing, never};

void stop_if_wanted() {
    if (stop_signal.wanted()) throw Error(ErrorCode::Stopped, "the work was told to stop");
}

}  // namespace lead_scoring
