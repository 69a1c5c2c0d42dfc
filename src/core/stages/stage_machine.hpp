// Where a lead stands and what moves it: thresholds, events, time.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "core/card/features.hpp"
#include "core/card/profile.hpp"
#include "core/card/tally/tally.hpp"
#include "core/stages/bars.hpp"

namespace lead_scoring {

struct StageState {
    int stage = kNoStage;
    Timestamp since = kNever;  // of the last transition; kNever: none yet
    std::int64_t seq = 0;      // number of transitions so far
    bool armed = false;        // the score has been at or above falls_below during this stay
    // Latest entry of each stage, for cooldowns; may be shorter than the list of stages, missing ones count as never.
    std::vector<Timestamp> last_entry;
    std::vector<Bar> barred;
};

enum class Cause { Event, Attribute, Time, Manual, Publish, Identity };

// A move by hand that history has, to be made again at its time.
struct HandMove {
    Timestamp at = kNever;
    int stage = kNoStage;
};
inline constexpr int kNoHand = -1;

struct Transition {
    int from = kNoStage;
    int to = kNoStage;
    Timestamp at = kNever;
    std::int64_t seq = 0;
    Features features;               // of the lead, when it moved
    std::optional<Profile> profile;  // the same, where the definition keeps what it takes
    Cause cause = Cause::Event;
    int entry = kNoEntry;  // by which it came into the stage; none: by the stage itself
    int rule = kNoRule;    // the rule whose points came last, where the cause is an event
    int hand = kNoHand;    // of a replay, the move by hand that it makes again
};

struct Due {
    Timestamp at = kForever;  // kForever: never
    bool exact = true;        // false: not before, but perhaps later; the search was given up there
};

// Moves `state` as the card tells, and appends each move to `transitions`: none while the card is left out. Between
// calls the caller may change the card; the definition's stages, state.stage included, must be valid.
class StageMachine {
  public:
    StageMachine(const Definition& definition, const Scorecard& card, StageState& state,
                 std::vector<Transition>& transitions)
        : definition_(definition), card_(card), state_(state), transitions_(transitions) {}

    // To be told of each match that is folded between two steps.
    void gain(const Rule& rule, Units points) {
        bool may_replace = rule.varying && rule.tally->replaces;  // an occurrence of other points, within its limit
        spare_ = may_replace ? 0 : saturate(WideUnits{spare_} - std::max<Units>(points, 0));
    }

    // Evaluates the lead as of `at`: first the doors that events led to, by the ranks of their stages, then thresholds,
    // up or down. `rule`: the one whose points came last.
    void step(Timestamp at, Cause cause, int rule = kNoRule, std::span<const int> doors = {});

    // Applies every move that time alone makes after the last one and up to `to`, each at its own instant. It is known
    // that there is none up to `unchanged_to`.
    void advance(Timestamp to, Timestamp unchanged_to = kNever);

    // Enters `stage` by hand, whatever the score says; `at` is moved to the last transition where it lies before.
    void enter_by_hand(int stage, Timestamp at, int hand = kNoHand);

    // Lets in by score again where the conditions do not hold as of `at`.
    void lift_bars(Timestamp at);

    // When time alone will move the lead; nothing does until `unchanged_to`, as the caller knows. Where a rule that
    // rises by itself may lift the lead, not after it does, whether it will or not: so that what events add needs no
    // new look.
    Due next_due(Timestamp unchanged_to = kNever) const;

  private:
    const Stage& stage(int index) const { return definition_.stages[static_cast<std::size_t>(index)]; }
    const Stage& current() const { return stage(state_.stage); }

    bool time_matters() const;
    Timestamp rises_after(Timestamp from) const;
    Timestamp evaluated_to() const;
    Timestamp last_entry(int index) const;
    Timestamp opens_at(int index) const;
    Timestamp timeout_at() const;
    Timestamp working_timeout() const;

    Units spare(const Score& score) const;
    bool has_matched(const Requirement& requirement, const ScoreRange& range, bool at_best) const;
    template <class Way>
    bool meets(const Way& way, Units total, Units engagement, Units fit, const ScoreRange& range, bool at_best) const;
    template <class Way>
    bool has_grade(const Way& way, const ScoreRange& range, bool qualifies) const;
    template <class Way>
    bool may_hold(const Way& way, const ScoreRange& range) const;
    template <class Way>
    bool must_hold(const Way& way, const ScoreRange& range) const;
    bool may_qualify(const Stage& stage, const ScoreRange& range) const;
    bool must_qualify(const Stage& stage, const ScoreRange& range) const;
    int way_into(const Stage& stage, const ScoreRange& range) const;
    bool may_rise_to(int index, const ScoreRange& range, Timestamp at) const;
    bool may_change(const ScoreRange& range, Timestamp to) const;
    int fall_target(const ScoreRange& range) const;
    int next_stage(const ScoreRange& range, Timestamp at, Cause cause) const;
    bool may_enter_by_event(int target, Timestamp at) const;

    struct Search;
    bool may_change_within(Timestamp from, Timestamp to) const;
    bool find_change(Timestamp from, Timestamp to, Search& search) const;
    Timestamp first_change(Timestamp from, Timestamp to) const;

    void enter(int target, Timestamp at, const ScoreRange& range, Cause cause, int rule, int entry = kNoEntry);
    void enter_doors(std::span<const int> doors, Timestamp at, const ScoreRange& range, Cause cause, int rule);
    void arm(const ScoreRange& range);
    void lift_bars(const ScoreRange& range);

    const Definition& definition_;
    const Scorecard& card_;
    StageState& state_;
    std::vector<Transition>& transitions_;
    // So many points the lead may gain, since the last step, without one having anything to do; 0: not known.
    Units spare_ = 0;
    // When the service level of a stay ends, where it counts in working time.
    struct Timeout {
        int stage = kNoStage;
        Timestamp since = kNever;
        Timestamp at = kForever;
    };
    mutable Timeout timeout_;
};

}  // namespace lead_scoring
