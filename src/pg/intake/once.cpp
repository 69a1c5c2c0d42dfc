#include "pg/server/postgres.hpp"

#include "pg/intake/once.hpp"

#include "pg/intake/plans.hpp"
#include "pg/model/lead_of.hpp"
#include "pg/model/table_name.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
}

namespace lead_scoring {

namespace {

// The instant of a row, as SQL.
char* instant_of(const Source* source, const OncePlans* once, const char* row) {
    AttrNumber number = get_attnum(source->relation, source->time);
    Oid type = getBaseType(get_atttype(source->relation, number));
    const char* time = psprintf("%s.%s::%s", row, quote_identifier(source->time), format_type_be_qualified(type));
    if (type == TIMESTAMPTZOID) return psprintf("%s", time);
    return psprintf("lead_scoring_internal.instant(%s, %s)", time,
                    quote_literal_cstr(pg_get_timezone_name(once->time_zone)));
}

Oid collation_of(Oid relation, const char* column) {
    Oid type = InvalidOid;
    Oid collation = InvalidOid;
    int32 modifier = 0;
    get_atttypetypmodcoll(relation, get_attnum(relation, column), &type, &modifier, &collation);
    return collation;
}

const char* equals_operator(Oid type) {
    Oid equals = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
    char* name = get_opname(equals);
    HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(equals));
    if (name == nullptr || !HeapTupleIsValid(tuple)) elog(ERROR, "type %u has no equality", type);
    Oid schema = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple))->oprnamespace;
    ReleaseSysCache(tuple);
    return psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(schema)), name);
}

// The same where visitors are known: over the rows that are the lead's by then, and with whose they are.
char* identified_once_statement(const Model* model, PlanName name, const Source* source, const OncePlans* once) {
    const char* rows = events_statement(model, name == PlanName::AllEvents ? name : PlanName::LeadEvents, source);
    const char* id = psprintf("(log.event_row).%s", quote_identifier(once->id));
    const char* at = instant_of(source, once, "(log.event_row)");
    if (name == PlanName::RepeatedId)
        return psprintf(
            "SELECT count(*) FROM (%1$s) log (event_row, lead) WHERE %2$s %3$s ANY ($2) GROUP BY %2$s "
            "HAVING count(*) > $3 LIMIT 1",
            rows, id, equals_operator(once->type));
    return psprintf(
        "SELECT r.event_row, r.lead FROM (SELECT log.event_row, log.lead, row_number() OVER (PARTITION BY log.lead, "
        "%2$s, isfinite(%3$s) ORDER BY %3$s, log.event_row USING OPERATOR(pg_catalog.*<)) AS place, "
        "%2$s IS NULL OR isfinite(%3$s) IS NOT TRUE AS is_apart FROM (%1$s) log (event_row, lead)) r "
        "WHERE r.place = 1 OR r.is_apart",
        rows, id, at);
}

}  // namespace

char* once_statement(const Model* model, PlanName name, const Source* source, const OncePlans* once) {
    if (source->anonymous != nullptr) return identified_once_statement(model, name, source, once);
    const char* table = user_table(model, source);
    const char* lead = lead_of(model->binding, source, "event_row");
    const char* id = psprintf("event_row.%s", quote_identifier(once->id));
    const char* at = instant_of(source, once, "event_row");
    const char* ranked =
        "SELECT r.event_row FROM (SELECT event_row, row_number() OVER (PARTITION BY %1$s, %2$s, isfinite(%3$s) "
        "ORDER BY %3$s, event_row USING OPERATOR(pg_catalog.*<)) AS place, "
        "%2$s IS NULL OR isfinite(%3$s) IS NOT TRUE AS is_apart FROM %4$s) r WHERE r.place = 1 OR r.is_apart";
    auto counted = [&](const char* rows) { return psprintf(ranked, lead, id, at, rows); };
    if (name == PlanName::LeadEvents) return counted(psprintf("%s event_row WHERE %s = $1", table, lead));
    if (name == PlanName::RepeatedId)
        // Id by id, so that the index finds it among however many rows the lead has.
        return psprintf(
            "SELECT FROM unnest($2) i (id) CROSS JOIN LATERAL (SELECT FROM %1$s event_row WHERE %2$s = $1 AND %3$s "
            "%4$s i.id LIMIT 1 OFFSET $3) o LIMIT 1",
            table, lead, id, equals_operator(once->type));
    const char* same = psprintf("o.lead = %s AND o.id %s %s", lead, equals_operator(once->type), id);
    return psprintf(
        "WITH repeated AS MATERIALIZED (SELECT %2$s AS lead, %3$s AS id FROM %1$s event_row "
        "WHERE %2$s IS NOT NULL AND %3$s IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1) "
        "SELECT event_row FROM %1$s event_row WHERE NOT EXISTS (SELECT FROM repeated o WHERE %4$s) UNION ALL %5$s",
        table, lead, id, same, counted(psprintf("repeated o JOIN %s event_row ON %s", table, same)));
}

OncePlans* once_plans(const AsOwner& as, Source* source, const LoggedSource* logged) {
    for (OncePlans* once = source->once; once != nullptr; once = once->next)
        if (once->time_zone == logged->time_zone && strcmp(once->id, logged->event_id) == 0) return once;
    Oid type = require_event_id(as.model, source->relation, source, logged->event_id);
    auto* once = static_cast<OncePlans*>(MemoryContextAllocZero(as.model->context, sizeof(OncePlans)));
    once->id = MemoryContextStrdup(as.model->context, logged->event_id);
    once->time_zone = logged->time_zone;
    once->type = type;
    get_typlenbyvalalign(type, &once->length, &once->by_value, &once->align);
    once->compare = &lookup_type_cache(type, TYPECACHE_CMP_PROC_FINFO)->cmp_proc_finfo;
    once->collation = collation_of(source->relation, logged->event_id);
    once->next = source->once;
    source->once = once;
    return once;
}

}  // namespace lead_scoring
