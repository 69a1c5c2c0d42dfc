// Thresholds are asked of a range of scores, so that one set of conditions serves both: with the range of one instant
// the answer is exact, with the range of an interval it is 'possibly'. The next crossing is found by halving the
// interval wherever a change is possible: no solving by kind of decay, and correct for mixed signs, steps and bounds.
// How often it is halved is bounded, for data may keep a score at a threshold for years, to within rounding: a search
// for the next due time is then given up, and one that moves the lead goes on in coarser steps.

#include "core/stages/stage_machine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/stop.hpp"

namespace lead_scoring {

namespace {

// Bounds a chain of service levels that lead into each other.
constexpr int kMovesPerAdvance = 100000;

ScoreRange exactly(const Score& score, Timestamp at) {
    return {at, at, {score.engagement, score.engagement}, score.fit, {score.total, score.total}};
}

// What the score lacks for the thresholds; 0 or less where they hold. Events do not change fit.
template <class Way>
WideUnits missing(const Way& way, const Score& score) {
    if (!way.entered_by_score() || (way.min_fit && score.fit < *way.min_fit)) return std::numeric_limits<Units>::max();
    WideUnits missing = 0;
    if (way.min_score) missing = std::max(missing, WideUnits{*way.min_score} - score.total);
    if (way.min_engagement) missing = std::max(missing, WideUnits{*way.min_engagement} - score.engagement);
    return missing;
}

bool at_least(Units points, const std::optional<Units>& threshold) { return !threshold || points >= *threshold; }

}  // namespace

bool StageMachine::time_matters() const {
    if (card_.left_out) return false;
    const Stage& stage = current();
    if (stage.has_service_level() || stage.falls_below || definition_.rises_by_itself) return true;
    if (std::ranges::any_of(state_.barred, &Bar::by_score)) return true;
    return std::any_of(card_.adjustments.begin(), card_.adjustments.end(),
                       [](const Adjustment& adjustment) { return adjustment.expires_at != kForever; });
}

// When time alone may next lift the lead, by rules of which it is known when they rise.
Timestamp StageMachine::rises_after(Timestamp from) const {
    if (!definition_.has_rising || card_.left_out || current().detour) return kForever;
    bool matters = current().falls_below.has_value();
    for (const Stage& higher : definition_.stages) matters |= higher.rank > current().rank && higher.entered_by_score();
    return matters ? rises_at(definition_, card_, from) : kForever;
}

// A lead without events and moves is as it came until a rule of silence says otherwise.
Timestamp StageMachine::evaluated_to() const {
    Timestamp at = std::max(card_.clock, state_.since);
    if (at != kNever || definition_.quiet_rules.empty() || card_.rules.empty()) return at;
    return std::ranges::min_element(card_.rules, {}, &RuleState::since)->since;
}

Timestamp StageMachine::last_entry(int index) const {
    auto i = static_cast<std::size_t>(index);
    return i < state_.last_entry.size() ? state_.last_entry[i] : kNever;
}

Timestamp StageMachine::opens_at(int index) const {
    Timestamp entry = last_entry(index);
    return entry == kNever ? kNever : add_saturated(entry, stage(index).cooldown);
}

Timestamp StageMachine::timeout_at() const {
    if (!current().has_service_level() || state_.since == kNever) return kForever;
    Timestamp at = current().within ? add_saturated(state_.since, *current().within) : working_timeout();
    return bars_time(state_.barred, current().timeout_stage, at) ? kForever : at;
}

// At best, or for sure, within the times of the range: time changes the count at most once there.
bool StageMachine::has_matched(const Requirement& requirement, const ScoreRange& range, bool at_best) const {
    auto holds_at = [&](Timestamp at) {
        return times_matched(definition_, card_, requirement.rule, std::max(at, card_.clock)) >= requirement.count;
    };
    bool first = holds_at(range.from);
    if (range.from == range.to) return first;
    bool last = holds_at(range.to);
    return at_best ? first || last : first && last;
}

// It is asked for at every look of a search.
Timestamp StageMachine::working_timeout() const {
    if (timeout_.stage != state_.stage || timeout_.since != state_.since)
        timeout_ = {state_.stage, state_.since,
                    definition_.working_time.after(state_.since, *current().working_within)};
    return timeout_.at;
}

// At the ends of a range its conditions are easiest or hardest to meet, but for grades, which any of it may be in.
template <class Way>
bool StageMachine::meets(const Way& way, Units total, Units engagement, Units fit, const ScoreRange& range,
                         bool at_best) const {
    return at_least(total, way.min_score) && at_least(engagement, way.min_engagement) && at_least(fit, way.min_fit) &&
           std::ranges::all_of(
               way.required, [&](const Requirement& requirement) { return has_matched(requirement, range, at_best); });
}

// Whether one of the grades that the range may be in qualifies, or one does not.
template <class Way>
bool StageMachine::has_grade(const Way& way, const ScoreRange& range, bool qualifies) const {
    Grade low = definition_.grade(range.fit, range.engagement.low);
    Grade high = definition_.grade(range.fit, range.engagement.high);
    for (Grade grade = low; grade.engagement <= high.engagement; ++grade.engagement) {
        bool listed =
            definition_.has_grade(grade) && std::ranges::find(way.grades, definition_.label(grade)) != way.grades.end();
        if (listed == qualifies) return true;
    }
    return false;
}

template <class Way>
bool StageMachine::may_hold(const Way& way, const ScoreRange& range) const {
    return way.entered_by_score() && meets(way, range.total.high, range.engagement.high, range.fit, range, true) &&
           (way.grades.empty() || has_grade(way, range, true));
}

template <class Way>
bool StageMachine::must_hold(const Way& way, const ScoreRange& range) const {
    return way.entered_by_score() && meets(way, range.total.low, range.engagement.low, range.fit, range, false) &&
           (way.grades.empty() || !has_grade(way, range, false));
}

bool StageMachine::may_qualify(const Stage& stage, const ScoreRange& range) const {
    return may_hold(stage, range) || std::ranges::any_of(definition_.entries_of(stage), [&](const StageEntry& entry) {
               return may_hold(entry, range);
           });
}

// False of an interval, too, in which one way holds after the other.
bool StageMachine::must_qualify(const Stage& stage, const ScoreRange& range) const {
    return must_hold(stage, range) || std::ranges::any_of(definition_.entries_of(stage), [&](const StageEntry& entry) {
               return must_hold(entry, range);
           });
}

// The entry that lets into a stage for which an instant qualifies; none where the stage's own conditions do.
int StageMachine::way_into(const Stage& stage, const ScoreRange& range) const {
    if (stage.entries_from == stage.entries_to || may_hold(stage, range)) return kNoEntry;
    for (std::size_t i = stage.entries_from; i < stage.entries_to; ++i)
        if (may_hold(definition_.entries[i], range)) return static_cast<int>(i);
    return kNoEntry;
}

bool StageMachine::may_rise_to(int index, const ScoreRange& range, Timestamp at) const {
    const Stage& target = stage(index);
    return opens_at(index) <= at && !bars_score(state_.barred, index) && may_qualify(target, range);
}

bool StageMachine::may_change(const ScoreRange& range, Timestamp to) const {
    if (timeout_at() <= to) return true;
    for (const Bar& bar : state_.barred)
        if (bar.by_score && !must_qualify(stage(bar.stage), range)) return true;
    const Stage& now = current();
    if (now.detour) return false;
    bool may_fall = now.falls_below && state_.stage != definition_.first_stage;
    if (may_fall && (state_.armed ? range.total.low < *now.falls_below : range.total.high >= *now.falls_below))
        return true;
    for (int i = 0; i < static_cast<int>(definition_.stages.size()); ++i)
        if (stage(i).rank > now.rank && may_rise_to(i, range, to)) return true;
    return false;
}

int StageMachine::fall_target(const ScoreRange& range) const {
    for (int i = static_cast<int>(definition_.stages.size()) - 1; i >= 0; --i) {
        const Stage& lower = stage(i);
        if (lower.detour || lower.rank >= current().rank || bars_score(state_.barred, i)) continue;
        bool stays = lower.falls_below && range.total.low >= *lower.falls_below;
        if (stays || may_qualify(lower, range)) return i;
    }
    return definition_.first_stage;
}

// The stage that the score of this instant calls for, or kNoStage to stay.
int StageMachine::next_stage(const ScoreRange& range, Timestamp at, Cause cause) const {
    const Stage& now = current();
    if (now.detour) {
        bool free = !now.exit_by_hand && cause == Cause::Event && at > state_.since &&
                    at >= add_saturated(state_.since, now.cooldown);
        if (!free) return kNoStage;
    }
    for (int i = static_cast<int>(definition_.stages.size()) - 1; i >= 0; --i)
        if ((now.detour || stage(i).rank > now.rank) && may_rise_to(i, range, at)) return i;
    if (now.detour || !now.falls_below || !state_.armed || range.total.low >= *now.falls_below) return kNoStage;
    int target = fall_target(range);
    return target == state_.stage ? kNoStage : target;
}

bool StageMachine::may_enter_by_event(int target, Timestamp at) const {
    if (target == state_.stage || opens_at(target) > at || bars_event(state_.barred, target, at)) return false;
    if (current().detour && current().exit_by_hand) return false;
    return stage(target).detour || current().detour || stage(target).rank > current().rank;
}

void StageMachine::arm(const ScoreRange& range) {
    const Stage& now = current();
    if (now.falls_below && range.total.high >= *now.falls_below) state_.armed = true;
}

// What score no longer bars, and events never did, is barred no more.
void StageMachine::lift_bars(const ScoreRange& range) {
    for (Bar& bar : state_.barred)
        if (bar.by_score && !must_qualify(stage(bar.stage), range)) bar.by_score = false;
    std::erase_if(state_.barred, [](const Bar& bar) { return !bar.by_score && bar.since == kNever; });
}

void StageMachine::lift_bars(Timestamp at) { lift_bars(exactly(score_at(definition_, card_, at), at)); }

void StageMachine::enter(int target, Timestamp at, const ScoreRange& range, Cause cause, int rule, int entry) {
    Transition transition;
    transition.from = state_.stage;
    transition.to = target;
    transition.at = at;
    transition.seq = ++state_.seq;
    transition.features = features(definition_, Score{range.engagement.low, range.fit, range.total.low});
    if (definition_.keeps_latest) transition.profile = profile(definition_, card_, at);
    transition.cause = cause;
    transition.entry = entry;
    transition.rule = rule;
    transitions_.push_back(transition);

    state_.stage = target;
    state_.since = at;
    state_.armed = false;
    std::erase_if(state_.barred, [=](const Bar& bar) { return bar.stage == target; });
    state_.last_entry.resize(definition_.stages.size(), kNever);
    state_.last_entry[static_cast<std::size_t>(target)] = at;
}

// An event of p points lifts a score by p at the most: bounds never widen a difference, and what decays shrinks. It is
// more where something negative shrinks or ends, or silence tells (rises_by_itself, rises, turns_on, adjustments), and
// by a unit that each rule is rounded by, then and now; beyond 2^48 units doubles are not that exact.
Units StageMachine::spare(const Score& score) const {
    constexpr Units kExact = Units{1} << 48;
    const Stage& now = current();
    if (definition_.rises_by_itself || !card_.adjustments.empty() || !state_.barred.empty()) return 0;
    if (now.detour || now.falls_below) return 0;
    for (const RuleState& state : card_.rules) {
        const Rule& known = definition_.rules[state.rule];
        if (known.rises || known.tally->turns_on) return 0;
        bool exact = known.tally->constant ||
                     static_cast<double>(state.count()) * std::fabs(known.points) * kUnitsPerPoint < kExact;
        if (!exact) return 0;
    }
    WideUnits least = kExact;
    for (const Stage& higher : definition_.stages) {
        if (higher.rank <= now.rank) continue;
        least = std::min(least, missing(higher, score));
        for (const StageEntry& entry : definition_.entries_of(higher)) least = std::min(least, missing(entry, score));
    }
    return saturate(least - 2 * static_cast<WideUnits>(definition_.rules.size()));
}

// Stage by stage as they rise, and of one stage its own event before its entries.
void StageMachine::enter_doors(std::span<const int> doors, Timestamp at, const ScoreRange& range, Cause cause,
                               int rule) {
    int entered_before = state_.since == at ? state_.stage : kNoStage;
    auto enter_once = [&](int door) {
        int target = definition_.stage_of_door(door);
        if (!may_enter_by_event(target, at) || target == entered_before || last_entry(target) == at) return;
        enter(target, at, range, cause, rule, definition_.entry_of_door(door));
    };
    if (definition_.entries.empty() || doors.size() < 2) {
        for (int door : doors) enter_once(door);
        return;
    }
    std::vector<int> sorted(doors.begin(), doors.end());
    std::ranges::sort(sorted, {}, [&](int door) { return std::pair(definition_.stage_of_door(door), door); });
    for (int door : sorted) enter_once(door);
}

void StageMachine::step(Timestamp at, Cause cause, int rule, std::span<const int> doors) {
    if (card_.left_out || (cause == Cause::Event && doors.empty() && spare_ > 0)) return;
    at = std::max(at, state_.since);
    Score score = score_at(definition_, card_, at);
    ScoreRange range = exactly(score, at);
    lift_bars(range);
    int entered_before = state_.since == at ? state_.stage : kNoStage;
    auto enter_once = [&](int target) {  // no stage is entered twice at one instant
        if (target == entered_before || last_entry(target) == at) return false;
        bool falls = !current().detour && stage(target).rank < current().rank;
        enter(target, at, range, cause, rule, falls ? kNoEntry : way_into(stage(target), range));
        return true;
    };
    enter_doors(doors, at, range, cause, rule);
    arm(range);
    for (int target = next_stage(range, at, cause); target != kNoStage && enter_once(target);
         target = next_stage(range, at, cause))
        arm(range);
    arm(range);
    spare_ = spare(score);
}

// What a search has found, and what it may still spend. It spends a look an interval, at which the card is evaluated
// twice or, where that leaves it open, four times; cards of many rules are looked at less often.
struct StageMachine::Search {
    static constexpr int kMostLooks = 20000;
    static constexpr int kLeastLooks = 1000;  // one crossing takes some 130
    static constexpr std::size_t kRuleLooks = 320000;

