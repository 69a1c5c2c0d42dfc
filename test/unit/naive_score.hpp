// The score by its formula, over all matches at once and in long double: slow, and with nothing remembered between
// events. What the core computes from a scorecard is compared with it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "core/card/definition.hpp"
#include "core/card/scorecard.hpp"

namespace lead_scoring::test {

struct NaiveScore {
    Units engagement = 0;
    Units fit = 0;
    Units total = 0;
    Units tolerance = 0;               // what rounding explains; 0 where nothing decays
    std::vector<std::int64_t> counts;  // occurrences that count, a rule
};

inline bool naively_earlier(const Match& a, const Match& b) {
    if (a.at != b.at) return a.at < b.at;
    if (a.points != b.points) return a.points > b.points;
    return a.key < b.key;
}

// In each bucket the first max_keys keys, of each key the first limit_count occurrences.
inline std::vector<Match> naively_limited(const Rule& rule, std::vector<Match> matches) {
    std::sort(matches.begin(), matches.end(), naively_earlier);
    if (rule.limit_count == 0) return matches;
    std::map<std::int64_t, std::map<std::uint64_t, std::size_t>> buckets;
    std::vector<Match> counted;
    for (const Match& match : matches) {
        auto& keys = buckets[match.bucket];
        if (!keys.contains(match.key) && keys.size() == rule.max_keys) continue;
        if (++keys[match.key] <= rule.limit_count) counted.push_back(match);
    }
    return counted;
}

inline long double naive_weight(const Decay& decay, Timestamp since, Timestamp at) {
    auto age = static_cast<long double>(at) - static_cast<long double>(since);
    switch (decay.kind) {
        case DecayKind::None:
            return 1;
        case DecayKind::Exponential:
            return std::exp2(-age / static_cast<long double>(decay.half_life));
        case DecayKind::Linear:
            return std::max(0.0L, 1 - age / static_cast<long double>(decay.lifespan));
        case DecayKind::Step:
            return std::max(0.0L, 1 - decay.drop * std::floor(age / static_cast<long double>(decay.step)));
        case DecayKind::Window:
            return age <= static_cast<long double>(decay.lifespan) ? 1 : 0;
    }
    return 0;
}

// Whether a rule of frequency or silence gives its points.
inline bool naively_pays(const Rule& rule, const std::vector<Match>& matches, Timestamp at) {
    if (rule.quiet_for > 0)
        return !matches.empty() && std::all_of(matches.begin(), matches.end(),
                                               [&](const Match& match) { return at - match.at > rule.quiet_for; });
    auto pays_at = [&](Timestamp end) {
        std::vector<std::uint64_t> found;
        for (const Match& match : matches)
            if (match.at <= end && end - match.at < rule.within) found.push_back(match.key);
        std::sort(found.begin(), found.end());
        if (rule.distinct) found.erase(std::unique(found.begin(), found.end()), found.end());
        return found.size() >= rule.at_least;
    };
    if (!rule.keep) return pays_at(at);
    return std::any_of(matches.begin(), matches.end(),
                       [&](const Match& match) { return match.at <= at && pays_at(match.at); });
}

inline Units naively_rounded(long double units) {
    constexpr long double kLimit = 9223372036854775807.0L;
    return static_cast<Units>(std::clamp(std::round(units), -kLimit - 1, kLimit));
}

inline Units naively_clamped(const Bounds& bounds, Units value) {
    if (bounds.min) value = std::max(value, *bounds.min);
    if (bounds.max) value = std::min(value, *bounds.max);
    return value;
}

// Matches that count by now, in any order. As of `at`, or of the latest match where that is later.
inline NaiveScore naive_score(const Definition& definition, std::span<const Match> matches,
                              std::span<const std::size_t> fit, std::span<const Adjustment> adjustments, Timestamp at) {
    std::vector<std::vector<Match>> of_rule(definition.rules.size());
    for (const Match& match : matches) {
        at = std::max(at, match.at);
        if (match.kind == MatchKind::Rule) of_rule[static_cast<std::size_t>(match.target)].push_back(match);
    }
    NaiveScore score;
    std::vector<long double> groups(definition.groups.size());
    for (std::size_t i = 0; i < definition.rules.size(); ++i) {
        const Rule& rule = definition.rules[i];
        long double sum = 0;
        long double magnitude = 0;
        std::vector<Match> counted = naively_limited(rule, of_rule[i]);
        score.counts.push_back(static_cast<std::int64_t>(counted.size()));
        bool capped = rule.decay.kind != DecayKind::None && rule.decay.kind != DecayKind::Exponential;
        if (capped && counted.size() > rule.max_occurrences)
            counted.erase(counted.begin(), counted.end() - static_cast<std::ptrdiff_t>(rule.max_occurrences));
        for (const Match& match : counted) {
            sum += static_cast<long double>(match.points) * naive_weight(rule.decay, match.at, at);
            magnitude += std::fabs(static_cast<long double>(match.points));
        }
        if (rule.at_least > 0 || rule.quiet_for > 0) {
            bool pays = naively_pays(rule, counted, at);
            sum = pays ? static_cast<long double>(units_of_points(rule.points)) : 0;
            score.counts.back() = pays ? 1 : 0;
        }
        if (rule.fit) {
            if (std::find(fit.begin(), fit.end(), i) == fit.end()) continue;
            sum = static_cast<long double>(units_of_points(rule.points));
        }
        groups[rule.group] += static_cast<long double>(naively_clamped(rule.bounds, naively_rounded(sum)));
        if (rule.decay.kind != DecayKind::None) score.tolerance += 1 + naively_rounded(magnitude * 1e-9L);
    }
    long double engagement = 0;
    long double fit_sum = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const Group& group = definition.groups[i];
        (group.fit ? fit_sum : engagement) +=
            static_cast<long double>(naively_clamped(group.bounds, naively_rounded(groups[i])));
    }
    score.engagement = naively_rounded(engagement);
    score.fit = naively_rounded(fit_sum);
    long double total = static_cast<long double>(score.engagement) + static_cast<long double>(score.fit);
    for (const Adjustment& adjustment : adjustments)
        if (at < adjustment.expires_at) total += static_cast<long double>(adjustment.points);
    score.total = naively_clamped(definition.bounds, naively_rounded(total));
    return score;
}

}  // namespace lead_scoring::test
