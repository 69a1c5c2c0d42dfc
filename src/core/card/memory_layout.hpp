// The parts of a stored memory. Internal to memory_bytes.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/archive.hpp"
#include "core/base/stop.hpp"

namespace lead_scoring {

namespace memory_layout {

// A head, entries from the newest to the oldest, a tail: what a new event adds stands before all that older ones left.
//   head     format, parts, how many touches there are, how many bytes the tail takes, when the newest entry is
//   entry    a touch, or an instant without one at which rules matched first: its channel's number and what else there
//            is, its asset's number, those rules; before all but the newest, how much older it is than the one before
//   tail     names, the last number first, and an end of them; how much later than the first event the campaign was
//            named, which is name 1; when the first event was
// Names are numbered as they are first used: by the campaign, then from the oldest touch to the newest. Where there is
// no entry, the time of the newest is 0. Of several touches of one time the first one that stands there has the rules.
struct Head {
    std::size_t parts = 0;
    std::size_t touches = 0;
    std::size_t tail_bytes = 0;
    Timestamp newest = 0;

    bool has(std::size_t part) const { return (parts & part) != 0; }
};

inline constexpr std::byte kFormat{2};
// Parts.
inline constexpr std::size_t kHasEvents = 1;
inline constexpr std::size_t kHasEntries = 2;
inline constexpr std::size_t kHasCampaign = 4;
inline constexpr std::size_t kHasChannel = 8;  // among touches
inline constexpr std::size_t kHasAsset = 16;
inline constexpr std::size_t kKeepsFirst = 32;
inline constexpr std::size_t kKeepsNone = 64;
inline constexpr std::size_t kCampaignIsNewer = 128;  // than the newest entry
inline constexpr std::size_t kAllParts = 255;
// Of an entry, below its channel's number.
inline constexpr std::size_t kEntryBits = 2;
inline constexpr std::size_t kEntryHasAsset = 1;
inline constexpr std::size_t kEntryHasRules = 2;

// How much later; any two instants have a distance.
inline std::uint64_t distance(Timestamp later, Timestamp earlier) {
    return static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier);
}
inline Timestamp earlier_by(Timestamp later, std::uint64_t distance) {
    return static_cast<Timestamp>(static_cast<std::uint64_t>(later) - distance);
}

inline bool has_format(std::span<const std::byte> bytes) { return !bytes.empty() && bytes[0] == kFormat; }

// Requires the format.
inline BinaryReader read_head(std::span<const std::byte> from, ErrorCode code, Head& head) {
    BinaryReader reader(from.subspan(1), code, "memory");
    head.parts = reader.natural();
    if (!head.has(kHasEvents)) return reader;
    head.touches = reader.natural();
    head.tail_bytes = reader.natural();
    head.newest = reader.fixed();
    return reader;
}

inline void write_head(BinaryWriter& writer, const Head& head) {
    writer.natural(head.parts);
    if (!head.has(kHasEvents)) return;
    writer.natural(head.touches);
    writer.natural(head.tail_bytes);
    writer.fixed(head.newest);
}

// `rules` are rising ids.
template <class Rules>
inline void write_entry(BinaryWriter& writer, std::size_t channel, std::size_t asset, const Rules& rules) {
    writer.natural(channel << kEntryBits | (asset != 0 ? kEntryHasAsset : 0) | (rules.empty() ? 0 : kEntryHasRules));
    if (asset != 0) writer.natural(asset);
    for (std::size_t i = 0; i < rules.size(); ++i) writer.natural(rules[i] << 1 | (i + 1 < rules.size() ? 1 : 0));
}

inline void write_name(BinaryWriter& writer, std::string_view name) {
    writer.natural(name.size());
    writer.bytes(name);
}

struct Entry {
    std::uint64_t older = 0;  // than the one before
    std::size_t channel = 0;
    std::size_t asset = 0;
    bool has_rules = false;
};

// `is_first`: of the memory. Calls use(rule) of each rule.
template <class Use>
Entry read_entry(BinaryReader& reader, bool is_first, Use use) {
    check_stop();
    Entry entry;
    if (!is_first) entry.older = reader.natural();
    std::size_t tag = reader.natural();
    entry.channel = tag >> kEntryBits;
    if ((tag & kEntryHasAsset) != 0 && (entry.asset = reader.natural()) == 0) reader.fail();
    entry.has_rules = (tag & kEntryHasRules) != 0;
    for (bool more = entry.has_rules; more;) {
        std::size_t rule = reader.natural();
        use(rule >> 1);
        more = (rule & 1) != 0;
    }
    return entry;
}

// What a tail has behind the names.
struct TailTimes {
    std::uint64_t campaign_after = 0;
    Timestamp first_at = 0;
};

// Calls use(name) of each name, the last number first.
template <class Use>
TailTimes read_tail(std::span<const std::byte> bytes, const Head& head, ErrorCode code, Use use) {
    BinaryReader reader(bytes, code, "memory");
    while (std::size_t length = reader.natural()) {
        check_stop();
        use(reader.bytes(length));
    }
    TailTimes times;
    if (head.has(kHasCampaign)) times.campaign_after = reader.natural();
    times.first_at = reader.fixed();
    reader.finish();
    return times;
}

}  // namespace memory_layout

}  // namespace lead_scoring
