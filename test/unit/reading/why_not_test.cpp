#include "core/reading/why_not.hpp"

#include <gtest/gtest.h>

#include "unit/delivery.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

constexpr int kMql = 1;

Act event(int rule, Units units) { return {.rule = rule, .matches = {match(rule, kNever, units)}}; }

std::vector<Act> acts_of(const Definition& definition) {
    std::vector<Act> acts;
    for (std::size_t i = 0; i < definition.rules.size(); ++i) {
        const Rule& rule = definition.rules[i];
        auto place = static_cast<int>(i);
        acts.push_back(rule.fit ? Act{.rule = place} : event(place, units_of_points(rule.points)));
    }
    for (std::size_t i = 1; i < definition.stages.size(); ++i)
        acts.push_back({.stage = static_cast<int>(i), .matches = {stage_event(static_cast<int>(i), kNever)}});
    return acts;
}

WhyNot ask(const Definition& definition, const Lead& lead, Timestamp at, std::vector<Act> acts,
           std::vector<Doubt> doubts = {}) {
    return why_not(definition, {lead, kMql, at, acts, doubts});
}

// Such as "2 0" for twice the first act, "1 0, 3 1" for more; alternatives are put apart by " or ".
std::string print(const std::vector<Way>& ways) {
    std::string text;
    for (const Way& way : ways) {
        if (!text.empty()) text += " or ";
        std::string steps;
        for (const WayStep& step : way.steps)
            steps += (steps.empty() ? "" : ", ") + std::to_string(step.times) + " " + std::to_string(step.act);
        text += steps.empty() ? "wait" : steps;
    }
    return text;
}

TEST(WhyNot, CountsTheMatchesThatAreMissing) {
    Definition definition = model({Rule{.points = 10}, Rule{.points = 3}}, {Stage{.min_score = points(25)}});
    Lead lead = new_lead(definition);
    WhyNot answer = ask(definition, lead, kStart, {event(0, points(10)), event(1, points(3))});
    EXPECT_EQ(answer.verdict, Verdict::No);
    EXPECT_EQ(print(answer.ways), "3 0 or 9 1");
    EXPECT_EQ(answer.ways[0].before, kForever);
    ASSERT_EQ(answer.conditions.size(), 1u);
    EXPECT_EQ(answer.conditions[0].kind, ConditionKind::Score);
    EXPECT_EQ(print(answer.conditions[0].ways), "3 0 or 9 1");
}

TEST(WhyNot, SaysYesOfALeadThatIsThere) {
    Definition definition = model({Rule{.points = 10}}, {Stage{.min_score = points(25)}, Stage{}});
    for (int stage : {1, 2}) {
        Lead lead = new_lead(definition);
        lead.stage.stage = stage;
        WhyNot answer = ask(definition, lead, kStart, acts_of(definition));
        EXPECT_EQ(answer.verdict, Verdict::Yes);
        EXPECT_TRUE(answer.ways.empty());
        EXPECT_EQ(answer.conditions[0].verdict, Verdict::No);
    }
}

TEST(WhyNot, GoesByLimitsAndCaps) {
    Definition definition =
        model({Rule{.points = 10, .limit_count = 2}, Rule{.points = 4, .bounds = {.max = points(10)}}},
              {Stage{.min_score = points(28)}});
    Lead lead = new_lead(definition);
    EXPECT_EQ(print(ask(definition, lead, kStart, {event(0, points(10)), event(1, points(4))}).ways), "2 0, 2 1");
    // With a key of its own each counts.
    definition.rules[0].limit_count = 1;
    Act keyed = event(0, points(10));
    keyed.matches[0].key = 1;
    EXPECT_EQ(print(ask(definition, lead, kStart, {keyed}).ways), "3 0");
    definition.groups[kEngagement].bounds.max = points(20);
    EXPECT_EQ(print(ask(definition, lead, kStart, {keyed, event(1, points(4))}).ways), "");
}

TEST(WhyNot, CountsWhatElseAnEventMatches) {
    Definition definition = model({Rule{.points = 10}, Rule{.points = -4}}, {Stage{.min_score = points(25)}});
    Act act = event(0, points(10));
    act.matches.push_back(match(1, kNever, points(-4)));
    EXPECT_EQ(print(ask(definition, new_lead(definition), kStart, {act}).ways), "5 0");
}

