// Attribution by the removal effect in a Markov chain of customer paths: how much of the chance to convert is lost
// where a channel is taken away and whoever would have come by it never converts. The chain is solved, not
// simulated.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lead_scoring {

inline constexpr int kMaxMarkovOrder = 3;

// Places of a chain: channels are 1 and up.
inline constexpr std::uint16_t kMarkovStart = 0;  // also fills a history shorter than the order
inline constexpr std::uint16_t kMarkovConverted = 65535;
inline constexpr std::uint16_t kMarkovLost = 65534;

// How often a history was followed by a place. The newest channel stands last.
struct MarkovStep {
    std::uint16_t history[kMaxMarkovOrder];
    std::uint16_t next;
    std::int64_t count;
};

// Sorts and joins equal steps; returns how many are left. Requires all counts together to be less than 2^62.
std::size_t merge_steps(std::span<MarkovStep> steps);

class MarkovChain {
  public:
    // Requires steps as merge_steps leaves them; the same steps give the same numbers to the last bit. Throws
    // LimitExceeded for more states than are solved, CorruptData where the steps are of no chain.
    explicit MarkovChain(std::span<const MarkovStep> steps);

    // The chance to get from the start to a conversion without the channel; kMarkovStart takes nothing away.
    double conversion_chance(std::uint16_t without) const;

  private:
    double solve_without(std::uint16_t without) const;
    void solve_at_once();

    struct Move {
        std::uint32_t from;
        std::uint32_t to;  // index of a state
        double chance;
    };
    std::vector<std::uint64_t> states_;  // histories, sorted: the start is the first
    std::vector<Move> moves_;
    std::vector<double> converted_;  // by state: chance that a conversion follows
    std::vector<double>
        lost_;  // by state, where only the last channel matters: what conversion_chance lacks without it
};

}  // namespace lead_scoring
