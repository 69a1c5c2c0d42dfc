// What merging and forgetting leads write into a model's own tables. The functions that call these have locked the
// leads.

#include "pg/server/postgres.hpp"

#include <algorithm>
#include <string_view>

#include "pg/intake/handoffs.hpp"
#include "pg/intake/plans.hpp"
#include "pg/model/format.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/model.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

using namespace lead_scoring;

namespace {

Model* use_entered_model(FunctionCallInfo fcinfo) {
    const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(name);
    return use_bound(name);
}

Datum key_argument(FunctionCallInfo fcinfo, int number, const Model* model) {
    return key_from_text(model->key, text_to_cstring(PG_GETARG_TEXT_PP(number)));
}

// Runs a statement that writes that table, for which %1$s stands in `sql`, and %2$s for whether a transition, t,
// stands.
void write_rows(const AsWriter& as, const char* table, const char* sql, int arguments, Oid* types, Datum* values,
                const char* nulls = nullptr) {
    write_state(as, table, psprintf(sql, own_table(as.model, table), stands(as.model)), arguments, types, values,
                nulls);
}

// Two leads, of which the first becomes part of the second: $1 and $2.
struct Pair {
    const AsWriter& as;
    Datum keys[2];
    Oid types[2];
    void write(const char* table, const char* sql) { write_rows(as, table, sql, 2, types, keys); }
};

// Numbers are negative on the way, for none is free before the other rows have moved. What one lead did at the very
// instant of the other stays in its order.
#define JOINED_CHAIN(transitions)                                                                                      \
    "WITH chain AS ("                                                                                                  \
    "SELECT t.lead_id, t.seq, t.lead_id = $1 AS is_moved, "                                                            \
    "row_number() OVER (ORDER BY t.at, t.lead_id = $1, t.seq) AS new_seq, "                                            \
    "CASE WHEN %2$s THEN lag(t.to_stage, 1, t.from_stage) OVER (PARTITION BY %2$s "                                    \
    "ORDER BY t.at, t.lead_id = $1, t.seq) ELSE t.from_stage END AS new_from "                                         \
    "FROM " transitions " t WHERE t.lead_id IN ($1, $2)) "
void join_histories(Pair* pair) {
    pair->write("transitions",
                JOINED_CHAIN("%1$s")
                "UPDATE %1$s t SET lead_id = $2, seq = -c.new_seq, from_stage = c.new_from, "
                "merged_from = CASE WHEN c.is_moved THEN coalesce(t.merged_from, t.lead_id || '#' || t.seq) "
                "ELSE t.merged_from END "
                "FROM chain c WHERE t.lead_id = c.lead_id AND t.seq = c.seq "
                "AND (c.is_moved OR c.new_seq <> t.seq OR c.new_from IS DISTINCT FROM t.from_stage)");
    pair->write("transitions", "UPDATE %1$s SET seq = -seq WHERE lead_id = $2 AND seq < 0");
}

void join_problems(Pair* pair) {
    pair->write("problems",
                "INSERT INTO %1$s AS p (lead_id, rule, message, count, first_at, last_at) "
                "SELECT $2, o.rule, o.message, o.count, o.first_at, o.last_at "
                "FROM %1$s o WHERE o.lead_id = $1 ORDER BY o.rule COLLATE \"C\" "
                "ON CONFLICT (lead_id, rule) DO UPDATE SET "
                "message = CASE WHEN excluded.last_at > p.last_at THEN excluded.message ELSE p.message END, "
                "count = p.count + excluded.count, first_at = least(p.first_at, excluded.first_at), "
                "last_at = greatest(p.last_at, excluded.last_at)");
    pair->write("problems", "DELETE FROM %1$s WHERE lead_id = $1");
}

// Whoever stays is nobody else any more.
void note_merge(Pair* pair) {
    pair->write("merged", "DELETE FROM %1$s WHERE merged_from = $2");
    pair->write("merged", "UPDATE %1$s SET lead_id = $2 WHERE lead_id = $1");
    bool dated = has_column(pair->as.model, "merged", "at");
    pair->write("merged", dated ? "INSERT INTO %1$s (merged_from, lead_id, at) VALUES ($1, $2, clock_timestamp()) "
                                  "ON CONFLICT (merged_from) DO UPDATE SET lead_id = excluded.lead_id, at = excluded.at"
                                : "INSERT INTO %1$s (merged_from, lead_id) VALUES ($1, $2) "
                                  "ON CONFLICT (merged_from) DO UPDATE SET lead_id = excluded.lead_id");
}

// Sets for each stage when the lead, s, entered it first.
char* entry_assignments(const Model* model) {
    Oid types[] = {TEXTOID, TEXTOID, OIDOID, TEXTOID};
    Datum values[] = {CStringGetTextDatum(model->name), CStringGetTextDatum(own_table(model, "transitions")),
                      ObjectIdGetDatum(model->scores), CStringGetTextDatum(stands(model))};
    query(
        "SELECT coalesce(string_agg(format(', %I = (SELECT min(t.at) FROM %s t WHERE t.lead_id = s.lead_id "
        "AND t.to_stage = %L AND %s)', a.attname, $2, left(a.attname, -3), $4), ''), '') FROM pg_attribute a "
        "WHERE a.attrelid = $3 AND NOT a.attisdropped "
        "AND a.attname = ANY (lead_scoring_internal.stage_columns($1))",
        4, types, values);
    return ResultRow{0}.text(1);
}

// The lead's row is put to the end of its joined history. The card is computed from the log by whoever works on the row
// next, for it is of no version: from the old one only the clock is taken, up to which nothing moves the lead again,
// for all of that is history, its own or the other's.
void join_scores(Pair* pair) {
    const char* update =
        "UPDATE %1$s s SET version = 0, card = pair.card, scored_at = pair.scored_at, "
        "stage = coalesce(latest.to_stage, s.stage), stage_seq = coalesce(pair.last_seq, 0), stage_since = latest.at, "
        "stage_armed = coalesce(latest.to_stage, s.stage) = ANY (pair.armed_stages)%3$s%4$s "
        "FROM (SELECT (array_agg(b.card ORDER BY lead_scoring_internal.card_clock(b.card) DESC NULLS LAST))[1] AS "
        "card, "
        "max(b.scored_at) AS scored_at%5$s, "
        "(SELECT max(t.seq) FROM %2$s t WHERE t.lead_id = $2) AS last_seq, "
        "array_remove(array_agg(CASE WHEN b.stage_armed THEN b.stage END), NULL) AS armed_stages "
        "FROM %1$s b WHERE b.lead_id IN ($1, $2)) pair "
        "LEFT JOIN LATERAL (SELECT t.to_stage, t.at FROM %2$s t WHERE t.lead_id = $2 AND %6$s "
        "ORDER BY t.seq DESC LIMIT 1) latest ON true WHERE s.lead_id = $2";
    const Model* model = pair->as.model;
    // What either was barred from the other is too; NULL stays where no move of theirs was ever taken back.
    bool barred = has_column(model, "scores", "stage_barred");
    const char* sql = psprintf(update, own_table(model, "scores"), own_table(model, "transitions"),
                               entry_assignments(model), barred ? ", stage_barred = pair.stage_barred" : "",
                               barred ? ", coalesce(string_agg(nullif(b.stage_barred, ''), ',' ORDER BY b.lead_id), "
                                        "left(max(b.stage_barred), 0)) AS stage_barred"
                                      : "",
                               stands(model));
    write_state(pair->as, "scores", sql, 2, pair->types, pair->keys);
    pair->write("scores", "DELETE FROM %1$s WHERE lead_id = $1");
}

// By the numbers that their moves will have. Which row is delivered first is settled when all are joined.
void join_handoffs(Pair* pair) {
    const Model* model = pair->as.model;
    if (!has_handoffs(model)) return;
    const char* sql = JOINED_CHAIN("%3$s")
        "UPDATE %1$s h SET lead_id = $2, seq = -c.new_seq FROM chain c "
        "WHERE h.lead_id = c.lead_id AND h.seq = c.seq AND (c.is_moved OR c.new_seq <> h.seq)";
    write_state(pair->as, "handoffs",
                psprintf(sql, own_table(model, "handoffs"), stands(model), own_table(model, "transitions")), 2,
                pair->types, pair->keys);
    pair->write("handoffs", "UPDATE %1$s SET seq = -seq WHERE lead_id = $2 AND seq < 0");
}

void join_adjustments(Pair* pair) { pair->write("adjustments", "UPDATE %1$s SET lead_id = $2 WHERE lead_id = $1"); }

// How the rows of two leads become those of one, in this order: the score row goes to the end of the joined history.
constexpr struct {
    std::string_view table;
    void (*join)(Pair*);
} kJoins[] = {{"handoffs", join_handoffs}, {"transitions", join_histories}, {"adjustments", join_adjustments},
              {"problems", join_problems}, {"merged", note_merge},          {"scores", join_scores}};

constexpr bool is_joined(std::string_view table) {
    return std::any_of(std::begin(kJoins), std::end(kJoins), [=](const auto& known) { return known.table == table; });
}
static_assert(std::all_of(std::begin(kLeadTables), std::end(kLeadTables), is_joined), "no table is left behind");

}  // namespace

