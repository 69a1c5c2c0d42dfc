// Layouts of a model's own tables.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/model.hpp"

namespace lead_scoring {

// Those that this library works with: settings.format, which upgrade_model raises to what the extension's version has.
// A format only adds to the one before: a line in lead_scoring_internal.later_parts for each table and
// column. Constraints and triggers need none: nothing rests on them, and mend_shape puts in what is not there.
inline constexpr int kOldestFormat = 1;
inline constexpr int kNewestFormat = 2;

// Whether a table of the model's has a column that a later format brought.
bool has_column(const Model* model, const char* table, const char* column);

// Raises 55000 where it has not. `what`: that it cannot do then, as in "take back moves".
void require_column(const Model* model, const char* table, const char* column, const char* what);

}  // namespace lead_scoring
