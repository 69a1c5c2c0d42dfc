#include "core/reading/explain.hpp"

#include <algorithm>

namespace lead_scoring {

namespace {

// Full points for every occurrence that counts. Where the times of single ones must be known for that, for only the
// latest do, they are kept; else their sum is.
Definition count_everything(Definition definition) {
    for (Rule& rule : definition.rules) {
        bool keeps = rule.decay.keeps_occurrences();
        rule.decay = {};
        if (!keeps) continue;
        rule.decay.kind = DecayKind::Window;
        rule.decay.lifespan = kForever;
    }
    return definition;
}

// The latest max_occurrences, of closed buckets and of the open one.
void add_occurrences(ExplainLine& line, const Rule& rule, const RuleState& kept) {
    std::vector<Occurrence> all(kept.occurrences.all().begin(), kept.occurrences.all().end());
    for (const Member& member : kept.members.all()) all.push_back(member.occurrence);
    std::sort(all.begin(), all.end());
    if (all.size() > rule.max_occurrences)
        all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(rule.max_occurrences));
    WideUnits raw = 0;
    for (const Occurrence& occurrence : all) raw += occurrence.points;
    line.raw = saturate(raw);
    line.times = static_cast<std::int64_t>(all.size());
    if (!all.empty()) line.last_at = all.back().at;
}

// `last`: match of the rule, counted or not.
void add_sums(ExplainLine& line, const Rule& rule, const RuleState& kept, Timestamp last) {
    WideUnits raw = kept.closed_sum;
    line.last_at = rule.limited() ? kNever : last;
    for (const Member& member : kept.members.all()) {
        raw += member.occurrence.points;
        line.last_at = std::max(line.last_at, member.occurrence.at);
    }
    line.raw = saturate(raw);
    line.times = kept.count();
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
    const Rule& rule = definition_.rules[index];
    const Scorecard& card = scored_.lead.card;
    const RuleState nothing;
    const RuleState* state = card.find(index);
    const RuleState* counted = counted_.lead.card.find(index);
    Contribution points = contribution(rule, state == nullptr ? nothing : *state, std::max(at_, card.clock));
    ExplainLine line;
    line.decayed = points.decayed;
    line.capped = points.capped;
    if (counted != nullptr && rule.decay.keeps_occurrences())
        add_occurrences(line, rule, *counted);
    else if (counted != nullptr)
        add_sums(line, rule, *counted, last_[index]);
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
            if (!std::binary_search(facts_.fit.begin(), facts_.fit.end(), i)) continue;
            line.times = 1;
            line.raw = line.decayed = units_of_points(rule.points);
            line.capped = rule.bounds.clamp(line.raw);
        } else {
            if (counted_.lead.card.find(i) == nullptr && rule.bounds.clamp(0) == 0) continue;
            line = line_of(i);
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
