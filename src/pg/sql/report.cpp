// The reports: each function of that kind, lead_scoring.funnel and so on, is this one C function, which goes by the
// name of the one that was called. The statement is built by sql/install/80-reports/15-reports.sql when it is asked
// for, from the settings as they are, so that no view depends on a table or column of the user.

#include "pg/server/postgres.hpp"

#include <algorithm>
#include <initializer_list>

#include "pg/intake/reading.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/row_security.hpp"
#include "pg/model/shape.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/session_locks.hpp"

extern "C" {
#include "access/tupconvert.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/tstoreReceiver.h"
#include "funcapi.h"
#include "storage/lmgr.h"
#include "tcop/dest.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

using namespace lead_scoring;

namespace {

// What a report was asked for. Which arguments it takes differs from report to report.
struct Request {
    const char* report;
    int as_of;
    int grain;
    int by;
    int since;
    int until;
};

Request find_request(FunctionCallInfo fcinfo) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
    Request request = {pstrdup(NameStr(reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->proname)), -1, -1, -1, -1, -1};
    struct {
        const char* name;
        int* place;
    } known[] = {{"as_of", &request.as_of},
                 {"grain", &request.grain},
                 {"by", &request.by},
                 {"since", &request.since},
                 {"until", &request.until}};
    Oid* types = nullptr;
    char** names = nullptr;
    char* modes = nullptr;
    get_func_arg_info(tuple, &types, &names, &modes);
    for (int i = 0; names != nullptr && i < fcinfo->nargs; ++i)
        for (auto& argument : known)
            if (strcmp(names[i], argument.name) == 0) *argument.place = i;
    ReleaseSysCache(tuple);
    return request;
}

// A function in a view runs as the one who reads, so it is for us to see that he may read the view. Whoever may create
// in the schema could put something of his own in its place, where it is missing.
void check_reader(const Model* model, Oid owner, const char* view) {
    Oid relation = get_relname_relid(view, model->schema);
    if (!OidIsValid(relation)) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("view %s does not exist", own_table(model, view)),
                        errdetail("A report is for those who may read the view of its name."),
                        errhint("SELECT lead_scoring.repair(%s);", quote_literal_cstr(model->name))));
    }
    if (!is_member_of_role(relation_owner(relation), owner)) {
        const char* name = relation_name(relation);
        const char* kind = get_rel_relkind(relation) == RELKIND_VIEW ? "VIEW" : "TABLE";
        ereport(
            ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("%s belongs to another role than the model's owner", name),
             errdetail("A report is for those whom the owner lets read the view of its name."),
             errhint("DROP %s %s; SELECT lead_scoring.repair(%s);", kind, name, quote_literal_cstr(model->name))));
    }
    require_reader(model, relation);
    require_all_rows(model->name, model->scores, "A report");
}

// Others follow from what is published.
bool is_of_draft(const char* view) { return strcmp(view, "event_types") == 0; }

// What leaves room for time zones, months and intervals.
TimestampTz within_calendar(TimestampTz at) {
    constexpr int kFirstYear = -3999;
    constexpr int kLastYear = 200000;
    auto start_of = [](int year) {
        return (static_cast<TimestampTz>(date2j(year, 1, 1)) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
    };
    return std::clamp(at, start_of(kFirstYear), start_of(kLastYear));
}

// Moves bear the time at which they were made, which in a long transaction is later than its now: a report of now is
// one of the moment of reading.
TimestampTz time_of_report(TimestampTz as_of) {
    if (as_of >= GetCurrentTransactionStartTimestamp()) as_of = std::max(as_of, GetCurrentTimestamp());
    return within_calendar(as_of);
}

char* report_query(FunctionCallInfo fcinfo, const Request& request) {
    constexpr int kArguments = 6;
    Oid types[kArguments] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, DATEOID, DATEOID};
    Datum values[kArguments] = {PG_GETARG_DATUM(0), CStringGetTextDatum(request.report)};
    char nulls[kArguments + 1] = "  nnnn";
    const int places[] = {request.grain, request.by, request.since, request.until};
    for (int i = 0; i < 4; ++i) {
        if (places[i] < 0 || PG_ARGISNULL(places[i])) continue;
        values[i + 2] = PG_GETARG_DATUM(places[i]);
        nulls[i + 2] = ' ';
    }
    if (request.grain < 0) {
        values[2] = CStringGetTextDatum("month");
        nulls[2] = ' ';
    }
    query("SELECT lead_scoring_internal.report_query($1, $2, $3, $4, $5, $6)", kArguments, types, values, nulls);
    return ResultRow{0}.text(1);
}

// Puts rows into a tuplestore. The server's receiver either fetches values that are stored apart from their rows or
// compares the columns with those that are asked for; here it does the first, and we the second. A function of an older
// version, which views go on calling, has fewer columns: the first ones.
struct Receiver {
    DestReceiver callbacks;
    DestReceiver* store;
    TupleDesc wanted;
    TupleTableSlot* first;  // of the row's columns those that are wanted; null: all are
};

Receiver* receiver_of(DestReceiver* self) { return reinterpret_cast<Receiver*>(self); }

