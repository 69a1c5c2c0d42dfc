#include "core/card/definition_reader.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "unit/full_definition.hpp"
#include "unit/model.hpp"

namespace lead_scoring::test {
namespace {

using Json = nlohmann::json;
using Path = Json::json_pointer;

Json full() { return Json::parse(kFullDefinition); }

// Null where it can be read.
std::optional<Error> error_of(const std::string& json) {
    try {
        read_definition(json);
        return std::nullopt;
    } catch (const Error& error) {
        return error;
    }
}

// As errors name it: rules[1].points of /rules/1/points.
std::string name_of(Path path) {
    std::string last = path.back();
    path.pop_back();
    std::string before = path.empty() ? "" : name_of(path);
    bool number = last.find_first_not_of("0123456789") == std::string::npos;
    return number ? before + "[" + last + "]" : before.empty() ? last : before + "." + last;
}

void expect_refused(const Json& json, const std::string& detail) {
    std::optional<Error> error = error_of(json.dump());
    ASSERT_TRUE(error.has_value()) << "accepted: " << detail;
    EXPECT_EQ(error->code, ErrorCode::CorruptData);
    EXPECT_STREQ(error->what(), "definition cannot be used");
    EXPECT_EQ(error->detail, detail);
    EXPECT_FALSE(error->hint.empty());
}

void expect_refused(const Json& json, const Path& path, const std::string& what) {
    expect_refused(json, "Its field \"" + name_of(path) + "\" " + what + ".");
}

enum class Of { Text, Truth, Word, Points, Seconds, Number, Whole, List, Object };

struct Field {
    const char* path;
    Of of;
    bool required = false;
};

// Every field that means something, where kFullDefinition has it.
const Field kFields[] = {
    {"/time_zone", Of::Text},
    {"/min_score", Of::Points},
    {"/max_score", Of::Points},
    {"/future_tolerance", Of::Seconds},
    {"/groups", Of::List, true},
    {"/groups/0", Of::Object, true},
    {"/groups/0/name", Of::Text, true},
    {"/groups/0/kind", Of::Word, true},
    {"/groups/0/min_points", Of::Points},
    {"/groups/0/max_points", Of::Points},
    {"/rules", Of::List, true},
    {"/rules/1", Of::Object, true},
    {"/rules/1/id", Of::Whole},
    {"/rules/1/name", Of::Text, true},
    {"/rules/1/rule_group", Of::Text, true},
    {"/rules/1/event_type", Of::Text},
    {"/rules/1/condition", Of::Text},
    {"/rules/1/points", Of::Number, true},
    {"/rules/1/per", Of::Text},
    {"/rules/1/decay", Of::Word},
    {"/rules/1/half_life", Of::Seconds},
    {"/rules/3/lifespan", Of::Seconds},
    {"/rules/2/drop", Of::Number},
    {"/rules/2/step", Of::Seconds},
    {"/rules/1/min_points", Of::Points},
    {"/rules/1/max_points", Of::Points},
    {"/rules/1/limit_count", Of::Whole},
    {"/rules/1/limit_window", Of::Word},
    {"/rules/1/limit_key", Of::Text},
    {"/rules/1/max_occurrences", Of::Whole},
    {"/bands", Of::List, true},
    {"/bands/2", Of::Object, true},
    {"/bands/2/axis", Of::Word, true},
    {"/bands/2/label", Of::Text, true},
    {"/bands/2/min_points", Of::Points, true},
    {"/stages", Of::List, true},
    {"/stages/1", Of::Object, true},
    {"/stages/1/id", Of::Whole},
    {"/stages/1/name", Of::Text, true},
    {"/stages/1/counts_as", Of::Text},
    {"/stages/1/rank", Of::Whole, true},
    {"/stages/1/kind", Of::Word, true},
    {"/stages/1/min_score", Of::Points},
    {"/stages/1/min_engagement", Of::Points},
    {"/stages/1/min_fit", Of::Points},
    {"/stages/1/grades", Of::List},
    {"/stages/1/grades/0", Of::Text, true},
    {"/stages/1/requires", Of::Object},
    {"/stages/1/requires/web", Of::Whole, true},
    {"/stages/1/on_event", Of::Text},
    {"/stages/1/on_event_condition", Of::Text},
    {"/stages/1/falls_below", Of::Points},
    {"/stages/1/within", Of::Seconds},
    {"/stages/1/timeout_stage", Of::Text},
    {"/stages/2/cooldown", Of::Seconds},
    {"/stages/2/exit", Of::Word},
    {"/stages/1/hand_off", Of::Truth},
    {"/stages/1/accepted_stage", Of::Text},
    {"/stages/1/rejected_stage", Of::Text},
    {"/stages/1/max_attempts", Of::Whole},
    {"/stages/1/hand_off_max_age", Of::Seconds},
};

bool is_item(const Path& path) { return path.back().find_first_not_of("0123456789") == std::string::npos; }

const char* otherwise(Of of) {
    switch (of) {
        case Of::Text:
        case Of::Word:
            return "is no text";
        case Of::Truth:
            return "is no boolean";
        case Of::List:
            return "is no list";
        case Of::Object:
            return "is no object";
        default:
            return "is no number";
    }
}

bool is_of(const Json& value, Of of) {
    switch (of) {
        case Of::Text:
        case Of::Word:
            return value.is_string();
        case Of::Truth:
            return value.is_boolean();
        case Of::List:
            return value.is_array();
        case Of::Object:
            return value.is_object();
        default:
            return value.is_number();
    }
}

// The names of a definition's fields but for those that are for people.
void gather(const Json& json, std::set<std::string>& names) {
    if (json.is_array())
        for (const Json& item : json) gather(item, names);
    if (!json.is_object()) return;
    for (const auto& [name, item] : json.items()) {
        if (name == "typed") continue;
        names.insert(name);
        if (name != "requires") gather(item, names);
    }
}

TEST(DefinitionReader, KnowsEveryFieldByTheListOfThisTest) {
    std::set<std::string> stored;
    gather(full(), stored);
    std::set<std::string> listed;
    for (const Field& field : kFields) {
        Path path(field.path);
        ASSERT_TRUE(full().contains(path)) << field.path;
        EXPECT_TRUE(is_of(full().at(path), field.of)) << field.path;
        if (!is_item(path) && path.parent_pointer().empty() == false && path.parent_pointer().back() == "requires")
            continue;
        if (!is_item(path)) listed.insert(path.back());
    }
    EXPECT_EQ(listed, stored);
}

TEST(DefinitionReader, TakesWhatPublishStores) {
    FullDefinition read = read_definition(kFullDefinition);
    const Definition& definition = read.definition;
    EXPECT_EQ(read.time_zone, "Europe/Berlin");
    EXPECT_EQ(definition.bounds.min, -55000);
    EXPECT_EQ(definition.bounds.max, points(250));
    EXPECT_EQ(definition.future_tolerance, 300'000'001);
    ASSERT_EQ(definition.groups.size(), 3u);
    EXPECT_EQ(definition.groups[0].name, "content");
    EXPECT_FALSE(definition.groups[0].fit);
    EXPECT_EQ(definition.groups[0].bounds.min, -100001);
    EXPECT_TRUE(definition.groups[1].bounds.empty());
    EXPECT_TRUE(definition.groups[2].fit);

    ASSERT_EQ(definition.rules.size(), 4u);
    const Rule& chief = definition.rules[0];
    EXPECT_TRUE(chief.fit);
    EXPECT_EQ(chief.group, 2u);
    EXPECT_EQ(chief.decay.kind, DecayKind::None);
    EXPECT_FALSE(chief.varying || chief.limited());
    EXPECT_EQ(read.rules[0].event_type, std::nullopt);
    EXPECT_EQ(read.rules[0].condition, "(title = 'CEO'::text)");
    EXPECT_EQ(read.rules[0].window, LimitWindow::None);
    const Rule& seen = definition.rules[2];
    EXPECT_EQ(seen.group, 1u);
    EXPECT_EQ(seen.points, -1.25);
    EXPECT_EQ(seen.decay.kind, DecayKind::Step);
    EXPECT_EQ(seen.decay.drop, 0.25);
    EXPECT_EQ(seen.decay.step, kDay);
    EXPECT_EQ(definition.rules[3].decay.lifespan, 30 * kDay);
    const Rule& rule = definition.rules[1];
    EXPECT_EQ(rule.name, "read");
    EXPECT_EQ(rule.group, 0u);
    EXPECT_EQ(rule.points, 0.3);
    EXPECT_TRUE(rule.varying);
    EXPECT_FALSE(rule.fit);
    EXPECT_EQ(rule.decay.kind, DecayKind::Exponential);
    EXPECT_EQ(rule.decay.half_life, 7 * kDay + 1);
    EXPECT_EQ(rule.bounds.min, points(-2));
    EXPECT_EQ(rule.bounds.max, 200001);  // half a unit is rounded up
    EXPECT_EQ(rule.limit_count, 3u);
    EXPECT_EQ(rule.max_occurrences, 500u);
    EXPECT_EQ(read.rules[1].event_type, "download");
    EXPECT_EQ(read.rules[1].per, "(pages)::double precision");
    EXPECT_EQ(read.rules[1].limit_key, "asset");
    EXPECT_EQ(read.rules[1].window, LimitWindow::Week);

    ASSERT_EQ(definition.engagement_bands.size(), 2u);
    EXPECT_EQ(definition.engagement_bands[0].label, "2");  // by rising points
    EXPECT_EQ(definition.fit_bands[0].min, 205000);
    ASSERT_EQ(definition.stages.size(), 3u);
    EXPECT_EQ(definition.first_stage, 0);
    EXPECT_TRUE(definition.has_cooldown);
    const Stage& mql = definition.stages[1];
    EXPECT_EQ(mql.rank, 10);
    EXPECT_FALSE(mql.detour);
    EXPECT_EQ(mql.min_score, points(60));
    EXPECT_EQ(mql.min_engagement, 205000);
    EXPECT_EQ(mql.min_fit, points(10));
    EXPECT_EQ(mql.falls_below, points(30));
    EXPECT_EQ(mql.grades, (std::vector<std::string>{"A1", "A2"}));
    ASSERT_EQ(mql.required.size(), 2u);
    EXPECT_EQ(mql.required[0].rule, 3u);
    EXPECT_EQ(mql.required[0].count, 2);
    EXPECT_EQ(mql.within, 2 * kDay);
    EXPECT_EQ(mql.timeout_stage, 2);
    EXPECT_TRUE(mql.hand_off);
    EXPECT_EQ(mql.accepted_stage, 0);
    EXPECT_EQ(mql.rejected_stage, 2);
    EXPECT_EQ(mql.max_attempts, 3);
    EXPECT_EQ(mql.hand_off_max_age, 2 * kDay);
    EXPECT_FALSE(definition.stages[2].hand_off);
    EXPECT_EQ(definition.stages[2].max_attempts, 5);
    EXPECT_EQ(read.stages[1].on_event, "demo");
    EXPECT_EQ(read.stages[1].on_event_condition, "(pages > 0)");
    EXPECT_TRUE(definition.stages[2].detour);
    EXPECT_TRUE(definition.stages[2].exit_by_hand);
    EXPECT_EQ(definition.stages[2].cooldown, 7 * kDay);
    EXPECT_EQ(read.stages[2].on_event, std::nullopt);
}

TEST(DefinitionReader, SaysWhichFieldIsMissing) {
    for (const Field& field : kFields) {
        Path path(field.path);
        Json without = full();
        if (!field.required || is_item(path) || path.parent_pointer().to_string().ends_with("requires")) continue;
        without.at(path.parent_pointer()).erase(path.back());
        expect_refused(without, path, "is missing");
    }
}

TEST(DefinitionReader, SaysWhichFieldIsNull) {
    for (const Field& field : kFields) {
        Path path(field.path);
        Json with_null = full();
        with_null.at(path) = nullptr;
        if (!field.required) continue;
        expect_refused(with_null, path, is_item(path) ? otherwise(field.of) : "is null");
    }
}

// What is optional may be missing or null, which is the same; where another field needs it, that is what is said.
TEST(DefinitionReader, TakesMissingForNull) {
    for (const Field& field : kFields) {
        if (field.required) continue;
        Path path(field.path);
        Json without = full();
        without.at(path.parent_pointer()).erase(path.back());
        Json with_null = full();
        with_null.at(path) = nullptr;
        std::optional<Error> one = error_of(without.dump());
        std::optional<Error> other = error_of(with_null.dump());
        ASSERT_EQ(one.has_value(), other.has_value()) << field.path;
        if (!one) continue;
        EXPECT_EQ(one->code, ErrorCode::CorruptData);
        EXPECT_EQ(one->detail, other->detail);
    }
    FullDefinition bare = read_definition(
        R"({"groups": [{"name": "g", "kind": "engagement"}], "bands": [],
            "rules": [{"name": "r", "rule_group": "g", "event_type": "x", "points": 1}],
            "stages": [{"name": "s", "rank": 0, "kind": "progress"}]})");
    EXPECT_EQ(bare.time_zone, "UTC");
    EXPECT_TRUE(bare.definition.bounds.empty());
    EXPECT_EQ(bare.definition.future_tolerance, 300'000'000);
    EXPECT_EQ(bare.definition.rules[0].decay.kind, DecayKind::None);
    EXPECT_EQ(bare.definition.rules[0].limit_count, 0u);
    EXPECT_EQ(bare.definition.rules[0].max_occurrences, 1000u);
    EXPECT_FALSE(bare.definition.stages[0].exit_by_hand);
    EXPECT_EQ(bare.definition.stages[0].within, std::nullopt);
}

TEST(DefinitionReader, SaysWhichFieldIsOfAnotherType) {
    for (const Field& field : kFields) {
        Path path(field.path);
        for (const Json& value : {Json(true), Json("NaN"), Json("7"), Json(7), Json::array(), Json::object()}) {
            if (is_of(value, field.of)) continue;
            Json wrong = full();
            wrong.at(path) = value;
            expect_refused(wrong, path, otherwise(field.of));
        }
    }
}

TEST(DefinitionReader, SaysWhichWordIsNotKnown) {
    for (const Field& field : kFields) {
        if (field.of != Of::Word) continue;
        for (const char* word : {"", "None", "fit ", "sideways"}) {
            Json wrong = full();
            wrong.at(Path(field.path)) = word;
            expect_refused(wrong, Path(field.path), "is a word that is not known");
        }
    }
}

// Numbers that jsonb has and a double has not are put in as text.
void expect_refused_number(const Field& field, const char* number, const std::string& what) {
    Json marked = full();
    marked.at(Path(field.path)) = "the number";
    std::string json = marked.dump();
    json.replace(json.find("\"the number\""), 12, number);
    std::optional<Error> error = error_of(json);
    ASSERT_TRUE(error.has_value()) << field.path << " " << number;
    EXPECT_EQ(error->detail, "Its field \"" + name_of(Path(field.path)) + "\" " + what + ".");
}

TEST(DefinitionReader, SaysWhichNumberIsOutOfRange) {
    std::map<std::string, std::pair<std::vector<const char*>, const char*>> ranges = {
        {"limit_count", {{"-1", "2147483648", "1.5"}, "0 to 2147483647"}},
        {"max_occurrences", {{"0", "-1", "100001", "0.5", "18446744073709551616"}, "1 to 100000"}},
        {"max_attempts", {{"0", "1001", "1.5"}, "1 to 1000"}},
        {"id", {{"-1", "65536", "0.5"}, "0 to 65535"}},
        {"rank", {{"2147483648", "-2147483649", "0.1"}, "-2147483648 to 2147483647"}},
        {"web", {{"0", "-9223372036854775808", "9223372036854775808", "1.5"}, "1 to 9223372036854775807"}}};
    for (const Field& field : kFields) {
        if (field.of == Of::Seconds)
            for (const char* number : {"-1", "-0.000001", "-9223372036854775809"})
                expect_refused_number(field, number, "is negative");
        if (field.of != Of::Whole) continue;
        const auto& [numbers, range] = ranges.at(Path(field.path).back());
        for (const char* number : numbers)
            expect_refused_number(field, number, std::string("is no whole number from ") + range);
    }
    expect_refused_number({"/rules/1/points", Of::Number}, "1e-400", "is out of range");
    EXPECT_EQ(error_of(R"({"min_score": 1e400})")->code, ErrorCode::CorruptData);
}

TEST(DefinitionReader, CountsWhatIsLongerThanCanBeCountedAsTheLongest) {
    Json json = full();
    json["rules"][1]["half_life"] = 1e300;
    EXPECT_EQ(read_definition(json.dump()).definition.rules[1].decay.half_life, 9'200'000'000'000'000'000);
}

TEST(DefinitionReader, FollowsNames) {
    for (const char* path : {"/rules/1/rule_group", "/stages/1/timeout_stage"}) {
        Json wrong = full();
        wrong.at(Path(path)) = "nobody";
        expect_refused(wrong, Path(path), "names what is not there");
    }
    Json wrong = full();
    wrong["stages"][1]["requires"]["nobody"] = 1;
    expect_refused(wrong, Path("/stages/1/requires/nobody"), "names what is not there");
}

// Cards rely on it: rules stand by their ids, whatever they are called, and an id is that of one only.
TEST(DefinitionReader, SortsRulesByTheirIds) {
    Json json = full();
    json["rules"][0]["id"] = 70;
    json["rules"][1].erase("id");
    FullDefinition read = read_definition(json.dump());
    std::vector<std::pair<std::size_t, std::string>> rules;
    for (const Rule& rule : read.definition.rules) rules.emplace_back(rule.id, rule.name);
    EXPECT_EQ(rules,
              (std::vector<std::pair<std::size_t, std::string>>{{8, "seen"}, {9, "web"}, {70, "chief"}, {71, "read"}}));
    EXPECT_EQ(read.rules[2].condition, "(title = 'CEO'::text)");
    EXPECT_EQ(read.definition.stages[1].required[0].rule, 3u);
    EXPECT_EQ(read.definition.rule_places[70], 2);
    EXPECT_EQ(read.definition.rule_places[10], kNoPlace);
    EXPECT_EQ(read.definition.stage_places, (std::vector<std::int32_t>{0, 2, 1}));

    json["rules"][2]["id"] = 9;
    expect_refused(json, "Two rules have one id, or one is out of range.");
    json = full();
    json["stages"][2]["id"] = 2;
    expect_refused(json, "Two stages have one id, or one is out of range.");
    json["stages"][2]["id"] = 65535;  // and no id is left for the next
    json["stages"][0].erase("id");
    expect_refused(json, "Two stages have one id, or one is out of range.");
}

TEST(DefinitionReader, HoldsLimitsTogether) {
    Json wrong = full();
    wrong["rules"][1]["limit_count"] = nullptr;
    expect_refused(wrong, Path("/rules/1/limit_window"), "has no limit_count, or that has no window");
    wrong["rules"][1]["limit_window"] = nullptr;
    expect_refused(wrong, Path("/rules/1/limit_key"), "has no limit");
}

// What the fields say together is checked too.
TEST(DefinitionReader, ChecksTheWhole) {
    Json wrong = full();
    wrong["stages"][0]["kind"] = "detour";
    wrong["stages"][1] = wrong["stages"][0];
    expect_refused(wrong, "Two stages have one name, or one has none.");
    wrong = full();
    wrong["rules"][1]["half_life"] = 0;
    expect_refused(wrong, "A half-life is not positive.");
}

TEST(DefinitionReader, PassesOverWhatItDoesNotKnow) {
    Json more = full();
    for (const char* path : {"", "/groups/0", "/rules/1", "/bands/2", "/stages/1"})
        more.at(Path(path))["note"] = {1, {}};
    FullDefinition read = read_definition(more.dump());
    EXPECT_EQ(read.definition.rules.size(), 4u);
}

TEST(DefinitionReader, ReadsFurtherSources) {
    Json several = full();
    several["format"] = 2;
    several["event_id"] = "message_id";
    several["sources"] = {{{"name", "crm"}, {"time_zone", "Asia/Tokyo"}, {"event_id", "ref"}},
                          {{"name", "views"}, {"time_zone", "UTC"}, {"channel", "utm"}, {"asset", nullptr}}};
    several["rules"][0]["source"] = "crm";
    several["stages"][1]["on_event_source"] = "views";
    FullDefinition read = read_definition(several.dump());
    ASSERT_EQ(read.sources.size(), 2u);
    EXPECT_EQ(read.sources[0].name, "crm");
    EXPECT_EQ(read.sources[0].time_zone, "Asia/Tokyo");
    EXPECT_EQ(read.sources[0].event_id, "ref");
    EXPECT_EQ(read.sources[1].event_id, std::nullopt);
    EXPECT_EQ(read.event_id, "message_id");
    EXPECT_EQ(read.sources[0].touches.channel, std::nullopt);
    EXPECT_EQ(read.sources[1].touches.channel, "utm");
    EXPECT_EQ(std::ranges::count(read.rules, std::optional<std::string>("crm"), &RuleTexts::source), 1);
    EXPECT_EQ(std::ranges::count(read.stages, std::optional<std::string>("views"), &StageTexts::on_event_source), 1);
    several["sources"][0].erase("time_zone");
    expect_refused(several, Path("/sources/0/time_zone"), "is missing");
    several["sources"] = {7};
    expect_refused(several, Path("/sources/0"), "is no object");
}

TEST(DefinitionReader, ReadsWhatIsSaidOfLeads) {
    FullDefinition silent = read_definition(full().dump());
    EXPECT_EQ(silent.lead_created, std::nullopt);
    EXPECT_EQ(silent.lead_condition, std::nullopt);
    Json saying = full();
    saying["lead_created"] = "came";
    saying["lead_condition"] = "(NOT hidden)";
    FullDefinition read = read_definition(saying.dump());
    EXPECT_EQ(read.lead_created, "came");
    EXPECT_EQ(read.lead_condition, "(NOT hidden)");
    saying["lead_condition"] = true;
    expect_refused(saying, Path("/lead_condition"), "is no text");
}

TEST(DefinitionReader, ReadsWhatIsAskedOfAccounts) {
    FullDefinition silent = read_definition(full().dump());
    EXPECT_EQ(silent.lead_account, std::nullopt);
    EXPECT_TRUE(silent.account_rules.empty());
    Json saying = full();
    saying["lead_account"] = "lower(company)";
    saying["account_rules"] =
        Json::parse(R"([{"name": "group", "people": 3, "active_within": 86400.5, "min_score": 2.5},
                        {"name": "points", "people": null, "min_points": -1, "top_n": 5}])");
    FullDefinition read = read_definition(saying.dump());
    EXPECT_EQ(read.lead_account, "lower(company)");
    ASSERT_EQ(read.account_rules.size(), 2U);
    const AccountRule& group = read.account_rules[0];
    EXPECT_EQ(group.name, "group");
    EXPECT_EQ(group.people, 3);
    EXPECT_EQ(group.active_within, 86'400'500'000);
    EXPECT_EQ(group.min_score, 25000);
    EXPECT_EQ(group.min_points, std::nullopt);
    EXPECT_EQ(group.top_n, std::nullopt);
    const AccountRule& points = read.account_rules[1];
    EXPECT_EQ(points.people, std::nullopt);
    EXPECT_EQ(points.min_points, -10000);
    EXPECT_EQ(points.top_n, 5);
    auto refused = [&](const char* field, const Json& value, const char* what) {
        Json wrong = saying;
        wrong["account_rules"][0][field] = value;
        expect_refused(wrong, Path(std::string("/account_rules/0/") + field), what);
    };
    refused("people", 0, "is no whole number from 1 to 2147483647");
    refused("top_n", 1.5, "is no whole number from 1 to 2147483647");
    refused("active_within", -1, "is negative");
    refused("min_points", "many", "is no number");
    saying["account_rules"][0].erase("name");
    expect_refused(saying, Path("/account_rules/0/name"), "is missing");
}

TEST(DefinitionReader, ReadsFrequencyAndSilence) {
    Json rules = full();
    Json& often = rules["rules"][3];
    often.update({{"decay", "none"},
                  {"lifespan", nullptr},
                  {"at_least", 3},
                  {"within", 604800},
                  {"distinct_key", "channel"},
                  {"keep", true}});
    FullDefinition read = read_definition(rules.dump());
    const Rule& rule = read.definition.rules[3];
    EXPECT_EQ(rule.at_least, 3u);
    EXPECT_EQ(rule.within, 7 * kDay);
    EXPECT_TRUE(rule.distinct && rule.keep);
    EXPECT_EQ(read.rules[3].distinct_key, "channel");
    often["keep"] = "yes";
    expect_refused(rules, Path("/rules/3/keep"), "is neither true nor false");
    often.erase("at_least");
    EXPECT_TRUE(error_of(rules.dump()).has_value());
    for (const char* field : {"within", "distinct_key", "keep"}) often.erase(field);
    often["quiet_for"] = 86400;
    EXPECT_EQ(read_definition(rules.dump()).definition.rules[3].quiet_for, kDay);
    often["half_life"] = 86400;
    often["decay"] = "exponential";
    EXPECT_TRUE(error_of(rules.dump()).has_value());
}

TEST(DefinitionReader, TellsTheDefinitionOfANewerLibraryApart) {
    Json newer = full();
    newer["format"] = 1;
    EXPECT_EQ(error_of(newer.dump()).has_value(), false);
    newer["format"] = 4;
    newer["stages"] = "something new";
    std::optional<Error> error = error_of(newer.dump());
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->code, ErrorCode::NotSupported);
    EXPECT_STREQ(error->what(), "definition is of format 4");
    EXPECT_FALSE(error->detail.empty() || error->hint.empty());
    newer["format"] = 0;
    expect_refused(newer, Path("/format"), "is no whole number from 1 to 9223372036854775807");
}

