// Ways for a lead into a stage, or to hold some conditions: which acts, how often, until when. They are not derived
// from the rules but tried (trial.hpp).
#pragma once

#include <span>
#include <vector>

#include "core/reading/trial.hpp"

namespace lead_scoring {

struct WayStep {
    std::size_t act = 0;
    std::int64_t times = 1;
    bool operator==(const WayStep&) const = default;
};

// Things to happen, in any order. Without steps, time alone will do, or has done already what nobody has looked at yet.
struct Way {
    std::vector<WayStep> steps;
    Timestamp from = kNever;      // it does not do before; kNever: at once
    Timestamp before = kForever;  // it does where all happens before that; kForever: for two years at least
    bool at_one_time = false;     // and between the first and the last lies hardly any time
    std::int64_t cost = 0;
};

// Ways have at most so many acts.
inline constexpr std::int64_t kMostActs = 100;

// What is asked, of a lead as of `at`: its card, and where it stood.
struct WhyNotQuestion {
    Lead lead;
    int stage = kNoStage;
    Timestamp at = kNever;
    std::span<const Act> acts;
    std::span<const Doubt> doubts;
};

// The cheapest few ways to hold the conditions of `conditions`; with `stage`, into that stage or a higher one. None:
// none is known.
std::vector<Way> find_ways(const Definition& definition, const WhyNotQuestion& question, const Stage& conditions,
                           int stage = kNoStage);

// When the stage may be entered as far as time has a say: its cooldown, and that of the detour the lead is in. kNever:
// at once.
Timestamp stage_opens_at(const Definition& definition, const StageState& state, int stage);

}  // namespace lead_scoring
