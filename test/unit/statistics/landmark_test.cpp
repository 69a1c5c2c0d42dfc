#include "core/statistics/landmark.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/seeds.hpp"

namespace lead_scoring {
namespace {

// Word by word, a lead and a period at a time.
std::vector<double> naive_customers(const std::vector<Stay>& stays, std::int64_t period, std::size_t periods) {
    // customers and compared at an age, in a period
    auto compare = [&](std::int64_t age, std::int64_t begins) {
        std::pair<int, int> found;
        for (const Stay& stay : stays) {
            bool there = age < stay.left, no_customer = stay.customer == kNotYet || age + begins < stay.customer;
            if (!there || !no_customer || stay.watched < age + begins + period) continue;
            ++found.second;
            found.first += stay.customer != kNotYet && stay.customer <= age + begins + period;
        }
        return found;
    };
    std::vector<double> result(periods);
    for (const Stay& waiting : stays) {
        if (waiting.left != kNotYet) continue;
        double none_yet = 1;
        for (std::size_t i = 0; i < periods; ++i) {
            std::int64_t begins = static_cast<std::int64_t>(i) * period, age = waiting.watched;
            int enough = std::min(100, (compare(0, begins).second + 9) / 10);
            if (enough == 0) continue;
            while (compare(age, begins).second < enough) --age;
            auto [customers, compared] = compare(age, begins);
            double share = static_cast<double>(customers) / compared;
            result[i] += none_yet * share;
            none_yet *= 1 - share;
        }
    }
    return result;
}

TEST(Landmark, ExpectsNothingOfNobody) {
    EXPECT_EQ(expected_customers({}, 30, 3), std::vector<double>(3));
    EXPECT_EQ(expected_customers(std::vector<Stay>{{5, kNotYet, kNotYet}}, 30, 3), std::vector<double>(3));
}

// Of ten that came 100 days ago, four were won on day 20 and two on day 50. One is new; another has waited for 25 days:
// for it the four are out of the comparison.
TEST(Landmark, ComparesAtTheVeryAge) {
    std::vector<Stay> stays;
    for (std::int64_t won : {20, 20, 20, 20, 50, 50}) stays.push_back({100, won, won});
    for (int i = 0; i < 4; ++i) stays.push_back({100, 90, kNotYet});
    stays.push_back({0, kNotYet, kNotYet});
    stays.push_back({25, kNotYet, kNotYet});
    auto found = expected_customers(stays, 30, 3);
    EXPECT_DOUBLE_EQ(found[0], 4.0 / 10 + 2.0 / 6);
    EXPECT_DOUBLE_EQ(found[1], 6.0 / 10 * 2 / 6);
    EXPECT_DOUBLE_EQ(found[2], 0);
}

TEST(Landmark, TakesTheGreatestAgeThatCanBeCompared) {
    std::vector<Stay> stays;
    for (int i = 0; i < 10; ++i)
        stays.push_back({200 + i, 40, 60});  // at 39 days all, customers within 30 days from 30 on
    stays.push_back({1000, kNotYet, kNotYet});
    // It is compared with itself at its 970th day and before.
    EXPECT_DOUBLE_EQ(expected_customers(stays, 30, 1)[0], 10.0 / 11);
    stays.pop_back();
    stays.push_back({25, kNotYet, kNotYet});
    EXPECT_DOUBLE_EQ(expected_customers(stays, 30, 2)[1], 1);
    EXPECT_DOUBLE_EQ(expected_customers(stays, 30, 2)[0], 0);
}

TEST(Landmark, IsWhatANaiveCountGives) {
    test::for_each_seed(300, [](test::Choices& choices) {
        std::vector<Stay> stays;
        for (std::int64_t i = choices.between(0, 60); i > 0; --i) {
            Stay stay = {choices.between(0, 100), kNotYet, kNotYet};
            if (!choices.one_in(3)) stay.left = choices.between(0, stay.watched);
            if (stay.left != kNotYet && choices.one_in(2)) stay.customer = choices.between(stay.left, stay.watched);
            stays.push_back(stay);
        }
        auto expected = naive_customers(stays, 10, 6), found = expected_customers(stays, 10, 6);
        for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(found[i], expected[i], 1e-9) << i;
    });
}

// Nonsense in a forged state neither overflows nor hangs.
TEST(Landmark, SurvivesAnyNumbers) {
    test::for_each_seed(300, [](test::Choices& choices) {
        std::vector<std::int64_t> odd = {std::numeric_limits<std::int64_t>::min(), -1, 0, 1, kNotYet - 1, kNotYet};
        std::vector<Stay> stays;
        for (int i = 0; i < 10; ++i) stays.push_back({choices.pick(odd), choices.pick(odd), choices.pick(odd)});
        for (double customers : expected_customers(stays, 30, 6)) {
            EXPECT_GE(customers, 0);
            EXPECT_LE(customers, 10);
        }
    });
}

}  // namespace
}  // namespace lead_scoring
