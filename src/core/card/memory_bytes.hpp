// The storage form of what a lead remembers.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/card/memory.hpp"

namespace lead_scoring {

// Appended.
void encode(const Memory& memory, std::string& to);
// Of any format that was ever written. Overwrites the memory, whose names are then those of the bytes, which must stay
// where they are. Throws an Error of `code` where the bytes are no memory, and leaves it half-read.
void decode(std::span<const std::byte> from, Memory& memory, ErrorCode code = ErrorCode::CorruptData);

// Whether the bytes are of another format than the one that encode() writes.
bool is_older_format(std::span<const std::byte> stored);

// When each rule matched first, by rule; what it has besides is not looked at closely.
void decode_matches(std::span<const std::byte> stored, std::vector<FirstMatch>& matches,
                    ErrorCode code = ErrorCode::CorruptData);

// When the first event was.
Timestamp first_event(std::span<const std::byte> stored, ErrorCode code = ErrorCode::CorruptData);

// What an event tells a memory: what it names, and which rules it was the first to match, rising ids.
struct NewEvent {
    Timestamp at = 0;
    EventNames names;
    std::span<const std::size_t> rules;
};

// Whether an event is later than all that a stored memory has, as far as that can be told without taking it apart.
bool is_newest(std::span<const std::byte> stored, Timestamp at);

// What an event does to a stored memory, as far as that can be told without taking it apart. One that is later than all
// that the memory has is put before the others: what the memory becomes is appended to `to`. Touches beyond those that
// are kept change nothing. Unknown where it may do more. Requires that the memory has none of the rules.
enum class EventEffect { None, PutFirst, Unknown };
[[nodiscard]] EventEffect put_first(std::span<const std::byte> stored, const NewEvent& event, std::size_t most,
                                    std::string& to);

}  // namespace lead_scoring
