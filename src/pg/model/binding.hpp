// What a model is bound to: the tables and columns that its settings name. It is always the present one, whatever
// version is worked by.
#pragma once

#include "pg/server/postgres.hpp"

#include <span>

#include "pg/model/lead_key.hpp"

extern "C" {
#include "executor/spi.h"
#include "nodes/pg_list.h"
#include "pgtime.h"
}

namespace lead_scoring {

struct Model;    // model.hpp
struct AsOwner;  // as_owner.hpp

enum class StatusKind { Stage, Score, Grade, StageAt };

struct StatusColumn {
    StatusKind kind;
    char* stage;   // StageAt: of this stage
    char* column;  // in the leads table
};

// Statements about a source whose ids count once, as a version has it: plans that are kept.
struct OncePlans {
    char* id;  // the column
    pg_tz* time_zone;
    Oid type;  // of ids, of a domain the one beneath it
    int16 length;
    bool by_value;
    char align;
    FmgrInfo* compare;  // by which SQL takes two of them for one
    Oid collation;
    SPIPlanPtr lead_events;
    SPIPlanPtr all_events;
    SPIPlanPtr repeated_id;
    OncePlans* next;
};

// A table of events.
struct Source {
    const char* name;   // what the model calls it
    const char* title;  // in messages: the first one is "events", others stand there with quotes
    Oid relation;
    char* table;  // as SQL takes it
    char* lead;   // column names, unquoted
    char* type;   // null: all its events are of one type
    char* every;  // which it is; null: the column says
    char* time;
    char* anonymous;         // says which visitor it is where no lead is named; null: nothing does that would be known
    SPIPlanPtr lead_events;  // kept: the events of one lead,
    SPIPlanPtr all_events;   // of all,
    SPIPlanPtr visitor_events;  // and of visitors that are leads
    OncePlans* once;            // where these are not all rows; null: not asked for yet
};

// Where a function takes a source to know which of the user's tables is meant, this is the table of leads.
inline constexpr Source* kLeads = nullptr;

// Where a program is compiled for what is known of leads, which is no table of the user's, this stands for it.
inline Source kFeaturesSource = {};
inline constexpr Source* kFeatures = &kFeaturesSource;

struct Binding {
    Oid leads;
    char* leads_name;  // as SQL takes it
    char* lead_key;    // column name, unquoted
    Source* sources;   // first that of settings, named "events", then those of the table "sources" by name
    int source_count;
    Source*
        identities;   // the table that says which visitor is which lead, by its columns anonymous and lead; null: none
    KeyType visitor;  // of its column anonymous, and of those of the sources
    List* members;    // leads, sources and identities, with their partitions
    char* trigger_path;  // the search_path under which they are written
    StatusColumn* status;
    int status_count;
};

inline std::span<Source> sources_of(const Binding& binding) {
    return {binding.sources, static_cast<std::size_t>(binding.source_count)};
}

inline Oid relation_of(const Binding& binding, const Source* source) {
    return source == kLeads ? binding.leads : source->relation;
}

// The column of the lead's key, unquoted.
inline const char* lead_column(const Binding& binding, const Source* source) {
    return source == kLeads ? binding.lead_key : source->lead;
}

// What the model's messages call the table.
inline const char* title_of(const Source* source) { return source == kLeads ? "leads" : source->title; }

// Whether it is the table that says which visitor is which lead.
inline bool is_identities(const Binding& binding, const Source* source) {
    return source != kLeads && source == binding.identities;
}

// Whether the row of settings tells of it: leads, the first source, identities.
inline bool is_of_settings(const Binding& binding, const Source* source) {
    return source == kLeads || source == binding.sources || source == binding.identities;
}

// Calls visit(source) for each of the user's tables: leads, the sources, identities.
template <class Visit>
void for_each_table(const Binding& binding, Visit visit) {
    visit(kLeads);
    for (Source& source : sources_of(binding)) visit(&source);
    if (binding.identities != nullptr) visit(binding.identities);
}

// Whether a relation, which there is, is the table or one of its partitions.
bool belongs_to(Oid relation, Oid table);

// The source that the relation is, or is a partition of; null: none.
const Source* find_source(const Binding& binding, Oid relation);

// Reads the settings into the model, under the active snapshot. Where they have no row, which a dump half restored has
// not, the model counts as paused, and its binding stays empty. Raises where the model cannot work by them: 42P01 for a
// table and 42703 for a column that is not found, 42804 for a column of another type, 42501 for a table that is
// another's or cannot be read, 55000 for a setting that is missing, 0A000 for Citus's tables and for a format that this
// library does not know.
void read_settings(const AsOwner& as);

// Raises 42703 or 42804 unless the relation, that table or a partition of it, has the columns the model reads it by.
void require_columns(const Model* model, Oid relation, const Source* source);

// The type of a version's column of ids in a relation that is the source or a partition of it. Raises 42703 where it
// has no such column, 0A000 where rows do not have it.
Oid require_event_id(const Model* model, Oid relation, const Source* source, const char* column);

// The column of the relation, the table of leads or a partition of it, that says when a lead came. Raises 42703 or
// 42804 where it has none that does, 0A000 where rows do not have it.
AttrNumber require_created(const Model* model, Oid relation, const char* column);

// Whether the table, which is locked, still is the one that the settings name. Raises what read_settings raises where
// they name none, where it is another's, or where it lacks columns.
bool require_binding(const Model* model, const Source* source);

}  // namespace lead_scoring
