// How the formats of memory.cpp's class are read. Internal to memory_bytes.hpp.
#pragma once

#include <span>

#include "core/base/error.hpp"
#include "core/card/definition.hpp"
#include "core/card/memory.hpp"

namespace lead_scoring {

// Into an empty memory.
class MemoryReader {
  public:
    static void read(std::span<const std::byte> from, Memory& memory, ErrorCode code);
    static void read_format_1(std::span<const std::byte> from, Memory& memory, ErrorCode code);
};

}  // namespace lead_scoring
