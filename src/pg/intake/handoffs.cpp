#include "pg/server/postgres.hpp"

#include "pg/intake/handoffs.hpp"

#include <initializer_list>

#include "pg/model/format.hpp"
#include "pg/model/table_name.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
}

namespace lead_scoring {

namespace {

// In what follows %1 is the table of hand-offs, %2 that of transitions, %3 the outbox, %4 the settings, %5 the model's
// name as a literal, %6 the type of keys, %7 that the row, h, is the one that $1 and $2 name, its id and the token of
// its lease, which has not run out at $3; %8 the table of scores, %9 of which lead, where it is of one; %: and %; the
// table of leads and its key as literals.

// The id that $1 is; none where it is no uuid at all.
#define HANDOFF_ID "CASE WHEN $1 ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$' THEN $1::uuid END"

constexpr const char* kIsLeased =
    "h.id = " HANDOFF_ID " AND h.lease_token::text = lower($2) AND h.done_at IS NULL AND h.ready_at > $3";

// What came into the outbox: of rows of `from`, a, with their moves, t.
#define OUTBOX(from, type)                                                                                             \
    "INSERT INTO %3 (aggregatetype, aggregateid, type, payload) "                                                      \
    "SELECT 'lead', a.lead_id::text, " type                                                                            \
    ", jsonb_build_object('id', a.id, 'lead_id', a.lead_id::text, "                                                    \
    "'stage', t.to_stage, 'at', t.at, 'score', t.score, 'grade', t.grade, 'rule', t.rule, 'owner', a.owner, 'why', "   \
    "a.why, 'outcome', a.outcome, 'reason', a.reason) FROM " from                                                      \
    " a JOIN %2 t ON t.lead_id = a.lead_id AND t.seq = a.seq, %4 s WHERE s.handoff_outbox"

constexpr const char* kAdd =
    "WITH moved AS (SELECT unnest($1) AS lead_id, unnest($2) AS seq, unnest($3) AS max_attempts), "
    "added AS (INSERT INTO %1 (lead_id, seq, max_attempts, is_first, owner, why) "
    "SELECT m.lead_id, m.seq, m.max_attempts, row_number() OVER (PARTITION BY m.lead_id ORDER BY m.seq) = 1 AND NOT "
    "EXISTS (SELECT FROM %1 o WHERE o.lead_id = m.lead_id AND o.done_at IS NULL), "
    "lead_scoring_internal.handoff_owner(%5, m.lead_id::text, %:, %;), "
    "lead_scoring_internal.handoff_why(%5, m.lead_id::text, t.at, t.to_stage, t.cause, t.rule, t.reason) "
    "FROM moved m JOIN %2 t ON t.lead_id = m.lead_id AND t.seq = m.seq ORDER BY m.lead_id, m.seq RETURNING *), "
    "told AS (" OUTBOX("added", "'handed_off'")
    ") SELECT pg_notify('lead_scoring_handoffs', %5) FROM %4 s "
    "WHERE s.handoff_notify AND EXISTS (SELECT FROM added)";

constexpr const char* kClaim =
    "WITH ready AS MATERIALIZED (SELECT h.lead_id, h.seq, h.ready_at FROM %1 h WHERE h.is_first "
    "AND h.ready_at >= $7 AND h.ready_at <= $6 "
    "AND h.attempts < h.max_attempts AND ($5 IS NULL OR h.owner = $5) AND ($4 IS NULL OR EXISTS (SELECT FROM %2 t "
    "WHERE t.lead_id = h.lead_id AND t.seq = h.seq AND t.to_stage = $4)) "
    "ORDER BY h.ready_at LIMIT $2 FOR UPDATE SKIP LOCKED), "
    "claimed AS (UPDATE %1 h SET attempts = h.attempts + 1, claimed_by = $1, claimed_at = $6, ready_at = $6 + $3, "
    "lease_token = gen_random_uuid() FROM ready r WHERE h.lead_id = r.lead_id AND h.seq = r.seq "
    "RETURNING h.*, r.ready_at AS was_ready_at) "
    "SELECT c.id::text, c.lead_id::text, t.to_stage, t.at, t.score, t.grade, to_jsonb(t) ->> 'lead_type', t.rule, "
    "to_jsonb(t) ->> 'entry', c.why, c.attempts, c.lease_token::text, c.was_ready_at FROM claimed c "
    "LEFT JOIN %2 t ON t.lead_id = c.lead_id AND t.seq = c.seq ORDER BY t.at, c.lead_id";

// By ids in an array: a join might begin with whatever lies first in the table, and is dead.
constexpr const char* kPark =
    "UPDATE %1 h SET done_at = $1, ended = 'parked', is_first = false, lease_token = NULL "
    "WHERE h.id = ANY (ARRAY(SELECT o.id FROM %1 o WHERE o.is_first AND o.attempts >= o.max_attempts "
    "AND o.ready_at <= $1 ORDER BY o.ready_at LIMIT 100 FOR UPDATE SKIP LOCKED)) RETURNING h.lead_id::%6";

constexpr const char* kFind =
    "SELECT h.lead_id::%6, h.lease_token::text = lower($2), h.ready_at > $3, h.ended, h.claimed_by, "
    "date_trunc('second', h.ready_at)::text FROM %1 h WHERE h.id = " HANDOFF_ID;

// Ends a delivery by those assignments; where the row was the first of its lead and is done, the next one is. That one
// comes behind it: what is done of a lead, and may be dead and not removed yet, is passed over.
#define END_DELIVERY(assignments)                                                                                      \
    "WITH ended AS (UPDATE %1 h SET " assignments                                                                      \
    " FROM (SELECT o.lead_id, o.seq, o.is_first FROM %1 o WHERE o.id = " HANDOFF_ID                                    \
    ") o WHERE h.lead_id = o.lead_id AND h.seq = o.seq AND %7 "                                                        \
    "RETURNING h.lead_id, h.seq, o.is_first AND h.done_at IS NOT NULL AS leaves), "                                    \
    "following AS (UPDATE %1 h SET is_first = true, ready_at = greatest(h.ready_at, $3) "                              \
    "FROM ended e CROSS JOIN LATERAL (SELECT w.lead_id, w.seq FROM %1 w WHERE w.lead_id = e.lead_id AND w.seq > "      \
    "e.seq "                                                                                                           \
    "AND w.done_at IS NULL AND NOT w.is_first ORDER BY w.lead_id, w.seq LIMIT 1) n "                                   \
    "WHERE e.leaves AND h.lead_id = n.lead_id AND h.seq = n.seq) SELECT FROM ended"

constexpr const char* kAck = END_DELIVERY("done_at = $3, ended = 'acknowledged', is_first = false");

constexpr const char* kRelease = END_DELIVERY(
    "ready_at = $3 + $4, lease_token = NULL, claimed_by = NULL, "
    "done_at = CASE WHEN h.attempts >= h.max_attempts THEN $3 END, "
    "ended = CASE WHEN h.attempts >= h.max_attempts THEN 'parked' END, "
    "is_first = h.is_first AND h.attempts < h.max_attempts");

constexpr const char* kExtend = "UPDATE %1 h SET ready_at = $3 + $4 WHERE %7";

constexpr const char* kLatest =
    "SELECT h.seq::bigint, t.to_stage, h.outcome, h.reason, "
    "(SELECT s.stage FROM %8 s WHERE s.lead_id = h.lead_id) FROM %1 h "
    "JOIN %2 t ON t.lead_id = h.lead_id AND t.seq = h.seq "
    "WHERE h.lead_id = $1 AND h.ended IS DISTINCT FROM 'withdrawn' ORDER BY h.seq DESC LIMIT 1";

constexpr const char* kDecide =
    "WITH decided AS (UPDATE %1 SET outcome = $3, reason = $4, decided_by = $5, decided_at = clock_timestamp() "
    "WHERE lead_id = $1 AND seq = $2 RETURNING *) " OUTBOX("decided", "a.outcome");

constexpr const char* kSettle =
    "WITH open AS (SELECT h.lead_id, h.seq, t.undone_at IS NOT NULL AND (NOT t.superseded OR NOT EXISTS ("
    "SELECT FROM %2 s WHERE s.lead_id = t.lead_id AND s.to_stage = t.to_stage AND s.undone_at IS NULL)) AS gone "
    "FROM %1 h LEFT JOIN %2 t ON t.lead_id = h.lead_id AND t.seq = h.seq WHERE h.done_at IS NULL%9), "
    "placed AS (SELECT o.*, NOT o.gone AND o.seq = min(o.seq) FILTER (WHERE NOT o.gone) OVER (PARTITION BY o.lead_id) "
    "AS leads_off FROM open o) "
    "UPDATE %1 h SET is_first = p.leads_off, "
    "ready_at = CASE WHEN p.leads_off THEN greatest(h.ready_at, clock_timestamp()) ELSE h.ready_at END, "
    "done_at = CASE WHEN p.gone THEN clock_timestamp() END, "
    "ended = CASE WHEN p.gone THEN 'withdrawn' END, lease_token = CASE WHEN NOT p.gone THEN h.lease_token END "
    "FROM placed p WHERE h.lead_id = p.lead_id AND h.seq = p.seq AND h.done_at IS NULL "
    "AND (p.gone OR h.is_first <> p.leads_off)";

// From lead to lead by the index of those that wait, however many rows of one do.
constexpr const char* kFindHeadless =
    "WITH RECURSIVE waiting (lead_id) AS ("
    "(SELECT h.lead_id FROM %1 h WHERE h.done_at IS NULL AND NOT h.is_first ORDER BY h.lead_id LIMIT 1) UNION ALL "
    "SELECT (SELECT h.lead_id FROM %1 h WHERE h.done_at IS NULL AND NOT h.is_first AND h.lead_id > w.lead_id "
    "ORDER BY h.lead_id LIMIT 1) FROM waiting w WHERE w.lead_id IS NOT NULL) "
    "SELECT w.lead_id::%6 FROM waiting w WHERE w.lead_id IS NOT NULL "
    "AND NOT EXISTS (SELECT FROM %1 f WHERE f.lead_id = w.lead_id AND f.is_first) LIMIT 100";

constexpr const char* kSweep =
    "DELETE FROM %1 h USING (SELECT d.lead_id, d.seq FROM %1 d WHERE d.done_at < $1 ORDER BY d.done_at LIMIT $2 "
    "FOR UPDATE SKIP LOCKED) d WHERE h.lead_id = d.lead_id AND h.seq = d.seq";

// What the arguments of a statement are; Key stands for the type of the model's keys.
enum class Of { Key, Keys, Number, Numbers, Count, Text, Time, Length };

Oid type_of(const Model* model, Of of) {
    switch (of) {
        case Of::Key:
            return model->key.type;
        case Of::Keys:
            return get_array_type(model->key.type);
        case Of::Number:
            return INT4OID;
        case Of::Numbers:
            return INT4ARRAYOID;
        case Of::Count:
            return INT8OID;
        case Of::Text:
            return TEXTOID;
        case Of::Time:
            return TIMESTAMPTZOID;
        case Of::Length:
            break;
    }
    return INTERVALOID;
}

struct Statement {
    PlanName name;
    const char* sql;
    Of arguments[7];
    int count;
};

constexpr Statement kStatements[] = {
    {PlanName::AddHandoffs, kAdd, {Of::Keys, Of::Numbers, Of::Numbers}, 3},
    {PlanName::ClaimHandoffs, kClaim, {Of::Text, Of::Count, Of::Length, Of::Text, Of::Text, Of::Time, Of::Time}, 7},
    {PlanName::ParkHandoffs, kPark, {Of::Time}, 1},
    {PlanName::FindHandoff, kFind, {Of::Text, Of::Text, Of::Time}, 3},
    {PlanName::AckHandoff, kAck, {Of::Text, Of::Text, Of::Time}, 3},
    {PlanName::ReleaseHandoff, kRelease, {Of::Text, Of::Text, Of::Time, Of::Length}, 4},
    {PlanName::ExtendHandoff, kExtend, {Of::Text, Of::Text, Of::Time, Of::Length}, 4},
    {PlanName::LatestHandoff, kLatest, {Of::Key}, 1},
    {PlanName::DecideHandoff, kDecide, {Of::Key, Of::Number, Of::Text, Of::Text, Of::Text}, 5},
    {PlanName::SettleHandoffs, kSettle, {Of::Key}, 1},
    {PlanName::SettleAllHandoffs, kSettle, {}, 0},
    {PlanName::FindHeadless, kFindHeadless, {}, 0},
    {PlanName::SweepHandoffs, kSweep, {Of::Time, Of::Count}, 2},
};

// The statement with its parts in the places that have their numbers.
char* fill(const char* sql, const char* const* parts) {
    StringInfoData filled;
    initStringInfo(&filled);
    for (; *sql != '\0'; ++sql) {
        if (*sql == '%')
            appendStringInfoString(&filled, parts[*++sql - '1']);
        else
            appendStringInfoChar(&filled, *sql);
    }
    return filled.data;
}

}  // namespace

char* handoff_statement(const Model* model, PlanName name, Oid* types, int* arguments) {
    for (const Statement& statement : kStatements) {
        if (statement.name != name) continue;
        for (int i = 0; i < statement.count; ++i) types[i] = type_of(model, statement.arguments[i]);
        *arguments = statement.count;
        const char* const parts[] = {own_table(model, "handoffs"),
                                     own_table(model, "transitions"),
                                     own_table(model, "outbox"),
                                     own_table(model, "settings"),
                                     quote_literal_cstr(model->name),
                                     format_type_be(model->key.type),
                                     kIsLeased,
                                     own_table(model, "scores"),
                                     name == PlanName::SettleHandoffs ? " AND h.lead_id = $1" : "",
                                     quote_literal_cstr(user_table(model, kLeads)),
                                     quote_literal_cstr(model->binding.lead_key)};
        return fill(statement.sql, parts);
    }
    return nullptr;
}

bool has_handoffs(const Model* model) { return has_column(model, "handoffs", "lead_id"); }

}  // namespace lead_scoring
