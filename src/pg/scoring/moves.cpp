#include "pg/server/postgres.hpp"

#include "pg/scoring/moves.hpp"

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
    Oid text = TEXTOID;
    Datum name = CStringGetTextDatum(as.model->name);
    query("SELECT lead_scoring_internal.move_rows($1)", 1, &text, &name);
    const char* sql = psprintf(
        "SELECT m.to_stage::text, m.at::timestamptz, m.cause::text, m.rule::text, m.score::float8 FROM (%s) m "
        "WHERE m.lead_id OPERATOR(pg_catalog.=) $1 AND m.at <= $2 ORDER BY m.seq",
        ResultRow{0}.text(1));
    Oid types[] = {as.model->key.type, TIMESTAMPTZOID};
    Datum values[] = {key, TimestampTzGetDatum(until)};
    query(sql, 2, types, values);
    SPITupleTable* rows = SPI_tuptable;
    auto count = static_cast<int>(SPI_processed);
    MemoryContextSwitchTo(caller);
    MoveList list = {static_cast<Move*>(palloc(sizeof(Move) * static_cast<Size>(count + 1))), 0};
    for (int i = 0; i < count; ++i) {
        ResultRow row{static_cast<uint64>(i), rows};
        char* to = row.text(1);
        Timestamp at = row.integer(2, kNever);
        if (to == nullptr || at == kNever || TIMESTAMP_NOT_FINITE(at)) continue;
        list.moves[list.count++] = {find_stage(version, to),          to, at, row.text(3), row.text(4),
                                    units_of_points(row.number(5, 0))};
    }
    return list;
}

StageState state_after(const Definition& definition, const MoveList& moves) {
    StageState state;
    state.stage = definition.first_stage;
    state.last_entry.assign(definition.stages.size(), kNever);
    for (int i = 0; i < moves.count; ++i) {
        const Move& move = moves.moves[i];
        state.stage = move.stage == kNoStage ? definition.first_stage : move.stage;
        state.since = move.at;
        ++state.seq;
        if (move.stage != kNoStage) state.last_entry[static_cast<std::size_t>(move.stage)] = move.at;
    }
    return state;
}

}  // namespace lead_scoring
