// Types of leads: which one a lead is of, by what is known of it at an instant.
#pragma once

#include "pg/server/postgres.hpp"

#include "core/card/features.hpp"
#include "core/card/profile.hpp"
#include "pg/intake/problems.hpp"
#include "pg/model/as_owner.hpp"
#include "pg/model/version.hpp"
#include "pg/scoring/workspace.hpp"

namespace lead_scoring {

// A lead at an instant, in plain data.
struct Known {
    Features features;
    const Profile* profile;
    Datum channels;  // text[]
    bool has_channels;
};

// Leads that are typed one after the other; between begin and end, the one begun last first, or until an error ends the
// (sub)transaction. Requires a version that has types.
struct Typing {
    const Version* version;
    KeyType key;
    Program* program;
    Relation relation;
    TupleTableSlot* slot;
    MemoryContext errors;
    Problems* problems;  // null: what is raised is not listed
};

Typing begin_typing(const AsOwner& as, const Version* version, Problems* problems);
void end_typing(Typing* typing);

// The name of the first type whose condition holds for the lead of that key; null where none does. A condition that
// raises a data exception holds not.
const char* type_of(Typing* typing, Datum key, const Known& known);

// Notes in the workspace, whose lead is finished, of what type the lead was at each of its moves. `stored`: the memory
// of its row, where that has not changed.
void type_moves(const AsOwner& as, const Version* version, Workspace* workspace, Datum key,
                const struct varlena* stored, Problems* problems);

// Has the workspace know the memory of a row. False where there is none, or it cannot be read.
bool load_memory(Workspace* workspace, const struct varlena* stored);

// The channels of the touches up to `at` that a memory has, each once and by name, as a text[] in the current memory
// context.
Datum channels_by(const Memory& memory, Timestamp at);

}  // namespace lead_scoring
