#include "core/scorecard.hpp"

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

template <class Archive, class Sum>
void visit_decaying(Archive& archive, Sum& sum) {
    auto digits = sum.digits();
    std::int64_t base = sum.base();
    archive.number("base", base);
    for (auto& digit : digits) archive.number("digit", digit);
    if constexpr (Archive::kReads) sum.restore(base, digits);
}

template <class Archive, class State>
void visit_rule(Archive& archive, State& state, Timestamp clock) {
    index(archive, "rule", state.rule, kMaxIndex);
    archive.number("closed", state.closed_count);

    // What there is: bit 0 a sum, 1 a decaying sum, 2 occurrences, 3 a bucket with members.
    std::size_t parts = (state.closed_sum != 0 ? 1u : 0u) | (state.closed_decaying.empty() ? 0u : 2u) |
                        (state.occurrences.empty() ? 0u : 4u) | (state.members.empty() ? 0u : 8u);
    index(archive, "parts", parts, 16);
    if (parts & 1u) {
        archive.wide("sum", state.closed_sum);
        refuse(archive, state.closed_sum == 0);
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
            if (keyed == 1) archive.hash("key", member.key);
            archive.number("at", member.occurrence.at, at);
            archive.number("points", member.occurrence.points, points);
            at = member.occurrence.at;
            points = member.occurrence.points;
        }
        refuse(archive, keyed == 1 && state.members.back().key == 0);
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
    resize(archive, "adjustments", card.adjustments);
    for (auto& adjustment : card.adjustments) {
        archive.number("points", adjustment.points);
        archive.number("expires_at", adjustment.expires_at);
    }
    resize(archive, "rules", card.rules);
    for (auto& state : card.rules) visit_rule(archive, state, card.clock);
    flag(archive, "pending_more", card.pending_more);
    resize(archive, "pending", card.pending);
    Timestamp base = card.clock;
    for (auto& match : card.pending) {
        visit_pending(archive, match, base);
        base = match.at;
    }
}

template <class List, class Less>
bool sorted(const List& list, Less less) {
    for (std::size_t i = 1; i < list.size(); ++i)
        if (!less(list[i - 1], list[i])) return false;
    return true;
}

// Far from overflow, so that such a sum may be added to: no events make it larger.
constexpr bool may_grow(WideUnits sum, int bits) { return sum > -(WideUnits{1} << bits) && sum < WideUnits{1} << bits; }

// What folding relies on; bytes from outside may not hold to it.
bool consistent(const Scorecard& card) {
    constexpr auto not_after = [](const auto& a, const auto& b) { return !(b < a); };
    if (!sorted(card.fit, std::less<>())) return false;
    if (!sorted(card.adjustments, not_after) || !sorted(card.pending, not_after)) return false;
    if (!sorted(card.rules, [](const auto& a, const auto& b) { return a.rule < b.rule; })) return false;
    if (card.pending.size() > Scorecard::kMaxPending) return false;
    for (const RuleState& state : card.rules) {
        if (state.closed_count < 0 || state.closed_count > std::numeric_limits<std::int64_t>::max() / 2) return false;
        if (!may_grow(state.closed_sum, 125)) return false;
        for (std::int64_t digit : state.closed_decaying.digits())
            if (!may_grow(digit, 62)) return false;
        if (!sorted(state.occurrences, not_after) || !sorted(state.members, not_after)) return false;
    }
    return true;
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
    card.clear();
    BinaryReader reader(from.empty() ? from : from.subspan(1), code);
    if (from.empty() || from.front() != kFormat) reader.fail();
    visit(reader, card);
    reader.finish();
    if (!consistent(card)) reader.fail();
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
    if (!consistent(card)) reader.fail();
    return card;
}

}  // namespace lead_scoring
