#include "core/reading/replay.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "unit/delivery.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

Lead replayed(const Definition& definition, const std::vector<Match>& matches, Until until) {
    Lead lead = new_lead(definition);
    std::vector<Transition> none;
    replay(definition, lead, {}, matches, until, Moves::none(), none);
    return lead;
}

// The points that rules have counted.
std::string print_rules(const Scorecard& card) {
    Scorecard rules;
    rules.rules = card.rules;
    return print(rules);
}

// What came in any order, of events, attributes and adjustments, is what is told from all of it at once.
TEST(Replay, GivesTheCardThatWasDelivered) {
    for_each_seed(300, [](Choices& choices) {
        RandomModel model = random_model(choices, {.stages = true});
        Delivery delivery(model.definition);
        Timestamp now = kStart;
        for (const auto& batch : random_batches(choices, random_matches(choices, model, kStart, 60, 30))) {
            now += choices.between(0, 10) * kHour;
            delivery.deliver(batch, now);
            if (choices.one_in(5)) delivery.set_adjustments({{.points = choices.between(-9, 9)}}, now);
        }
        std::sort(delivery.log.begin(), delivery.log.end());
        Lead lead = delivery.lead;
        std::vector<Adjustment> adjustments = lead.card.adjustments;
        Replay replay(model.definition, lead, {.adjustments = adjustments}, Until::statement(now), Moves::none(),
                      delivery.transitions);
        std::span<const Match> log(delivery.log);
        replay.add(log.first(log.size() / 3));
        replay.add(log.subspan(log.size() / 3));
        replay.finish();
        EXPECT_EQ(print(lead.card), print(delivery.lead.card));
        EXPECT_EQ(lead.features.score, delivery.lead.features.score);
        EXPECT_EQ(lead.stage.seq, delivery.lead.stage.seq);
    });
}

TEST(Replay, LetsWhatLiesAheadWaitForAStatementOnly) {
    Definition definition = model({Rule{.points = 5}});
    definition.future_tolerance = kHour;
    std::vector<Match> matches = {match(0, kStart, points(5)), match(0, kStart + kHour, points(5)),
                                  match(0, kStart + kDay, points(5))};
    Scorecard as_stored = replayed(definition, matches, Until::statement(kStart)).card;
    EXPECT_EQ(as_stored.count(0), 2);
    EXPECT_EQ(as_stored.pending.size(), 1u);
    Scorecard as_told = replayed(definition, matches, Until::instant(kStart)).card;
    EXPECT_EQ(as_told.count(0), 1);
    EXPECT_TRUE(as_told.pending.empty());
}

TEST(Replay, MovesTheLeadOrNot) {
    Definition definition = model({Rule{.points = 5}}, {Stage{.name = "mql", .min_score = points(10)}});
    std::vector<Match> matches = {match(0, kStart, points(5)), match(0, kStart + kDay, points(5)),
                                  match(0, kStart + 2 * kDay, points(5))};
    for (Moves which : {Moves::all(), Moves{kStart}, Moves::none()}) {
        Lead lead = new_lead(definition);
        std::vector<Transition> moves;
        replay(definition, lead, {}, matches, Until::statement(kStart + 2 * kDay), which, moves);
        ASSERT_EQ(moves.size(), which.after == kForever ? 0u : 1u);
        for (const Transition& move : moves) EXPECT_EQ(move.at, kStart + kDay);
    }
}

TEST(Replay, MovesTheLeadByItsAttributesWhenItCame) {
    Definition definition =
        model({Rule{.points = 5}, Rule{.points = 20, .fit = true}}, {Stage{.name = "mql", .min_fit = points(20)}});
    std::vector<Match> matches = {match(0, kStart, points(5)), match(0, kStart + kDay, points(5))};
    std::vector<std::size_t> fit = {1};
    auto moved = [&](Timestamp came_at, Moves which) {
        Lead lead = new_lead(definition);
        std::vector<Transition> moves;
        replay(definition, lead, {{fit}, {}, came_at}, matches, Until::statement(kStart + 3 * kDay), which, moves);
        EXPECT_EQ(lead.card.fit, fit);
        return moves;
    };
    for (Timestamp came_at : {kStart - kDay, kStart, kStart + kHour, kStart + kDay, kStart + 2 * kDay}) {
        std::vector<Transition> moves = moved(came_at, Moves::all());
        ASSERT_EQ(moves.size(), 1u);
        EXPECT_EQ(moves[0].at, came_at);
        EXPECT_EQ(moves[0].cause, Cause::Attribute);
        EXPECT_EQ(moves[0].features.score.engagement, points(came_at > kStart + kDay ? 10 : came_at > kStart ? 5 : 0));
    }
    // What came before is settled: the next event finds it as it is.
    std::vector<Transition> moves = moved(kStart, Moves{kStart});
    ASSERT_EQ(moves.size(), 1u);
    EXPECT_EQ(moves[0].at, kStart + kDay);
    EXPECT_EQ(moves[0].cause, Cause::Event);
    EXPECT_TRUE(moved(kStart + kHour, Moves::none()).empty());
}

