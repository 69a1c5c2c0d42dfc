#include "pg/server/postgres.hpp"

#include "pg/model/lead_key.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace lead_scoring {

bool is_key_type(Oid type) {
    return type == INT4OID || type == INT8OID || type == UUIDOID || type == TEXTOID || type == VARCHAROID;
}

KeyType key_type(Oid type) {
    if (type == VARCHAROID) type = TEXTOID;
    Assert(is_key_type(type));
    TypeCacheEntry* entry = lookup_type_cache(type, TYPECACHE_CMP_PROC_FINFO | TYPECACHE_LT_OPR);
    KeyType key;
    key.type = type;
    key.collation = type == TEXTOID ? C_COLLATION_OID : InvalidOid;
    key.length = entry->typlen;
    key.by_value = entry->typbyval;
    key.less_operator = entry->lt_opr;
    key.compare = &entry->cmp_proc_finfo;
    return key;
}

Datum copy_key(const KeyType& type, Datum key) {
    return type.length == -1 ? PointerGetDatum(PG_DETOAST_DATUM_COPY(key)) : datumCopy(key, type.by_value, type.length);
}

Datum key_array(const KeyType& type, Datum* keys, int count) {
    int16 length = 0;
    bool by_value = false;
    char alignment = 0;
    get_typlenbyvalalign(type.type, &length, &by_value, &alignment);
    return PointerGetDatum(construct_array(keys, count, type.type, length, by_value, alignment));
}

char* key_to_text(const KeyType& type, Datum key) {
    Oid output = InvalidOid;
    bool variable = false;
    getTypeOutputInfo(type.type, &output, &variable);
    return OidOutputFunctionCall(output, key);
}

Datum key_from_text(const KeyType& type, const char* text) {
    Oid input = InvalidOid;
    Oid parameter = InvalidOid;
    getTypeInputInfo(type.type, &input, &parameter);
    return OidInputFunctionCall(input, const_cast<char*>(text), parameter, -1);
}

Keys keys_from_texts(const KeyType& type, ArrayType* texts) {
    Datum* elements = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
    Keys found = {static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count + 1))), 0};
    for (int i = 0; i < count; ++i)
        if (!nulls[i]) found.keys[found.count++] = key_from_text(type, TextDatumGetCString(elements[i]));
    return found;
}

}  // namespace lead_scoring
