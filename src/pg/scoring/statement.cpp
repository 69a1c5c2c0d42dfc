#include "pg/server/postgres.hpp"

#include "pg/scoring/statement.hpp"

#include <algorithm>

#include "pg/intake/event_log.hpp"
#include "pg/intake/merged.hpp"
#include "pg/intake/plans.hpp"
#include "pg/intake/problems.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/withheld.hpp"
#include "pg/scoring/lead_type.hpp"
#include "pg/scoring/score_row.hpp"
#include "pg/server/progress.hpp"
#include "pg/server/query.hpp"
#include "pg/server/row_lock.hpp"
#include "pg/server/subtransaction.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

// Keys of leads, in the memory of the statement.
struct KeyList {
    Datum* keys;
    int count;
    int capacity;
};

// The leads that one call of apply_findings brings up to date, and how far it is.
struct LeadsUpdate {
    Computation task;  // how each of them is computed
    bool revocable;    // a lead that is busy ends the round, which is rolled back
    uint64 left_out;   // busy leads
    bool everything;   // findings are everything there is
    uint64 leads;      // there are; kManyLeads where these are not counted
    CommandId began;
    ScoreTable* scores;
    MemoryContext lead_context;  // reset after each lead
    KeyList lock_first;          // leads whose rows in the leads table could not be had without waiting
    MemoryContext context;
    bool blocked;  // this round will be rolled back: it only goes on to find what else has to be locked first
    Outcome outcome;
    Outcome predicted;  // of prepared leads whose turn to be written has not come
    Problems problems;  // of conditions of types of leads
    bool disturbed;     // triggers of the user's have run: they may have stored events of any lead
    KeyList merged;     // leads that are others now, for which something came
};

// Leaves SPI_processed, and nothing in memory: neither the result nor SPI's context as the current one.
void run(LeadsUpdate* update, PlanName name, Datum* values) {
    MemoryContext caller = CurrentMemoryContext;
    execute(update->task.as, name, values);
    SPI_freetuptable(SPI_tuptable);
    MemoryContextSwitchTo(caller);
}

enum class LeadRow { Locked, Missing, Busy };

// Whether the statement itself wrote the lead's row in the leads table.
bool came_or_changed(const LeadsUpdate* update, const LeadFindings& found) {
    return update->task.policy->facts == Facts::Rows && found.known;
}

// Locks the lead's row in the leads table without waiting.
LeadRow lock_lead(LeadsUpdate* update, Datum key) {
    run(update, PlanName::LockLead, &key);
    if (SPI_processed > 0) return LeadRow::Locked;
    run(update, PlanName::FindLead, &key);
    return SPI_processed > 0 ? LeadRow::Busy : LeadRow::Missing;
}

void remember(LeadsUpdate* update, KeyList* list, Datum key) {
    MemoryContext caller = MemoryContextSwitchTo(update->context);
    if (list->count == list->capacity) {
        list->capacity = list->capacity * 2 + 16;
        Size size = sizeof(Datum) * static_cast<Size>(list->capacity);
        list->keys = static_cast<Datum*>(list->keys == nullptr ? palloc(size) : repalloc(list->keys, size));
    }
    list->keys[list->count++] = copy_key(update->task.model->key, key);
    MemoryContextSwitchTo(caller);
}

// Asks for the lead's row in the leads table, without waiting while anything is held. False where it cannot be had and
// the lead is left, for the next round or the next refresh.
bool ask_for_lead(LeadsUpdate* update, const LeadFindings& found, LeadRow* row) {
    Datum key = found.key;
    *row = came_or_changed(update, found) ? LeadRow::Locked : lock_lead(update, key);
    if (*row != LeadRow::Busy) return true;
    if (update->task.policy->rivals == Rivals::LeavesBusy) {
        ++update->left_out;
        return false;
    }
    if (update->revocable) {
        remember(update, &update->lock_first, key);
        update->blocked = true;
        return false;
    }
    run(update, PlanName::LockLeadWaiting, &key);
    end_scan(update->scores);
    return true;
}

// Makes the row of a lead that has none. Its first status will be shown, so the leads row is locked before. False as
// above.
bool create_row(LeadsUpdate* update, const LeadFindings& found) {
    LeadRow lead;
    if (update->task.model->binding.status_count > 0 && !ask_for_lead(update, found, &lead)) return false;
    const char* first = update->task.version->stages[update->task.version->definition->first_stage].name;
    Datum values[] = {found.key, CStringGetTextDatum(first)};
    run(update, PlanName::CreateScore, values);
    end_scan(update->scores);
    return true;
}

