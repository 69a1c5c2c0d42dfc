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

// The cheapest few of both.
std::vector<Way> join(std::vector<Way> ways, std::vector<Way> others) {
    constexpr std::size_t kMostWays = 3;
    for (Way& way : others)
        if (std::ranges::find(ways, way.steps, &Way::steps) == ways.end()) ways.push_back(std::move(way));
    std::ranges::stable_sort(ways, {}, &Way::cost);
    if (ways.size() > kMostWays) ways.resize(kMostWays);
    return ways;
}

// What a stage or an entry asks for, one by one.
class Asking {
  public:
    Asking(const Definition& definition, const WhyNotQuestion& question, const Trial& now, const Trial& best,
           WhyNot& answer)
        : definition_(definition), question_(question), now_(now), best_(best), answer_(answer) {}

    void ask_for(const Stage& stage, int entry) {
        if (stage.min_score) add(ConditionKind::Score, {.min_score = stage.min_score}, entry);
        if (stage.min_engagement) add(ConditionKind::Engagement, {.min_engagement = stage.min_engagement}, entry);
        if (stage.min_fit) add(ConditionKind::Fit, {.min_fit = stage.min_fit}, entry);
        if (!stage.grades.empty()) add(ConditionKind::Grade, {.grades = stage.grades}, entry);
        for (std::size_t i = 0; i < stage.required.size(); ++i)
            add(ConditionKind::Requirement, {.required = {stage.required[i]}}, entry, i);
    }

  private:
    void add(ConditionKind kind, const Stage& alone, int entry, std::size_t requirement = 0) {
        Condition condition;
        condition.kind = kind;
        condition.entry = entry;
        condition.requirement = requirement;
        if (kind == ConditionKind::Requirement) condition.count = now_.count(alone.required.front().rule);
        condition.verdict = now_.gap(alone) == 0    ? Verdict::Yes
                            : best_.gap(alone) == 0 ? Verdict::Unknown
                                                    : Verdict::No;
        if (condition.verdict != Verdict::Yes) condition.ways = find_ways(definition_, question_, alone);
        answer_.conditions.push_back(std::move(condition));
    }

    const Definition& definition_;
    const WhyNotQuestion& question_;
    const Trial& now_;
    const Trial& best_;
    WhyNot& answer_;
};

}  // namespace

WhyNot why_not(const Definition& definition, const WhyNotQuestion& question) {
    const Stage& stage = definition.stages[static_cast<std::size_t>(question.stage)];
    Trial now(definition, question.lead);
    Trial best = best_case(definition, question);
    WhyNot answer;
    answer.features = features(definition, question.lead.card, question.at);
    Asking asking(definition, question, now, best, answer);
    asking.ask_for(stage, kNoEntry);
    for (std::size_t i = stage.entries_from; i < stage.entries_to; ++i)
        asking.ask_for(definition.entries[i].as_stage(), static_cast<int>(i));
    if (now.reached(question.stage)) {
        answer.verdict = Verdict::Yes;
        return answer;
    }
    if (best.reached(question.stage)) answer.verdict = Verdict::Unknown;
    if (question.lead.card.left_out) return answer;
    answer.ways = find_ways(definition, question, stage, question.stage);
    for (const StageEntry& entry : definition.entries_of(stage))
        answer.ways = join(std::move(answer.ways), find_ways(definition, question, entry.as_stage(), question.stage));
    return answer;
}

}  // namespace lead_scoring
