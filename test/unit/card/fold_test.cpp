#include "core/card/fold.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "unit/delivery.hpp"
#include "unit/naive_score.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

Rule limited(std::size_t count, Decay decay = {}) {
    return {.points = 5, .decay = decay, .limit_count = count, .max_keys = 2};
}

// Folds into an empty card, one after the other. The card must take all of them.
Scorecard folded(const Definition& definition, const std::vector<Match>& matches) {
    Scorecard card;
    for (const Match& match : matches) EXPECT_TRUE(fold(definition, card, match));
    return card;
}

TEST(Fold, AddsUndecayedPoints) {
    Definition definition = model({Rule{.points = 5}});
    Scorecard card = folded(definition, {match(0, kStart, 50000), match(0, kStart + 1, -20000), match(0, kStart, 1)});
    ASSERT_EQ(card.rules.size(), 1u);
    EXPECT_TRUE(card.rules[0].closed_sum == 30001);
    EXPECT_EQ(card.count(0), 3);
    EXPECT_TRUE(card.rules[0].occurrences.empty());
}

TEST(Fold, SumsBeyond64Bits) {
    Definition definition = model({Rule{.points = 5}});
    Units most = std::numeric_limits<Units>::max();
    Scorecard card = folded(definition, {match(0, 1, most), match(0, 2, most), match(0, 3, -most)});
    EXPECT_TRUE(card.rules[0].closed_sum == most);
}

TEST(Fold, KeepsTheLatestOccurrences) {
    Definition definition = model({Rule{.points = 5, .decay = linear(kDay), .max_occurrences = 2}});
    Scorecard card = folded(definition, {match(0, 30, 1), match(0, 10, 2), match(0, 20, 3), match(0, 15, 4)});
    EXPECT_EQ(card.rules[0].occurrences, (Occurrences{{20, 3}, {30, 1}}));
    EXPECT_EQ(card.count(0), 4);
}

TEST(Fold, OfTiedOccurrencesKeepsTheSmallerPoints) {
    Definition definition = model({Rule{.points = 5, .decay = linear(kDay), .max_occurrences = 2}});
    EXPECT_EQ(folded(definition, {match(0, 10, 1), match(0, 10, 3), match(0, 10, 2)}),
              folded(definition, {match(0, 10, 3), match(0, 10, 2), match(0, 10, 1)}));
}

TEST(Fold, CountsTheEarliestOfABucket) {
    Definition definition = model({limited(2)});
    Scorecard card = folded(definition, {match(0, 10, 1), match(0, 20, 2), match(0, 30, 4)});
    EXPECT_EQ(card.count(0), 2);
    EXPECT_EQ(contribution(definition.rules[0], card.rules[0], 30).decayed, 3);
    ASSERT_TRUE(fold(definition, card, match(0, 5, 8)));  // a late one takes the place of the latest
    EXPECT_EQ(contribution(definition.rules[0], card.rules[0], 30).decayed, 9);
    EXPECT_EQ(card.count(0), 2);
}

TEST(Fold, OfTiedOccurrencesCountsTheLargerPoints) {
    Definition definition = model({limited(1)});
    Scorecard card = folded(definition, {match(0, 10, 1), match(0, 10, 3), match(0, 10, 2)});
    EXPECT_EQ(contribution(definition.rules[0], card.rules[0], 10).decayed, 3);
}

TEST(Fold, ClosesABucketWithTheNext) {
    Definition definition = model({limited(1)});
    Scorecard card = folded(definition, {match(0, 10, 1, 0), match(0, 20, 2, 1), match(0, 21, 4, 1)});
    EXPECT_TRUE(card.rules[0].closed_sum == 1);
    EXPECT_EQ(card.rules[0].closed_count, 1);
    EXPECT_EQ(card.rules[0].bucket, 1);
    EXPECT_EQ(card.count(0), 2);
    EXPECT_FALSE(fold(definition, card, match(0, 11, 8, 0))) << "the closed bucket is forgotten";
}

TEST(Fold, LimitsEachKeyByItself) {
    Definition definition = model({limited(1)});
    Scorecard card = folded(definition, {match(0, 10, 1, 0, 7), match(0, 11, 2, 0, 7), match(0, 12, 4, 0, 3)});
    EXPECT_EQ(card.count(0), 2);
    EXPECT_EQ(contribution(definition.rules[0], card.rules[0], 12).decayed, 5);
}

TEST(Fold, CountsTheFirstKeysOfABucket) {
    Definition definition = model({limited(2)});  // of two keys
    Scorecard card = folded(definition, {match(0, 10, 1, 0, 7), match(0, 11, 2, 0, 3), match(0, 12, 4, 0, 5)});
    EXPECT_EQ(card.count(0), 2) << "the third key came too late";
    ASSERT_TRUE(fold(definition, card, match(0, 9, 8, 0, 3))) << "a known key may begin earlier";
    EXPECT_EQ(card.count(0), 3);
    EXPECT_FALSE(fold(definition, card, match(0, 9, 16, 0, 5))) << "a key that should have displaced another";
}

