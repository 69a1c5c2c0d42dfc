// What happens on INSERT, UPDATE, DELETE and TRUNCATE of identities: events of visitors become those of leads, or cease
// to be.

#include "pg/server/postgres.hpp"

#include "pg/intake/reading.hpp"
#include "pg/intake/visitors.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/lead_of.hpp"
#include "pg/model/table_name.hpp"
#include "pg/sql/trigger.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

using namespace lead_scoring;

namespace {

// A row of identities, in whichever partition.
struct IdentityColumns {
    AttrNumber visitor;
    AttrNumber lead;
};

NullableDatum value_of(AttrNumber column, TupleTableSlot* row) {
    NullableDatum value = {};
    value.value = slot_getattr(row, column, &value.isnull);
    return value;
}

// Calls visit(old row, new row) for each row that came or went, where the other one is null, or says something else.
class ChangedIdentities {
  public:
    explicit ChangedIdentities(const TriggerRun* run) : run_(run) {
        Oid table = RelationGetRelid(run->data->tg_relation);
        columns_ = {get_attnum(table, run->source->anonymous), get_attnum(table, run->source->lead)};
    }

    template <class Visit>
    void for_each(Visit visit) {
        TriggerEvent event = run_->data->tg_event;
        if (TRIGGER_FIRED_BY_UPDATE(event) && has_all_pairs(run_->data)) return for_each_pair(visit);
        if (!TRIGGER_FIRED_BY_INSERT(event))
            with_rows(run_, true,
                      [&](RowStream* rows) { for_each_row(rows, [&](auto* row) { visit(row, nullptr); }); });
        if (!TRIGGER_FIRED_BY_DELETE(event))
            with_rows(run_, false,
                      [&](RowStream* rows) { for_each_row(rows, [&](auto* row) { visit(nullptr, row); }); });
    }

    NullableDatum visitor(TupleTableSlot* row) const { return value_of(columns_.visitor, row); }
    NullableDatum lead(TupleTableSlot* row) const { return value_of(columns_.lead, row); }

  private:
    TupleTableSlot* make_slot(const RowStream* rows) {
        return MakeSingleTupleTableSlot(RelationGetDescr(run_->data->tg_relation), rows->slot_type);
    }

    template <class Visit>
    void for_each_row(RowStream* rows, Visit visit) {
        TupleTableSlot* slot = make_slot(rows);
        while (rows->next(slot)) {
            CHECK_FOR_INTERRUPTS();
            visit(slot);
        }
        ExecDropSingleTupleTableSlot(slot);
    }

    // Both transition tables list the rows in the same order.
    template <class Visit>
    void for_each_pair(Visit visit) {
        const Model* model = run_->model;
        with_rows(run_, true, [&](RowStream* old_rows) {
            with_rows(run_, false, [&](RowStream* new_rows) {
                TupleTableSlot* old_row = make_slot(old_rows);
                for_each_row(new_rows, [&](TupleTableSlot* new_row) {
                    old_rows->next(old_row);
                    if (keys_differ(model->binding.visitor, visitor(old_row), visitor(new_row)) ||
                        keys_differ(model->key, lead(old_row), lead(new_row)))
                        visit(old_row, new_row);
                });
                ExecDropSingleTupleTableSlot(old_row);
            });
        });
    }

    const TriggerRun* run_;
    IdentityColumns columns_;
};

// Calls use(batch) with the visitors that are added by the function that `gather` is called with.
template <class Gather, class Use>
void in_batches(const Model* model, Gather gather, Use use) {
    VisitorBatch batch = make_visitor_batch();
    gather([&](NullableDatum visitor) {
        if (visitor.isnull) return;
        add_visitor(model, visitor.value, &batch);
        if (!is_full(batch)) return;
        use(batch);
        clear(&batch);
    });
    if (batch.count > 0) use(batch);
    MemoryContextDelete(batch.memory);
    pfree(batch.visitors);
}

void add_changed(TriggerRun* run) {
    Model* model = run->model;
    ChangedIdentities changed(run);
    VisitorLocks locks;
    auto for_each_visitor = [&](auto visit) {
        changed.for_each([&](TupleTableSlot* old_row, TupleTableSlot* new_row) {
            for (TupleTableSlot* row : {old_row, new_row})
                if (row != nullptr) visit(changed.visitor(row));
        });
    };
    for_each_visitor([&](NullableDatum visitor) {
        if (!visitor.isnull) add_visitor(model, visitor.value, &locks);
    });
    lock_visitors(model, locks, VisitorLock::Exclusive);
    in_batches(model, for_each_visitor, [&](const VisitorBatch& batch) { require_seen_events(run->as, batch); });

    changed.for_each([&](TupleTableSlot* old_row, TupleTableSlot* new_row) {
        for (TupleTableSlot* row : {old_row, new_row}) {
            if (row == nullptr) continue;
            NullableDatum lead = changed.lead(row);
            if (!lead.isnull) add_key(model, lead.value, FindingKind::Identified, run->findings);
        }
    });
    auto for_each_known = [&](auto visit) {
        changed.for_each([&](TupleTableSlot*, TupleTableSlot* new_row) {
            if (new_row != nullptr && !changed.lead(new_row).isnull) visit(changed.visitor(new_row));
        });
    };
    in_batches(model, for_each_known,
               [&](const VisitorBatch& batch) { read_stage_events(run->as, run->version, batch, run->findings); });
}

}  // namespace

