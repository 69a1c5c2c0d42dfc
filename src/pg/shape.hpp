// The shape of a model's own tables: what the library relies on when it reads and writes them. Their owner may alter
// them in any way.
#pragma once

#include "pg/postgres.hpp"

#include "pg/lead_key.hpp"
#include "pg/version.hpp"

extern "C" {
#include "utils/rel.h"
}

namespace lead_scoring {

inline constexpr std::size_t kCheckedTables = 8;

// Raises 55000 where a table of the model's own is missing, or is not as it has to be. `tables` is set to those that
// were looked at.
void require_shape(const char* model, Oid schema, Oid* tables);

// The same of scores, which is open: with keys of that type, and the columns of the version's stages.
void require_shape_of_scores(const char* model, Relation scores, const KeyType& key, const PublishedVersion* version);

}  // namespace lead_scoring
