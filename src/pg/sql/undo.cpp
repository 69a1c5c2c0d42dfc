// Moves that a hand takes back, and those that a replay supersedes. Their rows stay, marked.

#include "pg/server/postgres.hpp"

#include "pg/intake/event_log.hpp"
#include "pg/intake/handoffs.hpp"
#include "pg/intake/plans.hpp"
#include "pg/intake/reading.hpp"
#include "pg/model/format.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/row_security.hpp"
#include "pg/model/table_name.hpp"
#include "pg/scoring/history.hpp"
#include "pg/scoring/statement.hpp"
#include "pg/server/progress.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/timestamp.h"
}

using namespace lead_scoring;

namespace {

[[noreturn]] void no_such_move(const Model* model, Datum key, int32 seq) {
    const char* lead = key_to_text(model->key, key);
    ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
                    errmsg("lead \"%s\" of model \"%s\" has no move %d", lead, model->name, seq),
                    errdetail("Moves are numbered within each lead, from 1."),
                    errhint("SELECT seq, from_stage, to_stage, at FROM %s WHERE lead_id = %s ORDER BY seq;",
                            own_table(model, "transitions"), quote_literal_cstr(lead))));
    pg_unreachable();
}

// Of the lead, whose rows are locked.
void require_standing(const AsOwner& as, Datum key, int32 seq) {
    const Model* model = as.model;
    Datum arguments[] = {key, Int32GetDatum(seq)};
    SPI_execute_plan(plan(as, PlanName::FindMove), arguments, nullptr, false, 0);
    if (SPI_processed == 0) no_such_move(model, key, seq);
    ResultRow move{0};
    if (move.null(1)) return;
    const char* lead = key_to_text(model->key, key);
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("move %d of lead \"%s\" of model \"%s\" was taken back already", seq, lead, model->name),
             errdetail(move.boolean(3, false) ? "%s superseded it by a replay." : "%s took it back.",
                       move.null(2) ? "Somebody" : quote_identifier(move.text(2))),
             errhint("SELECT seq, from_stage, to_stage, at FROM %s WHERE lead_id = %s AND undone_at IS NULL ORDER BY "
                     "seq;  -- the moves that stand",
                     own_table(model, "transitions"), quote_literal_cstr(lead))));
}

// A trigger of the user's may keep a row as it was; half a history is not taken back.
void require_none_standing(const AsOwner& as, PlanName name, Datum* arguments) {
    SPI_execute_plan(plan(as, name), arguments, nullptr, false, 0);
    if (SPI_processed == 0) return;
    bool is_null = false;
    refuse_kept_out(as.model, "transitions", ResultRow{0}.value(1, &is_null));
}

}  // namespace

// undo_move(model text, lead, seq integer, reason text)
LEAD_SCORING_FUNCTION(lead_scoring_undo_move);
Datum lead_scoring_undo_move(PG_FUNCTION_ARGS) {
    static constexpr const char* kNames[] = {"model", "lead", "seq"};
    for (int i = 0; i < 3; ++i)
        require_argument(fcinfo, i, kNames[i], "For example lead_scoring.undo_move('sales', 42, 3, 'the wrong deal').");
    Model* model = use_bound(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    require_capability(model, "transitions", "move leads");
    model = hold_off_versions(model);
    const Version* version = require_scoring(model);
    require_column(model, "transitions", "undone_at", "take back moves");
    Datum key = lead_argument(fcinfo, 1, model->key);
    int32 seq = PG_GETARG_INT32(2);
    if (!sees_lead(model, key)) no_such_lead(model, key);

    Datum asking = CStringGetTextDatum(asking_name());
    AsWriter as = begin_work(model);
    if (!lock_lead(as, key)) no_such_lead(model, key);
    require_standing(as, key, seq);
    Datum values[] = {key, PG_GETARG_DATUM(2), asking, PG_GETARG_DATUM(3)};
    const char nulls[] = {' ', ' ', ' ', PG_ARGISNULL(3) ? 'n' : ' '};
    execute(as, PlanName::TakeBackMoves, values, nulls);
    require_none_standing(as, PlanName::StandingMove, values);
    Applied applied = apply_to_lead(as, version, key, Work::TakeBack);
    mend_past_entries(as, version, &key);
    if (has_handoffs(model)) execute(as, PlanName::SettleHandoffs, &key);
    end_work(as, applied.statuses);
    PG_RETURN_VOID();
}

// replay_leads(model text, lead text) returns bigint: of that one, or of all
LEAD_SCORING_FUNCTION(lead_scoring_replay_leads);
Datum lead_scoring_replay_leads(PG_FUNCTION_ARGS) {
    const char* name = PG_ARGISNULL(0) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(0));
    require_entry(name);
    Model* model = use_bound(name);
    check_owner(model);
    require_column(model, "transitions", "undone_at", "supersede moves");
    const Version* version = require_scoring(model);
    bool all = PG_ARGISNULL(1);
    MoveByHand superseding = {kNoStage, asking_name(), nullptr, GetCurrentTimestamp()};
    Datum values[] = {Int64GetDatum(superseding.superseded_at), CStringGetTextDatum(superseding.actor),
                      all ? 0 : key_from_text(model->key, text_to_cstring(PG_GETARG_TEXT_PP(1)))};

    AsWriter as = begin_work(model);
    Applied applied = {};
    if (all) {
        execute(as, PlanName::SupersedeAllMoves, values);
        require_none_standing(as, PlanName::AnyStandingMove, nullptr);
        applied = apply_to_all(as, version, Work::ReplayAll, &superseding);
    } else {
        if (!lock_lead(as, values[2])) no_such_lead(model, values[2]);
        execute(as, PlanName::SupersedeMoves, values);
        Datum all_of_lead[] = {values[2], Int32GetDatum(0)};
        require_none_standing(as, PlanName::StandingMove, all_of_lead);
        applied = apply_to_lead(as, version, values[2], Work::ReplayLead, &superseding);
    }
    mend_past_entries(as, version, all ? nullptr : &values[2]);
    if (has_handoffs(model))
        execute(as, all ? PlanName::SettleAllHandoffs : PlanName::SettleHandoffs, all ? nullptr : &values[2]);
    end_work(as, applied.statuses);
    if (all) end_progress();
    PG_RETURN_INT64(static_cast<int64>(applied.leads));
}
