// The names of channels, assets and campaigns that a statement's events bring, each once, known by number.
#pragma once

#include "pg/server/postgres.hpp"

#include <string_view>

#include "core/card/memory.hpp"

namespace lead_scoring {

struct NameList {
    static constexpr std::size_t kRecent = 64;

    MemoryContext parent;
    MemoryContext memory;  // of what follows; null until there is a name
    std::string_view* names;
    uint32 count;
    uint32 capacity;
    uint32* slots;  // open addressing in mask + 1 slots: numbers, 0 where it is free
    uint32 mask;
    uint32 recent[kRecent];  // numbers of names that were asked for a short while ago
};

// The number of a name, from 1; it is added where it is not there. 0 for no name.
uint32 number_of_name(NameList* list, std::string_view name);
inline std::string_view name_of(const NameList* list, uint64 number) {
    return number == 0 ? std::string_view() : list->names[number - 1];
}
// Gives the memory back: numbers mean nothing after it.
void clear_names(NameList* list);
// How much of it there is, in bytes.
std::size_t bytes_of_names(const NameList* list);

// As a bytea in the current memory context, and back, copied into that memory. Of an event's names, none of which has a
// zero, the bytes of two are apart by one.
Datum to_bytes(std::string_view text);
std::string_view from_bytes(MemoryContext memory, Datum bytes);
Datum names_to_bytes(const EventNames& names);
EventNames names_from_bytes(MemoryContext memory, Datum bytes);

}  // namespace lead_scoring
