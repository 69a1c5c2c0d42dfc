#include "pg/server/postgres.hpp"

#include "pg/model/citus.hpp"

#include "pg/server/query.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_namespace.h"
#include "commands/extension.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace lead_scoring {

namespace {

// Null where there is no row. Allocated in the current memory context.
HeapTuple find_row(Relation catalog, const char* index, const char* column, RegProcedure equal, Datum value) {
    AttrNumber number = get_attnum(RelationGetRelid(catalog), column);
    if (number == InvalidAttrNumber) return nullptr;
    ScanKeyData key;
    ScanKeyInit(&key, number, BTEqualStrategyNumber, equal, value);
    Oid index_oid = get_relname_relid(index, PG_CATALOG_NAMESPACE);
    SysScanDesc scan = systable_beginscan(catalog, index_oid, OidIsValid(index_oid), nullptr, 1, &key);
    HeapTuple row = systable_getnext(scan);
    if (HeapTupleIsValid(row)) row = heap_copytuple(row);
    systable_endscan(scan);
    return row;
}

Datum value_of(HeapTuple row, Relation catalog, const char* column) {
    bool is_null = true;
    AttrNumber number = get_attnum(RelationGetRelid(catalog), column);
    Datum value = static_cast<Datum>(0);
    if (number != InvalidAttrNumber) value = heap_getattr(row, number, RelationGetDescr(catalog), &is_null);
    return is_null ? static_cast<Datum>(0) : value;
}

// As Citus's catalogs say it: "h" hash, "r" range, "a" append; "n" none, and then "t" is kept the same on all servers.
const char* kind_of(Relation partitions, Oid relation) {
    HeapTuple row = find_row(partitions, "pg_dist_partition_logical_relid_index", "logicalrelid", F_OIDEQ,
                             ObjectIdGetDatum(relation));
    if (row == nullptr) return nullptr;
    if (DatumGetChar(value_of(row, partitions, "partmethod")) != 'n') return "is a distributed table of Citus";
    bool reference = DatumGetChar(value_of(row, partitions, "repmodel")) == 't';
    return reference ? "is a reference table of Citus" : "is managed by Citus";
}

// The number at the end of "events_102008", 0 where there is none.
int64 shard_number(const char* name) {
    const char* end = strrchr(name, '_');
    if (end == nullptr || end == name) return 0;
    size_t digits = strspn(end + 1, "0123456789");
    return digits == 0 || digits > 18 || end[1 + digits] != '\0' ? 0 : strtoll(end + 1, nullptr, 10);
}

// Citus appends the number to the table's name, and shortens a long name, of which it appends a hash before.
bool is_shard_name(const char* name, const char* table) {
    auto suffix = strlen(strrchr(name, '_'));
    auto length = strlen(name) - suffix;
    if (strlen(table) + suffix < NAMEDATALEN) return strlen(table) == length && strncmp(name, table, length) == 0;
    constexpr size_t kHash = 9;
    return length > kHash && strncmp(name, table, length - kHash) == 0;
}

// The table whose shard the relation is, or none.
Oid table_of_shard(Oid relation) {
    const char* name = get_rel_name(relation);
    int64 number = name == nullptr ? 0 : shard_number(name);
    Oid shards = number == 0 ? InvalidOid : get_relname_relid("pg_dist_shard", PG_CATALOG_NAMESPACE);
    if (!OidIsValid(shards)) return InvalidOid;
    Relation catalog = table_open(shards, AccessShareLock);
    HeapTuple row = find_row(catalog, "pg_dist_shard_shardid_index", "shardid", F_INT8EQ, Int64GetDatum(number));
    Oid table = row == nullptr ? InvalidOid : DatumGetObjectId(value_of(row, catalog, "logicalrelid"));
    table_close(catalog, AccessShareLock);
    const char* table_name = OidIsValid(table) ? get_rel_name(table) : nullptr;
    bool is_shard = table_name != nullptr && get_rel_namespace(table) == get_rel_namespace(relation) &&
                    is_shard_name(name, table_name);
    return is_shard ? table : InvalidOid;
}

// Only what is in pg_catalog counts, and only where the extension is there too.
Oid citus_catalog() {
    Oid catalog = get_relname_relid("pg_dist_partition", PG_CATALOG_NAMESPACE);
    return OidIsValid(catalog) && OidIsValid(get_extension_oid("citus", true)) ? catalog : InvalidOid;
}

}  // namespace

const char* found_in_citus(Oid relation) {
    Oid catalog = citus_catalog();
    if (!OidIsValid(catalog)) return nullptr;
    Relation partitions = table_open(catalog, AccessShareLock);
    const char* kind = kind_of(partitions, relation);
    table_close(partitions, AccessShareLock);
    if (kind != nullptr) return kind;
    Oid table = table_of_shard(relation);
    return OidIsValid(table) ? psprintf("is a shard of table %s of Citus", relation_name(table)) : nullptr;
}

const char* citus_hint(Oid relation) {
    Oid table = table_of_shard(relation);
    const char* name = quote_literal_cstr(relation_name(OidIsValid(table) ? table : relation));
    if (OidIsValid(table)) return psprintf("SELECT undistribute_table(%s);  -- on the coordinator", name);
    return psprintf("SELECT undistribute_table(%s);", name);
}

void refuse_citus(Oid relation) {
    const char* kind = found_in_citus(relation);
    if (kind == nullptr) return;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("table %s %s", relation_name(relation), kind),
                    errdetail("%s", kCitusDetail), errhint("%s", citus_hint(relation))));
}

}  // namespace lead_scoring

using namespace lead_scoring;

// found_in_citus(relation regclass) returns text
LEAD_SCORING_FUNCTION(lead_scoring_found_in_citus);
Datum lead_scoring_found_in_citus(PG_FUNCTION_ARGS) {
    const char* kind = found_in_citus(PG_GETARG_OID(0));
    if (kind == nullptr) PG_RETURN_NULL();
    PG_RETURN_TEXT_P(cstring_to_text(kind));
}

// refuse_citus(relation regclass)
LEAD_SCORING_FUNCTION(lead_scoring_refuse_citus);
Datum lead_scoring_refuse_citus(PG_FUNCTION_ARGS) {
    refuse_citus(PG_GETARG_OID(0));
    PG_RETURN_VOID();
}
