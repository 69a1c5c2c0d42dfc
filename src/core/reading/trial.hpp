// A copy of a lead, to which things happen that have not happened: what would become of it.
#pragma once

#include <span>
#include <vector>

#include "core/stages/lead.hpp"

namespace lead_scoring {

// One thing that may happen to a lead: an event that matches a rule or enters a stage, or an attribute that does.
struct Act {
    int rule = kNoRule;    // that it is named by
    int stage = kNoStage;  // or the stage
    int door = kNoStage;   // and the door to it
    bool unknown = false;  // of a fit rule: its condition is NULL of the lead
    // Of an event: all that it is known to match, as of now. A key that is not 0 stands for one of its own each time.
    std::vector<Match> matches;

    bool is_event() const { return !matches.empty(); }
};

// What is not known of a lead: a fit rule, or so many events, whose condition of the rule is NULL.
struct Doubt {
    std::size_t rule = 0;
    std::int64_t times = 1;
};

class Trial {
  public:
    // Without `moves` it stays in its stage.
    Trial(const Definition& definition, const Lead& lead, bool moves = true)
        : definition_(definition), lead_(lead), moves_(moves) {}

    // False where the lead's card cannot tell what becomes of it. Times must not fall.
    bool happen(const Act& act, Timestamp at);
    // Lets time pass.
    void pass(Timestamp to);

    // Whether it has come to the stage meanwhile, or stands in a higher one.
    bool reached(int stage) const;
    // How far the lead is from holding the stage's conditions, in units that only compare; 0: they hold.
    WideUnits gap(const Stage& stage) const;
    std::int64_t count(std::size_t rule) const;

    const Lead& lead() const { return lead_; }
    Timestamp now() const { return std::max(lead_.seen_at, lead_.card.clock); }

  private:
    WideUnits grade_gap(const Stage& stage, const Score& score) const;

    const Definition& definition_;
    Lead lead_;
    bool moves_;
    std::vector<Transition> transitions_;
    std::uint64_t keys_ = 0;
};

}  // namespace lead_scoring
