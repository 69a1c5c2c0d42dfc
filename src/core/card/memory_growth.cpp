#include <string>

#include "core/card/memory_bytes.hpp"
#include "core/card/memory_layout.hpp"

namespace lead_scoring {

using namespace memory_layout;

namespace {

// The numbers of two names among those of a tail, and how many there are; 0 where one is not there.
struct Numbers {
    std::size_t channel = 0;
    std::size_t asset = 0;
    std::size_t count = 0;
};

Numbers find_names(std::span<const std::byte> tail, const Head& head, const EventNames& names) {
    std::size_t place = 0;  // from the last number on
    std::size_t channel_place = 0;
    std::size_t asset_place = 0;
    read_tail(tail, head, ErrorCode::CorruptData, [&](std::string_view name) {
        ++place;
        if (name == names.channel) channel_place = place;
        if (name == names.asset) asset_place = place;
    });
    auto number = [&](std::size_t found) { return found == 0 ? 0 : place + 1 - found; };
    return {number(channel_place), number(asset_place), place};
}

}  // namespace

bool is_newest(std::span<const std::byte> stored, Timestamp at) {
    if (!has_format(stored)) return false;
    Head head;
    read_head(stored, ErrorCode::CorruptData, head);
    return head.has(kHasEntries) && at > head.newest;
}

EventEffect put_first(std::span<const std::byte> stored, const NewEvent& event, std::size_t most, std::string& to) {
    const auto& [at, names, rules] = event;
    if (!has_format(stored)) return EventEffect::Unknown;
    Head head;
    BinaryReader reader = read_head(stored, ErrorCode::CorruptData, head);
    if (!head.has(kHasEntries) || head.has(kCampaignIsNewer) || at <= head.newest ||
        names.longest() > Memory::kLongestName)
        return EventEffect::Unknown;
    bool keeps_names = !head.has(kKeepsNone);
    if (!names.campaign.empty() && keeps_names && !head.has(kHasCampaign)) return EventEffect::Unknown;
    std::size_t touched = (names.channel.empty() ? 0 : kHasChannel) | (names.asset.empty() ? 0 : kHasAsset);
    if (!keeps_names) touched = 0;
    if (touched != 0 && head.has(kKeepsFirst)) {
        if ((touched & ~head.parts) != 0) return EventEffect::Unknown;
        touched = 0;
    }
    if (touched != 0 && head.touches >= most) return EventEffect::Unknown;
    if (touched == 0 && rules.empty()) return EventEffect::None;

    std::span<const std::byte> tail = reader.take_last(head.tail_bytes);
    std::span<const std::byte> entries = reader.rest();
    std::uint64_t older = distance(at, head.newest);
    Numbers numbers;
    std::string added;
    if (touched != 0) {
        numbers = find_names(tail, head, names);
        BinaryWriter name_writer(added);
        bool new_channel = !names.channel.empty() && numbers.channel == 0;
        if (new_channel) numbers.channel = ++numbers.count;
        if (!names.asset.empty() && numbers.asset == 0) {
            if (new_channel && names.asset == names.channel) {
                numbers.asset = numbers.channel;
            } else {
                numbers.asset = ++numbers.count;
                write_name(name_writer, names.asset);
            }
        }
        if (new_channel) write_name(name_writer, names.channel);
        name_writer.finish();
        ++head.touches;
    }
    head.parts |= touched;
    head.newest = at;
    head.tail_bytes += added.size();

    constexpr std::size_t kMostOfHeadAndEntry = 640;  // a writer makes more room than it needs
    to.reserve(to.size() + stored.size() + added.size() + kMostOfHeadAndEntry);
    to.push_back(static_cast<char>(kFormat));
    BinaryWriter writer(to);
    write_head(writer, head);
    write_entry(writer, numbers.channel, numbers.asset, rules);
    writer.natural(older);
    writer.bytes(entries);
    writer.bytes(added);
    writer.bytes(tail);
    writer.finish();
    return EventEffect::PutFirst;
}

}  // namespace lead_scoring
