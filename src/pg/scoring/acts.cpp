#include "pg/server/postgres.hpp"

#include "pg/scoring/acts.hpp"

#include <string_view>

#include "pg/model/bucket.hpp"

namespace lead_scoring {

namespace {

// Which events a rule or stage asks for.
struct Asked {
    const char* type;
    std::string_view source;
    const char* condition;

    // Whether each event that is asked for here is asked for there.
    bool within(const Asked& other) const {
        if (other.type == nullptr) return false;
        if (!is_any_event(other.type) && std::string_view(type) != other.type) return false;
        if (other.source != kAnyEvent && source != other.source) return false;
        if (other.condition == nullptr) return true;
        return condition != nullptr && std::string_view(condition) == other.condition;
    }
};

Asked asked_by_rule(const Version* version, int i) {
    const RuleSource& rule = version->rules[i];
    return {rule.event_type, source_name(version, rule.source), rule.condition};
}

Asked asked_by_door(const Version* version, int i) {
    const StageSource& stage = version->stages[i];
    return {stage.on_event, source_name(version, stage.on_event_source), stage.on_event_condition};
}

std::vector<Match> matches_of(const Version* version, const int64* buckets, const Asked& event, int door, int rule) {
    std::vector<Match> matches;
    for (int i = 0; i < version->rule_count; ++i) {
        const RuleSource& source = version->rules[i];
        if (i != rule && !event.within(asked_by_rule(version, i))) continue;
        Match match = {.target = i, .points = units_of_points(source.points)};
        if (source.window != LimitWindow::None) {
            match.bucket = buckets[i];
            match.key = source.limit_key != nullptr;
        } else if (source.distinct_key != nullptr) {
            match.key = 1;
        }
        matches.push_back(match);
    }
    for (int i = 0; i < version->door_count; ++i)
        if (i == door || event.within(asked_by_door(version, i)))
            matches.push_back({.kind = MatchKind::Stage, .target = i});
    return matches;
}

}  // namespace

int64* buckets_at(const Version* version, Timestamp at) {
    auto* buckets = static_cast<int64*>(palloc0(sizeof(int64) * static_cast<Size>(version->rule_count + 1)));
    for (int i = 0; i < version->rule_count; ++i)
        if (version->rules[i].window != LimitWindow::None)
            buckets[i] = bucket_of(at, version->rules[i].window, version->time_zone);
    return buckets;
}

std::vector<Act> acts_of(const Version* version, const int64* buckets, const Doubts* doubts) {
    std::vector<Act> acts;
    for (int i = 0; i < version->rule_count; ++i) {
        Act act;
        act.rule = i;
        if (version->rules[i].event_type == nullptr)
            act.unknown = doubts->rules[i].times > 0;
        else
            act.matches = matches_of(version, buckets, asked_by_rule(version, i), kNoStage, i);
        acts.push_back(std::move(act));
    }
    for (int i = 0; i < version->door_count; ++i) {
        if (version->stages[i].on_event == nullptr) continue;
        Act act;
        act.door = i;
        act.stage = version->definition->stage_of_door(i);
        act.matches = matches_of(version, buckets, asked_by_door(version, i), i, kNoRule);
        acts.push_back(std::move(act));
    }
    return acts;
}

std::vector<Doubt> event_doubts(const Version* version, const Doubts* doubts) {
    std::vector<Doubt> found;
    for (int i = 0; i < version->rule_count; ++i)
        if (version->rules[i].event_type != nullptr && doubts->rules[i].times > 0)
            found.push_back({static_cast<std::size_t>(i), doubts->rules[i].times});
    return found;
}

}  // namespace lead_scoring
