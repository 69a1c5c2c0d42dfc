#include "pg/server/postgres.hpp"

#include "pg/scoring/history.hpp"

#include <algorithm>

#include "pg/intake/event_log.hpp"
#include "pg/intake/plans.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "access/genam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

const char* implausible_column(const Version* version, const ScoreRow& row) {
    constexpr int64 kMostMoves = 1 << 30;  // more than any lead will make
    bool is_new = row.card == nullptr && row.version == 0;
    bool unknown_stage = find_stage(version, row.stage_name) == kNoStage;
    if (row.stage_seq < 0 || row.stage_seq > kMostMoves) return "stage_seq";
    // A lead whose moves were all taken back stands where it began.
    bool moved = row.stage_since != kNever;
    if (row.stage_since == kForever || (moved && row.stage_seq == 0) ||
        (!moved && row.stage_seq != 0 && row.barred == nullptr))
        return "stage_since";
    if (row.stage_name[0] == '\0' || (unknown_stage && row.version == version->number)) return "stage";
    if (is_new) return row.stage_seq == 0 ? nullptr : "card";
    if (row.card == nullptr) return "card";
    if (row.scored_at == kNever || row.scored_at == kForever) return "scored_at";
    return nullptr;
}

namespace {

// What the history of a lead says besides where it stands.
struct TakenBack {
    bool ever;
    Timestamp* undone_at;  // by hand, of each stage of the version; kNever: not
    Timestamp last;        // of these
    Timestamp last_move;   // when the latest of the moves that stand was recorded
};

// Printed in the current memory context. A lead that has not moved since stays below what its score calls for, but for
// stages whose conditions turn out not to hold; one that begins again is let in wherever they come to hold.
const char* print_bars(const Version* version, const TakenBack& taken, const char* stage, bool begins_again) {
    if (!taken.ever) return nullptr;
    int standing = find_stage(version, stage);
    bool held = !begins_again && taken.last > taken.last_move;
    std::span<const Timestamp> undone_at = {taken.undone_at, static_cast<std::size_t>(version->stage_count)};
    auto make = [&] {
        const Definition& definition = *version->definition;
        return print(bars_after(definition, standing == kNoStage ? definition.first_stage : standing, undone_at, held),
                     definition);
    };
    std::size_t length = run_cpp([&] { return make().size(); });
    auto* copy = static_cast<char*>(palloc(length + 1));
    run_cpp([&] { strlcpy(copy, make().c_str(), length + 1); });
    return copy;
}

}  // namespace

void restore_from_history(const AsWriter& as, const Version* version, Datum key, ScoreRow* row, bool begins_again) {
    mend_histories(as, &key);
    const char* stage = version->stages[version->definition->first_stage].name;
    Size room = sizeof(Timestamp) * static_cast<Size>(version->stage_count + 1);
    auto* entered = static_cast<Timestamp*>(palloc(room));
    TakenBack taken = {false, static_cast<Timestamp*>(palloc(room)), kNever, kNever};
    for (int i = 0; i < version->stage_count; ++i) entered[i] = taken.undone_at[i] = kNever;
    ScoreRow stored = *row;
    int64 standing = 0;  // number of the latest move that stands
    row->stage_seq = 0;
    row->stage_since = kNever;

    MemoryContext caller = CurrentMemoryContext;
    if (SPI_execute_plan(plan(as, PlanName::LeadEntries), &key, nullptr, false, 0) < 0)
        elog(ERROR, "cannot read transitions");
    SPITupleTable* rows = SPI_tuptable;
    for (uint64 i = 0; i < SPI_processed; ++i) {
        ResultRow entry{i};
        MemoryContext connected = MemoryContextSwitchTo(caller);
        const char* name = entry.text(1);
        int number = find_stage(version, name);
        Timestamp undone_at = entry.integer(7, kNever);
        int64 last_standing = entry.integer(4, 0);
        int64 last = entry.integer(5, 0);
        if (number != kNoStage) {
            entered[number] = entry.integer(3, kNever);
            if (undone_at > entry.integer(6, kNever)) taken.undone_at[number] = undone_at;
        }
        taken.ever |= last_standing == 0 || undone_at != kNever;
        taken.last = std::max(taken.last, undone_at);
        taken.last_move = std::max<Timestamp>(taken.last_move, entry.integer(6, kNever));
        row->stage_seq = std::max(row->stage_seq, last);
        if (last_standing > standing) {
            standing = last_standing;
            row->stage_since = entry.integer(2, kNever);
            stage = name;
        }
        MemoryContextSwitchTo(connected);
    }
    SPI_freetuptable(rows);
    MemoryContextSwitchTo(caller);

    bool same_stage = strcmp(stage, stored.stage_name) == 0;
    bool confirmed = same_stage && row->stage_seq == stored.stage_seq && row->stage_since == stored.stage_since;
    row->stage_armed = stored.stage_armed && same_stage;
    row->stage_name = stage;
    row->barred = print_bars(version, taken, stage, begins_again);
    row->entered = entered;
    row->restored = true;
    row->card = nullptr;
    row->version = 0;
    if (row->scored_at > GetCurrentTimestamp()) row->scored_at = kNever;
    row->due_at = kForever;
    // What was scored after the latest move has moved nobody, if the row knows that move; nor has what was there when a
    // hand took moves back.
    row->settled_to = confirmed ? std::max(row->stage_since, row->scored_at) : std::max(row->stage_since, taken.last);
    if (begins_again) row->settled_to = kNever;
}

