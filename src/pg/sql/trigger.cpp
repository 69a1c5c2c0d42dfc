#include "pg/server/postgres.hpp"

#include "pg/sql/trigger.hpp"

#include "pg/intake/merged.hpp"
#include "pg/intake/problems.hpp"
#include "pg/intake/visitors.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/program.hpp"
#include "pg/model/withheld.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
}

namespace lead_scoring {

namespace {

void check_call(FunctionCallInfo fcinfo, const char* function) {
    bool called_right = CALLED_AS_TRIGGER(fcinfo);
    if (called_right) {
        auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
        bool statement = TRIGGER_FIRED_FOR_STATEMENT(data->tg_event);
        called_right = (TRIGGER_FIRED_AFTER(data->tg_event) || statement) && data->tg_trigger->tgnargs == 1;
        if (called_right && statement && TRIGGER_FIRED_AFTER(data->tg_event)) {
            bool needs_new = TRIGGER_FIRED_BY_INSERT(data->tg_event) || TRIGGER_FIRED_BY_UPDATE(data->tg_event);
            bool needs_old = TRIGGER_FIRED_BY_UPDATE(data->tg_event) || TRIGGER_FIRED_BY_DELETE(data->tg_event);
            called_right = (!needs_new || data->tg_newtable != nullptr) && (!needs_old || data->tg_oldtable != nullptr);
        }
    }
    if (called_right) return;
    ereport(
        ERROR,
        (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
         errmsg("%s() was not called as the trigger it is", function),
         errdetail("It runs before a statement, or after it with transition tables; the model's name is its argument."),
         errhint("Let lead_scoring.create_model() make the triggers.")));
}

bool has_rows(const TriggerData* data) {
    auto rows = [](Tuplestorestate* table) { return table == nullptr ? 0 : tuplestore_tuple_count(table); };
    if (TRIGGER_FIRED_FOR_ROW(data->tg_event) || TRIGGER_FIRED_BY_TRUNCATE(data->tg_event)) return true;
    return rows(data->tg_newtable) + rows(data->tg_oldtable) > 0;
}

constexpr const char* kTitles[] = {"events", "leads", "identities"};

// Finds out which of the user's tables the trigger is on.
void find_table(TriggerRun* run, TriggerTable table) {
    Relation relation = run->data->tg_relation;
    const Binding& binding = run->model->binding;
    Oid id = RelationGetRelid(relation);
    bool found = false;
    if (table == TriggerTable::Events) {
        run->source = find_source(binding, id);
        found = run->source != nullptr;
    } else if (table == TriggerTable::Identities) {
        run->source = binding.identities;
        found = binding.identities != nullptr && belongs_to(id, binding.identities->relation);
    } else {
        found = belongs_to(id, binding.leads);
    }
    if (found) return;
    // A table that was swapped for another has its owner; what a stranger aimed at the model is his to remove.
    bool swapped = has_privs_of_role(run->model->owner, relation->rd_rel->relowner);
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("table \"%s\" is not the %s table of model \"%s\"", RelationGetRelationName(relation),
                           kTitles[static_cast<int>(table)], run->model->name),
                    errdetail("The settings of the model name another table."),
                    swapped ? errhint("SELECT lead_scoring.repair(%s);", quote_literal_cstr(run->model->name))
                            : errhint("DROP TRIGGER %s ON %s;", quote_identifier(run->data->tg_trigger->tgname),
                                      quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
                                                                 RelationGetRelationName(relation)))));
}

}  // namespace

namespace {

// What the query's triggers before this one have found is taken up.
void take_up(TriggerRun* run) {
    Changes* changes = run->changes;
    if (changes->memory == nullptr) gather(changes, run->model->key, run->version->number);
    if (changes->version != run->version->number)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
                        errmsg("model \"%s\" was published while a statement changed its tables", run->model->name),
                        errdetail("What was found by version " INT64_FORMAT " is not to be counted by another.",
                                  changes->version),
                        errhint("SELECT lead_scoring.publish(%s);  -- in a statement of its own",
                                quote_literal_cstr(run->model->name))));
    run->memory = changes->memory;
    run->findings = changes->findings;
    run->problems = changes->problems;
}

bool counts_as_change(const TriggerData* data) {
    return TRIGGER_FIRED_FOR_STATEMENT(data->tg_event) && !TRIGGER_FIRED_BY_TRUNCATE(data->tg_event);
}

}  // namespace

