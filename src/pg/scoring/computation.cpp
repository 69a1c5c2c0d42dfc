#include "pg/server/postgres.hpp"

#include "pg/scoring/computation.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "pg/intake/event_log.hpp"
#include "pg/scoring/history.hpp"
#include "pg/server/boundary.hpp"

namespace lead_scoring {

namespace {

// No stage is entered twice at one instant, cooldown or not: what other statements did at that instant must be known.
void load_entries(const Computation* task, const LeadFindings& found, const ScoreRow& row) {
    bool at_last_move = found.matches.empty() ? found.taken_back : found.matches.front().at <= row.stage_since;
    if (task->version->definition->has_cooldown || (at_last_move && row.stage_seq > 1))
        load_entries(task->workspace, task->model, task->version, found.key);
}

// Sets the lead's card to what the given findings, which must be complete, make of it. Its stage moves with events
// after `moves` only; those of `late` that name a stage move it in the end.
void rebuild(const Computation* task, const LeadFindings& complete, Moves moves, const LeadFindings* late) {
    const Definition& definition = *task->version->definition;
    Workspace* workspace = task->workspace;
    Timestamp clock = workspace->lead.card.clock;
    replay(workspace, task->version, complete, Until::statement(task->now), moves);
    if (late == nullptr) return;
    MatchReader reader(*late);
    for (std::span<const Match> matches; reader.next(&matches);)
        run_cpp([&] {
            for (const Match& match : matches)
                if (match.kind == MatchKind::Stage && match.at <= clock)
                    enter_by_event(definition, workspace->lead, match.target, task->now, workspace->transitions);
        });
}

// From the log, whatever the statement's own findings are. False where neither table names the lead any more.
bool rebuild_from_log(const Computation* task, Datum key, Moves moves, const LeadFindings* late) {
    return with_log(task->model, task->version, key, false, [&](const LeadFindings& complete) {
        rebuild(task, complete, moves, late);
        return is_known(complete);
    });
}

// What is changed in a card presumes that the card is there and of the version.
// False where there is no such lead any more.
bool rebuild_if_stale(const Computation* task, const LeadFindings& found, const ScoreRow& row, Timestamp clock) {
    if (row.version == task->version->number) return true;
    return rebuild_from_log(task, found.key, Moves{clock}, nullptr);
}

void load_again(const Computation* task, const LeadFindings& found, const ScoreRow& row) {
    if (!load_lead(task->workspace, task->version, row)) elog(ERROR, "a card that was read cannot be read again");
    load_entries(task, found, row);
}

// Makes a change to the lead in the workspace; where its card cannot tell the outcome, to one rebuilt from the log.
template <class Change>
void change_card(const Computation* task, const LeadFindings& found, const ScoreRow& row, Timestamp clock,
                 Change change) {
    if (run_cpp(change)) return;
    load_again(task, found, row);
    rebuild_from_log(task, found.key, Moves{clock}, nullptr);
    run_cpp([&] {
        if (!change()) throw Error(ErrorCode::Internal, "a card just rebuilt could not be changed");
    });
}

// Whether the stored row has all of the lead but what the statement's own rows tell. Where the transaction wrote it
// after the statement began, by triggers of the user's within it, it may know of these rows, and of what became of them
// since.
bool precedes_statement(const Computation* task, const ScoreRow& row) {
    return row.version == task->version->number && !row.written_since;
}

// Folds new events into the card, or counts them by rebuilding it.
void fold(const Computation* task, const LeadFindings& found, const ScoreRow& row, Timestamp clock) {
    if (fold_found(task->workspace, task->version, found, task->now, Moves::all())) return;
    load_again(task, found, row);  // what could not be folded is half-changed
    rebuild_from_log(task, found.key, Moves{clock}, &found);
}

// What a statement on events and leads did to the lead, which is not `gone`: that one has events only. False where
// there is no such lead any more.
bool change(const Computation* task, const LeadFindings& found, const ScoreRow& row, Timestamp clock, bool gone) {
    Workspace* workspace = task->workspace;
    Lead& lead = workspace->lead;
    const Definition& definition = *task->version->definition;
    if (gone) {
        rebuild_from_log(task, found.key, Moves::none(), nullptr);
        return true;
    }
    bool from_log = found.taken_back || !precedes_statement(task, row);
    if (from_log) {
        if (!rebuild_from_log(task, found.key, Moves{clock}, &found)) return false;
        if (found.taken_back) run_cpp([&] { evaluate_at_clock(definition, lead, task->now, workspace->transitions); });
    } else if (found.seen) {
        fold(task, found, row, clock);
    }
    if (!found.known) return true;
    change_card(task, found, row, clock, [&] {
        std::vector<std::size_t> fit = lead.card.fit;
        if (!from_log) fit.assign(found.fit.begin(), found.fit.end());
        return set_fit(definition, lead, fit, task->now, workspace->transitions);
    });
    if (!from_log) workspace->known = true;
    return true;
}

// The stored row in the workspace, or what history says where the row is not to be trusted. False where it may not be
// asked.
bool load(const Computation* task, const LeadFindings& found, ScoreRow* row) {
    Workspace* workspace = task->workspace;
    bool trusted = !task->distrusts && implausible_column(task->version, *row) == nullptr &&
                   load_lead(workspace, task->version, *row);
    if (!trusted) {
        if (task->predicts) return false;
        restore_from_history(task->model, task->version, found.key, row);
        if (!load_lead(workspace, task->version, *row)) elog(ERROR, "a row without a card cannot be read");
    }
    load_entries(task, found, *row);
    return true;
}

// As the stored row has them; what is no number counts as 0.
Score stored_score(const ScoreRow& row) {
    auto units = [](double points) { return std::isnan(points) ? Units{0} : units_of_points(points); };
    return {units(row.engagement), units(row.fit), units(row.score)};
}

// Lets time pass for a card that was just rebuilt. C++: it throws.
void refresh_rebuilt(const Computation* task) {
    Workspace* workspace = task->workspace;
    if (!refresh(*task->version->definition, workspace->lead, task->now, workspace->transitions))
        throw Error(ErrorCode::Internal, "a card just rebuilt could not be refreshed");
}

}  // namespace

bool compute(const Computation* task, const LeadFindings& found, ScoreRow* stored, bool gone) {
    Workspace* workspace = task->workspace;
    const Definition& definition = *task->version->definition;
    Timestamp now = task->now;
    if (!load(task, found, stored)) return false;
    const ScoreRow& row = *stored;
    bool fresh = row.card == nullptr;  // the row was made just now, or restored
    Timestamp clock = workspace->lead.card.clock;
    if ((!fresh || row.stage_seq > 0) && find_stage(task->version, row.stage_name) == kNoStage)
        run_cpp(
            [&] { leave_removed_stage(definition, workspace->lead, stored_score(row), now, workspace->transitions); });

    // Of all that was found before any lead was computed, or of what triggers of the user's have made of it meanwhile.
    auto rebuild_all = [&](Moves moves) {
        if (gone || (row.written_since && !fresh)) return rebuild_from_log(task, found.key, moves, nullptr);
        rebuild(task, found, moves, nullptr);
        return true;
    };

    switch (task->work) {
        case Work::Replay:
        case Work::Rescore:
            if (!rebuild_all(fresh || task->work == Work::Replay ? Moves{clock} : Moves::none())) return false;
            run_cpp([&] {
                if (task->work == Work::Replay) refresh_rebuilt(task);
                evaluate(definition, workspace->lead, now, Cause::Publish, workspace->transitions);
            });
            return true;
        case Work::Renew:
            if (row.version == task->version->number) {  // another session was here before
                change_card(task, found, row, clock,
                            [&] { return refresh(definition, workspace->lead, now, workspace->transitions); });
                return true;
            }
            if (!rebuild_from_log(task, found.key, fresh ? Moves{clock} : Moves::none(), nullptr)) return false;
            run_cpp([&] {
                if (fresh) refresh_rebuilt(task);
                evaluate(definition, workspace->lead, now, Cause::Publish, workspace->transitions);
            });
            return true;
        case Work::CatchUp:
            if (!rebuild_all(Moves{clock})) return false;
            run_cpp([&] {
                refresh_rebuilt(task);
                evaluate(definition, workspace->lead, now, Cause::Publish, workspace->transitions);
            });
            return true;
        case Work::Adjust:
            if (!rebuild_if_stale(task, found, row, clock)) return false;
            with_adjustments(task->model, found.key, [&](std::span<const Adjustment> adjustments) {
                change_card(task, found, row, clock, [&] {
                    return set_adjustments(definition, workspace->lead, adjustments, now, workspace->transitions);
                });
            });
            return true;
        case Work::SetStage:
            if (!rebuild_if_stale(task, found, row, clock)) return false;
            change_card(task, found, row, clock, [&] {
                return set_stage(definition, workspace->lead, task->by_hand->stage, now, workspace->transitions);
            });
            return true;
        case Work::Refresh:
            if (!rebuild_if_stale(task, found, row, clock)) return false;
            change_card(task, found, row, clock,
                        [&] { return refresh(definition, workspace->lead, now, workspace->transitions); });
            return true;
        case Work::Change:
            break;
    }
    return change(task, found, row, clock, gone);
}

}  // namespace lead_scoring
