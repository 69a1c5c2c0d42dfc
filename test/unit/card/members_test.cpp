// The members of a bucket against limits applied to all matches at once, and their sums against each one's weight.
#include "core/card/members.hpp"

#include <gtest/gtest.h>

#include "unit/model.hpp"
#include "unit/naive_score.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

Decay random_decay(Choices& choices) {
    switch (choices.below(5)) {
        case 0:
            return {};
        case 1:
            return exponential(choices.between(1, 60) * kDay);
        case 2:
            return linear(choices.between(1, 60) * kDay);
        case 3:
            return steps(kDay, 0.05);
        default:
            return window(choices.between(1, 60) * kDay);
    }
}

bool same_bits(const SignedSum& a, const SignedSum& b) { return a.positive == b.positive && a.negative == b.negative; }

// Matches come in time order but for some; those that a card cannot take are left out of the log as well.
TEST(Members, AreTheFirstOfTheFirstKeys) {
    for_each_seed(2000, [](Choices& choices) {
        Rule rule{
            .decay = random_decay(choices), .limit_count = choices.below(20) + 1, .max_keys = choices.below(6) + 1};
        Members members;
        std::vector<Match> log;
        Timestamp latest = kStart;
        std::uint64_t keys = choices.below(8);
        for (auto n = choices.below(60); n > 0; --n) {
            latest += choices.between(0, kDay);
            Timestamp at = choices.one_in(4) ? kStart + choices.between(0, latest - kStart) : latest;
            Match match{.at = at, .points = choices.between(-100000, 100000)};
            if (keys > 0) match.key = choices.below(keys) + 1;
            if (!members.admit({match.key, {match.at, match.points}}, rule.limit_count, rule.max_keys)) continue;
            log.push_back(match);
            std::vector<Member> expected;
            for (const Match& counted : naively_limited(rule, log))
                expected.push_back({counted.key, {counted.at, counted.points}});
            std::sort(expected.begin(), expected.end());
            ASSERT_EQ(members.all(), expected);

            Members fresh(expected);
            EXPECT_TRUE(members.points() == fresh.points());
            Timestamp when = latest + choices.between(0, 30 * kDay);
            EXPECT_TRUE(same_bits(members.decayed(rule.decay, when, 1000), fresh.decayed(rule.decay, when, 1000)));
            double sum = 0;
            for (const Member& member : expected)
                sum += static_cast<double>(member.occurrence.points) *
                       static_cast<double>(naive_weight(rule.decay, member.occurrence.at, when));
            EXPECT_NEAR(members.decayed(rule.decay, when, 1000).total(), sum, 1e-3);
        }
    });
}

TEST(Members, CountTheLatestWhereThereAreMore) {
    std::vector<Member> list;
    for (std::uint64_t key = 0; key < 30; ++key)
        list.push_back({key, {kStart + static_cast<Timestamp>(30 - key) * kSecond, static_cast<Units>(key)}});
    Members members(list);
    EXPECT_EQ(members.decayed(window(kDay), kStart + kHour, 3).total(), 0 + 1 + 2);
    EXPECT_EQ(members.decayed(window(kDay), kStart + kHour, 0).total(), 0);
}

}  // namespace
}  // namespace lead_scoring::test
