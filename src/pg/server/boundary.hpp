// The one door between the two regimes (see src/README.md).
//
// run_cpp(body) runs C++ that may throw. Whatever it throws is copied into plain data, the catch ends, and only then
// is an SQL error raised, so that no exception object and no destructor is ever jumped over. The body must not call
// the server.
//
// While the body runs, the core hears cancel and termination (core/base/stop.hpp). Then the server's own error is
// raised; what the body was changing is half-changed.
#pragma once

#include <type_traits>

#include "core/base/stop.hpp"

namespace lead_scoring {

struct CaughtError {
    int sqlstate = 0;  // 0: nothing was caught
    char message[1024];
    char detail[1024];
    char hint[1024];
};

// Stops the core where the server has something pending that ends the statement for sure, and may do so now.
extern const StopSignal server_signal;

// Fills `caught` from the exception in flight; to be called in a catch block only.
void describe_current_exception(CaughtError& caught) noexcept;

// Raises `caught` as an SQL error.
[[noreturn]] void raise(const CaughtError& caught);

// Returns what the body returns, which is plain data. Raises what the body throws: the SQLSTATE of an Error's code
// (core/base/error.hpp), 53200 for want of memory, XX000 for any other exception.
template <class Body>
auto run_cpp(Body&& body) -> std::invoke_result_t<Body> {
    using Result = std::invoke_result_t<Body>;
    static_assert(std::is_void_v<Result> || std::is_trivially_destructible_v<Result>,
                  "what leaves the C++ regime must survive a longjmp");
    CaughtError caught;
    stop_signal = server_signal;
    try {
        return body();
    } catch (...) {
        describe_current_exception(caught);
    }
    raise(caught);
}

// Whether stored data could not be read.
bool is_corruption(const CaughtError& caught);

// For a body that reads stored data: false where these cannot be read (XX001), and the body is half-done. Raises
// whatever else it throws, as run_cpp does.
template <class Body>
bool run_cpp_if_sound(Body&& body) {
    CaughtError caught;
    stop_signal = server_signal;
    try {
        body();
        return true;
    } catch (...) {
        describe_current_exception(caught);
    }
    if (!is_corruption(caught)) raise(caught);
    return false;
}

}  // namespace lead_scoring
