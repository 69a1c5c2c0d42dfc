#include "core/base/decimal.hpp"

#include <algorithm>
#include <string>

#include "core/base/units.hpp"

namespace lead_scoring {

namespace {

constexpr std::int64_t kMostPlaces = 1'000'000'000;  // of an exponent; no number has as many digits

struct Digits {
    bool negative = false;
    std::string digits;      // without leading zeros
    std::int64_t power = 0;  // of ten, by which they are to be multiplied
};

std::int64_t read_exponent(std::string_view text) {
    std::int64_t exponent = 0;
    bool negative = text.starts_with('-');
    for (char c : text)
        if (c >= '0' && c <= '9') exponent = std::min(exponent * 10 + (c - '0'), kMostPlaces);
    return negative ? -exponent : exponent;
}

Digits read_digits(std::string_view number) {
    Digits read;
    bool fraction = false;
    for (std::size_t i = 0; i < number.size(); ++i) {
        char c = number[i];
        if (c == 'e' || c == 'E') {
            read.power += read_exponent(number.substr(i + 1));
            break;
        }
        if (c == '-') read.negative = true;
        if (c == '.') fraction = true;
        if (c < '0' || c > '9') continue;
        if (fraction) --read.power;
        if (c != '0' || !read.digits.empty()) read.digits += c;
    }
    return read;
}

}  // namespace

ScaledDecimal scale_decimal(std::string_view number, int places) {
    constexpr std::int64_t kMostDigits = 20;  // of what is no more than saturated
    Digits read = read_digits(number);
    if (read.digits.empty()) return {0, true};
    auto count = static_cast<std::int64_t>(read.digits.size());
    std::int64_t power = read.power + places;
    std::int64_t whole_digits = count + power;  // in front of the point
    if (whole_digits > kMostDigits)
        return {saturate(read.negative ? -(WideUnits{1} << 64) : WideUnits{1} << 64), false};

    WideUnits whole = 0;
    for (std::int64_t i = 0; i < whole_digits; ++i)
        whole = whole * 10 + (i < count ? read.digits[static_cast<std::size_t>(i)] - '0' : 0);
    bool exact = true;
    if (whole_digits < count) {
        auto first = static_cast<std::size_t>(std::max<std::int64_t>(whole_digits, 0));
        exact = read.digits.find_first_not_of('0', first) == std::string::npos;
        if (whole_digits >= 0 && read.digits[first] >= '5') ++whole;
    }
    if (read.negative) whole = -whole;
    return {saturate(whole), exact && saturate(whole) == whole};
}

}  // namespace lead_scoring