// join_leads(model text, from_lead text, into_lead text)
LEAD_SCORING_FUNCTION(lead_scoring_join_leads);
Datum lead_scoring_join_leads(PG_FUNCTION_ARGS) {
    Model* model = use_entered_model(fcinfo);
    AsWriter as = begin_work_in_command(model);
    Pair pair = {
        as, {key_argument(fcinfo, 1, model), key_argument(fcinfo, 2, model)}, {model->key.type, model->key.type}};
    for (const auto& [table, join] : kJoins) join(&pair);
    if (has_handoffs(model)) execute(as, PlanName::SettleHandoffs, &pair.keys[1]);
    end_work(as);
    PG_RETURN_VOID();
}

// status_update(model text, of_one_lead boolean) returns text
LEAD_SCORING_FUNCTION(lead_scoring_status_update);
Datum lead_scoring_status_update(PG_FUNCTION_ARGS) {
    Model* model = use_entered_model(fcinfo);
    newest_version(model);  // which says what a status column shows
    const char* statement = stored_status_update(model, PG_GETARG_BOOL(1));
    if (statement == nullptr) PG_RETURN_NULL();
    PG_RETURN_TEXT_P(cstring_to_text(statement));
}

// count_forgotten(model text, campaign text, came date, entered jsonb)
LEAD_SCORING_FUNCTION(lead_scoring_count_forgotten);
Datum lead_scoring_count_forgotten(PG_FUNCTION_ARGS) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(3)) require_entry(nullptr);
    Model* model = use_entered_model(fcinfo);
    Oid types[] = {TEXTOID, DATEOID, JSONBOID};
    Datum values[] = {PG_GETARG_DATUM(1), PG_GETARG_DATUM(2), PG_GETARG_DATUM(3)};
    const char nulls[] = {PG_ARGISNULL(1) ? 'n' : ' ', PG_ARGISNULL(2) ? 'n' : ' ', ' '};
    AsWriter as = begin_work_in_command(model);
    const char* sql =
        "INSERT INTO %1$s AS f (campaign, came, entered, leads) VALUES ($1, $2, $3, 1) "
        "ON CONFLICT (campaign, came, entered) DO UPDATE SET leads = f.leads + 1";
    write_rows(as, "forgotten", sql, 3, types, values, nulls);
    end_work(as);
    PG_RETURN_VOID();
}

