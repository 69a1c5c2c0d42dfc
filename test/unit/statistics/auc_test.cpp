#include "core/statistics/auc.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace lead_scoring {
namespace {

TEST(Auc, AgreesWithComparingAllPairs) {
    std::mt19937 random(1);
    for (int round = 0; round < 500; ++round) {
        std::vector<ScoreCount> counts;
        for (int i = 0; i < 40; ++i) {
            bool converted = random() % 3 == 0;
            counts.push_back({static_cast<double>(random() % 15) - 7, converted ? 1 : 0, converted ? 0 : 1});
        }
        double right = 0, pairs = 0;
        for (const ScoreCount& a : counts)
            for (const ScoreCount& b : counts)
                if (a.converted && b.others) {
                    right += a.score > b.score ? 1 : a.score == b.score ? 0.5 : 0;
                    ++pairs;
                }
        counts.resize(merge_scores(counts));
        ASSERT_LE(counts.size(), 15u);
        if (pairs > 0)
            ASSERT_DOUBLE_EQ(*area_under_curve(counts), right / pairs);
        else
            ASSERT_FALSE(area_under_curve(counts));
    }
}

}  // namespace
}  // namespace lead_scoring
