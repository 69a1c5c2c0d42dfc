#include "core/reading/explain.hpp"

#include <gtest/gtest.h>

#include "unit/delivery.hpp"
#include "unit/naive_score.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

struct Facts {
    std::vector<Match> matches = {};
    std::vector<std::size_t> fit = {};
    std::vector<Adjustment> adjustments = {};
    Timestamp came_at = kNever;
};

// The matches come in two portions.
std::vector<ExplainLine> explain(const Definition& definition, const Facts& facts, Timestamp at) {
    Explanation explanation(definition, {{facts.fit}, facts.adjustments, facts.came_at}, at);
    std::span<const Match> matches(facts.matches);
    explanation.add(matches.first(matches.size() / 2));
    explanation.add(matches.subspan(matches.size() / 2));
    return explanation.lines();
}

Units sum_of(const std::vector<ExplainLine>& lines) {
    WideUnits sum = 0;
    for (const ExplainLine& line : lines) sum += line.capped;
    return saturate(sum);
}

TEST(Explain, HasALineForEachRuleThatMatched) {
    Definition definition = model({Rule{.points = 10, .decay = exponential(kDay)}, Rule{.points = 5},
                                   Rule{.points = 7, .fit = true}, Rule{.points = 9, .fit = true}});
    std::vector<Match> matches = {match(0, kStart, points(10)), match(0, kStart + kDay, points(10))};
    std::vector<std::size_t> fit = {2};
    std::vector<ExplainLine> lines = explain(definition, {.matches = matches, .fit = fit}, kStart + 2 * kDay);
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0].group, 0);
    EXPECT_EQ(lines[0].rule, 0);
    EXPECT_EQ(lines[0].times, 2);
    EXPECT_EQ(lines[0].raw, points(20));
    EXPECT_EQ(lines[0].decayed, points(7.5));
    EXPECT_EQ(lines[0].capped, points(7.5));
    EXPECT_EQ(lines[0].last_at, kStart + kDay);
    EXPECT_EQ(lines[1].rule, 2);
    EXPECT_EQ(lines[1].capped, points(7));
    EXPECT_EQ(lines[1].last_at, kNever);
}

TEST(Explain, ShowsWhatBoundsTakeAway) {
    Definition definition = model({Rule{.points = 10, .bounds = {.max = points(15)}}, Rule{.points = 10}});
    definition.groups[kEngagement].bounds.max = points(30);
    definition.bounds.max = points(25);
    std::vector<Match> matches = {match(0, kStart, points(10)), match(0, kStart + 1, points(10)),
                                  match(1, kStart + 2, points(20))};
    std::vector<ExplainLine> lines = explain(definition, {.matches = matches}, kStart + kDay);
    ASSERT_EQ(lines.size(), 4u);
    EXPECT_EQ(lines[0].decayed, points(20));
    EXPECT_EQ(lines[0].capped, points(15));
    EXPECT_EQ(lines[2].group, 0);
    EXPECT_EQ(lines[2].rule, kNoRule);
    EXPECT_EQ(lines[2].capped, points(-5));
    EXPECT_EQ(lines[3].group, kNoGroup);
    EXPECT_EQ(lines[3].capped, points(-5));
    EXPECT_EQ(sum_of(lines), points(25));
}

TEST(Explain, ShowsFloorsOfRulesThatNeverMatched) {
    Definition definition = model({Rule{.points = 10, .bounds = {.min = points(3)}}});
    std::vector<ExplainLine> lines = explain(definition, {}, kStart);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].times, 0);
    EXPECT_EQ(lines[0].capped, points(3));
}

TEST(Explain, CountsWhatLimitsLetThrough) {
    Definition definition = model({Rule{.points = 10, .limit_count = 1}});
    std::vector<Match> matches = {match(0, kStart, points(10), 1), match(0, kStart + 1, points(10), 1),
                                  match(0, kStart + kDay, points(10), 2), match(0, kStart + kDay + 1, points(10), 2)};
    std::vector<ExplainLine> lines = explain(definition, {.matches = matches}, kStart + 2 * kDay);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].times, 2);
    EXPECT_EQ(lines[0].raw, points(20));
    EXPECT_EQ(lines[0].last_at, kStart + kDay);
}

TEST(Explain, LeavesFutureEventsOut) {
    Definition definition = model({Rule{.points = 10}});
    std::vector<Match> matches = {match(0, kStart, points(10)), match(0, kStart + kDay, points(10))};
    EXPECT_EQ(sum_of(explain(definition, {.matches = matches}, kStart)), points(10));
}

TEST(Explain, HasALineForEachAdjustmentInForce) {
    Definition definition = model({});
    definition.bounds.max = points(20);
    std::vector<Adjustment> adjustments = {{points(-5), kForever}, {points(1), kStart}, {points(30), kStart + kDay}};
    std::vector<ExplainLine> lines = explain(definition, {.adjustments = adjustments}, kStart);
    ASSERT_EQ(lines.size(), 3u);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_TRUE(lines[i].adjustment);
        EXPECT_EQ(lines[i].group, kNoGroup);
        EXPECT_EQ(lines[i].rule, kNoRule);
    }
    EXPECT_EQ(lines[0].capped, points(-5));
    EXPECT_EQ(lines[1].capped, points(30));
    EXPECT_FALSE(lines[2].adjustment);
    EXPECT_EQ(lines[2].capped, points(-5));
}

TEST(Explain, LeavesOutTheFitOfALeadThatHasNotCome) {
    Definition definition = model({Rule{.points = 5}, Rule{.points = 20, .fit = true}});
    Facts facts = {.matches = {match(0, kStart, points(5))}, .fit = {1}, .came_at = kStart + kDay};
    EXPECT_EQ(sum_of(explain(definition, facts, kStart + kDay - 1)), points(5));
    EXPECT_EQ(sum_of(explain(definition, facts, kStart + kDay)), points(25));
}

TEST(Explain, SumsToTheScore) {
    for_each_seed(1000, [](Choices& choices) {
        RandomModel model = random_model(choices);
        const Definition& definition = model.definition;
        Timestamp at = kStart + choices.between(0, 150) * kHour;
        std::vector<Match> matches = random_matches(choices, model, kStart, 100, 40);
        std::sort(matches.begin(), matches.end());
        std::vector<std::size_t> fit = random_fit(choices, definition);
        Scorecard card = card_of(definition, matches, at);
        card.fit = fit;
        std::vector<Adjustment> adjustments = {{points(-3), kStart + 80 * kHour}, {points(2), kForever}};
        card.adjustments = adjustments;
        std::vector<ExplainLine> lines = explain(definition, {matches, fit, adjustments}, at);
        EXPECT_EQ(sum_of(lines), score_at(definition, card, at).total);

        std::erase_if(matches, [&](const Match& match) { return match.at > at; });
        NaiveScore naive = naive_score(definition, matches, fit, adjustments, at);
        for (const ExplainLine& line : lines) {
            if (line.rule == kNoRule) continue;
            const Rule& rule = definition.rules[static_cast<std::size_t>(line.rule)];
            if (rule.fit || rule.tally->pays != nullptr) continue;
            std::int64_t times = naive.counts[static_cast<std::size_t>(line.rule)];
            if (rule.decay.keeps_occurrences())
                times = std::min(times, static_cast<std::int64_t>(rule.max_occurrences));
            EXPECT_EQ(line.times, times) << rule.name;
            if (rule.decay.kind == DecayKind::None) {
                EXPECT_EQ(line.decayed, line.raw) << rule.name;
            }
        }
    });
}

}  // namespace
}  // namespace lead_scoring::test
