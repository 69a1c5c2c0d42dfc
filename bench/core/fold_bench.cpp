// One match into a card, and what a trigger does with a lead: all its new matches, score, stage and next crossing
// included.
#include "core/card/fold.hpp"
#include "model.hpp"

namespace {
using namespace lead_scoring;
using namespace lead_scoring::bench;

// Into a card that knows range(0) rules. The card's clock goes on, as it does with events in time order.
void fold_one(benchmark::State& state, Decay decay) {
    Definition definition = forty_rules(decay);
    int rules = static_cast<int>(state.range(0));
    Scorecard card = lead_after(definition, matches(definition, rules, 4 * rules)).card;
    Match next = match(0, card.clock, points(1));
    for (auto _ : state) {
        next.at += kSecond;
        benchmark::DoNotOptimize(fold(definition, card, next));
        advance_clock(definition, card, next.at);
    }
}
BENCHMARK_CAPTURE(fold_one, undecayed, Decay{})->Arg(1)->Arg(10)->Arg(40);
BENCHMARK_CAPTURE(fold_one, exponential, exponential(14 * kDay))->Arg(1)->Arg(10)->Arg(40);
// A window of this length holds the latest thousand occurrences.
BENCHMARK_CAPTURE(fold_one, window, window(30 * kDay))->Arg(1)->Arg(40);

// range(0) new matches of a lead that knows 20 rules.
void fold_lead(benchmark::State& state) {
    Definition definition = forty_rules();
    int events = static_cast<int>(state.range(0));
    Lead before = lead_after(definition, matches(definition, 20, 100));
    std::vector<Match> added = matches(definition, 20, events, before.card.clock + kHour);
    std::vector<Transition> transitions;
    for (auto _ : state) {
        Lead lead = before;
        transitions.clear();
        benchmark::DoNotOptimize(fold_matches(definition, lead, added, added.back().at, Moves::all(), transitions));
    }
    state.SetItemsProcessed(state.iterations() * events);
}
BENCHMARK(fold_lead)->Arg(1)->Arg(10)->Arg(100);

void copy_lead(benchmark::State& state) {  // what fold_lead does besides
    Definition definition = forty_rules();
    Lead before = lead_after(definition, matches(definition, 20, 100));
    for (auto _ : state) {
        Lead lead = before;
        benchmark::DoNotOptimize(lead);
    }
}
BENCHMARK(copy_lead);
}  // namespace
