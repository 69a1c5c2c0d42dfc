// The hash under which a card remembers a limit key: SipHash-2-4 of its bytes in UTF-8 (Aumasson and Bernstein,
// "SipHash: a fast short-input PRF", 2012), with the key of the paper's test vectors. The same on every machine, in
// every database.
#pragma once

#include <cstdint>
#include <string_view>

namespace lead_scoring {

std::uint64_t hash_key(std::string_view utf8) noexcept;

}  // namespace lead_scoring
