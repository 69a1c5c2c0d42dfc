#include "core/card/exponential_sum.hpp"

#include <gtest/gtest.h>

#include "unit/model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

constexpr Timestamp kLatestTime = 9223371331199999999;  // the last instant the server knows
constexpr Timestamp kEarliestTime = -211813488000000000;

struct Addend {
    Units points;
    Timestamp at;
};

std::vector<Addend> random_addends(Choices& choices, Microseconds half_life) {
    std::vector<Addend> addends(choices.below(30) + 1);
    for (Addend& addend : addends) {
        addend.points = choices.between(-1000000, 1000000) * choices.pick<Units>({1, 1, 1000, 1000000000});
        addend.at = kStart + choices.between(-200, 200) * half_life + choices.between(0, half_life - 1);
    }
    return addends;
}

ExponentialSum sum_of(const std::vector<Addend>& addends, Microseconds half_life) {
    ExponentialSum sum;
    for (const Addend& addend : addends) sum.add(addend.points, addend.at, half_life);
    return sum;
}

Timestamp latest(const std::vector<Addend>& addends) {
    Timestamp at = kNever;
    for (const Addend& addend : addends) at = std::max(at, addend.at);
    return at;
}

TEST(ExponentialSum, OfNothingIsZero) {
    ExponentialSum sum;
    EXPECT_TRUE(sum.empty());
    EXPECT_EQ(sum.value(kStart, kDay), 0.0);
    sum.add(ExponentialSum{});
    EXPECT_TRUE(sum.empty());
}

TEST(ExponentialSum, HalvesWithEachHalfLife) {
    ExponentialSum sum;
    sum.add(points(10), kStart, kDay);
    EXPECT_NEAR(sum.value(kStart, kDay), 100000.0, 1e-6);
    EXPECT_NEAR(sum.value(kStart + kDay, kDay), 50000.0, 1e-6);
    EXPECT_NEAR(sum.value(kStart + 10 * kDay + kDay / 2, kDay), 100000.0 * std::exp2(-10.5), 1e-6);
    EXPECT_EQ(sum.value(kLatestTime, kDay), 0.0);
}

TEST(ExponentialSum, RemembersThatSomethingWasAdded) {
    ExponentialSum sum;
    sum.add(0, kStart, kDay);
    EXPECT_FALSE(sum.empty());
    EXPECT_EQ(sum.value(kStart, kDay), 0.0);
}

TEST(ExponentialSum, OppositePointsCancelExactly) {
    for_each_seed(200, [](Choices& choices) {
        Microseconds half_life = choices.between(1, 100 * kDay);
        std::vector<Addend> addends = random_addends(choices, half_life);
        ExponentialSum sum = sum_of(addends, half_life);
        for (const Addend& addend : addends) sum.add(-addend.points, addend.at, half_life);
        EXPECT_EQ(sum.value(latest(addends), half_life), 0.0);
    });
}

TEST(ExponentialSum, EqualsItsFormula) {
    for_each_seed(500, [](Choices& choices) {
        Microseconds half_life = choices.between(1, Microseconds{1} << choices.between(1, 44));
        std::vector<Addend> addends = random_addends(choices, half_life);
        ExponentialSum sum = sum_of(addends, half_life);
        Timestamp at = latest(addends) + choices.between(0, 20 * half_life);
        long double expected = 0;
        long double magnitude = 0;
        for (const Addend& addend : addends) {
            long double age = static_cast<long double>(at - addend.at) / static_cast<long double>(half_life);
            long double part = static_cast<long double>(addend.points) * std::exp2(-age);
            expected += part;
            magnitude += std::fabs(part);
        }
        // What is dropped, and the rounding of doubles.
        double tolerance =
            std::ldexp(static_cast<double>(addends.size()), -32) + static_cast<double>(magnitude) * 1e-14;
        EXPECT_NEAR(sum.value(at, half_life), static_cast<double>(expected), tolerance);
    });
}

TEST(ExponentialSum, IsTheSameToTheBitInAnyOrderAndGrouping) {
    for_each_seed(500, [](Choices& choices) {
        Microseconds half_life = choices.between(1, 100 * kDay);
        std::vector<Addend> addends = random_addends(choices, half_life);
        ExponentialSum expected = sum_of(addends, half_life);
        choices.shuffle(addends);
        EXPECT_EQ(sum_of(addends, half_life), expected);

        std::vector<ExponentialSum> parts(3);
        for (const Addend& addend : addends) parts[choices.below(3)].add(addend.points, addend.at, half_life);
        choices.shuffle(parts);
        ExponentialSum left = parts[0];
        left.add(parts[1]);
        left.add(parts[2]);
        ExponentialSum right = parts[1];
        right.add(parts[2]);
        right.add(parts[0]);
        EXPECT_EQ(left, expected);
        EXPECT_EQ(right, expected);
    });
}

TEST(ExponentialSum, ForgetsWhatIsFarBehindTheLatest) {
    ExponentialSum early_first;
    early_first.add(points(10), kStart, kHour);
    early_first.add(points(1), kStart + 1000 * kHour, kHour);
    ExponentialSum late_first;
    late_first.add(points(1), kStart + 1000 * kHour, kHour);
    late_first.add(points(10), kStart, kHour);
    ExponentialSum alone;
    alone.add(points(1), kStart + 1000 * kHour, kHour);
    EXPECT_EQ(early_first, late_first);
    EXPECT_EQ(early_first, alone);
}

TEST(ExponentialSum, TakesTheLargestPoints) {
    for (Units units : {std::numeric_limits<Units>::max(), std::numeric_limits<Units>::min()})
        for (Timestamp at : {kStart, kStart + kDay - 1, kStart + 31 * kDay, kStart + 31 * kDay + kDay - 1}) {
            ExponentialSum sum;
            sum.add(units, at, kDay);
            EXPECT_DOUBLE_EQ(sum.value(at, kDay), static_cast<double>(units)) << at;
            EXPECT_DOUBLE_EQ(sum.value(at + 2 * kDay, kDay), static_cast<double>(units) / 4) << at;
        }
}

TEST(ExponentialSum, HoldsAtTheEndsOfTime) {
    for (Microseconds half_life : {Microseconds{1}, Microseconds{7}, kSecond, kDay, 4000000 * kDay, kForever})
        for (Timestamp at : {kNever + 1, kEarliestTime, Timestamp{-1}, Timestamp{0}, kStart, kLatestTime}) {
            SCOPED_TRACE("half-life " + std::to_string(half_life) + " at " + std::to_string(at));
            ExponentialSum sum;
            sum.add(points(10), at, half_life);
            EXPECT_NEAR(sum.value(at, half_life), 100000.0, 1e-3);
            Timestamp later = add_saturated(at, 10 * std::min(half_life, kDay));
            double half_lives = static_cast<double>(later - at) / static_cast<double>(half_life);
            EXPECT_NEAR(sum.value(later, half_life), 100000.0 * std::exp2(-half_lives), 1e-3);
        }
}

TEST(ExponentialSum, IsRestoredFromItsParts) {
    ExponentialSum sum;
    sum.add(points(-3), kStart, kDay);
    ExponentialSum copy;
    copy.restore(sum.base(), sum.digits());
    EXPECT_EQ(copy, sum);
    EXPECT_FALSE(copy.empty());
}

}  // namespace
}  // namespace lead_scoring::test
