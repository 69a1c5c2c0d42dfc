// Working time for reports.

#include "pg/server/postgres.hpp"

#include <string_view>

#include "core/card/definition_reader.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/instant.hpp"
#include "pg/server/owned.hpp"

extern "C" {
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
}

using namespace lead_scoring;

namespace {

// Of the calendar that the calls of one call site name: all rows of a report the same.
struct KnownCalendar {
    MemoryContext memory;  // of all this
    Jsonb* calendar;
    PlacedWorkingTime* read;
};

bool is_it(const KnownCalendar* known, const Jsonb* calendar) {
    return VARSIZE(known->calendar) == VARSIZE(calendar) && memcmp(known->calendar, calendar, VARSIZE(calendar)) == 0;
}

const WorkingTime& working_time_of(FunctionCallInfo fcinfo, Jsonb* calendar) {
    auto* known = static_cast<KnownCalendar*>(fcinfo->flinfo->fn_extra);
    if (known != nullptr && is_it(known, calendar)) return known->read->working_time;
    if (!JB_ROOT_IS_OBJECT(calendar))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("calendar is no object"),
                        errdetail("It is a part of the definition of a version."),
                        errhint("SELECT * FROM lead_scoring.models();")));
    fcinfo->flinfo->fn_extra = nullptr;
    if (known != nullptr) MemoryContextDelete(known->memory);
    MemoryContext memory =
        AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "lead_scoring calendar", ALLOCSET_SMALL_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(memory);
    known = static_cast<KnownCalendar*>(palloc0(sizeof(KnownCalendar)));
    known->memory = memory;
    known->calendar = static_cast<Jsonb*>(palloc(VARSIZE(calendar)));
    memcpy(known->calendar, calendar, VARSIZE(calendar));
    known->read = make_owned<PlacedWorkingTime>();
    std::string_view json = JsonbToCString(nullptr, &calendar->root, static_cast<int>(VARSIZE(calendar)));
    run_cpp([&] { *known->read = read_working_time(json); });
    const pg_tz* zone = pg_tzset(known->read->time_zone.c_str());
    if (zone == nullptr)
        ereport(
            ERROR,
            (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("time zone \"%s\" is not known", known->read->time_zone.c_str()),
             errdetail("Working time is that of a time zone."), errhint("SELECT name FROM pg_timezone_names;")));
    std::span<const ClockChange> clocks = clock_changes(zone);
    run_cpp([&] { known->read->working_time.set_clock(clocks); });
    MemoryContextSwitchTo(caller);
    fcinfo->flinfo->fn_extra = known;
    return known->read->working_time;
}

}  // namespace

// working_end(at timestamptz, days bigint, seconds numeric, calendar jsonb) returns timestamptz
LEAD_SCORING_FUNCTION(lead_scoring_working_end);
Datum lead_scoring_working_end(PG_FUNCTION_ARGS) {
    const WorkingTime& time = working_time_of(fcinfo, PG_GETARG_JSONB_P(3));
    double microseconds = DatumGetFloat8(DirectFunctionCall1(numeric_float8, PG_GETARG_DATUM(2))) * USECS_PER_SEC;
    bool fits = microseconds >= 0 && microseconds < 9e18;
    WorkingSpan span = {PG_GETARG_INT64(1), fits ? llround(microseconds) : kForever};
    bool counts = !time.empty() && span.days >= 0 && (span.days > 0 || span.rest > 0);
    Timestamp end = kForever;
    if (counts) {
        Timestamp at = PG_GETARG_TIMESTAMPTZ(0);
        run_cpp([&] { end = time.after(at, span); });
    }
    PG_RETURN_TIMESTAMPTZ(end);
}
