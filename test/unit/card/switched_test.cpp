// Rules of frequency and silence: their edges, what their states keep, and leads that came and did nothing.
#include "core/card/tally/tallies.hpp"

#include <gtest/gtest.h>

#include "core/card/fold.hpp"
#include "core/card/score.hpp"
#include "unit/delivery.hpp"
#include "unit/naive_score.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

Match keyed(std::uint64_t key, Timestamp at) {
    Match found = match(0, at, points(10));
    found.key = key;
    return found;
}

Units score_of(const Definition& definition, const Lead& lead, Timestamp at) {
    return score_at(definition, lead.card, at).total;
}

TEST(Frequency, PaysUntilTheIntervalHasPassedItsEarliestMatch) {
    Definition definition = model({Rule{.points = 10, .at_least = 2, .within = kDay}});
    Delivery delivery(definition);
    delivery.deliver({match(0, kStart, points(10))}, kStart);
    EXPECT_EQ(score_of(definition, delivery.lead, kStart), 0);
    delivery.deliver({match(0, kStart + kDay - 1, points(10))}, kStart + kDay - 1);
    EXPECT_EQ(score_of(definition, delivery.lead, kStart + kDay - 1), points(10));
    EXPECT_EQ(score_of(definition, delivery.lead, kStart + kDay), 0);
    delivery.deliver({match(0, kStart + 2 * kDay - 2, points(10))}, kStart + 2 * kDay - 2);
    EXPECT_EQ(score_of(definition, delivery.lead, kStart + 2 * kDay - 2), points(10));
    EXPECT_EQ(delivery.lead.card.rules[0].members.size(), 2u);
}

TEST(Frequency, OfValuesKeepsTheLatestOfEach) {
    Definition definition = model({Rule{.points = 10, .at_least = 2, .within = kDay, .distinct = true}});
    Delivery delivery(definition);
    delivery.deliver({keyed(7, kStart), keyed(7, kStart + 1), keyed(7, kStart + 2)}, kStart + 2);
    EXPECT_EQ(score_of(definition, delivery.lead, kStart + 2), 0);
    delivery.deliver({keyed(5, kStart - kDay), keyed(9, kStart + kDay)}, kStart + kDay);
    EXPECT_EQ(score_of(definition, delivery.lead, kStart + kDay), points(10));
    std::vector<Member> kept = {{7, {kStart + 2, 0}}, {9, {kStart + kDay, 0}}};
    EXPECT_EQ(delivery.lead.card.rules[0].members.all(), kept);
}

TEST(Reached, IsRebuiltWhereItMayHaveBeenEarlier) {
    Definition definition = model({Rule{.points = 10, .at_least = 2, .within = kDay, .keep = true}});
    Delivery delivery(definition);
    EXPECT_TRUE(delivery.deliver({match(0, kStart, points(10))}, kStart));
    EXPECT_TRUE(delivery.deliver({match(0, kStart + 3 * kDay, points(10))}, kStart + 3 * kDay));
    EXPECT_EQ(score_of(definition, delivery.lead, kStart + 3 * kDay), 0);
    EXPECT_FALSE(delivery.deliver({match(0, kStart + kHour, points(10))}, kStart + 3 * kDay));
    EXPECT_EQ(delivery.lead.card.rules[0].since, kStart + kHour);
    EXPECT_TRUE(delivery.lead.card.rules[0].members.empty());
    EXPECT_TRUE(delivery.deliver({match(0, kStart + 2 * kHour, points(10))}, kStart + 4 * kDay));
    EXPECT_EQ(score_of(definition, delivery.lead, kStart + 400 * kDay), points(10));
}

TEST(Quiet, BeginsOneInstantAfterItsLength) {
    Definition definition = model({Rule{.points = -10, .quiet_for = kDay}});
    Delivery delivery(definition);
    EXPECT_EQ(score_of(definition, delivery.lead, kStart + 100 * kDay), 0);
    delivery.deliver({match(0, kStart, points(-10))}, kStart);
    EXPECT_EQ(score_of(definition, delivery.lead, kStart + kDay), 0);
    EXPECT_EQ(score_of(definition, delivery.lead, kStart + kDay + 1), points(-10));
    delivery.deliver({match(0, kStart + 2 * kDay, points(-10))}, kStart + 2 * kDay);
    EXPECT_EQ(score_of(definition, delivery.lead, kStart + 3 * kDay), 0);
}

