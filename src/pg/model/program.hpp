// A version's conditions compiled for the rows of one relation as it is: the candidates that a row may match.
#pragma once

#include "pg/server/postgres.hpp"

#include "core/card/definition.hpp"
#include "core/card/scorecard.hpp"
#include "pg/conditions/dependencies.hpp"
#include "pg/conditions/dispatch.hpp"
#include "pg/model/as_owner.hpp"
#include "pg/model/lead_of.hpp"
#include "pg/model/model.hpp"
#include "pg/model/row_type.hpp"

extern "C" {
#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "pgtime.h"
}

namespace lead_scoring {

// What one event type (or a lead's row) may match: a rule, or a stage entered by event; without either, with kNoRule as
// the target, that the lead counts.
struct Candidate {
    MatchKind kind;
    int target;
    const char* name;
    Formula condition;
    Formula rest;  // what is left of the condition where the dispatch has found the candidate
    Formula per;
    Formula key;
    LimitWindow window;
    double points;
    Bitmapset* inputs;  // columns that the condition reads, as pull_varattnos counts
};

// What an event names: its channel, asset or campaign, in the order of EventNames.
struct EventName {
    const char* setting;  // that says it; null: nothing does
    Formula formula;      // a text; null where it is a column that is none
    AttrNumber column;
    Oid output;
    bool as_campaign;  // the same as the campaign, which is asked first
};

// What problems call the expression that says whose people leads are.
inline constexpr const char* kLeadAccount = "lead_account";

inline constexpr int kEventNames = 3;
inline constexpr int kCampaignName = 2;

struct TypeEntry {
    const char* type;
    uint32 hash;
    Dispatch dispatch;
};

struct Program {
    Program* next;
    Oid relation;
    RowType rows;          // of no others
    const Source* source;  // null: they are leads; kFeatures: what is known of leads, for types of these
    LeadColumn lead;
    AttrNumber type;         // 0: all events are of one type
    const Dispatch* every;   // then what is looked for in them; null: nothing
    const Dispatch* others;  // what is looked for in events of types that nobody names; null: nothing
    Dispatch any;            // that
    AttrNumber time;
    AttrNumber id;  // 0: all rows count
    int16 id_length;
    bool id_by_value;
    int source_place;    // among the version's
    Oid time_type;       // what the time is, as is_time_type has them
    Oid type_output;     // InvalidOid: the type column is text
    AttrNumber created;  // of leads: when they came; 0: nothing says
    Oid created_type;
    pg_tz* time_zone;   // of calendar buckets
    pg_tz* event_zone;  // of times without a zone
    Candidate* candidates;
    int candidate_count;
    TypeEntry* types;  // open addressing; mask + 1 slots, those without a type are free
    uint32 type_mask;
    EventName names[kEventNames];  // of an event, of any type
    bool has_names;
    bool names_may_raise;
    Dispatch leads;       // of a program of leads, which have no type
    bool leaves_out;      // leads for which the condition of those that count does not hold
    Formula account;      // of leads: whose people they are
    bool reads_settings;  // in any expression
    bool runs_code;       // in any expression
    Dependencies dependencies;
    Bitmapset* inputs;  // columns the conditions read, as pull_varattnos counts; a whole row is number 0
    AttrNumber last;    // of the columns that are read
    MemoryContext states;
    Size started;  // bytes of it when all was started
    ExprContext* context;
};

// The version's program for rows of `relation` as it is now, which is `source` or a partition of it. Compiled at first
// use and when the relation has changed, kept as long as the version is. The version need not be one that the model
// knows: it may be of a definition that is not stored.
//
// Requires the relation to be locked before the rows are read, and until they are evaluated. Raises as require_columns
// does, and what compiling an expression raises, naming the rule or stage: a code of class 42 where it does not compile
// any more.
Program* program_for(const AsOwner& as, const Version* version, const Source* source, Relation relation);

// The same, to evaluate it. Until it is given back, the one taken last first, or until an error ends the
// (sub)transaction, whoever else asks for one gets another: no program is evaluated within its own evaluation.
Program* take_program(const AsOwner& as, const Version* version, const Source* source, Relation relation);
void give_back_program();

// Makes the executor states of all expressions, or of a candidate's, anew; those that an error went through are not to
// be trusted.
void start(Program* program);
void start(Program* program, Candidate* candidate);

// The entry of an event type; one without a type where no candidate asks for it.
TypeEntry* find_type(const Program* program, const char* type, std::size_t length);

// Whether two rows of the leads table differ in what its program's conditions read.
bool input_differs(const Program* program, TupleTableSlot* old_row, TupleTableSlot* new_row);

// Whether versions that the model knows have anything compiled for the relation, or that rests on it. Called by the
// callbacks of the caches, like the next one: it reads memory alone.
bool has_program(const Model* model, Oid relation);

// Whether they have anything compiled that rests on what changed in that cache: see rests_on.
bool has_program_on(const Model* model, int cache, uint32 hash);

}  // namespace lead_scoring