enum class Gone { NotAtAll, Entirely, EventsRemain };

// Removes a deleted lead's state and history. Where events remain, the lead then begins anew, without a history. The
// score row goes first, for it is the lock that others wait for, and for whom we wait.
Gone forget(LeadsUpdate* update, Datum key) {
    run(update, PlanName::FindLead, &key);
    if (SPI_processed > 0) return Gone::NotAtAll;  // it is there still, or again
    delete_state(update->task.as, key);
    update->disturbed = true;
    end_scan(update->scores);
    bool remain =
        with_log(update->task.as, update->task.version, key, false, [](const LeadFindings& left) { return left.seen; });
    return remain ? Gone::EventsRemain : Gone::Entirely;
}

// Others may remove a row as soon as it is made, or take one out of what a statement writes, but not for ever.
constexpr int kMostAttempts = 100;

bool seems_gone(const LeadsUpdate* update, const LeadFindings& found) {
    bool all_known = update->task.policy->facts == Facts::All;  // not of a lead that is worked on again
    return found.removed || (all_known && !found.known && !found.seen);
}

// Whether the lead in the workspace, whose row that was, may need its row in the leads table.
bool needs_status(const LeadsUpdate* update, const LeadFindings& found, const ScoreRow& row) {
    return update->task.model->binding.status_count > 0 &&
           (came_or_changed(update, found) ||
            shows_status(update->task.model, update->task.version, update->task.workspace, row));
}

// A lead that is being merged is left to the merge, which takes up what was done to it; but a move has to be made now.
bool is_left_alone(const LeadsUpdate* update, Datum key) {
    const Model* model = update->task.model;
    if (!is_withheld(model, key)) return false;
    if (update->task.policy->rivals == Rivals::RefusesMerging)
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("lead \"%s\" of model \"%s\" is being merged", key_to_text(model->key, key), model->name),
                 errdetail("A trigger is to move it within merge_leads, which joins its history."),
                 errhint("Call lead_scoring.set_stage(%s, %s, 'sql', 'called them') after merge_leads.",
                         quote_literal_cstr(model->name), quote_literal_cstr(key_to_text(model->key, key)))));
    return true;
}

// Whether the lead is another now, whose row that is, null where it has none: one that counts is not.
Merged merged_by(const LeadsUpdate* update, const LeadFindings& found, const ScoreRow* row) {
    bool may_be = update->task.policy->facts == Facts::Rows && !found.removed && (row == nullptr || !row->counted);
    return may_be ? find_merged(update->task.as, found.key) : Merged::No;
}

// Whether what came for it is another lead's. What becomes of a lead of its key that was stored is its own.
bool comes_for_another(const LeadFindings& found, Merged merged) {
    return merged == Merged::IntoAnother && (found.seen || found.identified) && !found.known;
}

// Whether it is a lead of its own again: what it was part of was erased, and here is an event of its own.
bool comes_again(const LeadFindings& found, Merged merged) { return merged == Merged::IntoNobody && found.seen; }

void work_on_lead(LeadsUpdate* update, const LeadFindings& given) {
    LeadFindings found = given;
    if (is_left_alone(update, found.key)) return;
    const Workspace* workspace = update->task.workspace;
    ScoreRow row;
    bool gone = seems_gone(update, found);
    if (gone) {
        Gone how = forget(update, found.key);
        bool more = found.known || found.seen || found.taken_back;
        if (how == Gone::Entirely || (how == Gone::NotAtAll && !more)) return;
        gone = how == Gone::EventsRemain;
    }
    int attempts = 0;  // that only triggers of others can have foiled
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        bool is_there = read_score(update->scores, found.key, update->began, &row);
        Merged merged = merged_by(update, found, is_there ? &row : nullptr);
        if (comes_for_another(found, merged)) {
            remember(update, &update->merged, found.key);
            return;
        }
        if (!is_there) {
            if (++attempts > kMostAttempts) refuse_kept_out(update->task.model, "scores", found.key);
            if (!create_row(update, found)) return;
            if (merged != Merged::No && found.known) end_merge(update->task.as, found.key);
            continue;
        }
        if (comes_again(found, merged)) {
            end_merge(update->task.as, found.key);
            end_scan(update->scores);
            found.taken_back = true;  // all is to be found out from the log
            continue;
        }
        found.left_out = given.left_out || merged != Merged::No;
        if (!compute(&update->task, found, &row, gone)) {
            if (forget(update, found.key) != Gone::EventsRemain) return;
            continue;
        }
        if (row.restored) update->disturbed = true;
        finish_lead(update->task.workspace, update->task.version);
        type_moves(update->task.as, update->task.version, update->task.workspace, found.key, row.memory,
                   &update->problems);

        bool status = needs_status(update, found, row);
        if (status) {
            LeadRow lead;
            if (!ask_for_lead(update, found, &lead)) return;
            if (lead == LeadRow::Busy) continue;  // waited for: the score row may have changed
            status = lead == LeadRow::Locked;
        }
        if (update->blocked) return;
        if (!write_score(update->task.as, update->scores,
                         score_update(update->task.workspace, update->task.version, row))) {
            if (is_seen_by_others(update->scores) && ++attempts > kMostAttempts)
                refuse_kept_out(update->task.model, "scores", found.key);
            continue;
        }
        add_transitions(&update->outcome, found.key, workspace, row);
        if (status) add_status(&update->outcome, found.key, workspace, row);
        return;
    }
}

