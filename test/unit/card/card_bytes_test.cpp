// Cards are the same byte for byte on every machine: what these tests expect was written by one with the lowest byte
// first and no fused arithmetic. Where the format is changed on purpose, so are the numbers.
#include <gtest/gtest.h>

#include "core/base/key_hash.hpp"
#include "unit/delivery.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

std::string hex(const std::string& bytes) {
    std::string text;
    for (char byte : bytes) {
        constexpr char kDigits[] = "0123456789abcdef";
        text += kDigits[static_cast<unsigned char>(byte) >> 4];
        text += kDigits[static_cast<unsigned char>(byte) & 15];
    }
    return text;
}

TEST(CardBytes, AreTheSameEverywhere) {
    Definition definition = model({Rule{.points = 5}, Rule{.points = 5, .decay = exponential(7 * kDay)},
                                   Rule{.points = 5, .decay = linear(30 * kDay)}, Rule{.points = 5, .limit_count = 1}});
    Scorecard card = card_of(definition,
                             {match(0, kStart, points(5)), match(1, kStart + 3 * kHour, points(5)),
                              match(1, kStart + 5 * kHour, points(-0.3333)), match(2, kStart + kDay, points(1234567)),
                              match(3, kStart + kDay, points(5), 8766, 0x0123456789abcdefu)},
                             kStart + kDay);
    EXPECT_EQ(
        hex(bytes_of(card)),
        "018080f399a7d3e1020804000202a08d0602040450ff92b4a810bad0ae0200000402080100e0e5dffd5b060010fc88010201efcdab8967"
        "45230100a08d06");
}

// Of the cards, scores and transitions of many leads: powers, products, sums, searches.
std::uint64_t hash_of_many_leads(const ModelOptions& options) {
    std::string bytes;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        SeededChoices choices(seed);
        RandomModel model = random_model(choices, options);
        Delivery delivery(model.definition);
        Timestamp now = kStart;
        for (const auto& batch : random_batches(choices, random_matches(choices, model, kStart, 100, 30))) {
            now += choices.between(0, 10) * kHour;
            delivery.deliver(batch, now);
        }
        delivery.refresh(now + 300 * kHour);
        bytes += bytes_of(delivery.lead.card);
        auto put = [&](std::int64_t number) { bytes += " " + std::to_string(number); };
        for (int day = 0; day < 30; ++day) put(score_at(model.definition, delivery.lead.card, now + day * kDay).total);
        put(delivery.lead.due_at);
        for (const Transition& transition : delivery.transitions) {
            put(transition.to);
            put(transition.at);
            put(transition.features.score.total);
        }
    }
    return hash_key(bytes);
}

TEST(CardBytes, OfManyLeadsAreTheSameEverywhere) {
    EXPECT_EQ(hash_of_many_leads({.switches = false, .stages = true}), 17506764260883900038u);
    EXPECT_EQ(hash_of_many_leads({.stages = true}), 14354686171735519100u);
}

}  // namespace
}  // namespace lead_scoring::test
