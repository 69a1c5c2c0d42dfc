#include "pg/server/postgres.hpp"

#include "pg/intake/names.hpp"

#include <algorithm>

extern "C" {
#include "common/hashfn.h"
#include "utils/memutils.h"
}

namespace lead_scoring {

namespace {

constexpr uint32 kFirstRoom = 8;

void make_slots(NameList* list, uint32 slots) {
    list->mask = slots - 1;
    list->slots = static_cast<uint32*>(
        MemoryContextAllocExtended(list->memory, sizeof(uint32) * slots, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
}

// The slot of the name, or the free one where it belongs.
uint32* slot_of(const NameList* list, std::string_view name) {
    uint32 hash = hash_bytes(reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()));
    for (uint32 i = hash & list->mask;; i = (i + 1) & list->mask) {
        uint32* slot = &list->slots[i];
        if (*slot == 0 || list->names[*slot - 1] == name) return slot;
    }
}

void begin(NameList* list) {
    list->memory = AllocSetContextCreate(list->parent, "lead_scoring names", ALLOCSET_SMALL_SIZES);
    list->capacity = kFirstRoom;
    list->names =
        static_cast<std::string_view*>(MemoryContextAlloc(list->memory, sizeof(std::string_view) * list->capacity));
    make_slots(list, 2 * kFirstRoom);
}

void grow(NameList* list) {
    list->capacity *= 2;
    list->names = static_cast<std::string_view*>(repalloc_huge(list->names, sizeof(std::string_view) * list->capacity));
    pfree(list->slots);
    make_slots(list, 2 * list->capacity);
    for (uint32 i = 0; i < list->count; ++i) *slot_of(list, list->names[i]) = i + 1;
}

uint32 find_or_add(NameList* list, std::string_view name) {
    if (list->memory == nullptr) begin(list);
    uint32* slot = slot_of(list, name);
    if (*slot != 0) return *slot;
    if (list->count == list->capacity) {
        grow(list);
        slot = slot_of(list, name);
    }
    auto* bytes = static_cast<char*>(MemoryContextAlloc(list->memory, name.size()));
    std::copy(name.begin(), name.end(), bytes);
    list->names[list->count] = {bytes, name.size()};
    return *slot = ++list->count;
}

// Where a recent name may be told from others without looking at all of it.
std::size_t recent_place(std::string_view name) {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(name[i]); };
    return (name.size() + 7u * byte(0) + 31u * byte(name.size() - 1)) % NameList::kRecent;
}

}  // namespace

uint32 number_of_name(NameList* list, std::string_view name) {
    if (name.empty()) return 0;
    uint32& recent = list->recent[recent_place(name)];
    if (recent == 0 || list->names[recent - 1] != name) recent = find_or_add(list, name);
    return recent;
}

void clear_names(NameList* list) {
    if (list->memory == nullptr) return;
    MemoryContextDelete(list->memory);
    MemoryContext parent = list->parent;
    *list = {};
    list->parent = parent;
}

std::size_t bytes_of_names(const NameList* list) {
    return list->memory == nullptr ? 0 : MemoryContextMemAllocated(list->memory, false);
}

Datum to_bytes(std::string_view text) {
    auto* bytes = static_cast<bytea*>(palloc(VARHDRSZ + text.size()));
    SET_VARSIZE(bytes, VARHDRSZ + text.size());
    std::copy(text.begin(), text.end(), VARDATA(bytes));
    return PointerGetDatum(bytes);
}

std::string_view from_bytes(MemoryContext memory, Datum datum) {
    MemoryContext caller = MemoryContextSwitchTo(memory);
    bytea* bytes = DatumGetByteaPCopy(datum);
    MemoryContextSwitchTo(caller);
    return {VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)};
}

Datum names_to_bytes(const EventNames& names) {
    Size size = VARHDRSZ + names.channel.size() + names.asset.size() + names.campaign.size() + 2;
    auto* bytes = static_cast<bytea*>(palloc(size));
    SET_VARSIZE(bytes, size);
    char* to = VARDATA(bytes);
    to = std::copy(names.channel.begin(), names.channel.end(), to);
    *to++ = '\0';
    to = std::copy(names.asset.begin(), names.asset.end(), to);
    *to++ = '\0';
    std::copy(names.campaign.begin(), names.campaign.end(), to);
    return PointerGetDatum(bytes);
}

EventNames names_from_bytes(MemoryContext memory, Datum datum) {
    std::string_view all = from_bytes(memory, datum);
    std::size_t first = all.find('\0');
    std::size_t second = all.find('\0', first + 1);
    return {all.substr(0, first), all.substr(first + 1, second - first - 1), all.substr(second + 1)};
}

}  // namespace lead_scoring
