// numeric in its stored form, which PostgreSQL keeps stable for pg_upgrade's sake: a header of one or two 16-bit words,
// then digits to the base 10000, the highest first, without zeros at either end.
#pragma once

#include "pg/postgres.hpp"

#include <algorithm>
#include <cstring>

extern "C" {
#include "utils/numeric.h"
}

namespace lead_scoring {

// A numeric, to be read.
struct Decimal {
    explicit Decimal(const varlena* numeric) {
        const char* data = VARDATA_ANY(numeric);
        int size = static_cast<int>(VARSIZE_ANY_EXHDR(numeric));
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
