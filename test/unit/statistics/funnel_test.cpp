#include "core/statistics/funnel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <random>
#include <vector>

#include "core/base/error.hpp"

namespace lead_scoring {
namespace {

using Events = std::vector<FunnelEvent>;

// The definition, by trying every choice of events: the longest chain of steps at times that do not go back, from
// distinct events where `once`, at strictly later times where `increase`, all within the window of the first.
int longest_by_search(const Events& events, std::int64_t window, int steps, bool once, bool increase) {
    int best = 0;
    std::vector<bool> used(events.size(), false);
    std::function<void(int, std::size_t, std::int64_t)> extend = [&](int level, std::size_t last,
                                                                     std::int64_t first_at) {
        best = std::max(best, level);
        if (level == steps) return;
        for (std::size_t i = 0; i < events.size(); ++i) {
            if (!(events[i].steps >> level & 1) || (once && used[i])) continue;
            if (level > 0) {
                if (increase ? events[i].at <= events[last].at : events[i].at < events[last].at) continue;
                if (events[i].at - first_at > window) continue;
            }
            used[i] = true;
            extend(level + 1, i, level == 0 ? events[i].at : first_at);
            used[i] = false;
        }
    };
    extend(0, 0, 0);
    return best;
}

Events random_events(std::mt19937& random, int count, int times, int steps, double density) {
    Events events;
    for (int i = 0; i < count; ++i) {
        FunnelEvent event = {static_cast<std::int64_t>(random() % times), 0};
        for (int step = 0; step < steps; ++step)
            if (std::uniform_real_distribution<>()(random) < density) event.steps |= 1u << step;
        events.push_back(event);
    }
    std::sort(events.begin(), events.end());
    return events;
}

class FunnelDefinition : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(FunnelDefinition, AgreesWithExhaustiveSearch) {
    std::mt19937 random(7);
    for (int round = 0; round < 4000; ++round) {
        int steps = 1 + static_cast<int>(random() % 4);
        Events events =
            random_events(random, static_cast<int>(random() % 8), 1 + static_cast<int>(random() % 8), steps, 0.4);
        auto window = static_cast<std::int64_t>(random() % 6);
        FunnelPath path = longest_path(events, window, steps, GetParam());
        ASSERT_EQ(path.length,
                  longest_by_search(events, window, steps, GetParam() & kStrictOnce, GetParam() & kStrictIncrease))
            << round;

        for (int step = 0; step < path.length; ++step) {
            ASSERT_TRUE(std::any_of(events.begin(), events.end(), [&](const FunnelEvent& e) {
                return e.at == path.times[step] && e.steps >> step & 1;
            }));
            ASSERT_LE(path.times[step] - path.times[0], window);
            if (step == 0) continue;
            ASSERT_GE(path.times[step] - path.times[step - 1], GetParam() & kStrictIncrease ? 1 : 0);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Modes, FunnelDefinition,
                         ::testing::Values(0u, kStrictOnce, kStrictIncrease, kStrictOnce | kStrictIncrease));

// One event at a time, no ties: what each mode says, word for word.
int level_by_rules(const Events& events, std::int64_t window, int steps, std::uint32_t mode) {
    std::vector<std::int64_t> begun(steps, -1);
    auto level = [&] {
        int reached = 0;
        while (reached < steps && begun[reached] >= 0) ++reached;
        return reached;
    };
    for (const FunnelEvent& event : events) {
        if (event.steps == 0) {
            if (mode & kStrictOrder && begun[0] >= 0) break;
            continue;
        }
        int step = std::countr_zero(event.steps);
        if (step == 0) {
            begun[0] = event.at;
            continue;
        }
        if (mode & kStrictDeduplication && begun[step] >= 0) break;
        if (begun[step - 1] < 0) {
            if (mode & kStrictOrder && begun[0] >= 0 && !(mode & kAllowReentry)) break;
            continue;
        }
        if (event.at - begun[step - 1] <= window) begun[step] = begun[step - 1];
        if (level() == steps) break;
    }
    return level();
}

TEST(Funnel, ModesSayWhatTheyDo) {
    std::mt19937 random(11);
    const std::uint32_t modes[] = {0,
                                   kStrictOrder,
                                   kStrictDeduplication,
                                   kStrictOrder | kAllowReentry,
                                   kStrictOrder | kStrictDeduplication,
                                   kStrictOrder | kAllowReentry | kStrictDeduplication};
    for (int round = 0; round < 20000; ++round) {
        Events events;
        std::int64_t at = 0;
        for (auto count = random() % 10; count > 0; --count) {
            at += 1 + static_cast<std::int64_t>(random() % 3);
            auto step = random() % 5;
            events.push_back({at, step < 4 ? 1u << step : 0});
        }
        auto window = static_cast<std::int64_t>(random() % 12);
        for (std::uint32_t mode : modes) {
            int expected = level_by_rules(events, window, 4, mode);
            // An event of one step, alone at its time, is as good under the other two modes.
            for (std::uint32_t more : {0u, std::uint32_t{kStrictOnce}, std::uint32_t{kStrictIncrease}})
                ASSERT_EQ(longest_path(events, window, 4, mode | more).length, expected)
                    << round << " " << mode << " " << more;
        }
    }
}

TEST(Funnel, StricterModesNeverReachFurther) {
    std::mt19937 random(3);
    for (int round = 0; round < 5000; ++round) {
        Events events = random_events(random, 12, 6, 5, 0.3);
        for (std::uint32_t mode = 0; mode < 16; ++mode) {
            int level = longest_path(events, 4, 5, mode).length;
            ASSERT_LE(level, longest_path(events, 4, 5, 0).length);
            // A step that strict_once has not reached is no duplicate when it comes again.
            if (!(mode & kStrictDeduplication)) {
                ASSERT_LE(longest_path(events, 4, 5, mode | kStrictOnce).length, level);
            }
            ASSERT_LE(level, longest_path(events, 5, 5, mode & ~(kStrictDeduplication | kStrictOrder)).length);
        }
    }
}

TEST(Funnel, TimesFarApartDoNotOverflow) {
    Events events = {{std::numeric_limits<std::int64_t>::min() + 1, 1},
                     {std::numeric_limits<std::int64_t>::max() - 1, 2}};
    EXPECT_EQ(longest_path(events, std::numeric_limits<std::int64_t>::max(), 2, 0).length, 1);
    EXPECT_EQ(longest_path({}, 0, 2, 0).length, 0);
}

TEST(Funnel, ManyEventsAtOneTimeAreSolvedAtOnce) {
    Events events;
    for (std::uint32_t i = 0; i < 200000; ++i) events.push_back({5, i % 1000 == 0 ? 0xFFFFFFFFu : 1u << (i % 31)});
    std::sort(events.begin(), events.end());
    EXPECT_EQ(longest_path(events, 0, 32, kStrictOnce).length, 32);
}

TEST(FunnelMode, ReadsNames) {
    EXPECT_EQ(parse_funnel_mode(""), 0u);
    EXPECT_EQ(parse_funnel_mode(" strict_once ,strict_increase,"), std::uint32_t{kStrictOnce | kStrictIncrease});
    EXPECT_THROW(parse_funnel_mode("strict"), Error);
    EXPECT_THROW(parse_funnel_mode("allow_reentry"), Error);
}

}  // namespace
}  // namespace lead_scoring
