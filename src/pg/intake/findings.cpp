#include "pg/server/postgres.hpp"

#include "pg/intake/findings.hpp"

#include <algorithm>

#include "pg/intake/names.hpp"

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

constexpr std::size_t kInMemory = 64 * 1024 * 1024;           // bytes of a statement's findings that stay in arrays
constexpr std::size_t kMostInMemory = std::size_t{16} << 30;  // far from 2^32 facts, by whose numbers they are known
constexpr std::size_t kPortion = 1024;                        // matches of a lead that are given out at once
constexpr uint32 kMostAtOnce = 1 << 18;                       // facts of one lead and instant that stay in arrays

// Of the tuplesort. In the order of kKey, kAt, kRank, kHash and kWhat a lead's matches are in the core's order. kNames
// has those of a touch, the bytes of two of them apart by a zero, which no text has, or an id.
enum Column { kKey, kAt, kRank, kHash, kWhat, kBucket, kNames, kColumns };

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

// From the highest bit: eight of the kind of a finding, one of what matched, the rest of which rule or stage.
constexpr unsigned kKindAt = 24;
constexpr uint32 kOfStage = 1u << 23;
static_assert(Definition::kMaxRules <= kOfStage);

uint32 pack(FindingKind kind, const Match& match) {
    return (static_cast<uint32>(kind) << kKindAt) | (match.kind == MatchKind::Stage ? kOfStage : 0) |
           static_cast<uint32>(match.target);
}

Finding unpack(Datum key, Timestamp at, uint32 what, const Worth& worth) {
    Match match;
    match.at = at;
    match.kind = (what & kOfStage) != 0 ? MatchKind::Stage : MatchKind::Rule;
    match.target = static_cast<int32>(what & (kOfStage - 1));
    match.points = worth.points;
    match.bucket = worth.bucket;
    match.key = worth.key;
    return {key, static_cast<FindingKind>(what >> kKindAt), match};
}

}  // namespace

struct Findings {
    MemoryContext context;
    MemoryContext keys;  // of the records, where these are no plain values; else null
    KeyType key;
    Record* records;
    std::size_t record_count;
    std::size_t record_capacity;
    Fact* facts;
    std::size_t fact_count;
    std::size_t fact_capacity;
    std::size_t next;      // record to be given out
    std::size_t lead_end;  // records of the lead given out last
    std::size_t rest;      // the first record of its matches behind the first portion
    Worth* worths;
    std::size_t worth_count;
    std::size_t worth_capacity;
    Recent* recent;  // null until there is a second record

    NameList names;  // of touches, ids and accounts

    Tuplesortstate* sort;
    TupleTableSlot* slot;
    bool ahead;   // the slot holds a finding that was read but not given out
    bool unread;  // there may be more of the lead given out last
    bool single;
    std::size_t memory;  // bytes that stay in arrays
    int sort_memory;     // kilobytes of the tuplesort

    Datum lead;  // given out last
    std::size_t* fit;
    std::size_t fit_capacity;
    Adjustment* adjustments;
    std::size_t adjustment_capacity;
    Timestamp* resets;
    std::size_t reset_capacity;
    Match* matches;
    std::size_t match_capacity;
    Match* more_matches;  // portions after the first one
    std::size_t more_capacity;
    FoundTouch* touches;
    std::size_t touch_capacity;
    FoundId* ids;
    std::size_t id_capacity;
    FoundTouch* more_touches;
    std::size_t more_touch_capacity;
    MemoryContext touch_names;       // of the first portion, where sorted by tuplesort
    MemoryContext more_touch_names;  // of a later one
    MemoryContext key_context;       // of the lead given out last, where sorted by tuplesort
};

