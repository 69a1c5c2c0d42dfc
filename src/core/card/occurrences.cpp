#include "core/card/occurrences.hpp"

#include "core/base/stop.hpp"

namespace lead_scoring {

namespace {

constexpr std::size_t kFew = 8;  // so many are summed one by one

}  // namespace

void Occurrences::add(const Occurrence& occurrence) {
    auto place = std::upper_bound(list_.begin() + static_cast<std::ptrdiff_t>(gone_), list_.end(), occurrence);
    auto before = static_cast<std::size_t>(place - list_.begin());
    list_.insert(place, occurrence);
    if (running_.size() > before + 1) running_.resize(before + 1);
}

// Moves the others to the front once these are fewer than the forgotten ones.
void Occurrences::forget_earliest(std::size_t count) {
    gone_ += count;
    if (gone_ <= list_.size() / 2) return;
    auto gone = static_cast<std::ptrdiff_t>(gone_);
    list_.erase(list_.begin(), list_.begin() + gone);
    running_.erase(running_.begin(), running_.size() > gone_ ? running_.begin() + gone : running_.end());
    gone_ = 0;
}

std::vector<Occurrence>& Occurrences::rewrite() {
    list_.clear();
    gone_ = 0;
    running_.clear();
    return list_;
}

std::size_t Occurrences::held_bytes() const {
    return list_.capacity() * sizeof(Occurrence) + running_.capacity() * sizeof(Sums);
}

Occurrences::Sums Occurrences::sums_of(std::size_t from, std::size_t to) const {
    if (running_.empty()) running_.emplace_back();
    while (running_.size() <= to) {
        check_stop();
        const Occurrence& next = list_[running_.size() - 1];
        Sums sums = running_.back();
        Sum& sum = next.points < 0 ? sums.negative : sums.positive;
        sum.points += next.points;
        sum.moment += static_cast<Moment>(WideUnits{next.points} * next.at);
        running_.push_back(sums);
    }
    auto difference = [](const Sum& less, const Sum& more) {
        return Sum{more.points - less.points, more.moment - less.moment};
    };
    return {difference(running_[from].positive, running_[to].positive),
            difference(running_[from].negative, running_[to].negative)};
}

SignedSum Occurrences::points_of(std::size_t from, std::size_t to) const {
    Sums sums = sums_of(from, to);
    return {static_cast<double>(sums.positive.points), static_cast<double>(sums.negative.points)};
}

std::size_t Occurrences::first_alive(const Decay& decay, Timestamp at, std::size_t from) const {
    Microseconds lifetime = decay.lifetime();
    if (lifetime == kForever) return from;
    auto alive =
        std::partition_point(list_.begin() + static_cast<std::ptrdiff_t>(from), list_.end(),
                             [&](const Occurrence& occurrence) { return age_between(occurrence.at, at) >= lifetime; });
    return static_cast<std::size_t>(alive - list_.begin());
}

// Searched from the end in growing strides: mostly it is near.
std::size_t Occurrences::first_after(Timestamp at, std::size_t from, std::size_t to) const {
    std::size_t stride = 1;
    while (to - from >= stride && list_[to - stride].at > at) {
        to -= stride;
        stride *= 2;
    }
    if (to - from >= stride) from = to - stride + 1;
    auto begin = list_.begin();
    auto found =
        std::partition_point(begin + static_cast<std::ptrdiff_t>(from), begin + static_cast<std::ptrdiff_t>(to),
                             [at](const Occurrence& occurrence) { return occurrence.at <= at; });
    return static_cast<std::size_t>(found - begin);
}

SignedSum Occurrences::one_by_one(const Decay& decay, Timestamp at, std::size_t from, std::size_t to) const {
    SignedSum sum;
    for (std::size_t i = from; i < to; ++i) {
        check_stop();
        sum.add(static_cast<double>(list_[i].points) * decay.weight(age_between(list_[i].at, at)));
    }
    return sum;
}

// The sum of points * (lifespan - at + time), an integer, over the lifespan.
SignedSum Occurrences::along_line(const Decay& decay, Timestamp at, std::size_t from) const {
    constexpr double kExact = 0x1p126;
    std::size_t to = first_after(at, from, list_.size());
    Sums sums = sums_of(from, to);
    double largest = std::max(static_cast<double>(sums.positive.points), -static_cast<double>(sums.negative.points));
    auto lifespan = static_cast<double>(decay.lifespan);
    SignedSum ahead = points_of(to, list_.size());
    SignedSum sum;
    if (largest * lifespan < kExact) {
        auto share = [&](const Sum& part) {
            auto left = static_cast<Moment>(WideUnits{decay.lifespan} - at);
            return static_cast<double>(static_cast<WideUnits>(static_cast<Moment>(part.points) * left + part.moment)) /
                   lifespan;
        };
        sum = {share(sums.positive), share(sums.negative)};
    } else {
        sum = one_by_one(decay, at, from, to);
    }
    sum.add(ahead);
    return sum;
}

// Those of one weight at a time, the latest first.
SignedSum Occurrences::step_by_step(const Decay& decay, Timestamp at, std::size_t from) const {
    SignedSum sum;
    for (std::size_t to = list_.size(); to > from;) {
        check_stop();
        Microseconds last_step = age_between(list_[to - 1].at, at) / decay.step * decay.step;
        Microseconds next_step = add_saturated(last_step, decay.step);
        // A saturated age says no more than that.
        std::size_t first = next_step == kForever ? from : first_after(add_saturated(at, -next_step), from, to);
        double weight = decay.weight(last_step);
        SignedSum points = points_of(first, to);
        sum.add({points.positive * weight, points.negative * weight});
        to = first;
    }
    return sum;
}

SignedSum Occurrences::decayed(const Decay& decay, Timestamp at, std::size_t most) const {
    std::size_t from = size() > most ? list_.size() - most : gone_;
    if (list_.size() - from > kFew) from = first_alive(decay, at, from);
    if (list_.size() - from <= kFew) return one_by_one(decay, at, from, list_.size());
    switch (decay.kind) {
        case DecayKind::Linear:
            return along_line(decay, at, from);
        case DecayKind::Step:
            return step_by_step(decay, at, from);
        case DecayKind::Window:
            return points_of(from, list_.size());
        case DecayKind::None:
        case DecayKind::Exponential:
            break;
    }
    return one_by_one(decay, at, from, list_.size());
}

}  // namespace lead_scoring