// The lead came, and nothing happened: it moves by time alone.
TEST(Quiet, CountsFromWhenTheLeadCame) {
    Definition definition =
        model({Rule{.points = 10, .quiet_for = kDay}}, {Stage{.name = "cold", .min_score = points(5)}});
    Lead lead = new_lead(definition);
    std::vector<Transition> moves;
    ASSERT_TRUE(set_attributes(definition, lead, {.created_at = kStart}, kStart, moves));
    EXPECT_TRUE(moves.empty());
    EXPECT_EQ(lead.due_at, kStart + kDay + 1);
    ASSERT_TRUE(refresh(definition, lead, kStart + 3 * kDay, moves));
    ASSERT_EQ(moves.size(), 1u);
    EXPECT_EQ(moves[0].at, kStart + kDay + 1);
    EXPECT_EQ(moves[0].cause, Cause::Time);

    Lead again = new_lead(definition);
    std::vector<Transition> same;
    replay(definition, again, {.attributes = {.created_at = kStart}, .came_at = kStart}, {},
           Until::statement(kStart + 3 * kDay), Moves::all(), same);
    ASSERT_TRUE(refresh(definition, again, kStart + 3 * kDay, same));
    ASSERT_EQ(same.size(), 1u);
    EXPECT_EQ(same[0].at, moves[0].at);
    EXPECT_EQ(again.card, lead.card);

    // Its match, even one from before it came, is what counts then; and one that never came counts no more.
    Lead matched = lead;
    ASSERT_TRUE(fold_matches(definition, matched, std::vector{match(0, kStart - kDay, points(10))}, kStart + 3 * kDay,
                             Moves::all(), same));
    EXPECT_EQ(matched.card.rules[0].since, kStart - kDay);
    ASSERT_TRUE(set_attributes(definition, matched, {.created_at = kStart + kDay}, kStart + 4 * kDay, same));
    EXPECT_EQ(matched.card.rules[0].since, kStart - kDay);
    ASSERT_TRUE(set_attributes(definition, lead, {}, kStart + 4 * kDay, same));
    EXPECT_TRUE(lead.card.rules.empty());
}

TEST(Quiet, CountsFromTheResetOfItsLead) {
    Definition definition = model({Rule{.points = 10, .quiet_for = kDay}});
    const Timestamp resets[] = {kStart + 2 * kDay};
    for (Moves moves : {Moves::none(), Moves::all()}) {
        Lead lead = new_lead(definition);
        std::vector<Transition> ignored;
        replay(definition, lead, {.attributes = {.created_at = kStart}, .came_at = kStart, .resets = resets},
               std::vector{match(0, kStart + kDay, points(10))}, Until::statement(kStart + 9 * kDay), moves, ignored);
        EXPECT_EQ(score_of(definition, lead, kStart + 3 * kDay), 0);
        EXPECT_EQ(score_of(definition, lead, kStart + 3 * kDay + 1), points(10));
    }
}

// What is due is written where it comes earlier, or has passed.
TEST(Quiet, LeavesTheDueTimeWhereItIs) {
    Definition definition = model({Rule{.points = 10, .quiet_for = 30 * kDay}, Rule{.points = 1}},
                                  {Stage{.name = "cold", .min_score = points(1000)}});
    Delivery delivery(definition);
    delivery.deliver({match(0, kStart, points(10))}, kStart);
    EXPECT_EQ(delivery.lead.due_at, kStart + 30 * kDay + 1);
    for (int day = 1; day < 29; ++day) {
        delivery.deliver({match(0, kStart + day * kDay, points(10)), match(1, kStart + day * kDay, points(1))},
                         kStart + day * kDay);
        EXPECT_EQ(delivery.lead.due_at, kStart + 30 * kDay + 1);
    }
    delivery.refresh(kStart + 31 * kDay);
    EXPECT_EQ(delivery.lead.due_at, kStart + 58 * kDay + 1);
}

TEST(Switched, PaysAsTheLogSays) {
    for_each_seed(500, [](Choices& choices) {
        RandomModel model = random_model(choices, {.limits = false});
        Delivery delivery(model.definition);
        Timestamp now = kStart;
        for (const auto& batch : random_batches(choices, random_matches(choices, model, kStart, 100, 40))) {
            now += choices.between(0, 20) * kHour;
            delivery.deliver(batch, now);
            std::vector<Match> counted = delivery.log;
            std::erase_if(counted,
                          [&](const Match& match) { return match.at > now + model.definition.future_tolerance; });
            Timestamp at = now + choices.between(0, 80) * kHour;
            NaiveScore expected = naive_score(model.definition, counted, {}, {}, at);
            EXPECT_NEAR(static_cast<double>(score_of(model.definition, delivery.lead, at)),
                        static_cast<double>(expected.total), static_cast<double>(expected.tolerance));
        }
    });
}

}  // namespace
}  // namespace lead_scoring::test
