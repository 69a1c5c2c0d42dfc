#include "pg/server/postgres.hpp"

#include "pg/scoring/statement.hpp"

#include <algorithm>

#include "pg/intake/event_log.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/withheld.hpp"
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

struct Statement : Computation {
    bool revocable;   // a lead that is busy ends the round, which is rolled back
    uint64 left_out;  // busy leads
    bool everything;  // findings are everything there is
    uint64 leads;     // there are; kManyLeads where these are not counted
    CommandId began;
    ScoreTable* scores;
    MemoryContext lead_context;  // reset after each lead
    Datum* lock_first;           // leads whose rows in the leads table could not be had without waiting
    int lock_first_count;
    int lock_first_capacity;
    MemoryContext context;
    bool blocked;  // this round will be rolled back: it only goes on to find what else has to be locked first
    Outcome outcome;
    Outcome predicted;  // of prepared leads whose turn to be written has not come
    bool disturbed;     // triggers of the user's have run: they may have stored events of any lead
};

// Leaves SPI_processed, and nothing in memory: neither the result nor SPI's context as the current one.
void run(Statement* statement, PlanName name, Datum* values) {
    MemoryContext caller = CurrentMemoryContext;
    execute(statement->as, name, values);
    SPI_freetuptable(SPI_tuptable);
    MemoryContextSwitchTo(caller);
}

enum class LeadRow { Locked, Missing, Busy };

// Whether the statement itself wrote the lead's row in the leads table.
bool came_or_changed(const Statement* statement, const LeadFindings& found) {
    return statement->policy->facts == Facts::Rows && found.known;
}

// Locks the lead's row in the leads table without waiting.
LeadRow lock_lead(Statement* statement, Datum key) {
    run(statement, PlanName::LockLead, &key);
    if (SPI_processed > 0) return LeadRow::Locked;
    run(statement, PlanName::FindLead, &key);
    return SPI_processed > 0 ? LeadRow::Busy : LeadRow::Missing;
}

void remember_busy(Statement* statement, Datum key) {
    MemoryContext caller = MemoryContextSwitchTo(statement->context);
    if (statement->lock_first_count == statement->lock_first_capacity) {
        statement->lock_first_capacity = statement->lock_first_capacity * 2 + 16;
        Size size = sizeof(Datum) * static_cast<Size>(statement->lock_first_capacity);
        statement->lock_first = static_cast<Datum*>(
            statement->lock_first == nullptr ? palloc(size) : repalloc(statement->lock_first, size));
    }
    const KeyType& type = statement->model->key;
    statement->lock_first[statement->lock_first_count++] = datumCopy(key, type.by_value, type.length);
    MemoryContextSwitchTo(caller);
}

// Asks for the lead's row in the leads table, without waiting while anything is held. False where it cannot be had and
// the lead is left, for the next round or the next refresh.
bool ask_for_lead(Statement* statement, const LeadFindings& found, LeadRow* row) {
    Datum key = found.key;
    *row = came_or_changed(statement, found) ? LeadRow::Locked : lock_lead(statement, key);
    if (*row != LeadRow::Busy) return true;
    if (statement->policy->rivals == Rivals::LeavesBusy) {
        ++statement->left_out;
        return false;
    }
    if (statement->revocable) {
        remember_busy(statement, key);
        statement->blocked = true;
        return false;
    }
    run(statement, PlanName::LockLeadWaiting, &key);
    end_scan(statement->scores);
    return true;
}

// Makes the row of a lead that has none. Its first status will be shown, so the leads row is locked before. False as
// above.
bool create_row(Statement* statement, const LeadFindings& found) {
    LeadRow lead;
    if (statement->model->binding.status_count > 0 && !ask_for_lead(statement, found, &lead)) return false;
    const char* first = statement->version->stages[statement->version->definition->first_stage].name;
    Datum values[] = {found.key, CStringGetTextDatum(first)};
    run(statement, PlanName::CreateScore, values);
    end_scan(statement->scores);
    return true;
}

