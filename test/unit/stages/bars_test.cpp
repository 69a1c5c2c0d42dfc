#include "core/stages/bars.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "unit/choices.hpp"
#include "unit/machine.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

Definition two_stages() { return model(page_and_visit(), {mql(), sql()}); }

TEST(Bars, ComeBackFromText) {
    Definition definition = two_stages();
    for_each_seed(100, [&](Choices& choices) {
        std::vector<Bar> bars;
        for (auto n = choices.below(4); n > 0; --n) {
            auto stage = static_cast<int>(choices.below(definition.stages.size()));
            Timestamp since = choices.one_in(3) ? kNever : choices.between(-99, 99);
            bool by_score = choices.one_in(2);
            bars.push_back({stage, since, by_score, choices.one_in(2)});
        }
        EXPECT_EQ(parse_bars(print(bars, definition), definition), bars);
    });
}

TEST(Bars, LoseStagesThatAreNoMore) {
    Definition definition = two_stages();
    EXPECT_EQ(parse_bars("1@5!,999@6t", definition), (std::vector<Bar>{{1, 5, true, false}}));
}

TEST(Bars, RefuseWhatIsNoText) {
    Definition definition = two_stages();
    for (const char* text : {"x", "1", "1@", "1@5!!", "1@5t!", "1@5;2@6", ",", "-1@5", "1@99999999999999999999"})
        EXPECT_THROW(parse_bars(text, definition), Error) << text;
}

TEST(Bars, AreOfWhatIsAboveOrWasLeft) {
    Definition definition = two_stages();
    std::vector<Timestamp> undone_at = {kNever, kNever, 7};
    EXPECT_EQ(bars_after(definition, 0, undone_at, true), (std::vector<Bar>{{1, kNever, true}, {2, 7, true}}));
    EXPECT_EQ(bars_after(definition, 0, undone_at, false), (std::vector<Bar>{{2, 7, false, false}}));
}

// Of 60 points for a day: what they call for is entered again when they are gone and have come back.
TEST(Bars, LastAsLongAsTheConditionsHold) {
    Machine machine(two_stages());
    machine.add(kVisit, kStart, points(60));
    EXPECT_EQ(machine.stage(), "mql");
    machine.state.stage = machine.definition.first_stage;
    machine.state.barred = {{1, kNever, true}};
    machine.add(kVisit, kStart + kHour, points(1));
    EXPECT_EQ(machine.stage(), "lead");
    EXPECT_EQ(machine.next_due(), kStart + kDay + 1);
    machine.advance(kStart + 2 * kDay);
    EXPECT_TRUE(machine.state.barred.empty());
    machine.add(kVisit, kStart + 3 * kDay, points(60));
    EXPECT_EQ(machine.stage(), "mql");
}

// A service level that was over when its end was taken back moves the lead no more; that of the next stay does.
TEST(Bars, EndServiceLevelsThatAreOver) {
    Definition definition = model(page_and_visit(), {Stage{.name = "mql", .within = kDay, .timeout_stage = 0}, sql()});
    for (bool by_time : {true, false}) {
        Machine machine(definition);
        machine.state.stage = 1;
        machine.state.since = kStart;
        machine.state.barred = {{0, kStart + 2 * kDay, false, by_time}};
        machine.advance(kStart + 3 * kDay);
        EXPECT_EQ(machine.stage(), by_time ? "mql" : "lead");
    }
}

TEST(Bars, LetLaterEventsIn) {
    Machine machine(two_stages());
    machine.state.barred = {{2, kStart + kHour, false}};
    machine.name(kStart + kHour, {2});
    EXPECT_EQ(machine.stage(), "lead");
    machine.name(kStart + kHour + 1, {2});
    EXPECT_EQ(machine.stage(), "sql");
    EXPECT_TRUE(machine.state.barred.empty());
}

}  // namespace
}  // namespace lead_scoring::test
