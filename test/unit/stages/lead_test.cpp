#include "core/stages/lead.hpp"

#include <gtest/gtest.h>

#include "unit/delivery.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

constexpr int kPage = 0;

Stage mql() { return {.name = "mql", .min_score = points(50)}; }

Definition tolerant(std::vector<Stage> stages = {}) {
    Definition definition = model({Rule{.name = "page", .points = 10}}, std::move(stages));
    definition.future_tolerance = 5 * 60 * kSecond;
    return definition;
}

Units total_after(Delivery& delivery, Timestamp now) {
    EXPECT_TRUE(delivery.refresh(now));
    return delivery.lead.features.score.total;
}

// Events ahead of the clock on the wall.

TEST(FutureEvent, WithinTheToleranceCountsAtOnce) {
    Definition definition = tolerant();
    Delivery delivery(definition);
    ASSERT_TRUE(delivery.deliver({match(kPage, kStart + definition.future_tolerance, points(10))}, kStart));
    EXPECT_EQ(delivery.lead.features.score.total, points(10));
    EXPECT_EQ(delivery.lead.card.clock, kStart + definition.future_tolerance);
    EXPECT_TRUE(delivery.lead.card.pending.empty());
}

TEST(FutureEvent, BeyondTheToleranceIsPendingAndDue) {
    Definition definition = tolerant();
    Delivery delivery(definition);
    Timestamp at = kStart + definition.future_tolerance + 1;
    ASSERT_TRUE(delivery.deliver({match(kPage, at, points(10))}, kStart));
    EXPECT_EQ(delivery.lead.features.score.total, 0);
    EXPECT_EQ(delivery.lead.card.clock, kNever);
    EXPECT_EQ(delivery.lead.card.pending.size(), 1u);
    EXPECT_EQ(delivery.lead.due_at, at);
    EXPECT_EQ(total_after(delivery, kStart), 0);
    EXPECT_EQ(total_after(delivery, kStart + 1), points(10));
    EXPECT_TRUE(delivery.lead.card.pending.empty());
    EXPECT_EQ(delivery.lead.due_at, kForever);
}

TEST(FutureEvent, MovesTheLeadWhenItsTimeComes) {
    Definition definition = tolerant({mql(), Stage{.name = "demo"}});
    Delivery delivery(definition);
    ASSERT_TRUE(delivery.deliver({match(kPage, kStart + kDay, points(60)), stage_event(2, kStart + 2 * kDay)}, kStart));
    EXPECT_TRUE(delivery.transitions.empty());
    EXPECT_TRUE(delivery.refresh(kStart + 3 * kDay));
    ASSERT_EQ(delivery.transitions.size(), 2u);
    EXPECT_EQ(delivery.transitions[0].at, kStart + kDay);
    EXPECT_EQ(delivery.transitions[0].to, 1);
    EXPECT_EQ(delivery.transitions[1].at, kStart + 2 * kDay);
    EXPECT_EQ(delivery.transitions[1].to, 2);
}

TEST(FutureEvent, IsFoldedBeforeANewerOne) {
    Definition definition = tolerant({mql()});
    Delivery delivery(definition);
    ASSERT_TRUE(delivery.deliver({match(kPage, kStart + kDay, points(60))}, kStart));
    ASSERT_TRUE(delivery.deliver({match(kPage, kStart + 2 * kDay, points(10))}, kStart + 2 * kDay));
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].at, kStart + kDay);
    EXPECT_EQ(delivery.lead.features.score.total, points(70));
}

TEST(FutureEvent, BeyondWhatACardKeepsIsTakenFromTheLog) {
    Definition definition = tolerant();
    Delivery delivery(definition);
    auto all = static_cast<Timestamp>(Scorecard::kMaxPending) + 50;
    std::vector<Match> matches;
    for (Timestamp i = 0; i < all; ++i) matches.push_back(match(kPage, kStart + kDay + i * kHour, points(1)));
    ASSERT_TRUE(delivery.deliver(matches, kStart));
    EXPECT_TRUE(delivery.lead.card.pending_more);
    EXPECT_TRUE(delivery.refresh(kStart)) << "none is due yet";
    EXPECT_FALSE(delivery.refresh(kStart + kDay + 10 * kHour)) << "the card cannot tell which follow";
    EXPECT_EQ(delivery.lead.features.score.total, points(11));
    EXPECT_TRUE(delivery.lead.card.pending_more);
    EXPECT_FALSE(delivery.refresh(kStart + kDay + (all - 10) * kHour));
    EXPECT_FALSE(delivery.lead.card.pending_more);
    EXPECT_TRUE(delivery.refresh(kStart + kDay + all * kHour));
    EXPECT_EQ(delivery.lead.features.score.total, all * points(1));
}