// identities_changed('<model>') returns trigger
LEAD_SCORING_FUNCTION(lead_scoring_identities_changed);
Datum lead_scoring_identities_changed(PG_FUNCTION_ARGS) {
    TriggerRun run;
    if (!begin_trigger(fcinfo, TriggerTable::Identities, &run)) return PointerGetDatum(nullptr);
    // Whoever has events of visitors has read the table, so that TRUNCATE waits for him.
    if (TRIGGER_FIRED_BY_TRUNCATE(run.data->tg_event))
        read_all_stored_keys(run.as, FindingKind::Identified, run.findings);
    else
        add_changed(&run);
    end_trigger(&run, Work::Change);
    return PointerGetDatum(nullptr);
}

// identify_leads(model text, identities oid, lead text): computes the leads that a table of identities
// names, which is the model's now or was until now
LEAD_SCORING_FUNCTION(lead_scoring_identify_leads);
Datum lead_scoring_identify_leads(PG_FUNCTION_ARGS) {
    const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(name);
    Model* model = use_bound(name);
    const Version* version = scoring_version(model);
    if (version == nullptr) PG_RETURN_VOID();
    const Source* bound = model->binding.identities;
    bool is_bound = bound != nullptr && bound->relation == PG_GETARG_OID(1);
    const char* sql = psprintf(
        "SELECT i.%1$s::%2$s, %3$s FROM %4$s i WHERE i.%1$s IS NOT NULL",
        quote_identifier(text_to_cstring(PG_GETARG_TEXT_PP(2))), format_type_be(model->key.type),
        is_bound ? psprintf("i.%s::%s", quote_identifier(bound->anonymous), format_type_be(model->binding.visitor.type))
                 : "NULL",
        relation_name(PG_GETARG_OID(1)));

    AsWriter as = begin_work_in_command(model);
    MemoryContext memory = CurrentMemoryContext;
    Findings* findings = make_findings(model->key);
    SPIPlanPtr statement = prepare(sql);
    auto for_each_known = [&](auto visit) {
        for_each_row(statement, nullptr, false, [&](ResultRow row) {
            bool is_null = false;
            add_key(model, row.value(1, &is_null), FindingKind::Identified, findings);
            NullableDatum visitor = {};
            visitor.value = row.value(2, &visitor.isnull);
            visit(visitor);
        });
    };
    in_batches(model, for_each_known,
               [&](const VisitorBatch& batch) { read_stage_events(as, version, batch, findings); });
    MemoryContextSwitchTo(memory);
    Applied applied = {};
    if (!is_empty(findings)) {
        sort_findings(findings);
        applied = apply_findings(as, version, findings, Work::Change);
        free_findings(findings);
    }
    end_work(as, applied.statuses);
    PG_RETURN_VOID();
}

// lock_visitors(model text, leads text[]): those that the leads are
LEAD_SCORING_FUNCTION(lead_scoring_lock_visitors);
Datum lead_scoring_lock_visitors(PG_FUNCTION_ARGS) {
    const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(name);
    Model* model = use_bound(name);
    const Source* identities = model->binding.identities;
    if (identities == nullptr) PG_RETURN_VOID();
    Keys leads = keys_from_texts(model->key, PG_GETARG_ARRAYTYPE_P(1));
    Datum keys = key_array(model->key, leads.keys, leads.count);
    const char* sql = psprintf("SELECT i.%1$s::%2$s FROM %3$s i WHERE i.%4$s = ANY ($1) AND i.%1$s IS NOT NULL",
                               quote_identifier(identities->anonymous), format_type_be(model->binding.visitor.type),
                               user_table(model, identities), quote_identifier(identities->lead));
    AsWriter as = begin_work_in_command(model);
    Oid type = get_array_type(model->key.type);
    SPIPlanPtr statement = prepare(sql, 1, &type);
    VisitorLocks locks;
    for_each_row(statement, &keys, false, [&](ResultRow row) {
        bool is_null = false;
        add_visitor(model, row.value(1, &is_null), &locks);
    });
    lock_visitors(model, locks, VisitorLock::Exclusive);
    end_work(as);
    PG_RETURN_VOID();
}
