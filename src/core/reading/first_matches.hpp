// When each rule first counted for a lead.
#pragma once

#include <span>
#include <vector>

#include "core/card/definition.hpp"
#include "core/card/scorecard.hpp"

namespace lead_scoring {

class FirstMatches {
  public:
    explicit FirstMatches(const Definition& definition) : definition_(definition) {}

    // Begins with a lead, which came at that time; kNever: nothing says when.
    void begin(Timestamp created_at);
    // Its matches, by time, as many at once as the caller has at hand.
    void add(std::span<const Match> matches);
    // By the places of the rules, as of `until`: the first match; of rules that give their points or nothing, when they
    // first gave them. kForever: not by then.
    const std::vector<Timestamp>& finish(Timestamp until);

  private:
    void note_silence(std::size_t rule, Timestamp before);

    const Definition& definition_;
    std::vector<Timestamp> first_;
    Scorecard card_;  // of those rules
};

}  // namespace lead_scoring
