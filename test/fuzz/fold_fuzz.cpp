// A small model and a few matches made from the input, delivered in any order and in time order: the card is that of
// all matches at once, the score that of the formula, and the stages make a chain whoever looks in between.
#include "byte_choices.hpp"
#include "expect.hpp"
#include "unit/delivery.hpp"
#include "unit/naive_score.hpp"
#include "unit/random_model.hpp"

namespace lead_scoring::test {
namespace {

void expect_score(const Definition& definition, const Delivery& delivery, Timestamp at) {
    const Scorecard& card = delivery.lead.card;
    std::vector<Match> counted = delivery.log;
    std::erase_if(counted, [&](const Match& match) { return match.at > card.clock; });
    Score score = score_at(definition, card, at);
    NaiveScore naive = naive_score(definition, counted, card.fit, card.adjustments, at);
    expect(std::abs(score.engagement - naive.engagement) <= naive.tolerance, "engagement is that of the formula");
    expect(std::abs(score.total - naive.total) <= naive.tolerance, "the score is that of the formula");
    expect(score.fit == naive.fit, "fit is that of the formula");
}

void expect_same_moves(const std::vector<Transition>& some, const std::vector<Transition>& others) {
    expect(some.size() == others.size(), "looking makes no moves");
    for (std::size_t i = 0; i < some.size(); ++i)
        expect(some[i].to == others[i].to && some[i].at == others[i].at && some[i].cause == others[i].cause,
               "looking changes no move");
}

void deliver_in_any_order(Choices& choices, const Definition& definition, const std::vector<Match>& matches,
                          Microseconds unit) {
    Delivery delivery(definition);
    delivery.lead.card.fit = random_fit(choices, definition);
    Timestamp now = kStart + choices.between(0, 120) * unit;
    for (const auto& batch : random_batches(choices, matches)) {
        delivery.deliver(batch, now);
        Scorecard expected = card_of(definition, delivery.log, now);
        expected.fit = delivery.lead.card.fit;
        expect(bytes_of(delivery.lead.card) == bytes_of(expected), "the card is that of all matches at once");
        now += choices.between(0, 10) * unit;
    }
    delivery.refresh(now);
    for (int i = 0; i < 3; ++i) expect_score(definition, delivery, kStart + choices.between(0, 300) * unit);
    expect(chain_error(definition, delivery.transitions).empty(), "the moves are a chain");
}

void deliver_in_time_order(Choices& choices, const Definition& definition, std::vector<Match> matches,
                           Microseconds unit) {
    std::sort(matches.begin(), matches.end());
    Timestamp end = matches.back().at + 100 * unit;
    Delivery seldom(definition);
    Delivery often(definition);
    for (auto i = matches.begin(); i != matches.end();) {
        auto next = std::find_if(i, matches.end(), [&](const Match& match) { return match.at != i->at; });
        if (i != matches.begin() && choices.one_in(2)) often.refresh(choices.between(often.lead.card.clock, i->at));
        expect(often.deliver({i, next}, i->at), "what comes in time order is folded");
        expect(seldom.deliver({i, next}, i->at), "what comes in time order is folded");
        i = next;
    }
    if (choices.one_in(2)) often.refresh(choices.between(often.lead.card.clock, end));
    often.refresh(end);
    seldom.refresh(end);
    expect(often.lead.due_at > end, "a refresh leaves nothing that is due");
    expect_same_moves(often.transitions, seldom.transitions);
    expect(chain_error(definition, often.transitions).empty(), "the moves are a chain");
}

void fold_and_compare(Choices& choices) {
    ModelOptions options{.unit = choices.one_in(2) ? 1 : kHour, .stages = true};
    RandomModel model = random_model(choices, options);
    std::vector<Match> matches = random_matches(choices, model, kStart, 100, 30);
    deliver_in_time_order(choices, model.definition, matches, model.unit);
    model.definition.future_tolerance = choices.between(0, 3) * model.unit;
    deliver_in_any_order(choices, model.definition, matches, model.unit);
}

}  // namespace
}  // namespace lead_scoring::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lead_scoring::test::ByteChoices choices({data, size});
    lead_scoring::test::fold_and_compare(choices);
    return 0;
}
