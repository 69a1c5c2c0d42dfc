#include "pg/postgres.hpp"

#include "pg/program.hpp"

#include <cmath>
#include <cstring>

#include "pg/bucket.hpp"
#include "pg/dispatch.hpp"
#include "pg/expression.hpp"
#include "pg/hazards.hpp"
#include "pg/owner.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/bitmapset.h"
#include "optimizer/optimizer.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

// What one event type (or a lead's row) may match: a rule, or a stage entered by event.
struct Candidate {
    MatchKind kind;
    int target;
    const char* name;
    Formula condition;
    Formula rest;  // what is left of the condition where the dispatch has found the candidate
    Formula per;
    Formula key;
    LimitWindow window;
    double points;
};

struct TypeEntry {
    const char* type;
    uint32 hash;
    Dispatch dispatch;
};

}  // namespace

struct Program {
    Program* next;
    Oid relation;
    bool of_leads;
    AttrNumber key;
    AttrNumber type;
    AttrNumber time;
    Oid type_output;  // InvalidOid: the type column is text
    pg_tz* time_zone;
    Candidate* candidates;
    int candidate_count;
    TypeEntry* types;  // open addressing; mask + 1 slots, those without a type are free
    uint32 type_mask;
    Dispatch leads;       // of a program of leads, which have no type
    bool reads_settings;  // in any expression
    Bitmapset* inputs;    // columns the conditions read, as pull_varattnos counts; a whole row is number 0
    MemoryContext states;
    ExprContext* context;
};

