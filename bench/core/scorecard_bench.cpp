// To bytes and back, of a card that knows range(0) rules.
#include "core/card/scorecard.hpp"

#include "model.hpp"

namespace {
using namespace lead_scoring;
using namespace lead_scoring::bench;

Scorecard card_of(const Definition& definition, benchmark::State& state) {
    int rules = static_cast<int>(state.range(0));
    Scorecard card = lead_after(definition, matches(definition, rules, 4 * rules)).card;
    state.counters["bytes"] = static_cast<double>(bytes_of(card).size());
    return card;
}

void encode_card(benchmark::State& state) {
    Definition definition = forty_rules();
    Scorecard card = card_of(definition, state);
    std::string bytes;
    for (auto _ : state) {
        bytes.clear();
        encode(card, bytes);
        benchmark::DoNotOptimize(bytes.data());
    }
}
BENCHMARK(encode_card)->Arg(1)->Arg(10)->Arg(40);

void decode_card(benchmark::State& state) {
    Definition definition = forty_rules();
    std::string bytes = bytes_of(card_of(definition, state));
    Scorecard card;
    for (auto _ : state) {
        decode(std::as_bytes(std::span(bytes)), card);
        benchmark::DoNotOptimize(card);
    }
}
BENCHMARK(decode_card)->Arg(1)->Arg(10)->Arg(40);
}  // namespace