// Works again on a lead that history contradicts: its row, which is written already, was wrong before.
void work_on_lead_again(LeadsUpdate* update, Datum key) {
    LeadFindings found = {};
    found.key = key;
    const Policy* policy = update->task.policy;
    found.taken_back = policy->facts == Facts::Rows;
    if (update->everything) update->task.policy = &policy_of(Work::Renew);
    update->task.distrusts = true;
    work_on_lead(update, found);
    update->task.distrusts = false;
    update->task.policy = policy;
}

void write_moves(LeadsUpdate* update) {
    List* leads = take_contradicted_leads(&update->outcome);
    if (leads != NIL) {
        end_scan(update->scores);
        CommandCounterIncrement();  // to see the rows that were written
    }
    for (int i = 0; i < list_length(leads); ++i) work_on_lead_again(update, *static_cast<Datum*>(list_nth(leads, i)));
    if (!update->blocked) write_transitions(update->task.as, &update->outcome);
    end_scan(update->scores);  // triggers on transitions are the user's, and may have stored events
}

uint64 count_leads(Findings* findings) {
    LeadFindings lead;
    uint64 leads = 0;
    for (rewind_findings(findings); next_lead(findings, &lead);) ++leads;
    return leads;
}

// Tells how far work on everything is.
void report(const LeadsUpdate* update, uint64 done) {
    constexpr uint64 kLeadsPerReport = 100;
    if (!update->everything || done % kLeadsPerReport != 0) return;
    report_leads(static_cast<int64>(done), static_cast<int64>(update->leads));
}

// All leads, in key order.
void work_on_all(LeadsUpdate* update, Findings* findings, uint64* leads) {
    LeadFindings lead;
    *leads = 0;
    update->blocked = false;
    update->merged.count = 0;
    clear_outcome(&update->outcome);
    begin_scan(update->scores);
    rewind_findings(findings);
    while (next_lead(findings, &lead)) {
        report(update, *leads);
        MemoryContext caller = MemoryContextSwitchTo(update->lead_context);
        work_on_lead(update, lead);
        if (has_many_transitions(&update->outcome)) write_moves(update);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(update->lead_context);
        ++*leads;
    }
    if (!update->blocked) write_moves(update);
    end_scan(update->scores);
}

// A lead whose new row is known before anything is written.
struct PreparedLead {
    PreparedScore score;  // of nothing: the lead is worked on when its turn comes
    bool locks;           // its row in the leads table, which has this key
    Datum key;
    int transitions;  // so many rows of each are predicted
    int statuses;
};

// Leads of one statement up to which, and bytes within which, they are prepared.
constexpr std::size_t kMostPrepared = 1000;
constexpr Size kMostPreparedBytes = 4 * 1024 * 1024;