TEST(WhyNot, TellsWhenDecayUndoesIt) {
    Definition definition = model({Rule{.points = 10, .decay = window(10 * kDay)}}, {Stage{.min_score = points(30)}});
    Lead lead = new_lead(definition);
    std::vector<Transition> none;
    std::vector<Match> one = {match(0, kStart, points(10))};
    ASSERT_TRUE(fold_matches(definition, lead, one, kStart, Moves::all(), none));
    WhyNot answer = ask(definition, lead, kStart + kDay, {event(0, points(10))});
    EXPECT_EQ(print(answer.ways), "2 0");
    EXPECT_FALSE(answer.ways[0].at_one_time);
    EXPECT_EQ(answer.ways[0].before, kStart + 10 * kDay + 1);
    // Two matches with nothing to spare do at one time only.
    definition.rules[0].decay = linear(10 * kDay);
    definition.complete();
    answer = ask(definition, new_lead(definition), kStart, {event(0, points(15))});
    EXPECT_EQ(print(answer.ways), "2 0");
    EXPECT_TRUE(answer.ways[0].at_one_time);
}

TEST(WhyNot, AsksForWhatIsRequired) {
    Definition definition =
        model({Rule{.points = 10}, Rule{.points = 0}, Rule{.points = 5, .fit = true}},
              {Stage{.min_score = points(20), .min_fit = points(5), .required = {{.rule = 1, .count = 2}}}});
    WhyNot answer = ask(definition, new_lead(definition), kStart, {event(0, points(10)), event(1, 0), Act{.rule = 2}});
    EXPECT_EQ(print(answer.ways), "2 1, 1 2, 2 0");
    ASSERT_EQ(answer.conditions.size(), 3u);
    EXPECT_EQ(answer.conditions[1].kind, ConditionKind::Fit);
    EXPECT_EQ(print(answer.conditions[1].ways), "1 2");
    EXPECT_EQ(answer.conditions[2].kind, ConditionKind::Requirement);
    EXPECT_EQ(print(answer.conditions[2].ways), "2 1");
}

TEST(WhyNot, KnowsWhatIsNotKnown) {
    Definition definition = model({Rule{.points = 10}, Rule{.points = 5, .fit = true}, Rule{.points = 9, .fit = true}},
                                  {Stage{.min_fit = points(5)}});
    std::vector<Act> acts = {event(0, points(10)), {.rule = 1}, {.rule = 2}};
    EXPECT_EQ(ask(definition, new_lead(definition), kStart, acts).verdict, Verdict::No);
    EXPECT_EQ(print(ask(definition, new_lead(definition), kStart, acts).ways), "1 2");
    acts[1].unknown = true;
    WhyNot answer = ask(definition, new_lead(definition), kStart, acts);
    EXPECT_EQ(answer.verdict, Verdict::Unknown);
    EXPECT_EQ(answer.conditions[0].verdict, Verdict::Unknown);
    EXPECT_EQ(print(answer.ways), "1 1");
    definition = model({Rule{.points = 10}}, {Stage{.min_score = points(20)}});
    EXPECT_EQ(ask(definition, new_lead(definition), kStart, {event(0, points(10))}, {{0, 1}}).verdict, Verdict::No);
    EXPECT_EQ(ask(definition, new_lead(definition), kStart, {event(0, points(10))}, {{0, 2}}).verdict,
              Verdict::Unknown);
}

TEST(WhyNot, WaitsForWhatIsClosed) {
    Definition definition = model({Rule{.points = 10}}, {Stage{.min_score = points(10), .cooldown = 5 * kDay}});
    Lead lead = new_lead(definition);
    lead.stage.since = kStart;
    lead.stage.last_entry = {kNever, kStart};
    WhyNot answer = ask(definition, lead, kStart + kDay, {event(0, points(10))});
    ASSERT_EQ(print(answer.ways), "1 0");
    EXPECT_EQ(answer.ways[0].from, kStart + 5 * kDay);
    lead.card.rules = {RuleState{.rule = 0, .closed_count = 1, .closed_sum = points(10)}};
    lead.card.clock = kStart;
    answer = ask(definition, lead, kStart + kDay, {event(0, points(10))});
    EXPECT_EQ(print(answer.ways), "wait");
    EXPECT_EQ(answer.ways[0].from, kStart + 5 * kDay);
    EXPECT_EQ(answer.conditions[0].verdict, Verdict::Yes);
    lead.card.left_out = true;
    EXPECT_EQ(print(ask(definition, lead, kStart + kDay, {event(0, points(10))}).ways), "");
}

TEST(WhyNot, LeavesDetoursAsTheyAreLeft) {
    Definition definition =
        model({Rule{.points = 10}}, {Stage{.min_score = points(10)}, Stage{.detour = true, .exit_by_hand = true}});
    Lead lead = new_lead(definition);
    lead.stage.stage = 2;
    lead.stage.since = kStart;
    EXPECT_EQ(print(ask(definition, lead, kStart + kDay, acts_of(definition)).ways), "");
    definition.stages[2].exit_by_hand = false;
    EXPECT_EQ(print(ask(definition, lead, kStart + kDay, {event(0, points(10))}).ways), "1 0");
}

