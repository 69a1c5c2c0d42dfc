#include "core/reading/explain.hpp"

#include <algorithm>

#include "core/card/tally/tally.hpp"

namespace lead_scoring {

namespace {

// Full points for every occurrence that counts.
Definition count_everything(Definition definition) {
    for (Rule& rule : definition.rules) {
        rule.decay = rule.tally->full_decay;
        rule.tally = rule.tally->full;
        rule.lifetime = rule.tally->lifetime(rule);
    }
    return definition;
}

}  // namespace

Explanation::Part::Part(const Definition& definition, const LeadFacts& facts, Timestamp at)
    : lead{.stage = {.stage = definition.first_stage}},
      replay(definition, lead, facts, Until::instant(at), Moves::none(), none) {}

Explanation::Explanation(const Definition& definition, const LeadFacts& facts, Timestamp at)
    : definition_(definition),
      counting_(count_everything(definition)),
      facts_(facts),
      at_(at),
      last_(definition.rules.size(), kNever),
      scored_(definition, facts, at),
      counted_(counting_, facts, at) {}

void Explanation::add(std::span<const Match> matches) {
    for (const Match& match : matches)
        if (match.kind == MatchKind::Rule && match.at <= at_) last_[static_cast<std::size_t>(match.target)] = match.at;
    scored_.replay.add(matches);
    counted_.replay.add(matches);
}

ExplainLine Explanation::line_of(std::size_t index) const {
    const Scorecard& card = scored_.lead.card;
    const RuleState* counted = counted_.lead.card.find(index);
    Contribution points = contribution(definition_, card, index, std::max(at_, card.clock));
    ExplainLine line;
    line.decayed = points.decayed;
    line.capped = points.capped;
    if (counted == nullptr) return line;
    const Rule& counting = counting_.rules[index];
    Count count = counting.tally->count(counting, *counted, last_[index], std::max(at_, card.clock));
    line.raw = count.raw;
    line.times = count.times;
    line.last_at = count.last_at;
    return line;
}

std::vector<ExplainLine> Explanation::lines() {
    scored_.replay.finish();
    counted_.replay.finish();
    const Scorecard& card = scored_.lead.card;
    std::vector<ExplainLine> lines;
    std::vector<WideUnits> sums(definition_.groups.size(), 0);
    auto add_line = [&](const ExplainLine& line) {
        lines.push_back(line);
        sums[static_cast<std::size_t>(line.group)] += line.capped;
    };
    for (std::size_t i = 0; i < definition_.rules.size(); ++i) {
        const Rule& rule = definition_.rules[i];
        ExplainLine line;
        if (rule.fit) {
            line.times = times_matched(definition_, card, i, at_);
            if (line.times == 0) continue;
            Contribution points = contribution(definition_, card, i, at_);
            line.raw = line.decayed = points.decayed;
            line.capped = points.capped;
        } else {
            if (counted_.lead.card.find(i) == nullptr && rule.bounds.clamp(0) == 0) continue;
            line = line_of(i);
            if (rule.tally->pays != nullptr && line.times == 0 && line.capped == 0) continue;
        }
        line.group = static_cast<int>(rule.group);
        line.rule = static_cast<int>(i);
        add_line(line);
    }
    WideUnits total = 0;
    for (std::size_t i = 0; i < sums.size(); ++i) {
        Units within = definition_.groups[i].bounds.clamp(saturate(sums[i]));
        total += within;
        if (within == sums[i]) continue;
        ExplainLine line;
        line.group = static_cast<int>(i);
        line.capped = saturate(within - sums[i]);
        lines.push_back(line);
    }
    for (const Adjustment& adjustment : facts_.adjustments) {
        if (std::max(at_, card.clock) >= adjustment.expires_at) continue;
        total += adjustment.points;
        ExplainLine line;
        line.adjustment = true;
        line.times = 1;
        line.raw = line.decayed = line.capped = adjustment.points;
        lines.push_back(line);
    }
    Units score = definition_.bounds.clamp(saturate(total));
    if (score != total) {
        ExplainLine line;
        line.capped = saturate(score - total);
        lines.push_back(line);
    }
    return lines;
}

}  // namespace lead_scoring
