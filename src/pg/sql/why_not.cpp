// why_not(): the conditions of a stage, what stands in the way of a lead, and what would bring it there.

#include "pg/server/postgres.hpp"

#include "core/reading/why_not.hpp"

#include "pg/intake/event_log.hpp"
#include "pg/intake/reading.hpp"
#include "pg/model/table_name.hpp"
#include "pg/scoring/acts.hpp"
#include "pg/scoring/moves.hpp"
#include "pg/scoring/workspace.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/owned.hpp"

extern "C" {
#include "access/xact.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
}

using namespace lead_scoring;

namespace {

// What is asked, and all that C++ has of it.
struct Asking {
    std::vector<Transition> none;
    WhyNotQuestion question;
    std::vector<Act> acts;
    std::vector<Doubt> doubts;
    std::optional<Replay> replay;
    WhyNot answer;
};

// Of events that are ahead of the time asked for, and of now.
struct Waiting {
    int64 matches;
    Match first;
};

struct Row {
    const char* what;
    const char* needed;
    const char* has;
    const char* missing;
    const char* verdict;
    const char* how;
};

// What the rows are made of.
struct Telling {
    ReturnSetInfo* result;
    Oid caller;
    const Model* model;
    const Version* version;
    Datum key;
    Timestamp at;
    const Asking* asking;
    const Doubts* doubts;
    Timestamp undone_at;  // when moves were taken back last; kNever: none were

    const Definition& definition() const { return *version->definition; }
    const Stage& stage() const { return definition().stages[static_cast<std::size_t>(asking->question.stage)]; }
    const StageState& state() const { return asking->question.lead.stage; }
    const Stage& now() const { return definition().stages[static_cast<std::size_t>(state().stage)]; }
};

void put(ReturnSetInfo* result, const Row& row) {
    const char* texts[] = {row.what, row.needed, row.has, row.missing, row.verdict, row.how};
    Datum values[6] = {};
    bool nulls[6] = {};
    for (int i = 0; i < 6; ++i) {
        nulls[i] = texts[i] == nullptr;
        if (!nulls[i]) values[i] = CStringGetTextDatum(texts[i]);
    }
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

char* points_text(Units units) { return psprintf("%.15g", points_of_units(units)); }

char* time_text(Timestamp at) { return DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum(at))); }

const char* verdict_text(Verdict verdict) {
    return verdict == Verdict::Yes ? "yes" : verdict == Verdict::No ? "no" : "unknown";
}

const char* step_text(const Telling& telling, const WayStep& step) {
    const Act& act = telling.asking->acts[step.act];
    if (act.rule == kNoRule)
        return psprintf(INT64_FORMAT " event%s \"%s\"", step.times, step.times == 1 ? "" : "s",
                        telling.version->stages[act.door].on_event);
    const RuleSource& rule = telling.version->rules[act.rule];
    if (!act.is_event()) return psprintf("\"%s\" holds for the lead", rule.name);
    return psprintf(INT64_FORMAT " more match%s of \"%s\"%s%s", step.times, step.times == 1 ? "" : "es", rule.name,
                    rule.per != nullptr ? psprintf(" of %s points", points_text(units_of_points(rule.points))) : "",
                    step.times == 1                ? ""
                    : rule.limit_key != nullptr    ? ", each of another limit_key"
                    : rule.distinct_key != nullptr ? ", each of another distinct_key"
                                                   : "");
}

// Time alone would have moved the lead by then.
const char* due_text(const Telling& telling) {
    if (telling.at < GetCurrentStatementStartTimestamp()) return "by today's rules it would be there";
    return psprintf("CALL lead_scoring.refresh(%s);", quote_literal_cstr(telling.model->name));
}

