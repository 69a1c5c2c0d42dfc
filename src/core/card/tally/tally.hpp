// The contract of a kind of rule: what is kept of a rule's occurrences, and what they come to.
//
// A kind is a struct of static members in a file of its own (TallyKind below), and is chosen for a rule from a list
// (tallies.hpp). What it keeps is in the rule's RuleState, of which it uses the parts it needs.
#pragma once

#include <concepts>
#include <span>

#include "core/card/definition.hpp"
#include "core/card/scorecard.hpp"

namespace lead_scoring {

// Of a rule whose occurrences have their full points, for whoever explains a score.
struct Count {
    Units raw = 0;
    std::int64_t times = 0;
    Timestamp last_at = kNever;
};

// A kind as a table of functions.
struct Tally {
    bool (*takes)(const Rule& rule);

    // What the occurrences come to is exact, and time does not change it.
    bool constant;
    // It shrinks by the rule's half-life, all of it alike.
    bool halves;
    // The latest max_occurrences count: one more may displace another.
    bool keeps_latest;
    // One that happened earlier may take the place of another.
    bool replaces;
    // Of a kind with `pays`: time turns it on; else, where it is not constant, off.
    bool turns_on;

    // Adds an occurrence, in any order of time. False, and nothing is changed, where the state does not remember enough
    // to do so exactly.
    bool (*fold)(const Rule& rule, RuleState& state, const Match& match);
    // Forgets the occurrences that weigh nothing from `clock` on. To be called where the state has occurrences.
    void (*forget)(const Rule& rule, RuleState& state, Timestamp clock);
    // What the state comes to at `at`, before the rule's bounds; the same by sign, where it is not constant.
    Units (*points)(const Rule& rule, const RuleState& state, Timestamp at);
    SignedSum (*split)(const Rule& rule, const RuleState& state, Timestamp at);
    // How long after an occurrence it may still change by itself.
    Microseconds (*lifetime)(const Rule& rule);

    // Of kinds that give the points of the rule or nothing, else null. Whether they do, and when time alone turns that
    // once, after which it changes no more; kForever: it does not. That instant may be past.
    bool (*pays)(const Rule& rule, const RuleState& state, Timestamp at);
    Timestamp (*turns_at)(const Rule& rule, const RuleState& state);

    // By this decay and this tally whatever counts has its full points, however old it is. `last`: the latest match of
    // the rule, counted or not; `at`: as of when.
    Decay full_decay;
    const Tally* full;
    Count (*count)(const Rule& rule, const RuleState& state, Timestamp last, Timestamp at);
};

// What a kind has. Its file says more where it differs from the above.
template <class Kind>
concept TallyKind = requires(const Rule& rule, RuleState& state, const RuleState& kept, const Match& match,
                             const Occurrence& occurrence, Timestamp at) {
    typename Kind::Full;
    { Kind::kFullDecay } -> std::convertible_to<Decay>;
    { Kind::kConstant&& Kind::kHalves&& Kind::kKeepsLatest&& Kind::kReplaces } -> std::same_as<bool>;
    { Kind::takes(rule) } -> std::same_as<bool>;
    { Kind::fold(rule, state, match) } -> std::same_as<bool>;
    {Kind::forget(rule, state, at)};
    { Kind::points(rule, kept, at) } -> std::same_as<Units>;
    { Kind::split(rule, kept, at) } -> std::same_as<SignedSum>;
    { Kind::lifetime(rule) } -> std::same_as<Microseconds>;
    { Kind::count(rule, kept, at, at) } -> std::same_as<Count>;
};

// The kinds that have what `pays` says.
template <class Kind>
concept SwitchedKind = TallyKind<Kind> && requires(const Rule& rule, const RuleState& kept, Timestamp at) {
    { Kind::kTurnsOn } -> std::convertible_to<bool>;
    { Kind::pays(rule, kept, at) } -> std::same_as<bool>;
    { Kind::turns_at(rule, kept) } -> std::same_as<Timestamp>;
};

template <TallyKind Kind>
constexpr Tally make_tally(const Tally* full) {
    Tally tally = {.takes = Kind::takes,
                   .constant = Kind::kConstant,
                   .halves = Kind::kHalves,
                   .keeps_latest = Kind::kKeepsLatest,
                   .replaces = Kind::kReplaces,
                   .turns_on = false,
                   .fold = Kind::fold,
                   .forget = Kind::forget,
                   .points = Kind::points,
                   .split = Kind::split,
                   .lifetime = Kind::lifetime,
                   .pays = nullptr,
                   .turns_at = nullptr,
                   .full_decay = Kind::kFullDecay,
                   .full = full,
                   .count = Kind::count};
    if constexpr (SwitchedKind<Kind>) {
        tally.turns_on = Kind::kTurnsOn;
        tally.pays = Kind::pays;
        tally.turns_at = Kind::turns_at;
    }
    return tally;
}

template <TallyKind Kind>
inline constexpr Tally kTally = make_tally<Kind>(&kTally<typename Kind::Full>);

}  // namespace lead_scoring
