#include "core/lead.hpp"

#include <algorithm>
#include <iterator>

#include "core/fold.hpp"

namespace lead_scoring {

namespace {

// Points that came from the matches of one instant: the largest names the rule of a transition.
struct Instant {
    Timestamp at = kNever;
    Units largest = 0;
    int rule = kNoRule;
    std::vector<int> stages;  // entered by event

    void begin(Timestamp time) {
        at = time;
        largest = 0;
        rule = kNoRule;
        stages.clear();
    }
    void note(const Match& match) {
        if (match.kind == MatchKind::Stage) {
            if (stages.empty() || stages.back() != match.target) stages.push_back(match.target);
        } else if (rule == kNoRule || match.points > largest) {
            largest = match.points;
            rule = match.target;
        }
    }
};

// `unchanged_to`: up to then it is known that time moves the lead no more.
void finish(const Definition& definition, Lead& lead, Timestamp now, bool moved, bool due_may_be_earlier,
            std::vector<Transition>& transitions, Timestamp unchanged_to = kNever) {
    lead.seen_at = std::max(lead.seen_at, now);
    lead.score = score_at(definition, lead.card, lead.seen_at);
    lead.grade = definition.grade(lead.score.fit, lead.score.engagement);

    // due_at is a lower bound, moved forward lazily: most events leave it as it is.
    bool passed = lead.due_at <= std::max(lead.card.clock, lead.stage.since);
    if (moved || due_may_be_earlier || passed || lead.due_at == kForever)
        lead.due_at = StageMachine(definition, lead.card, lead.stage, transitions).next_due(unchanged_to);
    if (!lead.card.pending.empty()) lead.due_at = std::min(lead.due_at, lead.card.pending.front().at);
}

// Time alone changes nothing before due_at; nothing is known where that is kNever.
Timestamp known_unchanged(const Lead& lead) { return lead.due_at == kNever ? kNever : lead.due_at - 1; }

}  // namespace

bool fold_matches(const Definition& definition, Lead& lead, std::span<const Match> matches, Timestamp now, Moves moves,
                  std::vector<Transition>& transitions) {
    Scorecard& card = lead.card;
    now = std::max(now, lead.seen_at);
    Timestamp horizon = add_saturated(now, definition.future_tolerance);
    std::size_t moves_before = transitions.size();
    bool armed_before = lead.stage.armed;
    StageMachine machine(definition, card, lead.stage, transitions);

    // What was future and has come counts now, among the new matches, in time order.
    auto pending_end =
        std::find_if(card.pending.begin(), card.pending.end(), [&](const Match& match) { return match.at > horizon; });
    // Where the log has more future events than the card, the card cannot tell which ones follow.
    if (card.pending_more && pending_end != card.pending.begin()) return false;
    std::vector<Match> due;
    if (pending_end != card.pending.begin()) {
        std::merge(card.pending.begin(), pending_end, matches.begin(), matches.end(), std::back_inserter(due));
        card.pending.erase(card.pending.begin(), pending_end);
        matches = due;
    }

    bool late = false;
    bool due_may_be_earlier = definition.rises_by_itself || !card.adjustments.empty();
    Timestamp unchanged_to = known_unchanged(lead);
    Instant instant;
    std::vector<int> late_stages;
    std::size_t i = 0;
    while (i < matches.size() && matches[i].at <= horizon) {
        Timestamp before = card.clock;
        instant.begin(matches[i].at);
        bool moving = instant.at > moves.after;
        if (moving && instant.at > before) machine.advance(instant.at, unchanged_to);
        unchanged_to = kNever;
        for (; i < matches.size() && matches[i].at == instant.at; ++i) {
            instant.note(matches[i]);
            if (matches[i].kind != MatchKind::Rule) continue;
            const Rule& rule = definition.rules[static_cast<std::size_t>(matches[i].target)];
            due_may_be_earlier |= matches[i].points < 0 || (rule.decay.keeps_occurrences() &&
                                                            card.count(static_cast<std::size_t>(matches[i].target)) >=
                                                                static_cast<std::int64_t>(rule.max_occurrences));
            if (!fold(definition, card, matches[i])) return false;
            machine.gain(rule, matches[i].points);
        }
        card.clock = std::max(before, instant.at);
        if (moving && instant.at >= before)
            machine.step(card.clock, Cause::Event, instant.rule, instant.stages);
        else if (moves.after != kForever) {
            late = true;
            if (moving) late_stages.insert(late_stages.end(), instant.stages.begin(), instant.stages.end());
        }
    }
    for (; i < matches.size(); ++i) add_pending(card, matches[i]);
    advance_clock(definition, card, card.clock);
    if (late) {
        std::sort(late_stages.begin(), late_stages.end());
        machine.step(card.clock, Cause::Event, instant.rule, late_stages);
    }
    due_may_be_earlier |= late || lead.stage.armed != armed_before;
    finish(definition, lead, now, transitions.size() != moves_before, due_may_be_earlier, transitions, unchanged_to);
    return true;
}

bool set_fit(const Definition& definition, Lead& lead, std::span<const std::size_t> fit, Timestamp now,
             std::vector<Transition>& transitions) {
    if (!refresh(definition, lead, now, transitions)) return false;
    lead.card.fit.assign(fit.begin(), fit.end());
    evaluate(definition, lead, now, Cause::Attribute, transitions);
    return true;
}

bool set_adjustments(const Definition& definition, Lead& lead, std::span<const Adjustment> adjustments, Timestamp now,
                     std::vector<Transition>& transitions) {
    if (!refresh(definition, lead, now, transitions)) return false;
    lead.card.adjustments.assign(adjustments.begin(), adjustments.end());
    evaluate(definition, lead, now, Cause::Manual, transitions);
    return true;
}

bool set_stage(const Definition& definition, Lead& lead, int stage, Timestamp now,
               std::vector<Transition>& transitions) {
    if (!refresh(definition, lead, now, transitions)) return false;
    StageMachine machine(definition, lead.card, lead.stage, transitions);
    if (lead.stage.stage != stage) machine.enter_by_hand(stage, lead.seen_at);
    finish(definition, lead, now, true, true, transitions, lead.seen_at);
    return true;
}

void evaluate(const Definition& definition, Lead& lead, Timestamp now, Cause cause,
              std::vector<Transition>& transitions) {
    now = std::max(now, lead.seen_at);
    StageMachine(definition, lead.card, lead.stage, transitions).step(now, cause);
    finish(definition, lead, now, true, true, transitions, now);
}

void evaluate_at_clock(const Definition& definition, Lead& lead, Timestamp now, std::vector<Transition>& transitions) {
    // A lead that has no event left has no clock either.
    Timestamp at = lead.card.clock != kNever ? lead.card.clock : std::max(now, lead.seen_at);
    StageMachine(definition, lead.card, lead.stage, transitions).step(at, Cause::Event);
    finish(definition, lead, now, true, true, transitions);
}

void enter_by_event(const Definition& definition, Lead& lead, int stage, Timestamp now,
                    std::vector<Transition>& transitions) {
    const int stages[] = {stage};
    StageMachine(definition, lead.card, lead.stage, transitions).step(lead.card.clock, Cause::Event, kNoRule, stages);
    finish(definition, lead, now, true, true, transitions);
}

void leave_removed_stage(const Definition& definition, Lead& lead, const Score& score, Timestamp now,
                         std::vector<Transition>& transitions) {
    Transition transition;
    transition.score = score;
    transition.grade = definition.grade(score.fit, score.engagement);
    transition.to = definition.first_stage;
    transition.at = std::max(now, lead.stage.since);
    transition.seq = ++lead.stage.seq;
    transition.cause = Cause::Publish;
    transitions.push_back(transition);
    lead.stage.stage = definition.first_stage;
    lead.stage.since = transition.at;
    lead.stage.armed = false;
}

bool refresh(const Definition& definition, Lead& lead, Timestamp now, std::vector<Transition>& transitions) {
    if (!fold_matches(definition, lead, {}, now, Moves::all(), transitions)) return false;
    StageMachine(definition, lead.card, lead.stage, transitions).advance(lead.seen_at, known_unchanged(lead));
    finish(definition, lead, now, true, true, transitions, lead.seen_at);
    return true;
}

}  // namespace lead_scoring