// Events that come late.

TEST(LateEvent, MovesTheLeadAtItsClock) {
    Definition definition = tolerant({mql()});
    Delivery delivery(definition);
    delivery.deliver({match(kPage, kStart + kDay, points(30))}, kStart + kDay);
    delivery.deliver({match(kPage, kStart, points(30))}, kStart + 2 * kDay);
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].at, kStart + kDay);
    EXPECT_EQ(delivery.transitions[0].cause, Cause::Event);
    EXPECT_EQ(delivery.lead.card.clock, kStart + kDay);
}

TEST(LateEvent, MayNameAStage) {
    Definition definition = tolerant({mql(), Stage{.name = "demo"}});
    Delivery delivery(definition);
    delivery.deliver({match(kPage, kStart + kDay, points(60))}, kStart + kDay);
    delivery.deliver({stage_event(2, kStart)}, kStart + 2 * kDay);
    ASSERT_EQ(delivery.transitions.size(), 2u);
    EXPECT_EQ(delivery.transitions[1].to, 2);
    EXPECT_EQ(delivery.transitions[1].at, kStart + kDay);
}

TEST(LateEvent, MayEnterAStageAfterARebuild) {
    Definition definition = tolerant({mql(), Stage{.name = "demo"}});
    Delivery delivery(definition);
    delivery.deliver({match(kPage, kStart, points(10))}, kStart);
    enter_by_event(definition, delivery.lead, 2, kStart, kStart + kDay, delivery.transitions);
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].to, 2);
    EXPECT_EQ(delivery.transitions[0].at, kStart);
    EXPECT_EQ(delivery.transitions[0].cause, Cause::Event);
}

// Rebuilding.

TEST(Moves, NoneLeavesTheStageAlone) {
    Definition definition = tolerant({mql()});
    Lead lead = new_lead(definition);
    std::vector<Transition> transitions;
    std::vector<Match> matches = {match(kPage, kStart, points(60)), stage_event(1, kStart + 1)};
    ASSERT_TRUE(fold_matches(definition, lead, matches, kStart + kDay, Moves::none(), transitions));
    EXPECT_TRUE(transitions.empty());
    EXPECT_EQ(lead.features.score.total, points(60));
    EXPECT_EQ(lead.stage.stage, kLead);
}

TEST(Moves, AfterAnInstantAreMadeAsEverFurther) {
    Definition definition = tolerant({mql(), Stage{.name = "demo"}, Stage{.name = "won"}});
    Lead lead = new_lead(definition);
    std::vector<Transition> transitions;
    std::vector<Match> matches = {stage_event(2, kStart), match(kPage, kStart + kDay, points(60)),
                                  stage_event(3, kStart + 2 * kDay)};
    ASSERT_TRUE(fold_matches(definition, lead, matches, kStart + 3 * kDay, Moves{kStart}, transitions));
    ASSERT_EQ(transitions.size(), 2u);
    EXPECT_EQ(transitions[0].to, 1);
    EXPECT_EQ(transitions[0].at, kStart + kDay);
    EXPECT_EQ(transitions[1].to, 3);
}

