#include "core/reading/history.hpp"

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/stop.hpp"
#include "core/card/fold.hpp"

namespace lead_scoring {

namespace {

constexpr std::size_t kMostLines = 1000;

}  // namespace

History::History(const Definition& definition, const LeadFacts& facts, std::span<const AdjustmentSpan> spans,
                 std::span<const Timestamp> taken_back, Timestamp since, Timestamp until)
    : definition_(definition), facts_(facts), spans_(spans), since_(since), until_(until) {
    for (std::size_t i = 0; i < spans.size(); ++i)
        if (spans[i].from < spans[i].to) instants_.push({.at = spans[i].from, .turn = Turn::Span, .index = i});
    for (Timestamp at : taken_back) instants_.push({.at = at, .turn = Turn::TakenBack});
}

Units History::points(int rule, Timestamp at) const {
    return contribution(definition_, card_, static_cast<std::size_t>(rule), at).capped;
}

void History::put(std::vector<HistoryLine>& lines, HistoryLine line) {
    if (line.at != kNever ? !shows(line.at) : since_ != kNever) return;
    line.score = score(line.at);
    lines.push_back(line);
}

// The lead comes, with its attributes.
void History::come(std::vector<HistoryLine>& lines, Timestamp at) {
    came_ = true;
    for (std::size_t rule : facts_.attributes.fit) {
        card_.fit.push_back(rule);
        const Rule& fit = definition_.rules[rule];
        put(lines, {.step = Step::Fit,
                    .at = at,
                    .rule = static_cast<int>(rule),
                    .points = fit.bounds.clamp(units_of_points(fit.points))});
    }
    await_quiet(at);
}

void History::take(std::vector<HistoryLine>& lines, const Match& match) {
    if (match.kind == MatchKind::Stage) {
        card_.clock = match.at;
        return put(lines, {.at = match.at, .stage = match.target});
    }
    Units before = points(match.target, match.at);
    auto count = [&](Scorecard& card) {
        if (match.at > card.reset_at && !fold(definition_, card, match))
            throw Error(ErrorCode::Internal, "events in order could not be folded");
    };
    count(card_);
    for (Scorecard& other : others_) count(other);
    card_.clock = match.at;
    await_change(match.target, match.at, match.at);
    await_turn(static_cast<std::size_t>(match.target), match.at);
    put(lines, {.at = match.at, .rule = match.target, .points = points(match.target, match.at) - before});
}

// When time turns what the rule gives, after `after`.
void History::await_turn(std::size_t index, Timestamp after) {
    const Rule& rule = definition_.rules[index];
    const RuleState* state = card_.find(index);
    if (rule.tally->pays == nullptr || state == nullptr) return;
    Timestamp at = rule.tally->turns_at(rule, *state);
    if (at > after && at <= until_ && at != kForever)
        instants_.push({.at = at, .turn = Turn::Rule, .rule = static_cast<int>(index)});
}

// Of the lead that has come: of its cards those that reports go on with.
void History::await_quiet(Timestamp after) {
    if (!came_) return;
    expect_quiet(definition_, card_, facts_.attributes.created_at);
    for (Scorecard& other : others_) expect_quiet(definition_, other, facts_.attributes.created_at);
    for (std::size_t rule : definition_.quiet_rules) await_turn(rule, after);
}

// The next time after `after` at which what began then falls at once.
void History::await_change(int rule, Timestamp began, Timestamp after) {
    const Decay& decay = definition_.rules[static_cast<std::size_t>(rule)].decay;
    Timestamp at = kForever;
    if (decay.kind == DecayKind::Window) {
        at = after == began ? add_saturated(began, decay.lifetime()) : kForever;
    } else if (decay.kind == DecayKind::Step) {
        Microseconds age = age_between(began, after);
        if (age >= decay.lifetime()) return;
        at = add_saturated(after, decay.step - age % decay.step);
    }
    if (at <= until_ && at != kForever) instants_.push({.at = at, .turn = Turn::Rule, .rule = rule, .began = began});
}

void History::change(std::vector<HistoryLine>& lines, const Instant& instant) {
    const AdjustmentSpan& span = spans_[instant.index];
    if (span.resets) return reset(lines, instant);
    Adjustment adjustment = {span.points, span.to};
    std::vector<Adjustment>& all = card_.adjustments;
    if (instant.at == span.from) {
        all.insert(std::ranges::upper_bound(all, adjustment), adjustment);
        if (span.to <= until_) instants_.push({.at = span.to, .turn = Turn::Span, .index = instant.index});
        return put(lines, {.step = Step::Adjusted, .at = instant.at, .points = span.points});
    }
    auto place = std::ranges::lower_bound(all, adjustment);
    if (place != all.end() && *place == adjustment) all.erase(place);
    put(lines, {.step = span.cancelled ? Step::Cancelled : Step::Expired, .at = instant.at, .points = -span.points});
}

// Goes on with the card that counts what came after that reset.
void History::count_after(Timestamp reset_at, Timestamp at) {
    if (reset_at == card_.reset_at) return;
    Scorecard next;
    next.reset_at = reset_at;
    auto kept = std::ranges::find(others_, reset_at, &Scorecard::reset_at);
    if (kept != others_.end()) {
        next.rules = std::move(kept->rules);
        others_.erase(kept);
    }
    next.clock = card_.clock;
    next.fit = card_.fit;
    next.adjustments = card_.adjustments;
    others_.push_back(std::exchange(card_, std::move(next)));
    await_quiet(at);
    for (const RuleState& state : card_.rules) await_turn(state.rule, at);
    // What counts no more whatever is cancelled.
    bool for_good = false;
    for (const AdjustmentSpan& span : spans_) for_good |= span.resets && span.from == reset_at && span.to > until_;
    auto is_over = [&](const Scorecard& card) {
        check_stop();
        return for_good || (card.reset_at != kNever && std::ranges::none_of(spans_, [&](const AdjustmentSpan& span) {
                                return span.resets && span.from == card.reset_at && span.to > at;
                            }));
    };
    std::erase_if(others_, is_over);
}

// The latest reset that nobody cancelled is in force.
void History::reset(std::vector<HistoryLine>& lines, const Instant& instant) {
    const AdjustmentSpan& changed = spans_[instant.index];
    Timestamp at = instant.at;
    bool begins = at == changed.from;
    if (begins && changed.to <= until_) instants_.push({.at = changed.to, .turn = Turn::Span, .index = instant.index});
    Timestamp in_force = kNever;
    for (const AdjustmentSpan& span : spans_)
        if (span.resets && span.from <= at && at < span.to) in_force = std::max(in_force, span.from);
    Units before = score_at(definition_, card_, at).engagement;
    count_after(in_force, at);
    Units after = score_at(definition_, card_, at).engagement;
    put(lines, {.step = begins ? Step::Reset : Step::ResetCancelled, .at = at, .points = after - before});
}

void History::pass(std::vector<HistoryLine>& lines, const Instant& instant) {
    if (instant.turn == Turn::TakenBack) return put(lines, {.step = Step::TakenBack, .at = instant.at});
    if (instant.turn == Turn::Span) return change(lines, instant);
    Timestamp at = instant.at;
    await_change(instant.rule, instant.began, at);
    // All that falls of the rule at this instant is one line.
    for (; !instants_.empty() && instants_.top().at == at && instants_.top().turn == Turn::Rule &&
           instants_.top().rule == instant.rule;) {
        Instant same = instants_.top();
        instants_.pop();
        await_change(same.rule, same.began, at);
    }
    Units points = this->points(instant.rule, at) - this->points(instant.rule, at - 1);
    if (points != 0) put(lines, {.step = Step::Decay, .at = at, .rule = instant.rule, .points = points});
}

bool History::next(std::vector<HistoryLine>& lines) {
    lines.clear();
    if (since_ > until_) return false;
    while (lines.size() < kMostLines) {
        check_stop();
        // At one instant: adjustments and time before events, which come in the order of the log.
        Timestamp match = !matches_.empty() ? matches_.front().at : kForever;
        Timestamp instant = !instants_.empty() ? instants_.top().at : kForever;
        Timestamp comes = came_ ? kForever : facts_.came_at;
        Timestamp at = std::min({match, instant, comes});
        if (!opened_ && since_ != kNever && at >= since_ && (finished_ || !matches_.empty())) {
            opened_ = true;
            lines.push_back({.step = Step::Opening, .at = since_, .score = score(since_)});
        }
        if (at > until_ || at == kForever) {
            matches_ = {};
            if (!finished_ || closed_) return !lines.empty();
            closed_ = true;
            lines.push_back({.step = Step::Closing, .at = until_, .score = score(until_)});
            return true;
        }
        // What time does waits until it is known which matches come before.
        if (matches_.empty() && !finished_) return !lines.empty();
        if (at == comes) {
            come(lines, comes);
        } else if (at == instant) {
            Instant first = instants_.top();
            instants_.pop();
            pass(lines, first);
        } else {
            take(lines, matches_.front());
            matches_ = matches_.subspan(1);
        }
    }
    return true;
}

}  // namespace lead_scoring