namespace {

void start(Formula* formula) {
    if (formula->expression != nullptr) formula->state = ExecInitExpr(formula->expression, nullptr);
}

void start(Program* program, Candidate* candidate) {
    MemoryContext caller = MemoryContextSwitchTo(program->states);
    start(&candidate->condition);
    start(&candidate->rest);
    start(&candidate->per);
    start(&candidate->key);
    MemoryContextSwitchTo(caller);
}

void start(const Dispatch& dispatch) {
    for (Switch* choice = dispatch.switches; choice != nullptr; choice = choice->next) start(&choice->subject);
}

// Makes executor states anew; those that an error went through are not to be trusted.
void start(Program* program) {
    MemoryContextReset(program->states);
    MemoryContext caller = MemoryContextSwitchTo(program->states);
    program->context = CreateStandaloneExprContext();
    start(program->leads);
    for (uint32 i = 0; i <= program->type_mask; ++i) start(program->types[i].dispatch);
    MemoryContextSwitchTo(caller);
    for (int i = 0; i < program->candidate_count; ++i) start(program, &program->candidates[i]);
}

// Where an expression stands in the draft.
struct Subject {
    const char* model;
    const char* table;
    const char* column;
    const char* name;
};

// What was right when it was published is wrong now: a column or function has gone or changed.
void name_subject(void* argument) {
    auto* subject = static_cast<Subject*>(argument);
    errcontext("%s of \"%s\" in table %s.%s", subject->column, subject->name, quote_identifier(subject->model),
               subject->table);
    if (ERRCODE_TO_CATEGORY(geterrcode()) != ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION ||
        geterrcode() == ERRCODE_INSUFFICIENT_PRIVILEGE)
        return;
    errhint("UPDATE %s.%s SET %s = '...' WHERE name = %s; SELECT lead_scoring.publish(%s);",
            quote_identifier(subject->model), subject->table, subject->column, quote_literal_cstr(subject->name),
            quote_literal_cstr(subject->model));
}

Formula compile(Program* program, Relation relation, Subject subject, const char* column, const char* text,
                ExpressionKind kind) {
    Formula formula;
    if (text == nullptr) return formula;
    subject.column = column;
    ErrorContextCallback context;
    context.callback = name_subject;
    context.arg = &subject;
    context.previous = error_context_stack;
    error_context_stack = &context;
    formula.expression = compile_expression(relation, text, kind);
    error_context_stack = context.previous;
    program->reads_settings |= reads_settings(formula.expression);
    pull_varattnos(reinterpret_cast<Node*>(formula.expression), 1, &program->inputs);
    return formula;
}

TypeEntry* find_type(const Program* program, const char* type, std::size_t length) {
    uint32 hash = hash_bytes(reinterpret_cast<const unsigned char*>(type), static_cast<int>(length));
    for (uint32 i = hash & program->type_mask;; i = (i + 1) & program->type_mask) {
        TypeEntry* entry = &program->types[i];
        if (entry->type == nullptr) {
            entry->hash = hash;
            return entry;
        }
        if (entry->hash == hash && strncmp(entry->type, type, length) == 0 && entry->type[length] == '\0') return entry;
    }
}

// Adds a candidate for events of the type, or for leads where it is null.
void add_candidate(Program* program, const Candidate& candidate, const char* type) {
    Dispatch* dispatch = &program->leads;
    if (type != nullptr) {
        TypeEntry* entry = find_type(program, type, strlen(type));
        entry->type = type;
        dispatch = &entry->dispatch;
    }
    for (const Formula& formula : {candidate.condition, candidate.per, candidate.key})
        dispatch->may_raise |= may_raise(formula.expression);
    Candidate* added = &program->candidates[program->candidate_count];
    *added = candidate;
    added->rest.expression = add_candidate(dispatch, program->candidate_count, candidate.condition.expression);
    ++program->candidate_count;
}

void add_candidates(Program* program, Relation relation, const Model* model) {
    const PublishedVersion* version = model->version;
    int most = version->rule_count + version->stage_count;
    program->candidates = static_cast<Candidate*>(palloc0(sizeof(Candidate) * static_cast<Size>(most + 1)));
    uint32 slots = 16;
    while (slots < 2u * static_cast<uint32>(most)) slots *= 2;
    program->types = static_cast<TypeEntry*>(palloc0(sizeof(TypeEntry) * slots));
    program->type_mask = slots - 1;

    for (int i = 0; i < version->rule_count; ++i) {
        const RuleSource& rule = version->rules[i];
        if ((rule.event_type == nullptr) != program->of_leads) continue;
        Subject subject = {model->name, "rules", nullptr, rule.name};
        Candidate candidate = {MatchKind::Rule, i, rule.name, {}, {}, {}, {}, rule.window, rule.points};
        candidate.condition =
            compile(program, relation, subject, "condition", rule.condition, ExpressionKind::Condition);
        candidate.per = compile(program, relation, subject, "per", rule.per, ExpressionKind::Number);
        candidate.key = compile(program, relation, subject, "limit_key", rule.limit_key, ExpressionKind::Key);
        add_candidate(program, candidate, rule.event_type);
    }
    if (program->of_leads) return;
    for (int i = 0; i < version->stage_count; ++i) {
        const StageSource& stage = version->stages[i];
        if (stage.on_event == nullptr) continue;
        Subject subject = {model->name, "stages", nullptr, stage.name};
        Candidate candidate = {MatchKind::Stage, i, stage.name, {}, {}, {}, {}, LimitWindow::None, 0};
        candidate.condition = compile(program, relation, subject, "on_event_condition", stage.on_event_condition,
                                      ExpressionKind::Condition);
        add_candidate(program, candidate, stage.on_event);
    }
}

Program* build_program(Model* model, Relation relation, bool of_leads) {
    shut_search_path();
    MemoryContext caller = MemoryContextSwitchTo(model->context);
    auto* program = static_cast<Program*>(palloc0(sizeof(Program)));
    program->relation = RelationGetRelid(relation);
    program->of_leads = of_leads;
    program->time_zone = model->version->time_zone;
    program->states = AllocSetContextCreate(model->context, "lead_scoring expressions", ALLOCSET_DEFAULT_SIZES);
    program->key = get_attnum(program->relation, of_leads ? model->lead_key : model->event_lead);
    if (!of_leads) {
        program->time = get_attnum(program->relation, model->event_time);
        program->type = get_attnum(program->relation, model->event_type);
        Oid type = getBaseType(get_atttype(program->relation, program->type));
        bool variable = false;
        if (type != TEXTOID && type != VARCHAROID) getTypeOutputInfo(type, &program->type_output, &variable);
    }
    add_candidates(program, relation, model);
    start(program);
    program->next = model->programs;
    model->programs = program;
    MemoryContextSwitchTo(caller);
    return program;
}

Program* program_for(Model* model, Relation relation, bool of_leads) {
    for (Program* program = model->programs; program != nullptr; program = program->next)
        if (program->relation == RelationGetRelid(relation) && program->of_leads == of_leads) return program;
    return build_program(model, relation, of_leads);
}

// One batch of rows on its way from the source to the findings. Evaluation may end in an error halfway; only whole
// batches are handed on.
struct Reading {
    Model* model;
    Program* program;
    RowSource* source;
    Findings* findings;
    ProblemList* problems;
    TupleTableSlot* slot;
    MemoryContext context;  // of the batch
    Finding* batch;
    int batch_count;
    int batch_capacity;
    int rows;    // read of the source, at most kRowsPerBatch
    bool ahead;  // the slot holds a row that is not evaluated yet
    bool end;
    const Candidate* only;  // set while one candidate is evaluated by itself
};

void emit(Reading* reading, FindingKind kind, Datum key, const Match& match) {
    if (reading->batch_count == reading->batch_capacity) {
        reading->batch_capacity *= 2;
        reading->batch = static_cast<Finding*>(
            repalloc(reading->batch, sizeof(Finding) * static_cast<Size>(reading->batch_capacity)));
    }
    reading->batch[reading->batch_count++] = {key, kind, match};
}

Datum evaluate(Reading* reading, const Formula& formula, bool* is_null) {
    return ExecEvalExprSwitchContext(formula.state, reading->program->context, is_null);
}

bool holds(Reading* reading, const Formula& condition) {
    if (condition.state == nullptr) return true;
    bool is_null = false;
    Datum value = evaluate(reading, condition, &is_null);
    return !is_null && DatumGetBool(value);
}

// False where `per` is null or not finite: no match.
bool multiply(Reading* reading, const Candidate& candidate, Units* points) {
    double factor = 1;
    if (candidate.per.state != nullptr) {
        bool is_null = false;
        Datum value = evaluate(reading, candidate.per, &is_null);
        factor = is_null ? NAN : DatumGetFloat8(value);
    }
    double product = candidate.points * factor;
    if (!std::isfinite(product)) return false;
    *points = units_of_points(product);
    return true;
}

// Null keys are one key of their own.
uint64 hash_limit_key(Reading* reading, const Formula& key) {
    constexpr uint64 kNoKey = 0;
    constexpr uint64 kNullKey = 1;
    if (key.state == nullptr) return kNoKey;
    bool is_null = false;
    Datum value = evaluate(reading, key, &is_null);
    if (is_null) return kNullKey;
    text* packed = DatumGetTextPP(value);
    uint64 hash = hash_bytes_extended(reinterpret_cast<const unsigned char*>(VARDATA_ANY(packed)),
                                      static_cast<int>(VARSIZE_ANY_EXHDR(packed)), 0);
    return hash <= kNullKey ? hash + 2 : hash;
}

void try_candidate(Reading* reading, const Candidate& candidate, const Formula& condition, Datum key, Timestamp at) {
    if (!holds(reading, condition)) return;
    Match match;
    match.at = at;
    match.kind = candidate.kind;
    match.target = candidate.target;
    if (reading->program->of_leads) {
        emit(reading, FindingKind::Fit, key, match);
        return;
    }
    if (!multiply(reading, candidate, &match.points)) return;
    if (candidate.window != LimitWindow::None) {
        match.bucket = bucket_of(at, candidate.window, reading->program->time_zone);
        match.key = hash_limit_key(reading, candidate.key);
    }
    emit(reading, FindingKind::Match, key, match);
}

// `at` is of the event, kNever of a lead.
void try_candidates(Reading* reading, const Dispatch& dispatch, Datum key, Timestamp at) {
    const Candidate* candidates = reading->program->candidates;
    if (reading->only != nullptr) {
        for (const Link* link = dispatch.all; link != nullptr; link = link->next)
            if (reading->only == &candidates[link->candidate])
                try_candidate(reading, *reading->only, reading->only->condition, key, at);
        return;
    }
    for (const Link* link = dispatch.plain; link != nullptr; link = link->next)
        try_candidate(reading, candidates[link->candidate], candidates[link->candidate].condition, key, at);
    for (const Switch* choice = dispatch.switches; choice != nullptr; choice = choice->next) {
        bool is_null = false;
        Datum value = evaluate(reading, choice->subject, &is_null);
        if (is_null) continue;
        for (const Link* link = find_case(choice, value); link != nullptr; link = link->next)
            try_candidate(reading, candidates[link->candidate], candidates[link->candidate].rest, key, at);
    }
}

// Null where nothing is looked for in events of the row's type.
const Dispatch* dispatch_of_type(Reading* reading) {
    bool is_null = false;
    Datum type = slot_getattr(reading->slot, reading->program->type, &is_null);
    if (is_null) return nullptr;
    const TypeEntry* entry = nullptr;
    if (OidIsValid(reading->program->type_output)) {
        const char* name = OidOutputFunctionCall(reading->program->type_output, type);
        entry = find_type(reading->program, name, strlen(name));
    } else {
        text* packed = DatumGetTextPP(type);
        entry = find_type(reading->program, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
    }
    return entry->type == nullptr ? nullptr : &entry->dispatch;
}

Datum row_key(Reading* reading, bool* is_null) {
    const KeyType& type = reading->model->key;
    Datum key = slot_getattr(reading->slot, reading->program->key, is_null);
    if (*is_null || type.by_value) return key;
    MemoryContext caller = MemoryContextSwitchTo(reading->context);
    key = type.length == -1 ? PointerGetDatum(PG_DETOAST_DATUM_COPY(key)) : datumCopy(key, false, type.length);
    MemoryContextSwitchTo(caller);
    return key;
}

// False, and nothing is done, where the row may raise an error and `may_fail` does not allow for it.
bool read_row(Reading* reading, bool may_fail) {
    Program* program = reading->program;
    ResetExprContext(program->context);
    program->context->ecxt_scantuple = reading->slot;
    MemoryContext caller = MemoryContextSwitchTo(program->context->ecxt_per_tuple_memory);
    bool is_null = false;
    bool no_time = true;
    Datum key = row_key(reading, &is_null);
    Match nothing;
    nothing.at = kNever;
    Timestamp at = kNever;
    const Dispatch* dispatch = nullptr;
    if (program->of_leads) {
        dispatch = &program->leads;
    } else {
        Datum time = slot_getattr(reading->slot, program->time, &no_time);
        if (!no_time) at = DatumGetInt64(time);
        if (!no_time && !TIMESTAMP_NOT_FINITE(at)) dispatch = dispatch_of_type(reading);
    }
    bool fits = may_fail || dispatch == nullptr || !dispatch->may_raise;
    if (fits && !is_null) {
        int before = reading->batch_count;
        if (program->of_leads) emit(reading, FindingKind::Known, key, nothing);
        if (dispatch != nullptr) try_candidates(reading, *dispatch, key, at);
        if (reading->batch_count == before) emit(reading, FindingKind::Seen, key, nothing);
    }
    MemoryContextSwitchTo(caller);
    return fits;
}

void begin_batch(Reading* reading) {
    MemoryContextReset(reading->context);
    reading->rows = 0;
    reading->ahead = false;
    reading->batch_count = 0;
    reading->batch_capacity = 256;
    reading->batch = static_cast<Finding*>(
        MemoryContextAlloc(reading->context, sizeof(Finding) * static_cast<Size>(reading->batch_capacity)));
}

void end_batch(Reading* reading) {
    for (int i = 0; i < reading->batch_count; ++i) add_finding(reading->findings, reading->batch[i]);
}

// Reads on to the end of the batch. False where it stopped at a row that may raise an error, which `may_fail` does not
// allow for.
bool read_on(Reading* reading, bool may_fail) {
    for (; reading->rows < kRowsPerBatch; ++reading->rows) {
        if (!reading->ahead && !reading->source->next(reading->slot)) {
            reading->end = true;
            return true;
        }
        reading->ahead = !read_row(reading, may_fail);
        if (reading->ahead) return false;
    }
    return true;
}

void read_rest(void* argument) { read_on(static_cast<Reading*>(argument), true); }

void read_one(void* argument) { read_row(static_cast<Reading*>(argument), true); }

void note_problem(Reading* reading, const char* rule, const ErrorData* error) {
    if (reading->problems == nullptr || reading->problems->count == ProblemList::kMost) return;
    ++reading->problems->count;
    bool is_null = false;
    const KeyType& type = reading->model->key;
    Datum key = slot_getattr(reading->slot, reading->program->key, &is_null);
    auto* problem = static_cast<Problem*>(palloc(sizeof(Problem)));
    problem->lead =
        type.length == -1 ? PointerGetDatum(PG_DETOAST_DATUM_COPY(key)) : datumCopy(key, type.by_value, type.length);
    problem->rule = rule;
    problem->message = error->message;
    problem->next = reading->problems->first;
    reading->problems->first = problem;
}

// A row that raised an error is evaluated rule by rule; the rules that raise count as no match.
void read_row_by_rule(Reading* reading) {
    Program* program = reading->program;
    Match nothing;
    nothing.at = kNever;
    bool is_null = false;
    emit(reading, program->of_leads ? FindingKind::Known : FindingKind::Seen, row_key(reading, &is_null), nothing);
    for (int i = 0; i < program->candidate_count; ++i) {
        reading->only = &program->candidates[i];
        int count = reading->batch_count;
        ErrorData* error = run_protected(read_one, reading);
        if (error == nullptr) continue;
        reading->batch_count = count;
        note_problem(reading, reading->only->name, error);
        start(program, &program->candidates[i]);
    }
    reading->only = nullptr;
}

// Reads a batch again, row by row, after one of its rows raised an error.
void read_batch_carefully(Reading* reading) {
    reading->source->back_to_mark();
    reading->end = false;
    begin_batch(reading);
    start(reading->program);
    for (; reading->rows < kRowsPerBatch; ++reading->rows) {
        if (!reading->source->next(reading->slot)) {
            reading->end = true;
            break;
        }
        int count = reading->batch_count;
        if (run_protected(read_one, reading) == nullptr) continue;
        reading->batch_count = count;
        read_row_by_rule(reading);
    }
    start(reading->program);
}

void read_all(Model* model, Relation relation, bool of_leads, RowSource* source, Findings* findings,
              ProblemList* problems) {
    Reading reading = {};
    reading.model = model;
    reading.program = program_for(model, relation, of_leads);
    reading.source = source;
    reading.findings = findings;
    reading.problems = problems;
    if (reading.program->reads_settings) fix_settings();
    reading.slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), source->slot_type);
    reading.context = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring batch", ALLOCSET_DEFAULT_SIZES);
    while (!reading.end) {
        CHECK_FOR_INTERRUPTS();
        begin_batch(&reading);
        source->mark();
        if (!read_on(&reading, false) && run_protected(read_rest, &reading) != nullptr) read_batch_carefully(&reading);
        end_batch(&reading);
    }
    ExecDropSingleTupleTableSlot(reading.slot);
    MemoryContextDelete(reading.context);
}

}  // namespace

