#include "pg/server/postgres.hpp"

#include "pg/scoring/preview.hpp"

#include <algorithm>
#include <cmath>

#include "core/card/score.hpp"
#include "pg/server/boundary.hpp"

namespace lead_scoring {

namespace {

Computation computation_of(const AsWriter& as, const Version* version, Work work, Timestamp now) {
    Computation task = {as};
    task.model = as.model;
    task.version = version;
    task.policy = &policy_of(work);
    task.now = now;
    task.predicts = true;
    task.frozen = true;
    task.workspace = make_workspace();
    return task;
}

// As the statement makes it (PlanName::CreateScore).
ScoreRow new_row(const Version* version) {
    auto stages = static_cast<Size>(version->stage_count);
    auto* entered = static_cast<Timestamp*>(palloc(sizeof(Timestamp) * (stages + 1)));
    std::fill(entered, entered + stages, kNever);
    ScoreRow row = {};
    row.score = row.engagement = row.fit = NAN;
    row.stage_name = version->stages[version->definition->first_stage].name;
    row.stage_since = row.scored_at = row.settled_to = kNever;
    row.due_at = kForever;
    row.entered = entered;
    return row;
}

// What would be read if what was computed had been written: the row, and the moves that history lacks.
void write_down(const Computation& task, ScoreRow* row, std::span<const UnwrittenMove>* moves) {
    Workspace* workspace = task.workspace;
    finish_lead(workspace, task.version);
    ScoreUpdate update = score_update(workspace, task.version, *row);
    static_cast<ScoreValues&>(*row) = update;
    auto* card = static_cast<struct varlena*>(palloc(VARHDRSZ + update.card_size));
    SET_VARSIZE(card, VARHDRSZ + update.card_size);
    memcpy(VARDATA(card), update.card, update.card_size);
    row->card = card;
    row->grade = update.grade == nullptr ? nullptr : pstrdup(update.grade);

    std::size_t count = workspace->transitions.size();
    auto* made = static_cast<UnwrittenMove*>(palloc(sizeof(UnwrittenMove) * (count + 1)));
    for (std::size_t i = 0; i < count; ++i) {
        const Transition& move = workspace->transitions[i];
        made[i] = {task.version->stages[move.to].name, move.at};
    }
    *moves = {made, count};
}

// As refresh finds it.
bool is_due(const ScoreRow& row, Timestamp now) {
    return row.due_at <= now && row.scored_at != kNever && row.scored_at < now;
}

}  // namespace

Backtest begin_backtest(const AsWriter& as, const Version* version, Timestamp now) {
    return {computation_of(as, version, Work::Replay, now), new_row(version)};
}

void replay(Backtest* backtest, const LeadFindings& found) {
    ScoreRow row = backtest->row;
    if (!compute(&backtest->task, found, &row, false)) elog(ERROR, "a lead that is new cannot be computed");
}

Timestamp reached_at(const Backtest* backtest, const LeadFindings& found, int stage) {
    const std::vector<Stage>& stages = backtest->task.version->definition->stages;
    const Stage& wanted = stages[static_cast<std::size_t>(stage)];
    Timestamp reached = kForever;
    for (const Transition& move : backtest->task.workspace->transitions) {
        const Stage& entered = stages[static_cast<std::size_t>(move.to)];
        if (!entered.detour && entered.rank >= wanted.rank) reached = std::min(reached, move.at);
    }
    if (stage == backtest->task.version->definition->first_stage) {
        reached = std::min(reached, found.first_at);
        if (found.created != kNever) reached = std::min(reached, found.created);
    }
    return reached == kForever ? kNever : reached;
}

void name_as_stored(Version* version, const Version* in_force) {
    for (int i = 0; i < version->stage_count; ++i)
        for (int known = 0; known < in_force->stage_count; ++known)
            if (in_force->definition->stages[static_cast<std::size_t>(known)].id ==
                version->definition->stages[static_cast<std::size_t>(i)].id)
                version->stages[i].name = in_force->stages[known].name;
}

Preview begin_preview(const AsWriter& as, const Version* in_force, const Version* version, Timestamp now) {
    return {computation_of(as, in_force, Work::Refresh, now), computation_of(as, version, Work::Rescore, now), true,
            true};
}

Outlook look_ahead(Preview* preview, const Backtest* replayed, const LeadFindings& found, ScoreRow* row) {
    const Outlook damaged = {true, nullptr, NAN};
    Timestamp now = preview->publishing.now;
    std::span<const UnwrittenMove> moves;
    if (preview->refreshes && is_due(*row, now)) {
        LeadFindings nothing = {};
        nothing.key = found.key;
        if (!compute(&preview->refreshing, nothing, row, false)) return damaged;
        write_down(preview->refreshing, row, &moves);
    }
    if (!preview->publishes) {
        const Version* in_force = preview->refreshing.version;
        Workspace* workspace = preview->refreshing.workspace;
        bool readable =
            row->card != nullptr && row->version == in_force->number && load_lead(workspace, in_force, *row);
        double score = NAN;
        if (readable)
            score = run_cpp(
                [&] { return points_of_units(score_at(*in_force->definition, workspace->lead.card, now).total); });
        return {row->card != nullptr && row->version == in_force->number && !readable, row->stage_name, score};
    }
    preview->publishing.unwritten = moves;
    preview->publishing.card = &replayed->task.workspace->lead.card;
    if (!compute(&preview->publishing, found, row, false)) return damaged;
    const Lead& lead = preview->publishing.workspace->lead;
    const Definition& definition = *preview->publishing.version->definition;
    return {false, definition.stages[static_cast<std::size_t>(lead.stage.stage)].name.c_str(),
            points_of_units(lead.features.score.total)};
}

}  // namespace lead_scoring
