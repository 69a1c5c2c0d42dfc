// A lead to whom matches are delivered as the triggers do it: in sorted batches, with a rebuild from the log of all
// matches where the card cannot fold one.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/reading/replay.hpp"
#include "unit/choices.hpp"
#include "unit/model.hpp"

namespace lead_scoring::test {

class Delivery {
  public:
    explicit Delivery(const Definition& definition) : lead(new_lead(definition)), definition_(definition) {}

    // `batch` in any order. False where the lead was rebuilt.
    bool deliver(std::vector<Match> batch, Timestamp now) {
        std::sort(batch.begin(), batch.end());
        Lead before = lead;
        std::size_t moves = transitions.size();
        log.insert(log.end(), batch.begin(), batch.end());
        if (fold_matches(definition_, lead, batch, now, Moves::all(), transitions)) return true;
        transitions.resize(moves);
        rebuild(std::move(before), now);
        return false;
    }

    // False where the lead was rebuilt.
    bool refresh(Timestamp now) {
        Lead before = lead;
        std::size_t moves = transitions.size();
        if (lead_scoring::refresh(definition_, lead, now, transitions)) return true;
        transitions.resize(moves);
        rebuild(std::move(before), now);
        return false;
    }

    void set_fit(const std::vector<std::size_t>& fit, Timestamp now) {
        (void)set_attributes(definition_, lead, {fit, lead.card.left_out}, now, transitions);
    }
    void leave_out(bool left_out, Timestamp now) {
        std::vector<std::size_t> fit = lead.card.fit;
        (void)set_attributes(definition_, lead, {fit, left_out}, now, transitions);
    }

    void set_adjustments(const std::vector<Adjustment>& adjustments, Timestamp now) {
        (void)lead_scoring::set_adjustments(definition_, lead, adjustments, now, transitions);
    }
    void set_stage(int stage, Timestamp now) {
        (void)lead_scoring::set_stage(definition_, lead, stage, now, transitions);
    }

    // Takes back the latest move that stands, as history has it then. False where there is none.
    bool take_back(Timestamp now) {
        (void)refresh(now);
        undone_.resize(transitions.size());
        auto standing = [&](std::size_t i) { return undone_[i].at == kNever; };
        std::size_t last = transitions.size();
        while (last > 0 && !standing(last - 1)) --last;
        if (last == 0) return false;
        undone_[last - 1] = {now, transitions.size()};

        StageState stage;
        stage.stage = definition_.first_stage;
        stage.seq = lead.stage.seq;
        stage.last_entry.resize(definition_.stages.size(), kNever);
        std::vector<Timestamp> undone_at(definition_.stages.size(), kNever);
        for (std::size_t i = 0; i < transitions.size(); ++i) {
            if (!standing(i)) continue;
            stage.stage = transitions[i].to;
            stage.since = stage.last_entry[static_cast<std::size_t>(stage.stage)] = transitions[i].at;
        }
        for (std::size_t i = 0; i < transitions.size(); ++i) {
            bool entered_since = false;
            for (std::size_t later = undone_[i].moves; later < transitions.size(); ++later)
                entered_since |= standing(later) && transitions[later].to == transitions[i].to;
            Timestamp& of_stage = undone_at[static_cast<std::size_t>(transitions[i].to)];
            if (!standing(i) && !entered_since) of_stage = std::max(of_stage, undone_[i].at);
        }
        stage.barred = bars_after(definition_, stage.stage, undone_at, true);
        lead.stage = stage;
        evaluate(definition_, lead, now, Cause::Manual, transitions);
        return true;
    }

    Lead lead;
    std::vector<Match> log;
    std::vector<Transition> transitions;

  private:
    void rebuild(Lead before, Timestamp now) {
        std::sort(log.begin(), log.end());
        Scorecard card = before.card;
        lead = std::move(before);
        replay(definition_, lead, {{card.fit, card.left_out}, card.adjustments}, log, Until::statement(now),
               Moves{card.clock}, transitions);
        evaluate_at_clock(definition_, lead, now, transitions);
    }

    struct Undone {
        Timestamp at = kNever;  // it stands
        std::size_t moves = 0;  // that there were then
    };
    std::vector<Undone> undone_;  // of each move, where any was taken back
    const Definition& definition_;
};

// The card of all `matches` folded at once, as of `now`.
inline Scorecard card_of(const Definition& definition, std::vector<Match> matches, Timestamp now) {
    Lead lead = new_lead(definition);
    std::vector<Transition> ignored;
    std::sort(matches.begin(), matches.end());
    replay(definition, lead, {}, matches, Until::statement(now), Moves::none(), ignored);
    return lead.card;
}

// What is wrong with a lead's history; empty where it is a chain from the first stage on.
inline std::string chain_error(const Definition& definition, const std::vector<Transition>& transitions) {
    int stage = definition.first_stage;
    Timestamp at = kNever;
    std::int64_t seq = 0;
    for (const Transition& transition : transitions) {
        std::string move = " in move " + std::to_string(transition.seq);
        if (transition.seq != ++seq) return "a gap" + move;
        if (transition.from != stage) return "not from the stage before" + move;
        if (transition.to == stage) return "to the same stage" + move;
        if (transition.at < at) return "back in time" + move;
        stage = transition.to;
        at = transition.at;
    }
    return "";
}

// Random batches of `matches`, in any order of arrival.
inline std::vector<std::vector<Match>> random_batches(Choices& choices, std::vector<Match> matches) {
    choices.shuffle(matches);
    std::vector<std::vector<Match>> batches;
    for (const Match& match : matches) {
        if (batches.empty() || choices.one_in(3)) batches.emplace_back();
        batches.back().push_back(match);
    }
    return batches;
}

}  // namespace lead_scoring::test
