#include "pg/server/postgres.hpp"

#include "pg/model/version.hpp"

#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include "pg/server/boundary.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/jsonb.h"
}

namespace lead_scoring {

namespace {

constexpr double kMissing = NAN;

// Rows as read, before they become the core's objects. Missing numbers are NaN, missing text is null.
struct GroupRow {
    char* name;
    bool fit;
    double min, max;
};
struct RuleRow {
    int group;
    char* decay;
    double half_life, lifespan, drop, step, min, max;
    int64 limit_count, max_occurrences;
    char* limit_window;
};
struct BandRow {
    bool fit;
    char* label;
    double min;
};
struct StageRow {
    int64 rank;
    bool detour, exit_by_hand;
    double min_score, min_engagement, min_fit, falls_below, within, cooldown;
    int timeout_stage;
};
struct GradeRow {
    int stage;
    char* grade;
};
struct RequirementRow {
    int stage, rule;
    int64 count;
};

template <class Row>
struct Rows {
    Row* rows = nullptr;
    int count = 0;

    Row* begin() const { return rows; }
    Row* end() const { return rows + count; }
};

// Runs a query over the definition and maps each result row; text survives the SPI result.
template <class Row, class Read>
Rows<Row> read(const char* sql, Datum definition, MemoryContext context, Read read_row) {
    Oid type = JSONBOID;
    query(sql, 1, &type, &definition);
    Rows<Row> result;
    MemoryContext caller = MemoryContextSwitchTo(context);
    result.count = static_cast<int>(SPI_processed);
    result.rows = static_cast<Row*>(palloc0(sizeof(Row) * (SPI_processed + 1)));
    for (uint64 i = 0; i < SPI_processed; ++i) result.rows[i] = read_row(ResultRow{i});
    MemoryContextSwitchTo(caller);
    SPI_freetuptable(SPI_tuptable);
    return result;
}

std::optional<Units> units(double points) {
    return std::isnan(points) ? std::nullopt : std::optional<Units>(units_of_points(points));
}

struct Draft {
    double min_score, max_score, future_tolerance;
    Rows<GroupRow> groups;
    Rows<RuleRow> rules;
    Rows<RuleSource> sources;
    Rows<BandRow> bands;
    Rows<StageRow> stages;
    Rows<StageSource> stage_sources;
    Rows<GradeRow> grades;
    Rows<RequirementRow> requirements;
};

// A missing length of time is 0, one that is longer than can be counted is the longest.
Microseconds microseconds(double seconds) {
    if (std::isnan(seconds)) return 0;
    require_sound(seconds >= 0, "A length of time is negative.");
    return static_cast<Microseconds>(std::llround(std::min(seconds, 9.2e12) * 1e6));
}

DecayKind decay_kind(const char* name) {
    std::string_view wanted(name);
    if (wanted == "none") return DecayKind::None;
    if (wanted == "exponential") return DecayKind::Exponential;
    if (wanted == "linear") return DecayKind::Linear;
    if (wanted == "step") return DecayKind::Step;
    require_sound(wanted == "window", "The decay of a rule is not known.");
    return DecayKind::Window;
}

LimitWindow limit_window(const char* name) {
    if (name == nullptr) return LimitWindow::None;
    std::string_view wanted(name);
    if (wanted == "hour") return LimitWindow::Hour;
    if (wanted == "day") return LimitWindow::Day;
    if (wanted == "week") return LimitWindow::Week;
    if (wanted == "month") return LimitWindow::Month;
    require_sound(wanted == "ever", "The window of a limit is not known.");
    return LimitWindow::Ever;
}

// What the core's objects have no place for; these check themselves. publish() lets nothing else through, but a
// definition can also come from a dump.
void check(const Draft& draft) {
    require_sound(draft.rules.count == draft.sources.count, "A rule belongs to no group, or to two.");
    require_sound(draft.stages.count == draft.stage_sources.count, "Its stages are not a list.");
    for (const GroupRow& row : draft.groups) require_sound(row.name != nullptr, "A group has no name.");
    for (const BandRow& row : draft.bands) require_sound(row.label != nullptr, "A band has no label.");
    for (const GradeRow& row : draft.grades) require_sound(row.grade != nullptr, "A grade is null.");
    for (const RuleSource& row : draft.sources) require_sound(row.name != nullptr, "A rule has no name.");
    for (const StageSource& row : draft.stage_sources) require_sound(row.name != nullptr, "A stage has no name.");
    for (const StageRow& row : draft.stages)
        require_sound(std::in_range<int>(row.rank), "The rank of a stage is out of range.");
    for (int i = 0; i < draft.rules.count; ++i) {
        const RuleRow& row = draft.rules.rows[i];
        require_sound((row.limit_window != nullptr) == (row.limit_count != 0), "A limit has no window or no count.");
        require_sound(row.limit_window != nullptr || draft.sources.rows[i].limit_key == nullptr,
                      "A limit key has no limit.");
    }
}

// C++ regime: no server calls.
Definition* build(Draft& draft) {
    check(draft);
    auto definition = std::make_unique<Definition>();
    definition->bounds = {units(draft.min_score), units(draft.max_score)};
    definition->future_tolerance = microseconds(draft.future_tolerance);
    for (const GroupRow& row : draft.groups)
        definition->groups.push_back({row.name, row.fit, {units(row.min), units(row.max)}});
    for (int i = 0; i < draft.rules.count; ++i) {
        const RuleRow& row = draft.rules.rows[i];
        RuleSource& source = draft.sources.rows[i];
        source.window = limit_window(row.limit_window);
        Rule rule;
        rule.name = source.name;
        rule.group = static_cast<std::size_t>(row.group);
        rule.points = source.points;
        rule.fit = source.event_type == nullptr;
        rule.varying = source.per != nullptr;
        rule.decay = {decay_kind(row.decay), microseconds(row.half_life), microseconds(row.lifespan),
                      microseconds(row.step), std::isnan(row.drop) ? 0.0 : row.drop};
        rule.bounds = {units(row.min), units(row.max)};
        rule.limit_count = static_cast<std::size_t>(row.limit_count);
        rule.max_occurrences = static_cast<std::size_t>(row.max_occurrences);
        definition->rules.push_back(std::move(rule));
    }
    for (const BandRow& row : draft.bands)
        (row.fit ? definition->fit_bands : definition->engagement_bands)
            .push_back({row.label, units_of_points(row.min)});
    for (int i = 0; i < draft.stages.count; ++i) {
        const StageRow& row = draft.stages.rows[i];
        Stage stage;
        stage.name = draft.stage_sources.rows[i].name;
        stage.rank = static_cast<int>(row.rank);
        stage.detour = row.detour;
        stage.exit_by_hand = row.exit_by_hand;
        stage.min_score = units(row.min_score);
        stage.min_engagement = units(row.min_engagement);
        stage.min_fit = units(row.min_fit);
        stage.falls_below = units(row.falls_below);
        if (!std::isnan(row.within)) stage.within = microseconds(row.within);
        stage.timeout_stage = row.timeout_stage;
        stage.cooldown = microseconds(row.cooldown);
        definition->stages.push_back(std::move(stage));
    }
    for (const GradeRow& row : draft.grades)
        definition->stages[static_cast<std::size_t>(row.stage)].grades.emplace_back(row.grade);
    for (const RequirementRow& row : draft.requirements)
        definition->stages[static_cast<std::size_t>(row.stage)].required.push_back(
            {static_cast<std::size_t>(row.rule), row.count});
    definition->check();
    definition->complete();
    return definition.release();
}

void read_parts(Draft* draft, Datum definition, MemoryContext context) {
    draft->groups = read<GroupRow>(
        "SELECT g.value ->> 'name', g.value ->> 'kind' = 'fit', (g.value ->> 'min_points')::float8, "
        "(g.value ->> 'max_points')::float8 FROM jsonb_array_elements($1 -> 'groups') WITH ORDINALITY g ORDER BY "
        "g.ordinality",
        definition, context, [](ResultRow row) {
            return GroupRow{row.text(1), row.boolean(2, false), row.number(3, kMissing), row.number(4, kMissing)};
        });
    draft->rules = read<RuleRow>(
        "SELECT g.ordinality - 1, coalesce(r.value ->> 'decay', 'none'), (r.value ->> 'half_life')::float8, "
        "(r.value ->> 'lifespan')::float8, (r.value ->> 'drop')::float8, (r.value ->> 'step')::float8, "
        "(r.value ->> 'min_points')::float8, (r.value ->> 'max_points')::float8, "
        "coalesce((r.value ->> 'limit_count')::bigint, 0), coalesce((r.value ->> 'max_occurrences')::bigint, 1000), "
        "r.value ->> 'limit_window' "
        "FROM jsonb_array_elements($1 -> 'rules') WITH ORDINALITY r "
        "JOIN jsonb_array_elements($1 -> 'groups') WITH ORDINALITY g ON g.value ->> 'name' = r.value ->> 'rule_group' "
        "ORDER BY r.ordinality",
        definition, context, [](ResultRow row) {
            return RuleRow{static_cast<int>(row.integer(1, 0)),
                           row.text(2),
                           row.number(3, kMissing),
                           row.number(4, kMissing),
                           row.number(5, kMissing),
                           row.number(6, kMissing),
                           row.number(7, kMissing),
                           row.number(8, kMissing),
                           row.integer(9, 0),
                           row.integer(10, 1000),
                           row.text(11)};
        });
    draft->sources = read<RuleSource>(
        "SELECT r.value ->> 'name', r.value ->> 'event_type', r.value ->> 'condition', r.value ->> 'per', "
        "r.value ->> 'limit_key', (r.value ->> 'points')::float8 "
        "FROM jsonb_array_elements($1 -> 'rules') WITH ORDINALITY r ORDER BY r.ordinality",
        definition, context, [](ResultRow row) {
            return RuleSource{row.text(1), row.text(2),       row.text(3),       row.text(4),
                              row.text(5), LimitWindow::None, row.number(6, NAN)};
        });
    draft->bands = read<BandRow>(
        "SELECT b.value ->> 'axis' = 'fit', b.value ->> 'label', (b.value ->> 'min_points')::float8 "
        "FROM jsonb_array_elements($1 -> 'bands') b ORDER BY 3, 2",
        definition, context, [](ResultRow row) {
            return BandRow{row.boolean(1, false), row.text(2), row.number(3, 0)};
        });
    draft->stages = read<StageRow>(
        "SELECT (s.value ->> 'rank')::bigint, s.value ->> 'kind' = 'detour', s.value ->> 'exit' = 'hand', "
        "(s.value ->> 'min_score')::float8, (s.value ->> 'min_engagement')::float8, (s.value ->> 'min_fit')::float8, "
        "(s.value ->> 'falls_below')::float8, (s.value ->> 'within')::float8, (s.value ->> 'cooldown')::float8, "
        "(SELECT t.ordinality - 1 FROM jsonb_array_elements($1 -> 'stages') WITH ORDINALITY t "
        " WHERE t.value ->> 'name' = s.value ->> 'timeout_stage') "
        "FROM jsonb_array_elements($1 -> 'stages') WITH ORDINALITY s ORDER BY s.ordinality",
        definition, context, [](ResultRow row) {
            return StageRow{row.integer(1, 0),       row.boolean(2, false),
                            row.boolean(3, false),   row.number(4, kMissing),
                            row.number(5, kMissing), row.number(6, kMissing),
                            row.number(7, kMissing), row.number(8, kMissing),
                            row.number(9, kMissing), static_cast<int>(row.integer(10, kNoStage))};
        });
    draft->stage_sources = read<StageSource>(
        "SELECT s.value ->> 'name', s.value ->> 'on_event', s.value ->> 'on_event_condition' "
        "FROM jsonb_array_elements($1 -> 'stages') WITH ORDINALITY s ORDER BY s.ordinality",
        definition, context, [](ResultRow row) {
            return StageSource{row.text(1), row.text(2), row.text(3)};
        });
    draft->grades = read<GradeRow>(
        "SELECT s.ordinality - 1, g.value FROM jsonb_array_elements($1 -> 'stages') WITH ORDINALITY s, "
        "jsonb_array_elements_text(CASE jsonb_typeof(s.value -> 'grades') WHEN 'array' THEN s.value -> 'grades' "
        "ELSE '[]' END) g",
        definition, context, [](ResultRow row) {
            return GradeRow{static_cast<int>(row.integer(1, 0)), row.text(2)};
        });
    draft->requirements = read<RequirementRow>(
        "SELECT s.ordinality - 1, r.ordinality - 1, q.value::bigint "
        "FROM jsonb_array_elements($1 -> 'stages') WITH ORDINALITY s, "
        "jsonb_each_text(CASE jsonb_typeof(s.value -> 'requires') WHEN 'object' THEN s.value -> 'requires' "
        "ELSE '{}' END) q "
        "JOIN jsonb_array_elements($1 -> 'rules') WITH ORDINALITY r ON r.value ->> 'name' = q.key",
        definition, context, [](ResultRow row) {
            return RequirementRow{static_cast<int>(row.integer(1, 0)), static_cast<int>(row.integer(2, 0)),
                                  row.integer(3, 1)};
        });
}

void delete_definition(void* definition) { delete static_cast<Definition*>(definition); }

}  // namespace

Version* load_version(const char* schema, int64 number) {
    MemoryContext context = CurrentMemoryContext;
    Oid type = INT8OID;
    Datum argument = Int64GetDatum(number);
    query(psprintf("SELECT version::bigint, definition::jsonb, (definition ->> 'min_score')::float8, "
                   "(definition ->> 'max_score')::float8, (definition ->> 'future_tolerance')::float8, "
                   "definition ->> 'time_zone' FROM %s.versions WHERE version = $1",
                   quote_identifier(schema)),
          1, &type, &argument);
    if (SPI_processed == 0) return nullptr;

    ResultRow row{0};
    bool is_null = false;
    Datum stored = row.value(2, &is_null);
    if (is_null)  // a column that was dropped and added
        ereport(ERROR, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                        errmsg("version " INT64_FORMAT " of model \"%s\" has no definition", number, schema),
                        errdetail("Its row in table %s.versions says nothing.", quote_identifier(schema)),
                        errhint("SELECT lead_scoring.publish(%s);", quote_literal_cstr(schema))));
    Datum definition = PointerGetDatum(PG_DETOAST_DATUM_COPY(stored));
    Draft draft = {};
    draft.min_score = row.number(3, kMissing);
    draft.max_score = row.number(4, kMissing);
    draft.future_tolerance = row.number(5, 300);
    int64 found = row.integer(1, 0);
    char* time_zone = row.text(6);
    read_parts(&draft, definition, context);

