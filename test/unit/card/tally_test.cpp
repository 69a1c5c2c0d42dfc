// What all kinds of rules promise, one that is made for this test included.
#include "core/card/tally/tallies.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "core/reading/explain.hpp"
#include "unit/card/tally/latest.hpp"
#include "unit/delivery.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

std::vector<const Tally*> all_kinds() {
    std::vector<const Tally*> kinds = {&kTally<Latest>};
    kinds.insert(kinds.end(), std::begin(kTallies), std::end(kTallies));
    return kinds;
}

RandomModel random_model_of_all_kinds(Choices& choices) {
    RandomModel model = random_model(choices, {.stages = true});
    for (Rule& rule : model.definition.rules)
        if (choices.one_in(3) && !rule.fit) rule.max_occurrences = 1;
    model.definition.complete(all_kinds());
    return model;
}

Delivery delivered(Choices& choices, const RandomModel& model, Timestamp& now) {
    Delivery delivery(model.definition);
    for (const auto& batch : random_batches(choices, random_matches(choices, model, kStart, 60, 30))) {
        now += choices.between(0, 10) * kHour;
        delivery.deliver(batch, now);
    }
    return delivery;
}

TEST(Tally, IsTheFirstKindThatTakesTheRule) {
    Definition definition = model({Rule{}, Rule{.decay = exponential(kDay)}, Rule{.decay = linear(kDay)},
                                   Rule{.limit_count = 1}, Rule{.decay = window(kDay), .limit_count = 1}});
    const Tally* expected[] = {&kTally<Sum>, &kTally<Decaying>, &kTally<Kept>, &kTally<Limited<Sum>>,
                               &kTally<Limited<Kept>>};
    for (std::size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(definition.rules[i].tally, expected[i]);
    EXPECT_THROW(definition.complete(std::span<const Tally* const>()), Error);
}

TEST(Tally, OfAnotherKindFoldsScoresAndExplains) {
    Definition definition = model({Rule{.points = 5, .varying = true, .max_occurrences = 1}, Rule{.points = 1}},
                                  {Stage{.name = "mql", .min_score = points(9)}});
    definition.complete(all_kinds());
    ASSERT_EQ(definition.rules[0].tally, &kTally<Latest>);
    Delivery delivery(definition);
    delivery.deliver({match(0, kStart + kDay, points(8)), match(1, kStart, points(1))}, kStart + kDay);
    EXPECT_EQ(delivery.lead.features.score.total, points(9));
    ASSERT_EQ(delivery.transitions.size(), 1u);
    delivery.deliver({match(0, kStart, points(30))}, kStart + 2 * kDay);
    EXPECT_EQ(delivery.lead.features.score.total, points(9));
    delivery.deliver({match(0, kStart + 2 * kDay, points(3))}, kStart + 2 * kDay);
    EXPECT_EQ(delivery.lead.features.score.total, points(4));
    EXPECT_EQ(parse(print(delivery.lead.card)), delivery.lead.card);

    Explanation explanation(definition, {}, kStart + 3 * kDay);
    std::sort(delivery.log.begin(), delivery.log.end());
    explanation.add(delivery.log);
    std::vector<ExplainLine> lines = explanation.lines();
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0].raw, points(3));
    EXPECT_EQ(lines[0].times, 1);
    EXPECT_EQ(lines[0].last_at, kStart + 2 * kDay);
}

TEST(Tally, OfAllKindsIsTheSameInAnyOrder) {
    for_each_seed(300, [](Choices& choices) {
        RandomModel model = random_model_of_all_kinds(choices);
        Timestamp now = kStart;
        Delivery delivery = delivered(choices, model, now);
        Lead lead = new_lead(model.definition);
        std::vector<Transition> ignored;
        std::sort(delivery.log.begin(), delivery.log.end());
        replay(model.definition, lead, {}, delivery.log, Until::statement(now), Moves::none(), ignored);
        EXPECT_EQ(print(lead.card), print(delivery.lead.card));
    });
}

TEST(Tally, KeepsItsPromises) {
    for_each_seed(300, [](Choices& choices) {
        RandomModel model = random_model_of_all_kinds(choices);
        Timestamp now = kStart;
        Scorecard card = delivered(choices, model, now).lead.card;
        for (const RuleState& state : card.rules) {
            const Rule& rule = model.definition.rules[state.rule];
            const Tally& tally = *rule.tally;
            Timestamp at = card.clock + choices.between(0, 100) * kHour;
            Timestamp later = at + choices.between(0, 100) * kHour;
            Units points = tally.points(rule, state, at);
            if (tally.constant) {
                EXPECT_EQ(points, tally.points(rule, state, later));
                EXPECT_EQ(tally.lifetime(rule), 0);
                continue;
            }
            if (tally.pays != nullptr) {
                bool pays = tally.pays(rule, state, at);
                Timestamp turns = tally.turns_at(rule, state);
                EXPECT_EQ(points, pays ? units_of_points(rule.points) : 0);
                EXPECT_EQ(tally.pays(rule, state, later) != pays, at < turns && turns <= later);
                EXPECT_TRUE(turns == kForever || turns <= add_saturated(card.clock, tally.lifetime(rule)));
                continue;
            }
            SignedSum first = tally.split(rule, state, at);
            SignedSum last = tally.split(rule, state, later);
            EXPECT_EQ(points, round_to_units(first.total()));
            EXPECT_LE(last.positive, first.positive * (1 + 1e-12));
            EXPECT_GE(last.negative, first.negative * (1 + 1e-12));
            EXPECT_EQ(tally.points(rule, state, add_saturated(card.clock, tally.lifetime(rule))), 0);
            if (tally.halves) {
                double half = tally.split(rule, state, at + rule.decay.half_life).total();
                EXPECT_NEAR(2 * half, first.total(), 1e-9 * (first.positive - first.negative));
            }
            Rule full = rule;
            full.decay = tally.full_decay;
            EXPECT_TRUE(tally.full == rule.tally || tally.full->takes(full));
            EXPECT_EQ(tally.full->full, tally.full);
        }
    });
}

}  // namespace
}  // namespace lead_scoring::test
