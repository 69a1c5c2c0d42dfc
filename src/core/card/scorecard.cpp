#include "core/card/scorecard.hpp"

#include <algorithm>
#include <functional>
#include <limits>

#include "core/base/archive.hpp"
#include "core/base/stop.hpp"
#include "core/card/definition.hpp"

namespace lead_scoring {

namespace {

constexpr std::byte kFormat{1};

// What a card has besides its clock, as bits of a number that says which follow. What is empty is left out. A later
// section takes the next bit, and comes behind these.
constexpr std::size_t kFitSection = 1;
constexpr std::size_t kAdjustmentsSection = 2;
constexpr std::size_t kRulesSection = 4;
constexpr std::size_t kPendingSection = 8;
constexpr std::size_t kLeftOut = 16;  // there is no more to it
constexpr std::size_t kResetSection = 32;
constexpr std::size_t kLatestSection = 64;
constexpr std::size_t kAllSections = 127;

std::size_t sections_of(const Scorecard& card) {
    return (card.fit.empty() ? 0 : kFitSection) | (card.adjustments.empty() ? 0 : kAdjustmentsSection) |
           (card.rules.empty() ? 0 : kRulesSection) |
           (card.pending.empty() && !card.pending_more ? 0 : kPendingSection) | (card.left_out ? kLeftOut : 0) |
           (card.reset_at == kNever ? 0 : kResetSection) | (card.latest.empty() ? 0 : kLatestSection);
}

// How rules and stages are named where a card is written: as the card does,
struct AsTheyAre {
    std::size_t rule(std::size_t rule) const { return rule; }
    const std::vector<Match>& pending(const std::vector<Match>& matches) const { return matches; }
};

// or by their ids in the definition whose places the card has. An entry's is its own and kMaxRules.
struct ById {
    const Definition& definition;