namespace {

TupleDesc describe_columns(const KeyType& key) {
    TupleDesc columns = CreateTemplateTupleDesc(kColumns);
    const Oid types[kColumns] = {key.type, INT8OID, INT8OID, INT8OID, INT4OID, INT8OID, BYTEAOID};
    for (int i = 0; i < kColumns; ++i)
        TupleDescInitEntry(columns, static_cast<AttrNumber>(i + 1), nullptr, types[i], -1, 0);
    return columns;
}

constexpr uint64 kSign = uint64{1} << 63;

EventNames names_of(const Findings* findings, const Match& touch) {
    const NameList* list = &findings->names;
    return {name_of(list, static_cast<uint64>(touch.points)), name_of(list, static_cast<uint64>(touch.bucket)),
            name_of(list, touch.key)};
}

// Rules before stages, larger points first.
int64 rank_of(const Match& match) {
    return match.kind == MatchKind::Stage ? std::numeric_limits<int64>::max() : ~match.points;
}

Finding read_slot(const Findings* findings) {
    TupleTableSlot* slot = findings->slot;
    slot_getallattrs(slot);
    auto number = [&](Column column) { return slot->tts_isnull[column] ? 0 : DatumGetInt64(slot->tts_values[column]); };
    auto what = static_cast<uint32>(DatumGetInt32(slot->tts_values[kWhat]));
    Finding finding = unpack(slot->tts_values[kKey], number(kAt), what, {0, number(kBucket), 0});
    Match& match = finding.match;
    if (!slot->tts_isnull[kHash]) match.key = static_cast<uint64>(number(kHash)) ^ kSign;
    if (finding.kind == FindingKind::Match)
        match.points = match.kind == MatchKind::Stage ? 0 : ~number(kRank);
    else
        match.points = number(kRank);
    return finding;
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
    value[kRank] = Int64GetDatum(finding.kind == FindingKind::Match ? rank_of(match) : match.points);
    value[kHash] = Int64GetDatum(static_cast<int64>(match.key ^ kSign));
    value[kWhat] = Int32GetDatum(static_cast<int32>(pack(finding.kind, match)));
    value[kBucket] = Int64GetDatum(match.bucket);
    memset(null, 0, kColumns * sizeof(bool));
    null[kRank] = finding.kind != FindingKind::Match && match.points == 0;  // a null takes no space
    null[kHash] = match.key == 0;
    null[kBucket] = match.bucket == 0;
    bool named = finding.kind == FindingKind::Id || finding.kind == FindingKind::Account;
    null[kNames] = finding.kind != FindingKind::Touch && !named;
    if (finding.kind == FindingKind::Touch) {
        value[kNames] = names_to_bytes(names_of(findings, match));
        null[kRank] = null[kHash] = null[kBucket] = true;
    } else if (named) {
        value[kNames] = to_bytes(name_of(&findings->names, static_cast<uint64>(match.points)));
        null[kRank] = true;
    }
    ExecStoreVirtualTuple(findings->slot);
    tuplesort_puttupleslot(findings->sort, findings->slot);
    if (!null[kNames]) pfree(DatumGetPointer(value[kNames]));
}

// Calls visit(finding) for each fact of the record.
template <class Visit>
void for_each_fact(const Findings* findings, const Record& record, Visit visit) {
    for (const Fact* fact = findings->facts + record.first; fact != findings->facts + record.first + record.count;
         ++fact)
        visit(unpack(record.key, record.at, fact->what, findings->worths[fact->worth]));
}

// Hands all there is to the tuplesort, and whatever comes from now on.
void begin_sort(Findings* findings) {
    MemoryContext caller = MemoryContextSwitchTo(findings->context);
    TupleDesc columns = describe_columns(findings->key);
    findings->slot = MakeSingleTupleTableSlot(columns, &TTSOpsVirtual);

    AttrNumber attributes[] = {kKey + 1, kAt + 1, kRank + 1, kHash + 1, kWhat + 1};
    constexpr int kSorted = std::size(attributes);
    Oid operators[kSorted] = {findings->key.less_operator, Int8LessOperator, Int8LessOperator, Int8LessOperator,
                              Int4LessOperator};
    Oid collations[kSorted] = {findings->key.collation};
    bool nulls_first[kSorted] = {true, true, true, true, true};
    findings->sort = tuplesort_begin_heap(columns, kSorted, attributes, operators, collations, nulls_first,
                                          findings->sort_memory, nullptr, TUPLESORT_RANDOMACCESS);
    for (std::size_t i = 0; i < findings->record_count; ++i)
        for_each_fact(findings, findings->records[i],
                      [&](const Finding& finding) { put_into_sort(findings, finding); });
    pfree(findings->records);
    pfree(findings->facts);
    pfree(findings->worths);
    findings->record_count = 0;
    if (findings->keys != nullptr) MemoryContextReset(findings->keys);
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

// Where in `worths` what the finding is worth stands. No two ids are worth the same.
uint32 place_of_worth(Findings* findings, FindingKind kind, const Match& match) {
    Worth worth = {match.points, match.bucket, match.key};
    if (worth == Worth{}) return 0;
    auto last = static_cast<uint32>(findings->worth_count - 1);
    uint32* recent = &last;
    if (findings->recent != nullptr && kind != FindingKind::Id)
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

// What the arrays and keys have been allocated.
std::size_t bytes(const Findings* findings) {
    return findings->record_capacity * sizeof(Record) + findings->fact_capacity * sizeof(Fact) +
           findings->worth_capacity * sizeof(Worth) +
           (findings->keys == nullptr ? 0 : MemoryContextMemAllocated(findings->keys, false)) +
           bytes_of_names(&findings->names);
}

// By key and time. Within a lead the core's own order is established when the lead is given out. What is sorted in this
// file is plain data, so that a cancel may end the sorting.
template <class Compare>
void sort_records(Findings* findings, Compare compare) {
    std::sort(findings->records, findings->records + findings->record_count, [&](const Record& a, const Record& b) {
        CHECK_FOR_INTERRUPTS();
        auto order = compare(a.key, b.key);
        return order != 0 ? order < 0 : a.at < b.at;
    });
}

}  // namespace

Match match_of_id(uint32 number, const FoundId& id) {
    Match match;
    match.at = kNever;  // given out with the lead, before its matches
    match.target = id.stage + 1;
    match.points = number;
    match.bucket = id.at;
    match.key = static_cast<uint64>(id.source) * 2 + (id.again ? 1 : 0);
    return match;
}

uint32 number_of_name(Findings* findings, std::string_view name) { return number_of_name(&findings->names, name); }

void forget_names(Findings* findings) {
    if (findings->sort != nullptr) clear_names(&findings->names);
}

Findings* make_findings(const KeyType& key) {
    auto* findings = static_cast<Findings*>(palloc0(sizeof(Findings)));
    findings->context = CurrentMemoryContext;
    findings->names.parent = CurrentMemoryContext;
    findings->key = key;
    findings->single = true;
    findings->memory = kInMemory;
    findings->sort_memory = work_mem;
    if (!key.by_value)
        findings->keys = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring keys", ALLOCSET_DEFAULT_SIZES);
    push(findings->context, &findings->worths, &findings->worth_count, &findings->worth_capacity, Worth{});
    return findings;
}

void allow_maintenance_memory(Findings* findings) {
    std::size_t allowed = static_cast<std::size_t>(maintenance_work_mem) * 1024;
    findings->memory = std::clamp(allowed, kInMemory, kMostInMemory);
    findings->sort_memory = maintenance_work_mem;
}

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
             {same_lead ? last->key : copy_key(findings->keys, findings->key, finding.key), finding.match.at,
              static_cast<uint32>(findings->fact_count), 1});
    }
    push(findings->context, &findings->facts, &findings->fact_count, &findings->fact_capacity,
         {pack(finding.kind, finding.match), place_of_worth(findings, finding.kind, finding.match)});
    bool much_at_once = findings->records[findings->record_count - 1].count > kMostAtOnce;
    if (much_at_once || bytes(findings) >= findings->memory) begin_sort(findings);
}

