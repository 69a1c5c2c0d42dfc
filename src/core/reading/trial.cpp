#include "core/reading/trial.hpp"

#include <algorithm>

#include "core/base/stop.hpp"
#include "core/card/fold.hpp"

namespace lead_scoring {

namespace {

constexpr WideUnits kFar = WideUnits{1} << 80;

WideUnits lacks(Units has, const std::optional<Units>& needed) {
    return needed && has < *needed ? WideUnits{*needed} - has : 0;
}

// How far a value is from a band; kFar where it lies above.
WideUnits to_band(const std::vector<Band>& bands, int band, Units value) {
    if (band == kNoBand) return bands.empty() || value < bands.front().min ? 0 : kFar;
    auto place = static_cast<std::size_t>(band);
    if (place + 1 < bands.size() && value >= bands[place + 1].min) return kFar;
    return lacks(value, bands[place].min);
}

}  // namespace

bool Trial::happen(const Act& act, Timestamp at) {
    check_stop();
    at = std::max(at, now());
    pass(at);
    StageMachine machine(definition_, lead_.card, lead_.stage, transitions_);
    if (!act.is_event()) {
        auto rule = static_cast<std::size_t>(act.rule);
        std::vector<std::size_t>& fit = lead_.card.fit;
        auto place = std::ranges::lower_bound(fit, rule);
        if (place == fit.end() || *place != rule) fit.insert(place, rule);
        if (moves_) machine.step(at, Cause::Attribute);
        return true;
    }
    std::vector<int> doors;
    for (Match match : act.matches) {
        match.at = at;
        if (match.key != 0) match.key = 0x9e3779b97f4a7c15u * ++keys_;
        if (match.kind == MatchKind::Stage)
            doors.push_back(match.target);
        else if (!fold(definition_, lead_.card, match))
            return false;
    }
    std::ranges::sort(doors);
    advance_clock(definition_, lead_.card, at);
    if (moves_) machine.step(at, Cause::Event, kNoRule, doors);
    return true;
}

void Trial::pass(Timestamp to) {
    if (moves_) StageMachine(definition_, lead_.card, lead_.stage, transitions_).advance(to);
    lead_.seen_at = std::max(lead_.seen_at, to);
}

bool Trial::reached(int stage) const {
    const auto& stages = definition_.stages;
    const Stage& now = stages[static_cast<std::size_t>(lead_.stage.stage)];
    const Stage& wanted = stages[static_cast<std::size_t>(stage)];
    if (lead_.stage.stage == stage || (!now.detour && !wanted.detour && now.rank >= wanted.rank)) return true;
    return std::ranges::find(transitions_, stage, &Transition::to) != transitions_.end();
}

WideUnits Trial::grade_gap(const Stage& stage, const Score& score) const {
    WideUnits least = kFar;
    auto bands_of = [](const std::vector<Band>& bands) { return static_cast<int>(bands.size()); };
    for (int fit = kNoBand; fit < bands_of(definition_.fit_bands); ++fit)
        for (int engagement = kNoBand; engagement < bands_of(definition_.engagement_bands); ++engagement) {
            Grade grade{fit, engagement};
            if (!definition_.has_grade(grade) ||
                std::ranges::find(stage.grades, definition_.label(grade)) == stage.grades.end())
                continue;
            least = std::min(least, to_band(definition_.fit_bands, fit, score.fit) +
                                        to_band(definition_.engagement_bands, engagement, score.engagement));
        }
    return least;
}

WideUnits Trial::gap(const Stage& stage) const {
    Score score = score_at(definition_, lead_.card, now());
    WideUnits gap = lacks(score.total, stage.min_score) + lacks(score.engagement, stage.min_engagement) +
                    lacks(score.fit, stage.min_fit);
    for (const Requirement& requirement : stage.required)
        gap += static_cast<WideUnits>(std::max<std::int64_t>(requirement.count - count(requirement.rule), 0)) *
               static_cast<WideUnits>(kUnitsPerPoint);
    if (!stage.grades.empty()) gap += grade_gap(stage, score);
    return gap;
}

std::int64_t Trial::count(std::size_t rule) const { return times_matched(definition_, lead_.card, rule, now()); }

}  // namespace lead_scoring
