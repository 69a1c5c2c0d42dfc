#include "core/card/members.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

#include "core/base/stop.hpp"

namespace lead_scoring {

namespace {

constexpr std::size_t kFew = 8;  // so many are summed one by one

// Members of one key stand together.
struct SameKey {
    bool operator()(const Member& member, std::uint64_t key) const { return member.key < key; }
    bool operator()(std::uint64_t key, const Member& member) const { return key < member.key; }
};

// Calls visit(first) with the first member of each key, until that returns false.
template <class Visit>
void for_each_key(const std::vector<Member>& members, Visit visit) {
    for (auto first = members.begin(); first != members.end();) {
        if (!visit(*first)) return;
        first = std::upper_bound(first, members.end(), first->key, SameKey());
    }
}

// Whether there are at least `count` keys.
bool has_keys(const std::vector<Member>& members, std::size_t count) {
    if (members.size() < count) return false;
    std::size_t keys = 0;
    for_each_key(members, [&](const Member&) { return ++keys < count; });
    return keys >= count;
}

// Whether each key began before the candidate.
bool begins_last(const std::vector<Member>& members, const Member& candidate) {
    bool last = true;
    for_each_key(members, [&](const Member& first) {
        last = first.occurrence < candidate.occurrence ||
               (!(candidate.occurrence < first.occurrence) && first.key < candidate.key);
        return last;
    });
    return last;
}

}  // namespace

bool Members::admit(const Member& candidate, std::size_t limit, std::size_t most_keys) {
    auto [first, last] = std::equal_range(list_.cbegin(), list_.cend(), candidate.key, SameKey());
    if (first == last && has_keys(list_, most_keys)) return begins_last(list_, candidate);
    if (static_cast<std::size_t>(last - first) >= limit) {
        if (!(candidate.occurrence < std::prev(last)->occurrence)) return true;
        erase(std::prev(last));
    }
    insert(candidate);
    return true;
}

void Members::insert(const Member& member) {
    list_.insert(std::upper_bound(list_.begin(), list_.end(), member), member);
    if (sums_.empty()) return;
    Sums& sums = sums_.front();
    sums.points += member.occurrence.points;
    if (!sums.decaying.empty()) sums.decaying.add(member.occurrence.points, member.occurrence.at, sums.half_life);
    if (sums.by_time.size() + 1 == list_.size()) sums.by_time.add(member.occurrence);
}

void Members::erase(std::vector<Member>::const_iterator place) {
    if (!sums_.empty()) {
        Sums& sums = sums_.front();
        sums.points -= place->occurrence.points;
        sums.decaying = {};
        sums.by_time = {};
    }
    list_.erase(place);
}

// The earliest, of the largest key: the same whatever came first.
std::vector<Member>::const_iterator Members::first_to_go() const {
    return std::ranges::min_element(list_, [](const Member& a, const Member& b) {
        return a.occurrence != b.occurrence ? a.occurrence < b.occurrence : b.key < a.key;
    });
}

void Members::put_latest(const Member& candidate, std::size_t most, bool by_key) {
    auto [first, last] = std::equal_range(list_.cbegin(), list_.cend(), candidate.key, SameKey());
    if (by_key && first != last) {
        if (!(first->occurrence < candidate.occurrence)) return;
        erase(first);
    }
    insert(candidate);
    if (list_.size() > most) erase(one_key() ? list_.cbegin() : first_to_go());
}

bool Members::has_key(std::uint64_t key) const {
    return std::binary_search(list_.begin(), list_.end(), Member{key, {}},
                              [](const Member& a, const Member& b) { return a.key < b.key; });
}

Timestamp Members::earliest() const { return (one_key() ? list_.front() : *first_to_go()).occurrence.at; }

Timestamp Members::latest() const {
    if (one_key()) return list_.back().occurrence.at;
    return std::ranges::max_element(list_, {}, [](const Member& member) { return member.occurrence.at; })
        ->occurrence.at;
}

std::vector<Member>& Members::rewrite() {
    list_.clear();
    sums_.clear();
    return list_;
}

std::vector<Occurrence> Members::by_time() const {
    std::vector<Occurrence> occurrences;
    occurrences.reserve(list_.size());
    for (const Member& member : list_) occurrences.push_back(member.occurrence);
    std::sort(occurrences.begin(), occurrences.end(), hearing(std::less<Occurrence>()));
    return occurrences;
}

Members::Sums& Members::sums() const {
    if (sums_.empty()) {
        Sums& sums = sums_.emplace_back();
        for (const Member& member : list_) sums.points += member.occurrence.points;
    }
    return sums_.front();
}

WideUnits Members::points() const {
    if (list_.size() > kFew) return sums().points;
    WideUnits points = 0;
    for (const Member& member : list_) points += member.occurrence.points;
    return points;
}

SignedSum Members::decayed(const Decay& decay, Timestamp at, std::size_t most) const {
    SignedSum sum;
    if (list_.size() <= std::min(kFew, most)) {
        for (const Member& member : list_)
            sum.add(static_cast<double>(member.occurrence.points) *
                    decay.weight(age_between(member.occurrence.at, at)));
        return sum;
    }
    Sums& known = sums();
    if (decay.kind == DecayKind::Exponential) {
        if (known.decaying.empty()) {
            known.half_life = decay.half_life;
            for (const Member& member : list_) {
                check_stop();
                known.decaying.add(member.occurrence.points, member.occurrence.at, known.half_life);
            }
        }
        sum.add(known.decaying.value(at, known.half_life));
        return sum;
    }
    if (known.by_time.size() != list_.size()) known.by_time = by_time();
    return known.by_time.decayed(decay, at, most);
}

std::size_t Members::held_bytes() const {
    return list_.capacity() * sizeof(Member) + (sums_.empty() ? 0 : sums_.front().by_time.held_bytes());
}

}  // namespace lead_scoring
