#include "pg/server/postgres.hpp"

#include "pg/scoring/outcome.hpp"

#include "pg/intake/plans.hpp"
#include "pg/model/table_write.hpp"
#include "pg/scoring/history.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

constexpr int kRowsPerStatement = 1000;

uint64 computations = 0;  // begun so far in this backend, one within the other too; it only rises

RowToWrite* add_row(RowList* list, int columns) {
    auto* row = static_cast<RowToWrite*>(palloc(sizeof(RowToWrite)));
    row->values = static_cast<Datum*>(palloc0(sizeof(Datum) * static_cast<Size>(columns)));
    row->nulls = static_cast<bool*>(palloc0(sizeof(bool) * static_cast<Size>(columns)));
    row->attempts = 0;
    row->next = nullptr;
    *list->last = row;
    list->last = &row->next;
    ++list->count;
    return row;
}

void set_text(RowToWrite* row, int column, const char* value) {
    row->nulls[column] = value == nullptr;
    if (value != nullptr) row->values[column] = CStringGetTextDatum(value);
}

// Column `column` of the next `rows` rows as an array.
Datum column_array(const RowToWrite* row, int rows, int column, Oid type) {
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(rows)));
    auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * static_cast<Size>(rows)));
    for (int i = 0; i < rows; ++i, row = row->next) {
        values[i] = row->values[column];
        nulls[i] = row->nulls[column];
    }
    int dimensions[] = {rows};
    int lower_bounds[] = {1};
    int16 length = 0;
    bool by_value = false;
    char alignment = 0;
    get_typlenbyvalalign(type, &length, &by_value, &alignment);
    return PointerGetDatum(
        construct_md_array(values, nulls, 1, dimensions, lower_bounds, type, length, by_value, alignment));
}

// `rows` rows from `row` on, each column of which is an argument: a row by itself as values, several as arrays.
void write_some(const AsWriter& as, PlanName one, PlanName many, const RowToWrite* row, int rows, bool fire_triggers) {
    const Model* model = as.model;
    auto* types =
        static_cast<Oid*>(palloc(sizeof(Oid) * static_cast<Size>(model->binding.status_count + kTransitionColumns)));
    int columns = row_types(model, many, types);
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(columns)));
    auto* nulls = static_cast<char*>(palloc(static_cast<Size>(columns)));
    for (int i = 0; i < columns; ++i) {
        values[i] = rows == 1 ? row->values[i] : column_array(row, rows, i, types[i]);
        nulls[i] = rows == 1 && row->nulls[i] ? 'n' : ' ';
    }
    execute(as, rows == 1 ? one : many, values, nulls, fire_triggers);
}

// Writes all rows from `row` on. A row by itself has a statement of its own: reading arrays takes the server longer
// than writing the row. Before each statement prepare(row, rows) may change what it is about to write.
template <class Prepare>
void write_rows(const AsWriter& as, PlanName one, PlanName many, RowToWrite* row, bool fire_triggers, Prepare prepare) {
    if (row == nullptr) return;
    MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring rows", ALLOCSET_DEFAULT_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(context);
    while (row != nullptr) {
        int rows = 0;
        RowToWrite* end = row;
        for (; end != nullptr && rows < kRowsPerStatement; end = end->next) ++rows;
        prepare(row, rows);
        write_some(as, one, many, row, rows, fire_triggers);
        MemoryContextSwitchTo(context);
        MemoryContextReset(context);
        row = end;
    }
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(context);
}

void clear(RowList* list) { *list = {nullptr, &list->first, 0}; }

void clear_transitions(Outcome* outcome) {
    clear(&outcome->transitions);
    if (outcome->pending != nullptr) MemoryContextReset(outcome->pending);
}

// What status columns can show of a lead.
struct Shown {
    const char* stage;
    double score;
    const char* grade;             // null: none
    const Timestamp* entered;      // for each stage: when it was entered first, or kNever
    const Timestamp* entered_now;  // the same, where that is kNever
};

void show(const Model* model, const Version* version, const Shown& shown, RowToWrite* row) {
    for (int i = 0; i < model->binding.status_count; ++i) {
        const StatusColumn& column = model->binding.status[i];
        int stage = kNoStage;
        Timestamp at = kNever;
        switch (column.kind) {
            case StatusKind::Stage:
                set_text(row, i + 1, shown.stage);
                break;
            case StatusKind::Score:
                row->values[i + 1] = Float8GetDatum(shown.score);
                break;
            case StatusKind::Grade:
                set_text(row, i + 1, shown.grade);
                break;
            case StatusKind::StageAt:
                stage = find_status_stage(version, column.stage);
                if (stage != kNoStage)
                    at = shown.entered[stage] != kNever ? shown.entered[stage] : shown.entered_now[stage];
                row->values[i + 1] = Int64GetDatum(at);
                row->nulls[i + 1] = at == kNever;
                break;
        }
    }
}

