#include "core/reading/way.hpp"

#include <algorithm>
#include <utility>

namespace lead_scoring {

namespace {

constexpr Microseconds kMinute = 60'000'000;
constexpr std::size_t kMostWays = 3;
// Acts that bring nothing one after the other: a floor may hide what they give, but hardly more of them.
constexpr int kMostInVain = 10;

// Attributes that are known to be others come last.
std::int64_t cost_of(const Act& act) { return act.is_event() ? 1 : act.unknown ? 2 : 1000; }

// Finds what brings a lead to a goal: into a stage, or to hold some of its conditions.
class Search {
  public:
    // `conditions`: a stage that has those alone that are to hold; `stage`: kNoStage, or the one to be reached.
    Search(const Definition& definition, const WhyNotQuestion& question, const Stage& conditions, int stage)
        : definition_(definition), question_(question), conditions_(conditions), stage_(stage) {
        start_ = question.at;
        if (stage != kNoStage) start_ = std::max(start_, stage_opens_at(definition, question.lead.stage, stage));
    }

    std::vector<Way> ways() {
        if (start_ >= kForever - kMinute) return {};
        if (works({}, start_)) {
            keep({});
            return finished();
        }
        Timestamp rises = rises_at(definition_, question_.lead.card, start_);
        if (rises < kForever - kMinute && works({}, rises)) found_.push_back({{.from = rises}, {}});
        for (std::size_t act = 0; act < question_.acts.size(); ++act)
            if (stage_ != kNoStage && question_.acts[act].stage == stage_) keep({act});
        Acts base = needed();
        if (works(base, start_)) keep(base);
        if (found_.empty()) add_singles(base);
        if (found_.empty()) add_mixed(base);
        return finished();
    }

  private:
    using Acts = std::vector<std::size_t>;  // one after the other

    const Act& act(std::size_t index) const { return question_.acts[index]; }
    // Not an event that leads into another stage, which is a way of its own, or one that an earlier act is, too.
    bool is_proposed(std::size_t index, std::int64_t most) const {
        auto earlier = question_.acts.first(index);
        if (act(index).is_event() && std::ranges::find(earlier, act(index).matches, &Act::matches) != earlier.end())
            return false;
        return (act(index).stage == kNoStage || act(index).stage == stage_) && cost_of(act(index)) <= most;
    }

    Trial begin() const {
        Trial trial(definition_, question_.lead, stage_ != kNoStage);
        trial.pass(start_);
        return trial;
    }
    bool met(const Trial& trial) const {
        return stage_ == kNoStage ? trial.gap(conditions_) == 0 : trial.reached(stage_);
    }
    bool go(Trial& trial, std::span<const std::size_t> acts, Timestamp at) const {
        for (std::size_t index : acts)
            if (!trial.happen(act(index), at++)) return false;
        return true;
    }

    // All at a time; `early`: all but the last one as early as can be.
    bool works(const Acts& acts, Timestamp at, bool early = false) const {
        Trial trial = begin();
        std::size_t first = early && !acts.empty() ? acts.size() - 1 : 0;
        std::span<const std::size_t> all(acts);
        if (!go(trial, all.first(first), start_)) return false;
        at = std::max(start_, at - static_cast<Timestamp>(acts.size() - first) + 1);  // the last one then
        trial.pass(at);
        return go(trial, all.subspan(first), at) && met(trial);
    }

    // What no other thing can stand for: matches that are required, and attributes where fit is asked for.
    Acts needed() const {
        Acts acts;
        Trial trial = begin();
        auto add = [&](std::size_t index) {
            if (!trial.happen(act(index), start_)) return false;
            acts.push_back(index);
            return true;
        };
        for (const Requirement& requirement : conditions_.required) {
            auto index = std::ranges::find(question_.acts, static_cast<int>(requirement.rule), &Act::rule);
            if (index == question_.acts.end() || definition_.rules[requirement.rule].quiet_for > 0) continue;
            auto place = static_cast<std::size_t>(index - question_.acts.begin());
            // Of a rule of frequency it may take so many to count once.
            std::size_t most_in_vain = std::max<std::size_t>(definition_.rules[requirement.rule].at_least, 1);
            for (std::size_t in_vain = 0; trial.count(requirement.rule) < requirement.count && in_vain < most_in_vain &&
                                          static_cast<std::int64_t>(acts.size()) < kMostActs;) {
                std::int64_t before = trial.count(requirement.rule);
                if (!add(place)) break;
                in_vain = trial.count(requirement.rule) > before ? 0 : in_vain + 1;
            }
        }
        Stage fit;
        fit.min_fit = conditions_.min_fit;
        Acts attributes;
        for (std::size_t i = 0; i < question_.acts.size(); ++i)
            if (!act(i).is_event()) attributes.push_back(i);
        std::ranges::stable_sort(attributes, {}, [&](std::size_t i) {
            return std::pair(cost_of(act(i)), -definition_.rules[static_cast<std::size_t>(act(i).rule)].points);
        });
        for (std::size_t i : attributes) {
            if (trial.gap(fit) == 0) break;
            if (definition_.rules[static_cast<std::size_t>(act(i).rule)].points > 0 &&
                trial.count(static_cast<std::size_t>(act(i).rule)) == 0)
                add(i);
        }
        return acts;
    }