DestReceiver* begin_receiving(Receiver* receiver, ReturnSetInfo* result) {
    receiver->store = CreateDestReceiver(DestTuplestore);
    SetTuplestoreDestReceiverParams(receiver->store, result->setResult, result->econtext->ecxt_per_query_memory, true,
                                    nullptr, nullptr);
    receiver->wanted = result->setDesc;
    receiver->first = nullptr;
    receiver->callbacks.mydest = DestTuplestore;
    receiver->callbacks.rStartup = [](DestReceiver* self, int operation, TupleDesc columns) {
        Receiver* to = receiver_of(self);
        TupleDesc first = columns;
        if (columns->natts > to->wanted->natts) {
            first = CreateTemplateTupleDesc(to->wanted->natts);
            for (int i = 1; i <= first->natts; ++i)
                TupleDescCopyEntry(first, static_cast<AttrNumber>(i), columns, static_cast<AttrNumber>(i));
            to->first = MakeSingleTupleTableSlot(first, &TTSOpsVirtual);
        }
        convert_tuples_by_position(first, to->wanted, "columns of the report differ from those of its function");
        to->store->rStartup(to->store, operation, first);
    };
    receiver->callbacks.receiveSlot = [](TupleTableSlot* row, DestReceiver* self) {
        Receiver* to = receiver_of(self);
        if (to->first == nullptr) return to->store->receiveSlot(row, to->store);
        int columns = to->wanted->natts;
        slot_getsomeattrs(row, columns);
        ExecClearTuple(to->first);
        memcpy(to->first->tts_values, row->tts_values, sizeof(Datum) * static_cast<Size>(columns));
        memcpy(to->first->tts_isnull, row->tts_isnull, sizeof(bool) * static_cast<Size>(columns));
        ExecStoreVirtualTuple(to->first);
        return to->store->receiveSlot(to->first, to->store);
    };
    receiver->callbacks.rShutdown = [](DestReceiver* self) {
        Receiver* to = receiver_of(self);
        to->store->rShutdown(to->store);
        if (to->first != nullptr) ExecDropSingleTupleTableSlot(to->first);
    };
    receiver->callbacks.rDestroy = [](DestReceiver* self) {
        receiver_of(self)->store->rDestroy(receiver_of(self)->store);
    };
    return &receiver->callbacks;
}

}  // namespace

// REPORT(model text, as_of timestamptz, ...) returns table (...)
LEAD_SCORING_FUNCTION(lead_scoring_report);
Datum lead_scoring_report(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    const Request request = find_request(fcinfo);
    const char* call = psprintf("For example SELECT * FROM lead_scoring.%s('sales').", request.report);
    require_argument(fcinfo, 0, "model", call);
    if (request.as_of >= 0) require_argument(fcinfo, request.as_of, "as_of", call);
    Model* model = use_model(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    Oid owner = require_model(model->name, true).owner;
    check_reader(model, owner, request.report);
    require_shape(model->name, model->schema, true);
    if (visible_version(model) == nullptr && !is_of_draft(request.report)) return static_cast<Datum>(0);
    if (!OidIsValid(model->binding.leads)) no_settings_row(model->name);

    TimestampTz as_of =
        request.as_of < 0 ? GetCurrentTransactionStartTimestamp() : PG_GETARG_TIMESTAMPTZ(request.as_of);
    ParamListInfo parameters = makeParamList(1);
    parameters->params[0] = {TimestampTzGetDatum(time_of_report(as_of)), false, PARAM_FLAG_CONST, TIMESTAMPTZOID};
    // Expressions and views of the user's are part of the statement, and what they call is not known. Locks go with
    // what is undone, but for those of the tables, which stay as for any who reads: they are taken before, and values
    // that are stored apart from their rows are fetched.
    for_each_table(model->binding, [&](const Source* source) {
        Oid table = relation_of(model->binding, source);
        LockRelationOid(table, AccessShareLock);
        find_all_inheritors(table, AccessShareLock, nullptr);
    });
    call_and_undo([&] {
        enter_model(model->name, owner, true);
        // A report's statement is new each time and its row counts are guesses: compiling it takes longer than running
        // it.
        set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
        connect_spi();
        SPIExecuteOptions options = {};
        options.params = parameters;
        options.read_only = true;
        Receiver receiver;
        options.dest = begin_receiving(&receiver, result);
        int code = SPI_execute_extended(report_query(fcinfo, request), &options);
        if (code < 0) elog(ERROR, "report failed: %s", SPI_result_code_string(code));
        finish_spi();
        leave_model();
    });
    return static_cast<Datum>(0);
}

// report_time(at timestamptz) returns timestamptz
LEAD_SCORING_FUNCTION(lead_scoring_report_time);
Datum lead_scoring_report_time(PG_FUNCTION_ARGS) { PG_RETURN_TIMESTAMPTZ(within_calendar(PG_GETARG_TIMESTAMPTZ(0))); }

// report_time(at timestamptz, as_of timestamptz) returns timestamptz
LEAD_SCORING_FUNCTION(lead_scoring_report_time_as_of);
Datum lead_scoring_report_time_as_of(PG_FUNCTION_ARGS) {
    TimestampTz at = within_calendar(PG_GETARG_TIMESTAMPTZ(0));
    if (at > PG_GETARG_TIMESTAMPTZ(1)) PG_RETURN_NULL();
    PG_RETURN_TIMESTAMPTZ(at);
}
