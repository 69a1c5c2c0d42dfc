#include "core/card/scorecard.hpp"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "core/base/archive.hpp"
#include "unit/delivery.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::span<const std::byte> span_of(const std::string& bytes) { return std::as_bytes(std::span(bytes)); }

Scorecard decoded(const std::string& bytes) {
    Scorecard card;
    decode(span_of(bytes), card);
    return card;
}

std::int64_t any_number(Choices& choices) {
    switch (choices.below(4)) {
        case 0:
            return choices.pick<std::int64_t>({kLeast, kLeast + 1, -1, 0, 1, kMost - 1, kMost});
        case 1:
            return kStart + choices.between(-1000, 1000) * kHour;
        default:
            return choices.between(-100, 100);
    }
}

// Any card that keeps to the order of its lists, with numbers from end to end.
Scorecard any_card(Choices& choices) {
    Scorecard card;
    card.clock = any_number(choices);
    for (std::size_t rule = 0; rule < 4; ++rule)
        if (choices.one_in(3)) card.fit.push_back(rule * rule);
    card.left_out = choices.one_in(3);
    for (auto n = choices.below(3); n > 0; --n) card.adjustments.push_back({any_number(choices), any_number(choices)});
    for (std::size_t rule = 0; rule < 4; ++rule) {
        if (choices.one_in(3)) continue;
        RuleState state{.rule = rule * 1000};
        state.closed_count = choices.between(0, 1000);
        if (choices.one_in(2)) state.closed_sum = WideUnits{any_number(choices)} * choices.between(-1000, 1000);
        if (choices.one_in(2)) state.closed_decaying.add(any_number(choices), choices.between(0, kStart), kDay);
        std::vector<Occurrence> occurrences;
        for (auto n = choices.below(4); n > 0; --n) occurrences.push_back({any_number(choices), any_number(choices)});
        std::vector<Member> members;
        bool keyed = choices.one_in(2);
        for (auto n = choices.below(4); n > 0; --n)
            members.push_back(
                {keyed ? choices.below(3) * 0x9e3779b97f4a7c15u : 0, {any_number(choices), any_number(choices)}});
        std::sort(occurrences.begin(), occurrences.end());
        std::sort(members.begin(), members.end());
        if (!members.empty()) state.bucket = any_number(choices);
        state.occurrences = std::move(occurrences);
        state.members = std::move(members);
        card.rules.push_back(state);
    }
    for (auto n = choices.below(4); n > 0; --n)
        card.pending.push_back({.at = any_number(choices),
                                .kind = choices.one_in(3) ? MatchKind::Stage : MatchKind::Rule,
                                .target = static_cast<std::int32_t>(choices.below(5)),
                                .points = any_number(choices),
                                .bucket = any_number(choices),
                                .key = choices.below(3)});
    std::sort(card.adjustments.begin(), card.adjustments.end());
    std::sort(card.pending.begin(), card.pending.end());
    card.pending_more = choices.one_in(4);
    return card;
}

TEST(Scorecard, ComesBackFromBytesAndText) {
    for_each_seed(1000, [](Choices& choices) {
        Scorecard card = any_card(choices);
        std::string bytes = bytes_of(card);
        EXPECT_EQ(decoded(bytes), card);
        Scorecard start;
        decode_fit(span_of(bytes), start);
        EXPECT_EQ(start.fit, card.fit);
        EXPECT_EQ(bytes_of(decoded(bytes)), bytes);
        EXPECT_EQ(parse(print(card)), card);
        EXPECT_EQ(print(parse(print(card))), print(card));
    });
}

