#include "core/card/score.hpp"

#include <gtest/gtest.h>

#include "unit/delivery.hpp"
#include "unit/naive_score.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

constexpr Units kMost = std::numeric_limits<Units>::max();
constexpr Units kLeast = std::numeric_limits<Units>::min();

// The score of engagement as of `at`, after matches of rule 0 with 10 points each.
Units engagement_of(const Definition& definition, const std::vector<Timestamp>& times, Timestamp at) {
    std::vector<Match> matches;
    for (Timestamp time : times) matches.push_back(match(0, time, points(10)));
    return score_at(definition, card_of(definition, matches, kStart + 1000 * kDay), at).engagement;
}

TEST(Score, OfAnEmptyCardIsZero) { EXPECT_EQ(score_at(model({Rule{.points = 5}}), {}, kStart), Score{}); }

TEST(Score, SumsGroupsByTheirKind) {
    Definition definition = model({Rule{.points = 5}, Rule{.points = 7, .fit = true}});
    Scorecard card = card_of(definition, {match(0, kStart, points(5)), match(0, kStart, points(5))}, kStart);
    card.fit = {1};
    EXPECT_EQ(score_at(definition, card, kStart), (Score{points(10), points(7), points(17)}));
}

TEST(Score, DecaysByTheKindOfItsRule) {
    auto of = [](Decay decay) { return model({Rule{.points = 10, .decay = decay}}); };
    EXPECT_EQ(engagement_of(of({}), {kStart}, kStart + 100 * kDay), points(10));
    EXPECT_EQ(engagement_of(of(exponential(kDay)), {kStart}, kStart + 2 * kDay), points(2.5));
    EXPECT_EQ(engagement_of(of(linear(10 * kDay)), {kStart}, kStart + 3 * kDay), points(7));
    EXPECT_EQ(engagement_of(of(steps(kDay, 0.25)), {kStart}, kStart + 3 * kDay - 1), points(5));
    EXPECT_EQ(engagement_of(of(window(kDay)), {kStart}, kStart + kDay), points(10));
    EXPECT_EQ(engagement_of(of(window(kDay)), {kStart}, kStart + kDay + 1), 0);
}

TEST(Score, IsTakenAtTheClockWhereThatIsLater) {
    Definition definition = model({Rule{.points = 10, .decay = linear(10 * kDay)}});
    std::vector<Timestamp> times = {kStart, kStart + 5 * kDay};
    EXPECT_EQ(engagement_of(definition, times, kStart), points(15));
    EXPECT_EQ(engagement_of(definition, times, kNever), points(15));
    EXPECT_EQ(engagement_of(definition, times, kStart + 6 * kDay), points(13));
}

TEST(Score, IsClampedOnEachLevel) {
    Definition definition = model({Rule{.points = 10, .bounds = {.max = points(25)}}, Rule{.points = 10}});
    std::vector<Match> matches;
    for (int i = 0; i < 4; ++i) {
        matches.push_back(match(0, kStart + i, points(10)));
        matches.push_back(match(1, kStart + i, points(10)));
    }
    Scorecard card = card_of(definition, matches, kStart + kDay);
    EXPECT_EQ(contribution(definition.rules[0], card.rules[0], kStart).decayed, points(40));
    EXPECT_EQ(contribution(definition.rules[0], card.rules[0], kStart).capped, points(25));
    EXPECT_EQ(score_at(definition, card, kStart).engagement, points(65));
    definition.groups[kEngagement].bounds.max = points(50);
    EXPECT_EQ(score_at(definition, card, kStart).engagement, points(50));
    definition.bounds.max = points(30);
    EXPECT_EQ(score_at(definition, card, kStart), (Score{points(50), 0, points(30)}));
}

TEST(Score, CountsFloorsOfRulesThatNeverMatched) {
    Definition definition = model({Rule{.points = 10, .bounds = {.min = points(3)}}});
    EXPECT_EQ(score_at(definition, {}, kStart).total, points(3));
    EXPECT_EQ(engagement_of(definition, {kStart}, kStart), points(10));
}

TEST(Score, ClampsFitRulesWhereTheyMatch) {
    Definition definition = model({Rule{.points = 10, .fit = true, .bounds = {.max = points(4)}}});
    Scorecard card;
    EXPECT_EQ(score_at(definition, card, kStart).fit, 0);
    card.fit = {0};
    EXPECT_EQ(score_at(definition, card, kStart).fit, points(4));
}

TEST(Score, HoldsAdjustmentsBesideEngagementAndFit) {
    Definition definition = model({});
    definition.bounds.max = points(60);
    Scorecard card;
    card.adjustments = {{points(-10), kForever}, {points(50), kStart + kDay}};
    EXPECT_EQ(adjustments_at(card, kStart), points(40));
    EXPECT_EQ(score_at(definition, card, kStart), (Score{0, 0, points(40)}));
    EXPECT_EQ(adjustments_at(card, kStart + kDay - 1), points(40));
    EXPECT_EQ(adjustments_at(card, kStart + kDay), points(-10)) << "expiry is exclusive";
    card.adjustments[0].points = points(90);
    EXPECT_EQ(score_at(definition, card, kStart).total, points(60));
}

