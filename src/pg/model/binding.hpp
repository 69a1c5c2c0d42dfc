// What a model is bound to: the tables and columns that its settings name. It is always the present one, whatever
// version is worked by.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "nodes/pg_list.h"
}

namespace lead_scoring {

struct Model;  // model.hpp

enum class StatusKind { Stage, Score, Grade, StageAt };

struct StatusColumn {
    StatusKind kind;
    char* stage;   // StageAt: of this stage
    char* column;  // in the leads table
};

struct Binding {
    Oid events;
    Oid leads;
    List* members;      // both, with their partitions
    char* events_name;  // as SQL takes them
    char* leads_name;
    char* lead_key;  // column names, unquoted
    char* event_lead;
    char* event_type;
    char* event_time;
    char* trigger_path;  // the search_path under which leads and events are written
    StatusColumn* status;
    int status_count;
};

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
