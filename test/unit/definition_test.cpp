#include "core/definition.hpp"

#include <gtest/gtest.h>

#include "model.hpp"

namespace lead_scoring::test {
namespace {

TEST(Bounds, ClampInclusively) {
    EXPECT_EQ((Bounds{}.clamp(-5)), -5);
    EXPECT_EQ((Bounds{.min = 3}.clamp(2)), 3);
    EXPECT_EQ((Bounds{.min = 3}.clamp(3)), 3);
    EXPECT_EQ((Bounds{.max = 3}.clamp(4)), 3);
    EXPECT_EQ((Bounds{.max = 3}.clamp(-4)), -4);
    EXPECT_EQ((Bounds{.min = -1, .max = 1}.clamp(0)), 0);
    EXPECT_EQ((Bounds{.min = 2, .max = 2}.clamp(kForever)), 2);
}

Definition graded() {
    Definition definition = model({});
    definition.fit_bands = {{"C", 0}, {"B", points(10)}, {"A", points(20)}};
    definition.engagement_bands = {{"2", points(5)}, {"1", points(50)}};
    return definition;
}

TEST(Grade, IsTheHighestBandReachedOnEachAxis) {
    Definition definition = graded();
    EXPECT_EQ(definition.grade(points(10), points(50)), (Grade{.fit = 1, .engagement = 1}));
    EXPECT_EQ(definition.grade(points(10) - 1, points(50) - 1), (Grade{.fit = 0, .engagement = 0}));
    EXPECT_EQ(definition.grade(kForever, kForever), (Grade{.fit = 2, .engagement = 1}));
    EXPECT_EQ(definition.grade(-1, 0), Grade{});
    EXPECT_EQ(definition.label({.fit = 2, .engagement = 0}), "A2");
}

TEST(Grade, NeedsABandOnEveryAxisThatHasBands) {
    Definition definition = graded();
    EXPECT_TRUE(definition.has_grade({.fit = 0, .engagement = 0}));
    EXPECT_FALSE(definition.has_grade({.fit = 0}));
    EXPECT_FALSE(definition.has_grade({.engagement = 0}));
}

TEST(Grade, OfOneAxisHasItsLabelAlone) {
    Definition definition = graded();
    definition.engagement_bands.clear();
    Grade grade = definition.grade(points(25), points(99));
    EXPECT_EQ(grade, Grade{.fit = 2});
    EXPECT_TRUE(definition.has_grade(grade));
    EXPECT_EQ(definition.label(grade), "A");
    EXPECT_FALSE(definition.has_grade({}));
}

TEST(Grade, IsNoneInAModelWithoutBands) {
    Definition definition = model({});
    EXPECT_EQ(definition.grade(points(10), points(10)), Grade{});
    EXPECT_FALSE(definition.has_grade({}));
    EXPECT_EQ(definition.label({}), "");
}

TEST(Stage, IsEnteredByScoreWhereItHasConditions) {
    EXPECT_FALSE(Stage{}.entered_by_score());
    EXPECT_FALSE(Stage{.falls_below = 1}.entered_by_score());
    EXPECT_TRUE(Stage{.min_score = 0}.entered_by_score());
    EXPECT_TRUE(Stage{.min_engagement = 0}.entered_by_score());
    EXPECT_TRUE(Stage{.min_fit = 0}.entered_by_score());
    EXPECT_TRUE(Stage{.grades = {"A1"}}.entered_by_score());
    EXPECT_TRUE((Stage{.required = {{0, 1}}}.entered_by_score()));
    EXPECT_FALSE((Stage{.detour = true, .min_score = 0}.entered_by_score()));
}

TEST(Definition, CompleteFindsTheFirstProgressStage) {
    Definition definition;
    definition.complete();
    EXPECT_EQ(definition.first_stage, kNoStage);
    definition.stages = {Stage{.name = "spam", .detour = true}, Stage{.name = "lead", .rank = 1}, Stage{.rank = 2}};
    definition.complete();
    EXPECT_EQ(definition.first_stage, 1);
}

TEST(Definition, CompleteFindsRulesThatGivePointsWithoutAMatch) {
    Definition definition = model({Rule{.bounds = {.min = 5}}, Rule{.bounds = {.min = -5, .max = 5}},
                                   Rule{.bounds = {.max = -1}}, Rule{.fit = true, .bounds = {.min = 5}}});
    EXPECT_EQ(definition.offset_rules, (std::vector<std::size_t>{0, 2}));
    definition.complete();
    EXPECT_EQ(definition.offset_rules.size(), 2u);
}

TEST(Definition, RisesByItselfWhereNegativePointsDecay) {
    EXPECT_FALSE(model({Rule{.points = 5, .decay = linear(kDay)}}).rises_by_itself);
    EXPECT_FALSE(model({Rule{.points = -5}}).rises_by_itself);
    EXPECT_TRUE(model({Rule{.points = -5, .decay = linear(kDay)}}).rises_by_itself);
    EXPECT_TRUE(model({Rule{.points = 5, .varying = true, .decay = exponential(kDay)}}).rises_by_itself);
}

TEST(Definition, RisesByItselfWhereAStageOpensAgain) {
    Definition definition = model({}, {Stage{.name = "mql", .min_score = points(50), .cooldown = kDay}});
    EXPECT_TRUE(definition.has_cooldown);
    EXPECT_TRUE(definition.rises_by_itself);
    definition.stages[1].cooldown = 0;
    definition.complete();
    EXPECT_FALSE(definition.has_cooldown);
    EXPECT_FALSE(definition.rises_by_itself);
}

}  // namespace
}  // namespace lead_scoring::test
