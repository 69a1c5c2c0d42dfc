// Validation of the draft at the end of the transaction that changed it, so that rows may be put in in any order and by
// any statements. Constraint triggers would do the same once a row, and could not be deferred by the commands, which
// work in security-restricted operations.

#include "pg/server/postgres.hpp"

#include "pg/conditions/expression.hpp"
#include "pg/model/authorship.hpp"
#include "pg/model/identity.hpp"
#include "pg/server/query.hpp"
#include "pg/server/session_locks.hpp"
#include "pg/server/transaction_end.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

using namespace lead_scoring;

namespace {

// What of a model's draft the transaction changed. In TopTransactionContext.
struct ChangedDraft {
    Oid schema;
    bool everything;  // settings, sources, or the kind of a group, which all else rests on
    bool named;  // what stages rest on: rules, bands and working time; or entries and types of leads, which are checked
                 // as a whole
    List* rules;   // names of rules, as text
    List* stages;  // and of stages
    bool looked;   // whether it was what is published, before it was changed
    bool parts;    // it was, and whoever changes it is to hear of it
    int level;     // of the transaction that changed it first
    ChangedDraft* next;
};

// Put on by the triggers of the draft's tables, taken off to be validated at the end of the transaction. What an
// aborted (sub)transaction put on goes with it.
ChangedDraft* changed_drafts = nullptr;

ChangedDraft* find_changed(Oid schema) {
    for (ChangedDraft* draft = changed_drafts; draft != nullptr; draft = draft->next)
        if (draft->schema == schema) return draft;
    auto* draft = static_cast<ChangedDraft*>(MemoryContextAllocZero(TopTransactionContext, sizeof(ChangedDraft)));
    draft->schema = schema;
    draft->level = GetCurrentTransactionNestLevel();
    draft->next = changed_drafts;
    changed_drafts = draft;
    return draft;
}

Datum names_array(List* names) {
    Datum* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(list_length(names) + 1)));
    int count = 0;
    ListCell* cell = nullptr;
    foreach (cell, names) values[count++] = PointerGetDatum(lfirst(cell));
    return PointerGetDatum(construct_array(values, count, TEXTOID, -1, false, TYPALIGN_INT));
}

// Calls work(model) as the model's owner, who sees all that the transaction did; not where the model was dropped
// meanwhile.
template <class Work>
void work_as_owner(Oid schema, Work work) {
    const char* model = get_namespace_name(schema);
    if (model == nullptr || !OidIsValid(get_relname_relid("scores", schema))) return;
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    enter_model(model, require_model(model, false).owner, false);
    connect_spi();
    work(model);
    finish_spi();
    leave_model();
    PopActiveSnapshot();
}

bool is_empty(const ChangedDraft* draft) {
    return !draft->everything && !draft->named && draft->rules == NIL && draft->stages == NIL;
}

void validate(const char* model, const ChangedDraft* draft) {
    Oid types[] = {TEXTOID, TEXTARRAYOID, TEXTARRAYOID, BOOLOID, BOOLOID};
    Datum values[] = {CStringGetTextDatum(model), names_array(draft->rules), names_array(draft->stages),
                      BoolGetDatum(draft->named), BoolGetDatum(draft->everything)};
    query("SELECT lead_scoring_internal.validate_draft($1, $2, $3, $4, $5)", 5, types, values);
}

bool is_published(const char* model, bool unknown) {
    Oid type = TEXTOID;
    Datum value = CStringGetTextDatum(model);
    query("SELECT lead_scoring_internal.draft_is_published($1)", 1, &type, &value);
    return ResultRow{0}.boolean(1, unknown);
}

void tell(const char* model) {
    if (is_published(model, true)) return;
    ereport(NOTICE, (errmsg("the draft of model \"%s\" is not what is published any more", model),
                     errhint("SELECT * FROM lead_scoring.diff(%s);  -- publish() puts it in force",
                             quote_literal_cstr(model))));
}

// What runs meanwhile may change drafts again, which are put on a list of their own; and it is undone, which takes them
// off that list.
void validate_changed() {
    List* parted = NIL;
    while (changed_drafts != nullptr) {
        const ChangedDraft* drafts = changed_drafts;
        changed_drafts = nullptr;
        for (; drafts != nullptr; drafts = drafts->next) {
            CHECK_FOR_INTERRUPTS();
            if (drafts->parts) parted = lappend_oid(parted, drafts->schema);
            if (is_empty(drafts)) continue;
            call_and_undo([&] { work_as_owner(drafts->schema, [&](const char* model) { validate(model, drafts); }); });
        }
    }
    ListCell* cell = nullptr;
    foreach (cell, parted) work_as_owner(lfirst_oid(cell), tell);
}

void at_transaction_end(XactEvent event, void*) {
    if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
        validate_changed();
    else if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
        changed_drafts = nullptr;
}

// A draft that only what was rolled back had changed is as it was.
void at_subtransaction_end(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
    int level = GetCurrentTransactionNestLevel();
    ChangedDraft** place = &changed_drafts;
    while (*place != nullptr) {
        ChangedDraft* draft = *place;
        if (event == SUBXACT_EVENT_ABORT_SUB && draft->level >= level) {
            *place = draft->next;
            continue;
        }
        if (event == SUBXACT_EVENT_COMMIT_SUB && draft->level == level) --draft->level;
        place = &draft->next;
    }
}

