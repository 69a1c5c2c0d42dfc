#include "core/scorecard.hpp"

#include <functional>
#include <limits>

#include "core/archive.hpp"

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

constexpr std::size_t kMaxIndex = 1u << 30;

template <class Archive, class List>
void resize(Archive& archive, const char* name, List& list) {
    std::size_t size = list.size();
    archive.size(name, size);
    if constexpr (Archive::kReads) {
        list.reserve(size + 4);  // for what is mostly folded into it next
        list.resize(size);
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
        if (!(parts & 4u)) state.occurrences.clear();
        if (!(parts & 8u)) state.members.clear();
        state.bucket = 0;
    }
}

template <class Archive, class State>
void visit_rule(Archive& archive, State& state, Timestamp clock) {
    index(archive, "rule", state.rule, kMaxIndex);
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
        resize(archive, "occurrences", state.occurrences);
        refuse(archive, state.occurrences.empty());
        Timestamp at = clock;
        Units points = 0;
        for (auto& occurrence : state.occurrences) {
            archive.number("at", occurrence.at, at);
            archive.number("points", occurrence.points, points);
            at = occurrence.at;
            points = occurrence.points;
        }
        require_order(archive, state.occurrences, kNotAfter);
    }
    if (parts & 8u) {
        archive.number("bucket", state.bucket);
        std::size_t keyed = !state.members.empty() && state.members.back().key != 0 ? 1 : 0;
        index(archive, "keyed", keyed, 2);
        resize(archive, "members", state.members);
        refuse(archive, state.members.empty());
        Timestamp at = clock;
        Units points = 0;
        for (auto& member : state.members) {
            if (keyed == 1)
                archive.hash("key", member.key);
            else if constexpr (Archive::kReads)
                member.key = 0;
            archive.number("at", member.occurrence.at, at);
            archive.number("points", member.occurrence.points, points);
            at = member.occurrence.at;
            points = member.occurrence.points;
        }
        refuse(archive, keyed == 1 && state.members.back().key == 0);
        require_order(archive, state.members, kNotAfter);
    }
}

template <class Archive, class Pending>
void visit_pending(Archive& archive, Pending& match, Timestamp base) {
    archive.number("at", match.at, base);
    std::size_t kind = match.kind == MatchKind::Stage ? 1 : 0;
    index(archive, "stage_event", kind, 2);
    if constexpr (Archive::kReads) match.kind = kind == 1 ? MatchKind::Stage : MatchKind::Rule;
    index(archive, "target", match.target, kMaxIndex);
    archive.number("points", match.points);
    archive.number("bucket", match.bucket);
    archive.hash("key", match.key);
}

template <class Archive, class Card>
void visit(Archive& archive, Card& card) {
    archive.number("clock", card.clock);
    resize(archive, "fit", card.fit);
    for (auto& rule : card.fit) index(archive, "rule", rule, kMaxIndex);
    require_order(archive, card.fit, std::less<>());
    resize(archive, "adjustments", card.adjustments);
    for (auto& adjustment : card.adjustments) {
        archive.number("points", adjustment.points);
        archive.number("expires_at", adjustment.expires_at);
    }
    require_order(archive, card.adjustments, kNotAfter);
    resize(archive, "rules", card.rules);
    for (auto& state : card.rules) visit_rule(archive, state, card.clock);
    require_order(archive, card.rules, [](const auto& a, const auto& b) { return a.rule < b.rule; });
    flag(archive, "pending_more", card.pending_more);
    resize(archive, "pending", card.pending);
    refuse(archive, card.pending.size() > Scorecard::kMaxPending);
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
