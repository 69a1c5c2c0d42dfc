// The names that a growing state keeps at its far end, each once: a length before the text, the newest name first.
#pragma once

#include "pg/aggregates/growing_state.hpp"

namespace lead_scoring {

// Walks the names of a state, the newest first. Raises 22023 where one is cut short.
class Names {
  public:
    explicit Names(std::string_view names) : rest_(names) {}

    // Whether so many can be in so many bytes.
    static bool may_be(uint32 count, uint32 bytes) { return count <= bytes / sizeof(uint32); }

    // False at the end.
    bool next(std::string_view& name) {
        if (rest_.empty()) return false;
        uint32 length;
        require_state(rest_.size() >= sizeof(length));
        std::memcpy(&length, rest_.data(), sizeof(length));
        require_state(rest_.size() - sizeof(length) >= length);
        name = rest_.substr(sizeof(length), length);
        rest_.remove_prefix(sizeof(length) + length);
        return true;
    }

  private:
    std::string_view rest_;
};

// The number of a name, from 0 in order of arrival; -1 where the state has not got it. `count` is how many it has.
inline int find_name(std::string_view names, uint32 count, std::string_view wanted) {
    Names walk(names);
    std::string_view name;
    for (uint32 number = count; walk.next(name); --number)
        if (name == wanted) return static_cast<int>(number) - 1;
    return -1;
}

// All names by number; raises 22023 where they are not as many as there is room for.
inline void collect_names(std::string_view names, std::span<std::string_view> by_number) {
    Names walk(names);
    std::size_t number = by_number.size();
    std::string_view name;
    while (walk.next(name)) {
        require_state(number > 0);
        by_number[--number] = name;
    }
    require_state(number == 0);
}

// A name as a text to be returned; raises 22023 where the bytes are no text.
inline Datum text_of(std::string_view name) {
    check_text(name);
    return PointerGetDatum(cstring_to_text_with_len(name.data(), static_cast<int>(name.size())));
}

// Puts a name that the state has not got before the others. Returns the state, which may have moved.
template <class State, class Header>
Header* add_name(Header* state, std::string_view name) {
    auto length = static_cast<uint32>(name.size());
    state = State::reserve(state, sizeof(length) + length);
    state->start.names_size += static_cast<uint32>(sizeof(length)) + length;
    char* front = const_cast<char*>(State::names(state).data());
    std::memcpy(front, &length, sizeof(length));
    name.copy(front + sizeof(length), length);
    return state;
}

}  // namespace lead_scoring
