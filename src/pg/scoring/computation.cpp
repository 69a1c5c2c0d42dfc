#include "pg/server/postgres.hpp"

#include "pg/scoring/computation.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "core/base/error.hpp"
#include "pg/intake/event_id.hpp"
#include "pg/intake/event_log.hpp"
#include "pg/intake/merged.hpp"
#include "pg/model/table_name.hpp"
#include "pg/scoring/history.hpp"
#include "pg/server/boundary.hpp"

namespace lead_scoring {

namespace {

// No stage is entered twice at one instant, cooldown or not: what other statements did at that instant must be known.
void load_entries(const Computation* task, const LeadFindings& found, const ScoreRow& row) {
    bool at_last_move =
        found.identified || (found.matches.empty() ? found.taken_back : found.matches.front().at <= row.stage_since);
    if (task->version->definition->has_cooldown || (at_last_move && row.stage_seq > 1))
        load_entries(task->workspace, task->as, task->version, found.key, task->policy->from != From::Row);
    for (const UnwrittenMove& move : task->unwritten) {
        int stage = find_stage(task->version, move.stage);
        if (stage == kNoStage) continue;
        run_cpp([&] {
            auto& entries = task->workspace->lead.stage.last_entry;
            entries.resize(task->version->definition->stages.size(), kNever);
            entries[static_cast<std::size_t>(stage)] = move.at;
        });
    }
}

// When the lead came: as its row says it, else with its first event.
Timestamp came_at(const LeadFindings& complete, Timestamp now) {
    if (!complete.known) return kNever;
    Timestamp created = created_by(complete, now);
    return created == kNever && complete.first_at <= now ? complete.first_at : created;
}

// Sets the lead's card to what the given findings, which must be complete, make of it. Its stage moves with events
// after `moves` only, and where the lead came after `arrives`, by its attributes at that time; events of `late` that
// name a stage move it in the end.
void rebuild(const Computation* task, const LeadFindings& complete, Moves moves, const LeadFindings* late,
             Timestamp arrives = kForever) {
    const Definition& definition = *task->version->definition;
    Workspace* workspace = task->workspace;
    Timestamp clock = workspace->lead.card.clock;
    Timestamp came = arrives == kForever ? kNever : came_at(complete, task->now);
    replay(workspace, task->version, complete, Until::statement(task->now), moves, came > arrives ? came : kNever);
    if (late == nullptr) return;
    RepeatedEntries repeated = find_repeated_entries(task->as, task->version, *late, clock);
    MatchReader reader(*late);
    for (std::span<const Match> matches; reader.next(&matches);)
        run_cpp([&] {
            for (const Match& match : matches)
                if (match.kind == MatchKind::Stage && match.at <= clock && !repeated.take(match))
                    enter_by_event(definition, workspace->lead, match.target, match.at, task->now,
                                   workspace->transitions);
        });
}

// From the log, whatever the statement's own findings are. False where neither table names the lead any more.
bool rebuild_from_log(const Computation* task, Datum key, Moves moves, const LeadFindings* late,
                      Timestamp arrives = kForever) {
    return with_log(task->as, task->version, key, task->frozen, [&](const LeadFindings& complete) {
        rebuild(task, complete, moves, late, arrives);
        return is_known(complete);
    });
}

void load_again(const StoredLead& lead) {
    const Computation* task = lead.task;
    if (!load_lead(task->workspace, task->version, lead.row)) elog(ERROR, "a card that was read cannot be read again");
    load_entries(task, lead.found, lead.row);
}

// Makes a change to the lead in the workspace; where its card cannot tell the outcome, to one rebuilt from the log.
template <class Change>
void change_card(const StoredLead& lead, Change change) {
    Scorecard& card = lead.task->workspace->lead.card;
    bool left_out = card.left_out;  // until the change, which may end it
    if (run_cpp(change)) return;
    load_again(lead);
    rebuild_from_log(lead.task, lead.found.key, Moves{lead.clock}, nullptr);
    run_cpp([&] {
        card.left_out = left_out;
        if (!change()) throw Error(ErrorCode::Internal, "a card just rebuilt could not be changed");
    });
}

// Whether the stored row has all of the lead but what the statement's own rows tell. Where the transaction wrote it
// after the statement began, by triggers of the user's within it, it may know of these rows, and of what became of them
// since.
bool precedes_statement(const StoredLead& lead) {
    bool forgetful = lead.task->version->touches.remembers && lead.row.memory == nullptr && lead.row.card != nullptr;
    return !forgetful && lead.row.version == lead.task->version->number && !lead.row.written_since;
}

// Folds new events into card and memory, or counts them by rebuilding these.
void fold_new(const StoredLead& lead) {
    const Computation* task = lead.task;
    bool remembered = !task->version->touches.remembers ||
                      remember_found(task->workspace, task->version, lead.found, lead.row.memory);
    if (remembered && fold_found(task->workspace, task->version, lead.found, task->now, Moves::all())) return;
    load_again(lead);  // what could not be folded is half-changed
    rebuild_from_log(task, lead.found.key, Moves{lead.clock}, &lead.found);
}

// The stages that events found name, rising.
std::vector<int>* named_stages(const StoredLead& stored) {
    std::vector<int>* stages = &stored.task->workspace->named_stages;
    run_cpp([&] { stages->clear(); });
    MatchReader reader(stored.found);
    for (std::span<const Match> matches; reader.next(&matches);)
        run_cpp([&] {
            for (const Match& match : matches)
                if (match.kind == MatchKind::Stage && std::ranges::find(*stages, match.target) == stages->end())
                    stages->push_back(match.target);
        });
    run_cpp([&] { std::ranges::sort(*stages); });
    return stages;
}

// Lets what is stored, where it is `current`, do what time alone has done by now, and makes the card anew from the log.
// False as rebuild_from_log has it.
bool renew_now(const StoredLead& stored, bool current) {
    const Computation* task = stored.task;
    Workspace* workspace = task->workspace;
    const Definition& definition = *task->version->definition;
    if (current && !run_cpp([&] { return refresh(definition, workspace->lead, task->now, workspace->transitions); }))
        load_again(stored);
    return rebuild_from_log(task, stored.found.key, Moves::none(), nullptr);
}

// Visitors became the lead, or ceased to be: it moves now, whenever their events were, after what time alone has done.
bool change_identity(const StoredLead& stored) {
    bool current = stored.row.card != nullptr && precedes_statement(stored);
    if (!renew_now(stored, current)) return false;
    const Computation* task = stored.task;
    const Definition& definition = *task->version->definition;
    Workspace* workspace = task->workspace;
    Lead& lead = workspace->lead;
    std::vector<int>* stages = named_stages(stored);
    run_cpp([&] { identify(definition, lead, *stages, task->now, workspace->transitions); });
    return true;
}

// What a statement on events and leads did to the lead; one that is gone has events only.
bool change(const StoredLead& stored) {
    const Computation* task = stored.task;
    const LeadFindings& found = stored.found;
    Workspace* workspace = task->workspace;
    Lead& lead = workspace->lead;
    const Definition& definition = *task->version->definition;
    if (stored.gone) {
        rebuild_from_log(task, found.key, Moves::none(), nullptr);
        return true;
    }
    if (found.identified) return change_identity(stored);
    bool from_log = found.taken_back || !precedes_statement(stored) || has_repeated_id(task->as, task->version, found);
    if (from_log && lead.card.left_out) {
        if (!rebuild_from_log(task, found.key, Moves::none(), nullptr)) return false;
        run_cpp([&] { evaluate(definition, lead, task->now, Cause::Attribute, workspace->transitions); });
        return true;
    }
    if (from_log) {
        if (!rebuild_from_log(task, found.key, Moves{stored.clock}, &found)) return false;
        if (found.taken_back) run_cpp([&] { evaluate_at_clock(definition, lead, task->now, workspace->transitions); });
    } else if (found.seen) {
        fold_new(stored);
    }
    if (!found.known) return true;
    change_card(stored, [&] {
        if (from_log) return set_attributes(definition, lead, task->now, workspace->transitions);
        return set_attributes(definition, lead, attributes_of(found), task->now, workspace->transitions);
    });
    if (!from_log) take_row(workspace, found);
    return true;
}

bool adjust(const StoredLead& lead) {
    const Computation* task = lead.task;
    Workspace* workspace = task->workspace;
    const Definition& definition = *task->version->definition;
    bool known = true;
    with_adjustments(task->as, lead.found.key, [&](const LeadFindings& found) {
        Timestamp reset_at = found.resets.empty() ? kNever : found.resets.back();
        if (reset_at == workspace->lead.card.reset_at) {
            change_card(lead, [&] {
                return set_adjustments(definition, workspace->lead, found.adjustments, task->now,
                                       workspace->transitions);
            });
            return;
        }
        known = renew_now(lead, true);
        run_cpp([&] { evaluate(definition, workspace->lead, task->now, Cause::Manual, workspace->transitions); });
    });
    return known;
}

[[noreturn]] void refuse_left_out(const AsOwner& as, Datum key) {
    const Model* model = as.model;
    const char* lead = key_to_text(model->key, key);
    if (find_merged(as, key) != Merged::No)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("lead \"%s\" of model \"%s\" was merged into another", lead, model->name),
                        errdetail("It counts no more, and enters no stage."),
                        errhint("SELECT lead_id FROM %s WHERE merged_from = %s;  -- the lead it is now",
                                own_table(model, "merged"), quote_literal_cstr(lead))));
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("lead \"%s\" of model \"%s\" is left out", lead, model->name),
             errdetail("The condition of leads that count, settings.lead_condition, does not hold for it, so that "
                       "it enters no stage."),
             errhint("SELECT * FROM %s WHERE %s = %s;  -- the row for which it is to hold", model->binding.leads_name,
                     quote_identifier(model->binding.lead_key), quote_literal_cstr(lead))));
    pg_unreachable();
}

