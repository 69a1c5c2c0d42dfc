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

constexpr std::size_t kInMemory = 64 * 1024 * 1024;  // bytes of a statement's findings that stay in arrays
enum Column { kKey, kAt, kWhat, kPoints, kBucket, kHash, kColumns };

// What one row says, or several that follow each other: the lead, the time, and a run of facts. This is what is sorted.
struct Record {
    Datum key;
    Timestamp at;
    uint32 first;
    uint32 count;
};

// `what` is a finding's kind and what it is about; what a match is worth is mostly the same for all matches of a rule,
// so that it is kept apart.
struct Fact {
    uint32 what;
    uint32 worth;
};

struct Worth {
    Units points;
    int64 bucket;
    uint64 key;
    bool operator==(const Worth&) const = default;
};

// Facts of a record that stand somewhere already.
struct Run {
    uint32 first;
    uint32 count;
};

// What may be said again, of statements that are about more than one row.
struct Recent {
    static constexpr std::size_t kWorths = 256;
    static constexpr std::size_t kRuns = 256;
    uint32 worths[kWorths];  // place in `worths` of what the latest match of a rule was worth
    Run runs[kRuns];         // latest facts of a record, by their hash
};

uint32 pack(FindingKind kind, const Match& match) {
    return (static_cast<uint32>(kind) << 29) | (match.kind == MatchKind::Stage ? 1u << 28 : 0) |
           static_cast<uint32>(match.target);
}

Finding unpack(Datum key, Timestamp at, uint32 what, const Worth& worth) {
    Match match;
    match.at = at;
    match.kind = (what & 1u << 28) != 0 ? MatchKind::Stage : MatchKind::Rule;
    match.target = static_cast<int32>(what & ((1u << 28) - 1));
    match.points = worth.points;
    match.bucket = worth.bucket;
    match.key = worth.key;
    return {key, static_cast<FindingKind>(what >> 29), match};
}

}  // namespace

struct Findings {
    MemoryContext context;
    KeyType key;
    Record* records;
    std::size_t record_count;
    std::size_t record_capacity;
    Fact* facts;
    std::size_t fact_count;
    std::size_t fact_capacity;
    std::size_t next;  // record to be given out
    Worth* worths;
    std::size_t worth_count;
    std::size_t worth_capacity;
    Recent* recent;  // null until there is a second record

    Tuplesortstate* sort;
    TupleTableSlot* slot;
    bool ahead;  // the slot holds a finding that was read but not given out
    bool single;
    std::size_t memory;  // bytes that stay in arrays

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
    const Oid types[kColumns] = {key.type, INT8OID, INT4OID, INT8OID, INT8OID, INT8OID};
    for (int i = 0; i < kColumns; ++i)
        TupleDescInitEntry(columns, static_cast<AttrNumber>(i + 1), nullptr, types[i], -1, 0);
    return columns;
}

Finding read_slot(const Findings* findings) {
    TupleTableSlot* slot = findings->slot;
    slot_getallattrs(slot);
    const Datum* value = slot->tts_values;
    const bool* null = slot->tts_isnull;
    Worth worth = {null[kPoints] ? 0 : DatumGetInt64(value[kPoints]), null[kBucket] ? 0 : DatumGetInt64(value[kBucket]),
                   null[kHash] ? 0 : static_cast<uint64>(DatumGetInt64(value[kHash]))};
    return unpack(value[kKey], DatumGetInt64(value[kAt]), static_cast<uint32>(DatumGetInt32(value[kWhat])), worth);
}

Datum copy_key(MemoryContext context, const KeyType& type, Datum key) {
    if (type.by_value) return key;
    MemoryContext caller = MemoryContextSwitchTo(context);
    key = datumCopy(key, false, type.length);
    MemoryContextSwitchTo(caller);
    return key;
}

void put_into_sort(Findings* findings, const Finding& finding) {
    const Match& match = finding.match;
    ExecClearTuple(findings->slot);
    Datum* value = findings->slot->tts_values;
    bool* null = findings->slot->tts_isnull;
    value[kKey] = finding.key;
    value[kAt] = Int64GetDatum(match.at);
    value[kWhat] = Int32GetDatum(static_cast<int32>(pack(finding.kind, match)));
    value[kPoints] = Int64GetDatum(match.points);
    value[kBucket] = Int64GetDatum(match.bucket);
    value[kHash] = Int64GetDatum(static_cast<int64>(match.key));
    memset(null, 0, kColumns * sizeof(bool));
    null[kPoints] = match.points == 0;  // a null takes no space
    null[kBucket] = match.bucket == 0;
    null[kHash] = match.key == 0;
    ExecStoreVirtualTuple(findings->slot);
    tuplesort_puttupleslot(findings->sort, findings->slot);
}

