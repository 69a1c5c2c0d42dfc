#include "core/definition.hpp"

namespace lead_scoring {

namespace {

int band_of(const std::vector<Band>& bands, Units value) {
    int band = kNoBand;
    while (band + 1 < static_cast<int>(bands.size()) && bands[static_cast<std::size_t>(band + 1)].min <= value) ++band;
    return band;
}

}  // namespace

void Definition::complete() {
    first_stage = kNoStage;
    rises_by_itself = false;
    has_cooldown = false;
    for (std::size_t i = 0; i < stages.size(); ++i) {
        if (first_stage == kNoStage && !stages[i].detour) first_stage = static_cast<int>(i);
        if (stages[i].cooldown > 0) has_cooldown = true;
        if (!stages[i].grades.empty()) rises_by_itself = true;  // a score may fall into a grade
    }
    offset_rules.clear();
    for (std::size_t i = 0; i < rules.size(); ++i)
        if (!rules[i].fit && rules[i].bounds.clamp(0) != 0) offset_rules.push_back(i);
    for (const Rule& rule : rules)
        if (rule.decay.kind != DecayKind::None && (rule.points < 0 || rule.varying)) rises_by_itself = true;
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
