#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "core/card/memory_bytes.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring {
namespace {

using test::Choices;

struct Event {
    Timestamp at;
    std::string channel, asset, campaign;
    std::vector<std::size_t> rules;

    EventNames names() const { return {channel, asset, campaign}; }
};

std::span<const std::byte> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string encoded(const Memory& memory) {
    std::string bytes;
    encode(memory, bytes);
    return bytes;
}

void tell(Memory& memory, const Event& event, std::size_t most) {
    memory.see(event.at);
    for (std::size_t rule : event.rules) memory.match(rule, event.at);
    if (!event.names().empty()) memory.touch(event.at, event.names(), most);
}

Memory memory_of(const std::vector<Event>& events, std::size_t most) {
    Memory memory;
    for (const Event& event : events) tell(memory, event, most);
    return memory;
}

using NamedTouch = std::tuple<Timestamp, std::string, std::string>;

std::vector<NamedTouch> touches_of(const Memory& memory) {
    std::vector<NamedTouch> touches;
    for (const KeptTouch& touch : memory.touches())
        touches.emplace_back(touch.at, memory.name(touch.channel), memory.name(touch.asset));
    return touches;
}

// What is expected, each question by itself and from all events at once.
void expect_memory_of(const std::vector<Event>& events, const Memory& memory, std::size_t most) {
    Timestamp first = kForever;
    std::optional<std::pair<Timestamp, std::string>> campaign;
    std::map<std::size_t, Timestamp> matches;
    std::vector<NamedTouch> touches;
    bool too_long = false;
    for (const Event& event : events) {
        first = std::min(first, event.at);
        for (std::size_t rule : event.rules) {
            auto [place, is_new] = matches.try_emplace(rule, event.at);
            place->second = std::min(place->second, event.at);
        }
        if (!event.campaign.empty() && (!campaign || std::pair(event.at, event.campaign) < *campaign))
            campaign = {event.at, event.campaign};
        if (!event.channel.empty() || !event.asset.empty()) touches.emplace_back(event.at, event.channel, event.asset);
        for (const std::string& name : {event.channel, event.asset, event.campaign})
            too_long |= name.size() > Memory::kLongestName;
    }
    std::ranges::sort(touches);
    KeptTouches kept = too_long ? KeptTouches::None : touches.size() > most ? KeptTouches::First : KeptTouches::All;
    if (kept == KeptTouches::First) {
        auto channel = std::ranges::find_if(touches, [](const auto& t) { return !std::get<1>(t).empty(); });
        auto asset = std::ranges::find_if(touches, [](const auto& t) { return !std::get<2>(t).empty(); });
        std::set<NamedTouch> firsts;
        if (channel != touches.end()) firsts.insert(*channel);
        if (asset != touches.end()) firsts.insert(*asset);
        touches.assign(firsts.begin(), firsts.end());
    }
    if (kept == KeptTouches::None) {
        touches.clear();
        campaign.reset();
    }
    EXPECT_EQ(memory.first_at(), first);
    EXPECT_EQ(memory.kept(), kept);
    EXPECT_EQ(touches_of(memory), touches);
    EXPECT_EQ(memory.campaign_at(), campaign ? campaign->first : kForever);
    EXPECT_EQ(memory.name(memory.campaign()), campaign ? campaign->second : "");
    std::map<std::size_t, Timestamp> kept_matches;
    for (const FirstMatch& match : memory.matches()) kept_matches[match.rule] = match.at;
    EXPECT_EQ(kept_matches, matches);
}

Event random_event(Choices& choices) {
    static const std::vector<std::string> kNames = {"", "", "ads", "mail", "organic search, as a long name", "ä"};
    Event event;
    event.at =
        choices.one_in(20) ? choices.between(-1'000'000'000'000'000, 1'000'000'000'000'000) : choices.between(0, 40);
    event.channel = choices.pick(kNames);
    event.asset = choices.one_in(3) ? choices.pick(kNames) : "";
    event.campaign = choices.one_in(2) ? event.channel : choices.pick(kNames);
    if (choices.one_in(60)) event.asset = std::string(Memory::kLongestName + choices.below(2), 'x');
    while (choices.one_in(2)) event.rules.push_back(choices.below(choices.one_in(5) ? 60000 : 5));
    return event;
}

// The storage form, in and out, gives the same, as the same bytes.
Memory through_bytes(const Memory& memory, std::string& bytes) {
    bytes = encoded(memory);
    Memory read;
    decode(bytes_of(bytes), read);
    EXPECT_EQ(encoded(read), bytes);
    EXPECT_EQ(first_event(bytes_of(bytes)), memory.first_at());
    std::vector<FirstMatch> matches;
    decode_matches(bytes_of(bytes), matches);
    EXPECT_TRUE(std::ranges::equal(matches, memory.matches(), [](const FirstMatch& a, const FirstMatch& b) {
        return a.rule == b.rule && a.at == b.at;
    }));
    return read;
}

TEST(Memory, HasWhatEventsInAnyOrderTell) {
    test::for_each_seed(3000, [](Choices& choices) {
        std::size_t most = choices.between(1, 12);
        std::vector<Event> events(choices.below(20));
        for (Event& event : events) event = random_event(choices);
        std::string bytes;
        Memory memory = through_bytes(memory_of(events, most), bytes);
        expect_memory_of(events, memory, most);
        choices.shuffle(events);
        EXPECT_EQ(encoded(memory_of(events, most)), bytes);
    });
}

// As writes do it: bytes are read, an event is added, bytes are written, or the touch is put before the others.
TEST(Memory, GrowsEventByEvent) {
    int effects[3] = {};
    test::for_each_seed(3000, [&](Choices& choices) {
        std::size_t most = choices.between(1, 12);
        std::vector<Event> events;
        std::string stored = encoded(Memory());
        for (std::uint64_t count = choices.below(16); count > 0; --count) {
            Event event = random_event(choices);
            if (!choices.one_in(3)) event.at = 100 + static_cast<Timestamp>(events.size() / 2);
            std::set<std::size_t> rules;
            for (std::size_t rule : event.rules)
                if (std::ranges::none_of(
                        events, [&](const Event& e) { return std::ranges::find(e.rules, rule) != e.rules.end(); }))
                    rules.insert(rule);
            bool all_new = std::ranges::all_of(event.rules, [&](std::size_t rule) { return rules.contains(rule); });
            if (!all_new && choices.one_in(2)) event.rules.assign(rules.begin(), rules.end());
            all_new |= event.rules.size() == rules.size();
            events.push_back(event);
            std::vector<std::size_t> new_rules(rules.begin(), rules.end());
            std::string next;
            EventEffect effect = all_new ? put_first(bytes_of(stored), {event.at, event.names(), new_rules}, most, next)
                                         : EventEffect::Unknown;
            ++effects[static_cast<std::size_t>(effect)];
            EXPECT_EQ(next.empty(), effect != EventEffect::PutFirst);
            if (effect == EventEffect::None) {
                next = stored;
            } else if (effect == EventEffect::Unknown) {
                Memory memory;
                decode(bytes_of(stored), memory);
                tell(memory, event, most);
                encode(memory, next);
            }
            stored = next;
            ASSERT_EQ(stored, encoded(memory_of(events, most)));
        }
    });
    for (int count : effects) EXPECT_GT(count, 1000);
}

// A write repeats the head alone, whether or not a rule matches first, and names only where one is new.
TEST(Memory, LeavesWhatIsOlderAsItIs) {
    Memory memory;
    for (int day = 0; day < 10; ++day) {
        memory.touch(day * 86'400'000'000, {day % 2 == 0 ? "ads" : "mail", "", "ads"}, 64);
        memory.match(static_cast<std::size_t>(day), day * 86'400'000'000);
    }
    std::string before = encoded(memory);
    for (std::vector<std::size_t> rules : {std::vector<std::size_t>{}, {20, 30}}) {
        std::string after;
        ASSERT_EQ(put_first(bytes_of(before), {20 * 86'400'000'000, {"mail", "", ""}, rules}, 64, after),
                  EventEffect::PutFirst);
        auto [left, right] = std::mismatch(before.rbegin(), before.rend(), after.rbegin());
        EXPECT_GT(left - before.rbegin(), static_cast<std::ptrdiff_t>(before.size()) - 14);
        EXPECT_EQ(after.size(), before.size() + 7 + rules.size());
    }
}

// What version 0.9 wrote of the same events: all touches, the first ones of them, none, and nothing at all.
TEST(Memory, ReadsWhatWasReleased) {
    const std::vector<Event> events = {{5, "", "", "", {}},          {10, "ads", "", "spring", {3}},
                                       {15, "", "", "", {1}},        {20, "mail", "paper", "", {2, 7}},
                                       {20, "ads", "", "later", {}}, {1'000'000'000, "mail", "", "", {}}};
    std::vector<Event> too_long = events;
    too_long.push_back({30, std::string(300, 'x'), "", "", {}});
    struct Released {
        const char* hex;
        std::vector<Event> events;
        std::size_t most;
    };
    for (const auto& [hex, told, most] : {Released{"010705000000000000000a09160400ca9a3b000000000702020201001403010300d"
                                                   "7a7d6b907030400020013020006737072696e67"
                                                   "03616473046d61696c057061706572",
                                                   events, 64},
                                          Released{"010f05000000000000000a091602140000000000000007020202010014030103041"
                                                   "3020006737072696e6703616473046d61696c05"
                                                   "7061706572",
                                                   events, 2},
                                          Released{"011105000000000000000c000007001e02001e01001403000a", too_long, 64},
                                          Released{"0100000000", {}, 64}}) {
        std::string stored;
        for (const char* at = hex; *at != '\0'; at += 2)
            stored.push_back(static_cast<char>(std::stoi(std::string(at, 2), nullptr, 16)));
        Memory memory;
        decode(bytes_of(stored), memory);
        expect_memory_of(told, memory, most);
        EXPECT_EQ(first_event(bytes_of(stored)), memory.first_at());
        EXPECT_TRUE(is_older_format(bytes_of(stored)));
        EXPECT_EQ(encoded(memory), encoded(memory_of(told, most)));
        std::string next;
        EXPECT_EQ(put_first(bytes_of(stored), {2'000'000'000, {"ads", "", ""}, {}}, most, next), EventEffect::Unknown);
        for (std::size_t length = 0; length < stored.size(); ++length)
            EXPECT_THROW(decode(bytes_of(stored.substr(0, length)), memory), Error);
    }
}

// However long the bytes are, and whether or not each rule is another.
TEST(Memory, HasNoMoreMatchesThanThereAreRules) {
    const std::string head("\2\3\0\x9\0\0\0\0\0\0\0\0\2", 13);  // no touch, a tail of nine bytes, an entry with rules
    const std::string tail(9, '\0');
    std::vector<FirstMatch> matches;
    decode_matches(bytes_of(head + std::string(65535, '\3') + '\2' + tail), matches);
    EXPECT_EQ(matches.size(), 65536);
    EXPECT_THROW(decode_matches(bytes_of(head + std::string(65536, '\3') + '\2' + tail), matches), Error);
    EXPECT_THROW(decode_matches(bytes_of(head + "\x80\x80\x8" + tail), matches), Error);  // rule 65536
}

TEST(Memory, RefusesWhatIsNone) {
    test::for_each_seed(2000, [](Choices& choices) {
        std::vector<Event> events(1 + choices.below(8));
        for (Event& event : events) event = random_event(choices);
        std::string bytes = encoded(memory_of(events, 5));
        for (int changes = 1 + static_cast<int>(choices.below(3)); changes > 0; --changes)
            bytes[choices.below(bytes.size())] = static_cast<char>(choices.below(256));
        if (choices.one_in(3)) bytes.resize(choices.below(bytes.size()));
        Memory memory;
        try {
            decode(bytes_of(bytes), memory);
        } catch (const Error& error) {
            EXPECT_EQ(error.code, ErrorCode::CorruptData);
            return;
        }
        // What can be read can be written and read again.
        std::string again = encoded(memory);
        Memory read;
        decode(bytes_of(again), read);
        EXPECT_EQ(touches_of(read), touches_of(memory));
    });
}

}  // namespace
}  // namespace lead_scoring