const char* ways_text(const Telling& telling, const std::vector<Way>& ways) {
    if (ways.empty()) return nullptr;
    StringInfoData text;
    initStringInfo(&text);
    for (const Way& way : ways) {
        if (text.len > 0) appendStringInfoString(&text, "; or ");
        bool known = way.from != kNever && IS_VALID_TIMESTAMP(way.from);
        if (way.steps.empty()) appendStringInfoString(&text, known ? "wait" : due_text(telling));
        for (const WayStep& step : way.steps)
            appendStringInfo(&text, "%s%s", &step == way.steps.data() ? "" : " and ", step_text(telling, step));
        if (known) appendStringInfo(&text, way.steps.empty() ? " until %s" : ", from %s on", time_text(way.from));
        if (way.at_one_time) appendStringInfoString(&text, ", at one time");
        Timestamp before = way.before - way.before % USECS_PER_SEC;
        if (way.before != kForever && before > std::max(telling.at, way.from) && IS_VALID_TIMESTAMP(before))
            appendStringInfo(&text, ", before %s", time_text(before));
    }
    return text.data;
}

const char* set_stage_text(const Telling& telling) {
    return psprintf("SELECT lead_scoring.set_stage(%s, %s, %s);", quote_literal_cstr(telling.model->name),
                    quote_literal_cstr(key_to_text(telling.model->key, telling.key)),
                    quote_literal_cstr(telling.stage().name.c_str()));
}

// What a condition is called: that of an entry by the name of this too.
const char* what_text(const Telling& telling, int entry, const char* what) {
    if (entry == kNoEntry) return what;
    return psprintf("%s by entry \"%s\"", what, telling.version->stages[telling.version->stage_count + entry].name);
}

const char* grades_text(const std::vector<std::string>& grades) {
    StringInfoData text;
    initStringInfo(&text);
    for (const std::string& grade : grades) appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", grade.c_str());
    return text.data;
}

template <class Way>
void put_condition(const Telling& telling, const Condition& condition, const Way& way) {
    const Score& score = telling.asking->answer.features.score;
    Row row = {};
    auto compare = [&](const char* what, Units needed, Units has) {
        row.what = what_text(telling, condition.entry, what);
        row.needed = points_text(needed);
        row.has = points_text(has);
        if (has < needed) row.missing = points_text(saturate(WideUnits{needed} - has));
    };
    switch (condition.kind) {
        case ConditionKind::Score:
            compare("min_score", *way.min_score, score.total);
            break;
        case ConditionKind::Engagement:
            compare("min_engagement", *way.min_engagement, score.engagement);
            break;
        case ConditionKind::Fit:
            compare("min_fit", *way.min_fit, score.fit);
            break;
        case ConditionKind::Grade:
            row.what = what_text(telling, condition.entry, "grades");
            row.needed = grades_text(way.grades);
            row.has = grade_label(telling.version, telling.asking->answer.features.grade);
            break;
        case ConditionKind::Requirement: {
            const Requirement& requirement = way.required[condition.requirement];
            row.what = what_text(telling, condition.entry,
                                 psprintf("requires \"%s\"", telling.version->rules[requirement.rule].name));
            row.needed = psprintf(INT64_FORMAT, requirement.count);
            row.has = psprintf(INT64_FORMAT, condition.count);
            if (condition.count < requirement.count)
                row.missing = psprintf(INT64_FORMAT, requirement.count - condition.count);
        }
    }
    row.verdict = verdict_text(condition.verdict);
    row.how = ways_text(telling, condition.ways);
    put(telling.result, row);
}

// Calls visit(door) for each door that events lead to the stage by.
template <class Visit>
void for_each_door(const Telling& telling, Visit visit) {
    const Version* version = telling.version;
    for (int door = 0; door < version->door_count; ++door)
        if (version->definition->stage_of_door(door) == telling.asking->question.stage &&
            version->stages[door].on_event != nullptr)
            visit(door);
}

void put_doors(const Telling& telling) {
    if (telling.asking->answer.verdict == Verdict::Yes) return;
    const Stage& stage = telling.stage();
    auto by_score = [](const auto& way) { return way.entered_by_score(); };
    bool by_hand = !by_score(stage) && !std::ranges::any_of(telling.definition().entries_of(stage), by_score);
    for_each_door(telling, [&](int door) {
        by_hand = false;
        const DoubtedCondition& doubted = telling.doubts->stages[door];
        Row row = {what_text(telling, telling.definition().entry_of_door(door), "on_event"),
                   psprintf("an event \"%s\"", telling.version->stages[door].on_event)};
        row.verdict = doubted.times > 0 ? "unknown" : "no";
        if (doubted.times > 0) {
            row.has = psprintf(INT64_FORMAT " whose condition is NULL", doubted.times);
            row.missing = doubted.columns;
        }
        put(telling.result, row);
    });
    if (by_hand)
        put(telling.result, {"by hand", telling.stage().name.c_str(), nullptr, nullptr, "no", set_stage_text(telling)});
}