// Seven bits a byte, the lowest first, of twice the number, or of minus that less one.
TEST(Scorecard, WritesNumbersInAsFewBytesAsTheyTake) {
    for (int bits = 0; bits < 64; ++bits)
        for (std::uint64_t distance : {std::uint64_t{1} << bits, (std::uint64_t{1} << bits) - 1})
            for (std::uint64_t number : {distance, ~distance}) {
                Scorecard card;
                card.clock = static_cast<std::int64_t>(number);
                std::string expected = "\1";
                std::uint64_t rest = card.clock < 0 ? ~(number << 1) : number << 1;
                for (; rest >= 128; rest >>= 7) expected += static_cast<char>(rest % 128 + 128);
                expected += static_cast<char>(rest);
                expected += '\0';  // no sections
                EXPECT_EQ(bytes_of(card), expected) << card.clock;
                EXPECT_EQ(decoded(expected), card) << card.clock;
                card.adjustments = {{card.clock, card.clock}};  // with more behind it
                EXPECT_EQ(decoded(bytes_of(card)), card) << card.clock;
            }
}

TEST(Scorecard, ComesBackAfterFolding) {
    for_each_seed(300, [](Choices& choices) {
        RandomModel model = random_model(choices, {.stages = true});
        std::vector<Match> matches = random_matches(choices, model, kStart, 100, 60);
        Scorecard card = card_of(model.definition, matches, kStart + choices.between(0, 100) * kHour);
        EXPECT_EQ(decoded(bytes_of(card)), card);
        EXPECT_EQ(parse(print(card)), card);
    });
}

TEST(Scorecard, IsSmall) {
    EXPECT_LE(bytes_of({}).size(), 16u);
    Definition definition = model({Rule{.points = 5}, Rule{.points = 5, .decay = exponential(kDay)}});
    Scorecard card =
        card_of(definition, {match(0, kStart, points(5)), match(1, kStart + kHour, points(5))}, kStart + kHour);
    EXPECT_LE(bytes_of(card).size(), 64u);
}

TEST(Scorecard, PrintsAsWords) {
    EXPECT_EQ(print({}), "clock -9223372036854775808 sections 0");
    Scorecard card = card_of(model({Rule{.points = 5}}), {match(0, 1000, points(5))}, 1000);
    EXPECT_EQ(print(card), "clock 1000 sections 4 rules 1 rule 0 closed 1 parts 1 sum 50000");
}

TEST(Scorecard, KeepsSumsOf128Bits) {
    Scorecard card;
    card.rules = {RuleState{.rule = 1}, RuleState{.rule = 2}};
    card.rules[0].closed_sum = WideUnits{kMost} * 1000000000;
    card.rules[1].closed_sum = WideUnits{kLeast} * 1000000000;
    EXPECT_EQ(decoded(bytes_of(card)), card);
    EXPECT_EQ(parse(print(card)), card);
}

TEST(Scorecard, FindsRules) {
    Scorecard card;
    EXPECT_EQ(card.find(3), nullptr);
    card.find_or_add(3).closed_count = 7;
    card.find_or_add(1);
    card.find_or_add(5);
    ASSERT_EQ(card.rules.size(), 3u);
    EXPECT_TRUE(std::is_sorted(card.rules.begin(), card.rules.end(),
                               [](const RuleState& a, const RuleState& b) { return a.rule < b.rule; }));
    EXPECT_EQ(card.find(3)->closed_count, 7);
    EXPECT_EQ(&card.find_or_add(3), card.find(3));
    EXPECT_EQ(card.find(4), nullptr);
    EXPECT_EQ(card.count(3), 7);
    EXPECT_EQ(card.count(4), 0);
    card.find_or_add(3).members = {Member{}};
    EXPECT_EQ(card.count(3), 8);
}

TEST(Scorecard, IsEmptyOnceCleared) {
    for_each_seed(50, [](Choices& choices) {
        Scorecard card = any_card(choices);
        card.clear();
        EXPECT_EQ(card, Scorecard{});
    });
}

TEST(Match, IsOrderedAsTheDesignSays) {
    std::vector<Match> sorted = {match(5, 1, 0),         match(0, 2, 300),       match(1, 2, 200, 0, 1),
                                 match(0, 2, 200, 0, 2), match(1, 2, 200, 0, 2), stage_event(1, 2),
                                 stage_event(2, 2),      match(0, 3, 900)};
    for (std::size_t i = 0; i < sorted.size(); ++i)
        for (std::size_t j = 0; j < sorted.size(); ++j) EXPECT_EQ(sorted[i] < sorted[j], i < j) << i << " " << j;
}

