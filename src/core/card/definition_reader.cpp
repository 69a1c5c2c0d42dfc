#include "core/card/definition_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <unordered_map>
#include <utility>

#include "core/base/civil.hpp"
#include "core/base/decimal.hpp"
#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/stop.hpp"
#include "core/card/memory.hpp"

namespace lead_scoring {

namespace {

constexpr int kPointPlaces = 4;   // see kUnitsPerPoint
constexpr int kSecondPlaces = 6;  // microseconds
constexpr Microseconds kLongest = 9'200'000'000'000'000'000;
constexpr std::int64_t kMostAttempts = 1000;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
    refuse_definition("Its field \"" + path + "\" " + what + ".");
}

// The fields of one object of the definition, which stands at a path in it.
class Fields {
  public:
    Fields(const JsonValue& object, std::string path) : object_(object), path_(std::move(path)) {
        if (object.kind == JsonValue::Kind::Object) return;
        if (path_.empty()) refuse_definition("It is no object.");
        refuse(path_, "is no object");
    }

    std::string path(std::string_view name) const {
        return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
    }

    std::optional<std::string> optional_text(std::string_view name) const {
        const JsonValue* value = find(name, JsonValue::Kind::Text, "is no text");
        return value == nullptr ? std::nullopt : std::optional(value->text);
    }
    std::string text(std::string_view name) const { return require(name, optional_text(name)); }

    std::optional<Units> optional_points(std::string_view name) const {
        const JsonValue* value = find(name, JsonValue::Kind::Number, "is no number");
        return value == nullptr ? std::nullopt : std::optional(scale_decimal(value->text, kPointPlaces).value);
    }
    Units points(std::string_view name) const { return require(name, optional_points(name)); }

    // Seconds. One that is longer than can be counted is the longest.
    std::optional<Microseconds> optional_duration(std::string_view name) const {
        const JsonValue* value = find(name, JsonValue::Kind::Number, "is no number");
        if (value == nullptr) return std::nullopt;
        Microseconds duration = scale_decimal(value->text, kSecondPlaces).value;
        if (duration < 0) refuse(path(name), "is negative");
        return std::min(duration, kLongest);
    }
    Microseconds duration(std::string_view name, Microseconds missing = 0) const {
        return optional_duration(name).value_or(missing);
    }

    std::optional<double> optional_number(std::string_view name) const {
        const JsonValue* value = find(name, JsonValue::Kind::Number, "is no number");
        if (value == nullptr) return std::nullopt;
        double number = 0;
        const char* end = value->text.data() + value->text.size();
        auto [read, error] = std::from_chars(value->text.data(), end, number);
        if (error != std::errc() || read != end) refuse(path(name), "is out of range");
        return number;
    }
    double number(std::string_view name) const { return require(name, optional_number(name)); }

    bool truth(std::string_view name, bool missing) const {
        const JsonValue* value = find(name, JsonValue::Kind::Boolean, "is no boolean");
        return value == nullptr ? missing : value->truth;
    }

    std::optional<std::int64_t> optional_whole(std::string_view name, std::int64_t least, std::int64_t most) const {
        const JsonValue* value = find(name, JsonValue::Kind::Number, "is no number");
        if (value == nullptr) return std::nullopt;
        ScaledDecimal whole = scale_decimal(value->text, 0);
        if (!whole.exact || whole.value < least || whole.value > most)
            refuse(path(name), "is no whole number from " + std::to_string(least) + " to " + std::to_string(most));
        return whole.value;
    }
    bool optional_flag(std::string_view name) const {
        const JsonValue* value = find(name, JsonValue::Kind::Boolean, "is neither true nor false");
        return value != nullptr && value->truth;
    }
    std::int64_t whole(std::string_view name, std::int64_t least, std::int64_t most) const {
        return require(name, optional_whole(name, least, most));
    }

    bool truth(std::string_view name) const {
        const JsonValue* value = find(name, JsonValue::Kind::Boolean, "is neither true nor false");
        return value != nullptr && value->truth;
    }

