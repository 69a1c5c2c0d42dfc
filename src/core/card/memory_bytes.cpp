#include "core/card/memory_bytes.hpp"

#include <algorithm>

#include "core/card/memory_layout.hpp"
#include "core/card/memory_reader.hpp"

namespace lead_scoring {

using namespace memory_layout;

namespace {

// Writes entries, each with the first matches of its time.
class EntryWriter {
  public:
    EntryWriter(const std::vector<FirstMatch>& matches, std::string& to) : writer_(to), newest_first_(matches) {
        std::ranges::sort(newest_first_, [](const FirstMatch& a, const FirstMatch& b) {
            return a.at != b.at ? a.at > b.at : a.rule < b.rule;
        });
    }

    // Those that are left and later.
    void put_matches_after(Timestamp at) {
        while (next_ < newest_first_.size() && newest_first_[next_].at > at) put(newest_first_[next_].at, 0, 0);
    }
    void put(Timestamp at, std::size_t channel, std::size_t asset) {
        if (count_++ > 0)
            writer_.natural(distance(oldest_, at));
        else
            newest_ = at;
        oldest_ = at;
        rules_.clear();
        for (; next_ < newest_first_.size() && newest_first_[next_].at == at; ++next_)
            rules_.push_back(newest_first_[next_].rule);
        write_entry(writer_, channel, asset, rules_);
    }
    std::size_t finish() {
        put_matches_after(kNever);
        writer_.finish();
        return count_;
    }
    Timestamp newest() const { return newest_; }

