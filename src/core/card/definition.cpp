#include "core/card/definition.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "core/base/error.hpp"
#include "core/card/tally/tallies.hpp"

namespace lead_scoring {

namespace {

void require_sound(bool holds, const char* what) {
    if (!holds) refuse_definition(what);
}

// Whether requirements can be met.
void check_required(const Definition& definition, const std::vector<Requirement>& required) {
    for (const Requirement& requirement : required) {
        require_sound(requirement.rule < definition.rules.size(), "A stage requires a rule that is not there.");
        require_sound(requirement.count >= 1, "A stage requires a rule less than once.");
    }
}

void check_number(std::size_t number, const char* what) {
    if (number > Definition::kMaxRules)
        throw Error(ErrorCode::LimitExceeded, "version has " + std::to_string(number) + " " + what,
                    "A version has at most " + std::to_string(Definition::kMaxRules) + " of them.",
                    "Join rules, or make two models.");
}

int band_of(const std::vector<Band>& bands, Units value) {
    int band = kNoBand;
    while (band + 1 < static_cast<int>(bands.size()) && bands[static_cast<std::size_t>(band + 1)].min <= value) ++band;
    return band;
}

void check_bounds(const Bounds& bounds) {
    require_sound(!bounds.min || !bounds.max || *bounds.min <= *bounds.max, "A lower bound is above the upper one.");
}

void check_rule(const Definition& definition, const Rule& rule) {
    require_sound(std::isfinite(rule.points), "The points of a rule are not finite.");
    require_sound(rule.group < definition.groups.size(), "A rule belongs to no group.");
    require_sound(definition.groups[rule.group].fit == rule.fit, "A rule belongs to a group of the other kind.");
    bool plain = rule.decay.kind == DecayKind::None && !rule.varying && !rule.limited() && rule.bounds.empty();
    require_sound(!rule.fit || plain, "A rule on the lead has more than points.");
    require_sound(rule.limit_count <= std::numeric_limits<std::int32_t>::max(),
                  "The count of a limit is out of range.");
    require_sound(rule.max_occurrences >= 1 && rule.max_occurrences <= kMostOccurrences,
                  "max_occurrences is out of range.");
    bool switched = rule.at_least > 0 || rule.quiet_for != 0;
    require_sound(!switched || plain, "A rule that counts by frequency or silence has more than points.");
    require_sound(rule.at_least == 0 || rule.quiet_for == 0, "A rule counts by both frequency and silence.");
    require_sound(rule.at_least <= kMostAtLeast, "The least count of a rule is out of range.");
    require_sound(rule.at_least == 0 ? rule.within == 0 : rule.within > 0,
                  "A frequency has no interval, or that no count.");
    require_sound(rule.at_least > 0 || (!rule.distinct && !rule.keep), "A rule without a frequency has part of one.");
    require_sound(rule.quiet_for >= 0, "A silence is negative.");
    require_sound(!rule.fit || !switched, "A rule on the lead has more than points.");
    if (const char* what = rule.decay.unsound()) require_sound(false, what);
    check_bounds(rule.bounds);
}

bool is_positive(const WorkingSpan& span) {
    return span.days >= 0 && span.rest >= 0 && (span.days > 0 || span.rest > 0);
}

void check_stage(const Definition& definition, const Stage& stage) {
    auto has = [](std::size_t index, const auto& list) { return index < list.size(); };
    require_sound(!stage.within || !stage.working_within, "A stage has two service levels.");
    if (stage.has_service_level()) {
        require_sound(!stage.within || *stage.within > 0, "A service level is not positive.");
        require_sound(!stage.working_within || is_positive(*stage.working_within), "A service level is not positive.");
        require_sound(!stage.working_within || !definition.working_time.empty(),
                      "A service level counts in working time, of which there is none.");
        require_sound(stage.timeout_stage >= 0 &&
                          has(static_cast<std::size_t>(stage.timeout_stage), definition.stages) &&
                          &definition.stages[static_cast<std::size_t>(stage.timeout_stage)] != &stage,
                      "A stage has a service level without another stage to go to.");
    }
    require_sound(stage.cooldown >= 0, "A cooldown is negative.");
    require_sound(stage.max_attempts >= 1 && stage.hand_off_max_age >= 0, "A hand-off is never delivered.");
    for (int target : {stage.accepted_stage, stage.rejected_stage})
        require_sound(target == kNoStage || (target >= 0 && has(static_cast<std::size_t>(target), definition.stages) &&
                                             &definition.stages[static_cast<std::size_t>(target)] != &stage),
                      "A decision leads to no other stage.");
    require_sound(!stage.min_score || !stage.falls_below || *stage.falls_below <= *stage.min_score,
                  "A stage is left above the score it is entered at.");
    bool by_score = stage.min_score || stage.min_engagement || stage.min_fit || stage.falls_below ||
                    !stage.grades.empty() || !stage.required.empty();
    require_sound(!stage.detour || !by_score, "A detour has thresholds.");
    check_required(definition, stage.required);
}

void check_entry(const Definition& definition, const StageEntry& entry) {
    bool leads_somewhere = entry.stage >= 0 && static_cast<std::size_t>(entry.stage) < definition.stages.size();
    require_sound(leads_somewhere, "An entry leads into no stage.");
    const Stage& stage = definition.stages[static_cast<std::size_t>(entry.stage)];
    require_sound(!stage.detour || !entry.entered_by_score(), "An entry of a detour has thresholds.");
    require_sound(!entry.min_score || !stage.falls_below || *stage.falls_below <= *entry.min_score,
                  "A stage is left above the score that an entry of it asks for.");
    check_required(definition, entry.required);
}

template <class Named>
void check_names(const std::vector<Named>& list, const char* what) {
    std::vector<std::string_view> names;
    for (const Named& named : list) names.push_back(named.name);
    std::sort(names.begin(), names.end());
    require_sound(names.empty() || !names.front().empty(), what);
    require_sound(std::adjacent_find(names.begin(), names.end()) == names.end(), what);
}

void check_bands(const std::vector<Band>& bands) {
    require_sound(std::ranges::is_sorted(bands, {}, &Band::min), "Bands are not in the order of their points.");
}

// Numbers those that have no id after all others.
template <class Named>
void give_ids(std::vector<Named>& list) {
    std::size_t next = 0;
    for (const Named& named : list)
        if (named.id != kNoId) next = std::max(next, named.id + 1);
    for (Named& named : list)
        if (named.id == kNoId) named.id = next++;
}

template <class Named>
std::vector<std::int32_t> places_by_id(const std::vector<Named>& list, const char* what) {
    std::vector<std::int32_t> places;
    for (const Named& named : list) {
        require_sound(named.id < Definition::kMaxRules, what);
        if (places.size() <= named.id) places.resize(named.id + 1, kNoPlace);
        require_sound(places[named.id] == kNoPlace, what);
        places[named.id] = static_cast<std::int32_t>(&named - list.data());
    }
    return places;
}

}  // namespace

void refuse_definition(const std::string& detail) {
    throw Error(ErrorCode::CorruptData, "definition cannot be used", detail,
                "Change the draft and call lead_scoring.publish() to make a sound version.");
}

void Definition::check() const {
    check_names(groups, "Two groups have one name, or one has none.");
    check_names(rules, "Two rules have one name, or one has none.");
    check_names(stages, "Two stages have one name, or one has none.");
    check_bounds(bounds);
    require_sound(future_tolerance >= 0, "Its tolerance of the future is negative.");
    for (const Group& group : groups) check_bounds(group.bounds);
    for (const Rule& rule : rules) check_rule(*this, rule);
    check_bands(fit_bands);
    check_bands(engagement_bands);
    require_sound(std::ranges::is_sorted(stages, {}, &Stage::rank), "Its stages are not in the order of their ranks.");
    const Stage* below = nullptr;
    for (const Stage& stage : stages) {
        check_stage(*this, stage);
        if (stage.detour) continue;
        require_sound(below == nullptr || below->rank < stage.rank, "Two progress stages have one rank.");
        below = &stage;
    }
    require_sound(below != nullptr, "It has no progress stage.");
    check_names(entries, "Two entries have one name, or one has none.");
    for (const StageEntry& entry : entries) check_entry(*this, entry);
    require_sound(std::ranges::is_sorted(entries, {}, &StageEntry::stage),
                  "Its entries are not in the order of its stages.");
}

void Definition::complete() { complete(kTallies); }

void Definition::complete(std::span<const Tally* const> kinds) {
    check_number(rules.size(), "rules");
    check_number(stages.size(), "stages");
    check_number(entries.size(), "entries");
    give_ids(rules);
    give_ids(stages);
    give_ids(entries);
    rule_places = places_by_id(rules, "Two rules have one id, or one is out of range.");
    stage_places = places_by_id(stages, "Two stages have one id, or one is out of range.");
    entry_places = places_by_id(entries, "Two entries have one id, or one is out of range.");
    require_sound(std::ranges::is_sorted(rules, {}, &Rule::id), "Its rules are not in the order of their ids.");
    first_stage = kNoStage;
    rises_by_itself = false;
    has_cooldown = false;
    for (std::size_t i = 0; i < stages.size(); ++i) {
        if (first_stage == kNoStage && !stages[i].detour) first_stage = static_cast<int>(i);
        if (stages[i].cooldown > 0) has_cooldown = true;
        if (!stages[i].grades.empty()) rises_by_itself = true;  // a score may fall into a grade
    }
    auto is_required = [&](std::size_t rule) {
        auto requires_it = [&](const auto& way) {
            return std::ranges::find(way.required, rule, &Requirement::rule) != way.required.end();
        };
        return std::ranges::any_of(stages, requires_it) || std::ranges::any_of(entries, requires_it);
    };
    for (Stage& stage : stages) {
        auto [from, to] =
            std::ranges::equal_range(entries, static_cast<int>(&stage - stages.data()), {}, &StageEntry::stage);
        stage.entries_from = static_cast<std::size_t>(from - entries.begin());
        stage.entries_to = static_cast<std::size_t>(to - entries.begin());
    }
    for (const StageEntry& entry : entries)
        if (!entry.grades.empty()) rises_by_itself = true;
    offset_rules.clear();
    for (std::size_t i = 0; i < rules.size(); ++i)
        if (!rules[i].fit && rules[i].bounds.clamp(0) != 0) offset_rules.push_back(i);
    quiet_rules.clear();
    has_rising = false;
    has_opposites = false;
    for (Rule& rule : rules) {
        auto kind = std::ranges::find_if(kinds, [&](const Tally* tally) { return tally->takes(rule); });
        require_sound(kind != kinds.end(), "A rule is of no kind.");
        rule.tally = *kind;
        rule.lifetime = rule.tally->lifetime(rule);
        rule.rises = false;
        if (rule.tally->pays != nullptr) {
            auto place = static_cast<std::size_t>(&rule - rules.data());
            if (rule.quiet_for > 0) quiet_rules.push_back(place);
            rule.rises = !rule.tally->constant &&
                         (rule.tally->turns_on ? rule.points > 0 || is_required(place) : rule.points < 0);
            has_rising |= rule.rises;
            continue;
        }
        if (rule.points >= 0 && !rule.varying) continue;
        if (!rule.tally->constant) rises_by_itself = true;
        if (rule.tally->halves) has_opposites = true;
    }
    if (has_cooldown) rises_by_itself = true;
}

Grade Definition::grade(Units fit, Units engagement) const {
    return {band_of(fit_bands, fit), band_of(engagement_bands, engagement)};
}

bool Definition::has_grade(Grade grade) const {
    if (fit_bands.empty() && engagement_bands.empty()) return false;
    return (fit_bands.empty() || grade.fit != kNoBand) && (engagement_bands.empty() || grade.engagement != kNoBand);
}

std::string Definition::label(Grade grade) const {
    std::string label;
    if (grade.fit != kNoBand) label += fit_bands[static_cast<std::size_t>(grade.fit)].label;
    if (grade.engagement != kNoBand) label += engagement_bands[static_cast<std::size_t>(grade.engagement)].label;
    return label;
}

}  // namespace lead_scoring