// Has each row show what the lead's row of scores says now. That of a lead which has gone shows nobody anything.
void show_again(Model* model, const Version* version, RowToWrite* row, int rows) {
    ScoreTable* scores = open_scores(model, version);
    begin_scan(scores);
    for (; rows > 0; --rows, row = row->next) {
        ScoreRow stored;
        if (!read_score(scores, row->values[0], FirstCommandId, &stored)) continue;
        Shown shown = {stored.stage_name, stored.score, stored.grade, stored.entered, stored.entered};
        show(model, version, shown, row);
    }
    close_scores(scores);
}

}  // namespace

Outcome begin_outcome(Model* model, const Version* version, const MoveByHand* by_hand, bool hands_off) {
    Outcome outcome = {};
    outcome.model = model;
    outcome.version = version;
    outcome.computation = ++computations;
    outcome.by_hand = by_hand;
    outcome.hands_off = hands_off;
    outcome.context = CurrentMemoryContext;
    return outcome;
}

void clear_outcome(Outcome* outcome) {
    clear_transitions(outcome);
    clear(&outcome->statuses);
}

void take_rows(RowList* from, int count, RowList* to) {
    if (count == 0) return;
    RowToWrite* first = from->first;
    RowToWrite* end = first;
    for (int i = 1; i < count; ++i) end = end->next;
    from->first = end->next;
    from->count -= count;
    if (from->first == nullptr) from->last = &from->first;
    if (to == nullptr) return;
    end->next = nullptr;
    *to->last = first;
    to->last = &end->next;
    to->count += count;
}

bool shows_status(const Model* model, const Version* version, const Workspace* workspace, const ScoreRow& row) {
    if (row.card == nullptr || !workspace->transitions.empty()) return true;
    for (int i = 0; i < model->binding.status_count; ++i) {
        const StatusColumn& column = model->binding.status[i];
        // One who has not moved stands elsewhere where leads begin elsewhere.
        if (column.kind == StatusKind::Stage &&
            strcmp(version->stages[workspace->lead.stage.stage].name, row.stage_name) != 0)
            return true;
        if (column.kind == StatusKind::Score && points_of_units(workspace->lead.features.score.total) != row.score)
            return true;
        if (column.kind == StatusKind::Grade &&
            strcmp(workspace->grade.c_str(), row.grade == nullptr ? "" : row.grade) != 0)
            return true;
    }
    return false;
}

