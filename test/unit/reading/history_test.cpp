#include "core/reading/history.hpp"

#include <gtest/gtest.h>

#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

struct Asked {
    std::vector<Match> matches = {};
    std::vector<std::size_t> fit = {};
    std::vector<AdjustmentSpan> spans = {};
    std::vector<Timestamp> taken_back = {};
    Timestamp came_at = kNever;
    Timestamp since = kNever;
    Timestamp until = kForever - 1;
};

// The matches come in portions of two.
std::vector<HistoryLine> history(const Definition& definition, const Asked& asked) {
    History history(definition, {{asked.fit}, {}, asked.came_at}, asked.spans, asked.taken_back, asked.since,
                    asked.until);
    std::vector<HistoryLine> all;
    std::vector<HistoryLine> lines;
    auto drain = [&] {
        while (history.next(lines)) all.insert(all.end(), lines.begin(), lines.end());
    };
    std::span<const Match> matches(asked.matches);
    for (; !matches.empty(); matches = matches.subspan(std::min<std::size_t>(matches.size(), 2))) {
        history.add(matches.first(std::min<std::size_t>(matches.size(), 2)));
        drain();
    }
    history.finish();
    drain();
    return all;
}

// Such as "+10=10 -5=5".
std::string print(const std::vector<HistoryLine>& lines) {
    std::string text;
    auto number = [](Units units) { return std::to_string(std::lround(points_of_units(units))); };
    for (const HistoryLine& line : lines) {
        if (line.step == Step::Opening || line.step == Step::Closing)
            text += "=" + number(line.score) + " ";
        else
            text += (line.points < 0 ? "" : "+") + number(line.points) + "=" + number(line.score) + " ";
    }
    if (!text.empty()) text.pop_back();
    return text;
}

TEST(History, HasALineForEachMatch) {
    Definition definition =
        model({Rule{.points = 10, .limit_count = 1}, Rule{.points = 4, .bounds = {.max = points(6)}}},
              {Stage{.name = "mql"}});
    std::vector<Match> matches = {match(0, kStart, points(10)),    match(0, kStart + 1, points(10)),
                                  match(1, kStart + 2, points(4)), match(1, kStart + 3, points(4)),
                                  stage_event(1, kStart + 4),      match(1, kStart + 5, points(4))};
    EXPECT_EQ(print(history(definition, {.matches = matches, .until = kStart + 4})),
              "+10=10 +0=10 +4=14 +2=16 +0=16 =16");
    std::vector<HistoryLine> lines = history(definition, {.matches = matches, .since = kStart + 2});
    EXPECT_EQ(print(lines), "=10 +4=14 +2=16 +0=16 +0=16 =16");
    EXPECT_EQ(lines[3].stage, 1);
    EXPECT_EQ(print(history(definition, {.matches = matches, .since = kStart - 5, .until = kStart - 4})), "=0 =0");
    EXPECT_EQ(print(history(definition, {.matches = matches, .since = kStart + 5 * kDay, .until = kStart + 6 * kDay})),
              "=16 =16");
}

TEST(History, HasALineForWhatTimeTakes) {
    Definition definition =
        model({Rule{.points = 10, .decay = window(10)}, Rule{.points = 8, .decay = steps(100, 0.5)}});
    std::vector<Match> matches = {match(0, kStart, points(10)), match(1, kStart, points(8)),
                                  match(1, kStart, points(8))};
    std::vector<HistoryLine> lines = history(definition, {.matches = matches, .until = kStart + 900});
    EXPECT_EQ(print(lines), "+10=10 +8=18 +8=26 -10=16 -8=8 -8=0 =0");
    EXPECT_EQ(lines[3].at, kStart + 11);
    EXPECT_EQ(lines[4].at, kStart + 100);
    EXPECT_EQ(lines[5].at, kStart + 200);
}

TEST(History, HasTheFitOfALeadFromWhenItCame) {
    Definition definition = model({Rule{.points = 5}, Rule{.points = 20, .fit = true}});
    std::vector<Match> matches = {match(0, kStart, points(5)), match(0, kStart + 9, points(5))};
    EXPECT_EQ(print(history(definition, {.matches = matches, .fit = {1}, .came_at = kStart + 3})),
              "+5=5 +20=25 +5=30 =30");
    EXPECT_EQ(print(history(definition, {.matches = matches, .fit = {1}})), "+20=20 +5=25 +5=30 =30");
    EXPECT_EQ(print(history(definition, {.fit = {1}, .since = kStart})), "=20 =20");
}

TEST(History, HasAdjustmentsWhileTheyCount) {
    Definition definition = model({Rule{.points = 5}});
    std::vector<AdjustmentSpan> spans = {{points(7), kStart, kStart + 10, false},
                                         {points(-2), kStart + 5, kStart + 20, true},
                                         {points(1), kStart + 50, kForever, false}};
    std::vector<HistoryLine> lines =
        history(definition, {.matches = {match(0, kStart + 7, points(5))}, .spans = spans, .until = kStart + 30});
    EXPECT_EQ(print(lines), "+7=7 -2=5 +5=10 -7=3 +2=5 =5");
    EXPECT_EQ(lines[3].step, Step::Expired);
    EXPECT_EQ(lines[4].step, Step::Cancelled);
}