// Decoding.

void expect_corrupt(const std::string& bytes) {
    try {
        Scorecard card = decoded(bytes);
        ADD_FAILURE() << "decoded: " << print(card);
    } catch (const Error& error) {
        EXPECT_EQ(error.code, ErrorCode::CorruptData);
        EXPECT_STREQ(error.what(), "scorecard cannot be read");
        EXPECT_FALSE(error.detail.empty());
        EXPECT_FALSE(error.hint.empty());
    }
}

TEST(ScorecardDecode, LeavesNothingOfAnotherCard) {
    for_each_seed(1000, [](Choices& choices) {
        Scorecard card = any_card(choices);
        Scorecard next = any_card(choices);
        std::string bytes = bytes_of(next);
        decode(span_of(bytes), card);
        EXPECT_EQ(card, next);
    });
}

TEST(ScorecardDecode, ReplacesWhatWasThere) {
    Scorecard card = card_of(model({Rule{.points = 5}}), {match(0, 1000, points(5))}, 1000);
    card.fit = {1};
    std::string empty = bytes_of({});
    decode(span_of(empty), card);
    EXPECT_EQ(card, Scorecard{});
}

TEST(ScorecardDecode, RefusesWhatIsCutOffOrLonger) {
    for_each_seed(30, [](Choices& choices) {
        std::string bytes = bytes_of(any_card(choices));
        for (std::size_t length = 0; length < bytes.size(); ++length) expect_corrupt(bytes.substr(0, length));
        expect_corrupt(bytes + '\0');
        expect_corrupt(bytes + bytes);
    });
}

TEST(ScorecardDecode, RefusesAnotherFormat) {
    std::string bytes = bytes_of({});
    for (int format : {0, 2, 255}) {
        bytes[0] = static_cast<char>(format);
        expect_corrupt(bytes);
    }
}

// Changed bytes are refused or are the form of another card: no card has two forms.
TEST(ScorecardDecode, KnowsOneFormOfEachCard) {
    for_each_seed(3000, [](Choices& choices) {
        std::string bytes = bytes_of(any_card(choices));
        for (auto n = choices.below(3) + 1; n > 0; --n)
            bytes[choices.below(bytes.size())] = static_cast<char>(
                choices.one_in(2) ? choices.below(256) : choices.pick<std::uint64_t>({0, 1, 2, 4, 8, 16, 128, 255}));
        try {
            EXPECT_EQ(bytes_of(decoded(bytes)), bytes);
        } catch (const Error& error) {
            EXPECT_EQ(error.code, ErrorCode::CorruptData);
        }
    });
}

// An empty card with one rule, written by hand.
std::string bytes_of_rule(const std::function<void(BinaryWriter&)>& write) {
    std::string bytes = "\1";
    BinaryWriter writer(bytes);
    writer.number("clock", 0);
    writer.number("sections", 4);
    writer.size("rules", 1);
    writer.number("rule", 0);
    writer.number("closed", 0);
    write(writer);
    writer.finish();
    return bytes;
}

// What is empty is left out, so that a card has one form; and nobody passes over a section that he does not know.
TEST(ScorecardDecode, RefusesSectionsThatAreEmptyOrUnknown) {
    auto bytes_of_sections = [](std::int64_t sections, const std::function<void(BinaryWriter&)>& write) {
        std::string bytes = "\1";
        BinaryWriter writer(bytes);
        writer.number("clock", 0);
        writer.number("sections", sections);
        write(writer);
        writer.finish();
        return bytes;
    };
    EXPECT_EQ(decoded(bytes_of_sections(0, [](BinaryWriter&) {})).clock, 0);
    for (std::int64_t section : {1, 2, 4})
        expect_corrupt(bytes_of_sections(section, [](BinaryWriter& writer) { writer.size("list", 0); }));
    expect_corrupt(bytes_of_sections(8, [](BinaryWriter& writer) {
        writer.number("pending_more", 0);
        writer.size("pending", 0);
    }));
    EXPECT_TRUE(decoded(bytes_of_sections(8, [](BinaryWriter& writer) {
                    writer.number("pending_more", 1);
                    writer.size("pending", 0);
                })).pending_more);
    EXPECT_TRUE(decoded(bytes_of_sections(16, [](BinaryWriter&) {})).left_out);
    for (std::int64_t section : {-1, 32, 64, 1 << 20}) expect_corrupt(bytes_of_sections(section, [](BinaryWriter&) {}));
}