    template <class Choice>
    using Choices = std::initializer_list<std::pair<std::string_view, Choice>>;
    template <class Choice>
    std::optional<Choice> optional_choice(std::string_view name, Choices<Choice> choices) const {
        std::optional<std::string> chosen = optional_text(name);
        if (!chosen) return std::nullopt;
        for (const auto& [word, choice] : choices)
            if (word == *chosen) return choice;
        refuse(path(name), "is a word that is not known");
    }
    template <class Choice>
    Choice choice(std::string_view name, Choices<Choice> choices) const {
        return require(name, optional_choice(name, choices));
    }

    // Calls read(value, path) for each item of a list; where it is missing, for none.
    template <class Read>
    void for_each(std::string_view name, Read read) const {
        const JsonValue* list = find(name, JsonValue::Kind::List, "is no list");
        for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
            check_stop();
            read(list->items[i], path(name) + "[" + std::to_string(i) + "]");
        }
    }
    template <class Read>
    void for_each_object(std::string_view name, Read read) const {
        require_some(name);
        for_each(name, [&](const JsonValue& item, std::string path) { read(Fields(item, std::move(path))); });
    }

    // The names of an object's fields; null where it is missing.
    const std::vector<std::string>* optional_names(std::string_view name) const {
        const JsonValue* value = find(name, JsonValue::Kind::Object, "is no object");
        return value == nullptr ? nullptr : &value->names;
    }
    Fields object(std::string_view name) const { return {*object_.find(name), path(name)}; }

  private:
    const JsonValue* find(std::string_view name, JsonValue::Kind kind, const char* otherwise) const {
        const JsonValue* value = object_.find(name);
        if (value == nullptr || value->kind == JsonValue::Kind::Null) return nullptr;
        if (value->kind != kind) refuse(path(name), otherwise);
        return value;
    }
    void require_some(std::string_view name) const {
        const JsonValue* value = object_.find(name);
        if (value == nullptr) refuse(path(name), "is missing");
        if (value->kind == JsonValue::Kind::Null) refuse(path(name), "is null");
    }
    template <class Value>
    Value require(std::string_view name, std::optional<Value> value) const {
        if (!value) require_some(name);
        return *std::move(value);
    }

    const JsonValue& object_;
    std::string path_;
};

using Places = std::unordered_map<std::string_view, std::size_t>;

// Of two of one name the first; check() refuses them.
template <class Named>
Places places_of(const std::vector<Named>& list) {
    Places places;
    for (std::size_t i = 0; i < list.size(); ++i) places.emplace(list[i].name, i);
    return places;
}

std::size_t place_of(const Places& places, std::string_view name, const std::string& path) {
    auto found = places.find(name);
    if (found == places.end()) refuse(path, "names what is not there");
    return found->second;
}

Bounds read_bounds(const Fields& fields, std::string_view min, std::string_view max) {
    return {fields.optional_points(min), fields.optional_points(max)};
}

Group read_group(const Fields& fields) {
    bool fit = fields.choice<bool>("kind", {{"fit", true}, {"engagement", false}});
    return {fields.text("name"), fit, read_bounds(fields, "min_points", "max_points")};
}

Decay read_decay(const Fields& fields) {
    auto kind = fields.optional_choice<DecayKind>("decay", {{"none", DecayKind::None},
                                                            {"exponential", DecayKind::Exponential},
                                                            {"linear", DecayKind::Linear},
                                                            {"step", DecayKind::Step},
                                                            {"window", DecayKind::Window}});
    return {kind.value_or(DecayKind::None), fields.duration("half_life"), fields.duration("lifespan"),
            fields.duration("step"), fields.optional_number("drop").value_or(0.0)};
}

RuleTexts read_rule_texts(const Fields& fields) {
    auto window = fields.optional_choice<LimitWindow>("limit_window", {{"hour", LimitWindow::Hour},
                                                                       {"day", LimitWindow::Day},
                                                                       {"week", LimitWindow::Week},
                                                                       {"month", LimitWindow::Month},
                                                                       {"ever", LimitWindow::Ever}});
    return {fields.optional_text("event_type"), fields.optional_text("source"),    fields.optional_text("condition"),
            fields.optional_text("per"),        fields.optional_text("limit_key"), fields.optional_text("distinct_key"),
            window.value_or(LimitWindow::None)};
}

