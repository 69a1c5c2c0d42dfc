// What channels, or assets, are credited with, from the touches of all leads, a lead at a time: by every method of
// attribution at once, for three conversions and the value that a lead brought.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/statistics/attribution.hpp"
#include "core/statistics/markov.hpp"

namespace lead_scoring {

inline constexpr std::size_t kAttributionMethods = 7;  // of AttributionModel, in its order
inline constexpr std::size_t kConversions = 3;         // MQL, SQL, customer
inline constexpr std::size_t kMostMarkovChannels = 1000;

struct CreditSettings {
    std::int64_t as_of = 0;      // microseconds, as all times
    std::int64_t look_back = 0;  // touches that are older at the conversion are not credited
    double half_life = 0;        // of TimeDecay
    std::int64_t since = std::numeric_limits<std::int64_t>::min();   // touches from here
    std::int64_t before = std::numeric_limits<std::int64_t>::max();  // to here are counted

    bool operator==(const CreditSettings&) const = default;
};

// `channel`: place in the lead's own names.
struct PathTouch {
    std::int64_t at;
    std::uint32_t channel;
};

inline constexpr std::int64_t kNotConverted = std::numeric_limits<std::int64_t>::max();

// `touches`: by time, at equal times by channel, none after as_of. `value`: whether the lead brought anything in, which
// goes with the customer, and with who is none, as of as_of.
struct CreditedLead {
    std::span<const PathTouch> touches;
    std::span<const std::string_view> names;
    std::array<std::int64_t, kConversions> converted_at;
    bool has_value = false;
};

// The share of a channel in the value, of nobody's where it is kNoChannel.
inline constexpr std::uint32_t kNoChannel = std::numeric_limits<std::uint32_t>::max();
struct ValueShare {
    std::size_t method;
    std::uint32_t channel;
    std::int64_t credit;  // of kWholeCredit
};

// Of one channel, or of nobody.
struct ChannelCredits {
    std::int64_t touches = 0;
    std::int64_t leads_touched = 0;
    std::int64_t leads = 0;  // whose first touch it was
    __extension__ __int128 credits[kAttributionMethods][kConversions] = {};
};

// Markov's credits for one conversion.
struct MarkovCredits {
    std::vector<double> by_channel;  // as channels are numbered
    double unattributed = 0;
    std::int64_t conversions = 0;  // of leads with a touch
};

class TouchCredits {
  public:
    explicit TouchCredits(const CreditSettings& settings) : settings_(settings) {}
    const CreditSettings& settings() const { return settings_; }

    // The shares in the lead's value, where it has one, valid until the next call.
    std::span<const ValueShare> add(const CreditedLead& lead);
    // Whether Markov's chain gives the value of the lead added last to its touches, else to nobody.
    bool value_is_touched() const { return value_is_touched_; }
    // Of the chain that has that value: a conversion, or kConversions for leads that are no customers.
    std::size_t value_chain() const { return value_chain_; }

    std::size_t channel_count() const { return names_.size(); }
    std::string_view name(std::uint32_t channel) const { return names_[channel]; }
    const ChannelCredits& channel(std::uint32_t number) const { return channels_[number]; }
    const ChannelCredits& nobody() const { return nobody_; }
    bool has_markov() const { return names_.size() <= kMostMarkovChannels; }
    // `chain`: a conversion, or kConversions for the value of leads that are no customers.
    MarkovCredits markov(std::size_t chain) const;

  private:
    struct Chain {
        std::unordered_map<std::uint32_t, std::int64_t> steps;  // from << 16 | to
        std::int64_t conversions = 0;
        std::int64_t unattributed = 0;
    };
    // Touches of the lead that is being added: from and to are places.
    struct Part {
        std::size_t from;
        std::size_t to;
    };

    std::uint32_t number_of(std::string_view name);
    void take(const CreditedLead& lead);
    void count();
    Part credited(std::int64_t at) const;
    void share(std::size_t conversion, std::int64_t at, bool has_value);
    void add_to_chain(Chain& chain, Part part, bool converted);

    CreditSettings settings_;
    std::deque<std::string> names_;
    std::unordered_map<std::string_view, std::uint32_t> numbers_;
    std::vector<ChannelCredits> channels_;
    ChannelCredits nobody_;
    std::array<Chain, kConversions + 1> chains_;
    Chain lost_;  // of leads that are lost to each of these

    // Of the lead that is being added.
    std::vector<Touch> path_;               // with the numbers of channels
    std::vector<std::uint32_t> own_names_;  // the number of each of its names
    std::vector<std::uint32_t> distinct_;
    std::vector<ChannelTouches> shares_;
    std::vector<Touch> weighed_;
    std::vector<ValueShare> value_shares_;
    bool value_is_touched_ = false;
    std::size_t value_chain_ = 0;
};

}  // namespace lead_scoring
