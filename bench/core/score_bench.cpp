// From a card that knows range(0) rules to the score, and to the next instant at which time alone moves the lead.
#include "core/card/score.hpp"

#include "core/stages/stage_machine.hpp"
#include "model.hpp"

namespace {
using namespace lead_scoring;
using namespace lead_scoring::bench;

void score(benchmark::State& state) {
    Definition definition = forty_rules();
    int rules = static_cast<int>(state.range(0));
    Scorecard card = lead_after(definition, matches(definition, rules, 4 * rules)).card;
    Timestamp at = card.clock;
    for (auto _ : state) benchmark::DoNotOptimize(score_at(definition, card, at += kHour));
}
BENCHMARK(score)->Arg(1)->Arg(10)->Arg(40);

// `stage` 1 has a threshold that the decaying score will sink under; stage 0 has nothing to wait for.
void next_due(benchmark::State& state, int stage) {
    Definition definition = forty_rules();
    int rules = static_cast<int>(state.range(0));
    Lead lead = lead_after(definition, matches(definition, rules, 4 * rules));
    lead.stage.stage = stage;
    lead.stage.armed = true;
    std::vector<Transition> transitions;
    StageMachine machine(definition, lead.card, lead.stage, transitions);
    for (auto _ : state) benchmark::DoNotOptimize(machine.next_due());
}
BENCHMARK_CAPTURE(next_due, waits_for_nothing, 0)->Arg(10)->Arg(40);
BENCHMARK_CAPTURE(next_due, will_fall, 1)->Arg(10)->Arg(40);
}  // namespace