    std::size_t rule(std::size_t place) const { return definition.rules[place].id; }
    std::vector<Match> pending(std::vector<Match> matches) const {
        for (Match& match : matches) {
            auto place = static_cast<std::size_t>(match.target);
            match.target = static_cast<std::int32_t>(match.kind == MatchKind::Rule ? definition.rules[place].id
                                                                                   : door(match.target));
        }
        std::sort(matches.begin(), matches.end());
        return matches;
    }
    std::size_t door(std::int32_t door) const {
        int entry = definition.entry_of_door(door);
        return entry == kNoEntry ? definition.stages[static_cast<std::size_t>(door)].id
                                 : definition.entries[static_cast<std::size_t>(entry)].id + Definition::kMaxRules;
    }
};

// The index types of lists are read and written as integers.
template <class Archive, class Index>
void index(Archive& archive, const char* name, Index& value, std::size_t limit) {
    auto number = static_cast<std::int64_t>(value);
    archive.number(name, number);
    if constexpr (Archive::kReads) {
        if (number < 0 || static_cast<std::uint64_t>(number) >= limit) archive.fail();
        value = static_cast<std::remove_const_t<Index>>(number);
    }
}

// `numbers`: how many there are of each element, at least. A reader makes room for no more elements than its input can
// hold, and for `most` at the most.
template <class Archive, class List>
void resize(Archive& archive, const char* name, List& list, std::size_t numbers,
            std::size_t most = std::numeric_limits<std::size_t>::max()) {
    std::size_t size = list.size();
    archive.size(name, size, numbers);
    if constexpr (Archive::kReads) {
        if (size > most) archive.fail();
        list.reserve(size + 4);  // for what is mostly folded into it next
        list.resize(size);
    }
}

// The list of occurrences or members: to be filled anew, or as it is.
template <class Archive, class List>
decltype(auto) elements(Archive&, List& list) {
    if constexpr (Archive::kReads)
        return list.rewrite();
    else
        return list.all();
}

// A rule, which is read as it was named.
template <class Archive, class Names, class Place>
void rule_index(Archive& archive, const Names& names, Place& rule) {
    if constexpr (Archive::kReads) {
        index(archive, "rule", rule, Definition::kMaxRules);
    } else {
        std::size_t named = names.rule(rule);
        index(archive, "rule", named, Definition::kMaxRules);
    }
}

template <class Archive, class Flag>
void flag(Archive& archive, const char* name, Flag& value) {
    std::size_t number = value ? 1 : 0;
    index(archive, name, number, 2);
    if constexpr (Archive::kReads) value = number == 1;
}

// Readers refuse a second form of the same card.
template <class Archive>
void refuse(Archive& archive, bool wrong) {
    if constexpr (Archive::kReads)
        if (wrong) archive.fail();
}

// Readers refuse a list that is out of order: folding relies on it. `before(a, b)`: whether a may stand before b.
template <class Archive, class List, class Before>
void require_order(Archive& archive, const List& list, Before before) {
    if constexpr (Archive::kReads)
        for (std::size_t i = 1; i < list.size(); ++i)
            if (!before(list[i - 1], list[i])) archive.fail();
}

constexpr auto kNotAfter = [](const auto& a, const auto& b) { return !(b < a); };

// Far from overflow, so that such a sum may be added to: no events make it larger.
template <class Integer>
constexpr bool may_grow(Integer sum, int bits) {
    return sum > -(Integer{1} << bits) && sum < Integer{1} << bits;
}

template <class Archive, class Sum>
void visit_decaying(Archive& archive, Sum& sum) {
    auto digits = sum.digits();
    std::int64_t base = sum.base();
    archive.number("base", base);
    for (auto& digit : digits) {
        archive.number("digit", digit);
        refuse(archive, !may_grow(digit, 62));
    }
    if constexpr (Archive::kReads) sum.restore(base, digits);
}

// A reader is given the states of another card, whose lists have room already.
template <class Archive, class State>
void forget_absent(Archive&, State& state, std::size_t parts) {
    if constexpr (Archive::kReads) {
        if (!(parts & 1u)) state.closed_sum = 0;
        if (!(parts & 2u) && !state.closed_decaying.empty()) state.closed_decaying = {};
        if (!(parts & 4u) && !state.occurrences.empty()) state.occurrences.rewrite();
        if (!(parts & 8u) && !state.members.empty()) state.members.rewrite();
        if (!(parts & 16u)) state.since = kNever;
        state.bucket = 0;
    }
}

// Calls visit(element) for each of what may be many. There are few rules: those need not look.
template <class List, class Visit>
void visit_each(List& list, Visit visit) {
    constexpr std::size_t kBetweenLooks = 1024;
    std::size_t left = kBetweenLooks;
    for (auto& element : list) {
        if (--left == 0) {
            check_stop();
            left = kBetweenLooks;
        }
        visit(element);
    }
}

// `at` and `points` are those of the one before.
template <class Archive, class One>
void visit_occurrence(Archive& archive, One& occurrence, Timestamp& at, Units& points) {
    archive.number("at", occurrence.at, at);
    archive.number("points", occurrence.points, points);
    at = occurrence.at;
    points = occurrence.points;
}

template <class Archive, class Names, class State>
void visit_rule(Archive& archive, const Names& names, State& state, Timestamp clock) {
    rule_index(archive, names, state.rule);
    archive.number("closed", state.closed_count);
    refuse(archive, state.closed_count < 0 || state.closed_count > std::numeric_limits<std::int64_t>::max() / 2);

    // What there is: bit 0 a sum, 1 a decaying sum, 2 occurrences, 3 a bucket with members, 4 a time since when.
    std::size_t parts = (state.closed_sum != 0 ? 1u : 0u) | (state.closed_decaying.empty() ? 0u : 2u) |
                        (state.occurrences.empty() ? 0u : 4u) | (state.members.empty() ? 0u : 8u) |
                        (state.since == kNever ? 0u : 16u);
    index(archive, "parts", parts, 32);
    forget_absent(archive, state, parts);
    if (parts & 1u) {
        archive.wide("sum", state.closed_sum);
        refuse(archive, state.closed_sum == 0 || !may_grow(state.closed_sum, 125));
    }
    if (parts & 2u) visit_decaying(archive, state.closed_decaying);
    if (parts & 4u) {
        auto&& occurrences = elements(archive, state.occurrences);
        resize(archive, "occurrences", occurrences, 2);
        refuse(archive, occurrences.empty());
        Timestamp at = clock;
        Units points = 0;
        visit_each(occurrences, [&](auto& occurrence) { visit_occurrence(archive, occurrence, at, points); });
        require_order(archive, occurrences, kNotAfter);
    }
    if (parts & 8u) {
        archive.number("bucket", state.bucket);
        auto&& members = elements(archive, state.members);
        std::size_t keyed = !members.empty() && members.back().key != 0 ? 1 : 0;
        index(archive, "keyed", keyed, 2);
        resize(archive, "members", members, 2);
        refuse(archive, members.empty());
        Timestamp at = clock;
        Units points = 0;
        visit_each(members, [&](auto& member) {
            if (keyed == 1)
                archive.hash("key", member.key);
            else if constexpr (Archive::kReads)
                member.key = 0;
            visit_occurrence(archive, member.occurrence, at, points);
        });
        refuse(archive, keyed == 1 && members.back().key == 0);
        require_order(archive, members, kNotAfter);
    }
    if (parts & 16u) {
        archive.number("since", state.since, clock);
        refuse(archive, state.since == kNever);
    }
}

template <class Archive, class Pending>
void visit_pending(Archive& archive, Pending& match, Timestamp base) {
    archive.number("at", match.at, base);
    std::size_t kind = match.kind == MatchKind::Stage ? 1 : 0;
    index(archive, "stage_event", kind, 2);
    if constexpr (Archive::kReads) match.kind = kind == 1 ? MatchKind::Stage : MatchKind::Rule;
    index(archive, "target", match.target, kind == 1 ? 2 * Definition::kMaxRules : Definition::kMaxRules);
    archive.number("points", match.points);
    archive.number("bucket", match.bucket);
    archive.hash("key", match.key);
}

template <class Archive, class Card>
void visit_adjustments(Archive& archive, Card& card) {
    resize(archive, "adjustments", card.adjustments, 2);
    visit_each(card.adjustments, [&](auto& adjustment) {
        archive.number("points", adjustment.points);
        archive.number("expires_at", adjustment.expires_at);
    });
    require_order(archive, card.adjustments, kNotAfter);
}

template <class Archive, class Matches, class Flag>
void visit_pendings(Archive& archive, Matches& pending, Flag& more, Timestamp clock) {
    flag(archive, "pending_more", more);
    resize(archive, "pending", pending, 6, Scorecard::kMaxPending);
    Timestamp base = clock;
    for (auto& match : pending) {
        visit_pending(archive, match, base);
        base = match.at;
    }
    require_order(archive, pending, kNotAfter);
}

// A reader is given another card, whose lists have room already.
template <class Archive, class Card>
void forget_absent_sections(Archive&, Card& card, std::size_t sections) {
    if constexpr (Archive::kReads) {
        card.left_out = (sections & kLeftOut) != 0;
        if (!(sections & kResetSection)) card.reset_at = kNever;
        if (!(sections & kFitSection)) card.fit.clear();
        if (!(sections & kAdjustmentsSection)) card.adjustments.clear();
        if (!(sections & kRulesSection)) card.rules.clear();
        if (!(sections & kLatestSection)) card.latest.clear();
        if (!(sections & kPendingSection)) {
            card.pending_more = false;
            card.pending.clear();
        }
    }
}

// The clock, which sections there are, and the first of them.
template <class Archive, class Names, class Card>
std::size_t visit_start(Archive& archive, const Names& names, Card& card) {
    archive.number("clock", card.clock);
    std::size_t sections = sections_of(card);
    index(archive, "sections", sections, kAllSections + 1);
    forget_absent_sections(archive, card, sections);
    if (sections & kFitSection) {
        resize(archive, "fit", card.fit, 1, Definition::kMaxRules);
        for (auto& rule : card.fit) rule_index(archive, names, rule);
        require_order(archive, card.fit, std::less<>());
    }
    return sections;
}

template <class Archive, class Names, class Card>
void visit(Archive& archive, const Names& names, Card& card) {
    std::size_t sections = visit_start(archive, names, card);
    if (sections & kAdjustmentsSection) visit_adjustments(archive, card);
    if (sections & kRulesSection) {
        resize(archive, "rules", card.rules, 3, Definition::kMaxRules);
        for (auto& state : card.rules) visit_rule(archive, names, state, card.clock);
        require_order(archive, card.rules, [](const auto& a, const auto& b) { return a.rule < b.rule; });
    }
    if (sections & kPendingSection) {
        if constexpr (Archive::kReads) {
            visit_pendings(archive, card.pending, card.pending_more, card.clock);
        } else {
            decltype(auto) pending = names.pending(card.pending);
            visit_pendings(archive, pending, card.pending_more, card.clock);
        }
    }
    if (sections & kResetSection) archive.number("reset_at", card.reset_at);
    if (sections & kLatestSection) {
        resize(archive, "latest", card.latest, 2, Definition::kMaxRules);
        for (auto& match : card.latest) {
            rule_index(archive, names, match.rule);
            archive.number("at", match.at, card.clock);
        }
        require_order(archive, card.latest, [](const auto& a, const auto& b) { return a.rule < b.rule; });
    }
    if constexpr (Archive::kReads) refuse(archive, sections != sections_of(card));
}

template <class Names>
void write(const Scorecard& card, const Names& names, std::string& to) {
    to.push_back(static_cast<char>(kFormat));
    BinaryWriter writer(to);
    visit(writer, names, card);
    writer.finish();
}

}  // namespace

bool operator<(const Match& a, const Match& b) {
    if (a.at != b.at) return a.at < b.at;
    if (a.kind != b.kind) return a.kind < b.kind;
    if (a.points != b.points) return a.points > b.points;
    if (a.key != b.key) return a.key < b.key;
    if (a.target != b.target) return a.target < b.target;
    return a.bucket < b.bucket;
}

RuleState* Scorecard::find(std::size_t rule) {
    auto at = std::lower_bound(rules.begin(), rules.end(), rule,
                               [](const RuleState& state, std::size_t wanted) { return state.rule < wanted; });
    return at != rules.end() && at->rule == rule ? &*at : nullptr;
}

RuleState& Scorecard::find_or_add(std::size_t rule) {
    auto at = std::lower_bound(rules.begin(), rules.end(), rule,
                               [](const RuleState& state, std::size_t wanted) { return state.rule < wanted; });
    if (at == rules.end() || at->rule != rule) {
        at = rules.emplace(at);
        at->rule = rule;
    }
    return *at;
}

void Scorecard::note_latest(std::size_t rule, Timestamp at) {
    auto place = std::ranges::lower_bound(latest, rule, {}, &LatestMatch::rule);
    if (place == latest.end() || place->rule != rule)
        latest.insert(place, {rule, at});
    else
        place->at = std::max(place->at, at);
}

std::int64_t Scorecard::count(std::size_t rule) const {
    const RuleState* state = find(rule);
    return state == nullptr ? 0 : state->count();
}

void Scorecard::clear() {
    clock = kNever;
    fit.clear();
    left_out = false;
    reset_at = kNever;
    adjustments.clear();
    rules.clear();
    latest.clear();
    pending.clear();
    pending_more = false;
}

void encode(const Scorecard& card, std::string& to) { write(card, AsTheyAre{}, to); }

void encode(const Scorecard& card, const Definition& definition, std::string& to) { write(card, ById{definition}, to); }

namespace {

BinaryReader reader_of(std::span<const std::byte> from, ErrorCode code) {
    BinaryReader reader(from.empty() ? from : from.subspan(1), code);
    if (from.empty() || from.front() != kFormat) reader.fail();
    return reader;
}

}  // namespace

void decode(std::span<const std::byte> from, Scorecard& card, ErrorCode code) {
    BinaryReader reader = reader_of(from, code);
    visit(reader, AsTheyAre{}, card);
    reader.finish();
}

void decode_fit(std::span<const std::byte> from, Scorecard& card, ErrorCode code) {
    BinaryReader reader = reader_of(from, code);
    visit_start(reader, AsTheyAre{}, card);
}

void find_places(const Definition& definition, Scorecard& card, ErrorCode code) {
    auto place_of = [&](const std::vector<std::int32_t>& places, std::size_t id) {
        std::int32_t place = id < places.size() ? places[id] : kNoPlace;
        if (place == kNoPlace)
            throw Error(code, "scorecard does not belong to this version of the model",
                        "It names a rule, stage or entry that the version does not have.",
                        "Take the card and the version from one row of the model's scores.");
        return place;
    };
    for (std::size_t& rule : card.fit) rule = static_cast<std::size_t>(place_of(definition.rule_places, rule));
    for (RuleState& state : card.rules)
        state.rule = static_cast<std::size_t>(place_of(definition.rule_places, state.rule));
    for (LatestMatch& match : card.latest)
        match.rule = static_cast<std::size_t>(place_of(definition.rule_places, match.rule));
    if (card.pending.empty()) return;
    for (Match& match : card.pending) {
        auto id = static_cast<std::size_t>(match.target);
        if (match.kind == MatchKind::Rule)
            match.target = place_of(definition.rule_places, id);
        else if (id < Definition::kMaxRules)
            match.target = place_of(definition.stage_places, id);
        else
            match.target = place_of(definition.entry_places, id - Definition::kMaxRules) +
                           static_cast<std::int32_t>(definition.stages.size());
    }
    std::sort(card.pending.begin(), card.pending.end());
}

namespace {

template <class Names>
std::string print_named(const Scorecard& card, const Names& names) {
    TextWriter writer;
    visit(writer, names, card);
    return writer.take();
}

}  // namespace

std::string print(const Scorecard& card) { return print_named(card, AsTheyAre{}); }

std::string print(const Scorecard& card, const Definition& definition) { return print_named(card, ById{definition}); }

Scorecard parse(std::string_view text) {
    Scorecard card;
    TextReader reader(text);
    visit(reader, AsTheyAre{}, card);
    reader.finish();
    return card;
}

}  // namespace lead_scoring
