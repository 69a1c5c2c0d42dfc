#include "pg/server/postgres.hpp"

#include "pg/sql/kept_status.hpp"

#include "pg/model/permit.hpp"
#include "pg/sql/trigger.hpp"

extern "C" {
#include "access/htup_details.h"
#include "executor/tuptable.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace lead_scoring {

namespace {

// Of one table in one query: found with its first row.
struct StatusColumns {
    const Model* model;
    int count;  // none while the model does not score
    int* numbers;
};

const StatusColumns* find_columns(FunctionCallInfo fcinfo) {
    if (fcinfo->flinfo->fn_extra != nullptr) return static_cast<const StatusColumns*>(fcinfo->flinfo->fn_extra);
    auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
    Oid table = RelationGetRelid(data->tg_relation);
    MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    Model* model = use_model(data->tg_trigger->tgargs[0], table);
    MemoryContextSwitchTo(caller);
    bool scores = !model->paused && newest_version(model) != nullptr && belongs_to(table, model->binding.leads);
    MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    auto* columns = static_cast<StatusColumns*>(palloc0(sizeof(StatusColumns)));
    columns->model = model;
    columns->numbers = static_cast<int*>(palloc(sizeof(int) * static_cast<Size>(model->binding.status_count + 1)));
    for (int i = 0; scores && i < model->binding.status_count; ++i) {
        AttrNumber number = get_attnum(table, model->binding.status[i].column);
        if (number != InvalidAttrNumber) columns->numbers[columns->count++] = number;
    }
    fcinfo->flinfo->fn_extra = columns;
    MemoryContextSwitchTo(caller);
    return columns;
}

// One notice a statement, however many rows and partitions it writes.
void tell(const TriggerData* data, const Model* model, const char* column) {
    // The query that was told last. No other has its id, so an error need not clear it.
    static QueryId last_told;
    if (last_told == running_query()) return;
    last_told = running_query();
    ereport(NOTICE, (errmsg("status columns of table \"%s\" stay as model \"%s\" has written them",
                            get_rel_name(model->binding.leads), model->name),
                     errdetail("The statement would have changed \"%s\".", column),
                     errhint("What moves a lead is lead_scoring.set_stage(%s, '42', 'sql', 'called them').",
                             quote_literal_cstr(model->name))));
}

}  // namespace

Datum keep_status(FunctionCallInfo fcinfo) {
    auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
    HeapTuple row = data->tg_newtuple;
    const StatusColumns* columns = find_columns(fcinfo);
    if (columns->count == 0 || is_permitted(columns->model->binding.leads)) return PointerGetDatum(row);
    TupleDesc descriptor = RelationGetDescr(data->tg_relation);
    for (int i = 0; i < columns->count; ++i) {
        int number = columns->numbers[i];
        Form_pg_attribute column = TupleDescAttr(descriptor, number - 1);
        bool old_null = false;
        bool new_null = false;
        Datum kept = heap_getattr(data->tg_trigtuple, number, descriptor, &old_null);
        Datum written = heap_getattr(row, number, descriptor, &new_null);
        if (old_null == new_null && (old_null || datum_image_eq(kept, written, column->attbyval, column->attlen)))
            continue;
        tell(data, columns->model, NameStr(column->attname));
        row = heap_modify_tuple_by_cols(row, descriptor, 1, &number, &kept, &old_null);
    }
    return PointerGetDatum(row);
}

}  // namespace lead_scoring