std::size_t read_id(const Fields& fields) {
    constexpr std::int64_t kMost = static_cast<std::int64_t>(Definition::kMaxRules) - 1;
    std::optional<std::int64_t> id = fields.optional_whole("id", 0, kMost);
    return id ? static_cast<std::size_t>(*id) : kNoId;
}

Rule read_rule(const Fields& fields, const RuleTexts& texts, const Places& groups) {
    Rule rule;
    rule.id = read_id(fields);
    rule.name = fields.text("name");
    rule.group = place_of(groups, fields.text("rule_group"), fields.path("rule_group"));
    rule.points = fields.number("points");
    rule.fit = !texts.event_type;
    rule.varying = texts.per.has_value();
    rule.decay = read_decay(fields);
    rule.bounds = read_bounds(fields, "min_points", "max_points");
    constexpr std::int64_t kMostCounted = std::numeric_limits<std::int32_t>::max();
    rule.limit_count = static_cast<std::size_t>(fields.optional_whole("limit_count", 0, kMostCounted).value_or(0));
    rule.max_occurrences = static_cast<std::size_t>(
        fields.optional_whole("max_occurrences", 1, static_cast<std::int64_t>(kMostOccurrences)).value_or(1000));
    rule.at_least = static_cast<std::size_t>(
        fields.optional_whole("at_least", 0, static_cast<std::int64_t>(kMostAtLeast)).value_or(0));
    rule.within = fields.duration("within");
    rule.distinct = texts.distinct_key.has_value();
    rule.keep = fields.optional_flag("keep");
    rule.quiet_for = fields.duration("quiet_for");
    if ((texts.window != LimitWindow::None) != rule.limited())
        refuse(fields.path("limit_window"), "has no limit_count, or that has no window");
    if (texts.limit_key && !rule.limited()) refuse(fields.path("limit_key"), "has no limit");
    return rule;
}

// By their ids.
void read_rules(const Fields& fields, const Places& groups, FullDefinition& full) {
    std::vector<std::pair<Rule, RuleTexts>> rules;
    fields.for_each_object("rules", [&](const Fields& rule) {
        RuleTexts texts = read_rule_texts(rule);
        rules.emplace_back(read_rule(rule, texts, groups), texts);
    });
    std::ranges::stable_sort(rules, {}, [](const auto& rule) { return rule.first.id; });
    for (auto& [rule, texts] : rules) {
        full.definition.rules.push_back(std::move(rule));
        full.rules.push_back(std::move(texts));
    }
}

void read_band(const Fields& fields, Definition& definition) {
    bool fit = fields.choice<bool>("axis", {{"fit", true}, {"engagement", false}});
    (fit ? definition.fit_bands : definition.engagement_bands)
        .push_back({fields.text("label"), fields.points("min_points")});
}

WorkingTime read_working_time(const Fields& fields) {
    std::vector<Opening> openings;
    fields.for_each("calendar", [&](const JsonValue& item, std::string path) {
        Fields opening(item, std::move(path));
        auto time = [&](std::string_view name) {
            std::optional<Microseconds> read = time_of_day(opening.text(name));
            if (!read) refuse(opening.path(name), "is no time of the day");
            return *read;
        };
        openings.push_back({opening.choice<int>("weekday", {{"monday", 0},
                                                            {"tuesday", 1},
                                                            {"wednesday", 2},
                                                            {"thursday", 3},
                                                            {"friday", 4},
                                                            {"saturday", 5},
                                                            {"sunday", 6}}),
                            time("opens"), time("closes")});
    });
    std::ranges::sort(openings, {}, [](const Opening& opening) { return std::pair(opening.weekday, opening.opens); });
    for (std::size_t i = 0; i < openings.size(); ++i) {
        const Opening* before = i > 0 && openings[i - 1].weekday == openings[i].weekday ? &openings[i - 1] : nullptr;
        if (openings[i].opens >= openings[i].closes || (before != nullptr && before->closes > openings[i].opens))
            refuse(fields.path("calendar"), "has hours that overlap, or end before they begin");
    }
    std::vector<std::int64_t> holidays;
    fields.for_each("holidays", [&](const JsonValue& item, std::string path) {
        Fields holiday(item, std::move(path));
        std::optional<std::int64_t> day = day_of_date(holiday.text("day"));
        if (!day) refuse(holiday.path("day"), "is no date");
        holidays.push_back(*day);
    });
    return {openings, holidays};
}

