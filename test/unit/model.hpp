// Short words for definitions, matches and leads, so that a test shows only what it is about.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/card/definition.hpp"
#include "core/stages/lead.hpp"

namespace lead_scoring::test {

inline constexpr Microseconds kSecond = 1000000;
inline constexpr Microseconds kHour = 3600 * kSecond;
inline constexpr Microseconds kDay = 24 * kHour;
inline constexpr Timestamp kStart = 9000 * kDay;  // in 2024

inline Units points(double value) { return units_of_points(value); }

inline Decay exponential(Microseconds half_life) { return {.kind = DecayKind::Exponential, .half_life = half_life}; }
inline Decay linear(Microseconds lifespan) { return {.kind = DecayKind::Linear, .lifespan = lifespan}; }
inline Decay window(Microseconds lifespan) { return {.kind = DecayKind::Window, .lifespan = lifespan}; }
inline Decay steps(Microseconds step, double drop) { return {.kind = DecayKind::Step, .step = step, .drop = drop}; }

inline constexpr std::size_t kEngagement = 0;  // groups of `model`
inline constexpr std::size_t kFit = 1;
inline constexpr int kLead = 0;  // its first stage

// Groups `engagement` and `fit`, the rules given (fit rules are put into `fit`), a stage `lead` and then those given.
inline Definition model(std::vector<Rule> rules, std::vector<Stage> stages = {}) {
    Definition definition;
    definition.groups = {Group{.name = "engagement"}, Group{.name = "fit", .fit = true}};
    definition.rules = std::move(rules);
    for (Rule& rule : definition.rules)
        if (rule.fit) rule.group = kFit;
    definition.stages = {Stage{.name = "lead"}};
    for (Stage& stage : stages) {
        stage.rank = static_cast<int>(definition.stages.size()) * 10;
        definition.stages.push_back(std::move(stage));
    }
    definition.complete();
    return definition;
}

inline Match match(int rule, Timestamp at, Units units, std::int64_t bucket = 0, std::uint64_t key = 0) {
    return {.at = at, .kind = MatchKind::Rule, .target = rule, .points = units, .bucket = bucket, .key = key};
}
inline Match stage_event(int stage, Timestamp at) { return {.at = at, .kind = MatchKind::Stage, .target = stage}; }

inline Lead new_lead(const Definition& definition) {
    Lead lead;
    lead.stage.stage = definition.first_stage;
    return lead;
}

inline std::string bytes_of(const Scorecard& card) {
    std::string bytes;
    encode(card, bytes);
    return bytes;
}

}  // namespace lead_scoring::test
