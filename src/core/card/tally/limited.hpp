// Rules of which so many occurrences a bucket of time count: another kind for the buckets that are closed, and the
// members of the latest one, each of which an earlier occurrence may displace. What both come to, that kind knows.
#pragma once

#include "core/base/stop.hpp"
#include "core/card/tally/tally.hpp"

namespace lead_scoring {

// `Closed` has close(rule, state, occurrence), which adds one whose place among the counted ones is final; it is told
// them in the order of time where kClosesByTime, and counts state.members in its points.
template <TallyKind Closed>
struct Limited : Closed {
    using Full = Limited<typename Closed::Full>;
    static constexpr bool kReplaces = true;

    static bool takes(const Rule& rule) { return rule.limited() && Closed::takes(rule); }

    static bool fold(const Rule& rule, RuleState& state, const Match& match) {
        if (state.count() == 0 || match.bucket > state.bucket) {
            close_members(rule, state);
            state.bucket = match.bucket;
        } else if (match.bucket < state.bucket) {
            return false;
        }
        return state.members.admit({match.key, {match.at, match.points}}, rule.limit_count, rule.max_keys);
    }

    // The latest match may be one that does not count.
    static Count count(const Rule& rule, const RuleState& state, Timestamp, Timestamp at) {
        return Closed::count(rule, state, kNever, at);
    }

  private:
    static void close_members(const Rule& rule, RuleState& state) {
        auto close = [&](const Occurrence& occurrence) {
            check_stop();
            Closed::close(rule, state, occurrence);
        };
        if constexpr (Closed::kClosesByTime) {
            for (const Occurrence& occurrence : state.members.by_time()) close(occurrence);
        } else {
            for (const Member& member : state.members.all()) close(member.occurrence);
        }
        state.members.rewrite();
    }
};

}  // namespace lead_scoring