    explicit Search(const Scorecard& card)
        : looks(
              static_cast<int>(std::clamp<std::size_t>(kRuleLooks / (card.rules.size() + 1), kLeastLooks, kMostLooks))),
          left(looks) {}

    int looks;
    int left;
    bool gives_up = false;   // rather than going on in coarser steps
    Timestamp end = kNever;  // of the interval searched
    Microseconds grain = 1;  // what is shorter is looked at as of its end only
    Due found;
};

bool StageMachine::may_change_within(Timestamp from, Timestamp to) const {
    if (!may_change(score_range(definition_, card_, from, to), to)) return false;
    return from == to || !definition_.has_opposites || may_change(netted_range(definition_, card_, from, to), to);
}

// The first instant of the interval at which something changes, if it does so at its end and from some instant on.
Timestamp StageMachine::first_change(Timestamp from, Timestamp to) const {
    while (from < to) {
        Timestamp half = from + (to - from) / 2;
        if (may_change_within(half, half))
            to = half;
        else
            from = half + 1;
    }
    return to;
}

bool StageMachine::find_change(Timestamp from, Timestamp to, Search& search) const {
    check_stop();
    if (--search.left < 0 && search.grain == 1) {
        if (search.gives_up) {
            search.found = {from, false};
            return true;
        }
        search.grain = age_between(from, search.end) / search.looks + 1;
    }
    if (!may_change_within(from, to)) return false;
    Microseconds length = age_between(from, to);
    if (length < search.grain) {
        if (length > 0 && !may_change_within(to, to)) return false;
        search.found = {first_change(from, to), true};
        return true;
    }
    Timestamp half = from + length / 2;
    return find_change(from, half, search) || find_change(half + 1, to, search);
}

void StageMachine::advance(Timestamp to, Timestamp unchanged_to) {
    Timestamp from = std::max(evaluated_to(), unchanged_to);
    if (from == kNever || from >= to) return;
    Search search(card_);
    search.end = to;
    for (int moves = 0; moves < kMovesPerAdvance && from < to && (time_matters() || rises_after(from) <= to); ++moves) {
        if (!find_change(from + 1, to, search)) return;
        search.left = std::min(search.left + Search::kLeastLooks, search.looks);
        from = search.found.at;
        if (timeout_at() <= from)
            enter(current().timeout_stage, from, exactly(score_at(definition_, card_, from), from), Cause::Time,
                  kNoRule);
        step(from, Cause::Time);
    }
}

void StageMachine::enter_by_hand(int stage, Timestamp at, int hand) {
    if (card_.left_out) return;
    at = std::max(at, state_.since);
    ScoreRange range = exactly(score_at(definition_, card_, at), at);
    enter(stage, at, range, Cause::Manual, kNoRule);
    transitions_.back().hand = hand;
    arm(range);
}

Due StageMachine::next_due(Timestamp unchanged_to) const {
    Timestamp from = std::max(evaluated_to(), unchanged_to);
    if (from == kNever || from >= kForever - 1) return {};
    Timestamp rises = rises_after(from);
    if (!time_matters()) return {rises};
    Timestamp to = std::max(settles_at(definition_, card_), from + 1);  // a stage may be closed for an instant only
    if (timeout_at() != kForever) to = std::max(to, timeout_at());
    for (int i = 0; i < static_cast<int>(definition_.stages.size()); ++i) to = std::max(to, opens_at(i));
    Search search(card_);
    search.gives_up = true;
    search.end = std::min({to, kForever - 1, rises});
    if (from < search.end && find_change(from + 1, search.end, search)) return search.found;
    return {rises};
}

}  // namespace lead_scoring