    // One act, as often as it takes.
    void add_singles(const Acts& base) {
        for (std::size_t index = 0; index < question_.acts.size(); ++index) {
            if (!is_proposed(index, 2)) continue;
            Trial trial = begin();
            if (!go(trial, base, start_)) return;
            Acts acts = base;
            WideUnits least = trial.gap(conditions_);
            std::int64_t most = act(index).is_event() ? kMostActs : static_cast<std::int64_t>(acts.size()) + 1;
            for (int in_vain = 0; in_vain < kMostInVain && static_cast<std::int64_t>(acts.size()) < most;) {
                if (!trial.happen(act(index), trial.now() + 1)) break;
                acts.push_back(index);
                if (met(trial)) {
                    keep(acts);
                    break;
                }
                WideUnits gap = trial.gap(conditions_);
                in_vain = gap < least ? 0 : in_vain + 1;
                least = std::min(least, gap);
            }
        }
    }

    // Step by step what brings the lead nearest; attributes that are known to be others only where nothing else does.
    void add_mixed(const Acts& base) {
        Trial trial = begin();
        Acts acts = base;
        if (!go(trial, base, start_)) return;
        while (!met(trial) && static_cast<std::int64_t>(acts.size()) < kMostActs) {
            WideUnits gap = trial.gap(conditions_);
            std::size_t best = question_.acts.size();
            for (std::int64_t cost : {std::int64_t{2}, std::int64_t{1000}}) {
                for (std::size_t index = 0; index < question_.acts.size(); ++index) {
                    if (!is_proposed(index, cost)) continue;
                    Trial next = trial;
                    if (!next.happen(act(index), trial.now() + 1)) continue;
                    WideUnits left = met(next) ? -1 : next.gap(conditions_);
                    if (left >= gap) continue;
                    gap = left;
                    best = index;
                }
                if (best < question_.acts.size()) break;
            }
            if (best == question_.acts.size()) return;
            if (!trial.happen(act(best), trial.now() + 1)) return;
            acts.push_back(best);
        }
        for (std::size_t i = acts.size(); i-- > 0;) {
            Acts fewer = acts;
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
            if (works(fewer, start_)) acts = std::move(fewer);
        }
        keep(acts);
    }

    // Keeps what does now and for a minute.
    void keep(const Acts& acts) {
        if (!acts.empty() && !(works(acts, start_) && works(acts, start_ + kMinute))) return;
        Way way;
        if (start_ > question_.at) way.from = start_;
        for (std::size_t index : acts) {
            way.cost += cost_of(act(index));
            auto same = std::ranges::find(way.steps, index, &WayStep::act);
            if (same == way.steps.end())
                way.steps.push_back({index, 1});
            else
                ++same->times;
        }
        found_.push_back({std::move(way), acts});
    }

    std::vector<Way> finished() {
        std::ranges::stable_sort(found_, {}, [](const auto& found) { return found.first.cost; });
        if (found_.size() > kMostWays) found_.resize(kMostWays);
        std::vector<Way> ways;
        for (auto& [way, acts] : found_) {
            if (!acts.empty()) find_end(way, acts);
            ways.push_back(std::move(way));
        }
        return ways;
    }

    // Until when it does: tried at times further and further away, then halved, then tried in between.
    void find_end(Way& way, const Acts& acts) const {
        constexpr int kTries = 11;  // a minute, four, ...: two years, which is taken for ever
        constexpr int kBetween = 16;
        auto last_early = [&](Timestamp at) { return acts.size() == 1 || works(acts, at, true); };
        way.at_one_time = !last_early(start_ + kMinute);
        auto does = [&](Timestamp at) { return works(acts, at) && (way.at_one_time || last_early(at)); };
        Timestamp good = start_;
        Timestamp bad = kForever;
        Microseconds ahead = kMinute;
        for (int i = 0; i < kTries && bad == kForever; ++i, ahead *= 4) {
            Timestamp at = add_saturated(start_, ahead);
            if (at >= kForever - kMinute) break;
            (does(at) ? good : bad) = at;
        }
        for (bool again = true; again;) {
            while (bad != kForever && bad - good > 1) {
                Timestamp half = good + (bad - good) / 2;
                (does(half) ? good : bad) = half;
            }
            again = false;
            for (int i = 1; i < kBetween && !again && good > start_; ++i) {
                Timestamp at = start_ + (good - start_) / kBetween * i;
                if (does(at)) continue;
                bad = at;
                good = start_;
                again = true;
            }
        }
        way.before = bad;
    }

    const Definition& definition_;
    const WhyNotQuestion& question_;
    Stage conditions_;
    int stage_;
    Timestamp start_;
    std::vector<std::pair<Way, Acts>> found_;
};

}  // namespace

std::vector<Way> find_ways(const Definition& definition, const WhyNotQuestion& question, const Stage& conditions,
                           int stage) {
    return Search(definition, question, conditions, stage).ways();
}

Timestamp stage_opens_at(const Definition& definition, const StageState& state, int stage) {
    auto place = static_cast<std::size_t>(stage);
    Timestamp opens = kNever;
    if (place < state.last_entry.size() && state.last_entry[place] != kNever && definition.stages[place].cooldown > 0)
        opens = add_saturated(state.last_entry[place], definition.stages[place].cooldown);
    const Stage& now = definition.stages[static_cast<std::size_t>(state.stage)];
    if (now.detour && state.since != kNever && now.cooldown > 0)
        opens = std::max(opens, add_saturated(state.since, now.cooldown));
    return opens;
}

}  // namespace lead_scoring
