#include "core/reading/replay.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/card/fold.hpp"

namespace lead_scoring {

namespace {

// An empty card can tell what any sorted matches make of it.
void require_order(bool folded) {
    if (!folded) throw Error(ErrorCode::Internal, "events in order could not be folded");
}

// Whether it comes in the course of the replay.
bool comes(const LeadFacts& facts, Moves moves) { return facts.came_at > moves.after; }

bool is_there(const LeadFacts& facts, Until until, Moves moves) {
    return until.leaves_out_later ? facts.came_at <= until.at : !comes(facts, moves);
}

// Of the resets that are to be known: those up to which the lead does not move are done from the beginning.
std::span<const Timestamp> known_resets(const LeadFacts& facts, Until until) {
    Timestamp last = until.leaves_out_later ? until.at : kForever;
    auto later = std::ranges::upper_bound(facts.resets, last);
    return facts.resets.first(static_cast<std::size_t>(later - facts.resets.begin()));
}

std::size_t count_done(std::span<const Timestamp> resets, Moves moves) {
    return static_cast<std::size_t>(std::ranges::upper_bound(resets, moves.after) - resets.begin());
}

Lead& begin_anew(const Definition& definition, Lead& lead, const LeadFacts& facts, Until until, Moves moves) {
    lead.card.clear();
    const Attributes& attributes = facts.attributes;
    lead.card.left_out = attributes.left_out;
    lead.card.adjustments.assign(facts.adjustments.begin(), facts.adjustments.end());
    std::span<const Timestamp> resets = known_resets(facts, until);
    if (std::size_t done = count_done(resets, moves)) lead.card.reset_at = resets[done - 1];
    if (is_there(facts, until, moves)) {
        lead.card.fit.assign(attributes.fit.begin(), attributes.fit.end());
        expect_quiet(definition, lead.card, attributes.created_at);
    }
    lead.due_at = kNever;  // unknown
    return lead;
}

}  // namespace

Replay::Replay(const Definition& definition, Lead& lead, const LeadFacts& facts, Until until, Moves moves,
               std::vector<Transition>& transitions)
    : until_(until),
      folding_(definition, begin_anew(definition, lead, facts, until, moves), until.at, moves, transitions) {
    if (!until.leaves_out_later && comes(facts, moves)) folding_.come(facts.attributes, facts.came_at);
    std::span<const Timestamp> resets = known_resets(facts, until);
    folding_.be_handled(resets.subspan(count_done(resets, moves)), facts.hands, facts.attributes.created_at);
}

void Replay::add(std::span<const Match> matches) {
    if (until_.leaves_out_later) {
        auto later = std::ranges::partition_point(matches, [&](const Match& match) { return match.at <= until_.at; });
        matches = matches.first(static_cast<std::size_t>(later - matches.begin()));
    }
    require_order(folding_.add(matches));
}

void Replay::finish() { require_order(folding_.finish()); }

void replay(const Definition& definition, Lead& lead, const LeadFacts& facts, std::span<const Match> matches,
            Until until, Moves moves, std::vector<Transition>& transitions) {
    Replay replay(definition, lead, facts, until, moves, transitions);
    replay.add(matches);
    replay.finish();
}

}  // namespace lead_scoring
