// Who may write what of a draft. A grant on its tables is one for numbers, times and names of the model's own; what the
// model runs or reads with its owner's rights is the owner's to say.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "commands/trigger.h"
}

namespace lead_scoring {

// To be called by a trigger for a row that is inserted or updated, before anything of it is looked at: raises 42501
// where that brings or changes an expression, a table or a column, and the current user does not have the rights of the
// table's owner.
void require_author(const TriggerData* data);

}  // namespace lead_scoring