// Computes the lead and writes nothing. False where somebody else is at its score row.
bool prepare_lead(LeadsUpdate* update, const LeadFindings& given, MemoryContext memory, PreparedLead* lead) {
    LeadFindings found = given;
    const KeyType& type = update->task.model->key;
    const Workspace* workspace = update->task.workspace;
    auto lock_first = [&] {
        MemoryContext caller = MemoryContextSwitchTo(memory);
        lead->locks = true;
        lead->key = datumCopy(found.key, type.by_value, type.length);
        MemoryContextSwitchTo(caller);
    };
    ScoreRow row;
    if (seems_gone(update, found) || is_withheld(update->task.model, found.key)) return true;
    if (!read_score(update->scores, found.key, update->began, &row)) {
        if (update->task.model->binding.status_count > 0 && !came_or_changed(update, found)) lock_first();
        return true;
    }
    if (row.contended) return false;
    Merged merged = merged_by(update, found, &row);
    if (comes_for_another(found, merged) || comes_again(found, merged)) return true;
    found.left_out = given.left_out || merged != Merged::No;
    if (!compute(&update->task, found, &row, false)) return true;
    finish_lead(update->task.workspace, update->task.version);
    type_moves(update->task.as, update->task.version, update->task.workspace, found.key, row.memory, &update->problems);

    bool status = needs_status(update, found, row);
    if (status && !came_or_changed(update, found)) lock_first();
    MemoryContext caller = MemoryContextSwitchTo(memory);
    lead->score = prepare_score(update->scores, score_update(update->task.workspace, update->task.version, row));
    MemoryContextSwitchTo(caller);
    if (lead->score.row == nullptr) return true;
    Outcome* predicted = &update->predicted;
    int transitions = predicted->transitions.count;
    int statuses = predicted->statuses.count;
    add_transitions(predicted, found.key, workspace, row);
    if (status) add_status(predicted, found.key, workspace, row);
    lead->transitions = predicted->transitions.count - transitions;
    lead->statuses = predicted->statuses.count - statuses;
    return true;
}

// Whether anybody seems to have one of the rows that will be locked, without locking any. One alone need not be asked.
bool seem_free(LeadsUpdate* update, const PreparedLead* leads, const PreparedLead* end, MemoryContext memory) {
    auto is_locked = [](const PreparedLead& lead) { return lead.locks; };
    auto count = std::count_if(leads, end, is_locked);
    if (count < 2) return true;
    MemoryContext caller = MemoryContextSwitchTo(memory);
    auto* keys = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count)));
    Datum* next = keys;
    for (const PreparedLead* lead = leads; lead != end; ++lead)
        if (lead->locks) *next++ = lead->key;
    Datum array = key_array(update->task.model->key, keys, static_cast<int>(count));
    MemoryContextSwitchTo(caller);
    bool free = true;
    for_each_row(plan(update->task.as, PlanName::PlacesOfLeads), &array, false, [&](ResultRow row) {
        bool is_null = false;
        Oid table = DatumGetObjectId(row.value(1, &is_null));
        auto* place = reinterpret_cast<ItemPointer>(DatumGetPointer(row.value(2, &is_null)));
        free = free && !is_row_contended(table, place);
    });
    return free;
}

// Prepares all leads and locks those rows in the leads table that will be needed, both in key order. False where
// somebody else is at any of all these; nothing was written then, and nothing is locked but where he came just now (see
// the second gap).
bool prepare_leads(LeadsUpdate* update, Findings* findings, MemoryContext memory, PreparedLead* leads) {
    LeadFindings found;
    PreparedLead* end = leads;
    clear_outcome(&update->predicted);
    rewind_findings(findings);
    while (next_lead(findings, &found)) {
        CHECK_FOR_INTERRUPTS();
        MemoryContext caller = MemoryContextSwitchTo(update->lead_context);
        bool free = prepare_lead(update, found, memory, end++);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(update->lead_context);
        bool many =
            has_many_transitions(&update->predicted) || MemoryContextMemAllocated(memory, true) > kMostPreparedBytes;
        if (!free || many) return false;
    }
    if (!seem_free(update, leads, end, memory)) return false;
    for (PreparedLead* lead = leads; lead != end; ++lead) {
        if (!lead->locks) continue;
        LeadRow row = lock_lead(update, lead->key);
        if (row == LeadRow::Busy) return false;
        if (row == LeadRow::Missing) lead->score.row = nullptr;  // computed again: it has no status to show
    }
    return true;
}

// What was prepared is written; a lead that is not as it was read is worked on again.
void write_leads(LeadsUpdate* update, Findings* findings, const PreparedLead* lead) {
    LeadFindings found;
    Snapshot reading = hold_reading(update->scores);
    end_scan(update->scores);  // which stands at the last lead
    clear_outcome(&update->outcome);
    update->disturbed = false;
    update->merged.count = 0;
    uint64 done = 0;
    rewind_findings(findings);
    for (; next_lead(findings, &found); ++lead) {
        report(update, done++);
        MemoryContext caller = MemoryContextSwitchTo(update->lead_context);
        bool written = lead->score.row != nullptr && !update->disturbed &&
                       write_prepared(update->task.as, update->scores, lead->score);
        take_rows(&update->predicted.transitions, lead->transitions, written ? &update->outcome.transitions : nullptr);
        take_rows(&update->predicted.statuses, lead->statuses, written ? &update->outcome.statuses : nullptr);
        if (!written) work_on_lead(update, found);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(update->lead_context);
    }
    release_reading(reading);
    write_moves(update);
}