bool move_by_hand(const StoredLead& lead) {
    const Computation* task = lead.task;
    Workspace* workspace = task->workspace;
    if (workspace->lead.card.left_out) refuse_left_out(task->as, lead.found.key);
    change_card(lead, [&] {
        return set_stage(*task->version->definition, workspace->lead, task->by_hand->stage, task->now,
                         workspace->transitions);
    });
    return true;
}

// Where it stands by the moves that are left, with what its score bars it from.
bool settle(const StoredLead& lead) {
    const Computation* task = lead.task;
    Workspace* workspace = task->workspace;
    run_cpp([&] {
        evaluate(*task->version->definition, workspace->lead, task->now, Cause::Manual, workspace->transitions);
    });
    return true;
}

bool let_time_pass(const StoredLead& lead) {
    const Computation* task = lead.task;
    Workspace* workspace = task->workspace;
    change_card(
        lead, [&] { return refresh(*task->version->definition, workspace->lead, task->now, workspace->transitions); });
    return true;
}

// A line a kind of work, in their order.
constexpr Policy kPolicies[] = {
    {Work::Change, Facts::Rows, When::Always, When::Never, Anew::Acts, Rivals::Usual, From::Row, true, change},
    {Work::Adjust, Facts::Card, When::Always, When::Never, Anew::Acts, Rivals::Usual, From::Row, true, adjust},
    {Work::SetStage, Facts::Card, When::Always, When::Never, Anew::Acts, Rivals::RefusesMerging, From::Row, true,
     move_by_hand},
    {Work::TakeBack, Facts::Card, When::Never, When::Never, Anew::Acts, Rivals::RefusesMerging, From::History, true,
     settle},
    {Work::Refresh, Facts::Card, When::Always, When::Never, Anew::Acts, Rivals::LeavesBusy, From::Row, true,
     let_time_pass},
    {Work::Renew, Facts::Card, When::IfNew, When::IfNew, Anew::Settles, Rivals::Usual, From::Row, false, let_time_pass},
    {Work::Rescore, Facts::All, When::IfNew, When::Never, Anew::Settles, Rivals::Usual, From::Row, false, nullptr},
    {Work::Replay, Facts::All, When::Always, When::Always, Anew::Settles, Rivals::Usual, From::Row, false, nullptr},
    {Work::CatchUp, Facts::All, When::Always, When::Always, Anew::Settles, Rivals::Usual, From::Row, true, nullptr},
    {Work::ReplayLead, Facts::Card, When::Always, When::Always, Anew::Settles, Rivals::RefusesMerging, From::Nothing,
     false, nullptr},
    {Work::ReplayAll, Facts::All, When::Always, When::Always, Anew::Settles, Rivals::Usual, From::Nothing, false,
     nullptr},
};

