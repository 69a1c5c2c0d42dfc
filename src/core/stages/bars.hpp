// Stages that a lead does not enter again by itself, since a hand took back its moves into them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/card/definition.hpp"

namespace lead_scoring {

struct Bar {
    int stage = kNoStage;
    Timestamp since = kNever;  // events up to then do not move the lead there; kNever: all may
    bool by_score = true;      // nor does its score, whose conditions have held ever since
    bool by_time = true;       // nor does the end of a service level that is over by then
    bool operator==(const Bar&) const = default;
};

// Whether events of that time leave the lead out of the stage.
bool bars_event(const std::vector<Bar>& bars, int stage, Timestamp at);
bool bars_score(const std::vector<Bar>& bars, int stage);
bool bars_time(const std::vector<Bar>& bars, int stage, Timestamp at);

// Those of a lead that stands in `stage` by the moves that are left. `undone_at`: of each stage, when a hand took back
// a move into it that no later one has followed, or kNever. `held`: the lead has not moved since, so that it stays
// below all that its score calls for; which of the conditions do hold, the next step of its machine tells.
std::vector<Bar> bars_after(const Definition& definition, int stage, std::span<const Timestamp> undone_at, bool held);

// Storage form: stages by their ids, "3@812345678000000!,4@812345678000000", with ! while the score
// is barred, and t where time is. What the
// definition has no more is left out. parse throws CorruptData where the text is none.
std::string print(const std::vector<Bar>& bars, const Definition& definition);
std::vector<Bar> parse_bars(std::string_view text, const Definition& definition);

}  // namespace lead_scoring