  private:
    BinaryWriter writer_;
    std::vector<FirstMatch> newest_first_;
    std::vector<std::size_t> rules_;
    std::size_t next_ = 0;
    std::size_t count_ = 0;
    Timestamp newest_ = 0;
    Timestamp oldest_ = 0;
};

// Whether it may be one more of them: each rule is there once.
bool may_match(const std::vector<FirstMatch>& matches, std::size_t rule) {
    return rule < Definition::kMaxRules && matches.size() < Definition::kMaxRules;
}

}  // namespace

bool is_older_format(std::span<const std::byte> stored) { return !has_format(stored); }

// Reads what encode() writes. Bytes that say the same in another way, such as with names that nothing uses, are not
// refused: verify() compares them with those that encode() writes.
void MemoryReader::read(std::span<const std::byte> from, Memory& memory, ErrorCode code) {
    Head head;
    BinaryReader reader = read_head(from, code, head);
    auto require = [&](bool sound) {
        if (!sound) reader.fail();
    };
    require(head.parts <= kAllParts && !(head.has(kKeepsFirst) && head.has(kKeepsNone)));
    require(head.has(kHasEvents) || (head.parts == 0 && reader.at_end()));
    memory.kept_ = kept(head.has(kKeepsFirst), head.has(kKeepsNone));
    if (!head.has(kHasEvents)) return;
    require(!head.has(kKeepsNone) || !(head.has(kHasCampaign) || head.touches > 0));
    require(!head.has(kKeepsFirst) || (head.touches > 0 && head.touches <= 2));

    TailTimes times = read_tail(reader.take_last(head.tail_bytes), head, code,
                                [&](std::string_view name) { memory.names_.push_back(name); });
    std::ranges::reverse(memory.names_);

    auto number = [&](std::size_t number) {
        require(number <= memory.names_.size());
        return static_cast<std::uint32_t>(number);
    };
    require(head.touches <= reader.left());
    std::size_t parts = 0;
    Timestamp at = head.newest;
    bool is_match_alone = false;  // the entry before
    while (!reader.at_end()) {
        std::size_t matches = memory.matches_.size();
        std::size_t least = 0;
        Entry entry = read_entry(reader, parts == 0, [&](std::size_t rule) {
            require(rule >= least && may_match(memory.matches_, rule));
            memory.matches_.push_back({rule, 0});
            least = rule + 1;
        });
        bool is_first_of_time = parts == 0 || entry.older != 0;
        Timestamp newer = at;
        at = earlier_by(newer, entry.older);
        require(at <= newer && is_known_time(at));
        for (std::size_t i = matches; i < memory.matches_.size(); ++i) memory.matches_[i].at = at;
        require(is_first_of_time || !(entry.has_rules || is_match_alone));
        parts |= kHasEntries;
        is_match_alone = entry.channel + entry.asset == 0;
        require(!is_match_alone || (is_first_of_time && entry.has_rules));
        if (is_match_alone) continue;
        parts |= (entry.channel != 0 ? kHasChannel : 0) | (entry.asset != 0 ? kHasAsset : 0);
        KeptTouch touch = {at, number(entry.channel), number(entry.asset)};
        require(memory.touches_.empty() || !memory.before(memory.touches_.back(), touch));
        memory.touches_.push_back(touch);
    }
    require(memory.touches_.size() == head.touches);
    require((head.parts & (kHasEntries | kHasChannel | kHasAsset)) == parts);
    std::ranges::reverse(memory.touches_);
    memory.first_at_ = times.first_at;
    require((memory.first_at_ <= at || parts == 0) && is_known_time(memory.first_at_) &&
            (parts != 0 || head.newest == 0));
    if (head.has(kHasCampaign)) {
        require(!memory.names_.empty());
        memory.campaign_at_ =
            static_cast<Timestamp>(static_cast<std::uint64_t>(memory.first_at_) + times.campaign_after);
        require(memory.campaign_at_ >= memory.first_at_ && is_known_time(memory.campaign_at_));
        memory.campaign_ = 1;
    }
    require(head.has(kCampaignIsNewer) == (parts != 0 && head.has(kHasCampaign) && memory.campaign_at_ > head.newest));
    require(sort_matches(memory));
}

void decode(std::span<const std::byte> from, Memory& memory, ErrorCode code) {
    memory.clear();
    if (has_format(from))
        MemoryReader::read(from, memory, code);
    else
        MemoryReader::read_format_1(from, memory, code);
}

void encode(const Memory& memory, std::string& to) {
    Head head;
    to.push_back(static_cast<char>(kFormat));
    if (memory.first_at_ == kForever) {
        to.push_back('\0');
        return;
    }
    std::vector<std::uint32_t> numbers(memory.names_.size() + 1);
    std::vector<std::string_view> names;
    auto use = [&](std::uint32_t name) {
        if (name == 0 || numbers[name] != 0) return;
        names.push_back(memory.name(name));
        numbers[name] = static_cast<std::uint32_t>(names.size());
    };
    use(memory.campaign_);
    for (const KeptTouch& touch : memory.touches_) {
        check_stop();
        use(touch.channel);
        use(touch.asset);
        head.parts |= (touch.channel != 0 ? kHasChannel : 0) | (touch.asset != 0 ? kHasAsset : 0);
    }

    std::string entries;
    EntryWriter entry_writer(memory.matches_, entries);
    for (std::size_t i = memory.touches_.size(); i-- > 0;) {
        check_stop();
        const KeptTouch& touch = memory.touches_[i];
        entry_writer.put_matches_after(touch.at);
        entry_writer.put(touch.at, numbers[touch.channel], numbers[touch.asset]);
    }
    bool has_entries = entry_writer.finish() > 0;

    std::string tail;
    BinaryWriter tail_writer(tail);
    for (std::size_t i = names.size(); i-- > 0;) write_name(tail_writer, names[i]);
    tail_writer.natural(0);
    if (memory.campaign_ != 0) tail_writer.natural(distance(memory.campaign_at_, memory.first_at_));
    tail_writer.fixed(memory.first_at_);
    tail_writer.finish();

    head.parts |= kHasEvents | (has_entries ? kHasEntries : 0) | (memory.campaign_ != 0 ? kHasCampaign : 0) |
                  (memory.kept_ == KeptTouches::First ? kKeepsFirst : 0) |
                  (memory.kept_ == KeptTouches::None ? kKeepsNone : 0);
    head.touches = memory.touches_.size();
    head.tail_bytes = tail.size();
    head.newest = has_entries ? entry_writer.newest() : 0;
    if (has_entries && memory.campaign_ != 0 && memory.campaign_at_ > head.newest) head.parts |= kCampaignIsNewer;
    BinaryWriter writer(to);
    write_head(writer, head);
    writer.bytes(entries);
    writer.bytes(tail);
    writer.finish();
}

void decode_matches(std::span<const std::byte> stored, std::vector<FirstMatch>& matches, ErrorCode code) {
    matches.clear();
    if (!has_format(stored)) {
        Memory memory;
        decode(stored, memory, code);
        matches = memory.matches();
        return;
    }
    Head head;
    BinaryReader reader = read_head(stored, code, head);
    if (!head.has(kHasEvents)) return;
    reader.take_last(head.tail_bytes);
    Timestamp at = head.newest;
    for (bool is_first = true; !reader.at_end(); is_first = false) {
        std::size_t before = matches.size();
        at = earlier_by(at, read_entry(reader, is_first, [&](std::size_t rule) {
                                if (!may_match(matches, rule)) reader.fail();
                                matches.push_back({rule, 0});
                            }).older);
        for (std::size_t i = before; i < matches.size(); ++i) matches[i].at = at;
    }
    std::ranges::sort(matches, {}, &FirstMatch::rule);
}

Timestamp first_event(std::span<const std::byte> stored, ErrorCode code) {
    if (!has_format(stored)) {
        Memory memory;
        decode(stored, memory, code);
        return memory.first_at();
    }
    Head head;
    BinaryReader reader = read_head(stored, code, head);
    if (!head.has(kHasEvents)) return kForever;
    return BinaryReader(reader.take_last(sizeof(Timestamp)), code, "memory").fixed();
}

}  // namespace lead_scoring