TEST(Folding, TakesMatchesInPortionsOfAnySize) {
    for_each_seed(300, [](Choices& choices) {
        RandomModel model = random_model(choices, {.unit = kHour, .stages = true});
        const Definition& definition = model.definition;
        std::vector<Match> matches = random_matches(choices, model, kStart, 100, 60);
        Timestamp now = kStart + choices.between(0, 120) * kHour;
        Delivery at_once(definition);
        Delivery before(definition);
        std::vector<Match> known(matches.begin(), matches.begin() + choices.between(0, std::ssize(matches)));
        at_once.deliver(known, now);
        before.deliver(known, now);
        Lead portioned = before.lead;
        std::vector<Transition> transitions = before.transitions;
        std::vector<Match> others(matches.begin() + static_cast<std::ptrdiff_t>(known.size()), matches.end());
        std::sort(others.begin(), others.end());
        now += choices.between(0, 20) * kHour;

        bool exact = fold_matches(definition, at_once.lead, others, now, Moves::all(), at_once.transitions);
        Folding folding(definition, portioned, now, Moves::all(), transitions);
        bool also_exact = true;
        for (std::span<const Match> rest(others); also_exact && !rest.empty();) {
            auto portion = static_cast<std::size_t>(choices.between(1, static_cast<std::int64_t>(rest.size())));
            also_exact = folding.add(rest.first(portion));
            rest = rest.subspan(portion);
        }
        also_exact = also_exact && folding.finish();
        ASSERT_EQ(exact, also_exact);
        if (!exact) return;
        EXPECT_EQ(bytes_of(portioned.card), bytes_of(at_once.lead.card));
        EXPECT_EQ(portioned.due_at, at_once.lead.due_at);
        EXPECT_EQ(portioned.stage.stage, at_once.lead.stage.stage);
        ASSERT_EQ(transitions.size(), at_once.transitions.size());
        for (std::size_t i = 0; i < transitions.size(); ++i) EXPECT_EQ(transitions[i].at, at_once.transitions[i].at);
    });
}

TEST(Transition, NamesTheRuleWithTheMostPointsOfItsInstant) {
    Definition definition = model({Rule{.points = 10}, Rule{.points = 40}, Rule{.points = -5}}, {mql()});
    Delivery delivery(definition);
    delivery.deliver({match(0, kStart, points(30)), match(1, kStart, points(40)), match(2, kStart, points(-5))},
                     kStart);
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].rule, 1);
}

// The row.

TEST(Lead, HasTheScoreAndGradeOfNow) {
    Definition definition = model({Rule{.points = 10, .decay = linear(10 * kDay)}});
    definition.engagement_bands = {{"2", 0}, {"1", points(8)}};
    Delivery delivery(definition);
    delivery.deliver({match(0, kStart, points(10))}, kStart);
    EXPECT_EQ(delivery.lead.features.score.total, points(10));
    EXPECT_EQ(delivery.lead.features.grade, Grade{.engagement = 1});
    delivery.deliver({}, kStart + 5 * kDay);
    EXPECT_EQ(delivery.lead.features.score.total, points(5));
    EXPECT_EQ(delivery.lead.features.grade, Grade{.engagement = 0});
}

TEST(Lead, IsNeverSeenEarlierThanBefore) {
    Definition definition = tolerant();
    Delivery delivery(definition);
    delivery.deliver({match(kPage, kStart, points(10))}, kStart + kDay);
    EXPECT_EQ(delivery.lead.seen_at, kStart + kDay);
    delivery.deliver({match(kPage, kStart + kHour, points(10))}, kStart);
    EXPECT_EQ(delivery.lead.seen_at, kStart + kDay);
    EXPECT_EQ(delivery.lead.features.score.total, points(20)) << "what has counted once is not future again";
}

// The due time is a lower bound, whatever event comes.

TEST(DueAt, ComesEarlierWhereAnEventArmsTheFall) {
    Stage stage{.name = "mql", .falls_below = points(30), .within = 90 * kDay, .timeout_stage = 2};
    Definition definition =
        model({Rule{.points = 40, .decay = window(kDay)}}, {stage, Stage{.name = "lost", .detour = true}});
    Delivery delivery(definition);
    delivery.deliver({stage_event(1, kStart)}, kStart);
    EXPECT_EQ(delivery.lead.due_at, kStart + 90 * kDay);
    delivery.deliver({match(0, kStart + kDay, points(40))}, kStart + kDay);
    EXPECT_TRUE(delivery.lead.stage.armed);
    EXPECT_LE(delivery.lead.due_at, kStart + 2 * kDay + 1);
}

TEST(DueAt, ComesEarlierWhereAnExpiryWillLiftTheLead) {
    Stage stage{.name = "nurtured", .within = 90 * kDay, .timeout_stage = 3};
    Definition definition = model({Rule{.points = 10}}, {stage, mql(), Stage{.name = "lost", .detour = true}});
    Delivery delivery(definition);
    delivery.lead.card.adjustments = {{points(-30), kStart + 5 * kDay}};
    delivery.deliver({stage_event(1, kStart)}, kStart);
    EXPECT_LE(delivery.lead.due_at, kStart + 90 * kDay);
    delivery.deliver({match(kPage, kStart + kDay, points(60))}, kStart + kDay);
    EXPECT_LE(delivery.lead.due_at, kStart + 5 * kDay);
}

