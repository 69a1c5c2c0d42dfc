// How far a lead got through a funnel: the longest prefix of steps taken in order within a window that opens with
// the first step.
//
// The modes are ClickHouse's windowFunnel's. The result depends on the events alone, never on their order in the
// input: at equal times events that match no step come first, then lower steps before higher ones.
//
//   default                one event may take several steps, and steps may share a time
//   strict_increase        each step is later than the one before
//   strict_once            one event takes at most one step
//   strict_order           an event that matches no step, or a step whose predecessor was not reached, ends the search
//   allow_reentry          with strict_order: such a step is passed over; an unmatched event still ends the search
//   strict_deduplication   a step (but the first) that was reached before ends the search when it is matched again
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace lead_scoring {

inline constexpr int kMaxFunnelSteps = 32;

enum FunnelMode : std::uint32_t {
    kStrictDeduplication = 1,
    kStrictOrder = 2,
    kStrictIncrease = 4,
    kStrictOnce = 8,
    kAllowReentry = 16,
};

// Whether a number is a mode, as parse_funnel_mode makes them.
bool is_funnel_mode(std::uint32_t mode) noexcept;

// Reads names of modes, separated by commas, in any order; empty is the default mode. Throws InvalidParameter for
// others, and for allow_reentry without strict_order.
std::uint32_t parse_funnel_mode(std::string_view text);

// Aligned to 4 bytes, to take 12 rather than 16.
#pragma pack(push, 4)
struct FunnelEvent {
    std::int64_t at;      // microseconds
    std::uint32_t steps;  // bit i: the event matches step i
};
#pragma pack(pop)

inline bool operator<(const FunnelEvent& a, const FunnelEvent& b) noexcept {
    return a.at != b.at ? a.at < b.at : a.steps < b.steps;
}

// The steps of the chain that first got as far as any other.
struct FunnelPath {
    int length = 0;
    std::int64_t times[kMaxFunnelSteps];
};

// The longest path. Requires events sorted by operator<, a window in microseconds that is not negative (it is
// inclusive), and at most kMaxFunnelSteps steps.
FunnelPath longest_path(std::span<const FunnelEvent> events, std::int64_t window, int steps, std::uint32_t mode);

}  // namespace lead_scoring
