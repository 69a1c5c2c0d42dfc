#include "pg/server/postgres.hpp"

#include "pg/scoring/lead_type.hpp"

#include <algorithm>
#include <string_view>

#include "core/card/memory_bytes.hpp"
#include "pg/conditions/expression.hpp"
#include "pg/model/program.hpp"
#include "pg/scoring/workspace.hpp"
#include "pg/server/session_locks.hpp"
#include "pg/server/subtransaction.hpp"
#include "pg/server/utf8.hpp"

#include "pg/server/boundary.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
}

namespace lead_scoring {

namespace {

// In the order of the table's columns.
enum Column { kScore, kEngagement, kFit, kGrade, kPoints, kTimes, kDaysSince, kChannels, kDaysSinceLast, kColumns };

// Of one condition.
struct Evaluation {
    Program* program;
    const Candidate* candidate;
    bool holds;
};

void evaluate(void* argument) {
    auto* evaluation = static_cast<Evaluation*>(argument);
    bool is_null = false;
    Datum value =
        ExecEvalExprSwitchContext(evaluation->candidate->condition.state, evaluation->program->context, &is_null);
    evaluation->holds = !is_null && DatumGetBool(value);
}

bool holds(Typing* typing, Datum key, Candidate* candidate) {
    Evaluation evaluation = {typing->program, candidate, false};
    if (!typing->program->leads.may_raise) {
        evaluate(&evaluation);
        return evaluation.holds;
    }
    if (typing->errors == nullptr)
        typing->errors = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring errors", ALLOCSET_SMALL_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(typing->errors);
    const ErrorData* error = run_protected(evaluate, &evaluation, !typing->program->runs_code);
    MemoryContextSwitchTo(caller);
    if (error == nullptr) return evaluation.holds;
    if (typing->problems != nullptr) add_problem(typing->problems, typing->key, key, candidate->name, error->message);
    MemoryContextReset(typing->errors);
    start(typing->program, candidate);
    return false;
}

Datum jsonb(const std::string& json) { return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.c_str())); }

// What lasts until the next row.
void fill(Typing* typing, const Known& known) {
    TupleTableSlot* slot = typing->slot;
    ExecClearTuple(slot);
    memset(slot->tts_isnull, 0, sizeof(bool) * kColumns);
    const char* grade = grade_label(typing->version, known.features.grade);
    slot->tts_values[kScore] = Float8GetDatum(points_of_units(known.features.score.total));
    slot->tts_values[kEngagement] = Float8GetDatum(points_of_units(known.features.score.engagement));
    slot->tts_values[kFit] = Float8GetDatum(points_of_units(known.features.score.fit));
    slot->tts_isnull[kGrade] = grade == nullptr;
    if (grade != nullptr) slot->tts_values[kGrade] = CStringGetTextDatum(grade);
    slot->tts_values[kPoints] = jsonb(known.profile->points);
    slot->tts_values[kTimes] = jsonb(known.profile->times);
    slot->tts_values[kDaysSince] = jsonb(known.profile->days_since);
    slot->tts_isnull[kChannels] = !known.has_channels;
    slot->tts_values[kChannels] = known.channels;
    slot->tts_isnull[kDaysSinceLast] = !known.profile->days_since_last.has_value();
    slot->tts_values[kDaysSinceLast] = Float8GetDatum(known.profile->days_since_last.value_or(0));
    ExecStoreVirtualTuple(slot);
}

}  // namespace

Typing begin_typing(const AsOwner& as, const Version* version, Problems* problems) {
    Typing typing = {};
    typing.version = version;
    typing.key = as.model->key;
    typing.problems = problems;
    Oid features = get_relname_relid("lead_features", get_namespace_oid("lead_scoring_internal", false));
    typing.relation = table_open(features, AccessShareLock);
    typing.program = take_program(as, version, kFeatures, typing.relation);
    if (typing.program->reads_settings) fix_settings();
    typing.slot = MakeSingleTupleTableSlot(RelationGetDescr(typing.relation), &TTSOpsVirtual);
    return typing;
}

