#include "pg/postgres.hpp"

#include "pg/statement.hpp"

#include <algorithm>

#include "pg/event_log.hpp"
#include "pg/progress.hpp"
#include "pg/query.hpp"
#include "pg/score_row.hpp"
#include "pg/subtransaction.hpp"

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
    uint64 left_out;  // busy leads of a refresh
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
};

// Leaves SPI_processed, and nothing in memory: neither the result nor SPI's context as the current one.
void run(Statement* statement, PlanName name, Datum* values) {
    MemoryContext caller = CurrentMemoryContext;
    int code = SPI_execute_plan(plan(statement->model, name), values, nullptr, false, 0);
    if (code < 0) elog(ERROR, "statement failed: %s", SPI_result_code_string(code));
    SPI_freetuptable(SPI_tuptable);
    MemoryContextSwitchTo(caller);
}

enum class LeadRow { Locked, Missing, Busy };

// Whether the statement itself wrote the lead's row in the leads table.
bool came_or_changed(const Statement* statement, const LeadFindings& found) {
    return statement->work == Work::Change && found.known;
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
    if (statement->work == Work::Refresh) {
        ++statement->left_out;
        return false;
    }
    if (statement->revocable) {
        remember_busy(statement, key);
        statement->blocked = true;
        return false;
    }
    run(statement, PlanName::LockLeadWaiting, &key);
    end_reading(statement->scores);
    return true;
}

// Makes the row of a lead that has none. Its first status will be shown, so the leads row is locked before. False as
// above.
bool create_row(Statement* statement, const LeadFindings& found) {
    LeadRow lead;
    if (statement->model->status_count > 0 && !ask_for_lead(statement, found, &lead)) return false;
    const char* first = statement->version->stages[statement->version->definition->first_stage].name;
    Datum values[] = {found.key, CStringGetTextDatum(first)};
    run(statement, PlanName::CreateScore, values);
    end_reading(statement->scores);
    return true;
}

enum class Gone { NotAtAll, Entirely, EventsRemain };

// Removes a deleted lead's state and history. Where events remain, the lead then begins anew, without a history. The
// score row goes first, for it is the lock that others wait for, and for whom we wait.
Gone forget(Statement* statement, Datum key) {
    run(statement, PlanName::FindLead, &key);
    if (SPI_processed > 0) return Gone::NotAtAll;  // it is there still, or again
    delete_state(statement->model, key);
    end_reading(statement->scores);
    bool remain =
        with_log(statement->model, statement->version, key, false, [](const LeadFindings& left) { return left.seen; });
    return remain ? Gone::EventsRemain : Gone::Entirely;
}

bool write_row(Statement* statement, const ScoreRow& row) {
    const Workspace* workspace = statement->workspace;
    const Lead& lead = workspace->lead;
    ScoreUpdate update = {};
    update.card = workspace->card.data();
    update.card_size = workspace->card.size();
    update.score = lead.score;
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
    return write_score(statement->scores, update);
}

// Others may remove a row as soon as it is made, but not for ever.
constexpr int kMostAttempts = 100;

[[noreturn]] void refuse_to_make(const Statement* statement, Datum key) {
    const Model* model = statement->model;
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("a row of lead \"%s\" cannot be made in table \"scores\" of model \"%s\"",
                           key_to_text(model->key, key), model->name),
                    errdetail("It is inserted and not there: a trigger of the table keeps it out."),
                    errhint("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass;",
                            quote_literal_cstr(quote_qualified_identifier(model->name, "scores")))));
    pg_unreachable();
}

void work_on_lead(Statement* statement, const LeadFindings& found) {
    const Workspace* workspace = statement->workspace;
    ScoreRow row;
    bool gone = found.removed || (statement->everything && !found.known && !found.seen);
    if (gone) {
        Gone how = forget(statement, found.key);
        bool more = found.known || found.seen || found.taken_back;
        if (how == Gone::Entirely || (how == Gone::NotAtAll && !more)) return;
        gone = how == Gone::EventsRemain;
    }
    for (int made = 0;;) {
        CHECK_FOR_INTERRUPTS();
        if (!read_score(statement->scores, found.key, statement->began, &row)) {
            if (++made > kMostAttempts) refuse_to_make(statement, found.key);
            if (!create_row(statement, found)) return;
            continue;
        }
        if (!compute(statement, found, &row, gone)) {
            if (forget(statement, found.key) != Gone::EventsRemain) return;
            continue;
        }
        finish_lead(statement->workspace, statement->version);

        bool status = statement->model->status_count > 0 &&
                      (came_or_changed(statement, found) || shows_status(statement->model, workspace, row));
        if (status) {
            LeadRow lead;
            if (!ask_for_lead(statement, found, &lead)) return;
            if (lead == LeadRow::Busy) continue;  // waited for: the score row may have changed
            status = lead == LeadRow::Locked;
        }
        if (statement->blocked) return;
        if (!write_row(statement, row)) continue;
        add_transitions(&statement->outcome, found.key, workspace, row);
        if (status) add_status(&statement->outcome, found.key, workspace, row);
        return;
    }
}

