// Writing the user's tables of leads and events, on which the user has triggers, checks and foreign keys of his own.
#pragma once

#include "pg/postgres.hpp"

#include "pg/model.hpp"
#include "pg/owner.hpp"

namespace lead_scoring {

struct LeadUpdate {
    SavedIdentity identity;
    ErrorContextCallback context;
    const char* deferred;  // constraints that are to be deferred again; null: none
    bool hides_values;     // from who asked
};

// As the owner, under the path that settings.trigger_path says, so that what the caller has in his own path or among
// his temporary tables is nothing to triggers, checks and defaults there. `in_trigger`: within a statement of the
// user's on these tables; what is queued then is queued behind it, as a foreign key's action is. Outside, and unless
// the owner himself asked, the operation is security-restricted, since what it queued would run as the one who asked:
// what may be deferred on these tables is made immediate for as long. SPI must be connected. Errors in between do not
// tell the values of the row to anybody but the owner. `update` is to stay where it is until end_lead_update.
void begin_lead_update(const Model* model, bool in_trigger, LeadUpdate* update);
void end_lead_update(LeadUpdate* update);

}  // namespace lead_scoring
