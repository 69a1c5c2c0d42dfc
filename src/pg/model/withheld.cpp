#include "pg/server/postgres.hpp"

#include "pg/model/withheld.hpp"

#include "pg/model/identity.hpp"
#include "pg/server/transaction_end.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/memutils.h"
}

namespace lead_scoring {

namespace {

// The leads of one merge, the latest first: a trigger of the user's may merge others meanwhile. In
// TopTransactionContext.
struct Withheld {
    Oid schema;
    Datum* keys;
    int count;
    int level;  // of the transaction
    Withheld* outer;
};

Withheld* latest = nullptr;

// What an error ended releases nothing.
void at_subtransaction_end(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
    if (event != SUBXACT_EVENT_ABORT_SUB) return;
    int level = GetCurrentTransactionNestLevel();
    while (latest != nullptr && latest->level >= level) latest = latest->outer;
}

void at_transaction_end(XactEvent event, void*) {
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) latest = nullptr;
}

}  // namespace

bool withholds(const Model* model) {
    for (const Withheld* merge = latest; merge != nullptr; merge = merge->outer)
        if (merge->schema == model->schema) return true;
    return false;
}

bool is_withheld(const Model* model, Datum key) {
    for (const Withheld* merge = latest; merge != nullptr; merge = merge->outer)
        for (int i = 0; merge->schema == model->schema && i < merge->count; ++i)
            if (compare_keys(model->key, merge->keys[i], key) == 0) return true;
    return false;
}

}  // namespace lead_scoring

using namespace lead_scoring;

// withhold_leads(model text, leads text[])
LEAD_SCORING_FUNCTION(withhold_leads) {
    const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(name);
    const Model* model = use_bound(name);
    watch_transactions<at_transaction_end, at_subtransaction_end>();
    Datum* leads = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &leads, &nulls, &count);
    MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
    auto* merge = static_cast<Withheld*>(palloc0(sizeof(Withheld)));
    merge->keys = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count + 1)));
    MemoryContextSwitchTo(caller);
    for (int i = 0; i < count; ++i) {
        if (nulls[i]) continue;
        Datum key = key_from_text(model->key, TextDatumGetCString(leads[i]));
        caller = MemoryContextSwitchTo(TopTransactionContext);
        merge->keys[merge->count++] = datumCopy(key, model->key.by_value, model->key.length);
        MemoryContextSwitchTo(caller);
    }
    merge->schema = model->schema;
    merge->level = GetCurrentTransactionNestLevel();
    merge->outer = latest;
    latest = merge;
    PG_RETURN_VOID();
}

// release_leads(model text)
LEAD_SCORING_FUNCTION(release_leads) {
    require_entry(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    if (latest != nullptr) latest = latest->outer;
    PG_RETURN_VOID();
}