// Calls visit(finding) for each fact of the record.
template <class Visit>
void for_each_fact(const Findings* findings, const Record& record, Visit visit) {
    for (const Fact* fact = findings->facts + record.first; fact != findings->facts + record.first + record.count;
         ++fact)
        visit(unpack(record.key, record.at, fact->what, findings->worths[fact->worth]));
}

// Sorts by lead only to the tuplesort; within a lead the core's own order is established when the lead is given out.
void begin_sort(Findings* findings) {
    MemoryContext caller = MemoryContextSwitchTo(findings->context);
    TupleDesc columns = describe_columns(findings->key);
    findings->slot = MakeSingleTupleTableSlot(columns, &TTSOpsVirtual);

    AttrNumber attributes[] = {kKey + 1, kAt + 1};
    Oid operators[] = {findings->key.less_operator, Int8LessOperator};
    Oid collations[] = {findings->key.collation, InvalidOid};
    bool nulls_first[] = {false, false};
    findings->sort = tuplesort_begin_heap(columns, 2, attributes, operators, collations, nulls_first, work_mem, nullptr,
                                          TUPLESORT_RANDOMACCESS);
    for (std::size_t i = 0; i < findings->record_count; ++i)
        for_each_fact(findings, findings->records[i],
                      [&](const Finding& finding) { put_into_sort(findings, finding); });
    pfree(findings->records);
    pfree(findings->facts);
    findings->record_count = 0;
    MemoryContextSwitchTo(caller);
}

// The next finding of the tuplesort, which stays the next one until `ahead` is cleared.
bool peek(Findings* findings, Finding* finding) {
    if (!findings->ahead && !tuplesort_gettupleslot(findings->sort, true, false, findings->slot, nullptr)) return false;
    findings->ahead = true;
    *finding = read_slot(findings);
    return true;
}

template <class T>
void push(MemoryContext context, T** array, std::size_t* count, std::size_t* capacity, const T& value) {
    if (*count == *capacity) {
        std::size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
        *array = static_cast<T*>(*array == nullptr ? MemoryContextAllocHuge(context, wanted * sizeof(T))
                                                   : repalloc_huge(*array, wanted * sizeof(T)));
        *capacity = wanted;
    }
    (*array)[(*count)++] = value;
}

// Where in `worths` what the match is worth stands.
uint32 place_of_worth(Findings* findings, const Match& match) {
    Worth worth = {match.points, match.bucket, match.key};
    if (worth == Worth{}) return 0;
    auto last = static_cast<uint32>(findings->worth_count - 1);
    uint32* recent = &last;
    if (findings->recent != nullptr)
        recent = &findings->recent->worths[static_cast<std::size_t>(match.target) % Recent::kWorths];
    if (!(findings->worths[*recent] == worth)) {
        *recent = static_cast<uint32>(findings->worth_count);
        push(findings->context, &findings->worths, &findings->worth_count, &findings->worth_capacity, worth);
    }
    return *recent;
}

// Most rows say what others said before: then the latest record, which is complete, takes the facts of those for its
// own.
void share_facts(Findings* findings) {
    Record* record = &findings->records[findings->record_count - 1];
    const Fact* facts = &findings->facts[record->first];
    uint32 hash = record->count;
    for (uint32 i = 0; i < record->count; ++i) hash = hash * 31 + facts[i].what * 7 + facts[i].worth;
    if (findings->recent == nullptr)
        findings->recent = static_cast<Recent*>(MemoryContextAllocZero(findings->context, sizeof(Recent)));
    Run& run = findings->recent->runs[hash % Recent::kRuns];
    if (run.count == record->count && memcmp(&findings->facts[run.first], facts, run.count * sizeof(Fact)) == 0) {
        findings->fact_count = record->first;
        record->first = run.first;
    } else {
        run = {record->first, record->count};
    }
}

// What the arrays have been allocated.
std::size_t bytes(const Findings* findings) {
    return findings->record_capacity * sizeof(Record) + findings->fact_capacity * sizeof(Fact) +
           findings->worth_capacity * sizeof(Worth);
}

// By key and time. Within a lead the core's own order is established when the lead is given out.
template <class Compare>
void sort_records(Findings* findings, Compare compare) {
    std::sort(findings->records, findings->records + findings->record_count, [&](const Record& a, const Record& b) {
        auto order = compare(a.key, b.key);
        return order != 0 ? order < 0 : a.at < b.at;
    });
}

}  // namespace

Findings* make_findings(const KeyType& key) {
    auto* findings = static_cast<Findings*>(palloc0(sizeof(Findings)));
    findings->context = CurrentMemoryContext;
    findings->key = key;
    findings->single = true;
    findings->memory = kInMemory;
    push(findings->context, &findings->worths, &findings->worth_count, &findings->worth_capacity, Worth{});
    return findings;
}

void allow_memory(Findings* findings, std::size_t bytes) { findings->memory = std::max(kInMemory, bytes); }

