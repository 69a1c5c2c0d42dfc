// Whatever may take long ends once it is told to.
#include "core/base/stop.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "core/card/memory_bytes.hpp"
#include "core/reading/explain.hpp"
#include "core/statistics/attribution.hpp"
#include "core/statistics/auc.hpp"
#include "core/statistics/funnel.hpp"
#include "core/statistics/markov.hpp"
#include "core/statistics/survival.hpp"
#include "unit/delivery.hpp"
#include "unit/stop_signal.hpp"

namespace lead_scoring::test {
namespace {

// `looks`: how often the work must look at least. Told to stop at any of these, it does.
void expect_hears(const char* what, long looks, const std::function<void()>& work) {
    SCOPED_TRACE(what);
    {
        Looks all;
        work();
        EXPECT_GE(all.count(), looks);
    }
    for (long stop_at : {1L, looks / 2, looks}) {
        Looks told(stop_at);
        try {
            work();
            ADD_FAILURE() << "did not hear look " << stop_at;
        } catch (const Error& error) {
            EXPECT_EQ(error.code, ErrorCode::Stopped);
            EXPECT_EQ(told.count(), stop_at) << "went on";
        }
    }
}

TEST(Stop, IsNotWantedByItself) { EXPECT_NO_THROW(check_stop()); }

constexpr int kMany = 20000;

std::vector<Match> many_matches(const Definition& definition) {
    std::vector<Match> matches;
    for (int i = 0; i < kMany; ++i)
        matches.push_back(match(i % static_cast<int>(definition.rules.size()), kStart + i * kSecond,
                                points(i % 3 == 0 ? -1e9 : 1e9), i / 100, static_cast<std::uint64_t>(i)));
    return matches;
}

Definition many_kinds() {
    return model({Rule{.points = 1, .varying = true, .decay = exponential(7 * kDay)},
                  Rule{.points = 1, .varying = true, .decay = steps(kDay, 0.05), .max_occurrences = 100000},
                  Rule{.points = 1, .varying = true, .decay = linear(kDay), .limit_count = 3}},
                 {Stage{.name = "mql", .min_score = points(50), .falls_below = points(20)}});
}

TEST(Stop, IsHeardByAnythingDoneToALead) {
    Definition definition = many_kinds();
    std::vector<Match> matches = many_matches(definition);
    std::vector<Transition> moves;
    expect_hears("fold", kMany, [&] {
        Lead lead = new_lead(definition);
        (void)fold_matches(definition, lead, matches, matches.back().at, Moves::all(), moves);
    });
    expect_hears("explain", 2 * kMany, [&] {
        Explanation explanation(definition, {}, matches.back().at);
        explanation.add(matches);
        (void)explanation.lines();
    });

    // Half-lives so near each other that the score stays within a unit of the threshold.
    Definition tied = model({Rule{.points = 1, .varying = true, .decay = exponential(7 * kDay)},
                             Rule{.points = 1, .varying = true, .decay = exponential(7 * kDay + 1)}},
                            {Stage{.name = "mql", .min_score = 1}});
    Lead lead = new_lead(tied);
    lead.card = card_of(tied, {match(0, kStart, points(1000)), match(1, kStart, -points(1000))}, kStart);
    expect_hears("next due", 10000, [&] { (void)StageMachine(tied, lead.card, lead.stage, moves).next_due(); });
    expect_hears("advance", 10000, [&] {
        Lead copy = lead;
        StageMachine(tied, copy.card, copy.stage, moves).advance(kStart + 60 * kDay);
    });
}

TEST(Stop, IsHeardByWhatReadsAndWritesCards) {
    Definition definition = many_kinds();
    Scorecard card = card_of(definition, many_matches(definition), kStart + kDay);
    std::string bytes = bytes_of(card);
    std::string text = print(card);
    expect_hears("encode", kMany / 3 / 1024, [&] { (void)bytes_of(card); });
    expect_hears("decode", kMany / 3 / 1024, [&] { decode(std::as_bytes(std::span(bytes)), card); });
    expect_hears("print", kMany / 3 / 1024, [&] { (void)print(card); });
    expect_hears("parse", kMany / 3 / 1024, [&] { (void)parse(text); });
}

TEST(Stop, IsHeardByWhatReadsAndWritesMemories) {
    Memory memory;
    for (int i = 0; i < kMany; ++i) memory.touch(i * kSecond, {std::to_string(i), "", ""}, kMany);
    std::string bytes;
    encode(memory, bytes);
    std::vector<FirstMatch> matches;
    expect_hears("encode", kMany, [&] {
        std::string again;
        encode(memory, again);
    });
    expect_hears("decode", 2 * kMany, [&] {
        Memory read;
        decode(std::as_bytes(std::span(bytes)), read);
    });
    expect_hears("decode_matches", kMany, [&] { decode_matches(std::as_bytes(std::span(bytes)), matches); });
    expect_hears("put_first", kMany, [&] {
        std::string next;
        (void)put_first(std::as_bytes(std::span(bytes)), {kMany * kSecond, {"new", "", ""}, {}}, 2 * kMany, next);
    });
}

TEST(Stop, IsHeardByStatistics) {
    std::vector<ScoreCount> counts;
    std::vector<Observation> observations;
    std::vector<FunnelEvent> events;
    std::vector<FunnelEvent> one_instant;
    std::vector<Touch> touches;
    std::vector<MarkovStep> steps;
    for (int i = 0; i < kMany; ++i) {
        counts.push_back({static_cast<double>(i * 7919 % kMany), i % 2, (i + 1) % 2});
        observations.push_back(observe(i, i % 2 == 0));
        events.push_back({i, 1u << (i % 5)});
        one_instant.push_back({0, static_cast<std::uint32_t>(i)});
        touches.push_back({i * 7919 % kMany, 0});
        auto channel = static_cast<std::uint16_t>(i % 200 + 1);
        steps.push_back({{kMarkovStart, kMarkovStart, channel}, static_cast<std::uint16_t>(i * 7919 % 200 + 1), 1});
        steps.push_back({{kMarkovStart, kMarkovStart, channel}, kMarkovConverted, 1});
    }
    steps.push_back({{kMarkovStart, kMarkovStart, kMarkovStart}, 1, 1});
    expect_hears("merge_scores", kMany, [&] {
        auto copy = counts;
        (void)merge_scores(copy);
    });
    expect_hears("area_under_curve", kMany, [&] { (void)area_under_curve(counts); });
    expect_hears("median_time", kMany / 2, [&] { (void)median_time(observations); });
    expect_hears("share_converted", kMany, [&] { (void)share_converted(observations, 1e9, 0.95); });
    expect_hears("longest_path", kMany, [&] { (void)longest_path(events, 10, 32, 0); });
    expect_hears("longest_path at one instant", kMany, [&] { (void)longest_path(one_instant, 10, 32, kStrictOnce); });
    expect_hears("weigh_touches", kMany, [&] {
        auto copy = touches;
        ChannelTouches channel{};
        weigh_touches(copy, 1e6, {&channel, 1});
    });
    expect_hears("merge_steps", kMany, [&] {
        auto copy = steps;
        (void)merge_steps(copy);
    });
    steps.resize(merge_steps(steps));
    expect_hears("a Markov chain", static_cast<long>(steps.size()), [&] { MarkovChain chain(steps); });

    std::vector<MarkovStep> longer;  // each step remembers two channels: too many states for one inverse
    for (std::uint16_t a = 1; a <= 40; ++a)
        for (std::uint16_t b = 1; b <= 40; ++b)
            for (std::uint16_t next : {static_cast<std::uint16_t>(a * b % 40 + 1), kMarkovConverted})
                longer.push_back({{kMarkovStart, a, b}, next, 1});
    for (std::uint16_t a = 1; a <= 40; ++a) longer.push_back({{kMarkovStart, kMarkovStart, a}, a, 1});
    longer.push_back({{kMarkovStart, kMarkovStart, kMarkovStart}, 1, 1});
    longer.resize(merge_steps(longer));
    MarkovChain chain(longer);
    expect_hears("what a Markov chain loses", 1000, [&] { (void)chain.conversion_chance(7); });
}

}  // namespace
}  // namespace lead_scoring::test