void read_events(Model* model, Relation relation, RowSource* source, Findings* findings, ProblemList* problems) {
    read_all(model, relation, false, source, findings, problems);
}

void read_leads(Model* model, Relation relation, RowSource* source, Findings* findings, ProblemList* problems) {
    read_all(model, relation, true, source, findings, problems);
}

AttrNumber key_column(Model* model, Relation relation, bool of_leads) {
    return program_for(model, relation, of_leads)->key;
}

bool fit_input_differs(Model* model, Relation relation, TupleTableSlot* old_row, TupleTableSlot* new_row) {
    const Program* program = program_for(model, relation, true);
    TupleDesc columns = RelationGetDescr(relation);
    bool whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, program->inputs);
    for (int i = 0; i < columns->natts; ++i) {
        Form_pg_attribute column = TupleDescAttr(columns, i);
        bool read = whole_row || bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber, program->inputs);
        if (!read || column->attisdropped) continue;
        bool old_null = false;
        bool new_null = false;
        Datum old_value = slot_getattr(old_row, i + 1, &old_null);
        Datum new_value = slot_getattr(new_row, i + 1, &new_null);
        if (old_null != new_null) return true;
        if (!old_null && !datum_image_eq(old_value, new_value, column->attbyval, column->attlen)) return true;
    }
    return false;
}

bool has_program(const Model* model, Oid relation) {
    for (const Program* program = model->programs; program != nullptr; program = program->next)
        if (program->relation == relation) return true;
    return false;
}

}  // namespace lead_scoring