// Match by match, as `model` has events.
Match real(const RandomModel& model, Match match, Timestamp at, std::uint64_t number) {
    match.at = at;
    if (match.kind != MatchKind::Rule) return match;
    const LimitCalendar& calendar = model.calendars[static_cast<std::size_t>(match.target)];
    match.bucket = calendar.bucket_width == 0 ? 0 : floor_divide(at, calendar.bucket_width);
    if (match.key != 0) match.key = (number + 7) * 0xda942042e4dd58b5u;
    return match;
}

TEST(WhyNot, IsRightAboutWhatWouldDo) {
    int ways = 0;
    for_each_seed(300, [&](Choices& choices) {
        RandomModel model = random_model(choices, {.unit = kDay, .stages = true});
        const Definition& definition = model.definition;
        Delivery delivery(definition);
        Timestamp at = kStart + 60 * kDay;
        std::vector<Match> history = random_matches(choices, model, kStart, 59, 20);
        std::sort(history.begin(), history.end());
        delivery.deliver(history, at);
        delivery.set_fit(random_fit(choices, definition), at);
        if (choices.one_in(4))
            delivery.set_adjustments({{points(static_cast<double>(choices.between(-9, 9))), at + 50 * kDay}}, at);
        delivery.refresh(at);

        std::vector<Act> acts = acts_of(definition);
        for (Act& act : acts)
            for (Match& match : act.matches) {
                if (match.kind != MatchKind::Rule) continue;
                std::size_t rule = static_cast<std::size_t>(match.target);
                if (!definition.rules[rule].limited()) continue;
                match.key = model.calendars[rule].keys > 0;
                match.bucket = real(model, match, at, 0).bucket;
            }
        int stage = static_cast<int>(choices.below(definition.stages.size()));
        WhyNot answer = why_not(definition, {delivery.lead, stage, at, acts, {}});
        for (const Way& way : answer.ways) {
            ++ways;
            Delivery then = delivery;
            std::vector<std::size_t> order;
            for (const WayStep& step : way.steps)
                order.insert(order.end(), static_cast<std::size_t>(step.times), step.act);
            Timestamp from = std::max(at, way.from);
            Timestamp end =
                std::min(way.before, from + choices.pick<Microseconds>({kSecond, kHour, 20 * kDay, 500 * kDay}));
            std::vector<Timestamp> times(order.size());
            for (Timestamp& time : times)
                time = from + static_cast<Timestamp>(
                                  choices.below(static_cast<std::uint64_t>(std::max<Timestamp>(end - from, 1))));
            std::sort(times.begin(), times.end());
            if (way.at_one_time) times.assign(times.size(), times.back());
            for (std::size_t i = 0; i < order.size(); ++i) {
                const Act& act = acts[order[i]];
                if (!act.is_event()) {
                    std::vector<std::size_t> fit = then.lead.card.fit;
                    fit.push_back(static_cast<std::size_t>(act.rule));
                    std::sort(fit.begin(), fit.end());
                    then.set_fit(fit, times[i]);
                    continue;
                }
                std::vector<Match> batch;
                for (const Match& match : act.matches) batch.push_back(real(model, match, times[i], i));
                then.deliver(batch, times[i]);
            }
            if (order.empty()) then.refresh(from);
            bool entered = std::any_of(
                then.transitions.begin() + static_cast<std::ptrdiff_t>(delivery.transitions.size()),
                then.transitions.end(), [&](const Transition& move) {
                    const Stage& to = definition.stages[static_cast<std::size_t>(move.to)];
                    return move.to == stage ||
                           (!to.detour && to.rank >= definition.stages[static_cast<std::size_t>(stage)].rank);
                });
            EXPECT_TRUE(entered) << print({way}) << " from " << from - at << " before " << way.before - at
                                 << " last at " << (times.empty() ? 0 : times.back() - at)
                                 << (way.at_one_time ? " at one time" : "");
        }
        if (answer.verdict == Verdict::Yes) return;
        // Where all conditions of a stage ahead hold, something else stands in the way.
        bool holds = std::all_of(answer.conditions.begin(), answer.conditions.end(),
                                 [](const Condition& condition) { return condition.verdict == Verdict::Yes; });
        const Stage& wanted = definition.stages[static_cast<std::size_t>(stage)];
        const Stage& now = definition.stages[static_cast<std::size_t>(delivery.lead.stage.stage)];
        if (wanted.entered_by_score() && holds && !now.detour) {
            EXPECT_GT(stage_opens_at(definition, delivery.lead.stage, stage), at);
        }
    });
    EXPECT_GT(ways, 100);
}

}  // namespace
}  // namespace lead_scoring::test
