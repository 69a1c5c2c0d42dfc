// Which channels a conversion is credited to, from the touches of one customer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace lead_scoring {

enum class AttributionModel : std::uint32_t {
    First,          // all to the first touch
    Last,           // all to the last one
    LastNonDirect,  // the last one that is not direct; the last one where all are
    Linear,         // the same to each touch
    LinearChannel,  // the same to each distinct channel
    Position,       // 40 % first, 40 % last, 20 % shared by those between; two touches share evenly
    TimeDecay,      // 2^(-age / half-life)
};

// Throws InvalidParameter for a name that none has.
AttributionModel parse_attribution_model(std::string_view name);

// Whether a channel counts as direct, that is, as no campaign's merit: one of the names that tools give to visits
// without a source, in any case.
bool is_direct(std::string_view channel) noexcept;

// What one conversion's credits sum to, exactly: credits are whole numbers of 10^-15.
inline constexpr std::int64_t kWholeCredit = 1'000'000'000'000'000;
inline constexpr int kCreditScale = 15;

// The touches of one channel, with its share; times in microseconds.
struct ChannelTouches {
    bool direct;
    std::int64_t touches;  // at least one
    std::int64_t first;
    std::int64_t last;
    double weight = 0;  // for TimeDecay from weigh_touches, for other models from attribute
    std::int64_t credit = 0;
};

// Sets the credits, which sum to kWholeCredit. Requires channels sorted by name, which is also the order of touches at
// equal times, and under TimeDecay weights from weigh_touches.
void attribute(AttributionModel model, std::span<ChannelTouches> channels);

struct Touch {
    std::int64_t at;
    std::uint32_t channel;  // index into the channels
};

// Sums each channel's weights under TimeDecay, half_life in microseconds. Sorts the touches, so that their order in the
// input does not matter.
void weigh_touches(std::span<Touch> touches, double half_life, std::span<ChannelTouches> channels);

}  // namespace lead_scoring
