#include "core/base/civil.hpp"

#include <chrono>
#include <string>

#include "core/base/decimal.hpp"

namespace lead_scoring {

std::optional<Microseconds> time_of_day(std::string_view text) {
    static constexpr std::string_view kForm = "00:00:00";
    if (text.size() < kForm.size()) return std::nullopt;
    for (std::size_t i = 0; i < kForm.size(); ++i)
        if (kForm[i] == ':' ? text[i] != ':' : text[i] < '0' || text[i] > '9') return std::nullopt;
    auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
    Microseconds time = Microseconds{two(0) * 3600 + two(3) * 60 + two(6)} * 1'000'000;
    if (text.size() > kForm.size()) {
        static constexpr std::string_view kDigits = "0123456789";
        std::string_view fraction = text.substr(kForm.size());
        if (fraction.size() < 2 || fraction[0] != '.' || fraction.find_first_not_of(kDigits, 1) != fraction.npos)
            return std::nullopt;
        time += scale_decimal("0" + std::string(fraction), 6).value;
    }
    return time <= Microseconds{86'400'000'000} ? std::optional(time) : std::nullopt;
}

std::optional<std::int64_t> day_of_date(std::string_view text) {
    static constexpr std::string_view kForm = "0000-00-00";
    if (text.size() != kForm.size()) return std::nullopt;
    for (std::size_t i = 0; i < kForm.size(); ++i)
        if (kForm[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9') return std::nullopt;
    auto number = [&](std::size_t at, std::size_t count) {
        int value = 0;
        for (char digit : text.substr(at, count)) value = value * 10 + (digit - '0');
        return value;
    };
    std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                     std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                     std::chrono::day(static_cast<unsigned>(number(8, 2))));
    if (!date.ok()) return std::nullopt;
    using std::chrono::sys_days;
    return (sys_days(date) - sys_days(std::chrono::year(2000) / 1 / 1)).count();
}

}  // namespace lead_scoring