bool begin_trigger(FunctionCallInfo fcinfo, TriggerTable table, TriggerRun* run) {
    static constexpr const char* kFunctions[] = {"events_changed", "leads_changed", "identities_changed"};
    check_call(fcinfo, kFunctions[static_cast<int>(table)]);
    *run = {};
    run->data = reinterpret_cast<TriggerData*>(fcinfo->context);
    const char* model = run->data->tg_trigger->tgargs[0];
    if (TRIGGER_FIRED_BEFORE(run->data->tg_event)) {
        expect_change(model);
        return false;
    }
    if (counts_as_change(run->data)) run->changes = arrived_change(model);
    if (!has_rows(run->data) && (run->changes == nullptr || is_incomplete(run->changes))) return false;

    run->model = use_model(model, RelationGetRelid(run->data->tg_relation));
    if (!run->model->paused) {
        find_table(run, table);
        run->version = current_version(run->model);
    }
    run->is_logged =
        run->version != nullptr && (table != TriggerTable::Events || find_logged(run->version, run->source) != nullptr);
    if (run->version == nullptr) {
        if (run->changes != nullptr && !is_incomplete(run->changes)) end_changes(run->changes);
        return false;
    }

    if (run->changes != nullptr)
        take_up(run);
    else
        run->memory = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring trigger", ALLOCSET_DEFAULT_SIZES);
    run->caller = MemoryContextSwitchTo(run->memory);
    use_here(run->model);  // findings outlive this trigger, and problems name its rules
    run->as = begin_work_in_trigger(run->model);
    MemoryContextSwitchTo(run->memory);
    if (run->findings == nullptr) {
        run->findings = make_findings(run->model->key);
        run->problems = make_problems();
    }
    return true;
}

bool has_all_pairs(const TriggerData* data) {
    return TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
           tuplestore_tuple_count(data->tg_oldtable) == tuplestore_tuple_count(data->tg_newtable);
}

namespace {

// Those rows of another stream that are of leads which are not being merged.
class OtherRows final : public RowStream {
  public:
    OtherRows(RowStream* rows, const Model* model, LeadColumn lead) : rows_(rows), model_(model), lead_(lead) {
        slot_type = rows->slot_type;
    }
    bool next(TupleTableSlot* slot) override {
        while (rows_->next(slot)) {
            bool is_null = false;
            Datum key = lead_of(lead_, slot, &is_null);
            if (is_null || !is_withheld(model_, key)) return true;
        }
        return false;
    }
    void mark() override { rows_->mark(); }
    void back_to_mark() override { rows_->back_to_mark(); }

  private:
    RowStream* rows_;
    const Model* model_;
    LeadColumn lead_;
};

// Calls `read` with the rows; those of visitors tell whose they are.
template <class Read>
void with_identities(TriggerRun* run, RowStream* rows, Read read) {
    if (!run->has_visitors) return read(rows);
    IdentifiedRows identified(run->as, run->source, run->data->tg_relation, rows);
    read(&identified);
    identified.finish();
}

}  // namespace

void lock_visitors(TriggerRun* run) {
    if (!run->is_logged || run->source->anonymous == nullptr) return;
    Relation relation = run->data->tg_relation;
    LeadColumn column = lead_column_of(run->model->binding, run->source, relation);
    VisitorLocks locks;
    auto add = [&](RowStream* rows) {
        TupleTableSlot* slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), rows->slot_type);
        for (Datum visitor = 0; rows->next(slot);)
            if (visitor_of(column, slot, &visitor)) add_visitor(run->model, visitor, &locks);
        ExecDropSingleTupleTableSlot(slot);
    };
    if (!TRIGGER_FIRED_BY_DELETE(run->data->tg_event)) with_rows(run, false, add);
    if (!TRIGGER_FIRED_BY_INSERT(run->data->tg_event)) with_rows(run, true, add);
    lock_visitors(run->model, locks, VisitorLock::Shared);
    run->has_visitors = locks.any();
}

void read_rows(TriggerRun* run, bool old_rows) {
    if (!run->is_logged) return;
    Relation relation = run->data->tg_relation;
    auto read = [&](RowStream* rows) {
        with_identities(run, rows, [&](RowStream* identified) {
            read_rows(run->as, run->version, run->source, relation, identified, run->findings, &run->problems, true);
        });
    };
    with_rows(run, old_rows, [&](RowStream* rows) {
        if (run->source == kLeads || !withholds(run->model)) return read(rows);
        OtherRows others(rows, run->model, lead_column_of(run->model->binding, run->source, relation));
        read(&others);
    });
}

void read_row_keys(TriggerRun* run, bool old_rows, FindingKind kind) {
    if (!run->is_logged) return;
    Relation relation = run->data->tg_relation;
    LeadColumn column = lead_column_of(run->model->binding, run->source, relation);
    with_rows(run, old_rows, [&](RowStream* rows) {
        with_identities(run, rows, [&](RowStream* identified) {
            read_keys(run->model, relation, column, identified, kind, run->findings);
        });
    });
}

namespace {

Applied apply(TriggerRun* run, Work work) {
    Applied applied = {};
    if (!is_empty(run->findings)) {
        sort_findings(run->findings);
        applied = apply_findings(run->as, run->version, run->findings, work);
        free_findings(run->findings);
    }
    record_problems(run->as, &run->problems);
    return applied;
}

}  // namespace

void end_trigger(TriggerRun* run, Work work) {
    bool last = !is_incomplete(run->changes);
    Applied applied = last ? apply(run, work) : Applied{};
    if (!last) run->changes->problems = run->problems;
    // TRUNCATE's queue takes triggers of the truncated tables only.
    end_work(run->as, applied.statuses, !TRIGGER_FIRED_BY_TRUNCATE(run->data->tg_event));
    if (applied.merged_count > 0) move_merged(run->model, applied.merged, applied.merged_count);
    MemoryContextSwitchTo(run->caller);
    if (run->changes == nullptr)
        MemoryContextDelete(run->memory);
    else if (last)
        end_changes(run->changes);
}

}  // namespace lead_scoring
