// The counted occurrences of a limited rule's latest bucket: each may still be displaced by one that comes later and
// happened earlier. Sums are kept beside them, as of occurrences.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "core/card/exponential_sum.hpp"
#include "core/card/occurrences.hpp"

namespace lead_scoring {

struct Member {
    std::uint64_t key = 0;  // hash of the limit key; 0 where the rule has none
    Occurrence occurrence;

    friend bool operator<(const Member& a, const Member& b) {
        return a.key != b.key ? a.key < b.key : a.occurrence < b.occurrence;
    }
    bool operator==(const Member&) const = default;
};

class Members {
  public:
    Members() = default;
    Members(std::vector<Member> sorted) : list_(std::move(sorted)) {}
    Members(std::initializer_list<Member> sorted) : list_(sorted) {}

    // By key, and of one key by time.
    const std::vector<Member>& all() const { return list_; }
    std::size_t size() const { return list_.size(); }
    bool empty() const { return list_.empty(); }

    // Counts a match, or passes it over: of each key the earliest `limit` count, of the `most_keys` keys that began
    // first. False, and nothing is changed, where one key should displace another: what that one has counted is not
    // known.
    bool admit(const Member& candidate, std::size_t limit, std::size_t most_keys);
    // Keeps the latest `most`; with `by_key`, of each key the latest one alone.
    void put_latest(const Member& candidate, std::size_t most, bool by_key);
    bool has_key(std::uint64_t key) const;
    // The times of the earliest and the latest one. Require that there are any.
    Timestamp earliest() const;
    Timestamp latest() const;
    // The list, empty, for a reader to fill.
    std::vector<Member>& rewrite();

    // The occurrences of all keys, sorted.
    std::vector<Occurrence> by_time() const;

    // All points, undecayed.
    WideUnits points() const;
    // What the latest `most` come to at `at`.
    SignedSum decayed(const Decay& decay, Timestamp at, std::size_t most) const;

    // How much memory it takes, room to grow included.
    std::size_t held_bytes() const;

    friend bool operator==(const Members& a, const Members& b) { return a.list_ == b.list_; }

  private:
    struct Sums {
        WideUnits points = 0;
        Microseconds half_life = 0;
        ExponentialSum decaying;  // by the half-life; empty: not known
        Occurrences by_time;      // of another size than the list: not known
    };

    Sums& sums() const;
    void insert(const Member& member);
    void erase(std::vector<Member>::const_iterator place);
    std::vector<Member>::const_iterator first_to_go() const;
    bool one_key() const { return list_.front().key == list_.back().key; }

    std::vector<Member> list_;
    mutable std::vector<Sums> sums_;  // one, or none: nobody asked
};

}  // namespace lead_scoring
