// The one door between the two regimes (see src/README.md).
//
// run_cpp(body) runs C++ that may throw. Whatever it throws is copied into plain data, the catch ends, and only then
// is an SQL error raised, so that no exception object and no destructor is ever jumped over. The body must not call
// the server.
#pragma once

#include <type_traits>

namespace lead_scoring {

struct CaughtError {
    int sqlstate = 0;  // 0: nothing was caught
    char message[1024];
    char detail[1024];
    char hint[1024];
};

// Fills `caught` from the exception in flight; to be called in a catch block only.
void describe_current_exception(CaughtError& caught) noexcept;

// Raises `caught` as an SQL error.
[[noreturn]] void raise(const CaughtError& caught);

template <class Body>
auto run_cpp(Body&& body) -> std::invoke_result_t<Body> {
    using Result = std::invoke_result_t<Body>;
    static_assert(std::is_void_v<Result> || std::is_trivially_destructible_v<Result>,
                  "what leaves the C++ regime must survive a longjmp");
    CaughtError caught;
    try {
        return body();
    } catch (...) {
        describe_current_exception(caught);
    }
    raise(caught);
}

}  // namespace lead_scoring
