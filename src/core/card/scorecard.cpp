#include "core/card/scorecard.hpp"

#include <functional>
#include <limits>

#include "core/base/archive.hpp"
#include "core/base/stop.hpp"
#include "core/card/definition.hpp"

namespace lead_scoring {

namespace {

constexpr std::byte kFormat{1};

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

template <class Archive, class State>
void visit_rule(Archive& archive, State& state, Timestamp clock) {
    index(archive, "rule", state.rule, Definition::kMaxRules);
    archive.number("closed", state.closed_count);
    refuse(archive, state.closed_count < 0 || state.closed_count > std::numeric_limits<std::int64_t>::max() / 2);

    // What there is: bit 0 a sum, 1 a decaying sum, 2 occurrences, 3 a bucket with members.
    std::size_t parts = (state.closed_sum != 0 ? 1u : 0u) | (state.closed_decaying.empty() ? 0u : 2u) |
                        (state.occurrences.empty() ? 0u : 4u) | (state.members.empty() ? 0u : 8u);
    index(archive, "parts", parts, 16);
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
}

template <class Archive, class Pending>
void visit_pending(Archive& archive, Pending& match, Timestamp base) {
    archive.number("at", match.at, base);
    std::size_t kind = match.kind == MatchKind::Stage ? 1 : 0;
    index(archive, "stage_event", kind, 2);
    if constexpr (Archive::kReads) match.kind = kind == 1 ? MatchKind::Stage : MatchKind::Rule;
    index(archive, "target", match.target, Definition::kMaxRules);
    archive.number("points", match.points);
    archive.number("bucket", match.bucket);
    archive.hash("key", match.key);
}

template <class Archive, class Card>
void visit(Archive& archive, Card& card) {
    archive.number("clock", card.clock);
    resize(archive, "fit", card.fit, 1, Definition::kMaxRules);
    for (auto& rule : card.fit) index(archive, "rule", rule, Definition::kMaxRules);
    require_order(archive, card.fit, std::less<>());
    resize(archive, "adjustments", card.adjustments, 2);
    visit_each(card.adjustments, [&](auto& adjustment) {
        archive.number("points", adjustment.points);
        archive.number("expires_at", adjustment.expires_at);
    });
    require_order(archive, card.adjustments, kNotAfter);
    resize(archive, "rules", card.rules, 3, Definition::kMaxRules);
    for (auto& state : card.rules) visit_rule(archive, state, card.clock);
    require_order(archive, card.rules, [](const auto& a, const auto& b) { return a.rule < b.rule; });
    flag(archive, "pending_more", card.pending_more);
    resize(archive, "pending", card.pending, 6, Scorecard::kMaxPending);
    Timestamp base = card.clock;
    for (auto& match : card.pending) {
        visit_pending(archive, match, base);
        base = match.at;
    }
    require_order(archive, card.pending, kNotAfter);
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

std::int64_t Scorecard::count(std::size_t rule) const {
    const RuleState* state = find(rule);
    return state == nullptr ? 0 : state->count();
}

void Scorecard::clear() {
    clock = kNever;
    fit.clear();
    adjustments.clear();
    rules.clear();
    pending.clear();
    pending_more = false;
}

void encode(const Scorecard& card, std::string& to) {
    to.push_back(static_cast<char>(kFormat));
    BinaryWriter writer(to);
    visit(writer, card);
    writer.finish();
}

void decode(std::span<const std::byte> from, Scorecard& card, ErrorCode code) {
    BinaryReader reader(from.empty() ? from : from.subspan(1), code);
    if (from.empty() || from.front() != kFormat) reader.fail();
    visit(reader, card);
    reader.finish();
}

std::string print(const Scorecard& card) {
    TextWriter writer;
    visit(writer, card);
    return writer.take();
}

Scorecard parse(std::string_view text) {
    Scorecard card;
    TextReader reader(text);
    visit(reader, card);
    reader.finish();
    return card;
}

}  // namespace lead_scoring
