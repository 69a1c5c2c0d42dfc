#include "core/explain.hpp"

#include <algorithm>
#include <limits>

#include "core/error.hpp"
#include "core/lead.hpp"

namespace lead_scoring {

namespace {

Scorecard fold_all(const Definition& definition, std::span<const Match> matches, Timestamp at) {
    Lead lead;
    lead.stage.stage = definition.first_stage;
    std::vector<Transition> none;
    if (!fold_matches(definition, lead, matches, at, Moves::none(), none))
        throw Error(ErrorCode::Internal, "events in order could not be folded");
    return lead.card;
}

// The same rules, but every occurrence that counts keeps its time and full points, however old it is.
Definition keep_everything(Definition definition) {
    for (Rule& rule : definition.rules) {
        if (!rule.decay.keeps_occurrences()) rule.max_occurrences = std::numeric_limits<std::size_t>::max();
        rule.decay = {};
        rule.decay.kind = DecayKind::Window;
        rule.decay.lifespan = kForever;
    }
    return definition;
}

// The latest max_occurrences, of closed buckets and of the open one.
void add_occurrences(ExplainLine& line, const Rule& rule, const RuleState& kept) {
    std::vector<Occurrence> all = kept.occurrences;
    for (const Member& member : kept.members) all.push_back(member.occurrence);
    std::sort(all.begin(), all.end());
    if (all.size() > rule.max_occurrences)
        all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(rule.max_occurrences));
    WideUnits raw = 0;
    for (const Occurrence& occurrence : all) raw += occurrence.points;
    line.raw = saturate(raw);
    line.times = static_cast<std::int64_t>(all.size());
    if (!all.empty()) line.last_at = all.back().at;
}

}  // namespace

std::vector<ExplainLine> explain(const Definition& definition, const LeadFacts& facts, Timestamp at) {
    // What lies ahead of `at` weighs nothing then, whatever the tolerance.
    std::size_t until = 0;
    while (until < facts.matches.size() && facts.matches[until].at <= at) ++until;
    Scorecard card = fold_all(definition, facts.matches.first(until), at);
    Definition keeping = keep_everything(definition);
    Scorecard kept = fold_all(keeping, facts.matches.first(until), at);

    std::vector<ExplainLine> lines;
    std::vector<WideUnits> sums(definition.groups.size(), 0);
    auto add_line = [&](const ExplainLine& line) {
        lines.push_back(line);
        sums[static_cast<std::size_t>(line.group)] += line.capped;
    };
    for (std::size_t i = 0; i < definition.rules.size(); ++i) {
        const Rule& rule = definition.rules[i];
        ExplainLine line;
        line.group = static_cast<int>(rule.group);
        line.rule = static_cast<int>(i);
        if (rule.fit) {
            if (!std::binary_search(facts.fit.begin(), facts.fit.end(), i)) continue;
            line.times = 1;
            line.raw = line.decayed = units_of_points(rule.points);
            line.capped = rule.bounds.clamp(line.raw);
        } else {
            const RuleState nothing;
            const RuleState* state = card.find(i);
            const RuleState* all = kept.find(i);
            if (all == nullptr && rule.bounds.clamp(0) == 0) continue;
            Contribution points = contribution(rule, state == nullptr ? nothing : *state, std::max(at, card.clock));
            line.decayed = points.decayed;
            line.capped = points.capped;
            if (all != nullptr) add_occurrences(line, keeping.rules[i], *all);
        }
        add_line(line);
    }
    WideUnits total = 0;
    for (std::size_t i = 0; i < sums.size(); ++i) {
        Units within = definition.groups[i].bounds.clamp(saturate(sums[i]));
        total += within;
        if (within == sums[i]) continue;
        ExplainLine line;
        line.group = static_cast<int>(i);
        line.capped = saturate(within - sums[i]);
        lines.push_back(line);
    }
    for (const Adjustment& adjustment : facts.adjustments) {
        if (std::max(at, card.clock) >= adjustment.expires_at) continue;
        total += adjustment.points;
        ExplainLine line;
        line.adjustment = true;
        line.times = 1;
        line.raw = line.decayed = line.capped = adjustment.points;
        lines.push_back(line);
    }
    Units score = definition.bounds.clamp(saturate(total));
    if (score != total) {
        ExplainLine line;
        line.capped = saturate(score - total);
        lines.push_back(line);
    }
    return lines;
}

}  // namespace lead_scoring
