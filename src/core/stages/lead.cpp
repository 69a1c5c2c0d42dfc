#include "core/stages/lead.hpp"

#include <algorithm>

#include "core/base/stop.hpp"
#include "core/card/fold.hpp"
#include "core/card/score.hpp"
#include "core/card/tally/tally.hpp"

namespace lead_scoring {

namespace {

// `unchanged_to`: up to then it is known that time moves the lead no more.
void finish(const Definition& definition, Lead& lead, Timestamp now, bool moved, bool due_may_be_earlier,
            std::vector<Transition>& transitions, Timestamp unchanged_to = kNever) {
    lead.seen_at = std::max(lead.seen_at, now);
    lead.features = features(definition, lead.card, lead.seen_at);

    // due_at is a lower bound, moved forward lazily: most events leave it as it is.
    bool passed = lead.due_at <= std::max(lead.card.clock, lead.stage.since);
    if (moved || due_may_be_earlier || passed || lead.due_at == kForever) {
        Timestamp due = StageMachine(definition, lead.card, lead.stage, transitions).next_due(unchanged_to).at;
        if (moved || passed || due < lead.due_at) lead.due_at = due;
    }
    if (!lead.card.pending.empty()) lead.due_at = std::min(lead.due_at, lead.card.pending.front().at);
}

// Time alone changes nothing before due_at; nothing is known where that is kNever.
Timestamp known_unchanged(const Lead& lead) { return lead.due_at == kNever ? kNever : lead.due_at - 1; }

}  // namespace

Folding::Folding(const Definition& definition, Lead& lead, Timestamp now, Moves moves,
                 std::vector<Transition>& transitions)
    : definition_(definition),
      lead_(lead),
      transitions_(transitions),
      machine_(definition, lead.card, lead.stage, transitions),
      moves_(moves),
      now_(std::max(now, lead.seen_at)),
      horizon_(add_saturated(now_, definition.future_tolerance)),
      unchanged_to_(known_unchanged(lead)),
      moves_before_(transitions.size()),
      armed_before_(lead.stage.armed),
      due_may_be_earlier_(definition.rises_by_itself || !lead.card.adjustments.empty()) {
    // What was future and has come counts now, among the new matches, in time order.
    std::vector<Match>& pending = lead.card.pending;
    auto end = std::find_if(pending.begin(), pending.end(), [&](const Match& match) { return match.at > horizon_; });
    if (end == pending.begin()) return;
    // Where the log has more future events than the card, the card cannot tell which ones follow.
    exact_ = !lead.card.pending_more;
    due_.assign(pending.begin(), end);
    pending.erase(pending.begin(), end);
}

void Folding::note(const Match& match) {
    if (match.kind == MatchKind::Stage) {
        if (instant_.doors.empty() || instant_.doors.back() != match.target) instant_.doors.push_back(match.target);
    } else if (instant_.rule == kNoRule || match.points > instant_.largest) {
        instant_.largest = match.points;
        instant_.rule = match.target;
    }
}

void Folding::come(const Attributes& attributes, Timestamp at) {
    attributes_ = attributes;
    comes_at_ = at;
}

void Folding::be_handled(std::span<const Timestamp> resets, std::span<const HandMove> moves, Timestamp created_at) {
    attributes_.created_at = created_at;
    resets_ = resets;
    hand_moves_ = moves;
}

// What time did before is done without its fit.
void Folding::arrive() {
    machine_.advance(comes_at_, unchanged_to_);
    lead_.card.fit.assign(attributes_.fit.begin(), attributes_.fit.end());
    expect_quiet(definition_, lead_.card, attributes_.created_at);
    machine_.step(comes_at_, Cause::Attribute);
    unchanged_to_ = comes_at_;
    comes_at_ = kForever;
}

// What was counted until then counts no more.
void Folding::reset() {
    Timestamp at = resets_.front();
    resets_ = resets_.subspan(1);
    machine_.advance(at, unchanged_to_);
    lead_.card.rules.clear();
    lead_.card.latest.clear();
    lead_.card.reset_at = at;
    if (comes_at_ == kForever) expect_quiet(definition_, lead_.card, attributes_.created_at);
    machine_.step(at, Cause::Manual);
    unchanged_to_ = at;
}

void Folding::move_by_hand() {
    HandMove move = hand_moves_.front();
    hand_moves_ = hand_moves_.subspan(1);
    machine_.advance(move.at, unchanged_to_);
    if (lead_.stage.stage != move.stage) machine_.enter_by_hand(move.stage, move.at, hands_made_);
    ++hands_made_;
    unchanged_to_ = move.at;
}

// What else happened by then, in its order.
void Folding::do_until(Timestamp at) {
    for (;;) {
        Timestamp reset_at = resets_.empty() ? kForever : resets_.front();
        Timestamp hand_at = hand_moves_.empty() ? kForever : hand_moves_.front().at;
        Timestamp next = std::min({comes_at_, reset_at, hand_at});
        if (next == kForever || next > at) return;
        check_stop();
        if (comes_at_ == next)
            arrive();
        else if (reset_at == next)
            reset();
        else
            move_by_hand();
    }
}

void Folding::begin_instant(Timestamp at) {
    do_until(at);
    instant_.at = at;
    instant_.clock_before = lead_.card.clock;
    instant_.moving = at > moves_.after;
    instant_.largest = 0;
    instant_.rule = kNoRule;
    instant_.doors.clear();
    if (instant_.moving && at > instant_.clock_before) machine_.advance(at, unchanged_to_);
    unchanged_to_ = kNever;
}

void Folding::end_instant() {
    if (instant_.at == kNever) return;
    lead_.card.clock = std::max(instant_.clock_before, instant_.at);
    if (instant_.moving && instant_.at >= instant_.clock_before) {
        machine_.step(lead_.card.clock, Cause::Event, instant_.rule, instant_.doors);
    } else if (moves_.after != kForever) {
        late_ = true;
        for (int door : instant_.doors)
            if (instant_.moving && !bars_event(lead_.stage.barred, definition_.stage_of_door(door), instant_.at))
                late_doors_.push_back(door);
    }
    instant_.at = kNever;
}

// When time alone turns what the rule gives, if it does.
Timestamp Folding::turns_at(const Rule& rule, const RuleState* state, Timestamp after) const {
    if (state == nullptr || !(rule.rises || rule.tally->turns_on)) return kForever;
    Timestamp at = rule.tally->turns_at(rule, *state);
    return at > after ? at : kForever;
}

bool Folding::take(const Match& match) {
    check_stop();
    Scorecard& card = lead_.card;
    if (match.at != instant_.at) end_instant();
    if (match.at > horizon_) {
        add_pending(card, match);
        return true;
    }
    if (match.at != instant_.at) begin_instant(match.at);
    if (match.kind == MatchKind::Rule && match.at <= card.reset_at) return true;
    note(match);
    if (match.kind != MatchKind::Rule) return true;
    auto index = static_cast<std::size_t>(match.target);
    const Rule& rule = definition_.rules[index];
    if (rule.tally->pays != nullptr) {
        Timestamp at = std::max(match.at, card.clock);
        Units gave = contribution(definition_, card, index, at).capped;
        Timestamp turned_at = turns_at(rule, card.find(index), match.at);
        if (!fold(definition_, card, match)) return false;
        // It gives less, now or than was expected, or rises when it was not expected to.
        due_may_be_earlier_ |= contribution(definition_, card, index, at).capped < gave ||
                               turns_at(rule, card.find(index), match.at) < turned_at;
    } else {
        due_may_be_earlier_ |=
            match.points < 0 ||
            (rule.tally->keeps_latest && card.count(index) >= static_cast<std::int64_t>(rule.max_occurrences));
        if (!fold(definition_, card, match)) return false;
    }
    machine_.gain(rule, match.points);
    return true;
}

bool Folding::add(std::span<const Match> matches) {
    for (const Match& match : matches) {
        for (; exact_ && due_taken_ < due_.size() && !(match < due_[due_taken_]); ++due_taken_)
            exact_ = take(due_[due_taken_]);
        exact_ = exact_ && take(match);
        if (!exact_) return false;
    }
    return exact_;
}

bool Folding::finish() {
    for (; exact_ && due_taken_ < due_.size(); ++due_taken_) exact_ = take(due_[due_taken_]);
    if (!exact_) return false;
    end_instant();
    Scorecard& card = lead_.card;
    advance_clock(definition_, card, card.clock);
    if (late_) {
        std::sort(late_doors_.begin(), late_doors_.end());
        machine_.step(card.clock, Cause::Event, instant_.rule, late_doors_);
    }
    do_until(kForever);
    due_may_be_earlier_ |= late_ || lead_.stage.armed != armed_before_;
    lead_scoring::finish(definition_, lead_, now_, transitions_.size() != moves_before_, due_may_be_earlier_,
                         transitions_, unchanged_to_);
    return true;
}

bool fold_matches(const Definition& definition, Lead& lead, std::span<const Match> matches, Timestamp now, Moves moves,
                  std::vector<Transition>& transitions) {
    Folding folding(definition, lead, now, moves, transitions);
    return folding.add(matches) && folding.finish();
}

bool set_attributes(const Definition& definition, Lead& lead, const Attributes& attributes, Timestamp now,
                    std::vector<Transition>& transitions) {
    if (!refresh(definition, lead, now, transitions)) return false;
    lead.card.fit.assign(attributes.fit.begin(), attributes.fit.end());
    lead.card.left_out = attributes.left_out;
    expect_quiet(definition, lead.card, attributes.created_at);
    evaluate(definition, lead, now, Cause::Attribute, transitions);
    return true;
}

bool set_attributes(const Definition& definition, Lead& lead, Timestamp now, std::vector<Transition>& transitions) {
    if (!refresh(definition, lead, now, transitions)) return false;
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

void enter_by_event(const Definition& definition, Lead& lead, int door, Timestamp at, Timestamp now,
                    std::vector<Transition>& transitions) {
    if (bars_event(lead.stage.barred, definition.stage_of_door(door), at)) return;
    const int doors[] = {door};
    StageMachine(definition, lead.card, lead.stage, transitions).step(lead.card.clock, Cause::Event, kNoRule, doors);
    finish(definition, lead, now, true, true, transitions);
}

void identify(const Definition& definition, Lead& lead, std::span<const int> doors, Timestamp now,
              std::vector<Transition>& transitions) {
    now = std::max(now, lead.seen_at);
    StageMachine(definition, lead.card, lead.stage, transitions).step(now, Cause::Identity, kNoRule, doors);
    finish(definition, lead, now, true, true, transitions, now);
}

void leave_removed_stage(const Definition& definition, Lead& lead, const Score& score, Timestamp now,
                         std::vector<Transition>& transitions) {
    Transition transition;
    transition.features = features(definition, score);
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
