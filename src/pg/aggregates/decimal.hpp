// numeric in its stored form, which PostgreSQL keeps stable for pg_upgrade's sake: a header of one or two 16-bit words,
// then digits to the base 10000, the highest first, without zeros at either end.
#pragma once

#include "pg/server/postgres.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

extern "C" {
#include "utils/numeric.h"
}

namespace lead_scoring {

// A numeric, to be read.
struct Decimal {
    static constexpr int kLeastWeight = -4096;
    static constexpr int kMostWeight = 32767;

    explicit Decimal(const varlena* numeric)
        : Decimal(VARDATA_ANY(numeric), static_cast<int>(VARSIZE_ANY_EXHDR(numeric))) {}

    Decimal(const char* data, int size) {
        uint16 header = word(data);
        if ((header & 0xC000) == 0x8000) [[likely]] {
            special = 0;
            negative = header & 0x2000;
            scale = header >> 7 & 0x3F;
            weight = static_cast<int8>(header << 1) >> 1;  // 7 bits, signed
            digits = data + 2;
            count = (size - 2) >> 1;
        } else if ((header & 0xC000) == 0xC000) {
            special = header;
            negative = false;
            scale = weight = count = 0;
            digits = nullptr;
        } else {
            special = 0;
            negative = header & 0x4000;
            scale = header & 0x3FFF;
            weight = static_cast<int16>(word(data + 2));
            digits = data + 4;
            count = (size - 4) >> 1;
        }
    }

    // The form that nearly every amount has in a table: a length of one byte, a header of one word, no sign.
    static bool is_plain(const varlena* numeric) {
        return VARATT_IS_SHORT(numeric) && !VARATT_IS_EXTERNAL(numeric) &&
               (word(VARDATA_SHORT(numeric)) & 0xE000) == 0x8000;
    }

    // Whether bytes from elsewhere are a numeric without its length.
    static bool is_sound(std::string_view bytes) {
        if (bytes.size() < 2 || bytes.size() % 2 != 0) return false;
        bool long_header = !(word(bytes.data()) & 0x8000);
        if (long_header && bytes.size() < 4) return false;
        Decimal decimal(bytes.data(), static_cast<int>(bytes.size()));
        if (decimal.special != 0)
            return bytes.size() == 2 &&
                   (decimal.special == 0xC000 || decimal.special == 0xD000 || decimal.special == 0xF000);
        if (decimal.count == 0) return true;
        if (decimal.lowest_weight() < kLeastWeight || decimal.digit(0) == 0 || decimal.digit(decimal.count - 1) == 0)
            return false;
        for (int i = 0; i < decimal.count; ++i)
            if (decimal.digit(i) >= 10000) return false;
        return true;
    }

    static uint16 word(const char* data) {
        uint16 value;
        std::memcpy(&value, data, 2);
        return value;
    }

    int digit(int index) const { return word(digits + 2 * index); }

    int lowest_weight() const { return weight - count + 1; }

    int special;  // 0xC000 NaN, 0xD000 Infinity, 0xF000 -Infinity, else 0
    bool negative;
    int scale;
    int weight;  // of the first digit: it counts units of 10000^weight
    const char* digits;
    int count;
};

// amount * 10^-scale, with `scale` digits after the point. amount: 0..10^15; scale: 0..15.
inline Datum small_decimal(int64 amount, int scale) {
    int weight = -((scale + 3) / 4);  // of the lowest digit
    for (int i = scale; i % 4 != 0; ++i) amount *= 10;
    for (; amount != 0 && amount % 10000 == 0; amount /= 10000) ++weight;
    uint16 words[1 + 5];
    uint16* end = std::end(words);
    uint16* begin = end;
    for (; amount != 0; amount /= 10000) *--begin = static_cast<uint16>(amount % 10000);
    weight = begin == end ? 0 : weight + static_cast<int>(end - begin) - 1;
    *--begin = static_cast<uint16>(0x8000 | scale << 7 | (weight & 0x7F));

    Size size = VARHDRSZ + sizeof(uint16) * (end - begin);
    auto* numeric = static_cast<varlena*>(palloc(size));
    SET_VARSIZE(numeric, size);
    std::memcpy(VARDATA(numeric), begin, size - VARHDRSZ);
    return PointerGetDatum(numeric);
}

}  // namespace lead_scoring
