#include "core/card/definition.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "core/base/error.hpp"
#include "unit/model.hpp"

namespace lead_scoring::test {
namespace {

TEST(Definition, HasABoundedNumberOfRules) {
    Definition definition;
    definition.rules.resize(Definition::kMaxRules);
    EXPECT_NO_THROW(definition.complete());
    definition.rules.resize(Definition::kMaxRules + 1);
    try {
        definition.complete();
        ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code, ErrorCode::LimitExceeded);
        EXPECT_STREQ(error.what(), "version has 65537 rules");
        EXPECT_FALSE(error.hint.empty());
    }
}

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

// With one of everything.
Definition sound() {
    Definition definition = model(
        {Rule{.name = "visit", .points = 5, .decay = exponential(kDay), .bounds = {.min = 0, .max = points(50)}},
         Rule{.name = "click", .points = 5, .varying = true, .decay = linear(kDay), .limit_count = 3},
         Rule{.name = "view", .points = 1, .decay = window(kDay)},
         Rule{.name = "call", .points = -5, .decay = steps(kDay, 0.5)}, Rule{.name = "size", .points = 7, .fit = true}},
        {Stage{.name = "mql", .min_score = points(20), .falls_below = points(10), .cooldown = kDay},
         Stage{.name = "sql", .grades = {"A1"}, .required = {{0, 2}}, .within = kDay, .timeout_stage = 1},
         Stage{.name = "lost", .detour = true, .exit_by_hand = true}});
    definition.fit_bands = {{"B", 0}, {"A", points(5)}};
    return definition;
}

TEST(Definition, IsSound) {
    EXPECT_NO_THROW(sound().check());
    EXPECT_NO_THROW(model({}).check());
    EXPECT_NO_THROW(graded().check());
}

TEST(Definition, IsRefusedWhereItsPartsCannotBe) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const std::vector<void (*)(Definition&)> mistakes = {
        [](Definition& d) { d.bounds = {.min = 1, .max = 0}; },
        [](Definition& d) { d.future_tolerance = -1; },
        [](Definition& d) { d.groups[0].bounds = {.min = kForever, .max = kNever}; },
        [](Definition& d) { d.groups[1].name = d.groups[0].name; },
        [](Definition& d) { d.groups[1].name.clear(); },
        [](Definition& d) { d.groups.clear(); },
        [](Definition& d) { d.rules[0].name = "size"; },
        [](Definition& d) { d.rules[0].name.clear(); },
        [](Definition& d) { d.rules[0].group = 2; },
        [](Definition& d) { d.rules[0].group = kFit; },
        [](Definition& d) { d.rules[4].group = kEngagement; },
        [](Definition& d) { d.rules[0].points = kNaN; },
        [](Definition& d) { d.rules[4].points = -kInfinity; },
        [](Definition& d) { d.rules[0].decay.half_life = 0; },
        [](Definition& d) { d.rules[1].decay.lifespan = -1; },
        [](Definition& d) { d.rules[2].decay.lifespan = 0; },
        [](Definition& d) { d.rules[3].decay.step = 0; },
        [](Definition& d) { d.rules[3].decay.drop = 0; },
        [](Definition& d) { d.rules[3].decay.drop = kNaN; },
        [](Definition& d) { d.rules[3].decay.drop = kInfinity; },
        [](Definition& d) { d.rules[0].bounds = {.min = 1, .max = 0}; },
        [](Definition& d) { d.rules[0].max_occurrences = 0; },
        [](Definition& d) { d.rules[0].max_occurrences = static_cast<std::size_t>(-1); },
        [](Definition& d) { d.rules[1].limit_count = static_cast<std::size_t>(-1); },
        [](Definition& d) { d.rules[4].decay = window(kDay); },
        [](Definition& d) { d.rules[4].limit_count = 1; },
        [](Definition& d) { d.rules[4].varying = true; },
        [](Definition& d) { d.rules[4].bounds.min = 0; },
        [](Definition& d) { std::swap(d.fit_bands[0], d.fit_bands[1]); },
        [](Definition& d) {
            d.engagement_bands = {{"1", 1}, {"2", 0}};
        },
        [](Definition& d) { d.stages.clear(); },
        [](Definition& d) { d.stages.erase(d.stages.begin(), d.stages.begin() + 3); },
        [](Definition& d) { std::swap(d.stages[0], d.stages[1]); },
        [](Definition& d) { d.stages[1].rank = 0; },
        [](Definition& d) { d.stages[1].name = "lost"; },
        [](Definition& d) { d.stages[1].name.clear(); },
        [](Definition& d) { d.stages[1].falls_below = points(21); },
        [](Definition& d) { d.stages[1].cooldown = -1; },
        [](Definition& d) { d.stages[2].within = 0; },
        [](Definition& d) { d.stages[2].timeout_stage = 2; },
        [](Definition& d) { d.stages[2].timeout_stage = kNoStage; },
        [](Definition& d) { d.stages[2].timeout_stage = 4; },
        [](Definition& d) { d.stages[2].required[0].rule = 5; },
        [](Definition& d) { d.stages[2].required[0].count = 0; },
        [](Definition& d) { d.stages[3].min_fit = 0; },
        [](Definition& d) { d.stages[3].falls_below = 0; },
        [](Definition& d) { d.stages[3].grades = {"A"}; },
    };
    for (std::size_t i = 0; i < mistakes.size(); ++i) {
        Definition definition = sound();
        mistakes[i](definition);
        EXPECT_THROW(definition.check(), Error) << "mistake " << i;
    }
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