TEST(DueAt, MovesOnOnceItHasPassed) {
    Definition definition = tolerant();
    Delivery delivery(definition);
    delivery.deliver({match(kPage, kStart + kDay, points(10))}, kStart);
    EXPECT_EQ(delivery.lead.due_at, kStart + kDay);
    delivery.deliver({match(kPage, kStart + 2 * kDay, points(10))}, kStart + 2 * kDay);
    EXPECT_EQ(delivery.lead.due_at, kForever);
}

TEST(DueAt, ComesEarlierWhereALesserOccurrenceReplacesALargerOne) {
    Stage stage = mql();
    stage.falls_below = points(40);
    Definition definition = model({Rule{.points = 40, .decay = linear(10 * kDay), .max_occurrences = 1},
                                   Rule{.points = 60, .decay = window(9 * kDay)}},
                                  {stage});
    Delivery delivery(definition);
    delivery.deliver({match(0, kStart, points(100)), match(1, kStart, points(30))}, kStart);
    delivery.deliver({match(0, kStart + kDay, points(20))}, kStart + kDay);
    Timestamp due = delivery.lead.due_at;
    ASSERT_TRUE(delivery.refresh(kStart + 90 * kDay));
    ASSERT_EQ(delivery.transitions.size(), 2u);
    EXPECT_LE(due, delivery.transitions[1].at);
}

// Attributes, adjustments.

TEST(SetFit, MovesTheLeadNow) {
    Definition definition = model({Rule{.points = 60, .fit = true}}, {mql()});
    Delivery delivery(definition);
    delivery.set_fit({0}, kStart);
    EXPECT_EQ(delivery.lead.features.score, (Score{0, points(60), points(60)}));
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].at, kStart);
    EXPECT_EQ(delivery.transitions[0].cause, Cause::Attribute);
}

TEST(SetFit, ComesAfterWhatTimeDidBefore) {
    Stage stage = mql();
    stage.falls_below = points(40);
    Definition definition =
        model({Rule{.points = 60, .decay = window(kDay)}, Rule{.points = 60, .fit = true}}, {stage});
    Delivery delivery(definition);
    delivery.deliver({match(0, kStart, points(60))}, kStart);
    delivery.set_fit({1}, kStart + 5 * kDay);
    ASSERT_EQ(delivery.transitions.size(), 3u);
    EXPECT_EQ(delivery.transitions[1].at, kStart + kDay + 1);
    EXPECT_EQ(delivery.transitions[1].cause, Cause::Time);
    EXPECT_EQ(delivery.transitions[2].at, kStart + 5 * kDay);
}

TEST(SetFit, ComesAfterEventsThatWerePending) {
    Definition definition = tolerant({mql()});
    Delivery delivery(definition);
    delivery.deliver({match(kPage, kStart + kDay, points(60))}, kStart);
    delivery.set_fit({}, kStart + 2 * kDay);
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].at, kStart + kDay);
    EXPECT_EQ(delivery.lead.features.score.total, points(60));
}

// What is known only now must not move the lead in the past.
TEST(SetFit, DoesNotReachBack) {
    Stage stage = mql();
    stage.cooldown = kDay;  // so that time alone may lift a lead
    Definition definition =
        model({Rule{.points = 40, .decay = linear(10 * kDay)}, Rule{.points = 20, .fit = true}}, {stage});
    Delivery delivery(definition);
    delivery.deliver({match(0, kStart, points(40))}, kStart);
    // 40 + 20 would have been enough at once; by now 20 + 20 are not.
    delivery.set_fit({1}, kStart + 5 * kDay);
    EXPECT_TRUE(delivery.refresh(kStart + 6 * kDay));
    EXPECT_TRUE(delivery.transitions.empty());
    EXPECT_EQ(delivery.lead.due_at, kForever);
}

