// history(): the course of a lead's score.

#include "pg/server/postgres.hpp"

#include "core/reading/history.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "pg/intake/event_log.hpp"
#include "pg/intake/reading.hpp"
#include "pg/model/format.hpp"
#include "pg/model/table_name.hpp"
#include "pg/scoring/acts.hpp"
#include "pg/scoring/moves.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/owned.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
}

using namespace lead_scoring;

namespace {

struct Spans {
    AdjustmentSpan* spans;
    int count;
};

// All adjustments of a lead, and all resets of its engagement.
Spans read_spans(const AsOwner& as, Datum key) {
    MemoryContext caller = CurrentMemoryContext;
    Oid type = as.model->key.type;
    bool resets = has_column(as.model, "adjustments", "resets");
    query(psprintf("SELECT points::float8, made_at::timestamptz, least(CASE WHEN NOT %1$s THEN expires_at END, "
                   "cancelled_at)::timestamptz, cancelled_at <= coalesce(expires_at, 'infinity'), %1$s FROM %2$s "
                   "WHERE lead_id OPERATOR(pg_catalog.=) $1 ORDER BY made_at, id",
                   resets ? "resets" : "false", own_table(as.model, "adjustments")),
          1, &type, &key);
    MemoryContextSwitchTo(caller);
    auto count = static_cast<int>(SPI_processed);
    Spans found = {static_cast<AdjustmentSpan*>(palloc(sizeof(AdjustmentSpan) * static_cast<Size>(count + 1))), count};
    for (int i = 0; i < count; ++i) {
        ResultRow row{static_cast<uint64>(i)};
        found.spans[i] = {units_of_points(row.number(1, 0)), row.integer(2, kNever), row.integer(3, kForever),
                          row.boolean(4, false), row.boolean(5, false)};
    }
    SPI_freetuptable(SPI_tuptable);
    return found;
}

// The places of moves in their list, by time.
int* places_by_time(const MoveList& moves) {
    auto* places =
        static_cast<int*>(palloc_extended(sizeof(int) * static_cast<Size>(moves.count + 1), MCXT_ALLOC_HUGE));
    std::iota(places, places + moves.count, 0);
    std::sort(places, places + moves.count,
              [&](int a, int b) { return std::pair(moves.moves[a].at, a) < std::pair(moves.moves[b].at, b); });
    return places;
}

struct Undone {
    Timestamp* instants;
    int count;
};

// When moves were taken back: those of one call at one instant.
Undone when_undone(const MoveList& moves) {
    auto* instants = static_cast<Timestamp*>(
        palloc_extended(sizeof(Timestamp) * static_cast<Size>(moves.count + 1), MCXT_ALLOC_HUGE));
    Timestamp* end = instants;
    for (int i = 0; i < moves.count; ++i)
        if (!moves.moves[i].stands(moves.until)) *end++ = moves.moves[i].undone_at;
    std::sort(instants, end);
    return {instants, static_cast<int>(std::unique(instants, end) - instants)};
}

// The rows, among which the moves find their places.
struct Course {
    ReturnSetInfo* result;
    const Version* version;
    MoveList moves;
    int* places;  // of these, by time
    int told;     // moves so far
    int latest;   // of these that stands; -1: none does
    Timestamp since;

