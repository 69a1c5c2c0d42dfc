// What another version than the one in force would make of the leads.

#include "pg/server/postgres.hpp"

#include <cmath>
#include <string>

#include "core/card/score.hpp"
#include "core/reading/difference.hpp"
#include "pg/intake/event_log.hpp"
#include "pg/model/identity.hpp"
#include "pg/scoring/preview.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/owned.hpp"
#include "pg/server/progress.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
}

using namespace lead_scoring;

namespace {

// One run of either function, which tells of all leads by a definition.
struct Asked {
    AsWriter as;
    Version* version;
    const Version* in_force;  // null: nothing is published
    int stage;                // that leads reach; kNoStage: none is asked for
    Timestamp now;
    Backtest backtest;
    ReturnSetInfo* result;
    int64 done;
    int64 leads;
};

// Arguments: model text, definition jsonb, stage text, at timestamptz, which is now.
Asked begin(FunctionCallInfo fcinfo) {
    InitMaterializedSRF(fcinfo, 0);
    bool whole = !PG_ARGISNULL(0) && !PG_ARGISNULL(1) && !PG_ARGISNULL(3);
    const char* name = whole ? text_to_cstring(PG_GETARG_TEXT_PP(0)) : nullptr;
    require_entry(name);
    Datum definition = PointerGetDatum(PG_DETOAST_DATUM(PG_GETARG_DATUM(1)));
    const char* stage = PG_ARGISNULL(2) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(2));
    Model* model = use_bound(name);
    Asked asked = {};
    asked.result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    asked.as = begin_work_in_command(model);
    asked.in_force = visible_version(model);
    int64 number = asked.in_force == nullptr ? 0 : asked.in_force->number;
    asked.version = make_version(name, number + 1, definition);
    asked.stage = stage == nullptr ? kNoStage : find_stage(asked.version, stage);
    if (asked.in_force != nullptr) name_as_stored(asked.version, asked.in_force);
    asked.now = PG_GETARG_TIMESTAMPTZ(3);
    asked.backtest = begin_backtest(asked.as, asked.version, asked.now);
    begin_progress(model->scores, GetCurrentTimestamp());
    return asked;
}

void end(const Asked* asked) {
    end_progress();
    end_work(asked->as);
}

// Calls visit(found) for each lead that either table names, replayed; before them begin(leads).
template <class Begin, class Visit>
void for_each_replayed(Asked* asked, Begin begin, Visit visit) {
    constexpr int64 kLeadsPerReport = 100;
    auto start = [&](std::size_t leads) {
        asked->leads = leads == kManyLeads ? kUnknownTotal : static_cast<int64>(leads);
        begin(leads);
    };
    for_each_lead(asked->as, asked->version, start, [&](const LeadFindings& found) {
        CHECK_FOR_INTERRUPTS();
        if (asked->done++ % kLeadsPerReport == 0) report_leads(asked->done - 1, asked->leads);
        if (!is_known(found)) return;
        replay(&asked->backtest, found);
        visit(found);
    });
}

// When the lead that was replayed reached the stage, as reports have it: only leads that count do.
Datum reached(const Asked* asked, const LeadFindings& found, bool* is_null) {
    bool asks = asked->stage != kNoStage && is_counted(found);
    Timestamp at = asks ? reached_at(&asked->backtest, found, asked->stage) : kNever;
    *is_null = at == kNever;
    return TimestampTzGetDatum(at);
}

// What is told of a stored row as it is: its score, and the card behind it.
struct Present {
    Workspace* workspace;
    std::string* text;
};

double score_now(const Asked* asked, const Present& present, const ScoreRow& row, Scored* scored) {
    const Version* version =
        row.version == asked->in_force->number ? asked->in_force : find_version(asked->as.model, row.version);
    if (row.card == nullptr || version == nullptr || !load_lead(present.workspace, version, row)) return NAN;
    *scored = {version->definition, &present.workspace->lead.card};
    return run_cpp([&] { return points_of_units(score_at(*scored->definition, *scored->card, asked->now).total); });
}

const char* differing_rules(const Asked* asked, const Present& present, const Scored& before) {
    Scored after = {asked->version->definition, &asked->backtest.task.workspace->lead.card};
    run_cpp([&] { *present.text = difference(before, after, asked->now); });
    return present.text->empty() ? nullptr : present.text->c_str();
}

