#include "pg/server/postgres.hpp"

#include "pg/model/version.hpp"

#include <string_view>

#include "pg/model/as_owner.hpp"
#include "pg/model/binding.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/instant.hpp"
#include "pg/server/owned.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/jsonb.h"
}

namespace lead_scoring {

namespace {

const char* text_of(const std::optional<std::string>& text) { return text ? text->c_str() : nullptr; }

RuleSource* rule_sources(const FullDefinition& full) {
    auto* sources = static_cast<RuleSource*>(palloc(sizeof(RuleSource) * (full.rules.size() + 1)));
    for (std::size_t i = 0; i < full.rules.size(); ++i) {
        const Rule& rule = full.definition.rules[i];
        const RuleTexts& texts = full.rules[i];
        sources[i] = {
            rule.name.c_str(),  text_of(texts.event_type), text_of(texts.source),       text_of(texts.condition),
            text_of(texts.per), text_of(texts.limit_key),  text_of(texts.distinct_key), texts.window,
            rule.points};
    }
    return sources;
}

StageSource* stage_sources(const FullDefinition& full) {
    auto* sources =
        static_cast<StageSource*>(palloc(sizeof(StageSource) * (full.stages.size() + full.entries.size() + 1)));
    StageSource* next = sources;
    auto add = [&](const std::string& name, const StageTexts& texts) {
        *next++ = {name.c_str(), text_of(texts.on_event), text_of(texts.on_event_condition),
                   text_of(texts.on_event_source), text_of(texts.counts_as)};
    };
    for (std::size_t i = 0; i < full.stages.size(); ++i) add(full.definition.stages[i].name, full.stages[i]);
    for (std::size_t i = 0; i < full.entries.size(); ++i) add(full.definition.entries[i].name, full.entries[i]);
    return sources;
}

LeadTypeSource* lead_type_sources(const FullDefinition& full) {
    auto* sources = static_cast<LeadTypeSource*>(palloc(sizeof(LeadTypeSource) * (full.lead_types.size() + 1)));
    for (std::size_t i = 0; i < full.lead_types.size(); ++i)
        sources[i] = {full.lead_types[i].name.c_str(), full.lead_types[i].condition.c_str()};
    return sources;
}

TouchSource touch_source(const FullDefinition& full, const TouchTexts& texts) {
    if (!full.touches) return {};
    return {true, text_of(texts.channel), text_of(texts.asset), text_of(texts.campaign), full.touches->most};
}

// `source`: whose times it is for; null: the model's.
pg_tz* zone_of(const char* schema, const char* source, const std::string& name) {
    const char* time_zone = name.c_str();
    pg_tz* zone = pg_tzset(time_zone);
    if (zone != nullptr) return zone;
    const char* update = source == nullptr ? psprintf("UPDATE %s SET time_zone = 'UTC'", own_table(schema, "settings"))
                                           : psprintf("UPDATE %s SET time_zone = NULL WHERE name = %s",
                                                      own_table(schema, "sources"), quote_literal_cstr(source));
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("time zone \"%s\" is not known", time_zone),
                    errdetail("The definition of model \"%s\" counts calendar days in it.", schema),
                    errhint("%s; SELECT lead_scoring.publish(%s);", update, quote_literal_cstr(schema))));
    pg_unreachable();
}

void add_sources(const char* schema, const FullDefinition& full, Version* version) {
    version->source_count = static_cast<int>(full.sources.size()) + 1;
    version->sources =
        static_cast<LoggedSource*>(palloc(sizeof(LoggedSource) * static_cast<Size>(version->source_count)));
    version->sources[0] = {"events", version->time_zone, version->touches, text_of(full.event_id)};
    for (std::size_t i = 0; i < full.sources.size(); ++i) {
        const SourceTexts& texts = full.sources[i];
        version->sources[i + 1] = {texts.name.c_str(), zone_of(schema, texts.name.c_str(), texts.time_zone),
                                   touch_source(full, texts.touches), text_of(texts.event_id)};
    }
}

}  // namespace

Version* make_version(const char* schema, int64 number, Datum definition) {
    MemoryContext context = CurrentMemoryContext;
    Jsonb* stored = DatumGetJsonbP(definition);
    char* json = JsonbToCString(nullptr, &stored->root, static_cast<int>(VARSIZE(stored)));
    std::string_view text(json);
    auto* full = make_owned<FullDefinition>();
    run_cpp([&] { *full = read_definition(text); });
    pfree(json);

    auto* version = static_cast<Version*>(palloc0(sizeof(Version)));
    version->context = context;
    version->number = number;
    version->definition = &full->definition;
    version->rule_count = static_cast<int>(full->rules.size());
    version->rules = rule_sources(*full);
    version->stage_count = static_cast<int>(full->stages.size());
    version->stages = stage_sources(*full);
    version->lead_type_count = static_cast<int>(full->lead_types.size());
    version->lead_types = lead_type_sources(*full);
    version->door_count = full->definition.door_count();
    version->lead_created = text_of(full->lead_created);
    version->lead_condition = text_of(full->lead_condition);
    version->lead_account = text_of(full->lead_account);
    version->account_rules = full->account_rules.data();
    version->account_rule_count = static_cast<int>(full->account_rules.size());
    if (full->touches) version->touches = touch_source(*full, *full->touches);
    version->time_zone = zone_of(schema, nullptr, full->time_zone);
    if (!full->definition.working_time.empty()) {
        std::span<const ClockChange> clocks = clock_changes(version->time_zone);
        run_cpp([&] { full->definition.working_time.set_clock(clocks); });
    }
    add_sources(schema, *full, version);
    return version;
}

Version* load_version(const AsOwner& as, int64 number) {
    const char* schema = as.model->name;
    MemoryContext context = CurrentMemoryContext;
    Oid type = INT8OID;
    Datum argument = Int64GetDatum(number);
    query(psprintf("SELECT definition::jsonb FROM %s WHERE version = $1", own_table(schema, "versions")), 1, &type,
          &argument);
    if (SPI_processed == 0) return nullptr;

    bool is_null = false;
    Datum stored = ResultRow{0}.value(1, &is_null);
    if (is_null)  // a column that was dropped and added
        ereport(ERROR, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                        errmsg("version " INT64_FORMAT " of model \"%s\" has no definition", number, schema),
                        errdetail("Its row in table %s says nothing.", own_table(schema, "versions")),
                        errhint("SELECT lead_scoring.publish(%s);", quote_literal_cstr(schema))));
    Datum definition = PointerGetDatum(PG_DETOAST_DATUM_COPY(stored));
    MemoryContextSwitchTo(context);
    return make_version(schema, number, definition);
}

const LoggedSource* find_logged(const Version* version, const Source* source) {
    for (int i = 0; i < version->source_count; ++i)
        if (strcmp(version->sources[i].name, source->name) == 0) return &version->sources[i];
    return nullptr;
}

bool is_source(const Version* version, const char* name, const Source* source) {
    if (name == nullptr) name = version->sources[0].name;
    return name == kAnyEvent || strcmp(name, source->name) == 0;
}

int find_stage(const Version* version, const char* name) {
    for (int i = 0; i < version->stage_count; ++i)
        if (strcmp(version->stages[i].name, name) == 0) return i;
    return kNoStage;
}

int find_status_stage(const Version* version, const char* name) {
    int named = find_stage(version, name);
    if (named != kNoStage) return named;
    for (int i = 0; i < version->stage_count; ++i)
        if (version->stages[i].counts_as != nullptr && strcmp(version->stages[i].counts_as, name) == 0) return i;
    return kNoStage;
}

}  // namespace lead_scoring