int64 mend_histories(const AsWriter& as, const Datum* key) {
    Datum none = 0;
    SPIPlanPtr find = plan(as, key == nullptr ? PlanName::BrokenHistories : PlanName::BrokenHistory);
    int64 mended = 0;
    for_each_row(find, key == nullptr ? &none : const_cast<Datum*>(key), false, [&](ResultRow move) {
        Datum values[5];
        char nulls[] = "     ";
        for (int i = 0; i < 5; ++i) {
            bool is_null = false;
            values[i] = move.value(i + 1, &is_null);
            if (is_null) nulls[i] = 'n';
        }
        SPITupleTable* rows = SPI_tuptable;
        execute(as, PlanName::MendTransition, values, nulls);
        SPI_tuptable = rows;
        ++mended;
    });
    return mended;
}

bool open_history(const Model* model, HistoryProbe* probe) {
    Oid transitions = get_relname_relid("transitions", model->schema);
    if (!OidIsValid(transitions)) return false;
    probe->relation = table_open(transitions, RowExclusiveLock);
    Oid primary = RelationGetPrimaryKeyIndex(probe->relation LEAD_SCORING_NOT_DEFERRABLE);
    bool stored = probe->relation->rd_rel->relkind == RELKIND_RELATION;
    probe->index = OidIsValid(primary) && stored ? index_open(primary, RowExclusiveLock) : nullptr;
    if (probe->index == nullptr || IndexRelationGetNumberOfKeyAttributes(probe->index) != 2 ||
        TupleDescAttr(RelationGetDescr(probe->index), 0)->atttypid != model->key.type ||
        TupleDescAttr(RelationGetDescr(probe->index), 1)->atttypid != INT4OID) {
        if (probe->index != nullptr) index_close(probe->index, NoLock);
        table_close(probe->relation, NoLock);
        return false;
    }
    Oid family = probe->index->rd_opfamily[0];
    Oid input = probe->index->rd_opcintype[0];
    RegProcedure equal = get_opcode(get_opfamily_member(family, input, input, BTEqualStrategyNumber));
    ScanKeyEntryInitialize(&probe->keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid, probe->index->rd_indcollation[0],
                           equal, static_cast<Datum>(0));
    ScanKeyEntryInitialize(&probe->keys[1], 0, 2, BTGreaterEqualStrategyNumber, InvalidOid, InvalidOid, F_INT4GE,
                           static_cast<Datum>(0));
    probe->snapshot = RegisterSnapshot(GetLatestSnapshot());
    probe->scan = LEAD_SCORING_INDEX_BEGINSCAN(probe->relation, probe->index, probe->snapshot, 2);
    probe->slot = table_slot_create(probe->relation, nullptr);
    return true;
}

