#include "core/statistics/mean.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace lead_scoring {
namespace {

TEST(ExactMean, SumsBeyondSixtyFourBits) {
    ExactMean mean = {};
    EXPECT_FALSE(mean.mean(1));
    for (int i = 0; i < 1000; ++i) mean.add(std::numeric_limits<std::int64_t>::max());
    EXPECT_DOUBLE_EQ(*mean.mean(1), 0x1p63);
    ExactMean other = {};
    for (int i = 0; i < 1000; ++i) other.add(std::numeric_limits<std::int64_t>::min());
    mean.add(other);
    EXPECT_DOUBLE_EQ(*mean.mean(1), -0.5);
    mean.add_infinity();
    EXPECT_TRUE(std::isinf(*mean.mean(1)));
}

TEST(ExactMean, AnySplitGivesTheSame) {
    std::mt19937_64 random(3);
    std::vector<std::int64_t> terms(1000);
    for (auto& term : terms) term = static_cast<std::int64_t>(random());
    ExactMean whole = {};
    for (auto term : terms) whole.add(term);
    for (int parts : {2, 3, 17}) {
        std::vector<ExactMean> split(parts, ExactMean{});
        for (std::size_t i = 0; i < terms.size(); ++i) split[i % parts].add(terms[i]);
        ExactMean joined = {};
        for (auto part = split.rbegin(); part != split.rend(); ++part) joined.add(*part);
        EXPECT_EQ(joined.high, whole.high);
        EXPECT_EQ(joined.low, whole.low);
        EXPECT_EQ(joined.count, whole.count);
    }
}

}  // namespace
}  // namespace lead_scoring
