// What reports ask of a lead's events, so that they need not read them again: when the first one was, which campaign
// brought the lead, when it first matched each rule, and its touches.
//
// Like a card, a memory is a function of the set of events, not of the order in which they arrived; two equal sets give
// equal bytes. Most events leave the bytes as they are or put a touch before the others, so that what stands behind it
// need not be written to the log again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/units.hpp"

namespace lead_scoring {

// What an event names, in UTF-8; empty: nothing.
struct EventNames {
    std::string_view channel;
    std::string_view asset;
    std::string_view campaign;

    bool empty() const { return longest() == 0; }
    std::size_t longest() const { return std::max({channel.size(), asset.size(), campaign.size()}); }  // bytes
};

// A touch is an event that names a channel or an asset. Its names are numbers of Memory::name, 0 for none.
struct KeptTouch {
    Timestamp at = 0;
    std::uint32_t channel = 0;
    std::uint32_t asset = 0;
};

struct FirstMatch {
    std::size_t rule = 0;  // its id
    Timestamp at = 0;
};

// Which of the touches are kept: all; where there are more than a memory may hold, the first one of a channel and the
// first one of an asset; where a name is too long, none and no campaign. The log has the others.
enum class KeptTouches : std::uint8_t { All, First, None };

class Memory {
  public:
    static constexpr std::size_t kLongestName = 255;  // bytes
    static constexpr std::int64_t kMostTouches = 1000;

    // As a new one is, but with the room of its lists.
    void clear();

    // Each of these may come in any order of time, and says that there was an event.
    void see(Timestamp at);
    void match(std::size_t rule, Timestamp at);
    // `most`: how many touches are kept; `longest`: of names.
    void touch(Timestamp at, const EventNames& names, std::size_t most, std::size_t longest = kLongestName);

    Timestamp first_at() const { return first_at_; }        // kForever: there was no event
    Timestamp campaign_at() const { return campaign_at_; }  // of the earliest event that names one; kForever: none does
    std::uint32_t campaign() const { return campaign_; }
    const std::vector<FirstMatch>& matches() const { return matches_; }  // by rule
    const std::vector<KeptTouch>& touches() const { return touches_; }   // by time, and of one time by names
    KeptTouches kept() const { return kept_; }
    std::string_view name(std::uint32_t number) const { return number == 0 ? std::string_view() : names_[number - 1]; }
    std::size_t name_count() const { return names_.size(); }
    // How much memory it takes, room to grow included, but for names of its own.
    std::size_t held_bytes() const;

  private:
    friend class MemoryReader;
    friend void encode(const Memory& memory, std::string& to);

    std::uint32_t number_of(std::string_view name);
    bool before(const KeptTouch& a, const KeptTouch& b) const;
    void keep_first();
    // Whether a touch would be the first one of a channel or of an asset. The names of others are not to be held.
    bool comes_first(Timestamp at, const EventNames& names) const;

    Timestamp first_at_ = kForever;
    Timestamp campaign_at_ = kForever;
    std::uint32_t campaign_ = 0;
    KeptTouches kept_ = KeptTouches::All;
    std::vector<FirstMatch> matches_;
    std::vector<KeptTouch> touches_;
    std::vector<std::string_view> names_;
    std::unordered_map<std::string_view, std::uint32_t> numbers_;  // of names, where there are many
    std::deque<std::string> own_names_;                            // those that are in nobody else's memory
};

}  // namespace lead_scoring
