// A lead's card made anew from all there is of the lead: behind whatever rebuilds, verifies and explains it.
#pragma once

#include <span>
#include <vector>

#include "core/card/definition.hpp"
#include "core/card/scorecard.hpp"
#include "core/stages/lead.hpp"

namespace lead_scoring {

// What is known of a lead besides its matches.
struct LeadFacts {
    Attributes attributes;
    std::span<const Adjustment> adjustments = {};  // sorted
    Timestamp came_at = kNever;                    // it had no fit before; kNever: it had that always
    std::span<const Timestamp> resets = {};        // of its engagement, sorted
    std::span<const HandMove> hands = {};          // to be made again, by time; of a lead whose moves are all replayed
};

// As of when a lead is told, and what becomes of matches that lie ahead of that.
struct Until {
    Timestamp at;
    bool leaves_out_later;

    // As a statement of that time has it: what lies ahead waits in the card, or counts within the tolerance.
    static Until statement(Timestamp now) { return {now, false}; }
    // What had happened by then and nothing else, whatever the tolerance.
    static Until instant(Timestamp at) { return {at, true}; }
};

// Of the lead only the card is made anew; it goes on from the stage in which it stands, as `moves` says. One that came
// after what these leave unmoved is moved by its attributes when it came, for which came_at must not lie ahead.
class Replay {
  public:
    // What `facts` names must not be in the lead's own card. The references are kept until finish.
    Replay(const Definition& definition, Lead& lead, const LeadFacts& facts, Until until, Moves moves,
           std::vector<Transition>& transitions);

    // All matches of the lead, sorted, as many at a time as the caller has at hand. Throws Internal where they are in
    // disorder.
    void add(std::span<const Match> matches);
    // To be called once, when all matches are there: the lead is whole then, and its moves are in `transitions`.
    void finish();

  private:
    Until until_;
    Folding folding_;
};

// The same, with all matches at once.
void replay(const Definition& definition, Lead& lead, const LeadFacts& facts, std::span<const Match> matches,
            Until until, Moves moves, std::vector<Transition>& transitions);

}  // namespace lead_scoring
