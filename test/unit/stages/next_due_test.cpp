// When time alone moves a lead: nothing changes before the due time, and at it something does.
#include <gtest/gtest.h>

#include "unit/delivery.hpp"
#include "unit/machine.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"
#include "unit/stop_signal.hpp"

namespace lead_scoring::test {
namespace {

Stage falling_mql() { return {.name = "mql", .min_score = points(50), .falls_below = points(30)}; }

// Expects the one move to come at `due` and not a microsecond before.
void expect_move_at(Machine lead, Timestamp due) {
    EXPECT_EQ(lead.next_due(), due);
    std::string before = lead.path();
    lead.advance(due - 1);
    EXPECT_EQ(lead.path(), before);
    EXPECT_EQ(lead.next_due(), due);
    lead.advance(due);
    EXPECT_NE(lead.path(), before);
    EXPECT_EQ(lead.last().at, due);
}

Machine lead_with(Rule rule, double value) {
    Machine lead(model({std::move(rule)}, {falling_mql()}));
    lead.add(0, kStart, points(value));
    return lead;
}

TEST(NextDue, IsTheCrossingOfAnExponential) {
    Machine lead = lead_with(Rule{.points = 60, .decay = exponential(kDay)}, 60);
    EXPECT_NEAR(static_cast<double>(lead.next_due() - kStart), static_cast<double>(kDay), 10.0 * kSecond);
    expect_move_at(lead, lead.next_due());
    Units at_due = score_at(lead.definition, lead.card, lead.next_due()).total;
    EXPECT_EQ(at_due, points(30) - 1) << "the first score that is below";
}

TEST(NextDue, IsTheCrossingOfALine) {
    Machine lead = lead_with(Rule{.points = 60, .decay = linear(60 * kDay)}, 60);
    // 30 points less half a unit, which still rounds to 30.
    expect_move_at(lead, kStart + 30 * kDay + kDay / 10000 / 2 + 1);
}

TEST(NextDue, IsTheStepThatCrosses) {
    expect_move_at(lead_with(Rule{.points = 60, .decay = steps(7 * kDay, 0.2)}, 60), kStart + 3 * 7 * kDay);
}

TEST(NextDue, IsTheEndOfAWindow) {
    expect_move_at(lead_with(Rule{.points = 60, .decay = window(kDay)}, 60), kStart + kDay + 1);
}

TEST(NextDue, IsTheExpiryOfAnAdjustment) {
    Machine lead(model({Rule{.points = 10}}, {falling_mql()}));
    lead.card.adjustments = {{points(50), kStart + kDay}};
    lead.add(0, kStart, points(10));
    expect_move_at(lead, kStart + kDay);
}

TEST(NextDue, IsTheEndOfAServiceLevel) {
    Stage stage{.name = "mql", .min_score = points(50), .within = kDay, .timeout_stage = 2};
    Machine lead(model({Rule{.points = 10}}, {stage, Stage{.name = "lost", .detour = true}}));
    lead.add(0, kStart, points(60));
    expect_move_at(lead, kStart + kDay);
}

TEST(NextDue, IsTheLaterOfCooldownAndCrossing) {
    Stage stage = falling_mql();
    stage.cooldown = 5 * kDay;
    Machine lead(model({Rule{.points = 10}, Rule{.points = -40, .decay = window(kDay)}}, {stage}));
    lead.add(0, kStart, points(60));
    lead.add(1, kStart + kHour, points(-40));
    EXPECT_EQ(lead.path(), "mql lead");
    expect_move_at(lead, kStart + 5 * kDay);
    lead.add(1, kStart + 5 * kDay - kHour, points(-40));
    expect_move_at(lead, kStart + 6 * kDay - kHour + 1);
}

TEST(NextDue, IsNeverWhereTimeChangesNothing) {
    Machine quiet(model({Rule{.points = 10}}, {Stage{.name = "mql", .min_score = points(50)}}));
    EXPECT_EQ(quiet.next_due(), kForever) << "nothing happened yet";
    quiet.add(0, kStart, points(60));
    EXPECT_EQ(quiet.next_due(), kForever);
    Machine steady(model({Rule{.points = 10}}, {falling_mql()}));
    steady.add(0, kStart, points(60));
    EXPECT_EQ(steady.next_due(), kForever) << "undecayed points never fall";
    steady.advance(kForever - 1);
    EXPECT_EQ(steady.path(), "mql");
}

TEST(NextDue, IsFoundAcrossVeryLongTimes) {
    Machine lead = lead_with(Rule{.points = 60, .decay = exponential(1000000 * kDay)}, 60);
    expect_move_at(lead, lead.next_due());
    Machine slower = lead_with(Rule{.points = 60, .decay = window(kForever / 2)}, 60);
    expect_move_at(slower, kStart + kForever / 2 + 1);
}

// Opposite points of one decay cancel for ever: the score stays at the threshold, and the search must not give up.
TEST(NextDue, IsFoundBehindScoresThatStayAtTheThreshold) {
    Stage stage = falling_mql();
    stage.falls_below = points(50);
    stage.within = 60 * kDay;
    stage.timeout_stage = 2;
    Machine lead(model({Rule{.points = 50}, Rule{.points = 1, .decay = exponential(7 * kDay)},
                        Rule{.points = -1, .decay = exponential(7 * kDay)}},
                       {stage, Stage{.name = "lost", .detour = true}}));
    lead.add(0, kStart, points(50));
    lead.add(1, kStart + 1, points(1));
    lead.add(2, kStart + 1, points(-1));
    ASSERT_EQ(lead.path(), "mql");
    EXPECT_LE(lead.next_due(), kStart + 60 * kDay);
    lead.advance(kStart + 70 * kDay);
    EXPECT_EQ(lead.path(), "mql lost");
    EXPECT_EQ(lead.last().at, kStart + 60 * kDay);
}

// Two rules of opposite points, of one half-life or of two that are nearly one, and what else there is.
Machine tied_lead(double amount, Microseconds difference, std::vector<Rule> others, Units threshold) {
    std::vector<Rule> rules = {Rule{.points = 1, .varying = true, .decay = exponential(7 * kDay)},
                               Rule{.points = -1, .varying = true, .decay = exponential(7 * kDay + difference)}};
    rules.insert(rules.end(), others.begin(), others.end());
    Machine lead(model(rules, {Stage{.name = "mql", .min_score = threshold}}));
    lead.add(0, kStart, points(amount));
    lead.add(1, kStart, -points(amount));
    lead.transitions.clear();
    lead.state = StageState{.stage = kLead};
    return lead;
}

TEST(NextDue, IsFoundAtOnceWhereOppositePointsDecayAlike) {
    for (double amount : {1.0, 1e9, 1e10}) {
        Machine lead = tied_lead(amount, 0, {}, points(50));
        Looks looks;
        EXPECT_EQ(lead.next_due(), kForever);
        lead.advance(kStart + 60 * kDay);
        EXPECT_EQ(lead.path(), "");
        EXPECT_LT(looks.count(), 200) << amount;
    }
}

// What cannot be told cheaply has a budget. Then the due time is a bound, and what is not over in a moment is found.
TEST(NextDue, HasABudget) {
    Machine tied = tied_lead(1000, 1, {}, 1);
    Looks looks;
    EXPECT_LT(tied.next_due(), kForever);
    EXPECT_LT(looks.count(), 30000);
    tied.advance(kStart + 60 * kDay);
    EXPECT_LT(looks.count(), 200000);

    Rule malus{.points = -60, .decay = window(50 * kDay)};
    Machine lead = tied_lead(1e9, 10, {Rule{.points = 60}, malus}, points(50));
    lead.add(3, kStart, points(-60));
    lead.add(2, kStart, points(60));
    ASSERT_EQ(lead.path(), "");
    lead.advance(kStart + 60 * kDay);
    EXPECT_EQ(lead.path(), "mql");
    EXPECT_EQ(lead.last().at, kStart + 50 * kDay + 1);
}

// However long nobody looked: a thousand service levels later the lead is where it would have been.
TEST(NextDue, IsFollowedByAnyNumberOfMoves) {
    Stage one{.name = "one", .detour = true, .within = kHour, .timeout_stage = 2};
    Stage two{.name = "two", .detour = true, .within = kHour, .timeout_stage = 1};
    Machine lead(model({}, {one, two}));
    lead.name(kStart, {1});
    lead.advance(kStart + 3000 * kHour);
    EXPECT_EQ(lead.transitions.size(), 3001u);
    EXPECT_EQ(lead.last().at, kStart + 3000 * kHour);
}

// As of `at`, time alone moves the lead or arms its fall.
bool changes_at(const Definition& definition, const Lead& lead, Timestamp at) {
    if (at > kForever - 2) return false;
    StageState state = lead.stage;
    std::vector<Transition> transitions;
    const Stage& stage = definition.stages[static_cast<std::size_t>(state.stage)];
    if (stage.within && state.since != kNever && at >= add_saturated(state.since, *stage.within)) return true;
    if (stage.working_within && state.since != kNever &&
        at >= definition.working_time.after(state.since, *stage.working_within))
        return true;
    StageMachine(definition, lead.card, state, transitions).step(at, Cause::Time);
    return !transitions.empty() || state.armed != lead.stage.armed;
}

TEST(NextDue, IsTheFirstInstantThatChangesAnything) {
    for_each_seed(5000, [](Choices& choices) {
        RandomModel model = random_model(choices, {.stages = true});
        const Definition& definition = model.definition;
        Delivery delivery(definition);
        Lead& lead = delivery.lead;
        lead.card.fit = random_fit(choices, definition);
        lead.card.adjustments = {{points(-3), kStart + 80 * kHour}, {points(2), kStart + 150 * kHour}};
        std::vector<Match> matches = random_matches(choices, model, kStart, 100, 20);
        std::sort(matches.begin(), matches.end());
        for (const Match& match : matches) delivery.deliver({match}, match.at);

        Timestamp from = std::max(lead.card.clock, lead.stage.since);
        Timestamp due = StageMachine(definition, lead.card, lead.stage, delivery.transitions).next_due().at;
        ASSERT_GT(due, from);
        EXPECT_LE(lead.due_at, due) << "the bound that is stored";
        Timestamp known = std::min(due, from + 400 * kHour);
        for (int i = 0; i < 200; ++i) {
            Timestamp at = i < 50 ? from + 1 + i : choices.between(from + 1, known);
            if (at < due) {
                EXPECT_FALSE(changes_at(definition, lead, at)) << "at " << at << ", due " << due;
            }
        }
        if (due == kForever) return;
        for (Timestamp before = std::max(from + 1, due - 5); before < due; ++before)
            EXPECT_FALSE(changes_at(definition, lead, before)) << due - before << " before it is due";
        if (due == rises_at(definition, lead.card, due - 1)) return;  // a rule may lift the lead then, or may not
        EXPECT_TRUE(changes_at(definition, lead, due)) << "due " << due;
    });
}

}  // namespace
}  // namespace lead_scoring::test
