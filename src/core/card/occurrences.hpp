// The times and points of a rule's occurrences, sorted, with running sums: what they come to at an instant is told
// without going through all of them. There may be a hundred thousand, and the score is asked for after each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "core/base/units.hpp"
#include "core/card/decay.hpp"

namespace lead_scoring {

struct Occurrence {
    Timestamp at = 0;
    Units points = 0;

    // Where times tie, larger points come first.
    friend bool operator<(const Occurrence& a, const Occurrence& b) {
        return a.at != b.at ? a.at < b.at : a.points > b.points;
    }
    bool operator==(const Occurrence&) const = default;
};

class Occurrences {
  public:
    Occurrences() = default;
    Occurrences(std::vector<Occurrence> sorted) : list_(std::move(sorted)) {}
    Occurrences(std::initializer_list<Occurrence> sorted) : list_(sorted) {}

    std::span<const Occurrence> all() const { return {list_.data() + gone_, list_.size() - gone_}; }
    std::size_t size() const { return list_.size() - gone_; }
    bool empty() const { return size() == 0; }

    // Puts it in its place, which is quick at the end.
    void add(const Occurrence& occurrence);
    void forget_earliest(std::size_t count);
    // The list, empty, for a reader to fill.
    std::vector<Occurrence>& rewrite();

    // What the latest `most` come to at `at`, by a decay that keeps occurrences. To the last bit, this depends on those
    // alone that still weigh something.
    SignedSum decayed(const Decay& decay, Timestamp at, std::size_t most) const;

    // How much memory it takes, room to grow included.
    std::size_t held_bytes() const;

    friend bool operator==(const Occurrences& a, const Occurrences& b) { return std::ranges::equal(a.all(), b.all()); }

  private:
    __extension__ using Moment = unsigned __int128;

    // Of the points of one sign: the sum, and the sum of points times time, modulo 2^128.
    struct Sum {
        WideUnits points = 0;
        Moment moment = 0;
    };
    struct Sums {
        Sum positive;
        Sum negative;
    };

    // From here on places in list_ are meant.
    Sums sums_of(std::size_t from, std::size_t to) const;
    SignedSum points_of(std::size_t from, std::size_t to) const;
    std::size_t first_alive(const Decay& decay, Timestamp at, std::size_t from) const;
    std::size_t first_after(Timestamp at, std::size_t from, std::size_t to) const;
    SignedSum one_by_one(const Decay& decay, Timestamp at, std::size_t from, std::size_t to) const;
    SignedSum along_line(const Decay& decay, Timestamp at, std::size_t from) const;
    SignedSum step_by_step(const Decay& decay, Timestamp at, std::size_t from) const;

    std::vector<Occurrence> list_;
    std::size_t gone_ = 0;               // so many at its beginning are forgotten
    mutable std::vector<Sums> running_;  // of all before a place in it; as far as they were asked for
};

}  // namespace lead_scoring
