#include "pg/postgres.hpp"

#include "pg/computation.hpp"

#include "core/error.hpp"
#include "pg/boundary.hpp"
#include "pg/event_log.hpp"

namespace lead_scoring {

bool find_in_log(Model* model, const PublishedVersion* version, Datum key, LeadFindings* complete) {
    Findings* findings = make_findings(model->key);
    read_lead(model, version, key, findings, false);
    sort_findings(findings);
    rewind_findings(findings);
    *complete = {};
    return next_lead(findings, complete);
}

namespace {

// No stage is entered twice at one instant, cooldown or not: what other statements did at that instant must be known.
void load_entries(const Computation* task, const LeadFindings& found, const ScoreRow& row) {
    bool at_last_move = found.match_count > 0 ? found.matches[0].at <= row.stage_since : found.taken_back;
    if (task->version->definition->has_cooldown || (at_last_move && row.stage_seq > 1))
        load_entries(task->workspace, task->model, task->version, found.key);
}

// Sets the lead's card to what the given findings, which must be complete, make of it. Its stage moves with events
// after `moves` only; those of `late` that name a stage move it in the end.
void rebuild(const Computation* task, const LeadFindings& complete, Moves moves, const LeadFindings* late) {
    const Definition& definition = *task->version->definition;
    Workspace* workspace = task->workspace;
    Timestamp now = task->now;
    run_cpp([&] {
        Lead& lead = workspace->lead;
        Timestamp clock = lead.card.clock;
        lead.card.clear();
        if (complete.known) lead.card.fit.assign(complete.fit, complete.fit + complete.fit_count);
        lead.card.adjustments.assign(complete.adjustments, complete.adjustments + complete.adjustment_count);
        lead.due_at = kNever;  // unknown
        std::span<const Match> matches(complete.matches, complete.match_count);
        if (!fold_matches(definition, lead, matches, now, moves, workspace->transitions))
            throw Error(ErrorCode::Internal, "events in order could not be folded");
        if (late == nullptr) return;
        for (std::size_t i = 0; i < late->match_count; ++i)
            if (late->matches[i].kind == MatchKind::Stage && late->matches[i].at <= clock &&
                late->matches[i].at > kNever)
                enter_by_event(definition, lead, late->matches[i].target, now, workspace->transitions);
    });
}

// From the log, whatever the statement's own findings are. False where neither table names the lead any more.
bool rebuild_from_log(const Computation* task, Datum key, Moves moves, const LeadFindings* late) {
    LeadFindings complete;
    find_in_log(task->model, task->version, key, &complete);
    rebuild(task, complete, moves, late);
    return complete.known || complete.seen;
}

// What is changed in a card presumes that the card is there and of the version.
// False where there is no such lead any more.
bool rebuild_if_stale(const Computation* task, const LeadFindings& found, const ScoreRow& row, Timestamp clock) {
    bool fresh = row.card == nullptr;
    if (!fresh && row.version == task->version->number) return true;
    return rebuild_from_log(task, found.key, fresh ? Moves::all() : Moves{clock}, nullptr);
}

// Makes a change to the lead in the workspace; where its card cannot tell the outcome, to one rebuilt from the log.
template <class Change>
void change_card(const Computation* task, const LeadFindings& found, const ScoreRow& row, Timestamp clock,
                 Change change) {
    if (run_cpp(change)) return;
    load_lead(task->workspace, task->version, row);
    load_entries(task, found, row);
    rebuild_from_log(task, found.key, Moves{clock}, nullptr);
    run_cpp([&] {
        if (!change()) throw Error(ErrorCode::Internal, "a card just rebuilt could not be changed");
    });
}

// The lead's adjustments, sorted, as of a snapshot taken now.
std::size_t find_adjustments(const Computation* task, Datum key, const Adjustment** adjustments) {
    Findings* findings = make_findings(task->model->key);
    read_adjustments(task->model, key, findings);
    sort_findings(findings);
    rewind_findings(findings);
    LeadFindings lead = {};
    next_lead(findings, &lead);
    *adjustments = lead.adjustments;
    return lead.adjustment_count;
}

// Folds new events into the card, or counts them by rebuilding it.
void fold(const Computation* task, const LeadFindings& found, const ScoreRow& row, Timestamp clock) {
    Workspace* workspace = task->workspace;
    bool fresh = row.card == nullptr;
    // A row that this transaction wrote after the statement began may already count the statement's events.
    if (!fresh && row.version == task->version->number && !row.written_since) {
        bool exact = run_cpp([&] {
            std::span<const Match> matches(found.matches, found.match_count);
            return fold_matches(*task->version->definition, workspace->lead, matches, task->now, Moves::all(),
                                workspace->transitions);
        });
        if (exact) return;
        load_lead(workspace, task->version, row);  // what could not be folded is half-changed
        load_entries(task, found, row);
    }
    rebuild_from_log(task, found.key, fresh ? Moves::all() : Moves{clock}, fresh ? nullptr : &found);
}

// What a statement on events and leads did to the lead, which is not `gone`: that one has events only. False where
// there is no such lead any more.
bool change(const Computation* task, const LeadFindings& found, const ScoreRow& row, Timestamp clock, bool gone) {
    Workspace* workspace = task->workspace;
    const Definition& definition = *task->version->definition;
    if (gone) {
        rebuild_from_log(task, found.key, Moves::none(), nullptr);
        return true;
    }
    if (found.taken_back) {
        Moves moves = row.card == nullptr ? Moves::all() : Moves{clock};
        if (!rebuild_from_log(task, found.key, moves, &found)) return false;
        run_cpp([&] { evaluate_at_clock(definition, workspace->lead, task->now, workspace->transitions); });
    } else if (found.seen) {
        fold(task, found, row, clock);
    } else if (!rebuild_if_stale(task, found, row, clock)) {
        return false;
    }
    if (!found.known) return true;
    change_card(task, found, row, clock, [&] {
        std::span<const std::size_t> fit(found.fit, found.fit_count);
        return set_fit(definition, workspace->lead, fit, task->now, workspace->transitions);
    });
    return true;
}

// Lets time pass for a card that was just rebuilt. C++: it throws.
void refresh_rebuilt(const Computation* task) {
    Workspace* workspace = task->workspace;
    if (!refresh(*task->version->definition, workspace->lead, task->now, workspace->transitions))
        throw Error(ErrorCode::Internal, "a card just rebuilt could not be refreshed");
}

}  // namespace

bool compute(const Computation* task, const LeadFindings& found, const ScoreRow& row, bool gone) {
    Workspace* workspace = task->workspace;
    const Definition& definition = *task->version->definition;
    Timestamp now = task->now;
    bool fresh = row.card == nullptr;  // the row was made just now
    load_lead(workspace, task->version, row);
    load_entries(task, found, row);
    Timestamp clock = workspace->lead.card.clock;
    if (!fresh && find_stage(task->version, row.stage_name) == kNoStage)
        run_cpp([&] {
            Score before = {units_of_points(row.engagement), units_of_points(row.fit), units_of_points(row.score)};
            leave_removed_stage(definition, workspace->lead, before, now, workspace->transitions);
        });

    switch (task->work) {
        case Work::Replay:
        case Work::Rescore:
            rebuild(task, found, fresh || task->work == Work::Replay ? Moves::all() : Moves::none(), nullptr);
            run_cpp([&] {
                if (task->work == Work::Replay) refresh_rebuilt(task);
                evaluate(definition, workspace->lead, now, Cause::Publish, workspace->transitions);
            });
            return true;
        case Work::Renew:
            if (!fresh && row.version == task->version->number) {  // another session was here before
                change_card(task, found, row, clock,
                            [&] { return refresh(definition, workspace->lead, now, workspace->transitions); });
                return true;
            }
            if (!rebuild_from_log(task, found.key, fresh ? Moves::all() : Moves::none(), nullptr)) return false;
            run_cpp([&] {
                if (fresh) refresh_rebuilt(task);
                evaluate(definition, workspace->lead, now, Cause::Publish, workspace->transitions);
            });
            return true;
        case Work::CatchUp:
            rebuild(task, found, fresh ? Moves::all() : Moves{clock}, nullptr);
            run_cpp([&] {
                refresh_rebuilt(task);
                evaluate(definition, workspace->lead, now, Cause::Publish, workspace->transitions);
            });
            return true;
        case Work::Adjust: {
            if (!rebuild_if_stale(task, found, row, clock)) return false;
            const Adjustment* adjustments = nullptr;
            std::size_t count = find_adjustments(task, found.key, &adjustments);
            change_card(task, found, row, clock, [&] {
                return set_adjustments(definition, workspace->lead, {adjustments, count}, now, workspace->transitions);
            });
            return true;
        }
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
