#include "core/reading/difference.hpp"

#include <gtest/gtest.h>

#include "core/reading/replay.hpp"
#include "unit/model.hpp"

namespace lead_scoring::test {
namespace {

Rule rule(std::size_t id, const char* name, double points) { return {.id = id, .name = name, .points = points}; }

// The cards of a lead whose events gave each rule these points, as of a day later.
struct Replayed {
    Definition definition;
    Lead lead;

    Replayed(std::vector<Rule> rules, const std::vector<Match>& matches, const std::vector<std::size_t>& fit = {})
        : definition(model(std::move(rules))), lead(new_lead(definition)) {
        std::vector<Transition> moves;
        replay(definition, lead, {{fit}}, matches, Until::statement(kStart + kDay), Moves::none(), moves);
    }
    Scored scored() const { return {&definition, &lead.card}; }
};

std::string difference(const Replayed& before, const Replayed& after) {
    return lead_scoring::difference(before.scored(), after.scored(), kStart + kDay);
}

TEST(Difference, IsEmptyWhereNothingDiffers) {
    Replayed one({rule(0, "visit", 10)}, {match(0, kStart, points(10))});
    EXPECT_EQ(difference(one, one), "");
}

TEST(Difference, NamesTheLargestFirst) {
    Replayed before({rule(0, "visit", 10), rule(1, "mail", 5)},
                    {match(0, kStart, points(10)), match(1, kStart + 1, points(5))});
    Replayed after({rule(0, "visit", 12.5), rule(1, "mail", -5)},
                   {match(0, kStart, points(12.5)), match(1, kStart + 1, points(-5))});
    EXPECT_EQ(difference(before, after), "mail 5 -> -5, visit 10 -> 12.5");
}

TEST(Difference, KnowsRulesByTheirIds) {
    Replayed before({rule(0, "visit", 10), rule(3, "gone", 1)},
                    {match(0, kStart, points(10)), match(1, kStart + 1, points(1))});
    Replayed after({rule(0, "page view", 20), rule(4, "new", 2)},
                   {match(0, kStart, points(20)), match(1, kStart + 1, points(2))});
    EXPECT_EQ(difference(before, after), "page view 10 -> 20, new 0 -> 2, gone 1 -> 0");
}

TEST(Difference, NamesThreeAtTheMost) {
    std::vector<Rule> rules;
    std::vector<Match> matches;
    for (int i = 0; i < 5; ++i) {
        rules.push_back(rule(static_cast<std::size_t>(i), "r", i + 1));
        matches.push_back(match(i, kStart + i, points(i + 1)));
    }
    Replayed after(rules, matches);
    EXPECT_EQ(lead_scoring::difference({}, after.scored(), kStart + kDay), "r 0 -> 5, r 0 -> 4, r 0 -> 3, 2 more");
}

TEST(Difference, TellsWhatBoundsMake) {
    std::vector<Match> matches = {match(0, kStart, points(10))};
    Replayed before({rule(0, "visit", 10)}, matches);
    Replayed after({rule(0, "visit", 10)}, matches);
    after.definition.bounds.max = points(4);
    EXPECT_EQ(difference(before, after), "bounds -6");
    EXPECT_EQ(difference(after, before), "bounds +6");
}

TEST(Difference, CountsFitWhereItMatches) {
    Rule fit = rule(0, "title", 7);
    fit.fit = true;
    Replayed before({fit}, {}, {});
    Replayed after({fit}, {}, {0});
    EXPECT_EQ(difference(before, after), "title 0 -> 7");
}

}  // namespace
}  // namespace lead_scoring::test
