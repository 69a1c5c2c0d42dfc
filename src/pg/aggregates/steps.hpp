// The conditions of a funnel or a retention table, given as VARIADIC boolean[], as bits.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "utils/array.h"
}

namespace lead_scoring {

struct Steps {
    int count;    // 1..32
    uint32 bits;  // bit i: condition i holds; NULL does not
};

// Raises 22023 for none or more than 32 conditions.
Steps read_steps(ArrayType* conditions);

}  // namespace lead_scoring
