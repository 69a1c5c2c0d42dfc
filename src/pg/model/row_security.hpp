// Row security on a model's scores: which leads the caller may read.
//
// What is computed of a lead is computed as the model's owner, whom no policy holds back. So it is for us to see that
// the caller sees the lead's row by the policies, which are evaluated as he would evaluate them: as himself.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/model.hpp"

namespace lead_scoring {

// Whether row security on the table limits what the current user reads.
bool is_limited(Oid table);

// Whether the current user, who is the one who asks, sees the lead's row of scores, under the active snapshot. Of a
// lead without a row he sees nothing where row security limits him.
//
// Requires the model's tables to be locked, and known to be its owner's. Raises 42704 where the model was renamed
// meanwhile, and what the policies raise.
bool sees_lead(const Model* model, Datum key);

// Raises 42501 where row security on a table of the model limits the current user. `what` is what he asked for.
void require_all_rows(const char* model, Oid table, const char* what);

}  // namespace lead_scoring
