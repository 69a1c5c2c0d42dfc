// How the formats of memory.cpp's class are read. Internal to memory_bytes.hpp.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "core/base/error.hpp"
#include "core/card/definition.hpp"
#include "core/card/memory.hpp"

namespace lead_scoring {

// Into an empty memory.
class MemoryReader {
  public:
    static void read(std::span<const std::byte> from, Memory& memory, ErrorCode code);
    static void read_format_1(std::span<const std::byte> from, Memory& memory, ErrorCode code);

  private:
    static bool is_known_time(Timestamp at) { return at != kForever && at != kNever; }
    static KeptTouches kept(bool first, bool none) {
        return first ? KeptTouches::First : none ? KeptTouches::None : KeptTouches::All;
    }
    // By rule; false where one is there twice.
    static bool sort_matches(Memory& memory) {
        std::vector<FirstMatch>& matches = memory.matches_;
        std::ranges::sort(matches, {}, &FirstMatch::rule);
        return std::ranges::adjacent_find(matches, {}, &FirstMatch::rule) == matches.end();
    }
};

}  // namespace lead_scoring
