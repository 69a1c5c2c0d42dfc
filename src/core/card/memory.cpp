#include "core/card/memory.hpp"

#include <algorithm>
#include <tuple>

#include "core/base/archive.hpp"
#include "core/card/definition.hpp"

namespace lead_scoring {

namespace {

// A format, what there is, and in this order: when the first event was, when the campaign's, how many bytes the matches
// take and, at the end, the names; the first matches and the touches, both from the newest to the oldest; the names.
// What happened at the time of a touch names it, by its number from the oldest on, which later ones leave as it is.
constexpr std::byte kFormat{1};
constexpr std::size_t kHasEvents = 1;
constexpr std::size_t kHasCampaign = 2;
constexpr std::size_t kHasAssets = 4;
constexpr std::size_t kKeepsFirst = 8;
constexpr std::size_t kKeepsNone = 16;

struct Head {
    std::size_t parts = 0;
    Timestamp first_at = kForever;
    Timestamp campaign_at = kForever;
    std::size_t match_bytes = 0;
    std::size_t name_bytes = 0;
    std::size_t touches = 0;
    Timestamp newest = 0;  // touch

    bool has(std::size_t part) const { return (parts & part) != 0; }
};

template <class Archive>
void natural(Archive& archive, std::size_t& value) {
    if constexpr (Archive::kReads)
        value = archive.natural();
    else
        archive.natural(value);
}

template <class Archive>
void fixed(Archive& archive, Timestamp& value) {
    if constexpr (Archive::kReads)
        value = archive.fixed();
    else
        archive.fixed(value);
}

// The first numbers of the bytes.
template <class Archive>
void visit_head(Archive& archive, Head& head) {
    natural(archive, head.parts);
    if (head.has(kHasEvents)) fixed(archive, head.first_at);
    if (head.has(kHasCampaign)) archive.number("campaign_at", head.campaign_at, head.first_at);
    natural(archive, head.match_bytes);
    natural(archive, head.name_bytes);
    natural(archive, head.touches);
    if (head.touches > 0) fixed(archive, head.newest);
}

BinaryReader read_head(std::span<const std::byte> from, ErrorCode code, Head& head) {
    if (from.empty() || from[0] != kFormat) BinaryReader({}, code, "memory").fail();
    BinaryReader reader(from.subspan(1), code, "memory");
    visit_head(reader, head);
    return reader;
}

void write_touch(BinaryWriter& writer, std::size_t channel, std::size_t asset, bool has_assets) {
    writer.natural(channel);
    if (has_assets) writer.natural(asset);
}

// `touch`: number of a touch of that time, 0 where there is none.
void write_match(BinaryWriter& writer, std::size_t rule, std::size_t touch, Timestamp at, Timestamp first_at) {
    writer.natural(rule);
    writer.natural(touch);
    if (touch == 0) writer.number("at", at, first_at);
}

void write_name(BinaryWriter& writer, std::string_view name) {
    writer.natural(name.size());
    writer.bytes(name);
}

// The number of a name among those at the end of the bytes, that of the next one where it is not there; `known` says
// which.
std::size_t find_name(std::span<const std::byte> names, std::string_view name, bool* known) {
    BinaryReader reader(names, ErrorCode::CorruptData, "memory");
    std::size_t number = 1;
    *known = true;
    for (; !reader.at_end(); ++number)
        if (reader.bytes(reader.natural()) == name) return number;
    *known = false;
    return number;
}

// What a touch that is put first takes at the most, besides its names; a writer makes more room than it needs.
constexpr std::size_t kMostPutBytes = 640;

std::size_t bytes_of_natural(std::size_t value) { return value < 128 ? 1 : 2; }  // of a length of a name

// Whether no match is later, nor at that time. Requires that matches are what is read next.
bool is_later(BinaryReader reader, const Head& head, Timestamp at) {
    if (head.match_bytes == 0) return true;
    reader.natural();
    if (reader.natural() > 0) return head.newest < at;
    Timestamp newest = 0;
    reader.number("at", newest, head.first_at);
    return newest < at && (head.touches == 0 || head.newest < at);
}

// Whether one of the first touches, which come next, is of a channel.
bool keeps_channel(BinaryReader reader, const Head& head) {
    for (std::size_t i = 0; i < head.touches; ++i) {
        if (i > 0) reader.natural();
        if (reader.natural() != 0) return true;
        if (head.has(kHasAssets)) reader.natural();
    }
    return false;
}

bool is_too_long(const EventNames& names, std::size_t longest = Memory::kLongestName) {
    return std::max({names.channel.size(), names.asset.size(), names.campaign.size()}) > longest;
}

}  // namespace

void Memory::clear() {
    first_at_ = campaign_at_ = kForever;
    campaign_ = 0;
    kept_ = KeptTouches::All;
    matches_.clear();
    touches_.clear();
    names_.clear();
    numbers_.clear();
    own_names_.clear();
}

void Memory::see(Timestamp at) { first_at_ = std::min(first_at_, at); }

void Memory::match(std::size_t rule, Timestamp at) {
    see(at);
    auto place = std::ranges::lower_bound(matches_, rule, {}, &FirstMatch::rule);
    if (place == matches_.end() || place->rule != rule)
        matches_.insert(place, {rule, at});
    else
        place->at = std::min(place->at, at);
}

std::uint32_t Memory::number_of(std::string_view name) {
    constexpr std::size_t kFew = 32;
    if (name.empty()) return 0;
    if (names_.size() <= kFew) {
        auto known = std::ranges::find(names_, name);
        if (known != names_.end()) return static_cast<std::uint32_t>(known - names_.begin()) + 1;
    }
    // From then on they are looked up.
    for (std::size_t i = numbers_.size(); names_.size() > kFew && i < names_.size(); ++i)
        numbers_.emplace(names_[i], static_cast<std::uint32_t>(i) + 1);
    if (auto known = numbers_.find(name); known != numbers_.end()) return known->second;
    names_.push_back(own_names_.emplace_back(name));
    return static_cast<std::uint32_t>(names_.size());
}

bool Memory::before(const KeptTouch& a, const KeptTouch& b) const {
    if (a.at != b.at) return a.at < b.at;
    return std::tuple(name(a.channel), name(a.asset)) < std::tuple(name(b.channel), name(b.asset));
}

void Memory::keep_first() {
    kept_ = KeptTouches::First;
    bool channel = false;
    bool asset = false;
    std::erase_if(touches_, [&](const KeptTouch& touch) {
        bool first = (touch.channel != 0 && !channel) || (touch.asset != 0 && !asset);
        channel |= touch.channel != 0;
        asset |= touch.asset != 0;
        return !first;
    });
}

bool Memory::comes_first(Timestamp at, const EventNames& names) const {
    auto precedes = [&](std::uint32_t KeptTouch::*part) {
        auto first = std::ranges::find_if(touches_, [&](const KeptTouch& touch) { return touch.*part != 0; });
        return first == touches_.end() || std::tuple(at, names.channel, names.asset) <
                                              std::tuple(first->at, name(first->channel), name(first->asset));
    };
    return (!names.channel.empty() && precedes(&KeptTouch::channel)) ||
           (!names.asset.empty() && precedes(&KeptTouch::asset));
}

void Memory::touch(Timestamp at, const EventNames& names, std::size_t most, std::size_t longest) {
    see(at);
    if (is_too_long(names, longest)) {
        kept_ = KeptTouches::None;
        touches_.clear();
        campaign_ = 0;
        campaign_at_ = kForever;
    }
    if (kept_ == KeptTouches::None) return;
    if (!names.campaign.empty() && (at < campaign_at_ || (at == campaign_at_ && names.campaign < name(campaign_)))) {
        campaign_at_ = at;
        campaign_ = number_of(names.campaign);
    }
    if (names.channel.empty() && names.asset.empty()) return;
    if (kept_ == KeptTouches::First && !comes_first(at, names)) return;
    KeptTouch touch = {at, number_of(names.channel), number_of(names.asset)};
    auto place = std::upper_bound(touches_.begin(), touches_.end(), touch,
                                  [this](const KeptTouch& a, const KeptTouch& b) { return before(a, b); });
    touches_.insert(place, touch);
    if (kept_ == KeptTouches::First || touches_.size() > most) keep_first();
}

std::size_t Memory::held_bytes() const {
    return matches_.capacity() * sizeof(FirstMatch) + touches_.capacity() * sizeof(KeptTouch) +
           names_.capacity() * sizeof(std::string_view);
}

void encode(const Memory& memory, std::string& to) {
    // Names are numbered as they are used: by the campaign, then from the oldest touch to the newest.
    std::vector<std::uint32_t> numbers(memory.names_.size() + 1);
    std::string names;
    BinaryWriter name_writer(names);
    std::uint32_t last = 0;
    auto use = [&](std::uint32_t name) {
        if (name == 0 || numbers[name] != 0) return;
        numbers[name] = ++last;
        write_name(name_writer, memory.name(name));
    };
    use(memory.campaign_);
    bool has_assets = false;
    for (const KeptTouch& touch : memory.touches_) {
        use(touch.channel);
        use(touch.asset);
        has_assets |= touch.asset != 0;
    }
    name_writer.finish();

    std::vector<FirstMatch> newest_first = memory.matches_;
    std::ranges::sort(newest_first, [](const FirstMatch& a, const FirstMatch& b) {
        return a.at != b.at ? a.at > b.at : a.rule > b.rule;
    });
    std::string matches;
    BinaryWriter match_writer(matches);
    for (const FirstMatch& match : newest_first) {
        auto touch = std::ranges::lower_bound(memory.touches_, match.at, {}, &KeptTouch::at);
        bool touched = touch != memory.touches_.end() && touch->at == match.at;
        auto number = static_cast<std::size_t>(touch - memory.touches_.begin()) + 1;
        write_match(match_writer, match.rule, touched ? number : 0, match.at, memory.first_at_);
    }
    match_writer.finish();

    Head head;
    head.parts = (memory.first_at_ != kForever ? kHasEvents : 0) | (memory.campaign_ != 0 ? kHasCampaign : 0) |
                 (has_assets ? kHasAssets : 0) | (memory.kept_ == KeptTouches::First ? kKeepsFirst : 0) |
                 (memory.kept_ == KeptTouches::None ? kKeepsNone : 0);
    head.first_at = memory.first_at_;
    head.campaign_at = memory.campaign_at_;
    head.match_bytes = matches.size();
    head.name_bytes = names.size();
    head.touches = memory.touches_.size();
    if (head.touches > 0) head.newest = memory.touches_.back().at;
    to.push_back(static_cast<char>(kFormat));
    BinaryWriter writer(to);
    visit_head(writer, head);
    writer.bytes(matches);
    Timestamp newer = head.newest;
    for (std::size_t i = head.touches; i-- > 0;) {
        const KeptTouch& touch = memory.touches_[i];
        if (i + 1 < head.touches) writer.number("at", touch.at, newer);
        newer = touch.at;
        write_touch(writer, numbers[touch.channel], numbers[touch.asset], has_assets);
    }
    writer.bytes(names);
    writer.finish();
}

void decode(std::span<const std::byte> from, Memory& memory, ErrorCode code) {
    memory.clear();
    Head head;
    BinaryReader reader = read_head(from, code, head);
    auto require = [&](bool sound) {
        if (!sound) reader.fail();
    };
    auto known = [](Timestamp at) { return at != kForever && at != kNever; };
    require(head.parts < 2 * kKeepsNone && !(head.has(kKeepsFirst) && head.has(kKeepsNone)));
    require(head.has(kHasEvents) == (head.first_at != kForever) && head.first_at != kNever);
    require(head.has(kHasEvents) || (head.parts | head.touches | head.match_bytes) == 0);
    require(!head.has(kHasCampaign) || (known(head.campaign_at) && head.campaign_at >= head.first_at));
    require(!head.has(kKeepsNone) || !(head.has(kHasCampaign) || head.touches > 0));
    require(!head.has(kKeepsFirst) || (head.touches > 0 && head.touches <= 2));
    memory.kept_ = head.has(kKeepsFirst)  ? KeptTouches::First
                   : head.has(kKeepsNone) ? KeptTouches::None
                                          : KeptTouches::All;
    memory.first_at_ = head.first_at;

    auto names = reader.take_last(head.name_bytes);
    BinaryReader name_reader(names, code, "memory");
    while (!name_reader.at_end()) {
        std::size_t bytes = name_reader.natural();
        require(bytes > 0);
        memory.names_.push_back(name_reader.bytes(bytes));
    }
    if (head.has(kHasCampaign)) {
        require(!memory.names_.empty());
        memory.campaign_at_ = head.campaign_at;
        memory.campaign_ = 1;
    }

    auto name = [&] {
        std::size_t number = reader.natural();
        require(number <= memory.names_.size());
        return static_cast<std::uint32_t>(number);
    };
    std::string_view matches = reader.bytes(head.match_bytes);
    require(head.touches <= reader.left());
    memory.touches_.resize(head.touches);
    Timestamp at = head.newest;
    for (std::size_t i = head.touches; i-- > 0;) {
        KeptTouch& touch = memory.touches_[i];
        if (i + 1 < head.touches) reader.number("at", at, at);
        touch.at = at;
        touch.channel = name();
        touch.asset = head.has(kHasAssets) ? name() : 0;
        require(known(at) && at >= head.first_at && touch.channel + touch.asset > 0);
        require(i + 1 == head.touches || !memory.before(memory.touches_[i + 1], touch));
    }
    reader.finish();

    BinaryReader match_reader({reinterpret_cast<const std::byte*>(matches.data()), matches.size()}, code, "memory");
    FirstMatch newer = {Definition::kMaxRules, kForever};
    while (!match_reader.at_end()) {
        FirstMatch match;
        match.rule = match_reader.natural();
        std::size_t touch = match_reader.natural();
        require(match.rule < Definition::kMaxRules && touch <= head.touches);
        if (touch > 0)
            match.at = memory.touches_[touch - 1].at;
        else
            match_reader.number("at", match.at, head.first_at);
        require(known(match.at) && match.at >= head.first_at);
        require(match.at < newer.at || (match.at == newer.at && match.rule < newer.rule));
        newer = match;
        memory.matches_.push_back(match);
    }
    std::ranges::sort(memory.matches_, {}, &FirstMatch::rule);
    for (std::size_t i = 1; i < memory.matches_.size(); ++i)
        require(memory.matches_[i - 1].rule < memory.matches_[i].rule);
}

Timestamp first_event(std::span<const std::byte> stored, ErrorCode code) {
    Head head;
    read_head(stored, code, head);
    return head.first_at;
}

EventEffect put_first(std::span<const std::byte> stored, const NewEvent& event, std::size_t most, std::string& to) {
    const auto& [at, names, rules] = event;
    Head head;
    BinaryReader reader = read_head(stored, ErrorCode::CorruptData, head);
    if (!head.has(kHasEvents) || at <= head.first_at || is_too_long(names)) return EventEffect::Unknown;
    bool is_touch = (!names.channel.empty() || !names.asset.empty()) && !head.has(kKeepsNone);
    bool names_campaign =
        !names.campaign.empty() && !head.has(kKeepsNone) && (!head.has(kHasCampaign) || at <= head.campaign_at);
    if (names_campaign) return EventEffect::Unknown;
    // A match at the very time of a new touch would name it.
    bool puts_touch = is_touch && !head.has(kKeepsFirst);
    if ((puts_touch || !rules.empty()) && !is_later(reader, head, at)) return EventEffect::Unknown;
    std::string_view matches = reader.bytes(head.match_bytes);
    if (is_touch) {
        bool names_asset = !names.asset.empty() && !head.has(kHasAssets);
        if (head.touches == 0 || at <= head.newest || names_asset) return EventEffect::Unknown;
        if (head.has(kKeepsFirst)) {
            if (!keeps_channel(reader, head)) return EventEffect::Unknown;
            is_touch = false;
        } else if (head.touches >= most) {
            return EventEffect::Unknown;
        }
    }
    if (!is_touch && rules.empty()) return EventEffect::None;

    auto known_names = reader.take_last(head.name_bytes);
    std::string_view added[2];
    std::size_t added_count = 0;
    std::size_t added_bytes = 0;
    auto number = [&](std::string_view name) -> std::size_t {
        if (name.empty()) return 0;
        bool known = true;
        std::size_t found = find_name(known_names, name, &known);
        if (known || (added_count == 1 && added[0] == name)) return found;
        added[added_count++] = name;
        added_bytes += name.size() + bytes_of_natural(name.size());
        return found + added_count - 1;
    };
    std::size_t channel = is_touch ? number(names.channel) : 0;
    std::size_t asset = is_touch ? number(names.asset) : 0;
    Timestamp before = head.newest;
    if (is_touch) {
        ++head.touches;
        head.newest = at;
        head.name_bytes += added_bytes;
    }
    std::size_t touch = head.touches > 0 && head.newest == at ? head.touches : 0;
    std::string new_matches;
    if (!rules.empty()) {
        BinaryWriter match_writer(new_matches);
        for (std::size_t i = rules.size(); i-- > 0;) write_match(match_writer, rules[i], touch, at, head.first_at);
        match_writer.finish();
    }
    head.match_bytes += new_matches.size();
    std::span<const std::byte> older = reader.rest();
    to.reserve(to.size() + stored.size() + new_matches.size() + added_bytes + kMostPutBytes);
    to.push_back(static_cast<char>(kFormat));
    BinaryWriter writer(to);
    visit_head(writer, head);
    writer.bytes(new_matches);
    writer.bytes(matches);
    if (is_touch) {
        write_touch(writer, channel, asset, head.has(kHasAssets));
        writer.number("at", before, at);
    }
    writer.bytes(older);
    writer.bytes(known_names);
    for (std::size_t i = 0; i < added_count; ++i) write_name(writer, added[i]);
    writer.finish();
    return EventEffect::PutFirst;
}

}  // namespace lead_scoring