void end_typing(Typing* typing) {
    give_back_program();
    ExecDropSingleTupleTableSlot(typing->slot);
    table_close(typing->relation, NoLock);
    if (typing->errors != nullptr) MemoryContextDelete(typing->errors);
}

const char* type_of(Typing* typing, Datum key, const Known& known) {
    Program* program = typing->program;
    ResetExprContext(program->context);
    MemoryContext caller = MemoryContextSwitchTo(program->context->ecxt_per_tuple_memory);
    fill(typing, known);
    program->context->ecxt_scantuple = typing->slot;
    MemoryContextSwitchTo(caller);
    SessionLocks* locks = program->runs_code ? keep_session_locks() : nullptr;
    const char* found = nullptr;
    for (int i = 0; i < program->candidate_count && found == nullptr; ++i)
        if (holds(typing, key, &program->candidates[i])) found = program->candidates[i].name;
    if (locks != nullptr) put_back_session_locks(locks);
    return found;
}

namespace {

// Has the workspace know the lead's memory. False where nothing is remembered, or it cannot be read.
bool know_memory(const Version* version, Workspace* workspace, const struct varlena* stored) {
    if (!version->touches.remembers) return false;
    if (workspace->remembered) return true;
    std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(workspace->memory_bytes.data()),
                                     workspace->memory_bytes.size());
    return bytes.empty() ? load_memory(workspace, stored) : run_cpp_if_sound([&] { decode(bytes, workspace->memory); });
}

}  // namespace

bool load_memory(Workspace* workspace, const struct varlena* stored) {
    if (stored == nullptr) return false;
    const struct varlena* packed = PG_DETOAST_DATUM_PACKED(PointerGetDatum(stored));
    std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(VARDATA_ANY(packed)),
                                     VARSIZE_ANY_EXHDR(packed));
    return run_cpp_if_sound([&] { decode(bytes, workspace->memory); });
}

void type_moves(const AsOwner& as, const Version* version, Workspace* workspace, Datum key,
                const struct varlena* stored, Problems* problems) {
    if (version->lead_type_count == 0 || workspace->transitions.empty()) return;
    std::size_t count = workspace->transitions.size();
    run_cpp([&] { workspace->move_types.assign(count, nullptr); });
    bool remembers = know_memory(version, workspace, stored);
    Typing typing = begin_typing(as, version, problems);
    for (std::size_t i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        const Transition& move = workspace->transitions[i];
        if (!move.profile) continue;  // it left a stage that is no more
        Known known = {move.features, &*move.profile, 0, remembers};
        if (remembers) known.channels = channels_by(workspace->memory, move.at);
        workspace->move_types[i] = type_of(&typing, key, known);
    }
    end_typing(&typing);
}

Datum channels_by(const Memory& memory, Timestamp at) {
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * (memory.name_count() + 1)));
    auto* seen = static_cast<bool*>(palloc0(sizeof(bool) * (memory.name_count() + 1)));
    for (const KeptTouch& touch : memory.touches())
        if (touch.at <= at && touch.channel != 0) seen[touch.channel] = true;
    int count = 0;
    for (std::uint32_t i = 1; i <= memory.name_count(); ++i) {
        if (!seen[i]) continue;
        std::string_view name = from_utf8(memory.name(i));
        values[count++] = PointerGetDatum(cstring_to_text_with_len(name.data(), static_cast<int>(name.size())));
    }
    std::sort(values, values + count, [](Datum a, Datum b) {
        std::string_view left(VARDATA_ANY(DatumGetPointer(a)), VARSIZE_ANY_EXHDR(DatumGetPointer(a)));
        std::string_view right(VARDATA_ANY(DatumGetPointer(b)), VARSIZE_ANY_EXHDR(DatumGetPointer(b)));
        return left < right;
    });
    return PointerGetDatum(construct_array(values, count, TEXTOID, -1, false, TYPALIGN_INT));
}

}  // namespace lead_scoring
