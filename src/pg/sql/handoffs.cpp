// What workers do with hand-offs, and what sales decide. A worker's claim locks rows of hand-offs alone, and waits for
// none; what ends a delivery, or moves the lead, locks the lead first, as all do.

#include "pg/server/postgres.hpp"

#include <algorithm>

#include "pg/intake/event_log.hpp"
#include "pg/intake/handoffs.hpp"
#include "pg/intake/plans.hpp"
#include "pg/intake/reading.hpp"
#include "pg/model/format.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/permit.hpp"
#include "pg/model/row_security.hpp"
#include "pg/model/table_name.hpp"
#include "pg/scoring/statement.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
}

using namespace lead_scoring;

namespace {

constexpr int64 kMostClaimed = 10000;
constexpr int64 kDaysKept = 90;  // of what is done

Model* use_handing(FunctionCallInfo fcinfo) {
    Model* model = use_bound(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    require_column(model, "handoffs", "lead_id", "hand leads off");
    require_capability(model, "handoffs", "work on hand-offs");
    return model;
}

void require_arguments(FunctionCallInfo fcinfo, std::initializer_list<const char*> names, const char* call) {
    int number = 0;
    for (const char* name : names) require_argument(fcinfo, number++, name, call);
}

// The interval, if it is a length of time from `least` to `most`, in microseconds; months are none.
Datum length_argument(FunctionCallInfo fcinfo, int number, const char* name, int64 least, int64 most,
                      const char* detail, const char* hint) {
    const Interval* given = PG_GETARG_INTERVAL_P(number);
    constexpr int64 kMostDays = 1000;
    int64 length =
        given->month != 0 || given->day > kMostDays || given->day < -kMostDays ? -1 : given->day * USECS_PER_DAY;
    if (length >= 0 && given->time > -USECS_PER_DAY * kMostDays && given->time < USECS_PER_DAY * kMostDays)
        length += given->time;
    else
        length = -1;
    if (length < least || length > most)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s cannot be %s", name,
                               DatumGetCString(DirectFunctionCall1(interval_out, PG_GETARG_DATUM(number)))),
                        errdetail("%s", detail), errhint("%s", hint)));
    return PG_GETARG_DATUM(number);
}

Datum lease_argument(FunctionCallInfo fcinfo, int number) {
    return length_argument(
        fcinfo, number, "a lease", USECS_PER_SEC, USECS_PER_DAY,
        "It lasts from a second to a day: whose worker has died waits for so long until another gets the hand-off.",
        "For example lease => '5 minutes'; extend_handoff() makes it longer.");
}

// The keys in the first column of SPI's latest result.
Datum* result_keys(const KeyType& type, uint64 count) {
    auto* keys = static_cast<Datum*>(palloc(sizeof(Datum) * (count + 1)));
    for (uint64 i = 0; i < count; ++i) {
        bool is_null = false;
        keys[i] = datumCopy(ResultRow{i}.value(1, &is_null), type.by_value, type.length);
    }
    return keys;
}

// Has the first row of each of the leads in SPI's latest result be marked. Returns how many there were.
uint64 settle_found(const AsWriter& as) {
    uint64 count = SPI_processed;
    Datum* keys = result_keys(as.model->key, count);
    for (uint64 i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        execute(as, PlanName::SettleHandoffs, &keys[i]);
    }
    return count;
}

// Parks rows whose last delivery was not acknowledged in time.
uint64 park(const AsWriter& as, Datum now) {
    execute(as, PlanName::ParkHandoffs, &now);
    return settle_found(as);
}

uint64 settle_headless(const AsWriter& as) {
    SPI_execute_plan(plan(as, PlanName::FindHeadless), nullptr, nullptr, false, 0);
    return settle_found(as);
}

constexpr int kClaimedColumns = 12;