void read_service_level(const Fields& fields, Stage& stage) {
    if (!fields.truth("working_time")) {
        stage.within = fields.optional_duration("within");
    } else if (fields.optional_names("within") != nullptr) {
        Fields within = fields.object("within");
        stage.working_within =
            WorkingSpan{within.whole("days", 0, std::numeric_limits<std::int32_t>::max()), within.duration("seconds")};
    }
}

StageTexts read_stage_texts(const Fields& fields) {
    return {fields.optional_text("on_event"), fields.optional_text("on_event_condition"),
            fields.optional_text("on_event_source"), fields.optional_text("counts_as")};
}

// What a stage and an entry alike ask of a score.
template <class Way>
void read_thresholds(const Fields& fields, const Places& rules, Way& way) {
    way.min_score = fields.optional_points("min_score");
    way.min_engagement = fields.optional_points("min_engagement");
    way.min_fit = fields.optional_points("min_fit");
    fields.for_each("grades", [&](const JsonValue& grade, const std::string& path) {
        if (grade.kind != JsonValue::Kind::Text) refuse(path, "is no text");
        way.grades.push_back(grade.text);
    });
    if (const std::vector<std::string>* names = fields.optional_names("requires")) {
        Fields required = fields.object("requires");
        for (const std::string& name : *names)
            way.required.push_back({place_of(rules, name, required.path(name)),
                                    required.whole(name, 1, std::numeric_limits<std::int64_t>::max())});
    }
}

// All but what names other stages.
Stage read_stage(const Fields& fields, const Places& rules) {
    Stage stage;
    stage.id = read_id(fields);
    stage.name = fields.text("name");
    stage.rank = static_cast<int>(
        fields.whole("rank", std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
    stage.detour = fields.choice<bool>("kind", {{"progress", false}, {"detour", true}});
    stage.exit_by_hand = fields.optional_choice<bool>("exit", {{"score", false}, {"hand", true}}).value_or(false);
    read_thresholds(fields, rules, stage);
    stage.falls_below = fields.optional_points("falls_below");
    read_service_level(fields, stage);
    stage.cooldown = fields.duration("cooldown");
    stage.hand_off = fields.truth("hand_off", false);
    stage.max_attempts =
        static_cast<int>(fields.optional_whole("max_attempts", 1, kMostAttempts).value_or(stage.max_attempts));
    stage.hand_off_max_age = fields.duration("hand_off_max_age", stage.hand_off_max_age);
    return stage;
}

// What names other stages.
void read_targets(const Fields& fields, std::vector<Stage>& stages) {
    Places places = places_of(stages);
    std::size_t i = 0;
    auto place = [&](const Fields& stage, const char* field, int& target) {
        if (auto name = stage.optional_text(field))
            target = static_cast<int>(place_of(places, *name, stage.path(field)));
    };
    fields.for_each_object("stages", [&](const Fields& stage) {
        place(stage, "timeout_stage", stages[i].timeout_stage);
        place(stage, "accepted_stage", stages[i].accepted_stage);
        place(stage, "rejected_stage", stages[i].rejected_stage);
        ++i;
    });
}

// By the places of their stages; those of one in the order in which they are written.
void read_entries(const Fields& fields, const Places& rules, FullDefinition& full) {
    Places stages = places_of(full.definition.stages);
    std::vector<std::pair<StageEntry, StageTexts>> entries;
    fields.for_each("entries", [&](const JsonValue& item, std::string path) {
        Fields entry(item, std::move(path));
        StageEntry read;
        read.id = read_id(entry);
        read.name = entry.text("name");
        read.stage = static_cast<int>(place_of(stages, entry.text("stage"), entry.path("stage")));
        read_thresholds(entry, rules, read);
        entries.emplace_back(std::move(read), read_stage_texts(entry));
    });
    std::ranges::stable_sort(entries, {}, [](const auto& entry) { return entry.first.stage; });
    for (auto& [entry, texts] : entries) {
        full.definition.entries.push_back(std::move(entry));
        full.entries.push_back(std::move(texts));
    }
}

std::optional<TouchTexts> read_touches(const Fields& fields) {
    if (fields.optional_names("touches") == nullptr) return std::nullopt;
    Fields touches = fields.object("touches");
    return TouchTexts{touches.optional_text("channel"), touches.optional_text("asset"),
                      touches.optional_text("campaign"),
                      static_cast<std::size_t>(touches.whole("max_touches", 1, Memory::kMostTouches))};
}

SourceTexts read_source(const Fields& fields) {
    SourceTexts source = {fields.text("name"), fields.text("time_zone"), fields.optional_text("event_id"), {}};
    source.touches.channel = fields.optional_text("channel");
    source.touches.asset = fields.optional_text("asset");
    source.touches.campaign = fields.optional_text("campaign");
    return source;
}

AccountRule read_account_rule(const Fields& fields) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    return {fields.text("name"),
            fields.optional_whole("people", 1, kMost),
            fields.optional_duration("active_within"),
            fields.optional_points("min_score"),
            fields.optional_points("min_points"),
            fields.optional_whole("top_n", 1, kMost)};
}

void require_format(const Fields& fields) {
    std::int64_t format =
        fields.optional_whole("format", 1, std::numeric_limits<std::int64_t>::max()).value_or(kDefinitionFormat);
    if (format <= kDefinitionFormat) return;
    throw Error(
        ErrorCode::NotSupported, "definition is of format " + std::to_string(format),
        "A newer lead_scoring wrote it; this one understands formats up to " + std::to_string(kDefinitionFormat) + ".",
        "Install the lead_scoring that wrote it, or a later one.");
}

}  // namespace

