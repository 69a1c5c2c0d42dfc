// A lead's stored row and what may happen to it: events, attributes, adjustments, time.
//
// Each function leaves the lead as if all had come in time order, appends the stage moves it made, and sets the score
// as of `now`. A lead's `seen_at` never goes back, whatever clock a caller brings.
#pragma once

#include <span>
#include <vector>

#include "core/card/definition.hpp"
#include "core/card/scorecard.hpp"
#include "core/stages/stage_machine.hpp"

namespace lead_scoring {

struct Lead {
    Scorecard card;
    StageState stage;
    Timestamp seen_at = kNever;   // wall-clock time of the last change: events up to future_tolerance ahead of it count
    Timestamp due_at = kForever;  // lower bound of the next move that time alone makes
    Features features;            // as of the later of seen_at and the card's clock
};

// Whether stages move while matches are folded. A rebuilt card must not record again what history has recorded.
struct Moves {
    Timestamp after = kNever;  // events up to here fold without moving the lead

    static Moves all() { return {kNever}; }
    static Moves none() { return {kForever}; }
};

// What the lead's attributes say of it.
struct Attributes {
    std::span<const std::size_t> fit;  // places of the rules that match them, rising
    bool left_out = false;
    Timestamp created_at = kNever;  // when the lead came, as they say; kNever: they do not
};

// Folds matches into a lead, which come sorted, as many at a time as the caller has at hand; finish is called once,
// when all are there. Where either returns false, the card must be rebuilt from the event log: the lead is then
// half-changed and to be thrown away. The references are kept until finish.
class Folding {
  public:
    Folding(const Definition& definition, Lead& lead, Timestamp now, Moves moves, std::vector<Transition>& transitions);

    // The lead, which has no fit yet, comes with these at that time, up to which it may have events already; whether it
    // is left out is known before. To be called before any is added; what is behind them must be there until finish.
    void come(const Attributes& attributes, Timestamp at);
    // The same with what hands did to it: resets of its engagement, and moves, both by time. Likewise. `created_at`: as
    // its attributes say, where it is there from the beginning.
    void be_handled(std::span<const Timestamp> resets, std::span<const HandMove> moves, Timestamp created_at);
    [[nodiscard]] bool add(std::span<const Match> matches);
    [[nodiscard]] bool finish();

  private:
    // Points that came from the matches of one instant: the largest names the rule of a transition.
    struct Instant {
        Timestamp at = kNever;  // none is open
        Timestamp clock_before = kNever;
        bool moving = false;
        Units largest = 0;
        int rule = kNoRule;
        std::vector<int> doors;  // that events lead to
    };

    bool take(const Match& match);
    Timestamp turns_at(const Rule& rule, const RuleState* state, Timestamp after) const;
    void begin_instant(Timestamp at);
    void end_instant();
    void note(const Match& match);
    void arrive();
    void do_until(Timestamp at);
    void reset();
    void move_by_hand();

    const Definition& definition_;
    Lead& lead_;
    std::vector<Transition>& transitions_;
    StageMachine machine_;
    Moves moves_;
    Timestamp now_;
    Timestamp horizon_;
    Timestamp unchanged_to_;  // up to then it is known that time moves the lead no more
    std::size_t moves_before_;
    bool armed_before_;
    bool exact_ = true;
    bool late_ = false;
    bool due_may_be_earlier_;
    std::vector<int> late_doors_;
    Attributes attributes_;          // with which the lead comes, or came
    Timestamp comes_at_ = kForever;  // kForever: it is there
    std::span<const Timestamp> resets_;
    std::span<const HandMove> hand_moves_;
    int hands_made_ = 0;
    std::vector<Match> due_;  // what was future and has come
    std::size_t due_taken_ = 0;
    Instant instant_;
};

// The same, with all matches at once.
[[nodiscard]] bool fold_matches(const Definition& definition, Lead& lead, std::span<const Match> matches, Timestamp now,
                                Moves moves, std::vector<Transition>& transitions);

// These five return false where fold_matches does, and leave the lead as it does.
//
// Its attributes changed.
[[nodiscard]] bool set_attributes(const Definition& definition, Lead& lead, const Attributes& attributes, Timestamp now,
                                  std::vector<Transition>& transitions);
// The same with those that its card has.
[[nodiscard]] bool set_attributes(const Definition& definition, Lead& lead, Timestamp now,
                                  std::vector<Transition>& transitions);

// Its adjustments changed. `adjustments`: sorted, those that have expired included.
[[nodiscard]] bool set_adjustments(const Definition& definition, Lead& lead, std::span<const Adjustment> adjustments,
                                   Timestamp now, std::vector<Transition>& transitions);

// Somebody moved it to a stage of the definition.
[[nodiscard]] bool set_stage(const Definition& definition, Lead& lead, int stage, Timestamp now,
                             std::vector<Transition>& transitions);

// Applies what time alone does up to `now`.
[[nodiscard]] bool refresh(const Definition& definition, Lead& lead, Timestamp now,
                           std::vector<Transition>& transitions);

// Evaluates the lead once, now.
void evaluate(const Definition& definition, Lead& lead, Timestamp now, Cause cause,
              std::vector<Transition>& transitions);

// Evaluates it once as of the card's clock, where the events it rests on were changed.
void evaluate_at_clock(const Definition& definition, Lead& lead, Timestamp now, std::vector<Transition>& transitions);

// Moves the lead through a door that an event of that time leads to, which came too late to be folded in its place.
void enter_by_event(const Definition& definition, Lead& lead, int door, Timestamp at, Timestamp now,
                    std::vector<Transition>& transitions);

// Other events are the lead's now than were before, whenever they happened: evaluates it once, now. `doors`: those
// that events which came to it lead to, rising.
void identify(const Definition& definition, Lead& lead, std::span<const int> doors, Timestamp now,
              std::vector<Transition>& transitions);

// Records that the version has no stage of the name the lead was in: it goes on from the first one, where it is put
// already. `score` is the one under the version before.
void leave_removed_stage(const Definition& definition, Lead& lead, const Score& score, Timestamp now,
                         std::vector<Transition>& transitions);

}  // namespace lead_scoring