// Works again on a lead that history contradicts: its row, which is written already, was wrong before.
void work_on_lead_again(Statement* statement, Datum key) {
    LeadFindings found = {};
    found.key = key;
    found.taken_back = statement->work == Work::Change;
    Work work = statement->work;
    if (statement->everything) statement->work = Work::Renew;
    statement->distrusts = true;
    work_on_lead(statement, found);
    statement->distrusts = false;
    statement->work = work;
}

void write_moves(Statement* statement) {
    List* leads = take_contradicted_leads(&statement->outcome);
    if (leads != NIL) {
        end_reading(statement->scores);
        CommandCounterIncrement();  // to see the rows that were written
    }
    for (int i = 0; i < list_length(leads); ++i)
        work_on_lead_again(statement, *static_cast<Datum*>(list_nth(leads, i)));
    if (!statement->blocked) write_transitions(&statement->outcome);
    end_reading(statement->scores);  // triggers on transitions are the user's, and may have stored events
}

uint64 count_leads(Findings* findings) {
    LeadFindings lead;
    uint64 leads = 0;
    for (rewind_findings(findings); next_lead(findings, &lead);) ++leads;
    return leads;
}

// All leads, in key order.
void work_on_all(Statement* statement, Findings* findings, uint64* leads) {
    constexpr uint64 kLeadsPerReport = 100;
    LeadFindings lead;
    *leads = 0;
    statement->blocked = false;
    clear_outcome(&statement->outcome);
    begin_reading(statement->scores);
    rewind_findings(findings);
    while (next_lead(findings, &lead)) {
        if (statement->everything && *leads % kLeadsPerReport == 0)
            report_leads(static_cast<int64>(*leads), static_cast<int64>(statement->leads));
        MemoryContext caller = MemoryContextSwitchTo(statement->lead_context);
        work_on_lead(statement, lead);
        if (has_many_transitions(&statement->outcome)) write_moves(statement);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(statement->lead_context);
        ++*leads;
    }
    if (!statement->blocked) write_moves(statement);
    end_reading(statement->scores);
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
    Round round = {statement, findings, 0};
    const KeyType& type = statement->model->key;
    while (!run_revocable(run_round, &round)) {
        std::sort(statement->lock_first, statement->lock_first + statement->lock_first_count,
                  [&](Datum a, Datum b) { return compare_keys(type, a, b) < 0; });
    }
    return round.leads;
}

}  // namespace

Applied apply_findings(Model* model, const PublishedVersion* version, Findings* findings, Work work,
                       const MoveByHand* by_hand) {
    Statement statement = {};
    statement.model = model;
    statement.version = version;
    statement.work = work;
    // With one lead nothing is held while its row is waited for. A refresh waits for no lead, and so need not begin
    // again; nor must its rows, which are locked, be written by a subtransaction: that would cost a multixact.
    statement.revocable = model->status_count > 0 && work != Work::Refresh && !has_single_lead(findings);
    statement.everything = work == Work::Rescore || work == Work::Replay || work == Work::CatchUp;
    statement.began = GetActiveSnapshot()->curcid;
    statement.now = GetCurrentTimestamp();
    statement.context = CurrentMemoryContext;
    statement.outcome.model = model;
    statement.outcome.version = version;
    statement.by_hand = by_hand;
    statement.outcome.by_hand = by_hand;
    statement.outcome.context = CurrentMemoryContext;
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
    return {leads - statement.left_out, statement.outcome.statuses.first};
}

Applied apply_to_lead(Model* model, const PublishedVersion* version, Datum key, Work work, const MoveByHand* by_hand) {
    Findings* findings = make_findings(model->key);
    add_key(model, key, FindingKind::Stored, findings);
    sort_findings(findings);
    return apply_findings(model, version, findings, work, by_hand);
}

}  // namespace lead_scoring