TEST(Replay, TellsOfATimeBeforeTheLeadCameWithoutItsFit) {
    Definition definition = model({Rule{.points = 5}, Rule{.points = 20, .fit = true}});
    std::vector<std::size_t> fit = {1};
    std::vector<Transition> none;
    for (Timestamp at : {kStart, kStart + kHour}) {
        Lead lead = new_lead(definition);
        replay(definition, lead, {{fit}, {}, kStart + kHour}, {}, Until::instant(at), Moves::none(), none);
        EXPECT_EQ(lead.card.fit.size(), at == kStart ? 0u : 1u);
    }
}

// What was reset counts as if it had never been, once it was; until then it moves the lead.
TEST(Replay, ForgetsWhatCameBeforeAReset) {
    for_each_seed(300, [](Choices& choices) {
        RandomModel model = random_model(choices, {.stages = true});
        std::vector<Match> matches = random_matches(choices, model, kStart, 60, 30);
        std::sort(matches.begin(), matches.end());
        Timestamp end = matches.back().at + kHour;
        std::vector<Timestamp> resets = {choices.between(kStart - kHour, end), choices.between(kStart - kHour, end)};
        std::sort(resets.begin(), resets.end());
        std::vector<Transition> transitions;
        auto card_by = [&](std::span<const Match> some, std::span<const Timestamp> known, Moves moves) {
            Lead lead = new_lead(model.definition);
            replay(model.definition, lead, {.resets = known}, some, Until::statement(end), moves, transitions);
            return lead.card;
        };
        Scorecard card = card_by(matches, resets, Moves::none());
        EXPECT_EQ(card.reset_at, resets.back());
        EXPECT_EQ(print(card), print(card_by(matches, resets, Moves::all())));
        EXPECT_EQ(print(card), print(card_by(matches, resets, Moves{choices.between(kStart, end)})));
        auto kept = std::ranges::find_if(matches, [&](const Match& match) { return match.at > resets.back(); });
        std::vector<Match> rest(kept, matches.end());
        EXPECT_EQ(print_rules(card), print_rules(card_by(rest, {}, Moves::none())));
    });
}

TEST(Replay, MakesMovesByHandAgain) {
    Definition definition =
        model({Rule{.points = 5}}, {Stage{.name = "mql", .min_score = points(10)}, Stage{.name = "sql"}});
    std::vector<Match> matches = {match(0, kStart, points(5)), match(0, kStart + kDay, points(5))};
    std::vector<HandMove> hands = {{kStart + kHour, 2}, {kStart + 2 * kDay, 0}};
    Lead lead = new_lead(definition);
    std::vector<Transition> transitions;
    replay(definition, lead, {.hands = hands}, matches, Until::statement(kStart + 3 * kDay), Moves::all(), transitions);
    ASSERT_EQ(transitions.size(), 2u);
    EXPECT_EQ(transitions[0].at, kStart + kHour);
    EXPECT_EQ(transitions[0].to, 2);
    EXPECT_EQ(transitions[0].hand, 0);
    EXPECT_EQ(transitions[1].to, 0);
    EXPECT_EQ(transitions[1].hand, 1);
}

TEST(Replay, TakesSortedMatchesOnly) {
    Definition definition = model({Rule{.points = 5, .limit_count = 1}});
    std::vector<Match> matches = {match(0, kStart + kDay, points(5), 2), match(0, kStart, points(5), 1)};
    EXPECT_THROW(replayed(definition, matches, Until::statement(kStart + kDay)), Error);
}

}  // namespace
}  // namespace lead_scoring::test
