// Rules whose points decay along a line, in steps or at the end of a window: times and points of the latest
// max_occurrences that still weigh something. Those of the open bucket of a limit are the latest.
#pragma once

#include <algorithm>

#include "core/card/tally/tally.hpp"

namespace lead_scoring {

struct Kept {
    using Full = Kept;
    static constexpr Decay kFullDecay = {.kind = DecayKind::Window, .lifespan = kForever};
    static constexpr bool kConstant = false;
    static constexpr bool kHalves = false;
    static constexpr bool kKeepsLatest = true;
    static constexpr bool kReplaces = false;
    static constexpr bool kClosesByTime = true;  // each in its place takes long

    static bool takes(const Rule& rule) { return rule.decay.keeps_occurrences(); }

    static void close(const Rule& rule, RuleState& state, const Occurrence& occurrence) {
        ++state.closed_count;
        state.occurrences.add(occurrence);
        if (state.occurrences.size() > rule.max_occurrences) state.occurrences.forget_earliest(1);
    }
    static bool fold(const Rule& rule, RuleState& state, const Match& match) {
        close(rule, state, {match.at, match.points});
        return true;
    }
    static void forget(const Rule& rule, RuleState& state, Timestamp clock) {
        std::span<const Occurrence> all = state.occurrences.all();
        Microseconds lifetime = rule.decay.lifetime();
        auto alive = std::ranges::find_if(
            all, [&](const Occurrence& occurrence) { return age_between(occurrence.at, clock) < lifetime; });
        state.occurrences.forget_earliest(static_cast<std::size_t>(alive - all.begin()));
    }

    static SignedSum split(const Rule& rule, const RuleState& state, Timestamp at) {
        std::size_t open = std::min(state.members.size(), rule.max_occurrences);
        SignedSum sum = state.occurrences.decayed(rule.decay, at, rule.max_occurrences - open);
        sum.add(state.members.decayed(rule.decay, at, open));
        return sum;
    }
    static Units points(const Rule& rule, const RuleState& state, Timestamp at) {
        return round_to_units(split(rule, state, at).total());
    }
    static Microseconds lifetime(const Rule& rule) { return rule.decay.lifetime(); }

    static Count count(const Rule& rule, const RuleState& state, Timestamp, Timestamp) {
        std::vector<Occurrence> all(state.occurrences.all().begin(), state.occurrences.all().end());
        for (const Member& member : state.members.all()) all.push_back(member.occurrence);
        std::sort(all.begin(), all.end());
        if (all.size() > rule.max_occurrences)
            all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(rule.max_occurrences));
        WideUnits raw = 0;
        for (const Occurrence& occurrence : all) raw += occurrence.points;
        return {saturate(raw), static_cast<std::int64_t>(all.size()), all.empty() ? kNever : all.back().at};
    }
};

}  // namespace lead_scoring
