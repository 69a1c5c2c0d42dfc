// attribution: the state holds, for one customer and one conversion, each channel's name with the number of its
// touches and the times of the first and the last one. That is enough for every model but time_decay, for which it
// holds the touches themselves.
#include "pg/server/postgres.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/statistics/attribution.hpp"
#include "pg/aggregates/decimal.hpp"
#include "pg/aggregates/names.hpp"
#include "pg/aggregates/row_array.hpp"

extern "C" {
#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
}

namespace {

using namespace lead_scoring;

struct Header {
    StateStart start;
    int64 conversion_at;
    int64 look_back;
    int64 half_life;
    uint16 model;
    uint16 has_value;  // 0 or 1; a state may hold anything
    uint32 names;      // the value of the conversion, empty for none, and then the channels
};

// Of one channel, in the order of the names.
struct Summary {
    int64 touches;
    int64 first;
    int64 last;
};

#pragma pack(push, 4)
struct StoredTouch {
    int64 at;
    uint32 name;
};
#pragma pack(pop)

using Summaries = GrowingState<Header, Summary>;
using Touches = GrowingState<Header, StoredTouch>;

constexpr uint32 kSummariesTag = 0x41545301;  // "ATS", format 1
constexpr uint32 kTouchesTag = 0x41545401;    // "ATT", format 1

constexpr int64 kNoLimit = PG_INT64_MAX;
constexpr int kColumns = 4;
constexpr Size kFirstRoom = 256 - sizeof(Header);  // four to six channels

// What belongs to the conversion and must be the same in all its rows.
struct Conversion {
    int64 at;
    int64 look_back;
    int64 half_life;
    uint32 model;
    std::string_view value;  // numeric without its length; empty: none
};

Conversion read_conversion(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1))
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("attribution method must not be null"),
                        errhint("Write one such as 'linear'.")));
    Conversion conversion = {};
    conversion.model = parse_cached(fcinfo, 1, parse_attribution_model);
    conversion.at = PG_GETARG_TIMESTAMPTZ(4);
    if (PG_NARGS() > 5 && !PG_ARGISNULL(5)) {
        const varlena* value = packed_argument(fcinfo, 5);
        conversion.value = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
    }
    conversion.look_back = optional_duration(fcinfo, 6, "look_back", kNoLimit);
    conversion.half_life = half_life_argument(fcinfo, 7);
    return conversion;
}

Datum numeric_of(std::string_view bytes) {
    auto* value = static_cast<varlena*>(palloc(VARHDRSZ + bytes.size()));
    SET_VARSIZE(value, VARHDRSZ + bytes.size());
    std::memcpy(VARDATA(value), bytes.data(), bytes.size());
    return PointerGetDatum(value);
}

// The value is the oldest name, which is the last one.
std::string_view value_of(const Header* state) {
    Names walk(Touches::names(state));
    std::string_view name;
    while (walk.next(name)) continue;
    return name;
}

// `a` is of a state.
bool same_value(std::string_view a, std::string_view b) {
    if (a == b) return true;
    require_state(Decimal::is_sound(a));
    return DatumGetBool(DirectFunctionCall2(numeric_eq, numeric_of(a), numeric_of(b)));  // 1, 1.00
}

void check_same(const Header* state, const Conversion& conversion) {
    if (state->conversion_at != conversion.at) raise_not_constant("conversion_at");
    if (state->model != conversion.model) raise_not_constant("attribution method");
    if (state->look_back != conversion.look_back) raise_not_constant("look_back");
    if (state->half_life != conversion.half_life) raise_not_constant("half_life");
    bool has_value = !conversion.value.empty();
    if ((state->has_value != 0) != has_value || (has_value && !same_value(value_of(state), conversion.value)))
        raise_not_constant("value of a conversion");
}

// 0 for what is no model.
uint32 tag_for(uint32 model) {
    if (model > static_cast<uint32>(AttributionModel::TimeDecay)) return 0;
    return model == static_cast<uint32>(AttributionModel::TimeDecay) ? kTouchesTag : kSummariesTag;
}