constexpr bool policies_are_sound() {
    for (std::size_t i = 0; i < std::size(kPolicies); ++i)
        if (static_cast<std::size_t>(kPolicies[i].work) != i ||
            (kPolicies[i].act == nullptr && kPolicies[i].anew != Anew::Settles))
            return false;
    return std::size(kPolicies) == static_cast<std::size_t>(Work::ReplayAll) + 1;
}
static_assert(policies_are_sound());

// The stored row in the workspace, or what history says where the row is not to be trusted. False where it may not be
// asked.
bool load(const Computation* task, const LeadFindings& found, ScoreRow* row) {
    Workspace* workspace = task->workspace;
    bool trusted = !task->distrusts && task->policy->from == From::Row &&
                   implausible_column(task->version, *row) == nullptr && load_lead(workspace, task->version, *row);
    if (!trusted) {
        if (task->predicts) return false;
        bool begins_again = task->policy->from == From::Nothing;
        restore_from_history(task->as, task->version, found.key, row, begins_again);
        if (!load_lead(workspace, task->version, *row)) elog(ERROR, "a row without a card cannot be read");
        if (begins_again) load_hands(workspace, task->as, task->version, found.key, task->by_hand->superseded_at);
    }
    load_entries(task, found, *row);
    return true;
}

// As the stored row has them; what is no number counts as 0.
Score stored_score(const ScoreRow& row) {
    auto units = [](double points) { return std::isnan(points) ? Units{0} : units_of_points(points); };
    return {units(row.engagement), units(row.fit), units(row.score)};
}