// Up to when this backend has seen all that is ready of a model claimed, and since when. What is claimed and done is
// behind that, and nothing can remove it while somebody holds an old snapshot: it would be looked at with every claim.
// What comes to lie behind it meanwhile, since its transaction was long or a claim was rolled back, is found with the
// next look from the beginning.
struct Seen {
    Oid scores;
    TimestampTz to;
    TimestampTz since;
};
constexpr TimestampTz kSeenFor = 10 * USECS_PER_SEC;
Seen seen = {};

// Claims so many into the result, and says whether it looked from the beginning. Returns how many there were.
int64 claim(const AsWriter& as, Datum* values, const char* nulls, ReturnSetInfo* result, bool* from_beginning) {
    bool of_all = nulls[3] == 'n' && nulls[4] == 'n';
    auto now = DatumGetTimestampTz(values[5]);
    bool anew = !of_all || seen.scores != as.model->scores || now - seen.since > kSeenFor || now < seen.since;
    *from_beginning = anew;
    values[6] = TimestampTzGetDatum(anew ? DT_NOBEGIN : seen.to);
    execute(as, PlanName::ClaimHandoffs, values, nulls);
    auto claimed = static_cast<int64>(SPI_processed);
    if (of_all && anew) seen = {as.model->scores, DT_NOBEGIN, now};
    for (int64 i = 0; i < claimed; ++i) {
        ResultRow row{static_cast<uint64>(i)};
        Datum columns[kClaimedColumns];
        bool missing[kClaimedColumns];
        for (int column = 0; column < kClaimedColumns; ++column)
            columns[column] = row.value(column + 1, &missing[column]);
        tuplestore_putvalues(result->setResult, result->setDesc, columns, missing);
        bool is_null = false;
        if (of_all) seen.to = std::max(seen.to, DatumGetTimestampTz(row.value(kClaimedColumns + 1, &is_null)));
    }
    return claimed;
}

void check_claim(FunctionCallInfo fcinfo) {
    static constexpr const char* kCall = "For example SELECT * FROM lead_scoring.claim_handoffs('sales', 'worker 1');";
    require_arguments(fcinfo, {"model", "worker", "n", "lease"}, kCall);
    int64 n = PG_GETARG_INT64(2);
    if (n < 1 || n > kMostClaimed)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("cannot claim %lld hand-offs", (long long)n),
                        errdetail("n is how many to claim at the most, from 1 to %lld.", (long long)kMostClaimed),
                        errhint("%s", kCall)));
    lease_argument(fcinfo, 3);
    if (VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(1)) == 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the name of a worker is empty"),
                        errdetail("It says who has a hand-off, in the column claimed_by."), errhint("%s", kCall)));
}

void require_stage(Model* model, const char* stage) {
    const Version* version = newest_version(model);
    if (version == nullptr || find_stage(version, stage) != kNoStage) return;
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("model \"%s\" has no stage \"%s\"", model->name, stage),
                    errdetail("Version " INT64_FORMAT " is the one in force.", version->number),
                    errhint("SELECT name FROM %s WHERE hand_off;", own_table(model, "stages"))));
}

}  // namespace

// claim_handoffs(model text, worker text, n bigint, lease interval, stage text, owner text) returns (id, lead_id,
// stage, at, score, grade, lead_type, rule, entry, why, attempt, lease_token)
LEAD_SCORING_FUNCTION(lead_scoring_claim_handoffs);
Datum lead_scoring_claim_handoffs(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    check_claim(fcinfo);
    Model* model = use_handing(fcinfo);
    require_all_rows(model->name, model->scores, "claim_handoffs");
    if (!PG_ARGISNULL(4)) require_stage(model, text_to_cstring(PG_GETARG_TEXT_PP(4)));
    int64 n = PG_GETARG_INT64(2);
    Datum now = TimestampTzGetDatum(GetCurrentTimestamp());
    Datum values[] = {
        PG_GETARG_DATUM(1), Int64GetDatum(n), PG_GETARG_DATUM(3), PG_GETARG_DATUM(4), PG_GETARG_DATUM(5), now, 0};
    const char nulls[] = {' ', ' ', ' ', PG_ARGISNULL(4) ? 'n' : ' ', PG_ARGISNULL(5) ? 'n' : ' ', ' ', ' ', '\0'};

    AsWriter as = begin_work(model);
    park(as, now);
    bool all = false;
    n -= claim(as, values, nulls, result, &all);
    if (n > 0 && (settle_headless(as) > 0 || !all)) {
        seen.since = 0;
        values[1] = Int64GetDatum(n);
        values[5] = TimestampTzGetDatum(GetCurrentTimestamp());
        claim(as, values, nulls, result, &all);
    }
    end_work(as);
    return static_cast<Datum>(0);
}

