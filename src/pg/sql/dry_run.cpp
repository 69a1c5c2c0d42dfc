// Whether the next event or lead would be refused, without one.

#include "pg/server/postgres.hpp"

#include "pg/model/as_owner.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/model.hpp"
#include "pg/model/program.hpp"

extern "C" {
#include "access/table.h"
#include "utils/rel.h"
}

using namespace lead_scoring;

// dry_run(model text, of_leads boolean) returns void: raises what a trigger on the leads table, or on one of events,
// would before it looks at a row. Partitions are not looked at one by one: they have the columns of their table.
LEAD_SCORING_FUNCTION(lead_scoring_dry_run);
Datum lead_scoring_dry_run(PG_FUNCTION_ARGS) {
    const char* name = PG_ARGISNULL(0) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(name);
    Model* model = use_bound(name);
    const Version* version = model->paused ? nullptr : visible_version(model);
    if (version == nullptr) PG_RETURN_VOID();
    bool of_leads = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
    AsOwner as = begin_reading_work(model);
    for_each_table(model->binding, [&](const Source* source) {
        if ((source == kLeads) != of_leads || is_identities(model->binding, source)) return;
        Relation relation = table_open(relation_of(model->binding, source), AccessShareLock);
        program_for(as, version, source, relation);
        table_close(relation, NoLock);
    });
    end_work(as);
    PG_RETURN_VOID();
}
