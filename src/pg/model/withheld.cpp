#include "pg/server/postgres.hpp"

#include "pg/model/withheld.hpp"

#include "pg/model/identity.hpp"
#include "pg/server/transaction_end.hpp"

extern "C" {
#include "utils/array.h"
#include "utils/memutils.h"
}

namespace lead_scoring {

namespace {

// The leads of a merge: within it, a trigger of the user's may merge others. Keys are in TopTransactionContext.
struct Withheld {
    Oid schema;
    Keys leads;
    int level;
    Withheld* outer;
};

}  // namespace

bool withholds(const Model* model) {
    for (const Withheld* merge = Ongoing<Withheld>::innermost; merge != nullptr; merge = merge->outer)
        if (merge->schema == model->schema) return true;
    return false;
}

bool is_withheld(const Model* model, Datum key) {
    for (const Withheld* merge = Ongoing<Withheld>::innermost; merge != nullptr; merge = merge->outer)
        for (int i = 0; merge->schema == model->schema && i < merge->leads.count; ++i)
            if (compare_keys(model->key, merge->leads.keys[i], key) == 0) return true;
    return false;
}

}  // namespace lead_scoring

using namespace lead_scoring;

// withhold_leads(model text, leads text[])
LEAD_SCORING_FUNCTION(lead_scoring_withhold_leads);
Datum lead_scoring_withhold_leads(PG_FUNCTION_ARGS) {
    const char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(name);
    const Model* model = use_bound(name);
    MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
    Keys leads = keys_from_texts(model->key, PG_GETARG_ARRAYTYPE_P(1));
    MemoryContextSwitchTo(caller);
    Withheld* merge = Ongoing<Withheld>::put_up();
    merge->schema = model->schema;
    merge->leads = leads;
    PG_RETURN_VOID();
}

// release_leads(model text)
LEAD_SCORING_FUNCTION(lead_scoring_release_leads);
Datum lead_scoring_release_leads(PG_FUNCTION_ARGS) {
    require_entry(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    if (Ongoing<Withheld>::innermost != nullptr) Ongoing<Withheld>::take_down();
    PG_RETURN_VOID();
}
