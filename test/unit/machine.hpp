// A stage machine with a card of its own, driven by hand: points at an instant, a stage event, time.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/card/fold.hpp"
#include "core/stages/stage_machine.hpp"
#include "unit/model.hpp"

namespace lead_scoring::test {

// Rules of most models that a machine is given.
inline constexpr int kPage = 0;   // undecayed
inline constexpr int kVisit = 1;  // counts for a day

inline std::vector<Rule> page_and_visit() {
    return {Rule{.name = "page", .points = 10}, Rule{.name = "visit", .points = 10, .decay = window(kDay)}};
}

inline Stage mql() { return {.name = "mql", .min_score = points(50)}; }
inline Stage sql() { return {.name = "sql", .min_score = points(80)}; }

class Machine {
  public:
    explicit Machine(Definition model) : definition(std::move(model)) { state.stage = definition.first_stage; }

    // An event at `at` that matches `rule`: what time did before comes first.
    void add(int rule, Timestamp at, Units units) {
        machine().advance(at);
        if (!fold(definition, card, match(rule, at, units))) throw std::logic_error("not folded");
        advance_clock(definition, card, at);
        machine().step(at, Cause::Event, rule);
    }
    // An event at `at` that names stages.
    void name(Timestamp at, std::vector<int> stages) {
        machine().advance(at);
        advance_clock(definition, card, at);
        machine().step(at, Cause::Event, kNoRule, stages);
    }
    void advance(Timestamp to) { machine().advance(to); }
    void step(Timestamp at, Cause cause) { machine().step(at, cause); }
    Timestamp next_due() { return machine().next_due().at; }

    // The stages entered so far, such as "mql lead mql".
    std::string path() const {
        std::string path;
        for (const Transition& transition : transitions)
            path += (path.empty() ? "" : " ") + definition.stages[static_cast<std::size_t>(transition.to)].name;
        return path;
    }
    const std::string& stage() const { return definition.stages[static_cast<std::size_t>(state.stage)].name; }
    const Transition& last() const { return transitions.back(); }

    Definition definition;
    Scorecard card;
    StageState state;
    std::vector<Transition> transitions;

  private:
    StageMachine machine() { return {definition, card, state, transitions}; }
};

}  // namespace lead_scoring::test