TEST(Fold, TakesNewKeysInANewBucket) {
    Definition definition = model({limited(1)});
    Scorecard card = folded(definition, {match(0, 10, 1, 0, 1), match(0, 11, 1, 0, 2), match(0, 12, 1, 0, 3),
                                         match(0, 20, 1, 1, 3), match(0, 21, 1, 1, 4)});
    EXPECT_EQ(card.count(0), 4);
}

TEST(AdvanceClock, NeverGoesBack) {
    Definition definition = model({});
    Scorecard card;
    advance_clock(definition, card, 10);
    advance_clock(definition, card, 5);
    EXPECT_EQ(card.clock, 10);
}

TEST(AdvanceClock, ForgetsWhatWeighsNothing) {
    Definition definition = model({Rule{.points = 5, .decay = window(100)}});
    Scorecard card = folded(definition, {match(0, 0, 1), match(0, 1, 2)});
    advance_clock(definition, card, 100);
    EXPECT_EQ(card.rules[0].occurrences.size(), 2u);
    advance_clock(definition, card, 101);
    EXPECT_EQ(card.rules[0].occurrences, (Occurrences{{1, 2}}));
    EXPECT_EQ(card.count(0), 2) << "what is forgotten has still counted";
}

TEST(AddPending, KeepsTheEarliestInOrder) {
    Scorecard card;
    for (int i = 0; i < 300; ++i) add_pending(card, match(0, 1000 - i, i));
    EXPECT_EQ(card.pending.size(), Scorecard::kMaxPending);
    EXPECT_TRUE(card.pending_more);
    EXPECT_TRUE(std::is_sorted(card.pending.begin(), card.pending.end()));
    EXPECT_EQ(card.pending.front().at, 701);
    EXPECT_EQ(card.pending.back().at, 956);
}

TEST(AddPending, HasMoreOnlyWhereOneWasLeftOut) {
    Scorecard card;
    for (std::size_t i = 0; i < Scorecard::kMaxPending; ++i) add_pending(card, match(0, 1, 0));
    EXPECT_FALSE(card.pending_more);
}

// The order and the batches in which matches arrive leave no trace in the card; where it had to be rebuilt, neither.
TEST(Fold, OrderOfArrivalLeavesNoTrace) {
    for_each_seed(4000, [](Choices& choices) {
        RandomModel model = random_model(choices, {.stages = choices.one_in(2)});
        model.definition.future_tolerance = choices.between(0, 3) * kHour;
        Timestamp now = kStart + choices.between(0, 120) * kHour;
        Delivery delivery(model.definition);
        for (const auto& batch : random_batches(choices, random_matches(choices, model, kStart, 100, 30))) {
            delivery.deliver(batch, now);
            EXPECT_EQ(print(delivery.lead.card), print(card_of(model.definition, delivery.log, now)));
            now += choices.between(0, 10) * kHour;
        }
        delivery.refresh(now);
        EXPECT_EQ(bytes_of(delivery.lead.card), bytes_of(card_of(model.definition, delivery.log, now)));
    });
}

TEST(Fold, NeedsNoRebuildWithoutLimits) {
    for_each_seed(500, [](Choices& choices) {
        RandomModel model = random_model(choices, {.limits = false, .switches = false});
        Timestamp now = kStart + choices.between(0, 120) * kHour;
        Delivery delivery(model.definition);
        for (const auto& batch : random_batches(choices, random_matches(choices, model, kStart, 100, 30)))
            EXPECT_TRUE(delivery.deliver(batch, now));
        EXPECT_TRUE(delivery.refresh(now + 200 * kHour));
    });
}

TEST(Fold, NeedsNoRebuildInTimeOrder) {
    for_each_seed(500, [](Choices& choices) {
        RandomModel model = random_model(choices);
        std::vector<Match> matches = random_matches(choices, model, kStart, 100, 30);
        std::sort(matches.begin(), matches.end());
        Delivery delivery(model.definition);
        for (const Match& match : matches) EXPECT_TRUE(delivery.deliver({match}, match.at));
    });
}

TEST(Fold, CountsAsTheLogDoes) {
    for_each_seed(500, [](Choices& choices) {
        RandomModel model = random_model(choices);
        Timestamp end = kStart + 200 * kHour;
        Delivery delivery(model.definition);
        for (const auto& batch : random_batches(choices, random_matches(choices, model, kStart, 100, 60)))
            delivery.deliver(batch, end);
        NaiveScore expected = naive_score(model.definition, delivery.log, {}, {}, end);
        for (std::size_t i = 0; i < expected.counts.size(); ++i)
            EXPECT_EQ(times_matched(model.definition, delivery.lead.card, i, end), expected.counts[i])
                << model.definition.rules[i].name;
    });
}

}  // namespace
}  // namespace lead_scoring::test