Header* get_state(FunctionCallInfo fcinfo, int argument, bool change = false) {
    uint32 tag = tag_of(fcinfo, argument);
    Header* state = tag == kTouchesTag ? Touches::get(fcinfo, argument, tag, change)
                                       : Summaries::get(fcinfo, argument, kSummariesTag, change);
    require_state(tag_for(state->model) == tag && state->has_value <= 1 && state->look_back >= 0 &&
                  state->half_life > 0 && state->names >= 1 && Names::may_be(state->names, state->start.names_size) &&
                  (tag == kTouchesTag || state->names == state->start.items + 1));
    return state;
}

Header* start_conversion(const Conversion& conversion) {
    uint32 tag = tag_for(conversion.model);
    Header* state = tag == kTouchesTag ? Touches::create(tag, kFirstRoom) : Summaries::create(tag, kFirstRoom);
    state->conversion_at = conversion.at;
    state->look_back = conversion.look_back;
    state->half_life = conversion.half_life;
    state->model = static_cast<uint16>(conversion.model);
    state->has_value = !conversion.value.empty();
    state->names = 1;
    return add_name<Summaries>(state, conversion.value);
}

Header* add_touch(Header* state, int64 at, std::string_view channel) {
    int name = find_name(Touches::names(state), state->names, channel);
    if (name <= 0) {  // 0 is the value, whose bytes are no channel
        state = add_name<Touches>(state, channel);
        name = static_cast<int>(state->names++);
    }
    return Touches::append(state, StoredTouch{at, static_cast<uint32>(name)});
}

Header* add_summary(Header* state, const Summary& more, std::string_view channel) {
    int name = find_name(Summaries::names(state), state->names, channel);
    if (name <= 0) {
        state = add_name<Summaries>(state, channel);
        ++state->names;
        return Summaries::append(state, more);
    }
    Summary& summary = Summaries::items(state)[name - 1];
    add_count(summary.touches, more.touches);
    summary.first = std::min(summary.first, more.first);
    summary.last = std::max(summary.last, more.last);
    return state;
}

// Each channel was touched.
void check_touches(std::span<const StoredTouch> touches, uint32 names) {
    auto touched = new_array<bool>(names);
    for (const StoredTouch& touch : touches) {
        require_state(touch.name >= 1 && touch.name < names);
        touched[touch.name] = true;
    }
    require_state(std::count(touched.begin(), touched.end(), true) == names - 1);
}

void check_summaries(std::span<const Summary> summaries) {
    __int128 touches = 0;
    for (const Summary& summary : summaries) {
        require_state(summary.touches >= 1 && summary.first <= summary.last);
        touches += summary.touches;
    }
    if (touches > kMostCount) raise_out_of_range();
}

// The names by number. All of the state is looked at.
std::span<std::string_view> names_of(Header* state) {
    auto names = new_array<std::string_view>(state->names);
    collect_names(Summaries::names(state), names);
    require_state(state->has_value ? Decimal::is_sound(names[0]) : names[0].empty());
    if (state->start.tag == kTouchesTag)
        check_touches(Touches::items(state), state->names);
    else
        check_summaries(Summaries::items(state));
    return names;
}

// Shares the credit out. names: by number; order: receives the channels' numbers by name; channels, without touches
// yet, follow that order.
void share_out(Header* state, std::span<const std::string_view> names, std::span<uint32> order,
               std::span<ChannelTouches> channels) {
    std::iota(order.begin(), order.end(), 1);
    std::sort(order.begin(), order.end(), hearing([&](uint32 a, uint32 b) { return names[a] < names[b]; }));
    for (uint32 i = 0; i < order.size(); ++i) channels[i].direct = is_direct(names[order[i]]);
    if (state->start.tag == kTouchesTag) {
        std::vector<uint32> rank(names.size());
        for (uint32 i = 0; i < order.size(); ++i) rank[order[i]] = i;
        std::vector<Touch> sorted;
        sorted.reserve(state->start.items);
        for (const StoredTouch& touch : Touches::items(state)) {
            check_stop();
            sorted.push_back({touch.at, rank[touch.name]});
            ++channels[rank[touch.name]].touches;
        }
        weigh_touches(sorted, static_cast<double>(state->half_life), channels);
    } else {
        for (uint32 i = 0; i < order.size(); ++i) {
            const Summary& summary = Summaries::items(state)[order[i] - 1];
            channels[i].touches = summary.touches;
            channels[i].first = summary.first;
            channels[i].last = summary.last;
        }
    }
    attribute(static_cast<AttributionModel>(state->model), channels);
}

