// How the weight of an occurrence falls with its age.
#pragma once

#include "core/base/units.hpp"

namespace lead_scoring {

enum class DecayKind : std::uint8_t { None, Exponential, Linear, Step, Window };

// A sum of decaying points, split by sign: each part only shrinks with time.
struct SignedSum {
    double positive = 0;
    double negative = 0;

    void add(double units) { (units < 0 ? negative : positive) += units; }
    void add(const SignedSum& other) {
        positive += other.positive;
        negative += other.negative;
    }
    double total() const { return positive + negative; }
};

struct Decay {
    DecayKind kind = DecayKind::None;
    Microseconds half_life = 0;  // Exponential: weight 2^(-age / half_life)
    Microseconds lifespan = 0;   // Linear: max(0, 1 - age / lifespan); Window: 1 while age <= lifespan
    Microseconds step = 0;       // Step: max(0, 1 - drop * floor(age / step))
    double drop = 0;

    // The times of single occurrences must be kept, for no closed sum tells the weight later.
    bool keeps_occurrences() const {
        return kind == DecayKind::Linear || kind == DecayKind::Step || kind == DecayKind::Window;
    }

    // What is wrong with the above, as a sentence; null where nothing is.
    const char* unsound() const;

    // The least age from which the weight is 0 for good; kForever where there is none.
    Microseconds lifetime() const;

    // The weight at an age, which is not negative: 1 at age 0, never rising. Requires a sound decay.
    double weight(Microseconds age) const;
};

}  // namespace lead_scoring