TEST(ScorecardDecode, RefusesPartsThatAreEmpty) {
    EXPECT_NO_THROW(decoded(bytes_of_rule([](BinaryWriter& writer) { writer.number("parts", 0); })));
    expect_corrupt(bytes_of_rule([](BinaryWriter& writer) {
        writer.number("parts", 1);
        writer.wide("sum", 0);
    }));
    expect_corrupt(bytes_of_rule([](BinaryWriter& writer) {
        writer.number("parts", 4);
        writer.size("occurrences", 0);
    }));
    expect_corrupt(bytes_of_rule([](BinaryWriter& writer) {
        writer.number("parts", 8);
        writer.number("bucket", 3);
        writer.number("keyed", 0);
        writer.size("members", 0);
    }));
    expect_corrupt(bytes_of_rule([](BinaryWriter& writer) { writer.number("parts", 16); }));
}

TEST(ScorecardDecode, RefusesKeysWhereThereAreNone) {
    expect_corrupt(bytes_of_rule([](BinaryWriter& writer) {
        writer.number("parts", 8);
        writer.number("bucket", 0);
        writer.number("keyed", 1);
        writer.size("members", 1);
        writer.hash("key", 0);
        writer.number("at", 0);
        writer.number("points", 0);
    }));
}

TEST(ScorecardDecode, RefusesNumbersWithLeadingZeros) {
    std::string bytes = bytes_of({});
    bytes.back() = static_cast<char>(0x80);
    expect_corrupt(bytes + '\0');
    expect_corrupt(std::string("\1\x85\x80\0\4\1\0\0\0\0", 10));  // the clock, with more behind it
}

TEST(ScorecardDecode, RefusesListsLongerThanTheInput) {
    expect_corrupt(bytes_of_rule([](BinaryWriter& writer) {
        writer.number("parts", 4);
        writer.size("occurrences", std::size_t{1} << 60);
    }));
}

TEST(ScorecardDecode, RefusesWhatFoldingCannotRelyOn) {
    auto expect_refused = [](const char* what, const std::function<void(Scorecard&)>& change) {
        SCOPED_TRACE(what);
        Scorecard card;
        card.rules = {RuleState{.rule = 3}};
        EXPECT_EQ(decoded(bytes_of(card)), card);
        change(card);
        expect_corrupt(bytes_of(card));
        EXPECT_THROW(parse(print(card)), Error);
    };
    expect_refused("fit out of order", [](Scorecard& card) { card.fit = {2, 1}; });
    expect_refused("fit rule twice", [](Scorecard& card) { card.fit = {2, 2}; });
    expect_refused("fit rule out of range", [](Scorecard& card) { card.fit = {std::size_t{1} << 30}; });
    expect_refused("adjustments out of order", [](Scorecard& card) { card.adjustments = {{2, 0}, {1, 0}}; });
    expect_refused("rules out of order", [](Scorecard& card) { card.rules.push_back({.rule = 2}); });
    expect_refused("rule twice", [](Scorecard& card) { card.rules.push_back({.rule = 3}); });
    expect_refused("rule out of range", [](Scorecard& card) { card.rules[0].rule = std::size_t{1} << 30; });
    expect_refused("negative count", [](Scorecard& card) { card.rules[0].closed_count = -1; });
    expect_refused("count too large to add to", [](Scorecard& card) { card.rules[0].closed_count = kMost; });
    expect_refused("occurrences out of order", [](Scorecard& card) { card.rules[0].occurrences = {{2, 0}, {1, 0}}; });
    expect_refused("members out of order", [](Scorecard& card) {
        card.rules[0].members = {{2, {0, 0}}, {1, {0, 0}}, {1, {1, 0}}};
    });
    expect_refused("pending out of order", [](Scorecard& card) { card.pending = {match(0, 2, 0), match(0, 1, 0)}; });
    expect_refused("pending target below 0", [](Scorecard& card) { card.pending = {match(-1, 2, 0)}; });
    expect_refused("too many pending",
                   [](Scorecard& card) { card.pending.resize(Scorecard::kMaxPending + 1, match(0, 2, 0)); });
}

