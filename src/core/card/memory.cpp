#include "core/card/memory.hpp"

#include <algorithm>
#include <tuple>

namespace lead_scoring {

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
    if (names.longest() > longest) {
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

}  // namespace lead_scoring
