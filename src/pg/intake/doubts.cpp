#include "pg/server/postgres.hpp"

#include "pg/intake/doubts.hpp"

extern "C" {
#include "access/sysattr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
}

namespace lead_scoring {

namespace {

// Adds those of the columns that the condition reads, NULL ones only or all, to the list.
void add_columns(DoubtedCondition* doubted, const Bitmapset* inputs, TupleTableSlot* slot, bool only_nulls) {
    for (int i = -1; (i = bms_next_member(inputs, i)) >= 0;) {
        int number = i + FirstLowInvalidHeapAttributeNumber;
        if (number <= 0 || number > slot->tts_tupleDescriptor->natts || bms_is_member(number, doubted->found)) continue;
        if (only_nulls && !slot_attisnull(slot, number)) continue;
        const char* name = NameStr(TupleDescAttr(slot->tts_tupleDescriptor, number - 1)->attname);
        doubted->columns = doubted->columns == nullptr ? pstrdup(name) : psprintf("%s, %s", doubted->columns, name);
        doubted->found = bms_add_member(doubted->found, number);
    }
}

}  // namespace

Doubts* make_doubts(const Version* version, Timestamp until) {
    auto* doubts = static_cast<Doubts*>(palloc0(sizeof(Doubts)));
    auto make = [](int count) {
        auto* conditions =
            static_cast<DoubtedCondition*>(palloc0(sizeof(DoubtedCondition) * static_cast<Size>(count + 1)));
        for (int i = 0; i < count; ++i) conditions[i].last_row = -1;
        return conditions;
    };
    doubts->until = until;
    doubts->rules = make(version->rule_count);
    doubts->stages = make(version->door_count);
    doubts->last_unnamed = -1;
    return doubts;
}

void note_null(Doubts* doubts, const Candidate& candidate, TupleTableSlot* slot, int64 row) {
    if (candidate.target == kNoRule) return;
    DoubtedCondition* doubted =
        &(candidate.kind == MatchKind::Stage ? doubts->stages : doubts->rules)[candidate.target];
    if (row <= doubted->last_row) return;
    doubted->last_row = row;
    ++doubted->times;
    MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(doubts));
    add_columns(doubted, candidate.inputs, slot, true);
    if (doubted->columns == nullptr) add_columns(doubted, candidate.inputs, slot, false);
    MemoryContextSwitchTo(caller);
}

void note_unnamed_type(Doubts* doubts, const char* type, int64 row) {
    if (row <= doubts->last_unnamed) return;
    doubts->last_unnamed = row;
    for (int i = 0; i < doubts->type_count; ++i)
        if (strcmp(doubts->types[i].name, type) == 0) {
            ++doubts->types[i].times;
            return;
        }
    if (doubts->type_count == Doubts::kMostTypes) return;
    doubts->types[doubts->type_count++] = {MemoryContextStrdup(GetMemoryChunkContext(doubts), type), 1};
}

}  // namespace lead_scoring
