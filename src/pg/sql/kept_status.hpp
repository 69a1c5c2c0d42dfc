// Status columns of the leads table are the model's to write: others keep what is there.
//
// Mappers of objects save whole rows, and so write the status that was there when they read the row. Such a save is put
// right in its own statement: before the row is written, it gets back the status of the row that it replaces. That row
// is the newest one, for the server has locked it and waited for whoever had it.
#pragma once

#include "pg/server/postgres.hpp"

namespace lead_scoring {

// What leads_changed() does before each row of an UPDATE: returns the row to be written. While the model does not
// score, in a restore for one, rows pass as they are.
Datum keep_status(FunctionCallInfo fcinfo);

}  // namespace lead_scoring