    const char* stage() const {
        return latest >= 0 ? moves.moves[latest].to : version->stages[version->definition->first_stage].name;
    }
};

void put(const Course& course, Timestamp at, const char* source, const char* type, const char* rule,
         const Units* points, Units score, const char* stage) {
    Datum values[7] = {};
    bool nulls[7] = {};
    const char* texts[] = {nullptr, source, type, rule, nullptr, nullptr, stage};
    for (int i = 0; i < 7; ++i) {
        nulls[i] = texts[i] == nullptr;
        if (!nulls[i]) values[i] = CStringGetTextDatum(texts[i]);
    }
    nulls[0] = !IS_VALID_TIMESTAMP(at);
    values[0] = TimestampTzGetDatum(at);
    nulls[4] = points == nullptr;
    if (points != nullptr) values[4] = Float8GetDatum(points_of_units(*points));
    nulls[5] = false;
    values[5] = Float8GetDatum(points_of_units(score));
    tuplestore_putvalues(course.result->setResult, course.result->setDesc, values, nulls);
}

// The moves before an instant, or up to it, with the scores that they were recorded with. One that did not stand at its
// time any more never told where the lead was.
void put_moves(Course* course, Timestamp to, bool included) {
    for (; course->told < course->moves.count; ++course->told) {
        int place = course->places[course->told];
        const Move& move = course->moves.moves[place];
        if (move.at > to || (move.at == to && !included)) return;
        if (!move.stands(move.at)) continue;
        course->latest = std::max(course->latest, place);
        if (move.at >= course->since)
            put(*course, move.at, "stage", move.cause, move.rule, nullptr, move.score, move.to);
    }
}

// Moves were taken back.
void put_undone(Course* course, const HistoryLine& line) {
    course->latest = -1;
    for (int i = 0; i < course->told; ++i) {
        CHECK_FOR_INTERRUPTS();
        if (course->moves.moves[course->places[i]].stands(line.at))
            course->latest = std::max(course->latest, course->places[i]);
    }
    put(*course, line.at, "stage", "undone", nullptr, nullptr, line.score, course->stage());
}

const char* adjustment_text(Step step) {
    switch (step) {
        case Step::Adjusted:
            return "made";
        case Step::Expired:
            return "expired";
        case Step::Reset:
            return "reset";
        case Step::ResetCancelled:
            return "reset cancelled";
        default:
            return "cancelled";
    }
}

void put_line(Course* course, const HistoryLine& line) {
    const Version* version = course->version;
    put_moves(course, line.at, line.step == Step::Closing);
    if (line.step == Step::TakenBack) return put_undone(course, line);
    const char* source = "time";
    const char* type = nullptr;
    const char* rule = line.rule == kNoRule ? nullptr : version->rules[line.rule].name;
    switch (line.step) {
        case Step::Opening:
            type = "since";
            break;
        case Step::Closing:
            type = "until";
            break;
        case Step::Decay:
            type = "decay";
            break;
        case Step::Fit:
            source = "lead";
            break;
        case Step::Adjusted:
        case Step::Expired:
        case Step::Cancelled:
        case Step::Reset:
        case Step::ResetCancelled:
            source = "adjustment";
            type = adjustment_text(line.step);
            break;
        case Step::TakenBack:
            break;
        case Step::Event:
            if (line.stage != kNoStage) {
                source = source_name(version, version->stages[line.stage].on_event_source);
                type = version->stages[line.stage].on_event;
            } else {
                source = source_name(version, version->rules[line.rule].source);
                type = version->rules[line.rule].event_type;
            }
    }
    bool changes = line.step != Step::Opening && line.step != Step::Closing;
    put(*course, line.at, source, type, rule, changes ? &line.points : nullptr, line.score, course->stage());
}

void put_lines(Course* course, History* history, std::vector<HistoryLine>* lines) {
    while (run_cpp([&] { return history->next(*lines); }))
        for (const HistoryLine& line : *lines) put_line(course, line);
}

void tell(const Reading& reading, const LeadFindings& found, Datum key, Timestamp since, Timestamp until,
          ReturnSetInfo* result) {
    const Version* version = reading.version;
    Spans spans = read_spans(reading.as, key);
    MoveList moves = read_moves(reading.as, version, key, until);
    Undone undone = when_undone(moves);
    Course course = {result, version, moves, places_by_time(moves), 0, -1, since};
    LeadFacts facts = facts_of(found, created_by(found, GetCurrentStatementStartTimestamp()));
    auto* history = make_owned<History>(
        *version->definition, facts,
        std::span<const AdjustmentSpan>(spans.spans, static_cast<std::size_t>(spans.count)),
        std::span<const Timestamp>(undone.instants, static_cast<std::size_t>(undone.count)), since, until);
    auto* lines = make_owned<std::vector<HistoryLine>>();
    MatchReader reader(found);
    for (std::span<const Match> matches; reader.next(&matches);) {
        run_cpp([&] { history->add(matches); });
        put_lines(&course, history, lines);
    }
    run_cpp([&] { history->finish(); });
    put_lines(&course, history, lines);
}

}  // namespace

// history(model text, lead, since timestamptz, until timestamptz)
// returns (at, source, event_type, rule, points, score, stage)
LEAD_SCORING_FUNCTION(lead_scoring_history);
Datum lead_scoring_history(PG_FUNCTION_ARGS) {
    static constexpr const char* kCall = "For example SELECT * FROM lead_scoring.history('sales', 42).";
    require_argument(fcinfo, 0, "model", kCall);
    require_argument(fcinfo, 1, "lead", kCall);
    Timestamp since = PG_ARGISNULL(2) ? kNever : PG_GETARG_TIMESTAMPTZ(2);
    Timestamp until = PG_ARGISNULL(3) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(3);
    if (TIMESTAMP_NOT_FINITE(until) || TIMESTAMP_IS_NOEND(since))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("since and until must be finite"),
                        errdetail("A history has a beginning and an end; NULL is for all of it, up to now."),
                        errhint("%s", kCall)));
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    Reading reading;
    Datum key;
    if (!begin_reading_lead(fcinfo, &reading, &key)) return static_cast<Datum>(0);
    with_log_at(reading.as, reading.version, key, until, nullptr, [&](const LeadFindings& found) {
        if (!is_known(found)) no_such_lead(reading.model, key);
        tell(reading, found, key, since, until, result);
    });
    end_reading(&reading);
    return static_cast<Datum>(0);
}