// Until when it is settled what the lead was: with its attributes, where it was scored by them.
Timestamp there_at(const StoredLead& lead) {
    const Workspace* workspace = lead.task->workspace;
    bool with_attributes = lead.row.card != nullptr && (workspace->counted || workspace->lead.card.left_out);
    return with_attributes ? std::max(lead.clock, lead.row.scored_at) : lead.clock;
}

// Takes over the card that is known already, where the lead is as a rebuild of it would leave it but for what
// evaluating it sets: nothing moves it meanwhile, and what is future to the one is to the other. False where it is not.
bool take_card(const Computation* task, const LeadFindings& found, Moves moves, Timestamp arrives) {
    Workspace* workspace = task->workspace;
    bool same = task->card != nullptr && moves.after == kForever && came_at(found, task->now) <= arrives &&
                workspace->lead.seen_at <= task->now;
    if (!same) return false;
    run_cpp([&] { workspace->lead.card = *task->card; });
    take_row(workspace, found);
    return true;
}

// Makes the lead's card anew as the work's policy says, from all that was found before any lead was computed, or from
// what triggers of the user's have made of it meanwhile. False where there is no such lead any more.
bool make_anew(const StoredLead& lead) {
    const Computation* task = lead.task;
    const Policy& policy = *task->policy;
    Workspace* workspace = task->workspace;
    bool is_new = lead.row.card == nullptr;  // the row was made just now, or restored
    bool was_left_out = workspace->lead.card.left_out;
    auto holds = [&](When when) { return !was_left_out && (when == When::Always || (when == When::IfNew && is_new)); };
    Moves moves = holds(policy.moves) ? Moves{lead.clock} : Moves::none();
    Timestamp arrives = policy.anew == Anew::Settles ? there_at(lead) : kForever;
    if (policy.facts == Facts::All && !lead.gone && (is_new || !lead.row.written_since)) {
        if (!take_card(task, lead.found, moves, arrives)) rebuild(task, lead.found, moves, nullptr, arrives);
    } else if (!rebuild_from_log(task, lead.found.key, moves, nullptr, arrives)) {
        return false;
    }
    if (policy.anew == Anew::Acts && !was_left_out) return true;
    run_cpp([&] {
        const Definition& definition = *task->version->definition;
        if (holds(policy.passes) && !refresh(definition, workspace->lead, task->now, workspace->transitions))
            throw Error(ErrorCode::Internal, "a card just rebuilt could not be refreshed");
        Cause cause = policy.anew == Anew::Settles ? Cause::Publish : Cause::Attribute;
        evaluate(definition, workspace->lead, task->now, cause, workspace->transitions);
    });
    return true;
}

}  // namespace

const Policy& policy_of(Work work) { return kPolicies[static_cast<std::size_t>(work)]; }

bool compute(const Computation* task, const LeadFindings& found, ScoreRow* stored, bool gone) {
    Workspace* workspace = task->workspace;
    const Policy& policy = *task->policy;
    if (!load(task, found, stored)) return false;
    const ScoreRow& row = *stored;
    StoredLead lead = {task, found, row, workspace->lead.card.clock, gone};
    bool has_stood = row.card != nullptr || row.stage_seq > 0;
    if (has_stood && find_stage(task->version, row.stage_name) == kNoStage)
        run_cpp([&] {
            leave_removed_stage(*task->version->definition, workspace->lead, stored_score(row), task->now,
                                workspace->transitions);
        });

    bool stale = policy.facts == Facts::Card && row.version != task->version->number;
    if (stale || policy.facts == Facts::All) {
        if (!make_anew(lead)) return false;
        if (policy.anew == Anew::Settles) return true;
    }
    return policy.act(lead);
}

}  // namespace lead_scoring
