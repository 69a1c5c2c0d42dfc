#include "core/statistics/decimal_sum.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace lead_scoring {

namespace {

// Carries into digits of 0..9999; what is left over at the top is the return value.
std::int64_t carry(std::span<const std::int64_t> counters, int sign, std::vector<int>& digits) {
    std::int64_t over = 0;
    for (std::int64_t counter : counters) {
        // Split first: counter + over could overflow, its parts cannot.
        std::int64_t low = sign * (counter % kDecimalBase) + over % kDecimalBase;
        std::int64_t high = sign * (counter / kDecimalBase) + over / kDecimalBase;
        std::int64_t digit = low % kDecimalBase;
        over = high + low / kDecimalBase;
        if (digit < 0) {
            digit += kDecimalBase;
            --over;
        }
        digits.push_back(static_cast<int>(digit));
    }
    return over;
}

void append_group(std::string& text, int digit) {
    for (int unit = kDecimalBase / 10; unit > 0; unit /= 10) text += static_cast<char>('0' + digit / unit % 10);
}

}  // namespace

std::string decimal_text(std::span<const std::int64_t> counters, std::int64_t lowest_weight, std::int64_t scale) {
    std::vector<int> digits;
    std::int64_t over = carry(counters, 1, digits);
    bool negative = over < 0;
    if (negative) {
        digits.clear();
        over = carry(counters, -1, digits);
    }
    for (; over > 0; over /= kDecimalBase) digits.push_back(static_cast<int>(over % kDecimalBase));

    auto digit_at = [&](std::int64_t weight) {
        std::int64_t index = weight - lowest_weight;
        return index < 0 || index >= static_cast<std::int64_t>(digits.size()) ? 0
                                                                              : digits[static_cast<std::size_t>(index)];
    };
    std::string text = negative ? "-" : "";
    std::int64_t top = std::max<std::int64_t>(lowest_weight + static_cast<std::int64_t>(digits.size()) - 1, 0);
    for (std::int64_t weight = top; weight >= 0; --weight) append_group(text, digit_at(weight));
    if (scale > 0) {
        text += '.';
        std::size_t point = text.size();
        for (std::int64_t weight = -1; static_cast<std::int64_t>(text.size() - point) < scale; --weight)
            append_group(text, digit_at(weight));
        text.resize(point + static_cast<std::size_t>(scale));
    }
    return text;
}

}  // namespace lead_scoring
