#include "pg/server/postgres.hpp"

#include "pg/intake/plans.hpp"

#include "pg/intake/handoffs.hpp"
#include "pg/intake/once.hpp"
#include "pg/model/format.hpp"
#include "pg/model/hold.hpp"
#include "pg/model/lead_of.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/table_name.hpp"
#include "pg/model/table_write.hpp"
#include "pg/server/owner.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
}

namespace lead_scoring {

namespace {

// Whether the statement names one of the user's tables: that of the source, else leads.
bool names_table(PlanName name) {
    switch (name) {
        case PlanName::LeadEvents:
        case PlanName::VisitorEvents:
        case PlanName::Identities:
        case PlanName::AllEvents:
        case PlanName::RepeatedId:
        case PlanName::LeadRow:
        case PlanName::AllLeads:
        case PlanName::AllMerged:
        case PlanName::LockLead:
        case PlanName::LockLeadWaiting:
        case PlanName::FindLead:
        case PlanName::PlacesOfLeads:
        case PlanName::UpdateStatus:
        case PlanName::UpdateStatuses:
        case PlanName::AddHandoffs:
            return true;
        default:
            return false;
    }
}

// A select list that makes the arrays $1, $2 ... rows. In a FROM clause each would take a tuplestore, and so many of
// these that the allocator returns their memory to the kernel each time.
char* unnested_columns(int count) {
    StringInfoData list;
    initStringInfo(&list);
    for (int i = 1; i <= count; ++i) appendStringInfo(&list, "%spg_catalog.unnest($%d)", i > 1 ? ", " : "", i);
    return list.data;
}

char* numbered_columns(int count) {
    StringInfoData list;
    initStringInfo(&list);
    for (int i = 1; i <= count; ++i) appendStringInfo(&list, "%s$%d", i > 1 ? ", " : "", i);
    return list.data;
}

// Where the values of status columns come from.
enum class StatusSource { Values, Arrays, ScoreOfLead, Scores };

// What a status column shows: of arguments, or of the model's scores. Null where nothing is published; one of a stage
// that the version does not have shows nothing.
const char* status_value(const Model* model, StatusSource source, int place) {
    if (source == StatusSource::Values) return psprintf("$%d", place + 2);
    if (source == StatusSource::Arrays) return psprintf("status.value%d", place);
    const StatusColumn& status = model->binding.status[place];
    if (status.kind == StatusKind::Stage) return "status.stage";
    if (status.kind == StatusKind::Score) return "status.score";
    if (status.kind == StatusKind::Grade) return "status.grade";
    if (model->newest == nullptr) return nullptr;
    int stage = find_status_stage(model->newest, status.stage);
    if (stage == kNoStage) return "NULL::pg_catalog.timestamptz";
    return psprintf("status.%s", quote_identifier(psprintf("%s_at", model->newest->stages[stage].name)));
}

// What they are read from, as status, for those sources that are no values.
const char* status_rows(const Model* model, StatusSource source) {
    if (source != StatusSource::Arrays) return psprintf("%s AS status", own_table(model, "scores"));
    StringInfoData names;
    initStringInfo(&names);
    for (int i = 0; i < model->binding.status_count; ++i) appendStringInfo(&names, ", value%d", i);
    return psprintf("(SELECT %s) AS status(lead_id%s)", unnested_columns(model->binding.status_count + 1), names.data);
}

// Writes the status columns that differ; null where there are none. It runs under the search_path of the user's
// triggers on leads (pg/model/table_write.hpp); so nothing is left to be looked up by it.
char* update_statement(const Model* model, StatusSource source) {
    StringInfoData assignments, differences, statement;
    for (StringInfo list : {&assignments, &differences, &statement}) initStringInfo(list);
    for (int i = 0; i < model->binding.status_count; ++i) {
        const char* column = quote_identifier(model->binding.status[i].column);
        const char* value = status_value(model, source, i);
        if (value == nullptr) continue;
        bool first = assignments.len == 0;
        appendStringInfo(&assignments, "%s%s = %s", first ? "" : ", ", column, value);
        appendStringInfo(&differences,
                         "%1$scoalesce(lead_row.%2$s OPERATOR(pg_catalog.<>) %3$s, "
                         "(lead_row.%2$s IS NULL) OPERATOR(pg_catalog.<>) (%3$s IS NULL))",
                         first ? "" : " OR ", column, value);
    }
    if (assignments.len == 0) return nullptr;
    bool is_read = source != StatusSource::Values;
    appendStringInfo(&statement, "UPDATE %s lead_row SET %s ", user_table(model, kLeads), assignments.data);
    if (is_read) appendStringInfo(&statement, "FROM %s ", status_rows(model, source));
    appendStringInfo(&statement, "WHERE %s OPERATOR(pg_catalog.=) %s AND (%s)",
                     lead_of(model->binding, kLeads, "lead_row"), is_read ? "status.lead_id" : "$1", differences.data);
    if (source == StatusSource::Scores || source == StatusSource::ScoreOfLead)
        appendStringInfoString(&statement, " AND status.version OPERATOR(pg_catalog.>) 0");
    if (source == StatusSource::ScoreOfLead)
        appendStringInfo(&statement, " AND status.lead_id OPERATOR(pg_catalog.=) $1::%s",
                         format_type_be_qualified(model->key.type));
    return statement.data;
}

// Of an adjustment, when it reset the engagement of its lead; models of older formats know no resets.
const char* reset_time(const Model* model) {
    return has_column(model, "adjustments", "resets") ? "CASE WHEN resets THEN made_at END::timestamptz"
                                                      : "NULL::timestamptz";
}

// The transitions that make no chain, with what would make one of them, in an order in which they can be changed one by
// one without two of a lead ever having one number: what moves up from the last to the first, what moves down the other
// way round. Those that were taken back have their numbers among the others, which go on from where the ones before
// them led that stand. An instant that is before that of the move before, or is none, is moved to it; where one is,
// none of the lead is taken to be later than it was recorded.
char* broken_histories(const Model* model, bool of_one_lead) {
    return psprintf(
        "WITH moves AS (SELECT t.lead_id, t.seq, t.from_stage, t.at, %3$s AS stands, "
        "row_number() OVER (PARTITION BY t.lead_id ORDER BY t.seq)::integer AS new_seq, "
        "CASE WHEN %3$s THEN lag(t.to_stage, 1, t.from_stage) OVER history ELSE t.from_stage END AS new_from, "
        "%3$s AND t.at < lag(t.at) OVER history AS falls_back, "
        "CASE WHEN isfinite(t.recorded_at) THEN t.recorded_at END AS recorded_at, "
        "CASE WHEN isfinite(t.at) THEN t.at WHEN isfinite(t.recorded_at) THEN t.recorded_at ELSE to_timestamp(0) END "
        "AS finite_at FROM %1$s t%2$s WINDOW history AS (PARTITION BY t.lead_id, %3$s ORDER BY t.seq)), "
        "leads AS (SELECT m.*, bool_or(m.falls_back) OVER (PARTITION BY m.lead_id) AS wrong FROM moves m), "
        "chain AS (SELECT l.*, CASE WHEN l.stands THEN "
        "max(CASE WHEN l.wrong THEN least(l.finite_at, l.recorded_at) ELSE l.finite_at END) "
        "OVER (PARTITION BY l.lead_id, l.stands ORDER BY l.seq) ELSE l.finite_at END AS new_at FROM leads l) "
        "SELECT c.lead_id, c.seq, c.new_seq, c.new_from, c.new_at FROM chain c "
        "WHERE c.seq <> c.new_seq OR c.from_stage IS DISTINCT FROM c.new_from OR c.at <> c.new_at "
        "ORDER BY c.lead_id, c.new_seq <= c.seq, CASE WHEN c.new_seq > c.seq THEN -c.seq::bigint ELSE c.seq END",
        own_table(model, "transitions"), of_one_lead ? " WHERE t.lead_id = $1" : "", stands(model));
}

}  // namespace

// Whether it is kept by which entry leads came, and what type they were then.
bool keeps_entry(const Model* model) { return has_column(model, "transitions", "entry"); }

// So many of kTransitionColumns there are.
int transition_count(const Model* model) { return keeps_entry(model) ? kTransitionColumns : kTransitionColumns - 2; }

bool keeps_undone(const Model* model) { return has_column(model, "transitions", "undone_at"); }

const char* stands(const Model* model) { return keeps_undone(model) ? "t.undone_at IS NULL" : "true"; }

char* events_statement(const Model* model, PlanName name, const Source* source) {
    const Binding& binding = model->binding;
    const char* own = psprintf("FROM %s event_row", user_table(model, source));
    const char* of_lead = psprintf("%s = $1", lead_of(binding, source, "event_row"));
    if (source->anonymous == nullptr)
        return name == PlanName::AllEvents ? psprintf("SELECT event_row %s", own)
                                           : psprintf("SELECT event_row %s WHERE %s", own, of_lead);
    const char* lead =
        psprintf("%s::%s", lead_of(binding, binding.identities, "identity"), format_type_be(model->key.type));
    const char* identities = user_table(model, binding.identities);
    const char* identified = is_identified(binding, source, "event_row", "identity");
    if (name == PlanName::AllEvents)
        return psprintf("SELECT event_row, coalesce(%s::%s, %s) %s LEFT JOIN %s identity ON %s",
                        lead_of(binding, source, "event_row"), format_type_be(model->key.type), lead, own, identities,
                        identified);
    const char* anonymous =
        psprintf("SELECT event_row, %s %s JOIN %s identity ON %s", lead, own, identities, identified);
    if (name == PlanName::VisitorEvents)
        return psprintf("%s WHERE identity.%s = ANY ($1)", anonymous, quote_identifier(binding.identities->anonymous));
    return psprintf("SELECT event_row, $1 %s WHERE %s UNION ALL %s WHERE %s = $1", own, of_lead, anonymous,
                    lead_of(binding, binding.identities, "identity"));
}

namespace {

// The table that a lead is deleted from; null: the statement is another.
const char* deleted_from(PlanName name) {
    if (name < PlanName::DeleteState || name > PlanName::DeleteLastState) return nullptr;
    return kLeadTables[static_cast<int>(name) - static_cast<int>(PlanName::DeleteState)];
}

// What was merged into a lead that is gone, whose row in scores is too: those that are there still are part of nobody,
// which keeps them from being counted; the others are forgotten.
char* part_merged(const Model* model) {
    const char* is_there =
        psprintf("EXISTS (SELECT FROM %s s WHERE s.lead_id = m.merged_from)", own_table(model, "scores"));
    return psprintf(
        "WITH kept AS (UPDATE %1$s m SET lead_id = m.merged_from WHERE m.lead_id = $1 AND %2$s) "
        "DELETE FROM %1$s m WHERE m.lead_id = $1 AND NOT %2$s",
        own_table(model, "merged"), is_there);
}

char* statement_of(const Model* model, PlanName name, const Source* source) {
    auto own = [&](const char* table) { return own_table(model, table); };
    if (const char* table = deleted_from(name))
        return strcmp(table, "merged") == 0 ? part_merged(model)
                                            : psprintf("DELETE FROM %s WHERE lead_id = $1", own(table));
    const char* leads = user_table(model, kLeads);
    const char* lead = lead_of(model->binding, kLeads, "lead_row");
    const char* key_type = format_type_be(model->key.type);  // what is read from a row is of that type, whatever it is
    switch (name) {
        case PlanName::LeadEvents:
        case PlanName::VisitorEvents:
        case PlanName::AllEvents:
            return events_statement(model, name, source);
        case PlanName::Identities:
            return psprintf(
                "SELECT identity.%1$s::%4$s, identity.%2$s::%5$s FROM %3$s identity "
                "WHERE identity.%1$s = ANY ($1) AND identity.%2$s IS NOT NULL",
                quote_identifier(source->anonymous), quote_identifier(source->lead), user_table(model, source),
                format_type_be(model->binding.visitor.type), key_type);
        case PlanName::LeadRow:
            return psprintf("SELECT lead_row FROM %s lead_row WHERE %s = $1", leads, lead);
        case PlanName::AllLeads:
            return psprintf("SELECT lead_row FROM %s lead_row", leads);
        case PlanName::LeadAdjustments:
            return psprintf(
                "SELECT lead_id::%s, points::float8, expires_at::timestamptz, %s FROM %s "
                "WHERE lead_id = $1 AND cancelled_at IS NULL",
                key_type, reset_time(model), own("adjustments"));
        case PlanName::PastAdjustments:
            return psprintf(
                "SELECT lead_id::%s, points::float8, least(expires_at, cancelled_at)::timestamptz, %s FROM %s "
                "WHERE lead_id = $1 AND made_at::timestamptz <= $2 AND (cancelled_at IS NULL OR "
                "cancelled_at::timestamptz > $2)",
                key_type, reset_time(model), own("adjustments"));
        case PlanName::AllAdjustments:
            return psprintf(
                "SELECT lead_id::%s, points::float8, expires_at::timestamptz, %s FROM %s "
                "WHERE cancelled_at IS NULL",
                key_type, reset_time(model), own("adjustments"));
        case PlanName::DueLeads:
            return psprintf(
                "SELECT lead_id::%s FROM %s WHERE due_at <= $1 AND scored_at < $1 ORDER BY due_at LIMIT $2 "
                "FOR NO KEY UPDATE SKIP LOCKED",
                key_type, own("scores"));
        case PlanName::FindScore:
            return psprintf("SELECT FROM %s WHERE lead_id = $1", own("scores"));
        case PlanName::LockScore:
            return psprintf("SELECT FROM %s WHERE lead_id = $1 FOR NO KEY UPDATE", own("scores"));
        case PlanName::AllScores:
            return psprintf("SELECT lead_id::%s FROM %s", key_type, own("scores"));
        case PlanName::LeadEntries:
            return psprintf(
                "SELECT coalesce(to_stage::text, ''), max(at) FILTER (WHERE %1$s)::timestamptz, "
                "min(at) FILTER (WHERE %1$s)::timestamptz, max(seq) FILTER (WHERE %1$s)::bigint, max(seq)::bigint, "
                "max(recorded_at) FILTER (WHERE %1$s)::timestamptz, %2$s "
                "FROM %3$s t WHERE lead_id = $1 GROUP BY to_stage",
                stands(model),
                keeps_undone(model) ? "max(undone_at) FILTER (WHERE NOT superseded)" : "NULL::timestamptz",
                own("transitions"));
        case PlanName::FindMove:
            return psprintf(
                "SELECT undone_at::timestamptz, undone_by::text, superseded::boolean FROM %s WHERE lead_id = $1 AND "
                "seq = $2",
                own("transitions"));
        case PlanName::HandMoves:
            return psprintf(
                "SELECT to_stage::text, at::timestamptz, actor::text, reason::text FROM %s WHERE lead_id = $1 "
                "AND undone_at = $2 AND superseded AND cause = 'manual' AND actor IS NOT NULL ORDER BY seq",
                own("transitions"));
        case PlanName::StandingMove:
            return psprintf("SELECT lead_id::%s FROM %s WHERE lead_id = $1 AND seq >= $2 AND undone_at IS NULL LIMIT 1",
                            key_type, own("transitions"));
        case PlanName::AnyStandingMove:
            return psprintf("SELECT lead_id::%s FROM %s WHERE undone_at IS NULL LIMIT 1", key_type, own("transitions"));
        case PlanName::TakeBackMoves:
            return psprintf(
                "UPDATE %s SET undone_at = (SELECT clock_timestamp()), undone_by = $3, undo_reason = $4 "
                "WHERE lead_id = $1 AND seq >= $2 AND undone_at IS NULL",
                own("transitions"));
        case PlanName::SupersedeMoves:
        case PlanName::SupersedeAllMoves:
            return psprintf(
                "UPDATE %s SET undone_at = $1, undone_by = $2, undo_reason = 'replay', superseded = true "
                "WHERE undone_at IS NULL%s",
                own("transitions"), name == PlanName::SupersedeMoves ? " AND lead_id = $3" : "");
        case PlanName::BrokenHistory:
        case PlanName::BrokenHistories:
            return broken_histories(model, name == PlanName::BrokenHistory);
        case PlanName::MendTransition:
            return psprintf("UPDATE %s SET seq = $3, from_stage = $4, at = $5 WHERE lead_id = $1 AND seq = $2",
                            own("transitions"));
        case PlanName::CreateScore:
            return psprintf(
                "INSERT INTO %s (lead_id, version, stage_seq, stage_armed, counted, stage) "
                "VALUES ($1, 0, 0, false, false, $2) ON CONFLICT DO NOTHING",
                own("scores"));
        case PlanName::AddTransition:
        case PlanName::AddTransitions:
            return psprintf(
                "INSERT INTO %s (lead_id, seq, from_stage, to_stage, at, score, engagement, fit, "
                "grade, version, cause, rule, actor, reason%s) SELECT %s",
                own("transitions"), keeps_entry(model) ? ", entry, lead_type" : "",
                name == PlanName::AddTransitions ? unnested_columns(transition_count(model))
                                                 : numbered_columns(transition_count(model)));
        case PlanName::AddProblem:
            return psprintf(
                "INSERT INTO %s AS p (lead_id, rule, message, count, first_at, last_at) "
                "VALUES ($1, $2, $3, $4, clock_timestamp(), clock_timestamp()) ON CONFLICT (lead_id, rule) "
                "DO UPDATE SET message = excluded.message, "
                "count = least(coalesce(p.count, 0), 1000000000000000000) + excluded.count, "
                "last_at = excluded.last_at",
                own("problems"));
        case PlanName::ClearProblems:
            return psprintf("DELETE FROM %s", own("problems"));
        case PlanName::AddAdjustment:
            return psprintf(
                "INSERT INTO %s (lead_id, points, reason, expires_at, author) VALUES ($1, $2, $3, $4, $5) "
                "RETURNING id",
                own("adjustments"));
        case PlanName::AddReset:
            return psprintf(
                "INSERT INTO %s (lead_id, points, reason, author, resets) VALUES ($1, 0, $2, $3, true) "
                "RETURNING id",
                own("adjustments"));
        case PlanName::FindAdjustment:
            return psprintf("SELECT lead_id::%s FROM %s WHERE id = $1", key_type, own("adjustments"));
        case PlanName::CancelAdjustment:
            return psprintf(
                "UPDATE %s SET cancelled_at = clock_timestamp(), cancelled_by = $2, cancel_reason = $3 "
                "WHERE id = $1 AND cancelled_at IS NULL",
                own("adjustments"));
        case PlanName::LockLead:
            return psprintf("SELECT FROM %s lead_row WHERE %s = $1 FOR NO KEY UPDATE SKIP LOCKED", leads, lead);
        case PlanName::LockLeadWaiting:
            return psprintf("SELECT FROM %s lead_row WHERE %s = $1 FOR NO KEY UPDATE", leads, lead);
        case PlanName::FindLead:
            return psprintf("SELECT FROM %s lead_row WHERE %s = $1", leads, lead);
        case PlanName::FindMerged:
            return psprintf("SELECT lead_id <> merged_from FROM %s WHERE merged_from = $1 AND at IS NOT NULL",
                            own("merged"));
        case PlanName::AllMerged:
            return psprintf(
                "SELECT m.merged_from::%s FROM %s m JOIN %s lead_row ON %s = m.merged_from WHERE m.at IS NOT NULL",
                key_type, own("merged"), leads, lead);
        case PlanName::EndMerge:
            return psprintf("DELETE FROM %s WHERE merged_from = $1", own("merged"));
        case PlanName::PlacesOfLeads:
            return psprintf("SELECT tableoid, ctid FROM %s lead_row WHERE %s = ANY ($1)", leads, lead);
        case PlanName::UpdateStatus:
        case PlanName::UpdateStatuses:
            return update_statement(model,
                                    name == PlanName::UpdateStatuses ? StatusSource::Arrays : StatusSource::Values);
        default:  // made elsewhere
            break;
    }
    return nullptr;
}

// Statements that write many rows at once take an array for each column.
int array_types(const Model* model, PlanName name, Oid* types) {
    int count = row_types(model, name, types);
    for (int i = 0; i < count; ++i) types[i] = get_array_type(types[i]);
    return count;
}

int argument_types(const Model* model, PlanName name, Oid* types) {
    types[0] = model->key.type;
    switch (name) {
        case PlanName::AllEvents:
        case PlanName::AllLeads:
        case PlanName::AllMerged:
        case PlanName::AllScores:
        case PlanName::AllAdjustments:
        case PlanName::ClearProblems:
        case PlanName::AnyStandingMove:
        case PlanName::BrokenHistories:
            return 0;
        case PlanName::DueLeads:
            types[0] = TIMESTAMPTZOID;
            types[1] = INT8OID;
            return 2;
        case PlanName::CreateScore:
            types[1] = TEXTOID;
            return 2;
        case PlanName::PlacesOfLeads:
            types[0] = get_array_type(types[0]);
            return 1;
        case PlanName::VisitorEvents:
        case PlanName::Identities:
            types[0] = get_array_type(model->binding.visitor.type);
            return 1;
        case PlanName::MendTransition:
            types[1] = INT4OID;
            types[2] = INT4OID;
            types[3] = TEXTOID;
            types[4] = TIMESTAMPTZOID;
            return 5;
        case PlanName::AddTransition:
        case PlanName::UpdateStatus:
            return row_types(model, name, types);
        case PlanName::AddTransitions:
        case PlanName::UpdateStatuses:
            return array_types(model, name, types);
        case PlanName::AddProblem:
            types[1] = TEXTOID;
            types[2] = TEXTOID;
            types[3] = INT8OID;
            return 4;
        case PlanName::AddAdjustment:
            types[1] = NUMERICOID;
            types[2] = TEXTOID;
            types[3] = TIMESTAMPTZOID;
            types[4] = TEXTOID;
            return 5;
        case PlanName::AddReset:
            types[1] = TEXTOID;
            types[2] = TEXTOID;
            return 3;
        case PlanName::StandingMove:
        case PlanName::FindMove:
            types[1] = INT4OID;
            return 2;
        case PlanName::HandMoves:
            types[1] = TIMESTAMPTZOID;
            return 2;
        case PlanName::TakeBackMoves:
            types[1] = INT4OID;
            types[2] = TEXTOID;
            types[3] = TEXTOID;
            return 4;
        case PlanName::SupersedeMoves:
        case PlanName::SupersedeAllMoves:
            types[0] = TIMESTAMPTZOID;
            types[1] = TEXTOID;
            types[2] = model->key.type;
            return name == PlanName::SupersedeMoves ? 3 : 2;
        case PlanName::PastAdjustments:
            types[1] = TIMESTAMPTZOID;
            return 2;
        case PlanName::FindAdjustment:
            types[0] = UUIDOID;
            return 1;
        case PlanName::CancelAdjustment:
            types[0] = UUIDOID;
            types[1] = TEXTOID;
            types[2] = TEXTOID;
            return 3;
        default:
            return 1;
    }
}

// The table of the model's own that the statement writes; invalid where it writes none.
Oid written_table(const Model* model, PlanName name) {
    static constexpr std::pair<PlanName, const char*> kWritten[] = {
        {PlanName::CreateScore, "scores"},
        {PlanName::AddTransition, "transitions"},
        {PlanName::AddTransitions, "transitions"},
        {PlanName::MendTransition, "transitions"},
        {PlanName::AddProblem, "problems"},
        {PlanName::ClearProblems, "problems"},
        {PlanName::AddAdjustment, "adjustments"},
        {PlanName::CancelAdjustment, "adjustments"},
        {PlanName::AddReset, "adjustments"},
        {PlanName::TakeBackMoves, "transitions"},
        {PlanName::SupersedeMoves, "transitions"},
        {PlanName::SupersedeAllMoves, "transitions"},
        {PlanName::EndMerge, "merged"},
        {PlanName::AddHandoffs, "handoffs"},
        {PlanName::ClaimHandoffs, "handoffs"},
        {PlanName::ParkHandoffs, "handoffs"},
        {PlanName::AckHandoff, "handoffs"},
        {PlanName::ReleaseHandoff, "handoffs"},
        {PlanName::ExtendHandoff, "handoffs"},
        {PlanName::DecideHandoff, "handoffs"},
        {PlanName::SettleHandoffs, "handoffs"},
        {PlanName::SettleAllHandoffs, "handoffs"},
        {PlanName::SweepHandoffs, "handoffs"},
    };
    if (const char* table = deleted_from(name)) return get_relname_relid(table, model->schema);
    for (const auto& [statement, table] : kWritten)
        if (statement == name) return get_relname_relid(table, model->schema);
    return InvalidOid;
}

}  // namespace

int row_types(const Model* model, PlanName name, Oid* types) {
    types[0] = model->key.type;
    if (name == PlanName::AddTransition || name == PlanName::AddTransitions) {
        const Oid rest[] = {INT4OID, TEXTOID, TEXTOID, TIMESTAMPTZOID, FLOAT8OID, FLOAT8OID, FLOAT8OID, TEXTOID,
                            INT8OID, TEXTOID, TEXTOID, TEXTOID,        TEXTOID,   TEXTOID,   TEXTOID};
        static_assert(std::size(rest) + 1 == kTransitionColumns);
        memcpy(types + 1, rest, sizeof rest);
        return transition_count(model);
    }
    for (int i = 0; i < model->binding.status_count; ++i) {
        StatusKind kind = model->binding.status[i].kind;
        types[i + 1] = kind == StatusKind::Score ? FLOAT8OID : kind == StatusKind::StageAt ? TIMESTAMPTZOID : TEXTOID;
    }
    return model->binding.status_count + 1;
}

char* stored_status_update(const Model* model, bool of_one_lead) {
    return update_statement(model, of_one_lead ? StatusSource::ScoreOfLead : StatusSource::Scores);
}

namespace {

// Whether triggers of the user's on leads see it, which run under a path of theirs.
bool updates_status(PlanName name) { return name == PlanName::UpdateStatus || name == PlanName::UpdateStatuses; }

SPIPlanPtr& kept_plan(Model* model, PlanName name, Source* source, OncePlans* once) {
    switch (name) {
        case PlanName::LeadEvents:
            return once != nullptr ? once->lead_events : source->lead_events;
        case PlanName::AllEvents:
            return once != nullptr ? once->all_events : source->all_events;
        case PlanName::RepeatedId:
            return once->repeated_id;
        case PlanName::VisitorEvents:
            return source->visitor_events;
        default:
            return model->plans[static_cast<std::size_t>(name)];
    }
}

}  // namespace

SPIPlanPtr plan(const AsOwner& as, PlanName name, Source* source, const LoggedSource* logged) {
    Model* model = as.model;
    if (!updates_status(name)) shut_search_path();
    if (names_table(name)) hold_table(model, source);
    if (source != kLeads && source->anonymous != nullptr) hold_table(model, model->binding.identities);
    bool counts_once = logged != nullptr && logged->event_id != nullptr && name != PlanName::VisitorEvents;
    OncePlans* once = counts_once ? once_plans(as, source, logged) : nullptr;
    SPIPlanPtr& kept = kept_plan(model, name, source, once);
    if (kept == nullptr) {
        auto* types = static_cast<Oid*>(
            palloc(sizeof(Oid) * static_cast<Size>(model->binding.status_count + kTransitionColumns)));
        int count = 0;
        char* statement = handoff_statement(model, name, types, &count);
        if (statement == nullptr) {
            count = argument_types(model, name, types);
            if (name == PlanName::RepeatedId) {
                types[count++] = get_array_type(once->type);
                types[count++] = INT8OID;
            }
            statement = once == nullptr ? statement_of(model, name, source) : once_statement(model, name, source, once);
        }
        kept = prepare_kept(statement, count, types);
    }
    return kept;
}

void execute(const AsWriter& as, PlanName name, Datum* values, const char* nulls, bool fire_triggers) {
    SPIPlanPtr statement = plan(as, name);
    Oid written = written_table(as.model, name);
    if (updates_status(name)) permit(as, as.model->binding.leads);
    int code = 0;
    auto run = [&] {
        code =
            SPI_execute_snapshot(statement, values, nulls, InvalidSnapshot, InvalidSnapshot, false, fire_triggers, 0);
    };
    if (OidIsValid(written))
        with_state_write(as, written, run);
    else
        run();
    if (code < 0) elog(ERROR, "statement failed: %s", SPI_result_code_string(code));
}

bool lock_lead(const AsOwner& as, Datum key) {
    if (as.model->binding.status_count > 0)
        SPI_execute_plan(plan(as, PlanName::LockLeadWaiting), &key, nullptr, false, 0);
    SPI_execute_plan(plan(as, PlanName::LockScore), &key, nullptr, false, 0);
    return SPI_processed > 0;
}

void delete_state(const AsWriter& as, Datum key) {
    MemoryContext caller = CurrentMemoryContext;
    for (std::size_t i = 0; i < std::size(kLeadTables); ++i) {
        if (!OidIsValid(get_relname_relid(kLeadTables[i], as.model->schema))) continue;  // of a later format
        execute(as, static_cast<PlanName>(static_cast<std::size_t>(PlanName::DeleteState) + i), &key);
        MemoryContextSwitchTo(caller);
    }
}

}  // namespace lead_scoring
