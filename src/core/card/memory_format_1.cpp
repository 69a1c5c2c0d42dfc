#include <algorithm>

#include "core/base/archive.hpp"
#include "core/base/stop.hpp"
#include "core/card/memory_reader.hpp"

namespace lead_scoring {

namespace {

// The format of version 0.9: what there is, and in this order: when the first event was, when the campaign's, how many
// bytes the matches take and, at the end, the names; the first matches and the touches, both from the newest to the
// oldest; the names. What happened at the time of a touch names it, by its number from the oldest on.
constexpr std::byte kFormat1{1};
constexpr std::size_t kHasEvents = 1;
constexpr std::size_t kHasCampaign = 2;
constexpr std::size_t kHasAssets = 4;
constexpr std::size_t kKeepsFirst = 8;
constexpr std::size_t kKeepsNone = 16;

}  // namespace

void MemoryReader::read_format_1(std::span<const std::byte> from, Memory& memory, ErrorCode code) {
    if (from.empty() || from[0] != kFormat1) BinaryReader({}, code, "memory").fail();
    BinaryReader reader(from.subspan(1), code, "memory");
    auto require = [&](bool sound) {
        if (!sound) reader.fail();
    };
    std::size_t parts = reader.natural();
    auto has = [&](std::size_t part) { return (parts & part) != 0; };
    if (has(kHasEvents)) memory.first_at_ = reader.fixed();
    if (has(kHasCampaign)) reader.number("campaign_at", memory.campaign_at_, memory.first_at_);
    std::size_t match_bytes = reader.natural();
    std::size_t name_bytes = reader.natural();
    std::size_t touches = reader.natural();
    Timestamp at = touches > 0 ? reader.fixed() : 0;
    require(parts < 2 * kKeepsNone && !(has(kKeepsFirst) && has(kKeepsNone)));
    require(has(kHasEvents) == (memory.first_at_ != kForever) && memory.first_at_ != kNever);
    require(has(kHasEvents) || (parts | touches | match_bytes) == 0);
    require(!has(kHasCampaign) || (is_known_time(memory.campaign_at_) && memory.campaign_at_ >= memory.first_at_));
    require(!has(kKeepsNone) || !(has(kHasCampaign) || touches > 0));
    require(!has(kKeepsFirst) || (touches > 0 && touches <= 2));
    memory.kept_ = kept(has(kKeepsFirst), has(kKeepsNone));

    BinaryReader name_reader(reader.take_last(name_bytes), code, "memory");
    while (!name_reader.at_end()) {
        check_stop();
        std::size_t bytes = name_reader.natural();
        require(bytes > 0);
        memory.names_.push_back(name_reader.bytes(bytes));
    }
    require(!has(kHasCampaign) || !memory.names_.empty());
    if (has(kHasCampaign)) memory.campaign_ = 1;

    auto name = [&] {
        std::size_t number = reader.natural();
        require(number <= memory.names_.size());
        return static_cast<std::uint32_t>(number);
    };
    std::string_view matches = reader.bytes(match_bytes);
    require(touches <= reader.left());
    memory.touches_.resize(touches);
    for (std::size_t i = touches; i-- > 0;) {
        check_stop();
        KeptTouch& touch = memory.touches_[i];
        if (i + 1 < touches) reader.number("at", at, at);
        touch.at = at;
        touch.channel = name();
        touch.asset = has(kHasAssets) ? name() : 0;
        require(is_known_time(at) && at >= memory.first_at_ && touch.channel + touch.asset > 0);
        require(i + 1 == touches || !memory.before(memory.touches_[i + 1], touch));
    }
    reader.finish();

    BinaryReader match_reader({reinterpret_cast<const std::byte*>(matches.data()), matches.size()}, code, "memory");
    while (!match_reader.at_end()) {
        FirstMatch match;
        match.rule = match_reader.natural();
        std::size_t touch = match_reader.natural();
        require(match.rule < Definition::kMaxRules && memory.matches_.size() < Definition::kMaxRules);
        require(touch <= touches);
        if (touch > 0)
            match.at = memory.touches_[touch - 1].at;
        else
            match_reader.number("at", match.at, memory.first_at_);
        require(is_known_time(match.at) && match.at >= memory.first_at_);
        memory.matches_.push_back(match);
    }
    require(sort_matches(memory));
}

}  // namespace lead_scoring
