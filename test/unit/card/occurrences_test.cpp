// Running sums against the sum of each occurrence's weight.
#include "core/card/occurrences.hpp"

#include <gtest/gtest.h>

#include "core/stages/lead.hpp"
#include "unit/model.hpp"
#include "unit/naive_score.hpp"
#include "unit/seeds.hpp"
#include "unit/stop_signal.hpp"

namespace lead_scoring::test {
namespace {

Decay random_kept_decay(Choices& choices) {
    Microseconds unit = choices.pick<Microseconds>({1, kSecond, kDay});
    switch (choices.below(3)) {
        case 0:
            return linear(choices.between(1, 300) * unit);
        case 1:
            return window(choices.between(1, 300) * unit);
        default:
            return steps(choices.between(1, 50) * unit, choices.pick<double>({0.01, 0.05, 0.3, 1, 1e-9}));
    }
}

std::vector<Occurrence> random_list(Choices& choices, std::size_t most) {
    Microseconds unit = choices.pick<Microseconds>({1, kSecond, kDay});
    std::vector<Occurrence> list(choices.below(most + 1));
    for (Occurrence& occurrence : list)
        occurrence = {kStart + choices.between(-200, 0) * unit,
                      choices.between(-1000, 1000) * choices.pick<Units>({1, 10000, 1000000000000})};
    std::sort(list.begin(), list.end());
    return list;
}

bool same_bits(const SignedSum& a, const SignedSum& b) { return a.positive == b.positive && a.negative == b.negative; }

TEST(Occurrences, DecayAsTheirFormulaSays) {
    for_each_seed(3000, [](Choices& choices) {
        std::vector<Occurrence> list = random_list(choices, 60);
        Decay decay = random_kept_decay(choices);
        Occurrences occurrences(list);
        std::size_t most = choices.one_in(3) ? choices.below(list.size() + 1) : 1000;
        for (int i = 0; i < 5; ++i) {
            Timestamp at = kStart + choices.between(0, 300) * choices.pick<Microseconds>({1, kSecond, kDay});
            long double positive = 0;
            long double negative = 0;
            for (std::size_t j = list.size() - std::min(most, list.size()); j < list.size(); ++j) {
                long double part = static_cast<long double>(list[j].points) * naive_weight(decay, list[j].at, at);
                (part < 0 ? negative : positive) += part;
            }
            SignedSum sum = occurrences.decayed(decay, at, most);
            EXPECT_NEAR(sum.positive, static_cast<double>(positive), 1e-3 + static_cast<double>(positive) * 1e-12);
            EXPECT_NEAR(sum.negative, static_cast<double>(negative), 1e-3 - static_cast<double>(negative) * 1e-12);
        }
    });
}

// However they came, and whatever was asked for and forgotten in between: the same to the last bit.
TEST(Occurrences, HaveNoMemoryOfHowTheyCame) {
    for_each_seed(2000, [](Choices& choices) {
        Decay decay = random_kept_decay(choices);
        std::vector<Occurrence> list;
        Occurrences grown;
        for (const Occurrence& occurrence : [&] {
                 auto shuffled = random_list(choices, 80);
                 if (choices.one_in(2)) choices.shuffle(shuffled);
                 return shuffled;
             }()) {
            grown.add(occurrence);
            list.insert(std::upper_bound(list.begin(), list.end(), occurrence), occurrence);
            if (choices.one_in(5)) {
                std::size_t gone = choices.below(list.size() + 1);
                list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(gone));
                grown.forget_earliest(gone);
            }
            ASSERT_TRUE(std::ranges::equal(grown.all(), list));
            ASSERT_EQ(grown.empty(), list.empty());
            Timestamp at = kStart + choices.between(0, 300) * kDay;
            EXPECT_TRUE(same_bits(grown.decayed(decay, at, 1000), Occurrences(list).decayed(decay, at, 1000)));
        }
    });
}

TEST(Occurrences, ThatAreDeadChangeNoBit) {
    for_each_seed(2000, [](Choices& choices) {
        std::vector<Occurrence> list = random_list(choices, 60);
        Decay decay = random_kept_decay(choices);
        Timestamp at = kStart + choices.between(0, 300) * kDay;
        std::vector<Occurrence> alive = list;
        std::erase_if(alive,
                      [&](const Occurrence& occurrence) { return age_between(occurrence.at, at) >= decay.lifetime(); });
        EXPECT_TRUE(same_bits(Occurrences(list).decayed(decay, at, 1000), Occurrences(alive).decayed(decay, at, 1000)));
    });
}

TEST(Occurrences, AheadCountInFull) {
    for (Decay decay : {linear(kDay), window(kDay), steps(kDay, 0.1)})
        for (std::size_t count : {3, 30}) {
            Occurrences occurrences(std::vector<Occurrence>(count, {kStart + kDay, 7}));
            EXPECT_EQ(occurrences.decayed(decay, kStart, 1000).total(), 7.0 * static_cast<double>(count));
        }
}

TEST(Occurrences, HoldAtTheEndsOfNumbers) {
    constexpr Units kMost = std::numeric_limits<Units>::max();
    for (Microseconds span : {Microseconds{1}, kDay, 1000 * kDay, kForever - 1, kForever})
        for (Decay decay : {linear(span), window(span), steps(span, 0.5), steps(span, 1e-300)})
            for (Timestamp first : {kNever + 1, Timestamp{-1}, kStart})
                for (Timestamp at : {kStart, kForever - 1}) {
                    SCOPED_TRACE("span " + std::to_string(span) + " from " + std::to_string(first));
                    std::vector<Occurrence> list;
                    for (int i = 0; i < 20; ++i) list.push_back({first + i / 2, i % 2 == 0 ? kMost : -kMost});
                    SignedSum sum = Occurrences(list).decayed(decay, at, 1000);
                    EXPECT_GE(sum.positive, 0.0);
                    EXPECT_LE(sum.positive, 1e20);
                    EXPECT_NEAR(sum.total(), 0.0, 1e7);
                }
}

// A lead's score is asked for at each of its events: going through all kept occurrences would take their square.
TEST(Occurrences, AreNotGoneThroughAtEachEvent) {
    constexpr int kEvents = 20000;
    for (Decay decay : {steps(kDay, 0.05), linear(20 * kDay), window(20 * kDay)}) {
        Definition definition =
            model({Rule{.points = 1, .decay = decay, .max_occurrences = 100000},
                   Rule{.points = -1, .decay = decay, .limit_count = 100000, .max_occurrences = 100000}},
                  {Stage{.name = "mql", .min_score = points(50), .falls_below = points(20)}});
        std::vector<Match> matches;
        for (int i = 0; i < kEvents; ++i)
            matches.push_back(match(i % 2, kStart + i * 60 * kSecond, points(i % 2 == 0 ? 1 : -0.5)));
        Lead lead = new_lead(definition);
        std::vector<Transition> moves;
        Looks looks;
        ASSERT_TRUE(fold_matches(definition, lead, matches, matches.back().at, Moves::all(), moves));
        EXPECT_FALSE(moves.empty());
        EXPECT_LT(looks.count(), 300L * kEvents);
    }
}

}  // namespace
}  // namespace lead_scoring::test
