// Who may write a model's own tables, and the status columns of the leads table: our code, one query at a time.
//
// A permit names a relation and the query that may write it, which is the next one of this subtransaction. Queries are
// told apart by the command id of their snapshot: a query that writes has used up its id before its first trigger
// fires, so whatever triggers, defaults and checks run within it, or comes after it, bears a later one; and an error
// that ends it takes its subtransaction along. So a permit is of no use to anybody else, and need not be taken back.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/model/as_owner.hpp"
#include "pg/model/model.hpp"

namespace lead_scoring {

// A query of this backend, as its triggers see it.
struct QueryId {
    LocalTransactionId transaction;
    SubTransactionId subtransaction;
    CommandId command;
    bool operator==(const QueryId&) const = default;
};

// The query whose triggers are running, by its snapshot, which is active.
QueryId running_query();

// Lets the next query of this subtransaction write `relation`. To be called right before it is run; advances the
// command counter.
void permit(const AsWriter& as, Oid relation);

// Runs a statement that writes that table of a model's state, as with_state_write does. The search_path must be shut.
// SPI_processed says how many rows it wrote. `nulls` may be null: none is.
void write_state(const AsWriter& as, const char* table, const char* sql, int arguments, Oid* types, Datum* values,
                 const char* nulls = nullptr);

// Raises 55000: a row that a statement of ours wrote into that table is not there.
[[noreturn]] void refuse_kept_out(const Model* model, const char* table, Datum key);

// Whether the running query is the one that was permitted to write it.
bool is_permitted(Oid relation);

// A privilege on a state table is the right to call the function that writes it: raises 42501 unless the current user
// has INSERT on that table of the model, and USAGE on the schema. `what`: may do so, as in "move leads".
void require_capability(const Model* model, const char* table, const char* what);

// Whether a plain table has any rows to the latest snapshot. Nothing of the table's own is evaluated.
bool has_rows(Oid table);

}  // namespace lead_scoring
