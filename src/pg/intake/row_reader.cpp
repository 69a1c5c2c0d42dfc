#include "pg/server/postgres.hpp"

#include "pg/intake/row_reader.hpp"

#include <cmath>

#include "pg/conditions/expression.hpp"
#include "pg/conditions/shared_values.hpp"
#include "pg/model/bucket.hpp"
#include "pg/model/limit_key.hpp"
#include "pg/model/program.hpp"
#include "pg/server/instant.hpp"
#include "pg/server/session_locks.hpp"
#include "pg/server/subtransaction.hpp"
#include "pg/server/utf8.hpp"

extern "C" {
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

namespace {

// One batch of rows on its way from the source to the findings. Evaluation may end in an error halfway; only whole
// batches are handed on.
struct RowReading {
    Model* model;
    Program* program;
    RowStream* stream;
    Findings* findings;
    Problems* problems;
    TupleTableSlot* slot;
    MemoryContext context;  // of the batch's keys, where these are no plain values
    MemoryContext errors;   // of what was raised, reset with each row that raises; null: nothing was
    Finding* batch;         // lasts from batch to batch
    int batch_count;
    int batch_capacity;
    int rows;    // read of the stream, at most kRowsPerBatch
    bool ahead;  // the slot holds a row that is not evaluated yet
    bool end;
    const Candidate* only;      // set while one candidate is evaluated by itself
    uint32 names[kEventNames];  // of the row, as number_of_name has them
    int only_name;              // that is evaluated by itself
    bool ids;                   // are asked for
    bool counts;                // the row's lead: its condition holds
    Doubts* doubts;             // null: nobody asks
    int64 rows_before;          // this batch
};

void emit(RowReading* reading, FindingKind kind, Datum key, const Match& match) {
    if (reading->batch_count == reading->batch_capacity) {
        reading->batch_capacity *= 2;
        reading->batch = static_cast<Finding*>(
            repalloc(reading->batch, sizeof(Finding) * static_cast<Size>(reading->batch_capacity)));
    }
    reading->batch[reading->batch_count++] = {key, kind, match};
}

Datum evaluate(RowReading* reading, const Formula& formula, bool* is_null) {
    return ExecEvalExprSwitchContext(formula.state, reading->program->context, is_null);
}

bool holds(RowReading* reading, const Formula& condition) {
    if (condition.state == nullptr) return true;
    bool is_null = false;
    Datum value = evaluate(reading, condition, &is_null);
    return !is_null && DatumGetBool(value);
}

// False where `per` is null or not finite: no match.
bool multiply(RowReading* reading, const Candidate& candidate, Units* points) {
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

uint64 key_of(RowReading* reading, const Formula& key) {
    if (key.state == nullptr) return kNoKey;
    bool is_null = false;
    Datum value = evaluate(reading, key, &is_null);
    return is_null ? kNullKey : hash_limit_key(DatumGetTextPP(value));
}

void try_candidate(RowReading* reading, const Candidate& candidate, const Formula& condition, Datum key, Timestamp at) {
    if (!holds(reading, condition)) return;
    if (candidate.target == kNoRule) {
        reading->counts = true;
        return;
    }
    Match match;
    match.at = at;
    match.kind = candidate.kind;
    match.target = candidate.target;
    if (reading->program->source == kLeads) {
        emit(reading, FindingKind::Fit, key, match);
        return;
    }
    if (!multiply(reading, candidate, &match.points)) return;
    if (candidate.window != LimitWindow::None) {
        match.bucket = bucket_of(at, candidate.window, reading->program->time_zone);
        match.key = key_of(reading, candidate.key);
    } else if (candidate.key.state != nullptr) {
        match.key = key_of(reading, candidate.key);
        if (match.key == kNullKey) return;
    }
    emit(reading, FindingKind::Match, key, match);
}

// `at` is of the event, kNever of a lead.
void try_candidates(RowReading* reading, const Dispatch& dispatch, Datum key, Timestamp at) {
    const Candidate* candidates = reading->program->candidates;
    if (dispatch.shared != nullptr) compute_shared_values(dispatch.shared, reading->program->context);
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

// Notes the conditions that are NULL for the row.
void note_doubts(RowReading* reading, const Dispatch& dispatch) {
    for (const Link* link = dispatch.all; link != nullptr; link = link->next) {
        const Candidate& candidate = reading->program->candidates[link->candidate];
        if (candidate.condition.state == nullptr) continue;
        bool is_null = false;
        evaluate(reading, candidate.condition, &is_null);
        if (is_null) note_null(reading->doubts, candidate, reading->slot, reading->rows_before + reading->rows);
    }
}

// Of an event for which nothing is looked for.
void note_type(RowReading* reading) {
    const Program* program = reading->program;
    if (program->type == 0) return;
    bool is_null = false;
    Datum type = slot_getattr(reading->slot, program->type, &is_null);
    if (is_null) return;
    char* name = OidIsValid(program->type_output) ? OidOutputFunctionCall(program->type_output, type)
                                                  : TextDatumGetCString(type);
    note_unnamed_type(reading->doubts, name, reading->rows_before + reading->rows);
}

// Null where nothing is looked for in events of the row's type.
const Dispatch* dispatch_of_type(RowReading* reading) {
    if (reading->program->type == 0) return reading->program->every;
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
    return entry->type == nullptr ? reading->program->others : &entry->dispatch;
}

Datum row_key(RowReading* reading, bool* is_null) {
    const KeyType& type = reading->model->key;
    Datum key = lead_of(reading->program->lead, reading->stream, reading->slot, is_null);
    if (*is_null || type.by_value) return key;
    MemoryContext caller = MemoryContextSwitchTo(reading->context);
    key = copy_key(type, key);
    MemoryContextSwitchTo(caller);
    return key;
}

// When the row's event happened; kNever where it has no finite time.
Timestamp event_time(RowReading* reading) {
    const Program* program = reading->program;
    bool is_null = false;
    Datum value = slot_getattr(reading->slot, program->time, &is_null);
    if (is_null) return kNever;
    Timestamp at = instant_of_value(value, program->time_type, program->event_zone);
    return TIMESTAMP_NOT_FINITE(at) ? kNever : at;
}

// What the row says of its lead before anything is evaluated.
void emit_lead(RowReading* reading, Datum key) {
    const Program* program = reading->program;
    Match nothing;
    nothing.at = kNever;
    emit(reading, FindingKind::Known, key, nothing);
    if (program->created == 0) return;
    bool is_null = false;
    Datum value = slot_getattr(reading->slot, program->created, &is_null);
    if (is_null) return;
    nothing.bucket = instant_of_value(value, program->created_type, program->event_zone);
    if (!TIMESTAMP_NOT_FINITE(nothing.bucket)) emit(reading, FindingKind::Created, key, nothing);
}

// To be called when its condition, if there is one, was tried.
void emit_left_out(RowReading* reading, Datum key) {
    if (!reading->program->leaves_out || reading->counts) return;
    Match nothing;
    nothing.at = kNever;
    emit(reading, FindingKind::LeftOut, key, nothing);
}

// To be called for a row that expressions are evaluated for.
void emit_account(RowReading* reading, Datum key) {
    constexpr int kLongest = 500;  // bytes: an index of accounts takes no long ones
    const Formula& account = reading->program->account;
    if (account.state == nullptr) return;
    bool is_null = false;
    Datum value = evaluate(reading, account, &is_null);
    if (is_null) return;
    const struct varlena* packed = PG_DETOAST_DATUM_PACKED(value);
    std::string_view name(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
    if (name.empty()) return;
    int length = pg_mbcliplen(name.data(), static_cast<int>(name.size()), kLongest);
    Match nothing;
    nothing.at = kNever;
    nothing.points = number_of_name(reading->findings, name.substr(0, static_cast<std::size_t>(length)));
    emit(reading, FindingKind::Account, key, nothing);
}

// Makes the row the one that expressions are evaluated for. What these allocate lasts until the next row.
void begin_row(RowReading* reading) {
    Program* program = reading->program;
    ResetExprContext(program->context);
    program->context->ecxt_scantuple = reading->slot;
    slot_getsomeattrs(reading->slot, program->last);
}

uint32 read_name(RowReading* reading, const EventName& name) {
    bool is_null = false;
    Datum value = name.column != 0 ? slot_getattr(reading->slot, name.column, &is_null)
                                   : evaluate(reading, name.formula, &is_null);
    if (is_null) return 0;
    std::string_view text;
    if (name.column != 0) {
        text = OidOutputFunctionCall(name.output, value);
    } else {
        const struct varlena* packed = PG_DETOAST_DATUM_PACKED(value);
        text = {VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)};
    }
    // One that is too long to be kept tells that as well by its beginning.
    return number_of_name(reading->findings, to_utf8(text).substr(0, Memory::kLongestName + 1));
}

void read_names(RowReading* reading) {
    for (int i = kEventNames; i-- > 0;) {
        const EventName& name = reading->program->names[i];
        reading->names[i] = name.setting == nullptr ? 0
                            : name.as_campaign      ? reading->names[kCampaignName]
                                                    : read_name(reading, name);
    }
}

// What the row's event named, where it named anything.
void emit_touch(RowReading* reading, Datum key, Timestamp at) {
    auto [channel, asset, campaign] = reading->names;
    if ((channel | asset | campaign) == 0) return;
    Match touch;
    touch.at = at;
    touch.target = static_cast<int32>(channel % Definition::kMaxRules);
    touch.points = channel;
    touch.bucket = asset;
    touch.key = campaign;
    emit(reading, FindingKind::Touch, key, touch);
}

// The id of the row's event, where it has one that counts once; what the event matches is in the batch, from `first`
// on.
void emit_id(RowReading* reading, Datum key, Timestamp at, int first) {
    const Program* program = reading->program;
    if (!reading->ids || at == kNever) return;
    bool is_null = false;
    Datum value = slot_getattr(reading->slot, program->id, &is_null);
    if (is_null) return;
    std::string_view bytes(reinterpret_cast<const char*>(&value), sizeof value);
    if (!program->id_by_value && program->id_length > 0) {
        bytes = {DatumGetPointer(value), static_cast<std::size_t>(program->id_length)};
    } else if (!program->id_by_value) {
        const struct varlena* packed = PG_DETOAST_DATUM_PACKED(value);
        bytes = {VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)};
    }
    uint32 number = number_of_name(reading->findings, bytes);
    FoundId id = {{}, at, program->source_place, kNoStage, false};
    for (int i = first, end = reading->batch_count; i < end; ++i) {
        const Finding& finding = reading->batch[i];
        if (finding.kind != FindingKind::Match || finding.match.kind != MatchKind::Stage) continue;
        id.stage = finding.match.target;
        emit(reading, FindingKind::Id, key, match_of_id(number, id));
        id.again = true;
    }
    if (!id.again) emit(reading, FindingKind::Id, key, match_of_id(number, id));
}

// False, and nothing is done, where the row may raise an error and `may_fail` does not allow for it.
bool read_row(RowReading* reading, bool may_fail) {
    Program* program = reading->program;
    begin_row(reading);
    MemoryContext caller = MemoryContextSwitchTo(program->context->ecxt_per_tuple_memory);
    bool is_null = false;
    Datum key = row_key(reading, &is_null);
    Match nothing;
    nothing.at = kNever;
    const Dispatch* dispatch = nullptr;
    if (program->source == kLeads) {
        dispatch = &program->leads;
    } else {
        nothing.at = event_time(reading);
        if (nothing.at != kNever) dispatch = dispatch_of_type(reading);
    }
    Timestamp at = nothing.at;
    bool names = program->has_names && at != kNever && reading->only == nullptr;
    bool fits = may_fail || ((dispatch == nullptr || !dispatch->may_raise) && !(names && program->names_may_raise));
    if (fits && !is_null) {
        int before = reading->batch_count;
        bool is_whole_lead = program->source == kLeads && reading->only == nullptr;
        if (is_whole_lead) {
            reading->counts = false;
            emit_lead(reading, key);
        }
        if (dispatch != nullptr) try_candidates(reading, *dispatch, key, at);
        if (reading->doubts != nullptr && reading->only == nullptr && at <= reading->doubts->until) {
            if (dispatch != nullptr)
                note_doubts(reading, *dispatch);
            else if (at != kNever)
                note_type(reading);
        }
        if (is_whole_lead) {
            emit_left_out(reading, key);
            emit_account(reading, key);
        }
        if (names) {
            read_names(reading);
            emit_touch(reading, key, at);
        }
        if (reading->batch_count == before) emit(reading, FindingKind::Seen, key, nothing);
        if (reading->only == nullptr) emit_id(reading, key, at, before);
    }
    MemoryContextSwitchTo(caller);
    return fits;
}

void begin_batch(RowReading* reading) {
    if (reading->context != nullptr) MemoryContextReset(reading->context);
    reading->rows = 0;
    reading->ahead = false;
    reading->batch_count = 0;
}

void end_batch(RowReading* reading) {
    for (int i = 0; i < reading->batch_count; ++i) add_finding(reading->findings, reading->batch[i]);
    forget_names(reading->findings);
}

// Reads on to the end of the batch. False where it stopped at a row that may raise an error, which `may_fail` does not
// allow for.
bool read_on(RowReading* reading, bool may_fail) {
    for (; reading->rows < kRowsPerBatch; ++reading->rows) {
        if (!reading->ahead && !reading->stream->next(reading->slot)) {
            reading->end = true;
            return true;
        }
        reading->ahead = !read_row(reading, may_fail);
        if (reading->ahead) return false;
    }
    return true;
}

void read_rest(void* argument) { read_on(static_cast<RowReading*>(argument), true); }

void read_one(void* argument) { read_row(static_cast<RowReading*>(argument), true); }

// Null, or the data exception that the body raised, which lasts until reading->errors is reset. What functions of
// somebody else's did on the way, such as writing, locking or notifying, is undone.
const ErrorData* attempt(RowReading* reading, void (*body)(void*)) {
    if (reading->errors == nullptr)
        reading->errors = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring errors", ALLOCSET_DEFAULT_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(reading->errors);
    const ErrorData* error = run_protected(body, reading, !reading->program->runs_code);
    MemoryContextSwitchTo(caller);
    return error;
}

void note_problem(RowReading* reading, const char* rule, const ErrorData* error) {
    if (reading->problems == nullptr) return;
    bool is_null = false;
    Datum key = row_key(reading, &is_null);
    add_problem(reading->problems, reading->model->key, key, rule, error->message);
}

void read_only_name(void* argument) {
    auto* reading = static_cast<RowReading*>(argument);
    Program* program = reading->program;
    begin_row(reading);
    MemoryContext caller = MemoryContextSwitchTo(program->context->ecxt_per_tuple_memory);
    reading->names[reading->only_name] = read_name(reading, program->names[reading->only_name]);
    MemoryContextSwitchTo(caller);
}

// Name by name; those that raise name nothing.
void read_names_by_one(RowReading* reading) {
    Program* program = reading->program;
    for (int i = kEventNames; i-- > 0;) {
        EventName& name = program->names[i];
        reading->names[i] = name.as_campaign ? reading->names[kCampaignName] : 0;
        if (name.setting == nullptr || name.as_campaign) continue;
        reading->only_name = i;
        const ErrorData* error = attempt(reading, read_only_name);
        if (error == nullptr) continue;
        note_problem(reading, name.setting, error);
        start(program);
    }
}

void read_only_account(void* argument) {
    auto* reading = static_cast<RowReading*>(argument);
    begin_row(reading);
    MemoryContext caller = MemoryContextSwitchTo(reading->program->context->ecxt_per_tuple_memory);
    bool is_null = false;
    emit_account(reading, row_key(reading, &is_null));
    MemoryContextSwitchTo(caller);
}

// Who raises is nobody's.
void read_account_by_itself(RowReading* reading) {
    if (reading->program->account.expression == nullptr) return;
    const ErrorData* error = attempt(reading, read_only_account);
    if (error == nullptr) return;
    note_problem(reading, kLeadAccount, error);
    start(reading->program);
}

// A row that raised an error is evaluated rule by rule; the rules that raise count as no match.
void read_row_by_rule(RowReading* reading) {
    Program* program = reading->program;
    Match nothing;
    nothing.at = program->source == kLeads ? kNever : event_time(reading);
    int first = reading->batch_count;
    bool is_null = false;
    Datum key = row_key(reading, &is_null);
    reading->counts = false;
    if (program->source == kLeads)
        emit_lead(reading, key);
    else
        emit(reading, FindingKind::Seen, key, nothing);
    if (program->has_names && nothing.at != kNever) {
        read_names_by_one(reading);
        emit_touch(reading, key, nothing.at);
    }
    for (int i = 0; i < program->candidate_count; ++i) {
        reading->only = &program->candidates[i];
        int count = reading->batch_count;
        const ErrorData* error = attempt(reading, read_one);
        if (error == nullptr) continue;
        reading->batch_count = count;
        note_problem(reading, reading->only->name, error);
        start(program, &program->candidates[i]);
    }
    reading->only = nullptr;
    emit_id(reading, key, nothing.at, first);
    if (program->source == kLeads) {
        emit_left_out(reading, key);
        read_account_by_itself(reading);
    }
}

// Reads a batch again, row by row, after one of its rows raised an error.
void read_batch_carefully(RowReading* reading) {
    reading->stream->back_to_mark();
    reading->end = false;
    begin_batch(reading);
    start(reading->program);
    for (; reading->rows < kRowsPerBatch; ++reading->rows) {
        if (!reading->stream->next(reading->slot)) {
            reading->end = true;
            break;
        }
        int count = reading->batch_count;
        if (attempt(reading, read_one) == nullptr) continue;
        reading->batch_count = count;
        read_row_by_rule(reading);
        MemoryContextReset(reading->errors);
    }
    start(reading->program);
}

}  // namespace

void read_rows(const AsOwner& as, const Version* version, const Source* source, Relation relation, RowStream* rows,
               Findings* findings, Problems* problems, bool with_ids, Doubts* doubts) {
    Model* model = as.model;
    RowReading reading = {};
    reading.model = model;
    reading.program = take_program(as, version, source, relation);
    reading.stream = rows;
    reading.findings = findings;
    reading.problems = problems;
    reading.ids = with_ids && reading.program->id != 0;
    reading.doubts = doubts;
    if (doubts != nullptr) reading.rows_before = doubts->rows;
    if (reading.program->reads_settings) fix_settings();
    reading.slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), rows->slot_type);
    if (!model->key.by_value)
        reading.context = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring batch", ALLOCSET_DEFAULT_SIZES);
    reading.batch_capacity = 16;
    reading.batch = static_cast<Finding*>(palloc(sizeof(Finding) * static_cast<Size>(reading.batch_capacity)));
    SessionLocks* locks = reading.program->runs_code ? keep_session_locks() : nullptr;
    while (!reading.end) {
        CHECK_FOR_INTERRUPTS();
        begin_batch(&reading);
        rows->mark();
        if (!read_on(&reading, false) && attempt(&reading, read_rest) != nullptr) read_batch_carefully(&reading);
        end_batch(&reading);
        reading.rows_before += kRowsPerBatch;
    }
    if (locks != nullptr) put_back_session_locks(locks);
    if (doubts != nullptr) doubts->rows = reading.rows_before;
    give_back_program();
    ExecDropSingleTupleTableSlot(reading.slot);
    pfree(reading.batch);
    for (MemoryContext context : {reading.context, reading.errors})
        if (context != nullptr) MemoryContextDelete(context);
}

}  // namespace lead_scoring