// A sum that cannot be added to again without overflow is nothing that folding made.
TEST(ScorecardDecode, RefusesSumsTooLargeToAddTo) {
    Scorecard card;
    card.rules = {RuleState{.rule = 3}};
    card.rules[0].closed_decaying.restore(0, {0, 0, 0, kMost});
    expect_corrupt(bytes_of(card));
    card.rules[0].closed_decaying.restore(0, {kLeast, 0, 0, 0});
    expect_corrupt(bytes_of(card));
    card.rules[0].closed_decaying = {};
    card.rules[0].closed_sum = std::numeric_limits<WideUnits>::max();
    expect_corrupt(bytes_of(card));
    card.rules[0].closed_sum = std::numeric_limits<WideUnits>::min();
    expect_corrupt(bytes_of(card));
}

// Ids.

// A version whose rules and stages have any ids: rules in their order, stages in none.
Definition with_ids(Choices& choices, Definition definition) {
    std::size_t id = 0;
    for (Rule& rule : definition.rules) rule.id = id += 1 + choices.below(50);
    std::vector<std::size_t> ids;
    for (std::size_t i = 0; i < definition.stages.size(); ++i) ids.push_back(7 * i);
    for (Stage& stage : definition.stages) {
        auto taken = ids.begin() + static_cast<std::ptrdiff_t>(choices.below(ids.size()));
        stage.id = *taken;
        ids.erase(taken);
    }
    definition.complete();
    return definition;
}

TEST(ScorecardIds, ComeBackAsPlaces) {
    for_each_seed(1000, [](Choices& choices) {
        RandomModel model = random_model(choices, {.stages = true});
        Definition definition = with_ids(choices, model.definition);
        std::vector<Match> matches = random_matches(choices, model, kStart, 100, 60);
        Scorecard card = card_of(definition, matches, kStart + choices.between(0, 100) * kHour);
        std::string bytes;
        encode(card, definition, bytes);
        Scorecard stored = decoded(bytes);
        for (std::size_t i = 0; i < card.rules.size(); ++i)
            EXPECT_EQ(stored.rules[i].rule, definition.rules[card.rules[i].rule].id);
        EXPECT_EQ(print(stored), print(card, definition));
        find_places(definition, stored);
        EXPECT_EQ(stored, card);
    });
}

// A rule that has come or gone before it in a later version moves no other rule's points to it.
TEST(ScorecardIds, StayTheSameInAVersionOfOtherRules) {
    Definition before = model({Rule{.id = 3, .points = 5}, Rule{.id = 8, .points = 7}});
    Definition after = model({Rule{.id = 8, .points = 7}, Rule{.id = 9, .points = 1}});
    Scorecard card = card_of(before, {match(1, kStart, points(7))}, kStart);
    std::string bytes;
    encode(card, before, bytes);
    Scorecard stored = decoded(bytes);
    find_places(after, stored);
    EXPECT_EQ(stored.count(0), 1);
    EXPECT_EQ(score_at(after, stored, kStart).total, points(7));
}

void expect_foreign(const Definition& definition, Scorecard card) {
    try {
        find_places(definition, card);
        ADD_FAILURE() << "accepted: " << print(card);
    } catch (const Error& error) {
        EXPECT_EQ(error.code, ErrorCode::InvalidParameter);
        EXPECT_STREQ(error.what(), "scorecard does not belong to this version of the model");
        EXPECT_FALSE(error.detail.empty());
        EXPECT_FALSE(error.hint.empty());
    }
}