enum class Gone { NotAtAll, Entirely, EventsRemain };

// Removes a deleted lead's state and history. Where events remain, the lead then begins anew, without a history. The
// score row goes first, for it is the lock that others wait for, and for whom we wait.
Gone forget(Statement* statement, Datum key) {
    run(statement, PlanName::FindLead, &key);
    if (SPI_processed > 0) return Gone::NotAtAll;  // it is there still, or again
    delete_state(statement->as, key);
    statement->disturbed = true;
    end_scan(statement->scores);
    bool remain =
        with_log(statement->as, statement->version, key, false, [](const LeadFindings& left) { return left.seen; });
    return remain ? Gone::EventsRemain : Gone::Entirely;
}

ScoreUpdate score_update(const Statement* statement, const ScoreRow& row) {
    const Workspace* workspace = statement->workspace;
    const Lead& lead = workspace->lead;
    ScoreUpdate update = {};
    update.card = workspace->card.data();
    update.card_size = workspace->card.size();
    update.score = points_of_units(lead.features.score.total);
    update.engagement = points_of_units(lead.features.score.engagement);
    update.fit = points_of_units(lead.features.score.fit);
    update.grade = workspace->grade.empty() ? nullptr : workspace->grade.c_str();
    update.version = statement->version->number;
    update.stage_name = statement->version->stages[lead.stage.stage].name;
    update.stage_since = lead.stage.since;
    update.stage_seq = lead.stage.seq;
    update.stage_armed = lead.stage.armed;
    update.counted = workspace->known;
    update.scored_at = lead.seen_at;
    update.due_at = lead.due_at;
    update.entered = workspace->entered.data();
    update.entered_before = row.restored ? row.entered : nullptr;
    return update;
}

// Others may remove a row as soon as it is made, or take one out of what a statement writes, but not for ever.
constexpr int kMostAttempts = 100;

bool seems_gone(const Statement* statement, const LeadFindings& found) {
    return found.removed || (statement->everything && !found.known && !found.seen);
}

// Whether the lead in the workspace, whose row that was, may need its row in the leads table.
bool needs_status(const Statement* statement, const LeadFindings& found, const ScoreRow& row) {
    return statement->model->binding.status_count > 0 &&
           (came_or_changed(statement, found) || shows_status(statement->model, statement->workspace, row));
}

// A lead that is being merged is left to the merge, which takes up what was done to it; but a move has to be made now.
bool is_left_alone(const Statement* statement, Datum key) {
    const Model* model = statement->model;
    if (!is_withheld(model, key)) return false;
    if (statement->policy->rivals == Rivals::RefusesMerging)
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("lead \"%s\" of model \"%s\" is being merged", key_to_text(model->key, key), model->name),
                 errdetail("A trigger is to move it within merge_leads, which joins its history."),
                 errhint("SELECT lead_scoring.set_stage(%s, %s, 'sql', 'called them');  -- after merge_leads",
                         quote_literal_cstr(model->name), quote_literal_cstr(key_to_text(model->key, key)))));
    return true;
}

