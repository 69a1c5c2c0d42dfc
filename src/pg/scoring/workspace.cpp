#include "pg/server/postgres.hpp"

#include "pg/scoring/workspace.hpp"

#include <utility>

#include "core/base/error.hpp"
#include "pg/intake/event_log.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "utils/palloc.h"
}

namespace lead_scoring {

namespace {

// One that nobody uses, kept because the lists of its card have room already. Set where a workspace's memory context
// ends, by an error too, and taken by the next make_workspace; whatever state it is in is overwritten when it is
// loaded.
Workspace* spare = nullptr;

// How much of that room there is, in bytes.
std::size_t held(const Workspace* workspace) {
    const Scorecard& card = workspace->lead.card;
    std::size_t bytes = workspace->card.capacity() + workspace->transitions.capacity() * sizeof(Transition) +
                        card.rules.capacity() * sizeof(RuleState) + card.pending.capacity() * sizeof(Match);
    for (const RuleState& state : card.rules) bytes += state.occurrences.held_bytes() + state.members.held_bytes();
    return bytes;
}

// All of a lead but its card, which is left to whoever reads the next one into it.
void forget(Lead& lead) {
    lead.stage = {};
    lead.seen_at = kNever;
    lead.due_at = kForever;
    lead.features = {};
}

void end_workspace(void* argument) {
    constexpr std::size_t kMostKept = 64 * 1024;
    auto* workspace = static_cast<Workspace*>(argument);
    if (spare != nullptr || held(workspace) > kMostKept) {
        delete workspace;
        return;
    }
    forget(workspace->lead);
    workspace->folding.reset();
    workspace->replay.reset();
    spare = workspace;
}

void reset(Workspace* workspace, const Version* version) {
    forget(workspace->lead);
    workspace->known = false;
    workspace->lead.stage.stage = version->definition->first_stage;
    workspace->transitions.clear();
    workspace->card.clear();
    workspace->grade.clear();
    workspace->entered.assign(version->definition->stages.size(), kNever);
}

void read_card(const struct varlena* packed, Scorecard& card) {
    decode({reinterpret_cast<const std::byte*>(VARDATA_ANY(packed)), VARSIZE_ANY_EXHDR(packed)}, card);
}

// Moves are dated by the card's times: these must be instants that the server knows.
void require_times(const Scorecard& card) {
    bool known = card.clock == kNever || IS_VALID_TIMESTAMP(card.clock);
    for (const Match& match : card.pending) known &= IS_VALID_TIMESTAMP(match.at);
    if (!known) throw Error(ErrorCode::CorruptData, "scorecard has a time that is none");
}

}  // namespace

Workspace* make_workspace() {
    auto* callback = static_cast<MemoryContextCallback*>(palloc0(sizeof(MemoryContextCallback)));
    auto* workspace = run_cpp([] { return spare != nullptr ? std::exchange(spare, nullptr) : new Workspace; });
    callback->func = end_workspace;
    callback->arg = workspace;
    MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
    return workspace;
}

bool load_lead(Workspace* workspace, const Version* version, const ScoreRow& row) {
    int stage = find_stage(version, row.stage_name);
    return run_cpp_if_sound([&] {
        reset(workspace, version);
        Lead& lead = workspace->lead;
        if (row.card != nullptr) {
            read_card(row.card, lead.card);
            require_times(lead.card);
        } else {
            lead.card.clear();
            lead.card.clock = row.settled_to;
        }
        if (row.version == version->number) find_places(*version->definition, lead.card, ErrorCode::CorruptData);
        workspace->known = row.counted;
        if (stage != kNoStage) lead.stage.stage = stage;
        lead.stage.since = row.stage_since;
        lead.stage.seq = row.stage_seq;
        lead.stage.armed = row.stage_armed;
        lead.seen_at = row.scored_at;
        lead.due_at = row.due_at;
    });
}

void load_entries(Workspace* workspace, const AsOwner& as, const Version* version, Datum key) {
    if (workspace->lead.stage.seq == 0) return;
    MemoryContext caller = CurrentMemoryContext;
    if (SPI_execute_plan(plan(as, PlanName::LeadEntries), &key, nullptr, true, 0) < 0)
        elog(ERROR, "cannot read transitions");
    for (uint64 i = 0; i < SPI_processed; ++i) {
        ResultRow row{i};
        int stage = find_stage(version, row.text(1));
        int64 at = row.integer(2, kNever);
        if (stage == kNoStage) continue;
        run_cpp([&] {
            auto& entries = workspace->lead.stage.last_entry;
            entries.resize(version->definition->stages.size(), kNever);
            entries[static_cast<std::size_t>(stage)] = at;
        });
    }
    SPI_freetuptable(SPI_tuptable);
    MemoryContextSwitchTo(caller);
}

void load_card(Workspace* workspace, const Version* version, const struct varlena* card) {
    run_cpp([&] {
        reset(workspace, version);
        read_card(card, workspace->lead.card);
        find_places(*version->definition, workspace->lead.card);
    });
}

void load_new_lead(Workspace* workspace, const Version* version) {
    run_cpp([&] {
        reset(workspace, version);
        workspace->lead.card.clear();
    });
}

void replay(Workspace* workspace, const Version* version, const LeadFindings& found, Until until, Moves moves) {
    workspace->known = found.known;
    LeadFacts facts = facts_of(found);
    run_cpp([&] {
        workspace->replay.emplace(*version->definition, workspace->lead, facts, until, moves, workspace->transitions);
    });
    MatchReader reader(found);
    for (std::span<const Match> matches; reader.next(&matches);) run_cpp([&] { workspace->replay->add(matches); });
    run_cpp([&] { workspace->replay->finish(); });
}

bool fold_found(Workspace* workspace, const Version* version, const LeadFindings& found, Timestamp now, Moves moves) {
    const Definition& definition = *version->definition;
    if (found.rest == nullptr)
        return run_cpp([&] {
            return fold_matches(definition, workspace->lead, found.matches, now, moves, workspace->transitions);
        });
    run_cpp([&] { workspace->folding.emplace(definition, workspace->lead, now, moves, workspace->transitions); });
    MatchReader reader(found);
    for (std::span<const Match> matches; reader.next(&matches);)
        if (!run_cpp([&] { return workspace->folding->add(matches); })) return false;
    return run_cpp([&] { return workspace->folding->finish(); });
}

void finish_lead(Workspace* workspace, const Version* version) {
    run_cpp([&] {
        const Lead& lead = workspace->lead;
        workspace->card.clear();
        encode(lead.card, *version->definition, workspace->card);
        Grade grade = lead.features.grade;
        if (version->definition->has_grade(grade)) workspace->grade = version->definition->label(grade);
        for (const Transition& transition : workspace->transitions) {
            Timestamp& entered = workspace->entered[static_cast<std::size_t>(transition.to)];
            if (entered == kNever) entered = transition.at;
        }
    });
}

const char* grade_label(const Version* version, Grade grade) {
    if (!version->definition->has_grade(grade)) return nullptr;
    auto label_of = [](const std::vector<Band>& bands, int band) {
        return band == kNoBand ? "" : bands[static_cast<std::size_t>(band)].label.c_str();
    };
    return psprintf("%s%s", label_of(version->definition->fit_bands, grade.fit),
                    label_of(version->definition->engagement_bands, grade.engagement));
}

const char* cause_name(Cause cause) {
    switch (cause) {
        case Cause::Event:
            return "event";
        case Cause::Attribute:
            return "attribute";
        case Cause::Time:
            return "time";
        case Cause::Manual:
            return "manual";
        case Cause::Publish:
            return "publish";
    }
    return "";
}

}  // namespace lead_scoring