// What the stage is barred by since moves were taken back.
void put_undone(const Telling& telling) {
    int target = telling.asking->question.stage;
    const std::vector<Bar>& bars = telling.state().barred;
    const char* event = nullptr;  // or several
    for_each_door(telling, [&](int door) {
        const char* type = telling.version->stages[door].on_event;
        event = event == nullptr ? psprintf("\"%s\"", type) : psprintf("%s or \"%s\"", event, type);
    });
    for (const Bar& bar : bars) {
        if (bar.stage != target || (!bar.by_score && event == nullptr)) continue;
        Timestamp since = bar.since != kNever ? bar.since : telling.undone_at;
        StringInfoData how;
        initStringInfo(&how);
        appendStringInfo(&how, "%s  --", set_stage_text(telling));
        if (event != nullptr) appendStringInfo(&how, " or a later event %s", event);
        if (bar.by_score)
            appendStringInfo(&how, "%s or once its conditions have ceased to hold", event != nullptr ? "," : "");
        put(telling.result,
            {"undone", bar.by_score ? "that its conditions cease to hold, and hold again" : "an event after that",
             since == kNever ? "a move was taken back" : psprintf("taken back %s", time_text(since)), nullptr, "no",
             how.data});
    }
}

// Where it stands, and what that keeps it from.
void put_obstacles(const Telling& telling) {
    if (telling.asking->answer.verdict == Verdict::Yes) return;
    const StageState& state = telling.state();
    const Stage& now = telling.now();
    if (now.detour) {
        const char* since = state.since == kNever ? "" : psprintf(" since %s", time_text(state.since));
        const char* has = psprintf("%s%s", now.name.c_str(), since);
        Timestamp opens = state.since == kNever ? kNever : add_saturated(state.since, now.cooldown);
        bool waits = now.cooldown > 0 && opens > telling.at && IS_VALID_TIMESTAMP(opens);
        put(telling.result,
            {"detour", now.exit_by_hand ? "a hand that leads out" : "an event that matches", has, nullptr, "no",
             now.exit_by_hand ? set_stage_text(telling)
             : waits          ? psprintf("an event after %s", time_text(opens))
                              : "any event that matches a rule, once the stage's conditions hold"});
    }
    auto target = static_cast<std::size_t>(telling.asking->question.stage);
    const Stage& stage = telling.stage();
    Timestamp entered = target < state.last_entry.size() ? state.last_entry[target] : kNever;
    Timestamp opens = entered == kNever ? kNever : add_saturated(entered, stage.cooldown);
    if (stage.cooldown > 0 && opens > telling.at && IS_VALID_TIMESTAMP(opens))
        put(telling.result,
            {"cooldown", psprintf("from %s on", time_text(opens)), psprintf("entered %s", time_text(entered)), nullptr,
             "no", psprintf("wait until %s", time_text(opens))});
    put_undone(telling);
}

void put_lead(const Telling& telling, const LeadFindings& found) {
    if (found.left_out)
        put(telling.result, {"lead_condition", "that it holds", "does not hold for the lead", nullptr, "no",
                             "a lead that it does not hold for enters no stage"});
    if (!found.known)
        put(telling.result, {"lead", "a row of the leads table", "events only", nullptr, "no",
                             "without a row no rule on the lead matches"});
    Timestamp came = created_by(found, GetCurrentStatementStartTimestamp());
    if (came > telling.at)
        put(telling.result,
            {"lead_created", psprintf("by %s", time_text(telling.at)), psprintf("came %s", time_text(came)), nullptr,
             "no", "rules on the lead count from then on"});
}

