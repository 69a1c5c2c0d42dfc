#include "core/card/profile.hpp"

#include <gtest/gtest.h>

#include "core/card/fold.hpp"
#include "unit/model.hpp"

namespace lead_scoring::test {
namespace {

Definition told() {
    Definition definition =
        model({Rule{.name = "visit", .points = 10, .decay = window(10 * kDay)},
               Rule{.name = "say \"hi\"", .points = 2.5}, Rule{.name = "vp", .points = 5, .fit = true}});
    definition.groups[0].bounds.max = points(20);
    definition.keeps_latest = true;
    return definition;
}

TEST(Profile, TellsOfEveryRuleAndGroup) {
    Definition definition = told();
    Scorecard card;
    for (Timestamp at : {kStart, kStart - kDay, kStart + kDay})
        ASSERT_TRUE(fold(definition, card, match(0, at, points(10))));
    ASSERT_TRUE(fold(definition, card, match(1, kStart - 2 * kDay, points(2.5))));
    card.fit = {2};
    advance_clock(definition, card, kStart + kDay);
    Profile told = profile(definition, card, kStart + 3 * kDay);
    EXPECT_EQ(told.points, R"({"visit": 30, "say \"hi\"": 2.5, "vp": 5, "engagement": 20, "fit": 5})");
    EXPECT_EQ(told.times, R"({"visit": 3, "say \"hi\"": 1, "vp": 1})");
    EXPECT_EQ(told.days_since, R"({"visit": 2, "say \"hi\"": 5})");
    EXPECT_EQ(told.days_since_last, 2);
}

TEST(Profile, OfNothingIsEmpty) {
    Definition definition = told();
    Profile told = profile(definition, {}, kStart);
    EXPECT_EQ(told.points, R"({"visit": 0, "say \"hi\"": 0, "vp": 0, "engagement": 0, "fit": 0})");
    EXPECT_EQ(told.days_since, "{}");
    EXPECT_FALSE(told.days_since_last);
}

TEST(LatestMatches, AreKeptInAnyOrderOnlyWhereTheyAreAskedFor) {
    Definition definition = told();
    Scorecard there, back, none;
    for (Timestamp day = 0; day < 5; ++day) {
        ASSERT_TRUE(fold(definition, there, match(day % 2, kStart + day * kDay, points(1))));
        ASSERT_TRUE(fold(definition, back, match(day % 2, kStart + (4 - day) * kDay, points(1))));
    }
    EXPECT_EQ(there.latest, back.latest);
    EXPECT_EQ(there.latest, (std::vector<LatestMatch>{{0, kStart + 4 * kDay}, {1, kStart + 3 * kDay}}));
    std::string bytes;
    encode(there, definition, bytes);
    Scorecard again;
    decode({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, again);
    find_places(definition, again);
    EXPECT_EQ(again, there);
    EXPECT_EQ(parse(print(there)), there);
    definition.keeps_latest = false;
    ASSERT_TRUE(fold(definition, none, match(0, kStart, points(1))));
    EXPECT_TRUE(none.latest.empty());
}

}  // namespace
}  // namespace lead_scoring::test
