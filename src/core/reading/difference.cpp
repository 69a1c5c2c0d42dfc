#include "core/reading/difference.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "core/base/stop.hpp"
#include "core/card/score.hpp"

namespace lead_scoring {

namespace {

// A rule in both, with its points within its bounds.
struct Compared {
    const Rule* rule = nullptr;
    Units before = 0;
    Units after = 0;

    WideUnits change() const { return WideUnits{after} - before; }
    WideUnits size() const { return after < before ? -change() : change(); }
};

// Calls visit(rule, points) with each rule of it.
template <class Visit>
void for_each_rule(const Scored& scored, Timestamp at, Visit visit) {
    if (scored.definition == nullptr) return;
    at = std::max(at, scored.card->clock);
    for (std::size_t i = 0; i < scored.definition->rules.size(); ++i) {
        check_stop();
        visit(scored.definition->rules[i], contribution(*scored.definition, *scored.card, i, at).capped);
    }
}

Units total(const Scored& scored, Timestamp at) {
    return scored.definition == nullptr ? 0 : score_at(*scored.definition, *scored.card, at).total;
}

std::string written(Units units) { return fmt::format("{}", points_of_units(units)); }

}  // namespace

std::string difference(const Scored& before, const Scored& after, Timestamp at) {
    constexpr std::size_t kMostNamed = 3;
    std::vector<Compared> rules;
    for_each_rule(after, at, [&](const Rule& rule, Units points) { rules.push_back({&rule, 0, points}); });
    auto known = static_cast<std::ptrdiff_t>(rules.size());
    for_each_rule(before, at, [&](const Rule& rule, Units points) {
        auto end = rules.begin() + known;  // by rising id
        auto same = std::lower_bound(rules.begin(), end, rule.id,
                                     [](const Compared& one, std::size_t id) { return one.rule->id < id; });
        if (same != end && same->rule->id == rule.id)
            same->before = points;
        else
            rules.push_back({&rule, points, 0});
    });

    WideUnits unexplained = WideUnits{total(after, at)} - total(before, at);
    for (const Compared& rule : rules) unexplained -= rule.change();
    std::erase_if(rules, [](const Compared& rule) { return rule.before == rule.after; });
    std::ranges::stable_sort(rules, [](const Compared& a, const Compared& b) { return a.size() > b.size(); });

    std::string text;
    auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    for (std::size_t i = 0; i < std::min(rules.size(), kMostNamed); ++i)
        add(fmt::format("{} {} -> {}", rules[i].rule->name, written(rules[i].before), written(rules[i].after)));
    if (rules.size() > kMostNamed) add(fmt::format("{} more", rules.size() - kMostNamed));
    if (unexplained != 0) add(fmt::format("bounds {}{}", unexplained > 0 ? "+" : "", written(saturate(unexplained))));
    return text;
}

}  // namespace lead_scoring