void set_text(Datum* value, bool* is_null, const char* text) {
    *is_null = text == nullptr;
    if (text != nullptr) *value = CStringGetTextDatum(text);
}

void set_points(Datum* value, bool* is_null, double points) {
    *is_null = std::isnan(points);
    *value = Float8GetDatum(points);
}

// Of a model that has no version yet: the first publish replays.
Outlook as_replayed(const Asked* asked) {
    const Lead& lead = asked->backtest.task.workspace->lead;
    return {false, asked->version->definition->stages[static_cast<std::size_t>(lead.stage.stage)].name.c_str(),
            points_of_units(lead.features.score.total)};
}

}  // namespace

// backtest(model text, definition jsonb, stage text, at timestamptz) returns (lead_id, seen, reached_at)
LEAD_SCORING_FUNCTION(lead_scoring_backtest);
Datum lead_scoring_backtest(PG_FUNCTION_ARGS) {
    Asked asked = begin(fcinfo);
    auto visit = [&](const LeadFindings& found) {
        bool nulls[3] = {};
        Datum at = reached(&asked, found, &nulls[2]);
        if (nulls[2]) return;
        Datum values[] = {CStringGetTextDatum(key_to_text(asked.as.model->key, found.key)), BoolGetDatum(found.seen),
                          at};
        tuplestore_putvalues(asked.result->setResult, asked.result->setDesc, values, nulls);
    };
    for_each_replayed(
        &asked, [](std::size_t) {}, visit);
    end(&asked);
    return static_cast<Datum>(0);
}

// look_ahead(model text, definition jsonb, stage text, at timestamptz, publishes boolean, refreshes boolean) returns
// (lead_id, seen, counts, stage_now, stage_after, reached_at, score_now, score_after, rules, damaged)
LEAD_SCORING_FUNCTION(lead_scoring_look_ahead);
Datum lead_scoring_look_ahead(PG_FUNCTION_ARGS) {
    Asked asked = begin(fcinfo);
    const KeyType& key = asked.as.model->key;
    Present present = {make_workspace(), make_owned<std::string>()};
    Preview preview = {};
    ScoreTable* scores = nullptr;
    if (asked.in_force != nullptr) {
        preview = begin_preview(asked.as, asked.in_force, asked.version, asked.now);
        preview.publishes = PG_GETARG_BOOL(4);
        preview.refreshes = PG_GETARG_BOOL(5);
        scores = open_scores(asked.as.model, asked.in_force, true);
    }
    auto start = [&](std::size_t leads) {
        if (scores != nullptr) expect_leads(scores, leads);
    };
    for_each_replayed(&asked, start, [&](const LeadFindings& found) {
        ScoreRow row = asked.backtest.row;
        bool stands = scores != nullptr && read_score(scores, found.key, GetActiveSnapshot()->curcid, &row);
        if (!is_counted(found) && !(stands && row.counted)) return;
        const char* stage_now = stands ? row.stage_name : nullptr;
        Scored before;
        double score = stands ? score_now(&asked, present, row, &before) : NAN;
        const char* rules = differing_rules(&asked, present, before);
        bool missing = scores != nullptr && !stands && !preview.publishes;  // and nobody makes the row
        Outlook after = missing             ? Outlook{false, nullptr, NAN}
                        : scores == nullptr ? as_replayed(&asked)
                                            : look_ahead(&preview, &asked.backtest, found, &row);
        if (!preview.publishes && std::isnan(after.score)) after.score = score;
        Datum values[10] = {};
        bool nulls[10] = {};
        values[0] = CStringGetTextDatum(key_to_text(key, found.key));
        values[1] = BoolGetDatum(found.seen);
        values[2] = BoolGetDatum(is_counted(found));
        set_text(&values[3], &nulls[3], stage_now);
        set_text(&values[4], &nulls[4], after.stage);
        values[5] = reached(&asked, found, &nulls[5]);
        set_points(&values[6], &nulls[6], score);
        set_points(&values[7], &nulls[7], after.score);
        set_text(&values[8], &nulls[8], rules);
        values[9] = BoolGetDatum(after.damaged);
        tuplestore_putvalues(asked.result->setResult, asked.result->setDesc, values, nulls);
    });
    if (scores != nullptr) close_scores(scores);
    end(&asked);
    return static_cast<Datum>(0);
}
