// An aggregate state that grows: a bytea of a header, items of one size, free room and, at the far end, names.
//
// Free room is part of the value's length: that is how it survives the copy that the executor makes of every new
// state. Lengths are powers of two, as the allocator's are, so that growth is amortised and wastes nothing. The
// content is in the machine's byte order; the tag, with the number of the format in it, refuses what is not a state
// of this kind.
#pragma once

#include "pg/server/postgres.hpp"

#include <cstring>
#include <span>
#include <string_view>

#include "pg/aggregates/aggregate.hpp"

namespace lead_scoring {

// What every header begins with.
struct StateStart {
    int32 vl_len_;
    uint32 tag;
    uint32 items;
    uint32 names_size;
};

// The size of a state that needs so many bytes; raises 54000 where that is more than a value can have.
Size grown_size(Size needed);

// aligned_state where the value has to be copied first, or refused.
varlena* copied_state(FunctionCallInfo fcinfo, int argument, bool change);

// The argument as a plain value aligned for any header, which may be changed with `change`. Raises 22023 where it is
// null. In an aggregate the state is that already.
inline varlena* aligned_state(FunctionCallInfo fcinfo, int argument, bool change) {
    auto* value = reinterpret_cast<varlena*>(PG_GETARG_POINTER(argument));
    if (PG_ARGISNULL(argument) || VARATT_IS_EXTENDED(value) || PointerGetDatum(value) % MAXIMUM_ALIGNOF != 0 ||
        (change && !in_aggregate(fcinfo))) [[unlikely]]
        return copied_state(fcinfo, argument, change);
    return value;
}

// The tag of a state whose kind is to be found out. Raises 22023 where the value is too short for one.
uint32 tag_of(FunctionCallInfo fcinfo, int argument);

template <class Header, class Item>
struct GrowingState {
    static_assert(alignof(Header) <= MAXIMUM_ALIGNOF && sizeof(Header) % alignof(Item) == 0);

    // Kept in the current context; the executor moves it into the aggregate's. room: for items and names; where there
    // are many small groups, enough of it for most of them saves moving states.
    static Header* create(uint32 tag, Size room = sizeof(Item)) {
        Size size = grown_size(sizeof(Header) + room);
        auto* state = static_cast<Header*>(palloc0(size));
        SET_VARSIZE(state, size);
        state->start.tag = tag;
        return state;
    }

    // The state in an argument; raises 22023 where its tag is another or its lengths do not fit. What the items and
    // names are is for the caller to check.
    static Header* get(FunctionCallInfo fcinfo, int argument, uint32 tag, bool change = false) {
        varlena* value = aligned_state(fcinfo, argument, change);
        auto* state = reinterpret_cast<Header*>(value);
        Size size = VARSIZE(value);
        require_state(size >= sizeof(Header) && state->start.tag == tag);
        Size room = size - sizeof(Header);
        require_state(state->start.items <= room / sizeof(Item) &&
                      state->start.names_size <= room - state->start.items * sizeof(Item));
        return state;
    }

    static std::span<Item> items(Header* state) {
        return {reinterpret_cast<Item*>(reinterpret_cast<char*>(state) + sizeof(Header)), state->start.items};
    }

    static std::string_view names(const Header* state) {
        return {reinterpret_cast<const char*>(state) + VARSIZE(state) - state->start.names_size,
                state->start.names_size};
    }

    static Size room(const Header* state) {
        return VARSIZE(state) - sizeof(Header) - state->start.items * sizeof(Item) - state->start.names_size;
    }

    // The state with room for `more` bytes: itself, or a larger copy.
    static Header* reserve(Header* state, Size more) {
        if (room(state) >= more) return state;
        Size size = grown_size(VARSIZE(state) - room(state) + more);
        auto* larger = static_cast<Header*>(palloc0(size));
        std::memcpy(larger, state, sizeof(Header) + state->start.items * sizeof(Item));
        SET_VARSIZE(larger, size);
        std::string_view tail = names(state);
        std::memcpy(reinterpret_cast<char*>(larger) + size - tail.size(), tail.data(), tail.size());
        return larger;
    }

    // As reserve, for `more` items that can be joined: merge(items), which is C++ and may throw, sorts them, joins
    // equal ones and returns how many are left. States of few distinct items so take constant space. Half as much again
    // is made free, lest every few rows sort the state.
    template <class Merge>
    static Header* reserve_merged(Header* state, std::size_t more, Merge merge) {
        if (room(state) >= more * sizeof(Item)) return state;
        state->start.items = static_cast<uint32>(run_cpp([&] { return merge(items(state)); }));
        return reserve(state, (more + state->start.items / 2) * sizeof(Item));
    }

    static Header* append(Header* state, const Item& item) {
        state = reserve(state, sizeof(Item));
        ++state->start.items;
        items(state).back() = item;
        return state;
    }

    static Header* append(Header* state, std::span<const Item> more) {
        state = reserve(state, more.size_bytes());
        auto* end = items(state).data() + state->start.items;
        std::memcpy(end, more.data(), more.size_bytes());
        state->start.items += static_cast<uint32>(more.size());
        return state;
    }
};

}  // namespace lead_scoring
