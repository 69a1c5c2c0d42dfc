#include "core/card/decay.hpp"

#include <gtest/gtest.h>

#include "unit/model.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

TEST(Decay, NoneWeighsOneForEver) {
    EXPECT_EQ(Decay{}.weight(0), 1.0);
    EXPECT_EQ(Decay{}.weight(kForever), 1.0);
    EXPECT_EQ(Decay{}.lifetime(), kForever);
}

TEST(Decay, ExponentialHalvesWithEachHalfLife) {
    Decay decay = exponential(kDay);
    EXPECT_EQ(decay.weight(0), 1.0);
    EXPECT_EQ(decay.weight(kDay), 0.5);
    EXPECT_EQ(decay.weight(3 * kDay), 0.125);
    EXPECT_DOUBLE_EQ(decay.weight(kDay / 2), std::sqrt(0.5));
    EXPECT_EQ(decay.weight(kForever), 0.0);
    EXPECT_EQ(decay.lifetime(), kForever);
}

TEST(Decay, LinearReachesZeroAtItsLifespan) {
    Decay decay = linear(10 * kDay);
    EXPECT_EQ(decay.weight(0), 1.0);
    EXPECT_DOUBLE_EQ(decay.weight(4 * kDay), 0.6);
    EXPECT_GT(decay.weight(10 * kDay - 1), 0.0);
    EXPECT_EQ(decay.weight(10 * kDay), 0.0);
    EXPECT_EQ(decay.weight(kForever), 0.0);
    EXPECT_EQ(decay.lifetime(), 10 * kDay);
}

TEST(Decay, WindowIncludesItsLastInstant) {
    Decay decay = window(kDay);
    EXPECT_EQ(decay.weight(kDay), 1.0);
    EXPECT_EQ(decay.weight(kDay + 1), 0.0);
    EXPECT_EQ(decay.lifetime(), kDay + 1);
    EXPECT_EQ(window(kForever).lifetime(), kForever);
}

TEST(Decay, StepDropsAtWholeSteps) {
    Decay decay = steps(kDay, 0.25);
    EXPECT_EQ(decay.weight(kDay - 1), 1.0);
    EXPECT_EQ(decay.weight(kDay), 0.75);
    EXPECT_EQ(decay.weight(2 * kDay - 1), 0.75);
    EXPECT_EQ(decay.weight(4 * kDay - 1), 0.25);
    EXPECT_EQ(decay.weight(4 * kDay), 0.0);
    EXPECT_EQ(decay.lifetime(), 4 * kDay);
    EXPECT_EQ(steps(kDay, 1.0).lifetime(), kDay);
    EXPECT_EQ(steps(kDay, 0.3).lifetime(), 4 * kDay);
}

TEST(Decay, StepLifetimeSaturates) {
    EXPECT_EQ(steps(kForever, 0.5).lifetime(), kForever);
    EXPECT_EQ(steps(kDay, 1e-300).lifetime(), kForever);
    EXPECT_EQ(steps(kDay, 5e-324).lifetime(), kForever);
}

// 1 / drop is then too large for the next step to be told from it.
TEST(Decay, LifetimeOfTheLeastDropsIsFound) {
    for_each_seed(200, [](Choices& choices) {
        double drop = static_cast<double>(choices.between(1, 1000000)) * 1e-25;
        EXPECT_EQ(steps(kDay, drop).lifetime(), kForever);
    });
}

TEST(Decay, KeepsOccurrencesWhereNoSumIsClosed) {
    EXPECT_FALSE(Decay{}.keeps_occurrences());
    EXPECT_FALSE(exponential(kDay).keeps_occurrences());
    EXPECT_TRUE(linear(kDay).keeps_occurrences());
    EXPECT_TRUE(window(kDay).keeps_occurrences());
    EXPECT_TRUE(steps(kDay, 0.5).keeps_occurrences());
}

TEST(Decay, WeightStartsAtOneAndNeverRises) {
    for_each_seed(500, [](Choices& choices) {
        Decay decay = random_decay(choices, choices.pick<Microseconds>({1, kSecond, kHour, kDay}));
        EXPECT_EQ(decay.weight(0), 1.0);
        Microseconds age = 0;
        double before = 1.0;
        for (int i = 0; i < 100; ++i) {
            age += choices.between(0, Microseconds{1} << choices.below(45));
            double weight = decay.weight(age);
            EXPECT_LE(weight, before) << "at age " << age;
            EXPECT_GE(weight, 0.0);
            before = weight;
        }
    });
}

TEST(Decay, LifetimeIsTheLeastAgeWithoutWeight) {
    for_each_seed(2000, [](Choices& choices) {
        Decay decay = random_decay(choices, choices.pick<Microseconds>({1, kSecond, kDay}));
        if (decay.kind == DecayKind::Step) decay.drop = static_cast<double>(choices.between(1, 10000)) / 10000.0;
        if (!decay.keeps_occurrences()) return;
        EXPECT_EQ(decay.weight(decay.lifetime()), 0.0) << "drop " << decay.drop;
        EXPECT_GT(decay.weight(decay.lifetime() - 1), 0.0) << "drop " << decay.drop;
    });
}

}  // namespace
}  // namespace lead_scoring::test
