// Bytes that are read as a memory are written as one form of it, and all that looks at bytes without taking them apart
// says the same of them. An event that is put before the others makes of a written memory what it would make of the
// memory taken apart.
#include "byte_choices.hpp"
#include "core/base/error.hpp"
#include "core/card/memory_bytes.hpp"
#include "expect.hpp"

namespace lead_scoring::test {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string encoded(const Memory& memory) {
    std::string bytes;
    encode(memory, bytes);
    return bytes;
}

// Whether work() raised nothing.
template <class Work>
bool is_sound(Work work) {
    try {
        work();
        return true;
    } catch (const Error& error) {
        expect(error.code == ErrorCode::CorruptData, "what cannot be read is corrupt");
        return false;
    }
}

NewEvent event_of(Choices& choices, std::vector<std::size_t>& rules) {
    static const std::string kNames[] = {"", "", "ads", "mail", "paper", std::string(Memory::kLongestName + 1, 'x')};
    auto name = [&] { return std::string_view(kNames[choices.below(std::size(kNames))]); };
    NewEvent event;
    event.at = static_cast<Timestamp>(choices.below(1u << 24)) << choices.below(40);
    event.names = {name(), name(), name()};
    for (std::size_t rule = choices.below(4); choices.one_in(2) && rule < 1000; rule += 1 + choices.below(300))
        rules.push_back(rule);
    event.rules = rules;
    return event;
}

void use(const std::string& stored, const NewEvent& event, std::size_t most) {
    Memory memory;
    std::vector<FirstMatch> matches;
    std::string put;
    EventEffect effect = EventEffect::Unknown;
    bool readable = is_sound([&] { decode(bytes_of(stored), memory); });
    bool has_matches = is_sound([&] { decode_matches(bytes_of(stored), matches); });
    Timestamp first = kForever;
    bool has_first = is_sound([&] { first = first_event(bytes_of(stored)); });
    (void)is_sound([&] { (void)is_newest(bytes_of(stored), event.at); });
    (void)is_sound([&] { effect = put_first(bytes_of(stored), event, most, put); });
    if (!readable) return;
    expect(has_matches && has_first, "what can be read can be read in part");
    expect(first == memory.first_at(), "the first event is that of the memory");
    expect(matches.size() == memory.matches().size(), "the matches are those of the memory");

    // A memory that was written, and the same event.
    std::string written = encoded(memory);
    Memory read;
    decode(bytes_of(written), read);
    expect(encoded(read) == written, "what was written is read as it was");
    for (std::size_t rule : event.rules)
        for (const FirstMatch& match : memory.matches())
            if (match.rule == rule) return;
    std::string next;
    effect = put_first(bytes_of(written), event, most, next);
    if (effect == EventEffect::Unknown) return;
    for (std::size_t rule : event.rules) read.match(rule, event.at);
    if (!event.names.empty()) read.touch(event.at, event.names, most);
    if (effect == EventEffect::None) next = written;
    expect(next == encoded(read), "an event that is put first makes what it makes of the memory");
}

}  // namespace
}  // namespace lead_scoring::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kForEvent = 16;
    std::size_t of_event = std::min(size, kForEvent);
    lead_scoring::test::ByteChoices choices({data, of_event});
    std::size_t most = 1 + choices.below(8);
    std::vector<std::size_t> rules;
    lead_scoring::NewEvent event = lead_scoring::test::event_of(choices, rules);
    lead_scoring::test::use(std::string(reinterpret_cast<const char*>(data) + of_event, size - of_event), event, most);
    return 0;
}