void work_on_lead(Statement* statement, const LeadFindings& found) {
    if (is_left_alone(statement, found.key)) return;
    const Workspace* workspace = statement->workspace;
    ScoreRow row;
    bool gone = seems_gone(statement, found);
    if (gone) {
        Gone how = forget(statement, found.key);
        bool more = found.known || found.seen || found.taken_back;
        if (how == Gone::Entirely || (how == Gone::NotAtAll && !more)) return;
        gone = how == Gone::EventsRemain;
    }
    int attempts = 0;  // that only triggers of others can have foiled
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        if (!read_score(statement->scores, found.key, statement->began, &row)) {
            if (++attempts > kMostAttempts) refuse_kept_out(statement->model, "scores", found.key);
            if (!create_row(statement, found)) return;
            continue;
        }
        if (!compute(statement, found, &row, gone)) {
            if (forget(statement, found.key) != Gone::EventsRemain) return;
            continue;
        }
        if (row.restored) statement->disturbed = true;
        finish_lead(statement->workspace, statement->version);

        bool status = needs_status(statement, found, row);
        if (status) {
            LeadRow lead;
            if (!ask_for_lead(statement, found, &lead)) return;
            if (lead == LeadRow::Busy) continue;  // waited for: the score row may have changed
            status = lead == LeadRow::Locked;
        }
        if (statement->blocked) return;
        if (!write_score(statement->as, statement->scores, score_update(statement, row))) {
            if (is_seen_by_others(statement->scores) && ++attempts > kMostAttempts)
                refuse_kept_out(statement->model, "scores", found.key);
            continue;
        }
        add_transitions(&statement->outcome, found.key, workspace, row);
        if (status) add_status(&statement->outcome, found.key, workspace, row);
        return;
    }
}

// Works again on a lead that history contradicts: its row, which is written already, was wrong before.
void work_on_lead_again(Statement* statement, Datum key) {
    LeadFindings found = {};
    found.key = key;
    const Policy* policy = statement->policy;
    found.taken_back = policy->facts == Facts::Rows;
    if (statement->everything) statement->policy = &policy_of(Work::Renew);
    statement->distrusts = true;
    work_on_lead(statement, found);
    statement->distrusts = false;
    statement->policy = policy;
}

void write_moves(Statement* statement) {
    List* leads = take_contradicted_leads(&statement->outcome);
    if (leads != NIL) {
        end_scan(statement->scores);
        CommandCounterIncrement();  // to see the rows that were written
    }
    for (int i = 0; i < list_length(leads); ++i)
        work_on_lead_again(statement, *static_cast<Datum*>(list_nth(leads, i)));
    if (!statement->blocked) write_transitions(statement->as, &statement->outcome);
    end_scan(statement->scores);  // triggers on transitions are the user's, and may have stored events
}

uint64 count_leads(Findings* findings) {
    LeadFindings lead;
    uint64 leads = 0;
    for (rewind_findings(findings); next_lead(findings, &lead);) ++leads;
    return leads;
}

// Tells how far work on everything is.
void report(const Statement* statement, uint64 done) {
    constexpr uint64 kLeadsPerReport = 100;
    if (!statement->everything || done % kLeadsPerReport != 0) return;
    report_leads(static_cast<int64>(done), static_cast<int64>(statement->leads));
}

