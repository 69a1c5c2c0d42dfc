// The model and the leads that all benchmarks of the core use: forty rules, a third decaying and a third capped, as in
// bench/lib/data.sql, and a lead that has matched so many of them.
#pragma once

#include <benchmark/benchmark.h>

#include "unit/model.hpp"

namespace lead_scoring::bench {

using namespace lead_scoring::test;

inline constexpr int kRules = 40;

inline Definition forty_rules(Decay decay = exponential(14 * kDay)) {
    std::vector<Rule> rules(kRules);
    for (int i = 0; i < kRules; ++i) {
        Rule& rule = rules[static_cast<std::size_t>(i)];
        rule.name = std::to_string(i);
        rule.points = 1 + i % 7;
        if (i % 3 == 0) rule.decay = decay;
        if (i % 3 == 1) rule.bounds.max = points(20);
    }
    Stage mql{.name = "mql"};
    mql.min_score = points(60);
    mql.falls_below = points(20);
    return model(std::move(rules), {mql});
}

// `events` matches an hour apart, of the first `rules` rules in turn.
inline std::vector<Match> matches(const Definition& definition, int rules, int events, Timestamp from = kStart) {
    std::vector<Match> all;
    for (int i = 0; i < events; ++i) {
        int rule = i % rules;
        all.push_back(
            match(rule, from + i * kHour, units_of_points(definition.rules[static_cast<std::size_t>(rule)].points)));
    }
    return all;
}

inline Lead lead_after(const Definition& definition, const std::vector<Match>& all) {
    Lead lead = new_lead(definition);
    std::vector<Transition> transitions;
    Timestamp now = all.empty() ? kStart : all.back().at;
    if (!fold_matches(definition, lead, all, now, Moves::all(), transitions)) std::abort();
    return lead;
}

}  // namespace lead_scoring::bench