void sort_findings(Findings* findings) {
    if (findings->sort != nullptr) {
        MemoryContext caller = MemoryContextSwitchTo(findings->context);
        tuplesort_performsort(findings->sort);
        ExecDropSingleTupleTableSlot(findings->slot);
        findings->slot = MakeSingleTupleTableSlot(describe_columns(findings->key), &TTSOpsMinimalTuple);
        findings->key_context = AllocSetContextCreate(findings->context, "lead_scoring key", ALLOCSET_SMALL_SIZES);
        for (MemoryContext* names : {&findings->touch_names, &findings->more_touch_names})
            *names = AllocSetContextCreate(findings->context, "lead_scoring touches", ALLOCSET_SMALL_SIZES);
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
    findings->lead_end = 0;
    findings->ahead = false;
    findings->unread = false;
    if (findings->sort != nullptr) tuplesort_rescan(findings->sort);
}

namespace {

// What is gathered of the lead that is given out, in arrays of the findings.
struct Portion {
    Match** matches;
    std::size_t* capacity;
    FoundTouch** touches;
    std::size_t* touch_capacity;
    MemoryContext names;
    std::size_t count;
    std::size_t touch_count;
    std::size_t fits;
    std::size_t adjustments;
    std::size_t resets;
    std::size_t ids;

    bool is_full() const { return count + touch_count >= kPortion; }
};

Portion first_portion(Findings* findings) {
    return {&findings->matches, &findings->match_capacity, &findings->touches, &findings->touch_capacity,
            findings->touch_names};
}

Portion later_portion(Findings* findings) {
    return {&findings->more_matches, &findings->more_capacity, &findings->more_touches, &findings->more_touch_capacity,
            findings->more_touch_names};
}

void take(Findings* findings, LeadFindings* lead, Portion* portion, const Finding& finding) {
    const Match& match = finding.match;
    if (match.at != kNever) lead->first_at = std::min<Timestamp>(lead->first_at, match.at);
    switch (finding.kind) {
        case FindingKind::Touch:
            lead->seen = true;
            push(findings->context, portion->touches, &portion->touch_count, portion->touch_capacity,
                 FoundTouch{match.at, findings->sort == nullptr
                                          ? names_of(findings, match)
                                          : names_from_bytes(portion->names, findings->slot->tts_values[kNames])});
            break;
        case FindingKind::Match:
            lead->seen = true;
            push(findings->context, portion->matches, &portion->count, portion->capacity, match);
            break;
        case FindingKind::Fit:
            push(findings->context, &findings->fit, &portion->fits, &findings->fit_capacity,
                 static_cast<std::size_t>(match.target));
            break;
        case FindingKind::Adjustment:
            push(findings->context, &findings->adjustments, &portion->adjustments, &findings->adjustment_capacity,
                 Adjustment{match.points, match.bucket});
            break;
        case FindingKind::Reset:
            push(findings->context, &findings->resets, &portion->resets, &findings->reset_capacity,
                 Timestamp{match.bucket});
            break;
        case FindingKind::Id:
            push(findings->context, &findings->ids, &portion->ids, &findings->id_capacity,
                 FoundId{findings->sort == nullptr ? name_of(&findings->names, static_cast<uint64>(match.points))
                                                   : from_bytes(portion->names, findings->slot->tts_values[kNames]),
                         match.bucket, static_cast<int32>(match.key / 2), match.target - 1, match.key % 2 != 0});
            break;
        case FindingKind::Seen:
            lead->seen = true;
            break;
        case FindingKind::Known:
            lead->known = true;
            break;
        case FindingKind::Created:
            lead->created = match.bucket;
            break;
        case FindingKind::LeftOut:
            lead->left_out = true;
            break;
        case FindingKind::Account:
            lead->account = findings->sort == nullptr ? name_of(&findings->names, static_cast<uint64>(match.points))
                                                      : from_bytes(portion->names, findings->slot->tts_values[kNames]);
            break;
        case FindingKind::TakenBack:
            lead->taken_back = true;
            break;
        case FindingKind::Identified:
            lead->identified = true;
            break;
        case FindingKind::Removed:
            lead->removed = true;
            break;
        case FindingKind::Stored:
            break;
    }
}

// Whole instants of the lead, until there are enough matches. Those of one instant are put into the core's order here.
void take_records(Findings* findings, LeadFindings* lead, Portion* portion) {
    const Record* records = findings->records;
    while (findings->next < findings->lead_end && !portion->is_full()) {
        std::size_t before = portion->count;
        Timestamp at = records[findings->next].at;
        do {
            CHECK_FOR_INTERRUPTS();
            for_each_fact(findings, records[findings->next++],
                          [&](const Finding& finding) { take(findings, lead, portion, finding); });
        } while (findings->next < findings->lead_end && records[findings->next].at == at);
        Match* matches = *portion->matches;
        if (!std::is_sorted(matches + before, matches + portion->count))
            std::sort(matches + before, matches + portion->count, [](const Match& a, const Match& b) {
                CHECK_FOR_INTERRUPTS();
                return a < b;
            });
    }
}

// Whether there is more of the lead given out last.
bool peek_same_lead(Findings* findings, Finding* finding) {
    return peek(findings, finding) && compare_keys(findings->key, findings->lead, finding->key) == 0;
}

void take_sorted(Findings* findings, LeadFindings* lead, Portion* portion) {
    Finding finding;
    while (!portion->is_full() && peek_same_lead(findings, &finding)) {
        CHECK_FOR_INTERRUPTS();
        take(findings, lead, portion, finding);
        findings->ahead = false;
    }
}

bool begin_lead_in_memory(Findings* findings) {
    findings->next = findings->lead_end;
    if (findings->next == findings->record_count) return false;
    findings->lead = findings->records[findings->next].key;
    do {
        CHECK_FOR_INTERRUPTS();
        ++findings->lead_end;
    } while (findings->lead_end < findings->record_count &&
             compare_keys(findings->key, findings->lead, findings->records[findings->lead_end].key) == 0);
    return true;
}

bool begin_lead_of_sort(Findings* findings) {
    Finding finding;
    while (findings->unread && peek_same_lead(findings, &finding)) {
        CHECK_FOR_INTERRUPTS();
        findings->ahead = false;
    }
    findings->unread = false;
    if (!peek(findings, &finding)) return false;
    MemoryContextReset(findings->key_context);
    findings->lead = copy_key(findings->key_context, findings->key, finding.key);
    return true;
}

}  // namespace

bool next_lead(Findings* findings, LeadFindings* lead) {
    CHECK_FOR_INTERRUPTS();
    *lead = {};
    Portion portion = first_portion(findings);
    bool more = false;
    if (findings->sort == nullptr) {
        if (!begin_lead_in_memory(findings)) return false;
        take_records(findings, lead, &portion);
        findings->rest = findings->next;
        more = findings->next < findings->lead_end;
    } else {
        if (!begin_lead_of_sort(findings)) return false;
        MemoryContextReset(portion.names);
        take_sorted(findings, lead, &portion);
        if (portion.is_full()) {  // and nothing is read ahead
            Finding finding;
            tuplesort_markpos(findings->sort);
            more = findings->unread = peek_same_lead(findings, &finding);
        }
    }
    std::sort(findings->fit, findings->fit + portion.fits);
    std::sort(findings->adjustments, findings->adjustments + portion.adjustments);
    std::sort(findings->resets, findings->resets + portion.resets);
    lead->key = findings->lead;
    lead->fit = {findings->fit, portion.fits};
    lead->adjustments = {findings->adjustments, portion.adjustments};
    lead->resets = {findings->resets, portion.resets};
    lead->matches = {findings->matches, portion.count};
    lead->touches = {findings->touches, portion.touch_count};
    lead->ids = {findings->ids, portion.ids};
    lead->rest = more ? findings : nullptr;
    return true;
}

bool MatchReader::next(std::span<const Match>* portion) {
    CHECK_FOR_INTERRUPTS();
    if (portions_++ == 0) {
        *portion = lead_.matches;
        touches_ = lead_.touches;
        return !portion->empty() || !touches_.empty();
    }
    Findings* findings = lead_.rest;
    if (findings == nullptr) return false;
    if (portions_ == 2) {  // back to where the first portion ends
        findings->next = findings->rest;
        if (findings->sort != nullptr) {
            tuplesort_restorepos(findings->sort);
            findings->ahead = false;
        }
    }
    LeadFindings same = {};
    Portion gathered = later_portion(findings);
    if (findings->sort == nullptr) {
        take_records(findings, &same, &gathered);
    } else {
        MemoryContextReset(gathered.names);
        take_sorted(findings, &same, &gathered);
    }
    *portion = {findings->more_matches, gathered.count};
    touches_ = {findings->more_touches, gathered.touch_count};
    return gathered.count + gathered.touch_count > 0;
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
    if (findings->sort == nullptr) return;
    ExecDropSingleTupleTableSlot(findings->slot);
    tuplesort_end(findings->sort);
}

}  // namespace lead_scoring