// detach_merged(model text, lead text)
LEAD_SCORING_FUNCTION(lead_scoring_detach_merged);
Datum lead_scoring_detach_merged(PG_FUNCTION_ARGS) {
    Model* model = use_entered_model(fcinfo);
    Oid types[] = {model->key.type};
    Datum values[] = {key_argument(fcinfo, 1, model)};
    AsWriter as = begin_work_in_command(model);
    const char* sql =
        "UPDATE %s m SET lead_id = m.merged_from WHERE m.lead_id = $1 "
        "AND EXISTS (SELECT FROM %s s WHERE s.lead_id = m.merged_from)";
    write_state(as, "merged", psprintf(sql, own_table(model, "merged"), own_table(model, "scores")), 1, types, values);
    end_work(as);
    PG_RETURN_VOID();
}

// erase_lead(model text, lead text)
LEAD_SCORING_FUNCTION(lead_scoring_erase_lead);
Datum lead_scoring_erase_lead(PG_FUNCTION_ARGS) {
    Model* model = use_entered_model(fcinfo);
    Oid types[] = {model->key.type, TEXTOID};
    Datum values[] = {key_argument(fcinfo, 1, model), PG_GETARG_DATUM(1)};
    AsWriter as = begin_work_in_command(model);
    auto erase = [&](const char* table, const char* sql) { write_rows(as, table, sql, 2, types, values); };
    delete_state(as, values[0]);
    erase("merged", "DELETE FROM %1$s WHERE merged_from = $1");
    erase("transitions",
          "UPDATE %1$s SET merged_from = NULL "
          "WHERE merged_from IS NOT NULL AND regexp_replace(merged_from, '#\\d+$', '') = $2");
    if (has_handoffs(model)) erase("outbox", "DELETE FROM %1$s WHERE aggregatetype = 'lead' AND aggregateid = $2");
    end_work(as);
    PG_RETURN_VOID();
}
