#include "pg/postgres.hpp"

#include "pg/findings.hpp"

#include <algorithm>

extern "C" {
#include "access/tupdesc.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"
}

namespace lead_scoring {

namespace {

constexpr std::size_t kInMemory = 32768;  // findings that stay in the array: 2.6 MB
enum Column { kKey, kAt, kKind, kPoints, kHash, kTarget, kMatchKind, kBucket, kColumns };

}  // namespace

struct Findings {
    MemoryContext context;
    KeyType key;
    Finding* array;
    std::size_t count;
    std::size_t capacity;
    std::size_t next;

    Tuplesortstate* sort;
    TupleTableSlot* slot;
    bool ahead;  // the slot holds a finding that was read but not given out
    bool single;

    std::size_t* fit;
    std::size_t fit_capacity;
    Adjustment* adjustments;
    std::size_t adjustment_capacity;
    Match* matches;
    std::size_t match_capacity;
    MemoryContext key_context;  // of the lead given out last, where sorted by tuplesort
};

namespace {

TupleDesc describe_columns(const KeyType& key) {
    TupleDesc columns = CreateTemplateTupleDesc(kColumns);
    const Oid types[kColumns] = {key.type, INT8OID, INT4OID, INT8OID, INT8OID, INT4OID, INT4OID, INT8OID};
    for (int i = 0; i < kColumns; ++i)
        TupleDescInitEntry(columns, static_cast<AttrNumber>(i + 1), nullptr, types[i], -1, 0);
    return columns;
}

Finding read_slot(const Findings* findings) {
    TupleTableSlot* slot = findings->slot;
    slot_getallattrs(slot);
    const Datum* value = slot->tts_values;
    Finding finding = {};
    finding.key = value[kKey];
    finding.kind = static_cast<FindingKind>(DatumGetInt32(value[kKind]));
    finding.match.at = DatumGetInt64(value[kAt]);
    finding.match.points = DatumGetInt64(value[kPoints]);
    finding.match.key = static_cast<uint64>(DatumGetInt64(value[kHash]));
    finding.match.target = DatumGetInt32(value[kTarget]);
    finding.match.kind = static_cast<MatchKind>(DatumGetInt32(value[kMatchKind]));
    finding.match.bucket = DatumGetInt64(value[kBucket]);
    return finding;
}

void put_into_sort(Findings* findings, const Finding& finding) {
    ExecClearTuple(findings->slot);
    Datum* value = findings->slot->tts_values;
    value[kKey] = finding.key;
    value[kAt] = Int64GetDatum(finding.match.at);
    value[kKind] = Int32GetDatum(static_cast<int32>(finding.kind));
    value[kPoints] = Int64GetDatum(finding.match.points);
    value[kHash] = Int64GetDatum(static_cast<int64>(finding.match.key));
    value[kTarget] = Int32GetDatum(finding.match.target);
    value[kMatchKind] = Int32GetDatum(static_cast<int32>(finding.match.kind));
    value[kBucket] = Int64GetDatum(finding.match.bucket);
    memset(findings->slot->tts_isnull, 0, kColumns * sizeof(bool));
    ExecStoreVirtualTuple(findings->slot);
    tuplesort_puttupleslot(findings->sort, findings->slot);
}

// Sorts by lead only to the tuplesort; within a lead the core's own order is established when the lead is given out.
void begin_sort(Findings* findings) {
    TupleDesc columns = describe_columns(findings->key);
    findings->slot = MakeSingleTupleTableSlot(columns, &TTSOpsVirtual);

    AttrNumber attributes[] = {kKey + 1, kAt + 1};
    Oid operators[] = {findings->key.less_operator, Int8LessOperator};
    Oid collations[] = {findings->key.collation, InvalidOid};
    bool nulls_first[] = {false, false};
    findings->sort = tuplesort_begin_heap(columns, 2, attributes, operators, collations, nulls_first, work_mem, nullptr,
                                          TUPLESORT_RANDOMACCESS);
    for (std::size_t i = 0; i < findings->count; ++i) put_into_sort(findings, findings->array[i]);
    findings->count = 0;
}

bool peek(Findings* findings, Finding* finding) {
    if (findings->sort == nullptr) {
        if (findings->next == findings->count) return false;
        *finding = findings->array[findings->next];
        return true;
    }
    if (!findings->ahead && !tuplesort_gettupleslot(findings->sort, true, false, findings->slot, nullptr)) return false;
    findings->ahead = true;
    *finding = read_slot(findings);
    return true;
}

void skip(Findings* findings) {
    if (findings->sort == nullptr)
        ++findings->next;
    else
        findings->ahead = false;
}

template <class T>
void push(MemoryContext context, T** array, std::size_t* count, std::size_t* capacity, const T& value) {
    if (*count == *capacity) {
        std::size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
        *array = static_cast<T*>(*array == nullptr ? MemoryContextAllocHuge(context, wanted * sizeof(T))
                                                   : repalloc_huge(*array, wanted * sizeof(T)));
        *capacity = wanted;
    }
    (*array)[(*count)++] = value;
}

}  // namespace

Findings* make_findings(const KeyType& key) {
    auto* findings = static_cast<Findings*>(palloc0(sizeof(Findings)));
    findings->context = CurrentMemoryContext;
    findings->key = key;
    findings->single = true;
    return findings;
}

void add_finding(Findings* findings, const Finding& finding) {
    MemoryContext caller = MemoryContextSwitchTo(findings->context);
    if (findings->sort != nullptr) {
        put_into_sort(findings, finding);
    } else {
        Finding kept = finding;
        const Finding* last = findings->count > 0 ? &findings->array[findings->count - 1] : nullptr;
        if (last != nullptr && compare_keys(findings->key, last->key, finding.key) == 0) {
            kept.key = last->key;
        } else {
            if (last != nullptr) findings->single = false;
            kept.key = datumCopy(finding.key, findings->key.by_value, findings->key.length);
        }
        push(findings->context, &findings->array, &findings->count, &findings->capacity, kept);
        if (findings->count == kInMemory) begin_sort(findings);
    }
    MemoryContextSwitchTo(caller);
}

void sort_findings(Findings* findings) {
    if (findings->sort != nullptr) {
        MemoryContext caller = MemoryContextSwitchTo(findings->context);
        tuplesort_performsort(findings->sort);
        ExecDropSingleTupleTableSlot(findings->slot);
        findings->slot = MakeSingleTupleTableSlot(describe_columns(findings->key), &TTSOpsMinimalTuple);
        findings->key_context = AllocSetContextCreate(findings->context, "lead_scoring key", ALLOCSET_SMALL_SIZES);
        MemoryContextSwitchTo(caller);
        return;
    }
    if (findings->count < 2) return;
    if (findings->single) {
        std::sort(findings->array, findings->array + findings->count,
                  [](const Finding& a, const Finding& b) { return a.match < b.match; });
        return;
    }
    std::sort(findings->array, findings->array + findings->count, [&](const Finding& a, const Finding& b) {
        int order = compare_keys(findings->key, a.key, b.key);
        return order != 0 ? order < 0 : a.match < b.match;
    });
}

void rewind_findings(Findings* findings) {
    findings->next = 0;
    findings->ahead = false;
    if (findings->sort != nullptr) tuplesort_rescan(findings->sort);
}

bool next_lead(Findings* findings, LeadFindings* lead) {
    CHECK_FOR_INTERRUPTS();
    Finding finding;
    if (!peek(findings, &finding)) return false;
    *lead = {};
    lead->key = finding.key;
    if (findings->sort != nullptr) {
        MemoryContextReset(findings->key_context);
        MemoryContext caller = MemoryContextSwitchTo(findings->key_context);
        lead->key = datumCopy(finding.key, findings->key.by_value, findings->key.length);
        MemoryContextSwitchTo(caller);
    }
    do {
        if (finding.kind == FindingKind::Match)
            push(findings->context, &findings->matches, &lead->match_count, &findings->match_capacity, finding.match);
        else if (finding.kind == FindingKind::Fit)
            push(findings->context, &findings->fit, &lead->fit_count, &findings->fit_capacity,
                 static_cast<std::size_t>(finding.match.target));
        else if (finding.kind == FindingKind::Adjustment)
            push(findings->context, &findings->adjustments, &lead->adjustment_count, &findings->adjustment_capacity,
                 Adjustment{finding.match.points, finding.match.at});
        else if (finding.kind == FindingKind::Known)
            lead->known = true;
        lead->seen |= finding.kind == FindingKind::Seen || finding.kind == FindingKind::Match;
        skip(findings);
    } while (peek(findings, &finding) && compare_keys(findings->key, lead->key, finding.key) == 0);
    lead->matches = findings->matches;
    lead->fit = findings->fit;
    lead->adjustments = findings->adjustments;
    if (findings->sort != nullptr) std::sort(findings->matches, findings->matches + lead->match_count);
    std::sort(findings->fit, findings->fit + lead->fit_count);
    std::sort(findings->adjustments, findings->adjustments + lead->adjustment_count);
    return true;
}

bool is_empty(const Findings* findings) { return findings->sort == nullptr && findings->count == 0; }

bool has_single_lead(const Findings* findings) { return findings->sort == nullptr && findings->single; }

void free_findings(Findings* findings) {
    if (findings->sort != nullptr) {
        ExecDropSingleTupleTableSlot(findings->slot);
        tuplesort_end(findings->sort);
    }
}

}  // namespace lead_scoring