// What is NULL: to be asked for.
void put_doubts(const Telling& telling) {
    for (int i = 0; i < telling.version->rule_count; ++i) {
        const DoubtedCondition& doubted = telling.doubts->rules[i];
        if (doubted.times == 0) continue;
        const RuleSource& rule = telling.version->rules[i];
        bool fit = rule.event_type == nullptr;
        put(telling.result,
            {psprintf("rule \"%s\"", rule.name), "that its condition holds",
             fit ? "NULL" : psprintf("NULL for " INT64_FORMAT " event%s", doubted.times, doubted.times == 1 ? "" : "s"),
             doubted.columns, "unknown",
             doubted.columns == nullptr
                 ? nullptr
                 : psprintf("%s %s", fit ? "ask the lead for" : "have events say", doubted.columns)});
    }
}

// Types that no rule names are nothing that scores tell: they are for those who may read of them in the view.
bool sees_event_types(const Telling& telling) {
    Oid view = get_relname_relid("event_types", telling.model->schema);
    return OidIsValid(view) && pg_class_aclcheck(view, telling.caller, ACL_SELECT) == ACLCHECK_OK;
}

void put_log(const Telling& telling, const Waiting& waiting) {
    if (waiting.matches > 0) {
        const char* name =
            waiting.first.kind == MatchKind::Rule
                ? psprintf("of \"%s\"", telling.version->rules[waiting.first.target].name)
                : psprintf("for %s \"%s\"", waiting.first.target < telling.version->stage_count ? "stage" : "entry",
                           telling.version->stages[waiting.first.target].name);
        put(telling.result, {"pending", nullptr,
                             psprintf(INT64_FORMAT " match%s in the future, the first one %s", waiting.matches,
                                      waiting.matches == 1 ? "" : "es", name),
                             nullptr, "no", psprintf("wait until %s", time_text(waiting.first.at))});
    }
    for (int i = 0; i < telling.doubts->type_count && sees_event_types(telling); ++i) {
        const UnnamedType& type = telling.doubts->types[i];
        put(telling.result,
            {"event type", "a rule or stage that names it",
             psprintf(INT64_FORMAT " event%s \"%s\"", type.times, type.times == 1 ? "" : "s", type.name), nullptr, "no",
             psprintf("SELECT * FROM %s;", own_table(telling.model, "event_types"))});
    }
}

void put_model(ReturnSetInfo* result, const Model* model, const Version* version) {
    const char* name = quote_literal_cstr(model->name);
    if (version == nullptr)
        put(result, {"model", "a published version", "nothing is published yet", nullptr, "no",
                     psprintf("SELECT lead_scoring.publish(%s);", name)});
    if (model->paused)
        put(result,
            {"model", "that it scores", "paused", nullptr, "no", psprintf("SELECT lead_scoring.resume(%s);", name)});
}

// The progress stage above the one that the lead was in last; the last one of all where it is there.
int next_stage(const Definition& definition, const MoveList& moves) {
    int from = definition.first_stage;
    for (int i = 0; i < moves.count; ++i)
        if (moves.moves[i].stands(moves.until) && moves.moves[i].stage != kNoStage &&
            !definition.stages[static_cast<std::size_t>(moves.moves[i].stage)].detour)
            from = moves.moves[i].stage;
    int last = from;
    for (int i = 0; i < static_cast<int>(definition.stages.size()); ++i) {
        const Stage& stage = definition.stages[static_cast<std::size_t>(i)];
        if (!stage.detour && stage.rank > definition.stages[static_cast<std::size_t>(last)].rank) return i;
    }
    return last;
}

int require_stage(FunctionCallInfo fcinfo, const Reading& reading, const MoveList& moves) {
    if (PG_ARGISNULL(2)) return next_stage(*reading.version->definition, moves);
    const char* name = text_to_cstring(PG_GETARG_TEXT_PP(2));
    int stage = find_stage(reading.version, name);
    if (stage != kNoStage) return stage;
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("model \"%s\" has no stage \"%s\"", reading.model->name, name),
             errdetail("Version " INT64_FORMAT " is the one in force.", reading.version->number),
             errhint("SELECT name FROM %s;", own_table(reading.model, "stages"))));
    pg_unreachable();
}

