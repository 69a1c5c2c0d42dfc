#include "pg/server/postgres.hpp"

#include "pg/intake/event_id.hpp"

#include <algorithm>
#include <utility>

#include "pg/intake/once.hpp"
#include "pg/intake/plans.hpp"

extern "C" {
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
}

namespace lead_scoring {

namespace {

// The bytes as a value of the ids' type.
Datum value_of(const OncePlans* once, std::string_view bytes) {
    Datum value = 0;
    if (once->by_value) {
        memcpy(&value, bytes.data(), sizeof value);
    } else if (once->length > 0) {
        void* copy = palloc(bytes.size());
        memcpy(copy, bytes.data(), bytes.size());
        value = PointerGetDatum(copy);
    } else {
        value = PointerGetDatum(cstring_to_text_with_len(bytes.data(), static_cast<int>(bytes.size())));
    }
    return value;
}

// The version's source of that name; null: the model has none any more.
Source* source_of(const AsOwner& as, const LoggedSource* logged) {
    auto sources = sources_of(as.model->binding);
    auto source =
        std::ranges::find_if(sources, [&](const Source& source) { return strcmp(source.name, logged->name) == 0; });
    return source == sources.end() ? nullptr : &*source;
}

// Whether the source, which is that of all ids, has more than so many rows of the lead with one of them. What it
// allocates is left to the caller's memory context.
bool has_more_rows(const AsOwner& as, const Version* version, Datum key, std::span<const FoundId> ids, int64 than) {
    const LoggedSource* logged = &version->sources[ids.front().source];
    Source* source = source_of(as, logged);
    if (source == nullptr) return false;
    SPIPlanPtr statement = plan(as, PlanName::RepeatedId, source, logged);
    const OncePlans* once = once_plans(as, source, logged);
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * ids.size()));
    int count = 0;
    for (const FoundId& id : ids)
        if (!id.again) values[count++] = value_of(once, id.id);
    ArrayType* array = construct_array(values, count, once->type, once->length, once->by_value, once->align);
    Datum arguments[] = {key, PointerGetDatum(array), Int64GetDatum(than)};
    MemoryContext caller = CurrentMemoryContext;
    int code = SPI_execute_plan(statement, arguments, nullptr, false, 1);
    if (code != SPI_OK_SELECT) elog(ERROR, "cannot look for ids: %s", SPI_result_code_string(code));
    bool found = SPI_processed > 0;
    SPI_freetuptable(SPI_tuptable);
    MemoryContextSwitchTo(caller);
    return found;
}

// Calls use(ids) for each run of ids that are of one source.
template <class Id, class Use>
void for_each_source(std::span<Id> ids, Use use) {
    while (!ids.empty()) {
        CHECK_FOR_INTERRUPTS();
        auto end = std::ranges::find_if(ids, [&](const FoundId& id) { return id.source != ids.front().source; });
        auto count = static_cast<std::size_t>(end - ids.begin());
        use(ids.first(count));
        ids = ids.subspan(count);
    }
}

// Sorts ids of one source by what they are, then by time, and calls use(ids) for those that SQL takes for one id, which
// need not be the same bytes.
template <class Use>
void for_each_id(const OncePlans* once, std::span<FoundId> ids, Use use) {
    struct Valued {
        Datum value;
        FoundId id;
    };
    auto* valued = static_cast<Valued*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Valued) * ids.size()));
    for (std::size_t i = 0; i < ids.size(); ++i) valued[i] = {value_of(once, ids[i].id), ids[i]};
    auto compare = [&](const Valued& a, const Valued& b) {
        return DatumGetInt32(FunctionCall2Coll(once->compare, once->collation, a.value, b.value));
    };
    std::sort(valued, valued + ids.size(), [&](const Valued& a, const Valued& b) {
        int order = compare(a, b);
        return order != 0 ? order < 0 : std::pair(a.id.at, a.id.stage) < std::pair(b.id.at, b.id.stage);
    });
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = valued[i].id;
    for (std::size_t begin = 0, end = 0; begin < ids.size(); begin = end) {
        CHECK_FOR_INTERRUPTS();
        while (end < ids.size() && compare(valued[begin], valued[end]) == 0) ++end;
        use(ids.subspan(begin, end - begin));
    }
}

// Whether the event names a stage, and is not later than that.
bool is_late_entry(const FoundId& id, Timestamp until) { return id.stage != kNoStage && id.at <= until; }

// Of the events of one id, by time, those that do not count although they name a stage. Where others were there before
// them, none does, for whatever the id has to say was said; else the first does.
template <class Add>
void add_repeated(const AsOwner& as, const Version* version, Datum key, std::span<const FoundId> ids, Timestamp until,
                  Add add) {
    if (std::ranges::none_of(ids, [&](const FoundId& id) { return is_late_entry(id, until); })) return;
    int64 events = std::ranges::count(ids, false, &FoundId::again);
    bool were_there = has_more_rows(as, version, key, ids.first(1), events);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const FoundId& id = ids[i];
        bool same = i > 0 && id.at == ids[i - 1].at && id.stage == ids[i - 1].stage;
        if (is_late_entry(id, until) && (were_there || id.at > ids.front().at || same))
            add(RepeatedEntry{id.at, id.stage});
    }
}

}  // namespace

bool has_repeated_id(const AsOwner& as, const Version* version, const LeadFindings& found) {
    bool repeated = false;
    for_each_source(found.ids, [&](std::span<const FoundId> ids) {
        repeated = repeated || has_more_rows(as, version, found.key, ids, 1);
    });
    return repeated;
}

bool RepeatedEntries::take(const Match& match) {
    auto order = [](const auto& entry) { return std::pair(entry.at, entry.stage); };
    while (!rest_.empty() && order(rest_.front()) < std::pair(match.at, match.target)) rest_ = rest_.subspan(1);
    if (rest_.empty() || order(rest_.front()) != std::pair(match.at, match.target)) return false;
    rest_ = rest_.subspan(1);
    return true;
}

RepeatedEntries find_repeated_entries(const AsOwner& as, const Version* version, const LeadFindings& found,
                                      Timestamp until) {
    if (std::ranges::none_of(found.ids, [&](const FoundId& id) { return is_late_entry(id, until); }))
        return RepeatedEntries({});
    auto* ids = static_cast<FoundId*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(FoundId) * found.ids.size()));
    std::ranges::copy(found.ids, ids);
    std::sort(ids, ids + found.ids.size(), [](const FoundId& a, const FoundId& b) { return a.source < b.source; });
    auto* entries = static_cast<RepeatedEntry*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(RepeatedEntry) * found.ids.size()));
    std::size_t count = 0;
    for_each_source(std::span(ids, found.ids.size()), [&](std::span<FoundId> of_source) {
        const LoggedSource* logged = &version->sources[of_source.front().source];
        Source* source = source_of(as, logged);
        if (source == nullptr) return;
        for_each_id(once_plans(as, source, logged), of_source, [&](std::span<const FoundId> of_one) {
            add_repeated(as, version, found.key, of_one, until,
                         [&](const RepeatedEntry& entry) { entries[count++] = entry; });
        });
    });
    std::sort(entries, entries + count, [](const RepeatedEntry& a, const RepeatedEntry& b) {
        return std::pair(a.at, a.stage) < std::pair(b.at, b.stage);
    });
    return RepeatedEntries({entries, count});
}

}  // namespace lead_scoring
