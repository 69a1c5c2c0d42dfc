// A lead's stages are a matter of what happened and when, not of when somebody looked. Models that live for a few
// hundred microseconds are compared with a lead that is looked at in each of them.
#include <cmath>

#include <gtest/gtest.h>

#include "unit/delivery.hpp"
#include "unit/naive_stages.hpp"
#include "unit/random_model.hpp"
#include "unit/seeds.hpp"

namespace lead_scoring::test {
namespace {

std::vector<Match> random_instant(Choices& choices, const RandomModel& model, Timestamp at) {
    std::vector<Match> matches(choices.below(3) + 1);
    for (Match& match : matches) match = random_match(choices, model, at);
    std::sort(matches.begin(), matches.end());
    // Two events that name one stage are one.
    matches.erase(std::unique(matches.begin(), matches.end()), matches.end());
    return matches;
}

// In time order. The first is an instant with events or a known lead.
std::vector<Happening> random_life(Choices& choices, const RandomModel& model) {
    const std::vector<Stage>& stages = model.definition.stages;
    auto found = std::find_if(stages.begin(), stages.end(), [](const Stage& stage) { return stage.detour; });
    int detour = found == stages.end() ? kNoStage : static_cast<int>(found - stages.begin());
    std::vector<Happening> life(choices.below(10) + 1);
    Timestamp at = 1000;
    for (Happening& happening : life) {
        happening.at = at;
        if (choices.one_in(6)) {
            happening.fit = random_fit(choices, model.definition);
        } else if (choices.one_in(6)) {
            happening.left_out = choices.one_in(2);
        } else if (choices.one_in(6)) {
            happening.adjustments.emplace();
            for (auto n = choices.below(3); n > 0; --n)
                happening.adjustments->push_back({points(choices.pick<double>({-30, -5, 5, 20})),
                                                  choices.one_in(3) ? kForever : at + choices.between(1, 60)});
            std::sort(happening.adjustments->begin(), happening.adjustments->end());
        } else if (detour != kNoStage && choices.one_in(10)) {
            happening.stage = detour;
        } else if (&happening != life.data() && choices.one_in(6)) {
            happening.takes_back = true;
        } else {
            happening.matches = random_instant(choices, model, at);
        }
        at += choices.between(1, 30);
    }
    return life;
}

// A call that brings `happening`, or only looks at the lead where there is none.
struct Call {
    Timestamp now = kNever;
    const Happening* happening = nullptr;
};

// Events but the first are brought when they happen or before; looks are thrown in at random.
std::vector<Call> random_calls(Choices& choices, const std::vector<Happening>& life, Timestamp end) {
    std::vector<Call> calls;
    for (const Happening& happening : life) {
        bool ahead = &happening != &life.front() && !happening.matches.empty() && choices.one_in(4);
        calls.push_back({happening.at - (ahead ? choices.between(0, 40) : 0), &happening});
    }
    for (auto n = choices.below(8); n > 0; --n) calls.push_back({choices.between(life.front().at, end), nullptr});
    std::stable_sort(calls.begin(), calls.end(), [](const Call& a, const Call& b) { return a.now < b.now; });
    calls.push_back({end, nullptr});
    return calls;
}

void make(Delivery& delivery, const Call& call) {
    if (call.happening == nullptr) {
        EXPECT_TRUE(delivery.refresh(call.now));
        EXPECT_GT(delivery.lead.due_at, call.now) << "a refresh leaves nothing that is due";
    } else if (call.happening->fit) {
        delivery.set_fit(*call.happening->fit, call.now);
    } else if (call.happening->left_out) {
        delivery.leave_out(*call.happening->left_out, call.now);
    } else if (call.happening->adjustments) {
        delivery.set_adjustments(*call.happening->adjustments, call.now);
    } else if (call.happening->stage) {
        delivery.set_stage(*call.happening->stage, call.now);
    } else if (call.happening->takes_back) {
        delivery.take_back(call.now);
    } else {
        EXPECT_TRUE(delivery.deliver(call.happening->matches, call.now));
    }
}

TEST(LeadInTime, IsAsIfLookedAtInEveryInstant) {
    for_each_seed(4000, [](Choices& choices) {
        RandomModel model = random_model(choices, {.unit = 1, .stages = true});
        const Definition& definition = model.definition;
        std::vector<Happening> life = random_life(choices, model);
        Timestamp end = life.back().at + 100;
        NaiveStages naive(definition);
        naive.live_through(life, end);

        Delivery delivery(definition);
        for (const Call& call : random_calls(choices, life, end)) {
            Timestamp due = delivery.lead.due_at;
            std::size_t before = delivery.transitions.size();
            make(delivery, call);
            for (std::size_t i = before; i < delivery.transitions.size(); ++i)
                if (delivery.transitions[i].cause == Cause::Time) {
                    EXPECT_GE(delivery.transitions[i].at, due) << "moved before it was due";
                    break;
                }
        }
        bool undone = std::ranges::any_of(life, &Happening::takes_back);
        EXPECT_EQ(undone ? "" : chain_error(definition, delivery.transitions), "");
        EXPECT_EQ(words_of(moves_of(delivery.transitions)), words_of(naive.moves));
    });
}

// A history that is loaded, of a lead that came in the midst of it.
TEST(LeadInTime, IsReplayedAsIfItHadComeThen) {
    for_each_seed(4000, [](Choices& choices) {
        RandomModel model = random_model(choices, {.unit = 1, .stages = true});
        const Definition& definition = model.definition;
        std::vector<Happening> life(choices.below(8) + 1);
        std::vector<Match> matches;
        Timestamp at = 1000;
        for (Happening& happening : life) {
            happening.at = at;
            happening.matches = random_instant(choices, model, at);
            matches.insert(matches.end(), happening.matches.begin(), happening.matches.end());
            at += choices.between(1, 30);
        }
        Timestamp end = at + 100;
        std::vector<std::size_t> fit = random_fit(choices, definition);
        Timestamp came_at = choices.one_in(3) ? choices.pick(life).at : choices.between(970, at + 20);
        auto later = std::ranges::find_if(life, [&](const Happening& happening) { return happening.at >= came_at; });
        life.insert(later, {.at = came_at, .fit = fit});
        bool left_out = choices.one_in(8);
        NaiveStages naive(definition);
        if (!left_out) naive.live_through(life, end);

        Lead lead = new_lead(definition);
        std::vector<Transition> transitions;
        replay(definition, lead, {{fit, left_out}, {}, came_at}, matches, Until::statement(end), Moves::all(),
               transitions);
        EXPECT_TRUE(refresh(definition, lead, end, transitions));
        EXPECT_EQ(words_of(moves_of(transitions)), words_of(naive.moves));
        EXPECT_EQ(lead.card.fit, fit);
        Lead at_once = new_lead(definition);
        replay(definition, at_once, {{fit, left_out}}, matches, Until::statement(end), Moves::none(), transitions);
        EXPECT_EQ(bytes_of(lead.card), bytes_of(at_once.card));
    });
}

// The same with real times, which cannot all be tried: two deliveries that are looked at differently.
TEST(LeadInTime, LooksLeaveNoTrace) {
    for_each_seed(1500, [](Choices& choices) {
        RandomModel model = random_model(choices, {.stages = true});
        const Definition& definition = model.definition;
        std::vector<Match> matches = random_matches(choices, model, kStart, 200, 30);
        std::sort(matches.begin(), matches.end());
        Timestamp end = matches.back().at + 500 * kHour;
        Delivery seldom(definition);
        Delivery often(definition);
        for (auto i = matches.begin(); i != matches.end();) {
            auto next = std::find_if(i, matches.end(), [&](const Match& match) { return match.at != i->at; });
            // There is nothing to look at before the first event.
            auto looks = i == matches.begin() ? 0 : choices.below(3);
            for (; looks > 0; --looks) EXPECT_TRUE(often.refresh(choices.between(often.lead.card.clock, i->at)));
            EXPECT_TRUE(often.deliver({i, next}, i->at));
            EXPECT_TRUE(seldom.deliver({i, next}, i->at));
            i = next;
        }
        for (int i = 0; i < 5; ++i) EXPECT_TRUE(often.refresh(choices.between(matches.back().at, end)));
        EXPECT_TRUE(often.refresh(end));
        EXPECT_TRUE(seldom.refresh(end));
        EXPECT_EQ(words_of(moves_of(often.transitions)), words_of(moves_of(seldom.transitions)));
        EXPECT_EQ(bytes_of(often.lead.card), bytes_of(seldom.lead.card));
        EXPECT_EQ(chain_error(definition, often.transitions), "");
    });
}

// Nothing lifts a score by itself, so that a batch need not look at it with every event.
void tame(Definition& definition) {
    for (Rule& rule : definition.rules) {
        if (rule.decay.kind == DecayKind::None) continue;
        rule.points = std::fabs(rule.points);
        rule.varying = false;
    }
    for (Stage& stage : definition.stages) {
        stage.grades.clear();
        stage.cooldown = 0;
    }
    for (StageEntry& entry : definition.entries) entry.grades.clear();
    definition.complete();
}

TEST(LeadInTime, OneBatchIsAsABatchForEachInstant) {
    for_each_seed(6000, [](Choices& choices) {
        RandomModel model = random_model(choices, {.stages = true});
        if (!choices.one_in(4)) tame(model.definition);
        const Definition& definition = model.definition;
        std::vector<Match> matches = random_matches(choices, model, kStart, 200, 40);
        std::sort(matches.begin(), matches.end());
        Timestamp end = matches.back().at;
        Delivery apart(definition);
        Delivery at_once(definition);
        for (auto i = matches.begin(); i != matches.end();) {
            auto next = std::find_if(i, matches.end(), [&](const Match& match) { return match.at != i->at; });
            EXPECT_TRUE(apart.deliver({i, next}, i->at));
            i = next;
        }
        EXPECT_TRUE(at_once.deliver(matches, end));
        EXPECT_EQ(words_of(moves_of(at_once.transitions)), words_of(moves_of(apart.transitions)));
        EXPECT_EQ(bytes_of(at_once.lead.card), bytes_of(apart.lead.card));
        EXPECT_EQ(at_once.lead.features.score, apart.lead.features.score);
        EXPECT_EQ(at_once.lead.stage.armed, apart.lead.stage.armed);
    });
}

// What asks for the same as the stage itself lets nobody in.
TEST(LeadInTime, AnEntryLikeTheStageChangesNothing) {
    for_each_seed(1500, [](Choices& choices) {
        RandomModel model = random_model(choices, {.unit = 1, .stages = true});
        model.definition.entries.clear();
        model.definition.complete();
        Definition twice = model.definition;
        for (int i = 0; i < static_cast<int>(twice.stages.size()); ++i) {
            const Stage& stage = twice.stages[static_cast<std::size_t>(i)];
            if (stage.detour) continue;
            twice.entries.push_back({.name = stage.name,
                                     .stage = i,
                                     .min_score = stage.min_score,
                                     .min_engagement = stage.min_engagement,
                                     .min_fit = stage.min_fit,
                                     .grades = stage.grades,
                                     .required = stage.required});
        }
        twice.complete();
        std::vector<Happening> life = random_life(choices, model);
        Delivery once(model.definition);
        Delivery by_either(twice);
        for (const Call& call : random_calls(choices, life, life.back().at + 100)) {
            make(once, call);
            make(by_either, call);
            EXPECT_EQ(once.lead.due_at, by_either.lead.due_at);
        }
        EXPECT_EQ(words_of(moves_of(once.transitions)), words_of(moves_of(by_either.transitions)));
    });
}

}  // namespace
}  // namespace lead_scoring::test
