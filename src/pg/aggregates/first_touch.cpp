#include "pg/server/postgres.hpp"

#include "pg/aggregates/aggregate.hpp"

using namespace lead_scoring;

namespace {

// The state: a bytea of the earliest time and the bytes of what it came with, at the alignment the value happens to
// have.
struct Touch {
    int64 at;
    std::string_view name;

    bool before(const Touch& other) const { return at != other.at ? at < other.at : name < other.name; }
};

Touch stored_touch(bytea* state) {
    require_state(VARSIZE_ANY_EXHDR(state) >= sizeof(int64));
    Touch touch = {0, {VARDATA_ANY(state) + sizeof(int64), VARSIZE_ANY_EXHDR(state) - sizeof(int64)}};
    memcpy(&touch.at, VARDATA_ANY(state), sizeof(int64));
    return touch;
}

Datum state_of(const Touch& touch) {
    Size size = VARHDRSZ + sizeof(int64) + touch.name.size();
    auto* state = static_cast<bytea*>(palloc(size));
    SET_VARSIZE(state, size);
    memcpy(VARDATA(state), &touch.at, sizeof(int64));
    memcpy(VARDATA(state) + sizeof(int64), touch.name.data(), touch.name.size());
    PG_RETURN_BYTEA_P(state);
}

}  // namespace

// first_touch_accum(state bytea, channel text, at timestamptz) returns bytea
LEAD_SCORING_FUNCTION(lead_scoring_first_touch_accum);
Datum lead_scoring_first_touch_accum(PG_FUNCTION_ARGS) {
    if (PG_ARGISNULL(1) || !has_time(fcinfo, 2)) return unchanged_state(fcinfo);
    text* channel = PG_GETARG_TEXT_PP(1);
    Touch touch = {PG_GETARG_TIMESTAMPTZ(2), {VARDATA_ANY(channel), VARSIZE_ANY_EXHDR(channel)}};
    if (!PG_ARGISNULL(0) && !touch.before(stored_touch(PG_GETARG_BYTEA_PP(0)))) return PG_GETARG_DATUM(0);
    return state_of(touch);
}

// first_touch_combine(state bytea, other bytea) returns bytea; strict
LEAD_SCORING_FUNCTION(lead_scoring_first_touch_combine);
Datum lead_scoring_first_touch_combine(PG_FUNCTION_ARGS) {
    bool other_first = stored_touch(PG_GETARG_BYTEA_PP(1)).before(stored_touch(PG_GETARG_BYTEA_PP(0)));
    return PG_GETARG_DATUM(other_first ? 1 : 0);
}

// first_touch_final(state bytea) returns text; strict
LEAD_SCORING_FUNCTION(lead_scoring_first_touch_final);
Datum lead_scoring_first_touch_final(PG_FUNCTION_ARGS) {
    std::string_view name = stored_touch(PG_GETARG_BYTEA_PP(0)).name;
    check_text(name);
    PG_RETURN_TEXT_P(cstring_to_text_with_len(name.data(), static_cast<int>(name.size())));
}
