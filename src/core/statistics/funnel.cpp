#include "core/statistics/funnel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/stop.hpp"

namespace lead_scoring {

namespace {

using Events = std::span<const FunnelEvent>;

constexpr std::pair<std::string_view, FunnelMode> kModeNames[] = {
    {"strict_deduplication", kStrictDeduplication},
    {"strict_order", kStrictOrder},
    {"strict_increase", kStrictIncrease},
    {"strict_once", kStrictOnce},
    {"allow_reentry", kAllowReentry},
};

std::string_view trim(std::string_view text) {
    auto first = text.find_first_not_of(" \t\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

// Matches each of a range of steps to an event of its own (Kuhn's augmenting paths).
class Matching {
  public:
    // Of equal events no more are of use than there are steps; sorted, they stand together.
    explicit Matching(Events events) {
        for (std::size_t i = 0; i < events.size(); ++i) {
            check_stop();
            bool enough = i >= kMaxFunnelSteps && events[i - kMaxFunnelSteps].steps == events[i].steps;
            if (!enough) steps_of_.push_back(events[i].steps);
        }
        taken_by_.assign(steps_of_.size(), -1);
    }

    // Adds one step; false, and nothing changed, where there are too few events for it.
    bool add(int step) {
        visited_.assign(taken_by_.size(), false);
        return augment(step);
    }

  private:
    bool augment(int step) {
        for (std::size_t i = 0; i < steps_of_.size(); ++i) {
            check_stop();
            if (visited_[i] || !(steps_of_[i] >> step & 1)) continue;
            visited_[i] = true;
            if (taken_by_[i] < 0 || augment(taken_by_[i])) {
                taken_by_[i] = step;
                return true;
            }
        }
        return false;
    }

    std::vector<std::uint32_t> steps_of_;
    std::vector<int> taken_by_;
    std::vector<bool> visited_;
};

// For each step the chain that ends there and began last: whatever can still be reached from any chain can be
// reached from it, because later chains have the longer window before them. Chains to higher steps never began
// later than those to lower ones.
class Search {
  public:
    Search(std::int64_t window, int steps, std::uint32_t mode) : window_(window), steps_(steps), mode_(mode) {}

    // Takes the events of one instant; false where the search is over.
    bool take(Events events);

    const FunnelPath& best() const { return best_; }

  private:
    using Times = std::array<std::int64_t, kMaxFunnelSteps>;

    bool reached(int step) const { return reached_ >> step & 1; }
    bool in_window(const Times& chain, std::int64_t at) const {
        return static_cast<std::uint64_t>(at) - static_cast<std::uint64_t>(chain[0]) <=
               static_cast<std::uint64_t>(window_);
    }

    bool extend(int step, std::int64_t at, const Times& from, int from_length);
    bool take_step(int step, std::int64_t at, Events events, std::uint32_t taken_now);
    bool take_step_once(int step, std::int64_t at, Events events);

    std::int64_t window_;
    int steps_;
    std::uint32_t mode_;
    std::uint32_t reached_ = 0;
    std::uint32_t reached_before_ = 0;  // as of before this instant
    std::array<Times, kMaxFunnelSteps> chains_;
    std::vector<Times> before_;  // the chains as of before this instant, where events are told apart
    Times overwritten_;          // the chain of the step below, as of before this instant, where it changed
    FunnelPath best_;
};

// Makes the chain to `step` of the first steps of `from` and, for the rest, this instant.
bool Search::extend(int step, std::int64_t at, const Times& from, int from_length) {
    if (from_length > 0 && !in_window(from, at)) return false;
    Times& chain = chains_[step];
    std::copy_n(from.begin(), from_length, chain.begin());
    std::fill(chain.begin() + from_length, chain.begin() + step + 1, at);
    reached_ |= 1u << step;
    if (step + 1 > best_.length) {
        best_.length = step + 1;
        std::copy_n(chain.begin(), step + 1, best_.times);
    }
    return true;
}

// Where the events of this instant may each take one step only. The longest run of steps up to `step` that they can
// take together starts from the shortest chain, which began last.
bool Search::take_step_once(int step, std::int64_t at, Events events) {
    Matching matching(events);
    int from = -1;
    for (int length = step; length >= 0 && matching.add(length); --length) {
        bool possible = length == 0 || ((reached_before_ >> (length - 1) & 1) && in_window(before_[length - 1], at));
        if (possible) from = length;
    }
    return from >= 0 && extend(step, at, from > 0 ? before_[from - 1] : chains_[0], from);
}

bool Search::take_step(int step, std::int64_t at, Events events, std::uint32_t taken_now) {
    if (step == 0) return extend(0, at, chains_[0], 0);
    // With a single event, taking at most one step and taking strictly later steps come to the same.
    if (mode_ & kStrictIncrease || (mode_ & kStrictOnce && events.size() == 1)) {
        if (!(reached_before_ >> (step - 1) & 1)) return false;
        return extend(step, at, taken_now >> (step - 1) & 1 ? overwritten_ : chains_[step - 1], step);
    }
    if (mode_ & kStrictOnce) return take_step_once(step, at, events);
    return reached(step - 1) && extend(step, at, chains_[step - 1], step);
}

bool Search::take(Events events) {
    std::int64_t at = events.front().at;
    std::uint32_t present = 0;
    std::uint32_t repeated = 0;
    for (const FunnelEvent& event : events) {
        check_stop();
        repeated |= present & event.steps;
        present |= event.steps;
    }
    if (mode_ & kStrictOrder && events.front().steps == 0 && reached(0)) return false;
    if (mode_ & kStrictOnce && events.size() > 1) before_.assign(chains_.begin(), chains_.end());
    reached_before_ = reached_;

    std::uint32_t taken_now = 0;
    for (std::uint32_t rest = present; rest != 0; rest &= rest - 1) {
        int step = std::countr_zero(rest);
        if (step > 0) {
            if (mode_ & kStrictDeduplication && reached(step)) return false;
            if (mode_ & kStrictOrder && reached(0) && !reached(step - 1)) {
                if (mode_ & kAllowReentry) continue;
                return false;
            }
        }
        Times old;
        std::copy_n(chains_[step].begin(), step + 1, old.begin());
        bool taken = take_step(step, at, events, taken_now);
        std::copy_n(old.begin(), step + 1, overwritten_.begin());
        if (taken) {
            taken_now |= 1u << step;
            if (best_.length == steps_) return false;
            if (step > 0 && mode_ & kStrictDeduplication && repeated >> step & 1) return false;
        }
    }
    return true;
}

}  // namespace

bool is_funnel_mode(std::uint32_t mode) noexcept {
    constexpr std::uint32_t kAll = kStrictDeduplication | kStrictOrder | kStrictIncrease | kStrictOnce | kAllowReentry;
    return (mode & ~kAll) == 0 && (!(mode & kAllowReentry) || mode & kStrictOrder);
}

std::uint32_t parse_funnel_mode(std::string_view text) {
    std::uint32_t mode = 0;
    while (!text.empty()) {
        check_stop();
        auto comma = text.find(',');
        std::string_view name = trim(text.substr(0, comma));
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
        if (name.empty()) continue;
        auto known =
            std::find_if(std::begin(kModeNames), std::end(kModeNames), [&](auto& m) { return m.first == name; });
        if (known == std::end(kModeNames))
            throw Error(ErrorCode::InvalidParameter, "unknown funnel mode \"" + std::string(name) + "\"", {},
                        "Modes are strict_deduplication, strict_order, strict_increase, strict_once and allow_reentry, "
                        "separated by commas.");
        mode |= known->second;
    }
    if (!is_funnel_mode(mode))
        throw Error(ErrorCode::InvalidParameter, "funnel mode allow_reentry needs strict_order",
                    "It says which events do not break a strict order.", "Write 'strict_order, allow_reentry'.");
    return mode;
}

FunnelPath longest_path(Events events, std::int64_t window, int steps, std::uint32_t mode) {
    Search search(window, steps, mode);
    while (!events.empty()) {
        std::int64_t at = events.front().at;
        std::size_t count = 1;
        for (; count < events.size() && events[count].at == at; ++count) check_stop();
        if (!search.take(events.first(count))) break;
        events = events.subspan(count);
    }
    return search.best();
}

}  // namespace lead_scoring
