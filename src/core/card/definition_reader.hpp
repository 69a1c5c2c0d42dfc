// The one reader of definitions: from the JSON that a version stores to what the core computes with, and to what only
// the server can evaluate.
//
// Fields are found by name; one that is missing counts as null. Those that nobody here knows are passed over, for the
// tables of the draft may have columns of somebody's own, and the expressions as they were typed are for people. So a
// library that writes what an older one must not pass over says so in the field `format`. Without it, it is 1; with
// several sources of events, with ids that count once, with entries or types of leads, or where it says something of
// leads, it is 2; with rules of
// frequency or silence, or of events of any type, 3.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/card/definition.hpp"

namespace lead_scoring {

inline constexpr std::int64_t kDefinitionFormat = 3;  // the newest that is understood

// The type of events by which a rule matches all of its source.
inline constexpr std::string_view kAnyEvent = "*";

enum class LimitWindow { None, Hour, Day, Week, Month, Ever };

// Expressions are SQL, as publish deparsed them.
struct RuleTexts {
    std::optional<std::string> event_type;  // none: a fit rule; kAnyEvent: of any type
    std::optional<std::string> source;      // of its events; none: the first
    std::optional<std::string> condition;
    std::optional<std::string> per;
    std::optional<std::string> limit_key;
    std::optional<std::string> distinct_key;
    LimitWindow window = LimitWindow::None;
};

// Of an entry too, which counts as nothing.
struct StageTexts {
    std::optional<std::string> on_event;  // none: no event leads here
    std::optional<std::string> on_event_condition;
    std::optional<std::string> on_event_source;
    std::optional<std::string> counts_as;  // what reports and status columns take it for, such as mql
};

// What names the touches that memories keep.
struct TouchTexts {
    std::optional<std::string> channel;
    std::optional<std::string> asset;
    std::optional<std::string> campaign;
    std::size_t most = 0;  // touches that are kept of a lead
};

// Another source of events than the first.
struct SourceTexts {
    std::string name;
    std::string time_zone;                // of times without one
    std::optional<std::string> event_id;  // the column of ids that count once
    TouchTexts touches;
};

// What is asked of an account: that its points are so many, and that so many of its people count.
struct AccountRule {
    std::string name;
    std::optional<std::int64_t> people;
    std::optional<Microseconds> active_within;  // of people who count: how long ago their latest event may be
    std::optional<Units> min_score;             // of these: how many points they have at least
    std::optional<Units> min_points;
    std::optional<std::int64_t> top_n;  // so many people, the best ones, make the points of the account; none: all
};

struct LeadTypeTexts {
    std::string name;
    std::string condition;
};

struct FullDefinition {
    Definition definition;
    std::string time_zone = "UTC";              // of calendar buckets
    std::optional<std::string> lead_created;    // the column of leads that says when they came
    std::optional<std::string> lead_condition;  // of those that count; none: all do
    std::optional<std::string> lead_account;    // whose people they are; none: there are no accounts
    std::vector<AccountRule> account_rules;
    std::vector<RuleTexts> rules;  // of definition.rules
    std::vector<StageTexts> stages;
    std::vector<StageTexts> entries;
    std::vector<LeadTypeTexts> lead_types;  // in the order in which they are tried
    std::optional<std::string> event_id;    // of the first source
    std::vector<SourceTexts> sources;
    std::optional<TouchTexts> touches;  // of the first source; none: of a format in which leads have no memory
};

// Returns a definition that is checked and complete. Throws CorruptData, naming the field, where it is none or no sound
// one; NotSupported for a format that is not understood; LimitExceeded for too many rules or stages.
FullDefinition read_definition(std::string_view json);

// What a definition, of which the rest may be missing, says of working time: UTC until its clock is set to that of the
// time zone. Throws as read_definition does.
struct PlacedWorkingTime {
    WorkingTime working_time;
    std::string time_zone;
};
PlacedWorkingTime read_working_time(std::string_view json);

}  // namespace lead_scoring
