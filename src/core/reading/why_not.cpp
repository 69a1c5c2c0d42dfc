#include "core/reading/why_not.hpp"

#include <algorithm>

namespace lead_scoring {

namespace {

// The lead as it would be if all that is not known were so.
Trial best_case(const Definition& definition, const WhyNotQuestion& question) {
    Trial trial(definition, question.lead);
    for (const Act& act : question.acts)
        if (!act.is_event() && act.unknown) trial.happen(act, question.at);
    for (const Doubt& doubt : question.doubts) {
        auto act = std::ranges::find(question.acts, static_cast<int>(doubt.rule), &Act::rule);
        if (act == question.acts.end() || !act->is_event()) continue;
        for (std::int64_t i = 0; i < std::min(doubt.times, kMostActs); ++i)
            if (!trial.happen(*act, question.at)) break;
    }
    return trial;
}

}  // namespace

WhyNot why_not(const Definition& definition, const WhyNotQuestion& question) {
    const Stage& stage = definition.stages[static_cast<std::size_t>(question.stage)];
    Trial now(definition, question.lead);
    Trial best = best_case(definition, question);
    WhyNot answer;
    answer.features = features(definition, question.lead.card, question.at);
    auto add = [&](ConditionKind kind, const Stage& alone, std::size_t requirement = 0) {
        Condition condition;
        condition.kind = kind;
        condition.requirement = requirement;
        if (kind == ConditionKind::Requirement) condition.count = now.count(stage.required[requirement].rule);
        condition.verdict = now.gap(alone) == 0 ? Verdict::Yes : best.gap(alone) == 0 ? Verdict::Unknown : Verdict::No;
        if (condition.verdict != Verdict::Yes) condition.ways = find_ways(definition, question, alone);
        answer.conditions.push_back(std::move(condition));
    };
    if (stage.min_score) {
        Stage alone;
        alone.min_score = stage.min_score;
        add(ConditionKind::Score, alone);
    }
    if (stage.min_engagement) {
        Stage alone;
        alone.min_engagement = stage.min_engagement;
        add(ConditionKind::Engagement, alone);
    }
    if (stage.min_fit) {
        Stage alone;
        alone.min_fit = stage.min_fit;
        add(ConditionKind::Fit, alone);
    }
    if (!stage.grades.empty()) {
        Stage alone;
        alone.grades = stage.grades;
        add(ConditionKind::Grade, alone);
    }
    for (std::size_t i = 0; i < stage.required.size(); ++i) {
        Stage alone;
        alone.required.push_back(stage.required[i]);
        add(ConditionKind::Requirement, alone, i);
    }
    if (now.reached(question.stage)) {
        answer.verdict = Verdict::Yes;
        return answer;
    }
    if (best.reached(question.stage)) answer.verdict = Verdict::Unknown;
    if (!question.lead.card.left_out) answer.ways = find_ways(definition, question, stage, question.stage);
    return answer;
}

}  // namespace lead_scoring
