// The course of a lead's score: what each event, attribute, adjustment, reset and passing of time gave or took.
//
// It is the lead's card as any replay makes it, looked at after each match, and at each instant at which something
// changes at once: at the end of a window, a drop of step decay, the beginning or end of an adjustment or reset.
#pragma once

#include <queue>
#include <span>
#include <tuple>
#include <vector>

#include "core/reading/replay.hpp"

namespace lead_scoring {

// Points by hand, or a reset of engagement, from one instant to another.
struct AdjustmentSpan {
    Units points = 0;
    Timestamp from = kNever;
    Timestamp to = kForever;  // exclusive
    bool cancelled = false;   // else it expired
    bool resets = false;      // meanwhile rules count what happened after `from` alone
};

enum class Step { Opening, Fit, Event, Adjusted, Expired, Cancelled, Reset, ResetCancelled, TakenBack, Decay, Closing };

struct HistoryLine {
    Step step = Step::Event;
    Timestamp at = kNever;  // kNever: nothing says when
    int rule = kNoRule;
    int stage = kNoStage;  // that an event names
    Units points = 0;      // by which the rule, within its bounds, the adjustment or, of a reset, engagement changed
    Units score = 0;       // after it
};

class History {
  public:
    // From `since` (kNever: all there is) to `until`, both included; nothing where the first is later. `taken_back`:
    // the instants at which moves were. `adjustments` and `resets` of facts are not looked at: `spans` are both, those
    // that ended too. What is named must outlive it.
    History(const Definition& definition, const LeadFacts& facts, std::span<const AdjustmentSpan> spans,
            std::span<const Timestamp> taken_back, Timestamp since, Timestamp until);

    // All matches of the lead, sorted, as many at a time as the caller has at hand; they must be there until `next` has
    // no more.
    void add(std::span<const Match> matches) { matches_ = matches; }
    // To be called when all matches are there.
    void finish() { finished_ = true; }
    // Replaces what is in `lines` by what follows; false where there is no more for now.
    bool next(std::vector<HistoryLine>& lines);

  private:
    enum class Turn { Span, TakenBack, Rule };
    // An instant at which something changes that is no event.
    struct Instant {
        Timestamp at;
        Turn turn;
        int rule = kNoRule;        // whose points change
        std::size_t index = 0;     // of the span that begins or ends
        Timestamp began = kNever;  // of a rule: when what changes happened
        friend bool operator>(const Instant& a, const Instant& b) {
            return std::tuple(a.at, a.turn, a.rule) > std::tuple(b.at, b.turn, b.rule);
        }
    };

    bool shows(Timestamp at) const { return at >= since_ && at <= until_; }
    Units score(Timestamp at) const { return score_at(definition_, card_, at).total; }
    Units points(int rule, Timestamp at) const;
    void put(std::vector<HistoryLine>& lines, HistoryLine line);
    void come(std::vector<HistoryLine>& lines, Timestamp at);
    void take(std::vector<HistoryLine>& lines, const Match& match);
    void pass(std::vector<HistoryLine>& lines, const Instant& instant);
    void change(std::vector<HistoryLine>& lines, const Instant& instant);
    void reset(std::vector<HistoryLine>& lines, const Instant& instant);
    void count_after(Timestamp reset_at, Timestamp at);
    void await_change(int rule, Timestamp began, Timestamp after);
    void await_turn(std::size_t rule, Timestamp after);
    void await_quiet(Timestamp after);

    const Definition& definition_;
    LeadFacts facts_;
    std::span<const AdjustmentSpan> spans_;
    Timestamp since_;
    Timestamp until_;
    Scorecard card_;
    // Of resets during which other ones came, and before the first: what counts again where these are cancelled. Only
    // rules and reset_at of them are kept up.
    std::vector<Scorecard> others_;
    std::span<const Match> matches_;
    std::priority_queue<Instant, std::vector<Instant>, std::greater<>> instants_;
    bool opened_ = false;
    bool came_ = false;
    bool finished_ = false;
    bool closed_ = false;
};

}  // namespace lead_scoring