TEST(Score, SaturatesWhereThereIsNoInteger) {
    Definition definition = model({Rule{.points = 10}, Rule{.points = 10, .decay = linear(kDay)}});
    std::vector<Match> matches;
    for (int i = 0; i < 3; ++i) {
        matches.push_back(match(0, kStart, kMost));
        matches.push_back(match(1, kStart, kMost));
    }
    Scorecard card = card_of(definition, matches, kStart);
    EXPECT_EQ(score_at(definition, card, kStart).total, kMost);
    card.adjustments = {{kMost, kForever}};
    EXPECT_EQ(score_at(definition, card, kStart).total, kMost);
    for (Match& match : matches) match.points = kLeast;
    EXPECT_EQ(score_at(definition, card_of(definition, matches, kStart), kStart).total, kLeast);
}

TEST(Score, CountsTheLatestOccurrencesOfClosedAndOpenBuckets) {
    Definition definition = model({Rule{.points = 10, .decay = window(kDay), .limit_count = 2, .max_occurrences = 3}});
    std::vector<Match> matches;
    for (int i = 0; i < 4; ++i) matches.push_back(match(0, kStart + i, points(1 << i), i / 2));
    Scorecard card = card_of(definition, matches, kStart + 3);
    EXPECT_EQ(score_at(definition, card, kStart + 3).engagement, points(14));
    EXPECT_EQ(card.count(0), 4);
}

// A score from the card equals the formula over the log, however the matches came.
TEST(Score, EqualsTheFormula) {
    for_each_seed(5000, [](Choices& choices) {
        RandomModel model = random_model(choices);
        const Definition& definition = model.definition;
        Timestamp now = kStart + 110 * kHour;
        Delivery delivery(definition);
        delivery.lead.card.fit = random_fit(choices, definition);
        delivery.lead.card.adjustments = {{points(-3), kStart + 80 * kHour}, {points(2), kStart + 150 * kHour}};
        for (const auto& batch : random_batches(choices, random_matches(choices, model, kStart, 100, 40)))
            delivery.deliver(batch, now);
        const Scorecard& card = delivery.lead.card;
        for (int i = 0; i < 10; ++i) {
            Timestamp at = kStart + choices.between(0, 300 * kHour);
            Score score = score_at(definition, card, at);
            NaiveScore expected = naive_score(definition, delivery.log, card.fit, card.adjustments, at);
            EXPECT_NEAR(static_cast<double>(score.engagement), static_cast<double>(expected.engagement),
                        static_cast<double>(expected.tolerance));
            EXPECT_NEAR(static_cast<double>(score.total), static_cast<double>(expected.total),
                        static_cast<double>(expected.tolerance));
            EXPECT_EQ(score.fit, expected.fit);
        }
    });
}

TEST(Score, NeverRisesWherePointsArePositive) {
    for_each_seed(500, [](Choices& choices) {
        RandomModel model = random_model(choices, {.switches = false});
        Timestamp at = kStart + 100 * kHour;
        std::vector<Match> matches = random_matches(choices, model, kStart, 100, 40);
        for (Match& match : matches) match.points = std::abs(match.points);
        Scorecard card = card_of(model.definition, matches, at);
        Units before = kMost;
        for (int i = 0; i < 50; ++i) {
            Units total = score_at(model.definition, card, at).total;
            EXPECT_LE(total, before);
            before = total;
            at += choices.between(0, 10 * kHour);
        }
    });
}

void expect_holds(const ScoreRange& range, const Score& score) {
    EXPECT_LE(range.engagement.low, score.engagement);
    EXPECT_GE(range.engagement.high, score.engagement);
    EXPECT_LE(range.total.low, score.total);
    EXPECT_GE(range.total.high, score.total);
    EXPECT_EQ(range.fit, score.fit);
}

TEST(ScoreRange, HoldsEveryScoreOfItsTimes) {
    for_each_seed(1000, [](Choices& choices) {
        RandomModel model = random_model(choices);
        const Definition& definition = model.definition;
        Scorecard card = card_of(definition, random_matches(choices, model, kStart, 100, 40), kStart + 100 * kHour);
        card.adjustments = {{points(-3), card.clock + 20 * kHour}, {points(2), card.clock + 40 * kHour}};
        Timestamp from = card.clock + choices.between(0, 60) * kHour;
        Timestamp to = from + choices.between(0, 60 * kHour);
        ScoreRange range = score_range(definition, card, from, to);
        ScoreRange netted = netted_range(definition, card, from, to);
        for (int i = 0; i < 20; ++i) {
            Score score = score_at(definition, card, choices.between(from, to));
            expect_holds(range, score);
            expect_holds(netted, score);
        }
        ScoreRange instant = score_range(definition, card, from, from);
        EXPECT_EQ(instant.total.low, instant.total.high);
        EXPECT_EQ(instant.engagement.low, instant.engagement.high);
    });
}