TEST(DefinitionReader, RefusesWhatIsNoObject) {
    for (const char* json : {"null", "true", "7", "\"x\"", "[]"}) expect_refused(Json::parse(json), "It is no object.");
    EXPECT_EQ(error_of("{")->code, ErrorCode::CorruptData);
    EXPECT_FALSE(error_of("{")->hint.empty());
}

TEST(DefinitionReader, ReadsWorkingTime) {
    Json json = full();
    json["calendar"] = {{{"weekday", "monday"}, {"opens", "09:00:00"}, {"closes", "17:00:00"}},
                        {{"weekday", "tuesday"}, {"opens", "00:00:00"}, {"closes", "24:00:00"}}};
    json["holidays"] = {{{"day", "2027-01-05"}}};
    json["stages"][1]["working_time"] = true;
    json["stages"][1]["within"] = {{"days", 1}, {"seconds", 7200.5}};
    Definition definition = read_definition(json.dump()).definition;
    EXPECT_FALSE(definition.stages[1].within);
    ASSERT_TRUE(definition.stages[1].working_within);
    EXPECT_EQ(definition.stages[1].working_within->days, 1);
    EXPECT_EQ(definition.stages[1].working_within->rest, 7'200'500'000);
    Timestamp monday = 9865 * kDay;
    EXPECT_EQ(definition.working_time.between(monday, monday + 7 * kDay), 8 * kHour) << "Tuesday is a holiday";

    Json without = json;
    without["calendar"] = Json::array();
    expect_refused(without, "A service level counts in working time, of which there is none.");
    Json overlapping = json;
    overlapping["calendar"][1]["weekday"] = "monday";
    expect_refused(overlapping, Path("/calendar"), "has hours that overlap, or end before they begin");
    Json nowhen = json;
    nowhen["calendar"][0]["opens"] = "nine";
    expect_refused(nowhen, Path("/calendar/0/opens"), "is no time of the day");
    Json noday = json;
    noday["holidays"][0]["day"] = "2027-02-30";
    expect_refused(noday, Path("/holidays/0/day"), "is no date");
    Json unsure = json;
    unsure["stages"][1]["working_time"] = "yes";
    expect_refused(unsure, Path("/stages/1/working_time"), "is neither true nor false");
}

}  // namespace
}  // namespace lead_scoring::test
