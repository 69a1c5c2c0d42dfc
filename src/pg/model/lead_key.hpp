// Lead keys as datums: int, bigint, uuid or text.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "catalog/pg_type_d.h"
#include "utils/array.h"
}

namespace lead_scoring {

// How keys of one type are compared and copied. Text keys order by their bytes, whatever the database's collation, so
// that all sessions lock in one order.
struct KeyType {
    Oid type = InvalidOid;
    Oid collation = InvalidOid;
    int16 length = 0;
    bool by_value = false;
    Oid less_operator = InvalidOid;
    FmgrInfo* compare = nullptr;
};

// Whether keys can be of the type: one of the four, or varchar, which counts as text.
bool is_key_type(Oid type);
// Requires is_key_type.
KeyType key_type(Oid type);

// Calls `use` with a function that compares two keys, the fastest there is for the type.
template <class Use>
auto with_comparison(const KeyType& type, Use use) {
    auto compare = [](auto a, auto b) { return a < b ? -1 : (b < a ? 1 : 0); };
    switch (type.type) {
        case INT4OID:
            return use([=](Datum a, Datum b) { return compare(DatumGetInt32(a), DatumGetInt32(b)); });
        case INT8OID:
            return use([=](Datum a, Datum b) { return compare(DatumGetInt64(a), DatumGetInt64(b)); });
        default:
            return use(
                [&](Datum a, Datum b) { return DatumGetInt32(FunctionCall2Coll(type.compare, type.collation, a, b)); });
    }
}

// Less than, equal to or greater than 0.
inline int compare_keys(const KeyType& type, Datum a, Datum b) {
    return with_comparison(type, [&](auto compare) { return compare(a, b); });
}

// Whether one key is not the other; two that are null are the same.
inline bool keys_differ(const KeyType& type, NullableDatum a, NullableDatum b) {
    return a.isnull != b.isnull || (!a.isnull && compare_keys(type, a.value, b.value) != 0);
}

// The key as it stands in a row, compressed or out of line, copied as a plain value into the current memory context.
Datum copy_key(const KeyType& type, Datum key);

// An array of the keys, in the current memory context.
Datum key_array(const KeyType& type, Datum* keys, int count);

// In the current memory context, both ways.
char* key_to_text(const KeyType& type, Datum key);
// Raises the type's own input error (22P02, 22003) where `text` is no key.
Datum key_from_text(const KeyType& type, const char* text);

struct Keys {
    Datum* keys;
    int count;
};

// The keys of those elements of a text[] that are not null; raises as key_from_text does. In the current memory
// context.
Keys keys_from_texts(const KeyType& type, ArrayType* texts);

}  // namespace lead_scoring