// One that is left out is scored and enters no stage; when it counts again, it goes to where its score belongs by then.
TEST(LeaveOut, HoldsTheLeadWhereItIs) {
    Stage stage = mql();
    stage.within = kDay;
    stage.timeout_stage = 2;
    Definition definition = model({Rule{.points = 30}}, {stage, Stage{.name = "recycled", .detour = true}});
    Delivery delivery(definition);
    delivery.deliver({match(0, kStart, points(30))}, kStart);
    delivery.leave_out(true, kStart + kHour);
    delivery.deliver({match(0, kStart + kDay, points(30)), stage_event(2, kStart + kDay)}, kStart + kDay);
    delivery.set_stage(1, kStart + kDay);
    EXPECT_TRUE(delivery.transitions.empty());
    EXPECT_EQ(delivery.lead.features.score.total, points(60));
    EXPECT_EQ(delivery.lead.due_at, kForever);
    delivery.leave_out(false, kStart + 5 * kDay);
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].at, kStart + 5 * kDay);
    EXPECT_EQ(delivery.transitions[0].cause, Cause::Attribute);
    // Nor does time move it.
    delivery.leave_out(true, kStart + 5 * kDay + kHour);
    EXPECT_TRUE(delivery.refresh(kStart + 9 * kDay));
    EXPECT_EQ(delivery.transitions.size(), 1u);
    delivery.leave_out(false, kStart + 9 * kDay);
    EXPECT_EQ(delivery.lead.due_at, kStart + 9 * kDay + 1);
}

TEST(SetAdjustments, MovesTheLeadNow) {
    Definition definition = tolerant({mql()});
    Delivery delivery(definition);
    delivery.deliver({match(kPage, kStart, points(30))}, kStart);
    delivery.set_adjustments({{points(20), kForever}}, kStart + kDay);
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].at, kStart + kDay);
    EXPECT_EQ(delivery.transitions[0].cause, Cause::Manual);
    EXPECT_EQ(delivery.lead.features.score, (Score{points(30), 0, points(50)}));
}

TEST(SetAdjustments, DoesNotReachBack) {
    Stage stage = mql();
    stage.cooldown = kDay;
    Definition definition = model({Rule{.points = 40, .decay = linear(10 * kDay)}}, {stage});
    Delivery delivery(definition);
    delivery.deliver({match(0, kStart, points(40))}, kStart);
    delivery.set_adjustments({{points(20), kForever}}, kStart + 5 * kDay);
    EXPECT_TRUE(delivery.refresh(kStart + 6 * kDay));
    EXPECT_TRUE(delivery.transitions.empty());
}

TEST(SetAdjustments, ExpireWithoutAnyEvent) {
    Definition definition = model({Rule{.points = 60, .fit = true}}, {mql()});
    Delivery delivery(definition);
    delivery.set_adjustments({{points(-30), kStart + kDay}}, kStart);
    delivery.set_fit({0}, kStart);
    EXPECT_TRUE(delivery.transitions.empty());
    EXPECT_LE(delivery.lead.due_at, kStart + kDay);
    EXPECT_TRUE(delivery.refresh(kStart + 2 * kDay));
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].at, kStart + kDay);
    EXPECT_EQ(delivery.transitions[0].cause, Cause::Time);
}

TEST(SetStage, MovesTheLeadWhateverItsScore) {
    Definition definition = tolerant({mql(), Stage{.name = "spam", .detour = true, .exit_by_hand = true}});
    Delivery delivery(definition);
    delivery.deliver({match(kPage, kStart, points(60))}, kStart);
    delivery.set_stage(2, kStart + kHour);
    delivery.set_stage(2, kStart + 2 * kHour);
    delivery.set_stage(1, kStart + 3 * kHour);
    ASSERT_EQ(delivery.transitions.size(), 3u) << "a lead that is there already does not move";
    EXPECT_EQ(delivery.transitions[1].to, 2);
    EXPECT_EQ(delivery.transitions[1].at, kStart + kHour);
    EXPECT_EQ(delivery.transitions[1].cause, Cause::Manual);
    EXPECT_EQ(delivery.transitions[1].features.score.total, points(60));
    EXPECT_EQ(delivery.transitions[2].to, 1) << "a hand leads out of every detour";
}

