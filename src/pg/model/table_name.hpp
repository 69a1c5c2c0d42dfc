// The names of a model's own tables and of the user's in SQL, whether it is run or shown as a hint: all of it that is
// made in C++ takes them from here.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/model.hpp"

namespace lead_scoring {

// A table or view of the model's own, in the current memory context.
char* own_table(const char* model, const char* table);
inline char* own_table(const Model* model, const char* table) { return own_table(model->name, table); }

// One of the user's.
inline const char* user_table(const Model* model, const Source* source) {
    return source == kLeads ? model->binding.leads_name : source->table;
}

}  // namespace lead_scoring