// Adds the name of the row that is new.
void note_name(List** names, const TriggerData* data) {
    bool is_null = false;
    TupleDesc columns = RelationGetDescr(data->tg_relation);
    int name = SPI_fnumber(columns, "name");
    HeapTuple row = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
    if (name <= 0 || SPI_gettypeid(columns, name) != TEXTOID) return;
    Datum value = SPI_getbinval(row, columns, name, &is_null);
    if (is_null) return;
    MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
    *names = lappend(*names, PG_DETOAST_DATUM_COPY(value));
    MemoryContextSwitchTo(caller);
}

}  // namespace

// draft_changed() returns trigger: for each row of a table of the draft
LEAD_SCORING_FUNCTION(lead_scoring_draft_changed);
Datum lead_scoring_draft_changed(PG_FUNCTION_ARGS) {
    if (!CALLED_AS_TRIGGER(fcinfo) ||
        !TRIGGER_FIRED_FOR_ROW(reinterpret_cast<TriggerData*>(fcinfo->context)->tg_event) ||
        !TRIGGER_FIRED_AFTER(reinterpret_cast<TriggerData*>(fcinfo->context)->tg_event))
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("draft_changed() was not called as the trigger it is"),
                        errdetail("It runs after each row of the tables of a model's draft."),
                        errhint("Let lead_scoring.create_model() make the triggers.")));
    auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
    static constexpr const char* kTables[] = {"settings", "sources",  "rule_groups", "rules",   "bands",
                                              "stages",   "calendar", "holidays",    "entries", "lead_types"};
    require_own_table(data, "draft_changed", kTables);
    require_author(data);
    const char* table = RelationGetRelationName(data->tg_relation);
    // A row of settings comes with the model, or with a restore, which brings what it speaks of later.
    if (strcmp(table, "settings") == 0 && TRIGGER_FIRED_BY_INSERT(data->tg_event)) return PointerGetDatum(nullptr);
    watch_transactions<at_transaction_end, at_subtransaction_end>();
    ChangedDraft* draft = find_changed(RelationGetNamespace(data->tg_relation));
    if (strcmp(table, "settings") == 0 || strcmp(table, "sources") == 0 || strcmp(table, "rule_groups") == 0) {
        draft->everything = true;
    } else {
        bool of_rules = strcmp(table, "rules") == 0;
        if (!TRIGGER_FIRED_BY_DELETE(data->tg_event) && (of_rules || strcmp(table, "stages") == 0))
            note_name(of_rules ? &draft->rules : &draft->stages, data);
        if (!of_rules || !TRIGGER_FIRED_BY_INSERT(data->tg_event)) draft->named = true;
    }
    return PointerGetDatum(nullptr);
}

// draft_begins() returns trigger: before each statement on a table of the draft, or of what reports are told
LEAD_SCORING_FUNCTION(lead_scoring_draft_begins);
Datum lead_scoring_draft_begins(PG_FUNCTION_ARGS) {
    if (!CALLED_AS_TRIGGER(fcinfo) ||
        !TRIGGER_FIRED_FOR_STATEMENT(reinterpret_cast<TriggerData*>(fcinfo->context)->tg_event) ||
        !TRIGGER_FIRED_BEFORE(reinterpret_cast<TriggerData*>(fcinfo->context)->tg_event))
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("draft_begins() was not called as the trigger it is"),
                        errdetail("It runs before statements on the tables of a model's draft."),
                        errhint("Let lead_scoring.create_model() make the triggers.")));
    auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
    static constexpr const char* kTables[] = {"settings", "sources", "rule_groups",   "rules",
                                              "bands",    "stages",  "account_rules", "calendar",
                                              "holidays", "entries", "lead_types",    "report_settings"};
    require_own_table(data, "draft_begins", kTables);
    watch_transactions<at_transaction_end, at_subtransaction_end>();
    ChangedDraft* draft = find_changed(RelationGetNamespace(data->tg_relation));
    if (draft->looked) return PointerGetDatum(nullptr);
    draft->looked = true;
    work_as_owner(draft->schema, [&](const char* model) { draft->parts = is_published(model, false); });
    return PointerGetDatum(nullptr);
}

// draft_is_loaded(model text)
LEAD_SCORING_FUNCTION(lead_scoring_draft_is_loaded);
Datum lead_scoring_draft_is_loaded(PG_FUNCTION_ARGS) {
    const char* model = text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(model);
    watch_transactions<at_transaction_end, at_subtransaction_end>();
    ChangedDraft* draft = find_changed(find_schema(model).schema);
    draft->looked = true;
    draft->parts = false;
    PG_RETURN_VOID();
}

// compile_expression(relation regclass, expression text, kind text, subject text) returns text
LEAD_SCORING_FUNCTION(lead_scoring_compile_expression);
Datum lead_scoring_compile_expression(PG_FUNCTION_ARGS) {
    const char* typed = text_to_cstring(PG_GETARG_TEXT_PP(1));
    const char* kind = text_to_cstring(PG_GETARG_TEXT_PP(2));
    ErrorContextCallback* shown = hide_internals();
    // lead_scoring_internal.refuse_document finds the field of a document in this line.
    ErrorContextCallback context;
    context.callback = [](void* subject) { errcontext("%s", static_cast<const char*>(subject)); };
    context.arg = text_to_cstring(PG_GETARG_TEXT_PP(3));
    context.previous = error_context_stack;
    error_context_stack = &context;
    char* checked = check_expression(PG_GETARG_OID(0), typed, kind);
    error_context_stack = shown;
    PG_RETURN_TEXT_P(cstring_to_text(checked));
}
