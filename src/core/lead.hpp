// A lead's stored row and what may happen to it: events, attributes, adjustments, time.
//
// Each function leaves the lead as if all had come in time order, appends the stage moves it made, and sets the score
// as of `now`. A lead's `seen_at` never goes back, whatever clock a caller brings.
#pragma once

#include <span>
#include <vector>

#include "core/definition.hpp"
#include "core/scorecard.hpp"
#include "core/stage_machine.hpp"

namespace lead_scoring {

struct Lead {
    Scorecard card;
    StageState stage;
    Timestamp seen_at = kNever;   // wall-clock time of the last change: events up to future_tolerance ahead of it count
    Timestamp due_at = kForever;  // lower bound of the next move that time alone makes
    Score score;                  // as of the later of seen_at and the card's clock
    Grade grade;
};

// Whether stages move while matches are folded. A rebuilt card must not record again what history has recorded.
struct Moves {
    Timestamp after = kNever;  // events up to here fold without moving the lead

    static Moves all() { return {kNever}; }
    static Moves none() { return {kForever}; }
};

// Folds sorted matches. False where the card must be rebuilt from the event log: the lead is then half-changed and to
// be thrown away.
[[nodiscard]] bool fold_matches(const Definition& definition, Lead& lead, std::span<const Match> matches, Timestamp now,
                                Moves moves, std::vector<Transition>& transitions);

// What the lead's attributes match changed. `fit`: rising rule indexes. False as in fold_matches.
[[nodiscard]] bool set_fit(const Definition& definition, Lead& lead, std::span<const std::size_t> fit, Timestamp now,
                           std::vector<Transition>& transitions);

// Its adjustments changed. `adjustments`: sorted, those that have expired included.
[[nodiscard]] bool set_adjustments(const Definition& definition, Lead& lead, std::span<const Adjustment> adjustments,
                                   Timestamp now, std::vector<Transition>& transitions);

// Somebody moved it.
[[nodiscard]] bool set_stage(const Definition& definition, Lead& lead, int stage, Timestamp now,
                             std::vector<Transition>& transitions);

// Evaluates the lead once, now.
void evaluate(const Definition& definition, Lead& lead, Timestamp now, Cause cause,
              std::vector<Transition>& transitions);

// The same as of the lead's clock, where the events it rests on were changed.
void evaluate_at_clock(const Definition& definition, Lead& lead, Timestamp now, std::vector<Transition>& transitions);

// Moves the lead to a stage that an event names which came too late to be folded in its place.
void enter_by_event(const Definition& definition, Lead& lead, int stage, Timestamp now,
                    std::vector<Transition>& transitions);

// Records that the version has no stage of the name the lead was in: it goes on from the first one, where it is put
// already. `score` is the one under the version before.
void leave_removed_stage(const Definition& definition, Lead& lead, const Score& score, Timestamp now,
                         std::vector<Transition>& transitions);

// Applies what time alone does up to `now`. False as in fold_matches.
[[nodiscard]] bool refresh(const Definition& definition, Lead& lead, Timestamp now,
                           std::vector<Transition>& transitions);

}  // namespace lead_scoring