void add_finding(Findings* findings, const Finding& finding) {
    if (findings->sort != nullptr) {
        put_into_sort(findings, finding);
        return;
    }
    Record* last = findings->record_count > 0 ? &findings->records[findings->record_count - 1] : nullptr;
    bool same_lead = last != nullptr && compare_keys(findings->key, last->key, finding.key) == 0;
    if (same_lead && last->at == finding.match.at) {
        ++last->count;
    } else {
        if (last != nullptr && !same_lead) findings->single = false;
        if (last != nullptr) share_facts(findings);
        push(findings->context, &findings->records, &findings->record_count, &findings->record_capacity,
             {same_lead ? last->key : copy_key(findings->context, findings->key, finding.key), finding.match.at,
              static_cast<uint32>(findings->fact_count), 1});
    }
    push(findings->context, &findings->facts, &findings->fact_count, &findings->fact_capacity,
         {pack(finding.kind, finding.match), place_of_worth(findings, finding.match)});
    if (bytes(findings) >= findings->memory) begin_sort(findings);
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
    if (findings->record_count < 2) return;
    if (findings->single)
        sort_records(findings, [](Datum, Datum) { return 0; });
    else
        with_comparison(findings->key, [&](auto compare) { sort_records(findings, compare); });
}

void rewind_findings(Findings* findings) {
    findings->next = 0;
    findings->ahead = false;
    if (findings->sort != nullptr) tuplesort_rescan(findings->sort);
}

namespace {

void take(Findings* findings, LeadFindings* lead, const Finding& finding) {
    const Match& match = finding.match;
    switch (finding.kind) {
        case FindingKind::Match:
            lead->seen = true;
            push(findings->context, &findings->matches, &lead->match_count, &findings->match_capacity, match);
            break;
        case FindingKind::Fit:
            push(findings->context, &findings->fit, &lead->fit_count, &findings->fit_capacity,
                 static_cast<std::size_t>(match.target));
            break;
        case FindingKind::Adjustment:
            push(findings->context, &findings->adjustments, &lead->adjustment_count, &findings->adjustment_capacity,
                 Adjustment{match.points, match.at});
            break;
        case FindingKind::Seen:
            lead->seen = true;
            break;
        case FindingKind::Known:
            lead->known = true;
            break;
        case FindingKind::TakenBack:
            lead->taken_back = true;
            break;
        case FindingKind::Removed:
            lead->removed = true;
            break;
        case FindingKind::Stored:
            break;
    }
}

bool take_next_in_memory(Findings* findings, LeadFindings* lead) {
    if (findings->next == findings->record_count) return false;
    const Record* records = findings->records;
    lead->key = records[findings->next].key;
    do {
        for_each_fact(findings, records[findings->next++],
                      [&](const Finding& finding) { take(findings, lead, finding); });
    } while (findings->next < findings->record_count &&
             compare_keys(findings->key, lead->key, records[findings->next].key) == 0);
    return true;
}

bool take_next_of_sort(Findings* findings, LeadFindings* lead) {
    Finding finding;
    if (!peek(findings, &finding)) return false;
    MemoryContextReset(findings->key_context);
    lead->key = copy_key(findings->key_context, findings->key, finding.key);
    do {
        take(findings, lead, finding);
        findings->ahead = false;
    } while (peek(findings, &finding) && compare_keys(findings->key, lead->key, finding.key) == 0);
    return true;
}

}  // namespace

bool next_lead(Findings* findings, LeadFindings* lead) {
    CHECK_FOR_INTERRUPTS();
    *lead = {};
    bool found = findings->sort == nullptr ? take_next_in_memory(findings, lead) : take_next_of_sort(findings, lead);
    if (!found) return false;
    lead->matches = findings->matches;
    lead->fit = findings->fit;
    lead->adjustments = findings->adjustments;
    if (!std::is_sorted(findings->matches, findings->matches + lead->match_count))
        std::sort(findings->matches, findings->matches + lead->match_count);
    std::sort(findings->fit, findings->fit + lead->fit_count);
    std::sort(findings->adjustments, findings->adjustments + lead->adjustment_count);
    return true;
}

std::size_t estimate_leads(const Findings* findings) {
    if (findings->sort != nullptr) return kManyLeads;
    std::size_t leads = 0;
    for (std::size_t i = 0; i < findings->record_count; ++i)
        leads += i == 0 || compare_keys(findings->key, findings->records[i - 1].key, findings->records[i].key) != 0;
    return leads;
}

bool is_empty(const Findings* findings) { return findings->sort == nullptr && findings->record_count == 0; }

bool has_single_lead(const Findings* findings) { return findings->sort == nullptr && findings->single; }

void free_findings(Findings* findings) {
    if (findings->sort != nullptr) {
        ExecDropSingleTupleTableSlot(findings->slot);
        tuplesort_end(findings->sort);
    }
}

}  // namespace lead_scoring