namespace {

[[noreturn]] void no_such_handoff(const Model* model, const char* id) {
    ereport(ERROR,
            (errcode(ERRCODE_NO_DATA_FOUND), errmsg("model \"%s\" has no hand-off \"%s\"", model->name, id),
             errdetail("claim_handoffs() returns the id of each."),
             errhint("SELECT id, lead_id, claimed_by FROM %s WHERE done_at IS NULL;", own_table(model, "handoffs"))));
    pg_unreachable();
}

// A worker's call about the hand-off that it has: model, id, lease_token.
struct Delivery {
    Model* model;
    Datum values[4];  // id, token, now, and a length
};

Delivery begin_delivery(FunctionCallInfo fcinfo, const char* call) {
    require_arguments(fcinfo, {"model", "id", "lease_token"}, call);
    Model* model = use_handing(fcinfo);
    Datum now = TimestampTzGetDatum(GetCurrentTimestamp());
    return {model, {PG_GETARG_DATUM(1), PG_GETARG_DATUM(2), now, 0}};
}

// Whose hand-off it is.
ResultRow find_handoff(const AsOwner& as, Delivery* delivery) {
    SPI_execute_plan(plan(as, PlanName::FindHandoff), delivery->values, nullptr, false, 0);
    if (SPI_processed == 0) no_such_handoff(as.model, text_to_cstring(DatumGetTextPP(delivery->values[0])));
    return {0};
}

// Locks the lead whose hand-off it is, which a merge may change meanwhile.
void lock_handed(const AsOwner& as, Delivery* delivery) {
    const KeyType& type = as.model->key;
    auto find = [&] {
        bool is_null = false;
        return datumCopy(find_handoff(as, delivery).value(1, &is_null), type.by_value, type.length);
    };
    Datum key = find();
    for (;;) {
        lock_lead(as, key);
        Datum found = find();
        if (compare_keys(type, key, found) == 0) return;
        key = found;
    }
}

[[noreturn]] void refuse_token(const AsOwner& as, Delivery* delivery) {
    ResultRow row = find_handoff(as, delivery);
    const char* id = text_to_cstring(DatumGetTextPP(delivery->values[0]));
    const char* ended = row.text(4);
    const char* detail = nullptr;
    if (ended != nullptr)
        detail = psprintf("It is %s: there is nothing left to be delivered.", ended);
    else if (row.boolean(2, false))
        detail = psprintf("The lease ran out at %s, and the hand-off is for whoever claims it next.", row.text(6));
    else if (row.null(2))
        detail = "Nobody has it: it waits to be claimed.";
    else
        detail = psprintf("%s has claimed it since.", quote_literal_cstr(row.text(5)));
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("lease_token is not that of hand-off \"%s\" of model \"%s\"", id, as.model->name),
                    errdetail("%s", detail),
                    errhint("SELECT * FROM lead_scoring.claim_handoffs(%s, 'worker 1');  -- the next ones",
                            quote_literal_cstr(as.model->name))));
    pg_unreachable();
}

// Ends a delivery by that statement.
void end_delivery(Delivery* delivery, PlanName name) {
    AsWriter as = begin_work(delivery->model);
    lock_handed(as, delivery);
    execute(as, name, delivery->values);
    if (SPI_processed == 0) refuse_token(as, delivery);
    end_work(as);
}

}  // namespace

