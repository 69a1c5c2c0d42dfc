// Leads that are being merged. While their events are moved, and their histories joined, what changes of them is not
// scored, for merge_leads computes them in the end; all other leads are.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/model.hpp"

namespace lead_scoring {

// Whether leads of the model are being merged: then each has to be asked for.
bool withholds(const Model* model);

bool is_withheld(const Model* model, Datum key);

}  // namespace lead_scoring