FullDefinition read_definition(std::string_view json) {
    JsonValue tree = parse_json(json, refuse_definition);
    Fields fields(tree, "");
    require_format(fields);
    FullDefinition full;
    Definition& definition = full.definition;
    full.time_zone = fields.optional_text("time_zone").value_or(full.time_zone);
    full.lead_created = fields.optional_text("lead_created");
    full.lead_condition = fields.optional_text("lead_condition");
    full.lead_account = fields.optional_text("lead_account");
    definition.bounds = read_bounds(fields, "min_score", "max_score");
    definition.future_tolerance = fields.duration("future_tolerance", 300'000'000);
    fields.for_each_object("groups", [&](const Fields& group) { definition.groups.push_back(read_group(group)); });
    Places groups = places_of(definition.groups);
    read_rules(fields, groups, full);
    fields.for_each_object("bands", [&](const Fields& band) { read_band(band, definition); });
    for (std::vector<Band>* bands : {&definition.fit_bands, &definition.engagement_bands})
        std::ranges::stable_sort(*bands, {}, &Band::min);
    Places rules = places_of(definition.rules);
    fields.for_each_object("stages", [&](const Fields& stage) {
        full.stages.push_back(read_stage_texts(stage));
        definition.stages.push_back(read_stage(stage, rules));
    });
    read_targets(fields, definition.stages);
    definition.working_time = read_working_time(fields);
    read_entries(fields, rules, full);
    fields.for_each("lead_types", [&](const JsonValue& item, std::string path) {
        Fields type(item, std::move(path));
        full.lead_types.push_back({type.text("name"), type.text("condition")});
    });
    definition.keeps_latest = !full.lead_types.empty();
    full.touches = read_touches(fields);
    full.event_id = fields.optional_text("event_id");
    fields.for_each("sources", [&](const JsonValue& item, std::string path) {
        full.sources.push_back(read_source(Fields(item, std::move(path))));
    });
    fields.for_each("account_rules", [&](const JsonValue& item, std::string path) {
        full.account_rules.push_back(read_account_rule(Fields(item, std::move(path))));
    });
    definition.check();
    definition.complete();
    return full;
}

PlacedWorkingTime read_working_time(std::string_view json) {
    JsonValue tree = parse_json(json, refuse_definition);
    Fields fields(tree, "");
    return {read_working_time(fields), fields.text("time_zone")};
}

}  // namespace lead_scoring
