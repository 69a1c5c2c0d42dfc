#include "core/statistics/markov.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "core/base/error.hpp"

namespace lead_scoring {
namespace {

struct Path {
    std::vector<std::uint16_t> channels;
    bool converted;
};

std::vector<MarkovStep> steps_of(const std::vector<Path>& paths, int order) {
    std::vector<MarkovStep> steps;
    for (const Path& path : paths) {
        std::vector<std::uint16_t> history(kMaxMarkovOrder, kMarkovStart);
        auto step_to = [&](std::uint16_t next) { steps.push_back({{history[0], history[1], history[2]}, next, 1}); };
        for (std::uint16_t channel : path.channels) {
            step_to(channel);
            history.erase(history.begin() + kMaxMarkovOrder - order);
            history.push_back(channel);
        }
        step_to(path.converted ? kMarkovConverted : kMarkovLost);
    }
    steps.resize(merge_steps(steps));
    return steps;
}

std::vector<Path> random_paths(std::mt19937& random, int count, int channels) {
    std::vector<Path> paths;
    for (int i = 0; i < count; ++i) {
        Path path = {{}, random() % 3 == 0};
        for (auto length = 1 + random() % 6; length > 0; --length)
            path.channels.push_back(static_cast<std::uint16_t>(1 + random() % channels));
        paths.push_back(path);
    }
    return paths;
}

// By iteration until nothing moves.
double chance_by_iteration(const std::vector<MarkovStep>& steps, int order, std::uint16_t without) {
    using History = std::array<std::uint16_t, 3>;
    std::map<History, double> totals, chance;
    for (const MarkovStep& step : steps)
        totals[{step.history[0], step.history[1], step.history[2]}] += static_cast<double>(step.count);
    for (int round = 0; round < 2000; ++round) {
        std::map<History, double> next;
        for (const MarkovStep& step : steps) {
            History from = {step.history[0], step.history[1], step.history[2]};
            double share = static_cast<double>(step.count) / totals[from];
            if (step.next == kMarkovConverted) next[from] += share;
            if (step.next >= kMarkovLost || (without != kMarkovStart && step.next == without)) continue;
            History to = {0, 0, 0};
            std::copy(from.begin() + 1, from.end(), to.begin());
            to[2] = step.next;
            for (int i = 0; i < 3 - order; ++i) to[i] = 0;
            next[from] += share * chance[to];
        }
        chance = next;
    }
    return chance[{0, 0, 0}];
}

TEST(Markov, AgreesWithIteration) {
    std::mt19937 random(9);
    for (int order = 1; order <= 3; ++order) {
        for (int round = 0; round < 15; ++round) {
            auto steps = steps_of(random_paths(random, 30, 4), order);
            MarkovChain chain(steps);
            for (std::uint16_t without = 0; without <= 4; ++without)
                ASSERT_NEAR(chain.conversion_chance(without), chance_by_iteration(steps, order, without), 1e-9);
        }
    }
}

TEST(Markov, WholeChanceIsTheShareThatConverted) {
    std::mt19937 random(10);
    for (int order = 1; order <= 3; ++order) {
        auto paths = random_paths(random, 500, 6);
        auto converted = std::count_if(paths.begin(), paths.end(), [](const Path& path) { return path.converted; });
        MarkovChain chain(steps_of(paths, order));
        ASSERT_NEAR(chain.conversion_chance(kMarkovStart), static_cast<double>(converted) / 500, 1e-12);
        for (std::uint16_t channel = 1; channel <= 6; ++channel)
            ASSERT_LE(chain.conversion_chance(channel), chain.conversion_chance(kMarkovStart) + 1e-12);
    }
}

TEST(Markov, OrderOfStepsDoesNotMatter) {
    std::mt19937 random(11);
    auto steps = steps_of(random_paths(random, 100, 5), 2);
    auto shuffled = steps;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    shuffled.resize(merge_steps(shuffled));
    for (std::uint16_t channel = 0; channel <= 5; ++channel)
        EXPECT_EQ(MarkovChain(steps).conversion_chance(channel), MarkovChain(shuffled).conversion_chance(channel));
}

TEST(Markov, RefusesWhatLeadsNowhere) {
    std::vector<MarkovStep> steps = {{{0, 0, 0}, 1, 1}};
    EXPECT_THROW(MarkovChain chain(steps), Error);
    MarkovChain empty({});
    EXPECT_EQ(empty.conversion_chance(kMarkovStart), 0);
}

}  // namespace
}  // namespace lead_scoring
