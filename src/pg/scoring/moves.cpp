#include "pg/server/postgres.hpp"

#include "pg/scoring/moves.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "core/card/fold.hpp"
#include "pg/intake/plans.hpp"
#include "pg/model/format.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
}

namespace lead_scoring {

MoveList read_moves(const AsOwner& as, const Version* version, Datum key, Timestamp until) {
    MemoryContext caller = CurrentMemoryContext;
    bool marked = keeps_undone(as.model);
    const char* sql = psprintf(
        "SELECT t.to_stage::text, t.at::timestamptz, t.cause::text, t.rule::text, t.score::float8, "
        "t.recorded_at::timestamptz, %s FROM %s t WHERE t.lead_id OPERATOR(pg_catalog.=) $1 AND t.at <= $2%s "
        "ORDER BY t.seq",
        marked ? "t.undone_at::timestamptz" : "NULL::timestamptz", own_table(as.model, "transitions"),
        marked ? " AND NOT t.superseded" : "");
    Oid types[] = {as.model->key.type, TIMESTAMPTZOID};
    Datum values[] = {key, TimestampTzGetDatum(until)};
    query(sql, 2, types, values);
    SPITupleTable* rows = SPI_tuptable;
    auto count = static_cast<int>(SPI_processed);
    MemoryContextSwitchTo(caller);
    MoveList list = {static_cast<Move*>(palloc_extended(sizeof(Move) * static_cast<Size>(count + 1), MCXT_ALLOC_HUGE)),
                     0, until, kNever};
    for (int i = 0; i < count; ++i) {
        ResultRow row{static_cast<uint64>(i), rows};
        char* to = row.text(1);
        Timestamp at = row.integer(2, kNever);
        if (to == nullptr || at == kNever || TIMESTAMP_NOT_FINITE(at)) continue;
        Move move = {find_stage(version, to),
                     to,
                     at,
                     row.text(3),
                     row.text(4),
                     units_of_points(row.number(5, 0)),
                     row.integer(6, kNever),
                     row.integer(7, kForever)};
        if (move.undone_at <= until) list.undone_at = std::max(list.undone_at, move.undone_at);
        list.moves[list.count++] = move;
    }
    return list;
}

StoredBars read_bars(const AsOwner& as, Datum key) {
    StoredBars stored = {nullptr, kNever};
    if (!has_column(as.model, "scores", "stage_barred")) return stored;
    MemoryContext caller = CurrentMemoryContext;
    Oid type = as.model->key.type;
    query(psprintf("SELECT stage_barred::text, scored_at::timestamptz FROM %s WHERE lead_id OPERATOR(pg_catalog.=) $1",
                   own_table(as.model, "scores")),
          1, &type, &key);
    MemoryContextSwitchTo(caller);
    if (SPI_processed > 0) stored = {ResultRow{0}.text(1), ResultRow{0}.integer(2, kForever)};
    SPI_freetuptable(SPI_tuptable);
    return stored;
}

namespace {

// As restore_from_history has them.
std::vector<Bar> bars_by_marks(const Definition& definition, const MoveList& moves, int standing) {
    std::vector<Timestamp> undone_at(definition.stages.size(), kNever);
    std::vector<Timestamp> recorded_at(definition.stages.size(), kNever);
    Timestamp last_move = kNever;
    for (const Move& move : std::span(moves.moves, static_cast<std::size_t>(moves.count))) {
        bool stands = move.stands(moves.until);
        if (stands) last_move = std::max(last_move, move.recorded_at);
        if (move.stage == kNoStage) continue;
        Timestamp& last = (stands ? recorded_at : undone_at)[static_cast<std::size_t>(move.stage)];
        last = std::max(last, stands ? move.recorded_at : move.undone_at);
    }
    for (std::size_t i = 0; i < undone_at.size(); ++i)
        if (undone_at[i] <= recorded_at[i]) undone_at[i] = kNever;
    return bars_after(definition, standing, undone_at, moves.undone_at > last_move);
}

}  // namespace

void stand(Lead& lead, const Definition& definition, const MoveList& moves, const StoredBars& stored) {
    StageState& state = lead.stage;
    state = {};
    state.stage = definition.first_stage;
    state.last_entry.assign(definition.stages.size(), kNever);
    for (const Move& move : std::span(moves.moves, static_cast<std::size_t>(moves.count))) {
        if (!move.stands(moves.until)) continue;
        state.stage = move.stage == kNoStage ? definition.first_stage : move.stage;
        state.since = move.at;
        ++state.seq;
        if (move.stage != kNoStage) state.last_entry[static_cast<std::size_t>(move.stage)] = move.at;
    }
    bool is_stored = stored.text != nullptr && stored.scored_at <= moves.until;
    if (!is_stored && moves.undone_at == kNever) return;
    state.barred = is_stored ? parse_bars(stored.text, definition) : bars_by_marks(definition, moves, state.stage);
    if (state.barred.empty()) return;
    // What its score was before is settled.
    advance_clock(definition, lead.card, is_stored ? stored.scored_at : moves.undone_at);
    std::vector<Transition> none;
    if (!is_stored) StageMachine(definition, lead.card, state, none).lift_bars(lead.card.clock);
}

}  // namespace lead_scoring
