// What a model is bound to: the tables and columns that its settings name.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/model.hpp"

namespace lead_scoring {

// Reads the settings into the model. Raises an error where its tables cannot be found or read, are another's, or lack
// columns that it needs. SPI must be connected, the identity the owner's.
void read_settings(Model* model);

// Raises 42703 or 42804 unless the relation, of leads or of events (or a partition of them), has the columns the model
// reads it by.
void require_columns(const Model* model, Oid relation, bool of_leads);

// Whether `table`, the model's leads or events, still is the one that the settings name. Raises what read_settings
// raises where they name none, or where it is another's or lacks such columns.
bool require_binding(const Model* model, Oid table);

}  // namespace lead_scoring