// channel null: nobody's.
Datum credit_row(TupleDesc descriptor, const std::string_view* channel, int64 touches, int64 credit,
                 std::string_view value) {
    Datum share = small_decimal(credit, kCreditScale);
    // The product of two decimals is exact, so that values, like credits, sum to the whole.
    Datum values[kColumns] = {channel ? text_of(*channel) : 0, Int64GetDatum(touches), share,
                              value.empty() ? 0 : DirectFunctionCall2(numeric_mul, numeric_of(value), share)};
    bool nulls[kColumns] = {channel == nullptr, false, false, value.empty()};
    return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

}  // namespace

LEAD_SCORING_FUNCTION(lead_scoring_attribution_accum);
Datum lead_scoring_attribution_accum(PG_FUNCTION_ARGS) {
    if (!has_time(fcinfo, 4)) return unchanged_state(fcinfo);
    Conversion conversion = read_conversion(fcinfo);
    Header* state;
    if (PG_ARGISNULL(0)) {
        state = start_conversion(conversion);
    } else {
        state = get_state(fcinfo, 0, true);
        check_same(state, conversion);
    }
    if (PG_ARGISNULL(2) || !has_time(fcinfo, 3)) PG_RETURN_POINTER(state);
    TimestampTz at = PG_GETARG_TIMESTAMPTZ(3);
    int64 age = elapsed(at, conversion.at);
    if (age < 0 || age > conversion.look_back) PG_RETURN_POINTER(state);
    const varlena* word = packed_argument(fcinfo, 2);
    std::string_view channel(VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word));
    PG_RETURN_POINTER(state->start.tag == kTouchesTag ? add_touch(state, at, channel)
                                                      : add_summary(state, {1, at, at}, channel));
}

LEAD_SCORING_FUNCTION(lead_scoring_attribution_combine);
Datum lead_scoring_attribution_combine(PG_FUNCTION_ARGS) {
    Header* state = get_state(fcinfo, 0, true);
    Header* other = get_state(fcinfo, 1);
    check_same(state, {other->conversion_at, other->look_back, other->half_life, other->model,
                       other->has_value ? value_of(other) : std::string_view()});
    auto names = names_of(other);
    if (state->start.tag == kTouchesTag) {
        for (const StoredTouch& touch : Touches::items(other)) {
            CHECK_FOR_INTERRUPTS();
            state = add_touch(state, touch.at, names[touch.name]);
        }
    } else {
        uint32 name = 0;
        for (const Summary& summary : Summaries::items(other)) {
            CHECK_FOR_INTERRUPTS();
            state = add_summary(state, summary, names[++name]);
        }
    }
    PG_RETURN_POINTER(state);
}

LEAD_SCORING_FUNCTION(lead_scoring_attribution_final);
Datum lead_scoring_attribution_final(PG_FUNCTION_ARGS) {
    Header* state = get_state(fcinfo, 0);
    TupleDesc descriptor = element_row_type(fcinfo, kColumns);
    auto names = names_of(state);
    std::string_view value = names[0];
    std::size_t count = names.size() - 1;
    if (count == 0) {
        Datum row = credit_row(descriptor, nullptr, 0, kWholeCredit, value);
        return array_of_rows(&row, 1, descriptor);
    }
    auto order = new_array<uint32>(count);
    auto channels = new_array<ChannelTouches>(count);
    run_cpp([&] { share_out(state, names, order, channels); });

    auto rows = new_array<Datum>(count);
    for (std::size_t i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        rows[i] = credit_row(descriptor, &names[order[i]], channels[i].touches, channels[i].credit, value);
    }
    return array_of_rows(rows.data(), static_cast<int>(count), descriptor);
}
