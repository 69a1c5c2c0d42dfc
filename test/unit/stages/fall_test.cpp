// How a lead drops back: hysteresis, the instant of the crossing, and the stage it drops to.
#include <gtest/gtest.h>

#include "unit/machine.hpp"

namespace lead_scoring::test {
namespace {

Definition falling() {
    Stage first = mql();
    first.falls_below = points(30);
    Stage second = sql();
    second.falls_below = points(70);
    return model(page_and_visit(), {first, second});
}

TEST(Fall, HappensAtTheInstantOfTheCrossing) {
    Machine lead(falling());
    lead.add(kVisit, kStart, points(60));
    lead.advance(kStart + kDay);
    EXPECT_EQ(lead.path(), "mql");
    lead.advance(kStart + 50 * kDay);
    EXPECT_EQ(lead.path(), "mql lead");
    EXPECT_EQ(lead.last().at, kStart + kDay + 1);
    EXPECT_EQ(lead.last().cause, Cause::Time);
    EXPECT_EQ(lead.last().features.score, Score{});
}

TEST(Fall, NeedsAScoreUnderTheThreshold) {
    Machine lead(falling());
    lead.add(kPage, kStart, points(30));
    lead.add(kVisit, kStart, points(20));
    lead.advance(kStart + 50 * kDay);
    EXPECT_EQ(lead.path(), "mql") << "30 is not below 30";
    lead.add(kPage, kStart + 51 * kDay, -1);
    EXPECT_EQ(lead.path(), "mql lead");
    EXPECT_EQ(lead.last().cause, Cause::Event);
}

TEST(Fall, IsArmedOnceTheScoreWasThere) {
    Machine lead(falling());
    lead.name(kStart, {1});
    lead.add(kPage, kStart + 1, points(5));
    lead.advance(kStart + kDay);
    EXPECT_EQ(lead.path(), "mql");
    EXPECT_FALSE(lead.state.armed);
    lead.add(kVisit, kStart + kDay, points(25));
    EXPECT_TRUE(lead.state.armed);
    lead.advance(kStart + 10 * kDay);
    EXPECT_EQ(lead.path(), "mql lead");
    EXPECT_EQ(lead.last().at, kStart + 2 * kDay + 1);
}

TEST(Fall, IsArmedAnewInEachStay) {
    Machine lead(falling());
    lead.add(kVisit, kStart, points(60));
    lead.advance(kStart + 2 * kDay);
    lead.name(kStart + 3 * kDay, {1});
    EXPECT_EQ(lead.path(), "mql lead mql");
    EXPECT_FALSE(lead.state.armed);
    lead.advance(kStart + 90 * kDay);
    EXPECT_EQ(lead.path(), "mql lead mql");
}

TEST(Fall, EndsInTheHighestLowerStageThatHolds) {
    Machine lead(falling());
    lead.add(kPage, kStart, points(35));
    lead.add(kVisit, kStart + 1, points(45));
    EXPECT_EQ(lead.path(), "sql");
    lead.advance(kStart + 2 * kDay);
    EXPECT_EQ(lead.path(), "sql mql") << "35 is enough to stay an MQL";
    Machine deep(falling());
    deep.add(kVisit, kStart, points(80));
    deep.advance(kStart + 2 * kDay);
    EXPECT_EQ(deep.path(), "sql lead");
}

TEST(Fall, PassesOverDetours) {
    Stage stage = sql();
    stage.falls_below = points(70);
    Machine lead(model(page_and_visit(), {mql(), Stage{.name = "recycled", .detour = true}, stage}));
    lead.add(kVisit, kStart, points(80));
    lead.advance(kStart + 2 * kDay);
    EXPECT_EQ(lead.path(), "sql lead");
}

TEST(Fall, DoesNotHappenWithoutAThreshold) {
    Machine lead(model(page_and_visit(), {mql()}));
    lead.add(kVisit, kStart, points(60));
    lead.advance(kStart + 90 * kDay);
    lead.add(kPage, kStart + 90 * kDay, points(-10));
    EXPECT_EQ(lead.path(), "mql");
}

TEST(Fall, OfTheFirstStageChangesNothing) {
    Definition definition = falling();
    definition.stages[kLead].falls_below = points(1);
    Machine lead(definition);
    lead.add(kVisit, kStart, points(5));
    lead.advance(kStart + 2 * kDay);
    EXPECT_EQ(lead.next_due(), kForever);
    lead.advance(kStart + 9 * kDay);
    EXPECT_EQ(lead.path(), "");
}

}  // namespace
}  // namespace lead_scoring::test