// Makes the lead as it was, and looks for what lies ahead of it.
Waiting replay_lead(const Version* version, const LeadFindings& found, Timestamp at, Asking* asking) {
    Timestamp now = GetCurrentStatementStartTimestamp();
    LeadFacts facts = facts_of(found, created_by(found, now));
    Waiting waiting = {};
    run_cpp([&] {
        asking->question.lead.stage.stage = version->definition->first_stage;
        asking->replay.emplace(*version->definition, asking->question.lead, facts, Until::instant(at), Moves::none(),
                               asking->none);
    });
    MatchReader reader(found);
    for (std::span<const Match> matches; reader.next(&matches);)
        run_cpp([&] {
            asking->replay->add(matches);
            for (const Match& match : matches)
                if (match.at > std::max(at, now) && waiting.matches++ == 0) waiting.first = match;
        });
    run_cpp([&] { asking->replay->finish(); });
    return waiting;
}

void answer(const Telling& telling, Asking* asking, const MoveList& moves, const StoredBars& stored, int stage) {
    const int64* buckets = buckets_at(telling.version, telling.at);
    Lead& lead = asking->question.lead;
    const Definition& definition = telling.definition();
    // Of a row that is damaged its history tells.
    if (!run_cpp_if_sound([&] { stand(lead, definition, moves, stored); }))
        run_cpp([&] { stand(lead, definition, moves, {nullptr, kNever}); });
    run_cpp([&] {
        WhyNotQuestion& question = asking->question;
        question.stage = stage;
        question.at = telling.at;
        lead.seen_at = telling.at;
        lead.due_at = kNever;
        asking->acts = acts_of(telling.version, buckets, telling.doubts);
        asking->doubts = event_doubts(telling.version, telling.doubts);
        question.acts = asking->acts;
        question.doubts = asking->doubts;
        asking->answer = why_not(definition, question);
    });
}

}  // namespace

// why_not(model text, lead, stage text, at timestamptz) returns (what, needed, has, missing, verdict, how)
LEAD_SCORING_FUNCTION(lead_scoring_why_not);
Datum lead_scoring_why_not(PG_FUNCTION_ARGS) {
    static constexpr const char* kCall = "For example SELECT * FROM lead_scoring.why_not('sales', 42, 'mql').";
    require_argument(fcinfo, 0, "model", kCall);
    require_argument(fcinfo, 1, "lead", kCall);
    require_argument(fcinfo, 3, "at", kCall);
    Timestamp at = PG_GETARG_TIMESTAMPTZ(3);
    if (TIMESTAMP_NOT_FINITE(at))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("at must be finite"),
                        errdetail("It is the time as of which the lead is told."), errhint("%s", kCall)));
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    Oid caller = GetUserId();
    Reading reading;
    Datum key;
    if (!begin_reading_lead_if_published(fcinfo, &reading, &key)) return static_cast<Datum>(0);
    if (reading.version == nullptr) {
        put_model(result, reading.model, nullptr);
        return static_cast<Datum>(0);
    }
    auto* asking = make_owned<Asking>();
    Doubts* doubts = make_doubts(reading.version, at);
    Telling telling = {result, caller, reading.model, reading.version, key, at, asking, doubts, kNever};
    with_log_at(reading.as, reading.version, key, at, doubts, [&](const LeadFindings& found) {
        if (!is_known(found)) no_such_lead(reading.model, key);
        MoveList moves = read_moves(reading.as, reading.version, key, at);
        StoredBars stored = read_bars(reading.as, key);
        telling.undone_at = moves.undone_at;
        int stage = require_stage(fcinfo, reading, moves);
        Waiting waiting = replay_lead(reading.version, found, at, asking);
        answer(telling, asking, moves, stored, stage);
        put(result, {"stage", telling.stage().name.c_str(), telling.now().name.c_str(), nullptr,
                     verdict_text(asking->answer.verdict), ways_text(telling, asking->answer.ways)});
        for (const Condition& condition : asking->answer.conditions) {
            if (condition.entry == kNoEntry)
                put_condition(telling, condition, telling.stage());
            else
                put_condition(telling, condition,
                              telling.definition().entries[static_cast<std::size_t>(condition.entry)]);
        }
        put_doors(telling);
        put_model(result, reading.model, reading.version);
        put_lead(telling, found);
        put_obstacles(telling);
        put_doubts(telling);
        put_log(telling, waiting);
    });
    end_reading(&reading);
    return static_cast<Datum>(0);
}
