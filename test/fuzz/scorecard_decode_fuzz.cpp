// Bytes that decode are the one form of a card, and a card that fits a definition can be scored and folded into.
#include "core/base/error.hpp"
#include "core/card/scorecard.hpp"
#include "expect.hpp"
#include "unit/model.hpp"

namespace lead_scoring::test {
namespace {

Definition definition_of_all_decays() {
    Definition definition =
        model({Rule{.points = 5}, Rule{.points = 5, .decay = exponential(kDay)},
               Rule{.points = 5, .decay = linear(kDay), .max_occurrences = 3}, Rule{.points = 5, .decay = window(kDay)},
               Rule{.points = 5, .decay = steps(kDay, 0.3), .limit_count = 2, .max_keys = 3},
               Rule{.points = 5, .decay = exponential(1), .limit_count = 1}},
              {Stage{.name = "mql", .min_score = points(50), .falls_below = points(30)}});
    for (std::size_t i = 0; i < definition.rules.size(); ++i) definition.rules[i].name = std::to_string(i);
    return definition;
}

void use(Scorecard card) {
    static const Definition definition = definition_of_all_decays();
    try {
        find_places(definition, card);
    } catch (const Error& error) {
        expect(error.code == ErrorCode::InvalidParameter, "a foreign card is an invalid parameter");
        return;
    }
    (void)score_at(definition, card, kStart);
    (void)settles_at(definition, card);
    Lead lead = new_lead(definition);
    lead.card = std::move(card);
    std::vector<Transition> transitions;
    std::vector<Match> matches;
    for (int i = 0; i < static_cast<int>(definition.rules.size()); ++i) matches.push_back(match(i, kStart, points(5)));
    (void)fold_matches(definition, lead, matches, kStart, Moves::all(), transitions);
}

void decode_and_use(const std::uint8_t* data, std::size_t size) {
    Scorecard card;
    try {
        decode(std::as_bytes(std::span(data, size)), card);
    } catch (const Error& error) {
        expect(error.code == ErrorCode::CorruptData, "what cannot be decoded is corrupt");
        return;
    }
    expect(bytes_of(card) == std::string(reinterpret_cast<const char*>(data), size), "a card has one form");
    expect(parse(print(card)) == card, "a card comes back from its text");
    use(std::move(card));
}

}  // namespace
}  // namespace lead_scoring::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lead_scoring::test::decode_and_use(data, size);
    return 0;
}