TEST(History, BeginsAnewAtResets) {
    Definition definition = model({Rule{.points = 5}, Rule{.points = 10, .decay = window(30), .limit_count = 2}});
    std::vector<Match> matches = {match(0, kStart, points(5)),       match(1, kStart + 1, points(10)),
                                  match(0, kStart + 10, points(5)),  match(1, kStart + 12, points(10)),
                                  match(1, kStart + 13, points(10)), match(0, kStart + 60, points(5))};
    std::vector<AdjustmentSpan> spans = {{0, kStart + 10, kForever, false, true}};
    // A match of the instant of a reset counts no more; a limit begins anew; what ends after it had ended before.
    EXPECT_EQ(print(history(definition, {.matches = matches, .spans = spans, .until = kStart + 90})),
              "+5=5 +10=15 -15=0 +0=0 +10=10 +10=20 -10=10 -10=0 +5=5 =5");
    // One that is cancelled, during which another one was made and cancelled.
    spans = {{0, kStart + 10, kStart + 50, true, true}, {0, kStart + 20, kStart + 22, true, true}};
    std::vector<HistoryLine> lines = history(definition, {.matches = matches, .spans = spans, .until = kStart + 90});
    EXPECT_EQ(print(lines), "+5=5 +10=15 -15=0 +0=0 +10=10 +10=20 -20=0 +20=20 -10=10 -10=0 +10=10 +5=15 =15");
    EXPECT_EQ(lines[2].step, Step::Reset);
    EXPECT_EQ(lines[10].step, Step::ResetCancelled);
    EXPECT_EQ(print(history(definition, {.matches = matches, .spans = spans, .since = kStart + 21})),
              "=0 +20=20 -10=10 -10=0 +10=10 +5=15 =15");
}

TEST(History, SaysWhenMovesWereTakenBack) {
    Definition definition = model({Rule{.points = 5}});
    std::vector<HistoryLine> lines =
        history(definition, {.matches = {match(0, kStart, points(5))}, .taken_back = {kStart - 1, kStart, kStart + 9}});
    EXPECT_EQ(print(lines), "+0=0 +0=0 +5=5 +0=5 =5");
    EXPECT_EQ(lines[3].step, Step::TakenBack);
    EXPECT_EQ(lines[3].at, kStart + 9);
}

// At each of its lines, and in between, the score is that of a replay up to then.
TEST(History, AgreesWithReplays) {
    for_each_seed(500, [](Choices& choices) {
        RandomModel model = random_model(choices, {.stages = true});
        const Definition& definition = model.definition;
        Asked asked;
        asked.matches = random_matches(choices, model, kStart, 100, 40);
        std::sort(asked.matches.begin(), asked.matches.end());
        asked.fit = random_fit(choices, definition);
        if (choices.one_in(2)) asked.came_at = kStart + choices.between(0, 50) * kHour;
        if (choices.one_in(2)) asked.since = kStart + choices.between(0, 120) * kHour;
        asked.until = kStart + choices.between(0, 150) * kHour;
        asked.spans = {{points(-3), kStart + 10 * kHour, kStart + 80 * kHour, false},
                       {points(2), kStart + 20 * kHour, kForever, false}};
        std::vector<AdjustmentSpan> resets;
        while (choices.one_in(2)) {
            Timestamp from = kStart + choices.between(0, 100) * kHour;
            Timestamp to = choices.one_in(2) ? kForever : from + choices.between(0, 60) * kHour;
            resets.push_back({0, from, to, to != kForever, true});
        }
        std::ranges::sort(resets, {}, &AdjustmentSpan::from);
        asked.spans.insert(asked.spans.end(), resets.begin(), resets.end());
        std::vector<HistoryLine> lines = history(definition, asked);
        ASSERT_EQ(lines.empty(), asked.since > asked.until);
        if (lines.empty()) return;
        EXPECT_EQ(lines.back().step, Step::Closing);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            Timestamp at = lines[i].at;
            if (at == kNever || (i + 1 < lines.size() && lines[i + 1].at == at)) continue;
            std::vector<Adjustment> adjustments;
            for (const AdjustmentSpan& span : asked.spans)
                if (!span.resets && span.from <= at) adjustments.push_back({span.points, span.to});
            std::sort(adjustments.begin(), adjustments.end());
            std::vector<Timestamp> reset_at;
            for (const AdjustmentSpan& span : resets)
                if (span.from <= at && at < span.to) reset_at.push_back(span.from);
            Lead lead = new_lead(definition);
            std::vector<Transition> none;
            replay(definition, lead, {{asked.fit}, adjustments, asked.came_at, reset_at}, asked.matches,
                   Until::instant(at), Moves::none(), none);
            // A sum of what is kept may differ in its last bit, by what is forgotten.
            EXPECT_LE(std::abs(lines[i].score - score_at(definition, lead.card, at).total), 1) << i;
        }
    });
}

}  // namespace
}  // namespace lead_scoring::test
