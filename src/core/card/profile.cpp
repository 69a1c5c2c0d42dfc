#include "core/card/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/base/stop.hpp"
#include "core/card/score.hpp"

namespace lead_scoring {

namespace {

constexpr double kDay = 86'400e6;  // microseconds

double days(Timestamp from, Timestamp to) { return static_cast<double>(age_between(from, to)) / kDay; }

// An object of numbers that is being written.
class Numbers {
  public:
    template <class Number>
    void add(std::string_view name, Number number) {
        json_ += json_.size() > 1 ? ", \"" : "\"";
        for (char c : name) {
            if (c == '"' || c == '\\') json_ += '\\';
            if (static_cast<unsigned char>(c) < 0x20)
                json_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
            else
                json_ += c;
        }
        json_ += fmt::format("\": {}", number);
    }
    std::string take() { return std::move(json_) + "}"; }

  private:
    std::string json_ = "{";
};

}  // namespace

Profile profile(const Definition& definition, const Scorecard& card, Timestamp at) {
    at = std::max(at, card.clock);
    Profile profile;
    Numbers points;
    Numbers times;
    Numbers days_since;
    std::vector<WideUnits> sums(definition.groups.size(), 0);
    for (std::size_t i = 0; i < definition.rules.size(); ++i) {
        check_stop();
        const Rule& rule = definition.rules[i];
        Units given = contribution(definition, card, i, at).capped;
        sums[rule.group] += given;
        points.add(rule.name, points_of_units(given));
        times.add(rule.name, times_matched(definition, card, i, at));
    }
    // Of two of one name the later counts.
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const Group& group = definition.groups[i];
        points.add(group.name, points_of_units(group.bounds.clamp(saturate(sums[i]))));
    }
    for (const LatestMatch& latest : card.latest)
        days_since.add(definition.rules[latest.rule].name, days(latest.at, at));
    profile.points = points.take();
    profile.times = times.take();
    profile.days_since = days_since.take();
    if (card.clock != kNever) profile.days_since_last = days(card.clock, at);
    return profile;
}

}  // namespace lead_scoring
