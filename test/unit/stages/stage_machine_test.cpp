#include "core/stages/stage_machine.hpp"

#include <gtest/gtest.h>

#include "unit/machine.hpp"

namespace lead_scoring::test {
namespace {

TEST(StageMachine, EntersTheHighestStageWhoseConditionsHold) {
    Machine lead(model(page_and_visit(), {mql(), sql()}));
    lead.add(kPage, kStart, points(49.9999));
    EXPECT_EQ(lead.path(), "");
    lead.add(kPage, kStart + 1, 1);
    EXPECT_EQ(lead.path(), "mql");
    Machine other(model(page_and_visit(), {mql(), sql()}));
    other.add(kPage, kStart, points(80));
    EXPECT_EQ(other.path(), "sql") << "skipping";
}

TEST(StageMachine, RecordsTheMove) {
    Definition definition = model(page_and_visit(), {mql()});
    definition.engagement_bands = {{"2", 0}, {"1", points(55)}};
    Machine lead(definition);
    lead.add(kPage, kStart, points(60));
    ASSERT_EQ(lead.transitions.size(), 1u);
    const Transition& transition = lead.last();
    EXPECT_EQ(transition.from, kLead);
    EXPECT_EQ(transition.to, 1);
    EXPECT_EQ(transition.at, kStart);
    EXPECT_EQ(transition.seq, 1);
    EXPECT_EQ(transition.features.score, (Score{points(60), 0, points(60)}));
    EXPECT_EQ(transition.features.grade, (Grade{.engagement = 1}));
    EXPECT_EQ(transition.cause, Cause::Event);
    EXPECT_EQ(transition.rule, kPage);
    EXPECT_EQ(lead.state.since, kStart);
    EXPECT_EQ(lead.state.seq, 1);
}

TEST(StageMachine, WantsAllConditions) {
    Rule industry{.name = "industry", .points = 10, .fit = true};
    Stage stage{.name = "mql", .min_score = points(50), .min_engagement = points(45), .min_fit = points(10)};
    stage.required = {{kPage, 2}, {2, 1}};
    Machine lead(model({page_and_visit()[0], page_and_visit()[1], industry}, {stage}));
    lead.add(kPage, kStart, points(60));
    lead.add(kVisit, kStart, points(60));
    EXPECT_EQ(lead.path(), "") << "no fit, one page";
    lead.card.fit = {2};
    lead.step(kStart + 1, Cause::Attribute);
    EXPECT_EQ(lead.path(), "") << "one page";
    lead.add(kPage, kStart + 2, 0);
    EXPECT_EQ(lead.path(), "mql");
    EXPECT_EQ(lead.last().cause, Cause::Event);
}

TEST(StageMachine, WantsEngagementApartFromFit) {
    Rule industry{.name = "industry", .points = 90, .fit = true};
    Machine lead(model({page_and_visit()[0], industry},
                       {Stage{.name = "mql", .min_score = points(50), .min_engagement = points(20)}}));
    lead.card.fit = {1};
    lead.add(kPage, kStart, points(10));
    EXPECT_EQ(lead.path(), "");
    lead.add(kPage, kStart + 1, points(10));
    EXPECT_EQ(lead.path(), "mql");
}

TEST(StageMachine, WantsOneOfItsGrades) {
    Definition definition = model(page_and_visit(), {Stage{.name = "mql", .grades = {"2"}}});
    definition.engagement_bands = {{"3", 0}, {"2", points(20)}, {"1", points(50)}};
    Machine lead(definition);
    lead.add(kPage, kStart, points(10));
    EXPECT_EQ(lead.path(), "");
    lead.add(kPage, kStart + 1, points(15));
    EXPECT_EQ(lead.path(), "mql");
    Machine better(definition);
    better.add(kPage, kStart, points(60));
    EXPECT_EQ(better.path(), "") << "grade 1 is not on the list";
}

TEST(StageMachine, LeavesStagesWithoutConditionsToEvents) {
    Machine lead(model(page_and_visit(), {Stage{.name = "demo"}}));
    lead.add(kPage, kStart, points(1000));
    EXPECT_EQ(lead.path(), "");
    lead.name(kStart + 1, {1});
    EXPECT_EQ(lead.path(), "demo");
}

// Events that name a stage.

TEST(StageEvent, BypassesThresholds) {
    Machine lead(model(page_and_visit(), {mql(), sql()}));
    lead.name(kStart, {2});
    EXPECT_EQ(lead.path(), "sql");
    EXPECT_EQ(lead.last().cause, Cause::Event);
}

TEST(StageEvent, NeverLeadsToALowerProgressStage) {
    Machine lead(model(page_and_visit(), {mql(), sql(), Stage{.name = "spam", .detour = true}}));
    lead.name(kStart, {2});
    lead.name(kStart + 1, {1});
    lead.name(kStart + 2, {2});
    EXPECT_EQ(lead.path(), "sql");
    lead.name(kStart + 3, {3});
    EXPECT_EQ(lead.path(), "sql spam");
    lead.name(kStart + 4, {1});
    EXPECT_EQ(lead.path(), "sql spam mql") << "from a detour every stage is a way back";
}

TEST(StageEvent, OfOneInstantAreTakenInRankOrder) {
    Machine lead(model(page_and_visit(), {mql(), sql()}));
    lead.name(kStart, {1, 2});
    EXPECT_EQ(lead.path(), "mql sql");
    EXPECT_EQ(lead.transitions[0].at, lead.transitions[1].at);
}

TEST(StageEvent, DoesNotLeadOutOfADetourThatAHandMustEnd) {
    Stage spam{.name = "spam", .detour = true, .exit_by_hand = true};
    Machine lead(model(page_and_visit(), {mql(), spam, Stage{.name = "lost", .detour = true}}));
    lead.name(kStart, {2});
    lead.name(kStart + 1, {1});
    lead.name(kStart + 2, {3});
    lead.add(kPage, kStart + 3, points(90));
    EXPECT_EQ(lead.path(), "spam");
}

TEST(StageEvent, WaitsForTheCooldown) {
    Stage recycled{.name = "recycled", .detour = true, .exit_by_hand = false, .cooldown = kDay};
    Machine lead(model(page_and_visit(), {mql(), recycled}));
    lead.name(kStart, {2});
    lead.name(kStart + 1, {1});
    lead.name(kStart + kDay - 1, {2});
    EXPECT_EQ(lead.path(), "recycled mql");
    lead.name(kStart + kDay, {2});
    EXPECT_EQ(lead.path(), "recycled mql recycled");
}

// Detours.

Definition recycling(bool exit_by_hand, Microseconds cooldown = 0) {
    Stage detour{.name = "recycled", .detour = true, .exit_by_hand = exit_by_hand, .cooldown = cooldown};
    return model(page_and_visit(), {mql(), detour});
}

TEST(Detour, EndsByTheNextEventWhereTheScoreHolds) {
    Machine lead(recycling(false));
    lead.add(kPage, kStart, points(60));
    lead.name(kStart + 1, {2});
    EXPECT_EQ(lead.path(), "mql recycled") << "not at the instant of entry";
    lead.advance(kStart + kDay);
    lead.step(kStart + kDay, Cause::Attribute);
    EXPECT_EQ(lead.path(), "mql recycled") << "by an event only";
    lead.add(kPage, kStart + kDay + 1, 0);
    EXPECT_EQ(lead.path(), "mql recycled mql");
}

TEST(Detour, GoesOnWhereNoStageHolds) {
    Machine lead(recycling(false));
    lead.name(kStart, {2});
    lead.add(kPage, kStart + 1, points(10));
    EXPECT_EQ(lead.path(), "recycled");
}

TEST(Detour, EndsAfterItsCooldown) {
    Machine lead(recycling(false, kDay));
    lead.name(kStart, {2});
    lead.add(kPage, kStart + kDay - 1, points(60));
    EXPECT_EQ(lead.path(), "recycled");
    lead.add(kPage, kStart + kDay, 0);
    EXPECT_EQ(lead.path(), "recycled mql");
}

TEST(Detour, IsNeverEnteredByScore) {
    Definition definition = recycling(false);
    definition.stages[2].min_score = points(10);
    Machine lead(definition);
    lead.add(kPage, kStart, points(20));
    EXPECT_EQ(lead.path(), "");
}

// Service levels and cooldowns.

Definition served() {
    Stage stage = mql();
    stage.within = kDay;
    stage.timeout_stage = 2;
    Stage nurture{.name = "nurture", .detour = true};
    nurture.within = kDay;
    nurture.timeout_stage = 3;
    return model(page_and_visit(), {stage, nurture, Stage{.name = "lost", .detour = true, .exit_by_hand = true}});
}

TEST(ServiceLevel, MovesALeadThatWasNotMovedOn) {
    Machine lead(served());
    lead.add(kPage, kStart, points(60));
    lead.advance(kStart + kDay - 1);
    EXPECT_EQ(lead.path(), "mql");
    lead.advance(kStart + kDay);
    EXPECT_EQ(lead.path(), "mql nurture");
    EXPECT_EQ(lead.last().at, kStart + kDay);
    EXPECT_EQ(lead.last().cause, Cause::Time);
    EXPECT_EQ(lead.last().rule, kNoRule);
}

TEST(ServiceLevel, FollowsServiceLevelEachAtItsOwnInstant) {
    Machine lead(served());
    lead.add(kPage, kStart, points(60));
    lead.advance(kStart + 90 * kDay);
    EXPECT_EQ(lead.path(), "mql nurture lost");
    EXPECT_EQ(lead.last().at, kStart + 2 * kDay);
}

TEST(ServiceLevel, DoesNotMoveALeadThatMovedOn) {
    Machine lead(served());
    lead.add(kPage, kStart, points(60));
    lead.name(kStart + kHour, {3});
    lead.advance(kStart + 90 * kDay);
    EXPECT_EQ(lead.path(), "mql lost");
}

TEST(ServiceLevel, ComesBeforeAnEventOfItsInstant) {
    Machine lead(served());
    lead.add(kPage, kStart, points(60));
    lead.add(kPage, kStart + kDay, points(10));
    EXPECT_EQ(lead.path(), "mql nurture") << "a detour does not end at the instant of entry";
}

// Else it would depend on an unrelated rule, or on when somebody looks, whether the lead rises a microsecond later.
TEST(ServiceLevel, LeadsOnToWhereTheScoreCalls) {
    Stage recycled{.name = "recycled", .detour = true, .within = 30 * kDay, .timeout_stage = kLead};
    Machine lead(model(page_and_visit(), {mql(), recycled}));
    lead.add(kPage, kStart, points(60));
    lead.name(kStart + 1, {2});
    lead.advance(kStart + 31 * kDay);
    EXPECT_EQ(lead.path(), "mql recycled lead mql");
    EXPECT_EQ(lead.last().at, kStart + 1 + 30 * kDay);
    EXPECT_EQ(lead.last().cause, Cause::Time);
}

TEST(Cooldown, OpensAStageByTimeAlone) {
    Stage stage = mql();
    stage.falls_below = points(40);
    stage.cooldown = 3 * kDay;
    Machine lead(model(page_and_visit(), {stage}));
    lead.add(kPage, kStart, points(60));
    lead.add(kPage, kStart + kHour, points(-30));
    lead.add(kPage, kStart + kDay, points(90));
    EXPECT_EQ(lead.path(), "mql lead");
    EXPECT_EQ(lead.next_due(), kStart + 3 * kDay);
    lead.advance(kStart + 9 * kDay);
    EXPECT_EQ(lead.path(), "mql lead mql");
    EXPECT_EQ(lead.last().at, kStart + 3 * kDay) << "counted from the last entry";
}

// Instants.

TEST(StageMachine, EntersNoStageTwiceAtOneInstant) {
    Stage stage = mql();
    stage.falls_below = points(40);
    Machine lead(model(page_and_visit(), {stage}));
    lead.add(kPage, kStart, points(60));
    lead.add(kPage, kStart, points(-60));
    lead.add(kPage, kStart, points(60));
    EXPECT_EQ(lead.path(), "mql lead");
    lead.add(kPage, kStart + 1, 0);
    EXPECT_EQ(lead.path(), "mql lead mql");
}

TEST(StageMachine, NeverMovesBeforeTheLastMove) {
    Machine lead(model(page_and_visit(), {mql(), sql()}));
    lead.add(kPage, kStart, points(60));
    lead.card.rules[0].closed_sum += points(30);
    lead.step(kStart - kDay, Cause::Event);
    EXPECT_EQ(lead.path(), "mql sql");
    EXPECT_EQ(lead.last().at, kStart);
    EXPECT_EQ(lead.last().seq, 2);
}

TEST(StageMachine, RisesWhereNegativePointsDecay) {
    Machine lead(model({page_and_visit()[0], Rule{.name = "bounce", .points = -30, .decay = window(kDay)}}, {mql()}));
    lead.add(1, kStart, points(-30));
    lead.add(kPage, kStart + 1, points(60));
    EXPECT_EQ(lead.next_due(), kStart + kDay + 1);
    lead.advance(kStart + 9 * kDay);
    EXPECT_EQ(lead.path(), "mql");
    EXPECT_EQ(lead.last().at, kStart + kDay + 1);
    EXPECT_EQ(lead.last().cause, Cause::Time);
}

// A score may decay into a grade, too.
TEST(StageMachine, RisesWhereTheGradeComesByDecay) {
    Definition definition = model(page_and_visit(), {Stage{.name = "mql", .grades = {"2"}}});
    definition.engagement_bands = {{"2", points(20)}, {"1", points(50)}};
    definition.complete();
    Machine lead(definition);
    lead.add(kVisit, kStart, points(60));
    lead.add(kPage, kStart, points(20));
    EXPECT_EQ(lead.next_due(), kStart + kDay + 1);
    lead.advance(kStart + 9 * kDay);
    EXPECT_EQ(lead.path(), "mql");
}

TEST(StageMachine, RisesWhereAnAdjustmentExpires) {
    Machine lead(model(page_and_visit(), {mql()}));
    lead.card.adjustments = {{points(-30), kStart + kDay}};
    lead.add(kPage, kStart, points(60));
    EXPECT_EQ(lead.next_due(), kStart + kDay);
    lead.advance(kStart + 9 * kDay);
    EXPECT_EQ(lead.path(), "mql");
    EXPECT_EQ(lead.last().at, kStart + kDay);
}

}  // namespace
}  // namespace lead_scoring::test