void close_history(HistoryProbe* probe) {
    index_endscan(probe->scan);
    ExecDropSingleTupleTableSlot(probe->slot);
    UnregisterSnapshot(probe->snapshot);
    index_close(probe->index, NoLock);
    table_close(probe->relation, NoLock);
}

bool has_moves_from(HistoryProbe* probe, Datum key, int32 seq) {
    probe->keys[0].sk_argument = key;
    probe->keys[1].sk_argument = Int32GetDatum(seq);
    index_rescan(probe->scan, probe->keys, 2, nullptr, 0);
    return index_getnext_slot(probe->scan, ForwardScanDirection, probe->slot);
}

namespace {

// Of each stage that was ever published, parts of statements about the columns of scores that tell when it was entered.
struct EntryColumns {
    const char* entries;      // of transitions t: when that was
    const char* names;        // of the columns
    const char* found;        // the same, of h
    const char* assignments;  // to s, from f
    const char* differences;  // of s and e
};

// Without those of the stages of a version; null: of all.
EntryColumns entry_columns(const Model* model, const Version* other_than) {
    int count = other_than == nullptr ? 0 : other_than->stage_count;
    auto* left_out = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count + 1)));
    for (int i = 0; i < count; ++i) left_out[i] = CStringGetTextDatum(psprintf("%s_at", other_than->stages[i].name));
    // As lead_scoring_internal.stage_columns has them, which is for commands only.
    query(psprintf("SELECT array_agg(n.name || '_at') FROM (SELECT DISTINCT ON (s.stage -> 'id') s.stage ->> 'name' "
                   "FROM %s v, jsonb_array_elements(v.definition -> 'stages') s (stage) "
                   "ORDER BY s.stage -> 'id', v.version DESC) n (name)",
                   own_table(model, "versions")),
          0, nullptr, nullptr);
    bool is_null = false;
    Datum columns = ResultRow{0}.value(1, &is_null);
    Oid types[] = {TEXTARRAYOID, OIDOID, TEXTOID, TEXTARRAYOID};
    Datum values[] = {columns, ObjectIdGetDatum(model->scores), CStringGetTextDatum(stands(model)),
                      PointerGetDatum(construct_array(left_out, count, TEXTOID, -1, false, TYPALIGN_INT))};
    const char nulls[] = {is_null ? 'n' : ' ', ' ', ' ', ' ', '\0'};
    query(
        "SELECT coalesce(string_agg(format(', min(t.at) FILTER (WHERE t.to_stage = %L AND %s) AS %I', "
        "left(a.attname, -3), $3, a.attname), '' ORDER BY a.attnum), ''), "
        "coalesce(string_agg(format(', %I', a.attname), '' ORDER BY a.attnum), ''), "
        "coalesce(string_agg(format(', h.%I', a.attname), '' ORDER BY a.attnum), ''), "
        "coalesce(string_agg(format(', %1$I = f.%1$I', a.attname), '' ORDER BY a.attnum), ''), "
        "coalesce(string_agg(format(' OR s.%1$I IS DISTINCT FROM e.%1$I', a.attname), '' ORDER BY a.attnum), '') "
        "FROM pg_attribute a WHERE a.attrelid = $2 AND NOT a.attisdropped "
        "AND a.attname = ANY ($1) AND a.attname <> ALL ($4)",
        4, types, values, nulls);
    ResultRow row{0};
    return {row.text(1), row.text(2), row.text(3), row.text(4), row.text(5)};
}