void add_transitions(Outcome* outcome, Datum key, const Workspace* workspace, const ScoreRow& row) {
    const Version* version = outcome->version;
    const KeyType& type = outcome->model->key;
    if (workspace->transitions.empty()) return;
    if (outcome->pending == nullptr)
        outcome->pending = AllocSetContextCreate(outcome->context, "lead_scoring transitions", ALLOCSET_DEFAULT_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(outcome->pending);
    for (const Transition& transition : workspace->transitions) {
        const HandRow* again = transition.hand == kNoHand ? nullptr : &workspace->hand_rows[transition.hand];
        bool by_hand =
            transition.cause == Cause::Manual && outcome->by_hand != nullptr && outcome->by_hand->stage != kNoStage;
        bool first = &transition == workspace->transitions.data();
        RowToWrite* added = add_row(&outcome->transitions, kTransitionColumns);
        added->values[0] = datumCopy(key, type.by_value, type.length);
        added->values[1] = Int32GetDatum(static_cast<int32>(transition.seq));
        set_text(added, 2, first ? row.stage_name : version->stages[transition.from].name);
        set_text(added, 3, version->stages[transition.to].name);
        added->values[4] = Int64GetDatum(transition.at);
        added->values[5] = Float8GetDatum(points_of_units(transition.features.score.total));
        added->values[6] = Float8GetDatum(points_of_units(transition.features.score.engagement));
        added->values[7] = Float8GetDatum(points_of_units(transition.features.score.fit));
        set_text(added, 8, grade_label(version, transition.features.grade));
        added->values[9] = Int64GetDatum(version->number);
        set_text(added, 10, cause_name(transition.cause));
        set_text(added, 11, transition.rule == kNoRule ? nullptr : version->rules[transition.rule].name);
        set_text(added, 12, again != nullptr ? again->actor : by_hand ? outcome->by_hand->actor : nullptr);
        set_text(added, 13, again != nullptr ? again->reason : by_hand ? outcome->by_hand->reason : nullptr);
        const Stage& entered = version->definition->stages[transition.to];
        if (entered.hand_off && outcome->hands_off &&
            add_saturated(transition.at, entered.hand_off_max_age) >= GetCurrentTimestamp())
            added->attempts = entered.max_attempts;
        set_text(
            added, 14,
            transition.entry == kNoEntry ? nullptr : version->stages[version->stage_count + transition.entry].name);
        std::size_t place = static_cast<std::size_t>(&transition - workspace->transitions.data());
        set_text(added, 15, version->lead_type_count == 0 ? nullptr : workspace->move_types[place]);
    }
    MemoryContextSwitchTo(caller);
}

void add_status(Outcome* outcome, Datum key, const Workspace* workspace, const ScoreRow& row) {
    Model* model = outcome->model;
    const Version* version = outcome->version;
    MemoryContext caller = MemoryContextSwitchTo(outcome->context);
    RowToWrite* added = add_row(&outcome->statuses, model->binding.status_count + 1);
    added->values[0] = datumCopy(key, model->key.by_value, model->key.length);
    const char* grade = workspace->grade.empty() ? nullptr : workspace->grade.c_str();
    Shown shown = {version->stages[workspace->lead.stage.stage].name,
                   points_of_units(workspace->lead.features.score.total), grade, row.entered,
                   workspace->entered.data()};
    show(model, version, shown, added);
    MemoryContextSwitchTo(caller);
}

bool has_many_transitions(const Outcome* outcome) { return outcome->transitions.count >= kRowsPerStatement; }

namespace {

// Writes the hand-offs of transitions that are written, in one statement for many.
void hand_over(const AsWriter& as, const RowToWrite* row) {
    auto next = [](const RowToWrite* from) {
        while (from != nullptr && from->attempts == 0) from = from->next;
        return from;
    };
    row = next(row);
    if (row == nullptr) return;
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "lead_scoring hand-offs", ALLOCSET_DEFAULT_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(context);
    while (row != nullptr) {
        RowList some;
        clear(&some);
        for (; row != nullptr && some.count < kRowsPerStatement; row = next(row->next)) {
            RowToWrite* handed = add_row(&some, 3);
            handed->values[0] = row->values[0];
            handed->values[1] = row->values[1];
            handed->values[2] = Int32GetDatum(row->attempts);
        }
        Oid types[] = {as.model->key.type, INT4OID, INT4OID};
        Datum values[3];
        for (int i = 0; i < 3; ++i) values[i] = column_array(some.first, some.count, i, types[i]);
        execute(as, PlanName::AddHandoffs, values);
        MemoryContextSwitchTo(context);
        MemoryContextReset(context);
    }
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(context);
}

}  // namespace

void write_transitions(const AsWriter& as, Outcome* outcome) {
    write_rows(as, PlanName::AddTransition, PlanName::AddTransitions, outcome->transitions.first, true,
               [](RowToWrite*, int) {});
    hand_over(as, outcome->transitions.first);
    clear_transitions(outcome);
}

namespace {

void remove_lead(const KeyType& type, RowList* list, Datum key) {
    RowToWrite* row = list->first;
    clear(list);
    for (; row != nullptr; row = row->next) {
        if (compare_keys(type, row->values[0], key) == 0) continue;
        *list->last = row;
        list->last = &row->next;
        ++list->count;
    }
    *list->last = nullptr;
}

}  // namespace

List* take_contradicted_leads(Outcome* outcome) {
    const KeyType& type = outcome->model->key;
    HistoryProbe probe;
    if (outcome->transitions.first == nullptr || !open_history(outcome->model, &probe)) return NIL;
    MemoryContext caller = MemoryContextSwitchTo(outcome->context);
    List* leads = NIL;
    const RowToWrite* first = nullptr;  // of the lead
    for (const RowToWrite* row = outcome->transitions.first; row != nullptr; row = row->next) {
        if (first != nullptr && compare_keys(type, first->values[0], row->values[0]) == 0) continue;
        first = row;
        if (!has_moves_from(&probe, row->values[0], DatumGetInt32(row->values[1]))) continue;
        auto* key = static_cast<Datum*>(palloc(sizeof(Datum)));
        *key = datumCopy(row->values[0], type.by_value, type.length);
        leads = lappend(leads, key);
    }
    close_history(&probe);
    for (int i = 0; i < list_length(leads); ++i)
        for (RowList* list : {&outcome->transitions, &outcome->statuses})
            remove_lead(type, list, *static_cast<Datum*>(list_nth(leads, i)));
    MemoryContextSwitchTo(caller);
    return leads;
}

Statuses statuses_of(const Outcome& outcome) { return {outcome.statuses.first, outcome.version, outcome.computation}; }

namespace {

void write_statuses(Model* model, const Statuses& statuses, bool in_trigger) {
    if (statuses.first == nullptr) return;
    // What would be queued as the owner is not to run under the path of the one who stored the event.
    bool fire_triggers = !in_trigger || LEAD_SCORING_QUEUED_AS_QUEUER;
    auto prepare = [&](RowToWrite* row, int rows) {
        if (computations != statuses.computation) show_again(model, statuses.version, row, rows);
    };
    with_lead_update(model, in_trigger, [&](const AsWriter& as) {
        write_rows(as, PlanName::UpdateStatus, PlanName::UpdateStatuses, statuses.first, fire_triggers, prepare);
    });
}

}  // namespace

void end_work(const AsWriter& as, const Statuses& statuses, bool in_trigger) {
    leave_owner(as);
    write_statuses(as.model, statuses, in_trigger);
    finish_spi();
}

}  // namespace lead_scoring