// Large opposite points, with and without bounds that matter.
TEST(NettedRange, HoldsEveryScoreOfItsTimes) {
    for_each_seed(2000, [](Choices& choices) {
        auto bounds = [&] {
            Bounds random;
            if (choices.one_in(3)) random.min = -points(static_cast<double>(choices.below(1000)));
            if (choices.one_in(3)) random.max = points(static_cast<double>(choices.below(1000)));
            return random;
        };
        std::vector<Rule> rules;
        std::vector<Match> matches;
        for (int i = 0; i < 5; ++i) {
            Microseconds half_life = choices.pick<Microseconds>({7 * kDay, 7 * kDay, 30 * kDay, kSecond});
            rules.push_back({.varying = true, .decay = exponential(half_life), .bounds = bounds()});
            if (choices.one_in(3)) rules.back().limit_count = 2;
            for (auto n = choices.below(4); n > 0; --n)
                matches.push_back(match(i, kStart - choices.between(0, 3) * kDay,
                                        choices.between(-100, 100) * choices.pick<Units>({1, 10000, 100000000000000})));
        }
        Definition definition = model(rules);
        definition.groups[0].bounds = bounds();
        definition.bounds = bounds();
        Scorecard card = card_of(definition, matches, kStart);
        Timestamp from = kStart + choices.between(0, 60 * kDay);
        Timestamp to = from + choices.between(0, choices.pick<Microseconds>({10, kSecond, kDay, 60 * kDay}));
        ScoreRange netted = netted_range(definition, card, from, to);
        for (int i = 0; i < 20; ++i) expect_holds(netted, score_at(definition, card, choices.between(from, to)));
    });
}

TEST(NettedRange, IsCloseWhereOppositePointsDecayAlike) {
    Definition definition = model({Rule{.varying = true, .decay = exponential(7 * kDay)},
                                   Rule{.varying = true, .decay = exponential(7 * kDay)}, Rule{.points = 10}});
    Scorecard card =
        card_of(definition,
                {match(0, kStart, points(1e6)), match(1, kStart, -points(1e6)), match(2, kStart, points(10))}, kStart);
    EXPECT_GT(score_range(definition, card, kStart, kStart + 7 * kDay).total.high, points(1e5));
    ScoreRange netted = netted_range(definition, card, kStart, kStart + 7 * kDay);
    EXPECT_NEAR(static_cast<double>(netted.total.low), static_cast<double>(points(10)), 2);
    EXPECT_NEAR(static_cast<double>(netted.total.high), static_cast<double>(points(10)), 2);
}

// A processor that multiplies and subtracts in one step, without rounding in between, makes 2165 of it.
TEST(Score, RoundsEachProduct) {
    Definition definition = model({Rule{.points = 0.333, .decay = steps(kDay, 0.05)}});
    Scorecard card = card_of(definition, {match(0, kStart, points(0.333))}, kStart);
    EXPECT_EQ(score_at(definition, card, kStart + 7 * kDay).total, 2164);
}

TEST(SettlesAt, NothingChangesLater) {
    for_each_seed(1000, [](Choices& choices) {
        RandomModel model = random_model(choices);
        const Definition& definition = model.definition;
        Scorecard card = card_of(definition, random_matches(choices, model, kStart, 100, 40), kStart + 100 * kHour);
        card.adjustments = {{points(2), card.clock + choices.between(0, 100) * kHour}, {points(3), kForever}};
        Timestamp settled = settles_at(definition, card);
        Score score = score_at(definition, card, settled);
        for (Microseconds later : {Microseconds{1}, kHour, 10000 * kDay})
            EXPECT_EQ(score_at(definition, card, settled + later), score);
    });
}

TEST(SettlesAt, IsTheClockWhereNothingDecays) {
    Definition definition = model({Rule{.points = 5}});
    EXPECT_EQ(settles_at(definition, card_of(definition, {match(0, kStart, points(5))}, kStart)), kStart);
}

TEST(SettlesAt, OutlastsTheLargestSums) {
    Definition definition = model({Rule{.points = 5, .decay = exponential(kDay)}});
    std::vector<Match> matches(1000, match(0, kStart, kMost));
    Scorecard card = card_of(definition, matches, kStart);
    Timestamp settled = settles_at(definition, card);
    EXPECT_EQ(score_at(definition, card, settled).total, 0);
    EXPECT_EQ(settles_at(model({Rule{.points = 5, .decay = exponential(kForever / 2)}}), card), kForever);
}

}  // namespace
}  // namespace lead_scoring::test