TEST(SetStage, ComesAfterWhatTimeDidBefore) {
    Stage stage = mql();
    stage.falls_below = points(40);
    Definition definition =
        model({Rule{.points = 60, .decay = window(kDay)}}, {stage, Stage{.name = "spam", .detour = true}});
    Delivery delivery(definition);
    delivery.deliver({match(0, kStart, points(60))}, kStart);
    delivery.set_stage(2, kStart + 5 * kDay);
    ASSERT_EQ(delivery.transitions.size(), 3u);
    EXPECT_EQ(delivery.transitions[1].to, kLead);
    EXPECT_EQ(delivery.transitions[1].at, kStart + kDay + 1);
    EXPECT_EQ(delivery.transitions[2].at, kStart + 5 * kDay);
}

TEST(Evaluate, RecordsTheCauseItIsTold) {
    Definition definition = tolerant({mql()});
    Delivery delivery(definition);
    delivery.lead.card = card_of(definition, {match(kPage, kStart, points(60))}, kStart);
    evaluate(definition, delivery.lead, kStart + kDay, Cause::Publish, delivery.transitions);
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].cause, Cause::Publish);
    EXPECT_EQ(delivery.transitions[0].at, kStart + kDay);
    EXPECT_EQ(delivery.lead.seen_at, kStart + kDay);
}

TEST(EvaluateAtClock, TakesTheScoreOfTheLatestEvent) {
    Definition definition = model({Rule{.points = 60, .decay = window(kDay)}}, {mql()});
    Delivery delivery(definition);
    delivery.lead.card = card_of(definition, {match(0, kStart, points(60))}, kStart);
    evaluate_at_clock(definition, delivery.lead, kStart + 9 * kDay, delivery.transitions);
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].at, kStart);
    EXPECT_EQ(delivery.lead.features.score.total, 0) << "as of now";
}

TEST(EvaluateAtClock, OfALeadWithoutEventsChangesNothing) {
    Definition definition = tolerant({mql()});
    Delivery delivery(definition);
    evaluate_at_clock(definition, delivery.lead, kStart, delivery.transitions);
    EXPECT_TRUE(delivery.transitions.empty());
    EXPECT_EQ(delivery.lead.seen_at, kStart);
}

TEST(Identify, MovesNowWheneverTheEventsWere) {
    Definition definition = tolerant({mql(), Stage{.name = "demo"}});
    Delivery delivery(definition);
    delivery.lead.card = card_of(definition, {match(kPage, kStart, points(60))}, kStart);
    identify(definition, delivery.lead, {}, kStart + kDay, delivery.transitions);
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].to, 1);
    EXPECT_EQ(delivery.transitions[0].cause, Cause::Identity);
    EXPECT_EQ(delivery.transitions[0].at, kStart + kDay);
    EXPECT_EQ(delivery.lead.seen_at, kStart + kDay);
}

TEST(Identify, EntersStagesThatEventsNamed) {
    Definition definition = tolerant({mql(), Stage{.name = "demo"}});
    Delivery delivery(definition);
    delivery.lead.card = card_of(definition, {match(kPage, kStart, points(10))}, kStart);
    const int named[] = {2};
    identify(definition, delivery.lead, named, kStart + kDay, delivery.transitions);
    ASSERT_EQ(delivery.transitions.size(), 1u);
    EXPECT_EQ(delivery.transitions[0].to, 2);
    EXPECT_EQ(delivery.transitions[0].cause, Cause::Identity);
    EXPECT_EQ(delivery.transitions[0].at, kStart + kDay);
}

TEST(LeaveRemovedStage, GoesOnFromTheFirstStage) {
    Definition definition = tolerant({mql()});
    Delivery delivery(definition);
    delivery.deliver({match(kPage, kStart, points(60))}, kStart);
    ASSERT_EQ(delivery.lead.stage.stage, 1);
    leave_removed_stage(definition, delivery.lead, {.total = points(99)}, kStart - kDay, delivery.transitions);
    ASSERT_EQ(delivery.transitions.size(), 2u);
    EXPECT_EQ(delivery.transitions[1].from, kNoStage);
    EXPECT_EQ(delivery.transitions[1].to, kLead);
    EXPECT_EQ(delivery.transitions[1].seq, 2);
    EXPECT_EQ(delivery.transitions[1].at, kStart) << "never before the last move";
    EXPECT_EQ(delivery.transitions[1].cause, Cause::Publish);
    EXPECT_EQ(delivery.transitions[1].features.score.total, points(99)) << "of the version before";
    EXPECT_EQ(delivery.lead.stage.stage, kLead);
}

}  // namespace
}  // namespace lead_scoring::test
