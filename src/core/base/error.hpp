// What the core throws: a mistake in the input, told in the terms SQL reports it.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace lead_scoring {

enum class ErrorCode {
    InvalidParameter,  // 22023
    InvalidText,       // 22P02: a text form that cannot be read
    InvalidBinary,     // 22P03: a binary form that cannot be read
    CorruptData,       // XX001: a stored value that cannot be read
    LimitExceeded,     // 54000
    NotSupported,      // 0A000
    Internal,          // XX000
    Stopped,           // the server's own error: core/base/stop.hpp
};

class Error : public std::runtime_error {
  public:
    Error(ErrorCode code, const std::string& message, std::string detail = {}, std::string hint = {})
        : std::runtime_error(message), code(code), detail(std::move(detail)), hint(std::move(hint)) {}

    ErrorCode code;
    std::string detail;
    std::string hint;
};

}  // namespace lead_scoring
