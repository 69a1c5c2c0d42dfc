// What happens on INSERT, UPDATE, DELETE and TRUNCATE of leads.

#include "pg/server/postgres.hpp"

#include "pg/model/program.hpp"
#include "pg/sql/kept_status.hpp"
#include "pg/sql/trigger.hpp"

extern "C" {
#include "executor/tuptable.h"
#include "utils/datum.h"
#include "utils/rel.h"
}

using namespace lead_scoring;

namespace {

// Old and new rows of an update, pair by pair: both transition tables list them in the same order.
class Pairs {
  public:
    Pairs(TriggerRun* run, RowStream* old_rows, RowStream* new_rows)
        : old_rows_(old_rows), new_rows_(new_rows), key_type_(run->model->key) {
        Relation relation = run->data->tg_relation;
        program_ = program_for(run->as, run->version, run->source, relation);
        old_row_ = MakeSingleTupleTableSlot(RelationGetDescr(relation), old_rows->slot_type);
    }
    bool next(TupleTableSlot* new_row) { return new_rows_->next(new_row) && old_rows_->next(old_row_); }
    bool key_differs(TupleTableSlot* new_row) {
        NullableDatum old_key = {};
        NullableDatum new_key = {};
        old_key.value = lead_of(program_->lead, old_row_, &old_key.isnull);
        new_key.value = lead_of(program_->lead, new_row, &new_key.isnull);
        return keys_differ(key_type_, old_key, new_key);
    }
    bool input_differs(TupleTableSlot* new_row) { return lead_scoring::input_differs(program_, old_row_, new_row); }
    TupleTableSlot* old_row() { return old_row_; }
    void finish() { ExecDropSingleTupleTableSlot(old_row_); }

  private:
    RowStream* old_rows_;
    RowStream* new_rows_;
    const KeyType& key_type_;
    const Program* program_;
    TupleTableSlot* old_row_;
};

// The new rows of an update that changed the key or what a fit rule reads.
class ChangedLeads final : public RowStream {
  public:
    ChangedLeads(TriggerRun* run, RowStream* old_rows, RowStream* new_rows)
        : old_rows_(old_rows), new_rows_(new_rows), pairs_(run, old_rows, new_rows) {
        slot_type = new_rows->slot_type;
    }
    bool next(TupleTableSlot* slot) override {
        while (pairs_.next(slot))
            if (pairs_.key_differs(slot) || pairs_.input_differs(slot)) return true;
        return false;
    }
    void mark() override {
        old_rows_->mark();
        new_rows_->mark();
    }
    void back_to_mark() override {
        old_rows_->back_to_mark();
        new_rows_->back_to_mark();
    }
    void finish() { pairs_.finish(); }

  private:
    RowStream* old_rows_;
    RowStream* new_rows_;
    Pairs pairs_;
};

// The old rows of an update that changed the key: leads that are gone under that key.
class LostKeys final : public RowStream {
  public:
    LostKeys(TriggerRun* run, RowStream* old_rows, RowStream* new_rows) : pairs_(run, old_rows, new_rows) {
        slot_type = new_rows->slot_type;
        new_row_ = MakeSingleTupleTableSlot(RelationGetDescr(run->data->tg_relation), slot_type);
    }
    bool next(TupleTableSlot* slot) override {
        while (pairs_.next(new_row_))
            if (pairs_.key_differs(new_row_)) {
                ExecCopySlot(slot, pairs_.old_row());
                return true;
            }
        return false;
    }
    void mark() override {}
    void back_to_mark() override {}
    void finish() {
        pairs_.finish();
        ExecDropSingleTupleTableSlot(new_row_);
    }

  private:
    Pairs pairs_;
    TupleTableSlot* new_row_;
};

template <class MakeRows>
void update_leads(TriggerRun* run, MakeRows make_rows) {
    auto old_rows = make_rows(true);
    auto new_rows = make_rows(false);
    ChangedLeads changed(run, &old_rows, &new_rows);
    read_rows(run->as, run->version, run->source, run->data->tg_relation, &changed, run->findings, &run->problems);
    changed.finish();

    auto old_again = make_rows(true);
    auto new_again = make_rows(false);
    LostKeys lost(run, &old_again, &new_again);
    read_keys(run->model, run->data->tg_relation,
              lead_column_of(run->model->binding, run->source, run->data->tg_relation), &lost, FindingKind::Removed,
              run->findings);
    lost.finish();
}

bool is_before_update(FunctionCallInfo fcinfo) {
    if (!CALLED_AS_TRIGGER(fcinfo)) return false;
    auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
    return TRIGGER_FIRED_BEFORE(data->tg_event) && TRIGGER_FIRED_FOR_ROW(data->tg_event) &&
           TRIGGER_FIRED_BY_UPDATE(data->tg_event) && data->tg_trigger->tgnargs == 1;
}

}  // namespace

// leads_changed('<model>') returns trigger
LEAD_SCORING_FUNCTION(lead_scoring_leads_changed);
Datum lead_scoring_leads_changed(PG_FUNCTION_ARGS) {
    if (is_before_update(fcinfo)) return keep_status(fcinfo);
    TriggerRun run;
    if (!begin_trigger(fcinfo, TriggerTable::Leads, &run)) return PointerGetDatum(nullptr);

    TriggerData* data = run.data;
    if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
        read_rows(&run, false);
    else if (TRIGGER_FIRED_BY_DELETE(data->tg_event))
        read_row_keys(&run, true, FindingKind::Removed);
    else if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
        read_all_stored_keys(run.as, FindingKind::Removed, run.findings);
    else if (!has_all_pairs(data)) {
        read_rows(&run, false);
        read_row_keys(&run, true, FindingKind::Removed);
    } else if (TRIGGER_FIRED_FOR_ROW(data->tg_event))
        update_leads(&run, [&](bool old_rows) { return SingleRow(old_rows ? data->tg_trigtuple : data->tg_newtuple); });
    else
        update_leads(&run,
                     [&](bool old_rows) { return TransitionRows(old_rows ? data->tg_oldtable : data->tg_newtable); });
    end_trigger(&run, Work::Change);
    return PointerGetDatum(nullptr);
}