// Puts each lead's row of scores where its transitions end. One that is somewhere else, or is missing, is of no version
// then and has no card: it is computed from the log. What older versions called the first stage is left by the way in
// which removed stages are.
void mend_scores(const AsWriter& as, const Version* version) {
    const Model* model = as.model;
    static constexpr const char* kStatement =
        "WITH history AS ("
        "SELECT t.lead_id, (array_agg(t.to_stage ORDER BY t.seq DESC) FILTER (WHERE %8$s))[1] AS stage, "
        "max(t.seq) AS stage_seq, max(t.at) FILTER (WHERE %8$s) AS stage_since %2$s FROM %7$s t GROUP BY t.lead_id), "
        "ends AS ("
        "SELECT coalesce(s.lead_id, h.lead_id) AS lead_id, s.lead_id IS NULL AS is_missing, "
        "CASE WHEN h.stage IS NOT NULL THEN h.stage WHEN h.lead_id IS NOT NULL OR s.version = $2 OR s.stage IS NULL "
        "THEN $1 ELSE s.stage END AS stage, "
        "coalesce(h.stage_seq, 0) AS stage_seq, h.stage_since %4$s "
        "FROM %1$s s FULL JOIN history h ON h.lead_id = s.lead_id), "
        "found AS ("
        "SELECT e.*, d.has_moved FROM ends e LEFT JOIN %1$s s ON s.lead_id = e.lead_id "
        "CROSS JOIN LATERAL (SELECT s.stage IS DISTINCT FROM e.stage OR s.stage_seq IS DISTINCT FROM e.stage_seq "
        "OR s.stage_since IS DISTINCT FROM e.stage_since OR s.version IS NULL AS has_moved) d "
        "WHERE d.has_moved %6$s), "
        "mended AS ("
        "UPDATE %1$s s SET stage = f.stage, stage_seq = f.stage_seq, stage_since = f.stage_since %5$s, "
        "version = CASE WHEN f.has_moved THEN 0 ELSE s.version END, "
        "scored_at = CASE WHEN NOT f.has_moved THEN s.scored_at END, "
        "card = CASE WHEN NOT f.has_moved THEN s.card END "
        "FROM found f WHERE f.lead_id = s.lead_id) "
        "INSERT INTO %1$s (lead_id, version, stage, stage_seq, stage_since, stage_armed %3$s) "
        "SELECT f.lead_id, 0, f.stage, f.stage_seq, f.stage_since, false %3$s FROM found f WHERE f.is_missing";
    EntryColumns entered = entry_columns(model, nullptr);
    Oid types[] = {TEXTOID, INT8OID};
    Datum values[] = {CStringGetTextDatum(version->stages[version->definition->first_stage].name),
                      Int64GetDatum(version->number)};
    write_state(as, "scores",
                psprintf(kStatement, own_table(model, "scores"), entered.entries, entered.names, entered.found,
                         entered.assignments, entered.differences, own_table(model, "transitions"), stands(model)),
                2, types, values);
}

}  // namespace

void mend_past_entries(const AsWriter& as, const Version* version, const Datum* key) {
    const Model* model = as.model;
    static constexpr const char* kStatement =
        "UPDATE %1$s s SET stage = s.stage %4$s FROM (SELECT r.lead_id %3$s FROM %1$s r "
        "LEFT JOIN %2$s t ON t.lead_id = r.lead_id %6$s GROUP BY r.lead_id) e CROSS JOIN LATERAL (SELECT e.*) f "
        "WHERE e.lead_id = s.lead_id AND (false %5$s)";
    EntryColumns entered = entry_columns(model, version);
    if (entered.names[0] == '\0') return;
    Oid type = model->key.type;
    write_state(as, "scores",
                psprintf(kStatement, own_table(model, "scores"), own_table(model, "transitions"), entered.entries,
                         entered.assignments, entered.differences, key == nullptr ? "" : "WHERE r.lead_id = $1"),
                key == nullptr ? 0 : 1, &type, const_cast<Datum*>(key));
}

}  // namespace lead_scoring

using namespace lead_scoring;

// mend_state(model text)
LEAD_SCORING_FUNCTION(lead_scoring_mend_state);
Datum lead_scoring_mend_state(PG_FUNCTION_ARGS) {
    const char* name = PG_ARGISNULL(0) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(name);
    Model* model = use_bound(name);
    const Version* version = newest_version(model);
    AsWriter as = begin_work_in_command(model);
    mend_histories(as, nullptr);
    if (version != nullptr) mend_scores(as, version);
    end_work(as);
    PG_RETURN_VOID();
}