// ack_handoff(model text, id text, lease_token text)
LEAD_SCORING_FUNCTION(lead_scoring_ack_handoff);
Datum lead_scoring_ack_handoff(PG_FUNCTION_ARGS) {
    Delivery delivery = begin_delivery(fcinfo,
                                       "For example SELECT lead_scoring.ack_handoff('sales', id, lease_token), of what "
                                       "claim_handoffs() returned.");
    end_delivery(&delivery, PlanName::AckHandoff);
    PG_RETURN_VOID();
}

// release_handoff(model text, id text, lease_token text, retry_in interval)
LEAD_SCORING_FUNCTION(lead_scoring_release_handoff);
Datum lead_scoring_release_handoff(PG_FUNCTION_ARGS) {
    static constexpr const char* kCall =
        "For example SELECT lead_scoring.release_handoff('sales', id, lease_token, "
        "retry_in => '1 minute').";
    constexpr int64 kMostDays = 30;
    require_arguments(fcinfo, {"model", "id", "lease_token", "retry_in"}, kCall);
    Delivery delivery = begin_delivery(fcinfo, kCall);
    delivery.values[3] = length_argument(fcinfo, 3, "retry_in", 0, kMostDays * USECS_PER_DAY,
                                         "It is the time until the hand-off can be claimed again, up to 30 days.",
                                         "For example retry_in => '1 minute'.");
    end_delivery(&delivery, PlanName::ReleaseHandoff);
    PG_RETURN_VOID();
}

// extend_handoff(model text, id text, lease_token text, lease interval)
LEAD_SCORING_FUNCTION(lead_scoring_extend_handoff);
Datum lead_scoring_extend_handoff(PG_FUNCTION_ARGS) {
    static constexpr const char* kCall =
        "For example SELECT lead_scoring.extend_handoff('sales', id, lease_token, "
        "lease => '5 minutes').";
    require_arguments(fcinfo, {"model", "id", "lease_token", "lease"}, kCall);
    Delivery delivery = begin_delivery(fcinfo, kCall);
    delivery.values[3] = lease_argument(fcinfo, 3);
    AsWriter as = begin_work(delivery.model);
    execute(as, PlanName::ExtendHandoff, delivery.values);
    if (SPI_processed == 0) refuse_token(as, &delivery);
    end_work(as);
    PG_RETURN_VOID();
}

namespace {

constexpr const char* kDecideCall = "For example SELECT lead_scoring.decide_handoff('sales', 42, 'accepted').";

bool is_acceptance(FunctionCallInfo fcinfo) {
    require_arguments(fcinfo, {"model", "lead", "outcome"}, kDecideCall);
    const char* outcome = text_to_cstring(PG_GETARG_TEXT_PP(2));
    if (strcmp(outcome, "accepted") == 0) return true;
    if (strcmp(outcome, "rejected") == 0) return false;
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("outcome cannot be \"%s\"", outcome),
                    errdetail("A lead that was handed over is accepted or rejected."), errhint("%s", kDecideCall)));
    pg_unreachable();
}

// Where the decision leads a lead that stands in `now`, handed over by `from`; kNoStage: nowhere. Acceptance leads
// upwards only, and out of detours; rejection only from where it was handed over.
int decided_stage(const Version* version, bool accepted, int from, int now) {
    if (from == kNoStage || now == kNoStage) return kNoStage;
    const std::vector<Stage>& stages = version->definition->stages;
    int target = accepted ? stages[from].accepted_stage : stages[from].rejected_stage;
    if (target == kNoStage) return kNoStage;
    bool moves = accepted ? stages[now].detour || stages[target].rank > stages[now].rank : now == from;
    return moves && target != now ? target : kNoStage;
}

bool is_text(const char* stored, FunctionCallInfo fcinfo, int number) {
    return stored != nullptr && strcmp(stored, text_to_cstring(PG_GETARG_TEXT_PP(number))) == 0;
}

}  // namespace

