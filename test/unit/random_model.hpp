// Random definitions and matches, small enough that every rule, limit and stage is met in one run.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "unit/choices.hpp"
#include "unit/model.hpp"

namespace lead_scoring::test {

// What the server knows of a rule, beside the definition: how events get their bucket and key.
struct LimitCalendar {
    Microseconds bucket_width = 0;  // 0: one bucket for ever
    std::uint64_t keys = 0;         // 0: no key
};

struct RandomModel {
    Definition definition;
    std::vector<LimitCalendar> calendars;  // a rule
    Microseconds unit = kHour;             // of half-lives, lifespans and times of events
};

struct ModelOptions {
    Microseconds unit = kHour;  // 1 makes models that live for some hundred microseconds: short enough to try each
    bool limits = true;
    bool switches = true;  // rules of frequency and silence
    bool stages = false;
};

inline Decay random_decay(Choices& choices, Microseconds unit) {
    // A choice a statement: compilers differ in the order in which they evaluate operands and arguments.
    auto units = [&](std::int64_t most) {
        Microseconds whole = choices.between(1, most) * unit;
        return whole + (choices.one_in(2) ? 0 : choices.between(0, unit - 1));
    };
    switch (choices.below(5)) {
        case 0:
            return exponential(units(40));
        case 1:
            return linear(units(60));
        case 2:
            return window(units(60));
        case 3: {
            auto drop = choices.pick<double>({0.05, 0.1, 0.25, 1 / 3.0, 0.5, 0.7, 1});
            return steps(units(20), drop);
        }
        default:
            return {};
    }
}

inline Bounds random_bounds(Choices& choices) {
    Bounds bounds;
    if (choices.one_in(4)) bounds.min = points(choices.pick<double>({-20, -3, 0, 3}));
    if (choices.one_in(4)) bounds.max = points(choices.pick<double>({4, 15, 30}));
    return bounds;
}

inline void make_switched(Choices& choices, Microseconds unit, Rule& rule, LimitCalendar& calendar) {
    Microseconds length = choices.between(1, 40) * unit;
    if (choices.one_in(2)) {
        rule.quiet_for = length;
        return;
    }
    rule.at_least = static_cast<std::size_t>(choices.between(1, 4));
    rule.within = length;
    rule.keep = choices.one_in(3);
    rule.distinct = choices.one_in(2);
    if (rule.distinct) calendar.keys = choices.below(6) + 1;
}

inline RandomModel random_rules(Choices& choices, const ModelOptions& options) {
    RandomModel model;
    model.unit = options.unit;
    model.definition.groups = {Group{.name = "engagement", .bounds = random_bounds(choices)},
                               Group{.name = "fit", .fit = true, .bounds = random_bounds(choices)},
                               Group{.name = "intent", .bounds = random_bounds(choices)}};
    std::int64_t count = choices.between(1, 5);
    for (std::int64_t i = 0; i < count; ++i) {
        Rule rule{.name = "rule " + std::to_string(i), .bounds = random_bounds(choices)};
        LimitCalendar calendar;
        rule.points = choices.pick<double>({1, 2.5, 5, 10, 0.3333, 40, 7, 0, -5, -11});
        if (i > 0 && choices.one_in(6)) {
            rule.fit = true;
            rule.group = 1;
        } else if (options.switches && choices.one_in(4)) {
            rule.group = choices.one_in(3) ? 2 : 0;
            rule.bounds = {};
            make_switched(choices, options.unit, rule, calendar);
        } else {
            rule.group = choices.one_in(3) ? 2 : 0;
            rule.decay = random_decay(choices, options.unit);
            rule.varying = choices.one_in(5);
            if (choices.one_in(3)) rule.max_occurrences = static_cast<std::size_t>(choices.between(1, 5));
            if (options.limits && choices.one_in(3)) {
                rule.limit_count = static_cast<std::size_t>(choices.between(1, 3));
                calendar.bucket_width = choices.one_in(3) ? 0 : choices.between(1, 40) * options.unit;
                calendar.keys = choices.one_in(2) ? 0 : choices.below(6) + 1;
                if (choices.one_in(2)) rule.max_keys = static_cast<std::size_t>(choices.between(1, 4));
            }
        }
        model.definition.rules.push_back(rule);
        model.calendars.push_back(calendar);
    }
    if (choices.one_in(4)) model.definition.bounds.min = 0;
    if (choices.one_in(4)) model.definition.bounds.max = points(100);
    if (choices.one_in(2)) {
        model.definition.engagement_bands = {{"3", 0}, {"2", points(8)}, {"1", points(20)}};
        if (choices.one_in(2)) model.definition.fit_bands = {{"B", points(-5)}, {"A", points(5)}};
    }
    return model;
}

inline Stage random_stage(Choices& choices, const RandomModel& model, int index) {
    Stage stage{.name = "stage " + std::to_string(index), .rank = index * 10};
    stage.detour = choices.one_in(3);
    if (stage.detour) {
        stage.exit_by_hand = choices.one_in(4);
    } else {
        if (!choices.one_in(5)) stage.min_score = points(choices.pick<double>({1, 5, 10, 20, 40}));
        if (choices.one_in(6)) stage.min_engagement = points(choices.pick<double>({1, 10, 20}));
        if (choices.one_in(8)) stage.min_fit = points(choices.pick<double>({0, 5}));
        if (choices.one_in(6))
            stage.required.push_back({choices.below(model.definition.rules.size()), choices.between(1, 3)});
        if (choices.one_in(6) && !model.definition.engagement_bands.empty())
            stage.grades = model.definition.fit_bands.empty() ? std::vector<std::string>{"1", "2"}
                                                              : std::vector<std::string>{"A1", "A2", "B2"};
        if (choices.one_in(2)) stage.falls_below = stage.min_score.value_or(points(10)) - points(choices.between(0, 4));
    }
    if (choices.one_in(3)) stage.cooldown = choices.between(1, 40) * model.unit;
    return stage;
}

// Open now and then, for so many units.
inline WorkingTime random_working_time(Choices& choices, Microseconds unit) {
    std::vector<Opening> openings;
    for (int weekday = 0; weekday < kWeekdays; ++weekday) {
        Microseconds closed = 0;
        for (auto i = choices.between(1, 4); i > 0; --i) {
            Microseconds opens = closed + choices.between(0, 30) * unit;
            Microseconds closes = opens + choices.between(1, 30) * unit;
            if (closes > lead_scoring::kDay) break;
            openings.push_back({weekday, opens, closes});
            closed = closes;
        }
    }
    if (openings.empty()) openings.push_back({0, 0, lead_scoring::kDay});
    return {openings, {}};
}

// Further ways into the stages.
inline void add_entries(Choices& choices, RandomModel& model) {
    Definition& definition = model.definition;
    for (int i = 1; i < static_cast<int>(definition.stages.size()); ++i) {
        const Stage& stage = definition.stages[static_cast<std::size_t>(i)];
        for (auto n = choices.below(3); n > 0; --n) {
            Stage like = random_stage(choices, model, i);
            StageEntry entry{.name = "entry " + std::to_string(definition.entries.size()), .stage = i};
            if (!stage.detour) {
                entry.min_score = like.min_score;
                if (stage.falls_below && entry.min_score)
                    entry.min_score = std::max(*entry.min_score, *stage.falls_below);
                entry.min_engagement = like.min_engagement;
                entry.min_fit = like.min_fit;
                entry.required = like.required;
                entry.grades = like.grades;
            }
            definition.entries.push_back(entry);
        }
    }
}

// A service level leads into any other stage.
inline void add_service_levels(Choices& choices, Definition& definition, Microseconds unit) {
    auto last = static_cast<std::int64_t>(definition.stages.size()) - 1;
    for (Stage& stage : definition.stages) {
        if (!choices.one_in(4)) continue;
        auto target = static_cast<int>(choices.between(0, last));
        if (&stage == &definition.stages[static_cast<std::size_t>(target)]) continue;
        stage.timeout_stage = target;
        if (choices.one_in(3))
            stage.working_within = WorkingSpan{.rest = choices.between(1, 60) * unit};
        else
            stage.within = choices.between(1, 60) * unit;
    }
    bool works =
        std::ranges::any_of(definition.stages, [](const Stage& stage) { return stage.working_within.has_value(); });
    if (works) definition.working_time = random_working_time(choices, unit);
}

inline RandomModel random_model(Choices& choices, const ModelOptions& options = {}) {
    RandomModel model = random_rules(choices, options);
    Definition& definition = model.definition;
    definition.stages = {Stage{.name = "lead"}};
    if (options.stages) {
        auto count = static_cast<int>(choices.between(1, 4));
        for (int i = 1; i <= count; ++i) definition.stages.push_back(random_stage(choices, model, i));
        add_service_levels(choices, definition, options.unit);
        if (choices.one_in(2)) add_entries(choices, model);
    }
    definition.complete();
    return model;
}

// A match of an engagement rule (the first rule always is one), or now and then of a door.
inline Match random_match(Choices& choices, const RandomModel& model, Timestamp at) {
    const Definition& definition = model.definition;
    if (definition.stages.size() > 1 && choices.one_in(12))
        return stage_event(static_cast<int>(1 + choices.below(static_cast<std::uint64_t>(definition.door_count() - 1))),
                           at);
    std::size_t index = choices.below(definition.rules.size());
    if (definition.rules[index].fit) index = 0;
    const Rule& rule = definition.rules[index];
    const LimitCalendar& calendar = model.calendars[index];
    Match match{.at = at, .target = static_cast<std::int32_t>(index)};
    double times = rule.varying ? choices.pick<double>({-1, 0.1, 0.5, 1, 3}) : 1.0;
    match.points = units_of_points(rule.points * times);
    if (rule.limited()) {
        match.bucket = calendar.bucket_width == 0 ? 0 : floor_divide(at, calendar.bucket_width);
    }
    if (calendar.keys > 0) match.key = (choices.below(calendar.keys) + 1) * 0x9e3779b97f4a7c15u;
    return match;
}

// Unsorted, within `span` units after `from`, with ties.
inline std::vector<Match> random_matches(Choices& choices, const RandomModel& model, Timestamp from, std::int64_t span,
                                         std::int64_t most) {
    std::vector<Match> matches(choices.below(static_cast<std::uint64_t>(most)) + 1);
    for (Match& match : matches) {
        Timestamp at = from + choices.between(0, span) * model.unit;
        if (choices.one_in(2)) at += choices.between(0, model.unit - 1);
        match = random_match(choices, model, at);
    }
    return matches;
}

// Rising indexes of the fit rules that match a lead's attributes.
inline std::vector<std::size_t> random_fit(Choices& choices, const Definition& definition) {
    std::vector<std::size_t> fit;
    for (std::size_t i = 0; i < definition.rules.size(); ++i)
        if (definition.rules[i].fit && choices.one_in(2)) fit.push_back(i);
    return fit;
}

}  // namespace lead_scoring::test