// Without a subtransaction, where nobody else is at any of the leads. False where somebody is.
bool work_uncontended(LeadsUpdate* update, Findings* findings) {
    if (update->leads > kMostPrepared) return false;
    MemoryContext memory =
        AllocSetContextCreate(update->context, "lead_scoring prepared leads", ALLOCSET_DEFAULT_SIZES);
    auto* leads = static_cast<PreparedLead*>(MemoryContextAllocZero(memory, sizeof(PreparedLead) * update->leads));
    begin_scan(update->scores);
    update->task.predicts = true;
    bool free = prepare_leads(update, findings, memory, leads);
    update->task.predicts = false;
    if (free) {
        update->revocable = false;  // what comes in between now is waited for
        write_leads(update, findings, leads);
    } else {
        clear_outcome(&update->predicted);
    }
    end_scan(update->scores);
    MemoryContextDelete(memory);
    return free;
}

struct Round {
    LeadsUpdate* update;
    Findings* findings;
    uint64 leads;
};

bool run_round(void* argument) {
    auto* round = static_cast<Round*>(argument);
    LeadsUpdate* update = round->update;
    for (int i = 0; i < update->lock_first.count; ++i)
        run(update, PlanName::LockLeadWaiting, &update->lock_first.keys[i]);
    work_on_all(update, round->findings, &round->leads);
    return !update->blocked;
}

// A round that fails gives back whatever it held, so that the next one waits with nothing in its hands.
uint64 work_on_several(LeadsUpdate* update, Findings* findings) {
    if (work_uncontended(update, findings)) return update->leads;
    Round round = {update, findings, 0};
    const KeyType& type = update->task.model->key;
    while (!run_revocable(run_round, &round)) {
        std::sort(update->lock_first.keys, update->lock_first.keys + update->lock_first.count,
                  [&](Datum a, Datum b) { return compare_keys(type, a, b) < 0; });
    }
    return round.leads;
}

}  // namespace

Applied apply_findings(const AsWriter& as, const Version* version, Findings* findings, Work work,
                       const MoveByHand* by_hand) {
    Model* model = as.model;
    LeadsUpdate update = {};
    update.task.as = as;
    update.task.model = model;
    update.task.version = version;
    update.task.policy = &policy_of(work);
    // With one lead nothing is held while its row is waited for. What waits for no lead need not begin again; nor must
    // its rows, which are locked, be written by a subtransaction: that would cost a multixact.
    update.revocable = model->binding.status_count > 0 && update.task.policy->rivals != Rivals::LeavesBusy &&
                       !has_single_lead(findings);
    update.everything = update.task.policy->facts == Facts::All;
    update.began = GetActiveSnapshot()->curcid;
    update.task.now = GetCurrentTimestamp();
    update.context = CurrentMemoryContext;
    update.task.by_hand = by_hand;
    update.outcome = begin_outcome(model, version, by_hand, update.task.policy->hands_off);
    update.predicted = update.outcome;
    update.problems = make_problems();
    update.lead_context = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring lead", ALLOCSET_DEFAULT_SIZES);
    update.task.workspace = make_workspace();
    update.scores = open_scores(model, version);
    update.leads = estimate_leads(findings);
    expect_leads(update.scores, update.leads);
    if (update.everything && update.leads == kManyLeads) update.leads = count_leads(findings);
    uint64 leads = 0;
    if (update.revocable)
        leads = work_on_several(&update, findings);
    else
        work_on_all(&update, findings, &leads);
    close_scores(update.scores);
    record_problems(as, &update.problems);
    CommandCounterIncrement();
    return {leads - update.left_out, statuses_of(update.outcome), update.merged.keys, update.merged.count};
}

Applied apply_to_all(const AsWriter& as, const Version* version, Work work, const MoveByHand* by_hand) {
    begin_progress(as.model->scores, GetCurrentTimestamp());
    Findings* findings = make_findings(as.model->key);
    Problems problems = make_problems();
    read_everything(as, version, findings, &problems, false);
    Applied applied = {};
    if (!is_empty(findings)) {
        sort_findings(findings);
        applied = apply_findings(as, version, findings, work, by_hand);
        free_findings(findings);
    }
    record_problems(as, &problems);
    report_phase(Phase::WritingStatus);
    return applied;
}

Applied apply_to_lead(const AsWriter& as, const Version* version, Datum key, Work work, const MoveByHand* by_hand) {
    Findings* findings = make_findings(as.model->key);
    add_key(as.model, key, FindingKind::Stored, findings);
    sort_findings(findings);
    return apply_findings(as, version, findings, work, by_hand);
}

}  // namespace lead_scoring