// All leads, in key order.
void work_on_all(Statement* statement, Findings* findings, uint64* leads) {
    LeadFindings lead;
    *leads = 0;
    statement->blocked = false;
    clear_outcome(&statement->outcome);
    begin_scan(statement->scores);
    rewind_findings(findings);
    while (next_lead(findings, &lead)) {
        report(statement, *leads);
        MemoryContext caller = MemoryContextSwitchTo(statement->lead_context);
        work_on_lead(statement, lead);
        if (has_many_transitions(&statement->outcome)) write_moves(statement);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(statement->lead_context);
        ++*leads;
    }
    if (!statement->blocked) write_moves(statement);
    end_scan(statement->scores);
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
constexpr Size kMostPreparedBytes = 1024 * 1024;

// Computes the lead and writes nothing. False where somebody else is at its score row.
bool prepare_lead(Statement* statement, const LeadFindings& found, MemoryContext memory, PreparedLead* lead) {
    const KeyType& type = statement->model->key;
    const Workspace* workspace = statement->workspace;
    auto lock_first = [&] {
        MemoryContext caller = MemoryContextSwitchTo(memory);
        lead->locks = true;
        lead->key = datumCopy(found.key, type.by_value, type.length);
        MemoryContextSwitchTo(caller);
    };
    ScoreRow row;
    if (seems_gone(statement, found) || is_withheld(statement->model, found.key)) return true;
    if (!read_score(statement->scores, found.key, statement->began, &row)) {
        if (statement->model->binding.status_count > 0 && !came_or_changed(statement, found)) lock_first();
        return true;
    }
    if (row.contended) return false;
    if (!compute(statement, found, &row, false)) return true;
    finish_lead(statement->workspace, statement->version);

    bool status = needs_status(statement, found, row);
    if (status && !came_or_changed(statement, found)) lock_first();
    MemoryContext caller = MemoryContextSwitchTo(memory);
    lead->score = prepare_score(statement->scores, score_update(statement, row));
    MemoryContextSwitchTo(caller);
    if (lead->score.row == nullptr) return true;
    Outcome* predicted = &statement->predicted;
    int transitions = predicted->transitions.count;
    int statuses = predicted->statuses.count;
    add_transitions(predicted, found.key, workspace, row);
    if (status) add_status(predicted, found.key, workspace, row);
    lead->transitions = predicted->transitions.count - transitions;
    lead->statuses = predicted->statuses.count - statuses;
    return true;
}

// Whether anybody seems to have one of the rows that will be locked, without locking any. One alone need not be asked.
bool seem_free(Statement* statement, const PreparedLead* leads, const PreparedLead* end, MemoryContext memory) {
    auto is_locked = [](const PreparedLead& lead) { return lead.locks; };
    auto count = std::count_if(leads, end, is_locked);
    if (count < 2) return true;
    MemoryContext caller = MemoryContextSwitchTo(memory);
    auto* keys = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count)));
    Datum* next = keys;
    for (const PreparedLead* lead = leads; lead != end; ++lead)
        if (lead->locks) *next++ = lead->key;
    Datum array = key_array(statement->model->key, keys, static_cast<int>(count));
    MemoryContextSwitchTo(caller);
    bool free = true;
    for_each_row(plan(statement->as, PlanName::PlacesOfLeads), &array, false, [&](ResultRow row) {
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
bool prepare_leads(Statement* statement, Findings* findings, MemoryContext memory, PreparedLead* leads) {
    LeadFindings found;
    PreparedLead* end = leads;
    clear_outcome(&statement->predicted);
    rewind_findings(findings);
    while (next_lead(findings, &found)) {
        CHECK_FOR_INTERRUPTS();
        MemoryContext caller = MemoryContextSwitchTo(statement->lead_context);
        bool free = prepare_lead(statement, found, memory, end++);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(statement->lead_context);
        bool many =
            has_many_transitions(&statement->predicted) || MemoryContextMemAllocated(memory, true) > kMostPreparedBytes;
        if (!free || many) return false;
    }
    if (!seem_free(statement, leads, end, memory)) return false;
    for (PreparedLead* lead = leads; lead != end; ++lead) {
        if (!lead->locks) continue;
        LeadRow row = lock_lead(statement, lead->key);
        if (row == LeadRow::Busy) return false;
        if (row == LeadRow::Missing) lead->score.row = nullptr;  // computed again: it has no status to show
    }
    return true;
}

// What was prepared is written; a lead that is not as it was read is worked on again.
void write_leads(Statement* statement, Findings* findings, const PreparedLead* lead) {
    LeadFindings found;
    Snapshot reading = hold_reading(statement->scores);
    end_scan(statement->scores);  // which stands at the last lead
    clear_outcome(&statement->outcome);
    statement->disturbed = false;
    uint64 done = 0;
    rewind_findings(findings);
    for (; next_lead(findings, &found); ++lead) {
        report(statement, done++);
        MemoryContext caller = MemoryContextSwitchTo(statement->lead_context);
        bool written = lead->score.row != nullptr && !statement->disturbed &&
                       write_prepared(statement->as, statement->scores, lead->score);
        take_rows(&statement->predicted.transitions, lead->transitions,
                  written ? &statement->outcome.transitions : nullptr);
        take_rows(&statement->predicted.statuses, lead->statuses, written ? &statement->outcome.statuses : nullptr);
        if (!written) work_on_lead(statement, found);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(statement->lead_context);
    }
    release_reading(reading);
    write_moves(statement);
}

// Without a subtransaction, where nobody else is at any of the leads. False where somebody is.
bool work_uncontended(Statement* statement, Findings* findings) {
    if (statement->leads > kMostPrepared) return false;
    MemoryContext memory =
        AllocSetContextCreate(statement->context, "lead_scoring prepared leads", ALLOCSET_DEFAULT_SIZES);
    auto* leads = static_cast<PreparedLead*>(MemoryContextAllocZero(memory, sizeof(PreparedLead) * statement->leads));
    begin_scan(statement->scores);
    statement->predicts = true;
    bool free = prepare_leads(statement, findings, memory, leads);
    statement->predicts = false;
    if (free) {
        statement->revocable = false;  // what comes in between now is waited for
        write_leads(statement, findings, leads);
    } else {
        clear_outcome(&statement->predicted);
    }
    end_scan(statement->scores);
    MemoryContextDelete(memory);
    return free;
}

struct Round {
    Statement* statement;
    Findings* findings;
    uint64 leads;
};

bool run_round(void* argument) {
    auto* round = static_cast<Round*>(argument);
    Statement* statement = round->statement;
    for (int i = 0; i < statement->lock_first_count; ++i)
        run(statement, PlanName::LockLeadWaiting, &statement->lock_first[i]);
    work_on_all(statement, round->findings, &round->leads);
    return !statement->blocked;
}

// A round that fails gives back whatever it held, so that the next one waits with nothing in its hands.
uint64 work_on_several(Statement* statement, Findings* findings) {
    if (work_uncontended(statement, findings)) return statement->leads;
    Round round = {statement, findings, 0};
    const KeyType& type = statement->model->key;
    while (!run_revocable(run_round, &round)) {
        std::sort(statement->lock_first, statement->lock_first + statement->lock_first_count,
                  [&](Datum a, Datum b) { return compare_keys(type, a, b) < 0; });
    }
    return round.leads;
}

}  // namespace

Applied apply_findings(const AsWriter& as, const Version* version, Findings* findings, Work work,
                       const MoveByHand* by_hand) {
    Model* model = as.model;
    Statement statement = {};
    statement.as = as;
    statement.model = model;
    statement.version = version;
    statement.policy = &policy_of(work);
    // With one lead nothing is held while its row is waited for. What waits for no lead need not begin again; nor must
    // its rows, which are locked, be written by a subtransaction: that would cost a multixact.
    statement.revocable =
        model->binding.status_count > 0 && statement.policy->rivals != Rivals::LeavesBusy && !has_single_lead(findings);
    statement.everything = statement.policy->facts == Facts::All;
    statement.began = GetActiveSnapshot()->curcid;
    statement.now = GetCurrentTimestamp();
    statement.context = CurrentMemoryContext;
    statement.by_hand = by_hand;
    statement.outcome = begin_outcome(model, version, by_hand);
    statement.predicted = statement.outcome;
    statement.lead_context = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring lead", ALLOCSET_DEFAULT_SIZES);
    statement.workspace = make_workspace();
    statement.scores = open_scores(model, version);
    statement.leads = estimate_leads(findings);
    expect_leads(statement.scores, statement.leads);
    if (statement.everything && statement.leads == kManyLeads) statement.leads = count_leads(findings);
    uint64 leads = 0;
    if (statement.revocable)
        leads = work_on_several(&statement, findings);
    else
        work_on_all(&statement, findings, &leads);
    close_scores(statement.scores);
    CommandCounterIncrement();
    return {leads - statement.left_out, statuses_of(statement.outcome)};
}

Applied apply_to_lead(const AsWriter& as, const Version* version, Datum key, Work work, const MoveByHand* by_hand) {
    Findings* findings = make_findings(as.model->key);
    add_key(as.model, key, FindingKind::Stored, findings);
    sort_findings(findings);
    return apply_findings(as, version, findings, work, by_hand);
}

}  // namespace lead_scoring