// decide_handoff(model text, lead, outcome text, reason text)
LEAD_SCORING_FUNCTION(lead_scoring_decide_handoff);
Datum lead_scoring_decide_handoff(PG_FUNCTION_ARGS) {
    bool accepted = is_acceptance(fcinfo);
    Model* model = use_handing(fcinfo);
    model = hold_off_versions(model);
    const Version* version = require_scoring(model);
    Datum key = lead_argument(fcinfo, 1, model->key);
    if (!sees_lead(model, key)) no_such_lead(model, key);
    bool has_reason = !PG_ARGISNULL(3);
    MoveByHand move = {};
    move.actor = asking_name();
    move.reason = has_reason ? text_to_cstring(PG_GETARG_TEXT_PP(3)) : nullptr;
    Datum decided_by = CStringGetTextDatum(move.actor);

    AsWriter as = begin_work(model);
    if (!lock_lead(as, key)) no_such_lead(model, key);
    SPI_execute_plan(plan(as, PlanName::LatestHandoff), &key, nullptr, false, 0);
    if (SPI_processed == 0) {
        const char* lead = key_to_text(model->key, key);
        ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
                        errmsg("lead \"%s\" of model \"%s\" was not handed over", lead, model->name),
                        errdetail("A lead is handed over when it enters a stage with hand_off."),
                        errhint("SELECT lead_scoring.set_stage(%s, %s, 'sql', 'called them');",
                                quote_literal_cstr(model->name), quote_literal_cstr(lead))));
    }
    ResultRow latest{0};
    bool known = is_text(latest.text(3), fcinfo, 2) && (!has_reason || is_text(latest.text(4), fcinfo, 3));
    if (known) {
        end_work(as);
        PG_RETURN_VOID();
    }
    const char* now = latest.text(5);
    move.stage = decided_stage(version, accepted, find_stage(version, latest.text(2)),
                               now == nullptr ? kNoStage : find_stage(version, now));
    Datum values[] = {key, Int32GetDatum(static_cast<int32>(latest.integer(1, 0))), PG_GETARG_DATUM(2),
                      PG_GETARG_DATUM(3), decided_by};
    const char nulls[] = {' ', ' ', ' ', has_reason ? ' ' : 'n', ' ', '\0'};
    execute(as, PlanName::DecideHandoff, values, nulls);
    Applied applied = {};
    if (move.stage != kNoStage) applied = apply_to_lead(as, version, key, Work::SetStage, &move);
    end_work(as, applied.statuses);
    PG_RETURN_VOID();
}

// require_writing(model text): for what statements of ours call that write a model's tables
LEAD_SCORING_FUNCTION(lead_scoring_require_writing);
Datum lead_scoring_require_writing(PG_FUNCTION_ARGS) {
    const Entry* entry = innermost_entry();
    if (entry == nullptr || entry->owner != GetUserId())
        require_entry(PG_ARGISNULL(0) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(0)));
    PG_RETURN_VOID();
}

// sweep_handoffs(model text, most bigint) returns bigint: so many rows were parked or removed
LEAD_SCORING_FUNCTION(lead_scoring_sweep_handoffs);
Datum lead_scoring_sweep_handoffs(PG_FUNCTION_ARGS) {
    require_arguments(fcinfo, {"model", "most"}, "For example CALL lead_scoring.refresh('sales', 1000).");
    Model* model = use_bound(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    require_capability(model, "transitions", "move leads");
    if (!has_handoffs(model) || !has_rows(get_relname_relid("handoffs", model->schema))) PG_RETURN_INT64(0);
    TimestampTz now = GetCurrentTimestamp();
    AsWriter as = begin_work(model);
    uint64 swept = park(as, TimestampTzGetDatum(now));
    settle_headless(as);
    Datum values[] = {TimestampTzGetDatum(now - kDaysKept * USECS_PER_DAY), PG_GETARG_DATUM(1)};
    execute(as, PlanName::SweepHandoffs, values);
    swept += SPI_processed;
    end_work(as);
    PG_RETURN_INT64(static_cast<int64>(swept));
}
