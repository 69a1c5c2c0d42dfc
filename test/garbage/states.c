/*
 * garbage_states(functions, families, seed, calls): calls support functions of aggregates with forged states.
 *
 * A state is one that these functions made before, changed at random. Each argument that is passed by reference ends
 * at a page that may not be touched and begins behind another, and is read-only but for a state that an aggregate may
 * change: whatever reads or writes beside it ends the server. Results are printed, and states kept for later calls.
 *
 * Returns a row for each function and SQLSTATE with the number of calls and, for internal errors, one of the messages.
 */
#include "postgres.h"

#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(garbage_states);

enum { MAX_ARGUMENTS = 12, POOL = 24, AREA = 1 << 20, MAX_OUTCOMES = 4096 };

/* ---------------------------------------------------------------- choices */

static uint64 random_state;

static uint64 next_random(void) {
    uint64 z = (random_state += UINT64CONST(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64CONST(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static uint64 below(uint64 n) { return next_random() % n; }
static bool one_in(uint64 n) { return below(n) == 0; }

static int64 extreme(void) {
    static const int64 numbers[] = {0, 1, -1, 2, 255, 10000, 4096, -4096, 32767, 65534, 65535, PG_INT32_MAX, PG_INT32_MIN,
                                    PG_UINT32_MAX, INT64CONST(1) << 62, (INT64CONST(1) << 62) - 1, PG_INT64_MAX, PG_INT64_MIN,
                                    INT64CONST(0x7FF8000000000000), INT64CONST(0x7FF0000000000000)};
    return numbers[below(lengthof(numbers))];
}

/* ---------------------------------------------------------------- areas between pages that may not be touched */

static char* areas[MAX_ARGUMENTS];
static long page;

static char* area(int argument) {
    if (areas[argument] == NULL) {
        char* memory;
        page = sysconf(_SC_PAGESIZE);
        memory = mmap(NULL, AREA + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) elog(ERROR, "mmap failed: %m");
        areas[argument] = memory + page;
    }
    return areas[argument];
}

static void protect(int argument, int protection) {
    if (mprotect(area(argument), AREA, protection) != 0) elog(ERROR, "mprotect failed: %m");
}

/* Copies a value to the end of the area, at its alignment. */
static Datum place(int argument, const void* value, Size size, int alignment, bool change) {
    char* end = area(argument) + AREA;
    char* begin = end - (size + alignment - 1) / alignment * alignment;
    if (size > AREA - 64) elog(ERROR, "value of %zu bytes is too long for its area", size);
    protect(argument, PROT_READ | PROT_WRITE);
    memset(begin - 64, 0xAA, end - begin + 64);
    memcpy(begin, value, size);
    if (!change) protect(argument, PROT_READ);
    return PointerGetDatum(begin);
}

static Datum place_varlena(int argument, struct varlena* value, int alignment, bool change) {
    Size size = VARSIZE(value);
    if (size <= VARATT_SHORT_MAX + VARHDRSZ - VARHDRSZ_SHORT && one_in(3)) { /* as it is in a row */
        char packed[VARATT_SHORT_MAX + 1];
        Size packed_size = size - VARHDRSZ + VARHDRSZ_SHORT;
        memcpy(packed + VARHDRSZ_SHORT, VARDATA(value), size - VARHDRSZ);
        SET_VARSIZE_SHORT(packed, packed_size);
        return place(argument, packed, packed_size, 1, change);
    }
    return place(argument, value, size, alignment, change);
}

/* ---------------------------------------------------------------- states */

/* States of one aggregate: of type bytea, bigint[] or bigint. */
typedef struct {
    Oid type;
    Datum values[POOL];
    int count;
} Pool;

static Pool* pools;
static int pool_count;
static MemoryContext pool_context;

static void keep(Pool* pool, Datum value, Oid type) {
    MemoryContext caller = MemoryContextSwitchTo(pool_context);
    int place = pool->count < POOL ? pool->count++ : (int)below(POOL);
    if (type != INT8OID) {
        value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
        if (pool->values[place] != 0) pfree(DatumGetPointer(pool->values[place]));
    }
    pool->values[place] = value;
    pool->type = type;
    MemoryContextSwitchTo(caller);
}

/* Now and then that of another aggregate. */
static Pool* some_pool(int family) {
    int other = (int)below(pool_count);
    return &pools[one_in(40) && pools[other].type == pools[family].type ? other : family];
}

static void change_bytes(char* bytes, Size size) {
    Size at;
    int64 number = extreme();
    if (size == 0) return;
    at = below(one_in(2) ? Min(size, 72) : size); /* more often in a header */
    switch (below(6)) {
        case 0:
            bytes[at] ^= 1 << below(8);
            break;
        case 1:
            bytes[at] = (char)next_random();
            break;
        case 2:
            at &= ~(Size)3;
            if (at + 4 <= size) memcpy(bytes + at, &number, 4);
            break;
        case 3:
            at &= ~(Size)7;
            at += one_in(2) ? 4 : 0;
            if (at + 8 <= size) memcpy(bytes + at, &number, 8);
            break;
        case 4:
            number = (int64)below(size + 2);
            at &= ~(Size)3;
            if (at + 4 <= size) memcpy(bytes + at, &number, 4);
            break;
        default: {
            Size length = below(size - at) + 1;
            memmove(bytes + at, bytes + below(size - length + 1), length);
            break;
        }
    }
}

static struct varlena* forged_bytea(int family, bool calm) {
    Pool* pool = some_pool(family);
    struct varlena* state = pool->count == 0 ? NULL : (struct varlena*)DatumGetPointer(pool->values[below(pool->count)]);
    Size size = state == NULL || one_in(200) ? VARHDRSZ + below(80) : VARSIZE(state);
    Size kept = state == NULL ? 0 : Min(size, VARSIZE(state));
    struct varlena* forged;
    if (!calm && one_in(5)) size = VARHDRSZ + below(size - VARHDRSZ + (one_in(4) ? 100 : 1));
    forged = palloc0(Max(size, kept));
    if (state != NULL) memcpy(forged, state, kept);
    SET_VARSIZE(forged, size);
    if (!calm)
        for (int changes = (int)below(4); changes > 0; --changes) change_bytes(VARDATA(forged), size - VARHDRSZ);
    return forged;
}

static struct varlena* forged_counters(int family, bool calm) {
    Pool* pool = some_pool(family);
    ArrayType* state = NULL;
    int length = one_in(4) ? (int)below(60) : 3 + (int)below(4); /* most begin with 3, 4 or 6 */
    Datum* elements;
    bool* nulls;
    int dims[2] = {0, 1}, lower[2] = {1, 1};
    if (pool->count > 0 && !one_in(8)) {
        state = DatumGetArrayTypeP(pool->values[below(pool->count)]);
        length = ArrayGetNItems(ARR_NDIM(state), ARR_DIMS(state));
    }
    elements = palloc0(sizeof(Datum) * (length + 8));
    nulls = palloc0(length + 8);
    if (state != NULL && !ARR_HASNULL(state))
        for (int i = 0; i < length; ++i) elements[i] = Int64GetDatum(((int64*)ARR_DATA_PTR(state))[i]);
    else if (length == 6)
        elements[1] = Int64GetDatum(-1); /* what cost_per begins with */
    if (!calm) {
        for (int changes = (int)below(4); changes > 0 && length > 0; --changes)
            elements[below(one_in(2) ? Min(length, 8) : length)] = Int64GetDatum(one_in(2) ? extreme() : (int64)below(50) - 8);
        if (one_in(8)) length = (int)below(length + 8);
        if (one_in(30) && length > 0) nulls[below(length)] = true;
        if (one_in(30)) lower[0] = (int)below(9) - 4;
        if (one_in(40) && length % 2 == 0) dims[1] = 2;
    }
    if (length == 0) return (struct varlena*)construct_empty_array(INT8OID);
    dims[0] = length / dims[1];
    return (struct varlena*)construct_md_array(elements, nulls, dims[1], dims, lower, INT8OID, 8, FLOAT8PASSBYVAL,
                                               TYPALIGN_DOUBLE);
}

static int64 forged_bits(int family, bool calm) {
    Pool* pool = some_pool(family);
    int64 state = pool->count == 0 ? 0 : DatumGetInt64(pool->values[below(pool->count)]);
    if (calm) return state;
    return one_in(2) ? extreme() : state ^ (int64)(UINT64CONST(1) << below(64));
}

/* ---------------------------------------------------------------- other arguments */

static const char* some_text(bool calm) {
    static const char* words[] = {"linear", "time_decay", "position", "a",       "b",  "Direct", "mail", "strict_order",
                                  "first",  "search",     "linear",   "linear_channel", "last_non_direct", "strict_once, strict_increase",
                                  "",       "strict_order, allow_reentry"};
    char* word;
    Size length;
    if (calm) return words[below(lengthof(words))];
    length = one_in(8) ? below(20000) : below(8);
    word = palloc(length + 1);
    for (Size i = 0; i < length; ++i) word[i] = (char)(32 + below(95));
    word[length] = '\0';
    return word;
}

static int64 some_time(bool calm) {
    static const int64 times[] = {DT_NOBEGIN, DT_NOEND, DT_NOBEGIN + 1, MIN_TIMESTAMP, END_TIMESTAMP - 1, END_TIMESTAMP, 0, -1};
    if (!calm && one_in(2)) return times[below(lengthof(times))];
    return (int64)below(40) * 12 * USECS_PER_HOUR + INT64CONST(757382400000000);
}

static Interval* some_interval(bool calm) {
    Interval* interval = palloc0(sizeof(Interval));
    interval->day = 7;
    if (calm) return interval;
    interval->day = (int32)extreme();
    if (one_in(3)) interval->time = extreme();
    if (one_in(6)) interval->month = (int32)extreme();
    return interval;
}

static Datum some_numeric(bool calm) {
    static const char* numbers[] = {"99.95", "100", "0", "0.05", "-20.5", "1e131000", "1e-16383", "NaN", "Infinity", "-Infinity",
                                    "123456789012345678901234567890.1234567890123456789", "-1e100000", "0.00", "9999.9999"};
    return DirectFunctionCall3(numeric_in, CStringGetDatum(numbers[below(calm ? 5 : lengthof(numbers))]), ObjectIdGetDatum(InvalidOid),
                               Int32GetDatum(-1));
}

static double some_number(bool calm) {
    static const double numbers[] = {0, 1, -1, 0.95, 1e300, 1e-300, INFINITY, -INFINITY, NAN, -0.0, 5e-324, 2};
    return calm ? (double)below(9) / 8 : numbers[below(lengthof(numbers))];
}

static ArrayType* some_array(Oid type, bool calm) {
    int length = type == BOOLOID ? (calm ? 4 : (int)below(40)) : (int)below(5);
    Datum* elements = palloc(sizeof(Datum) * (length + 1));
    bool* nulls = palloc0(length + 1);
    int dims[2] = {length, 1}, lower[2] = {1, 1};
    for (int i = 0; i < length; ++i) {
        elements[i] = type == BOOLOID ? BoolGetDatum(one_in(2)) : CStringGetTextDatum(some_text(calm || one_in(2)));
        nulls[i] = one_in(calm ? 10 : 3);
    }
    if (length == 0) return construct_empty_array(type);
    return construct_md_array(elements, nulls, calm || one_in(2) ? 1 : 2, dims, lower, type, type == BOOLOID ? 1 : -1,
                              type == BOOLOID, type == BOOLOID ? TYPALIGN_CHAR : TYPALIGN_INT);
}

static ArrayType* some_times(bool calm) {
    int length = calm ? 3 : (int)below(5);
    Datum elements[5];
    bool nulls[5];
    int dims[2] = {length, 1}, lower[2] = {1, 1};
    for (int i = 0; i < length; ++i) {
        elements[i] = Int64GetDatum(some_time(calm));
        nulls[i] = !calm && one_in(10);
    }
    if (length == 0) return construct_empty_array(TIMESTAMPTZOID);
    return construct_md_array(elements, nulls, calm || one_in(2) ? 1 : 2, dims, lower, TIMESTAMPTZOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

static Datum some_value(Oid type, int family, int argument, bool calm, bool change) {
    switch (type) {
        case BYTEAOID:
            return place_varlena(argument, forged_bytea(family, calm), change ? MAXIMUM_ALIGNOF : 4, change);
        case INT8ARRAYOID:
            return place_varlena(argument, forged_counters(family, calm), MAXIMUM_ALIGNOF, change);
        case INT8OID:
            return Int64GetDatum(argument == 0 || !calm ? forged_bits(family, calm) : (int64)below(5));
        case INT4OID:
            return Int32GetDatum(calm ? 2 : (int32)extreme());
        case BOOLOID:
            return BoolGetDatum(one_in(2));
        case FLOAT8OID:
            return Float8GetDatum(some_number(calm));
        case TIMESTAMPTZOID:
            return Int64GetDatum(some_time(calm));
        case TEXTOID:
            return place_varlena(argument, (struct varlena*)cstring_to_text(some_text(calm)), 4, false);
        case NUMERICOID:
            return place_varlena(argument, (struct varlena*)DatumGetPointer(some_numeric(calm)), 4, false);
        case INTERVALOID:
            return place(argument, some_interval(calm), sizeof(Interval), MAXIMUM_ALIGNOF, false);
        case 1000: /* boolean[] */
            return place_varlena(argument, (struct varlena*)some_array(BOOLOID, calm), 4, false);
        case 1185: /* timestamptz[] */
            return place_varlena(argument, (struct varlena*)some_times(calm), 4, false);
        case TEXTARRAYOID:
            return place_varlena(argument, (struct varlena*)some_array(TEXTOID, calm), 4, false);
        default:
            elog(ERROR, "no values of type %s are known", format_type_be(type));
    }
}

/* ---------------------------------------------------------------- calls */

typedef struct {
    FmgrInfo info;
    Oid result;
    Oid output;
    bool strict;
    int arguments;
    Oid types[MAX_ARGUMENTS];
    int family;
} Function;

typedef struct {
    int function;
    int sqlstate;
    int64 calls;
    char message[200];
} Outcome;

static Outcome outcomes[MAX_OUTCOMES];
static int outcome_count;

static void note(int function, int sqlstate, const char* message) {
    int i = 0;
    while (i < outcome_count && (outcomes[i].function != function || outcomes[i].sqlstate != sqlstate)) ++i;
    if (i == MAX_OUTCOMES) elog(ERROR, "too many outcomes");
    if (i == outcome_count) {
        outcomes[i].function = function;
        outcomes[i].sqlstate = sqlstate;
        outcomes[i].calls = 0;
        strlcpy(outcomes[i].message, message, sizeof(outcomes[i].message));
        ++outcome_count;
    }
    ++outcomes[i].calls;
}

static void prepare(Function* function, Oid oid, int family) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
    Form_pg_proc proc;
    bool variable;
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "there is no function %u", oid);
    proc = (Form_pg_proc)GETSTRUCT(tuple);
    function->arguments = proc->pronargs;
    if (proc->pronargs > MAX_ARGUMENTS) elog(ERROR, "function %u has too many arguments", oid);
    memcpy(function->types, proc->proargtypes.values, sizeof(Oid) * proc->pronargs);
    function->strict = proc->proisstrict;
    function->result = proc->prorettype;
    function->family = family;
    ReleaseSysCache(tuple);
    getTypeOutputInfo(function->result, &function->output, &variable);
    fmgr_info(oid, &function->info);
    fmgr_info_set_expr((Node*)makeFuncExpr(oid, function->result, NIL, InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL),
                       &function->info);
}

static void call(Function* function, int number, Node* aggregate) {
    LOCAL_FCINFO(fcinfo, MAX_ARGUMENTS);
    Datum result;
    bool calm = one_in(2), in_aggregate = !one_in(3), missing = false;
    InitFunctionCallInfoData(*fcinfo, &function->info, function->arguments, InvalidOid, in_aggregate ? aggregate : NULL, NULL);
    for (int i = 0; i < function->arguments; ++i) {
        fcinfo->args[i].isnull = one_in(i == 0 ? 6 : calm ? 12 : 4);
        /* A calm call is so but, perhaps, for one argument. */
        fcinfo->args[i].value =
            fcinfo->args[i].isnull ? 0 : some_value(function->types[i], function->family, i, calm ? !one_in(12) : one_in(3), i == 0 && in_aggregate);
        missing |= fcinfo->args[i].isnull;
    }
    if (missing && function->strict) {
        note(number, 0, "");
        return;
    }
    result = FunctionCallInvoke(fcinfo);
    if (!fcinfo->isnull) {
        pfree(OidOutputFunctionCall(function->output, result));
        if (function->result == BYTEAOID || function->result == INT8ARRAYOID || function->result == INT8OID) {
            Size size = function->result == INT8OID ? 0 : toast_raw_datum_size(result);
            if (size < AREA / 4) keep(&pools[function->family], result, function->result);
        }
    }
    note(number, 0, "");
}

Datum garbage_states(PG_FUNCTION_ARGS) {
    ArrayType* oids = PG_GETARG_ARRAYTYPE_P(0);
    ArrayType* families = PG_GETARG_ARRAYTYPE_P(1);
    int64 calls = PG_GETARG_INT64(3);
    int count = ArrayGetNItems(ARR_NDIM(oids), ARR_DIMS(oids));
    Function* functions = palloc0(sizeof(Function) * count);
    Node* aggregates[] = {(Node*)makeNode(AggState), (Node*)makeNode(WindowAggState)};
    MemoryContext caller = CurrentMemoryContext;
    MemoryContext call_context = AllocSetContextCreate(caller, "call with garbage", ALLOCSET_DEFAULT_SIZES);
    ReturnSetInfo* result = (ReturnSetInfo*)fcinfo->resultinfo;

    InitMaterializedSRF(fcinfo, 0);
    random_state = (uint64)PG_GETARG_INT64(2) * UINT64CONST(0xD1342543DE82EF95);
    pool_context = caller;
    outcome_count = pool_count = 0;
    for (int i = 0; i < count; ++i) {
        int family = ((int32*)ARR_DATA_PTR(families))[i];
        prepare(&functions[i], ((Oid*)ARR_DATA_PTR(oids))[i], family);
        pool_count = Max(pool_count, family + 1);
    }
    pools = palloc0(sizeof(Pool) * pool_count);

    for (int64 i = 0; i < calls; ++i) {
        int number = (int)below(count);
        MemoryContextSwitchTo(call_context);
        PG_TRY();
        {
            call(&functions[number], number, aggregates[below(2)]);
        }
        PG_CATCH();
        {
            ErrorData* error;
            MemoryContextSwitchTo(call_context);
            error = CopyErrorData();
            FlushErrorState();
            note(number, error->sqlerrcode, error->message);
        }
        PG_END_TRY();
        MemoryContextSwitchTo(caller);
        MemoryContextReset(call_context);
        CHECK_FOR_INTERRUPTS();
    }
    for (int i = 0; i < outcome_count; ++i) {
        Datum values[] = {ObjectIdGetDatum(functions[outcomes[i].function].info.fn_oid),
                          CStringGetTextDatum(unpack_sql_state(outcomes[i].sqlstate)), Int64GetDatum(outcomes[i].calls),
                          CStringGetTextDatum(outcomes[i].message)};
        bool nulls[] = {false, false, false, false};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    return (Datum)0;
}