TEST(ScorecardIds, OfNoRuleOrStageAreRefused) {
    Definition definition =
        model({Rule{.id = 3, .points = 5}, Rule{.id = 8, .points = 5}}, {Stage{.id = 4, .name = "mql"}});
    Scorecard card;
    EXPECT_NO_THROW(find_places(definition, card));
    card.rules = {RuleState{.rule = 8}};
    card.fit = {3};
    card.pending = {match(8, 1, 0), stage_event(4, 1)};
    Scorecard placed = card;
    find_places(definition, placed);
    EXPECT_EQ(placed.rules[0].rule, 1u);
    EXPECT_EQ(placed.fit, std::vector<std::size_t>{0});
    EXPECT_EQ(placed.pending, (std::vector<Match>{match(1, 1, 0), stage_event(1, 1)}));
    for (std::size_t rule : {0, 1, 9}) {
        card.rules[0].rule = rule;
        expect_foreign(definition, card);
    }
    card.rules.clear();
    card.fit = {3, 4};
    expect_foreign(definition, card);
    card.fit.clear();
    card.pending[0].target = 4;
    expect_foreign(definition, card);
    card.pending = {stage_event(1, 1)};
    expect_foreign(definition, card);
}

// Parsing.

void expect_unreadable(const std::string& text, const std::string& detail) {
    SCOPED_TRACE(text);
    try {
        parse(text);
        ADD_FAILURE() << "parsed";
    } catch (const Error& error) {
        EXPECT_EQ(error.code, ErrorCode::InvalidText);
        EXPECT_STREQ(error.what(), "invalid input syntax for type scorecard");
        EXPECT_EQ(error.detail, "Cannot read from here: \"" + detail + "\".");
        EXPECT_FALSE(error.hint.empty());
    }
}

TEST(ScorecardParse, TellsWhereItStopped) {
    expect_unreadable("", "");
    expect_unreadable("score 5", "score 5");
    expect_unreadable("clock", "clock");
    expect_unreadable("clock ", "");
    expect_unreadable("clock x sections 0", " sections 0");
    expect_unreadable("clocks 1", "clocks 1");
    expect_unreadable("clock 0 sections 0 more", "more");
    expect_unreadable("clock 0 sections 8 pending_more 2 pending 0", " pending 0");
    expect_unreadable("clock 0 " + std::string(90, 'x'), std::string(40, 'x'));
}

TEST(ScorecardParse, RefusesNumbersOutOfRange) {
    const std::string rest = " sections 0";
    EXPECT_EQ(parse("clock 9223372036854775807" + rest).clock, kMost);
    EXPECT_THROW(parse("clock 9223372036854775808" + rest), Error);
    EXPECT_THROW(parse("clock 1.5" + rest), Error);
    EXPECT_THROW(parse("clock 0x10" + rest), Error);
    EXPECT_THROW(parse("clock +1" + rest), Error);
    EXPECT_THROW(parse("clock 0 sections 1 fit -1 rule 0"), Error);
    EXPECT_THROW(parse("clock 0 sections 1 fit 99999999999 rule 0"), Error);
}

TEST(ScorecardParse, RefusesSumsOfMoreThan128Bits) {
    auto text = [](const std::string& sum) { return "clock 0 sections 4 rules 1 rule 0 closed 1 parts 1 sum " + sum; };
    EXPECT_EQ(parse(text("-12345678901234567890123")).rules[0].closed_sum,
              WideUnits{-12345678901234567} * 1000000 - 890123);
    for (const char* sum : {"-", "", "1e5", "--1", "340282366920938463463374607431768211456",
                            "170141183460469231731687303715884105728", "-170141183460469231731687303715884105729"})
        EXPECT_THROW(parse(text(sum)), Error) << sum;
}

TEST(ScorecardParse, TakesAnyNumberOfSpaces) { EXPECT_EQ(parse("  clock  7 sections   0  ").clock, 7); }

}  // namespace
}  // namespace lead_scoring::test