    MemoryContextSwitchTo(context);
    auto* version = static_cast<Version*>(palloc0(sizeof(Version)));
    auto* release = static_cast<MemoryContextCallback*>(palloc0(sizeof(MemoryContextCallback)));
    version->number = found;
    version->rules = draft.sources.rows;
    version->rule_count = draft.sources.count;
    version->stages = draft.stage_sources.rows;
    version->stage_count = draft.stage_sources.count;
    version->time_zone = pg_tzset(time_zone == nullptr ? "UTC" : time_zone);
    if (version->time_zone == nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("time zone \"%s\" is not known", time_zone),
                 errdetail("Version " INT64_FORMAT " of model \"%s\" counts calendar days in it.", found, schema),
                 errhint("UPDATE %s.settings SET time_zone = 'UTC'; SELECT lead_scoring.publish(%s);",
                         quote_identifier(schema), quote_literal_cstr(schema))));
    version->definition = run_cpp([&] { return build(draft); });
    release->func = delete_definition;
    release->arg = const_cast<Definition*>(version->definition);
    MemoryContextRegisterResetCallback(context, release);
    return version;
}

int find_stage(const Version* version, const char* name) {
    for (int i = 0; i < version->stage_count; ++i)
        if (strcmp(version->stages[i].name, name) == 0) return i;
    return kNoStage;
}

}  // namespace lead_scoring
