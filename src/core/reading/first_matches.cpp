#include "core/reading/first_matches.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/stop.hpp"
#include "core/card/fold.hpp"
#include "core/card/tally/tally.hpp"

namespace lead_scoring {

void FirstMatches::begin(Timestamp created_at) {
    first_.assign(definition_.rules.size(), kForever);
    card_.clear();
    expect_quiet(definition_, card_, created_at);
}

// What time turned on before that.
void FirstMatches::note_silence(std::size_t index, Timestamp before) {
    const Rule& rule = definition_.rules[index];
    const RuleState* state = card_.find(index);
    if (!rule.tally->turns_on || state == nullptr) return;
    Timestamp at = rule.tally->turns_at(rule, *state);
    if (at < before) first_[index] = std::min(first_[index], at);
}

void FirstMatches::add(std::span<const Match> matches) {
    for (const Match& match : matches) {
        check_stop();
        if (match.kind != MatchKind::Rule) continue;
        auto index = static_cast<std::size_t>(match.target);
        const Rule& rule = definition_.rules[index];
        if (rule.tally->pays != nullptr) {
            if (first_[index] != kForever) continue;
            note_silence(index, match.at);
            if (!fold(definition_, card_, match))
                throw Error(ErrorCode::Internal, "events in order could not be folded");
            if (!rule.tally->pays(rule, *card_.find(index), match.at)) continue;
        }
        first_[index] = std::min(first_[index], match.at);
    }
}

const std::vector<Timestamp>& FirstMatches::finish(Timestamp until) {
    for (std::size_t rule : definition_.quiet_rules) note_silence(rule, add_saturated(until, 1));
    return first_;
}

}  // namespace lead_scoring
