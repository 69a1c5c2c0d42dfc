// Proving the stored state against the log.

#include "pg/server/postgres.hpp"

#include <algorithm>
#include <cmath>

#include "core/card/memory_bytes.hpp"
#include "pg/intake/event_log.hpp"
#include "pg/intake/reading.hpp"
#include "pg/scoring/history.hpp"
#include "pg/scoring/score_row.hpp"
#include "pg/scoring/workspace.hpp"
#include "pg/server/boundary.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
}

using namespace lead_scoring;

namespace {

struct Verification {
    Reading* reading;
    ReturnSetInfo* result;
    ScoreTable* scores;
    Workspace* stored;
    Workspace* computed;
};

void report(Verification* verification, Datum key, const char* problem, const char* stored, const char* computed) {
    Datum values[] = {CStringGetTextDatum(key_to_text(verification->reading->model->key, key)),
                      CStringGetTextDatum(problem), stored == nullptr ? 0 : CStringGetTextDatum(stored),
                      computed == nullptr ? 0 : CStringGetTextDatum(computed)};
    bool nulls[] = {false, false, stored == nullptr, computed == nullptr};
    tuplestore_putvalues(verification->result->setResult, verification->result->setDesc, values, nulls);
}

void report_points(Verification* verification, Datum key, const char* problem, double stored, Units computed) {
    // One unit for rounding, and what decayed sums may differ by.
    double expected = points_of_units(computed);
    if (std::fabs(stored - expected) <= 1.5 / kUnitsPerPoint + 1e-9 * std::fabs(expected)) return;
    report(verification, key, problem, psprintf("%.17g", stored), psprintf("%.17g", expected));
}

// As the column `card` prints.
char* print_card(const Workspace* workspace, const Definition& definition) {
    char* copy = nullptr;
    std::size_t length = run_cpp([&] { return print(workspace->lead.card, definition).size(); });
    copy = static_cast<char*>(palloc(length + 1));
    run_cpp([&] { strlcpy(copy, print(workspace->lead.card, definition).c_str(), length + 1); });
    return copy;
}

// The card as of the row's own time: events that were future then are still waiting in it.
void recompute(Verification* verification, const LeadFindings& found, const ScoreRow& row) {
    const Version* version = verification->reading->version;
    load_new_lead(verification->computed, version);
    replay(verification->computed, version, found, Until::statement(row.scored_at), Moves::none());
    finish_lead(verification->computed, version);
}

// From scored_at on only: before it the lead had other attributes and adjustments than now, with crossings of their
// own.
void check_due(Verification* verification, Datum key, const ScoreRow& row) {
    const Definition& definition = *verification->reading->version->definition;
    Due due = run_cpp([&] {
        Lead& lead = verification->stored->lead;
        return StageMachine(definition, lead.card, lead.stage, verification->stored->transitions)
            .next_due(row.scored_at);
    });
    if (row.due_at <= due.at || !due.exact) return;
    report(verification, key, "due_at", row.due_at == kForever ? nullptr : pstrdup(timestamptz_to_str(row.due_at)),
           pstrdup(timestamptz_to_str(due.at)));
}

// Whether a memory of an older format, which the next write of the lead replaces, says what the computed one does.
bool says_the_same(const struct varlena* stored, const std::string& computed) {
    std::span<const std::byte> bytes = {reinterpret_cast<const std::byte*>(VARDATA_ANY(stored)),
                                        VARSIZE_ANY_EXHDR(stored)};
    bool same = false;
    run_cpp_if_sound([&] {
        if (!is_older_format(bytes)) return;
        Memory memory;
        decode(bytes, memory);
        std::string again;
        encode(memory, again);
        same = again == computed;
    });
    return same;
}

// Of what the computed lead remembers.
void check_memory(Verification* verification, Datum key, const ScoreRow& row) {
    const std::string& computed = verification->computed->memory_bytes;
    auto printed = [](const void* bytes, Size size) {
        constexpr Size kShown = 1000;
        Size shown = std::min(size, kShown);
        auto* hex = static_cast<char*>(palloc(2 * shown + 1));
        hex[hex_encode(static_cast<const char*>(bytes), shown, hex)] = '\0';
        return hex;
    };
    const struct varlena* stored =
        row.memory == nullptr ? nullptr : PG_DETOAST_DATUM_PACKED(PointerGetDatum(row.memory));
    if (stored != nullptr && VARSIZE_ANY_EXHDR(stored) == computed.size() &&
        memcmp(VARDATA_ANY(stored), computed.data(), computed.size()) == 0)
        return;
    if (stored != nullptr && says_the_same(stored, computed)) return;
    report(verification, key, "memory",
           stored == nullptr ? nullptr : printed(VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored)),
           printed(computed.data(), computed.size()));
}

void check_lead(Verification* verification, const LeadFindings& found) {
    const Version* version = verification->reading->version;
    ScoreRow row;
    if (!read_score(verification->scores, found.key, FirstCommandId, &row)) {
        report(verification, found.key, "missing", nullptr, nullptr);
        return;
    }
    if (!is_known(found)) {
        report(verification, found.key, "superfluous", row.stage_name, nullptr);
        return;
    }
    bool counts = is_counted(found);
    bool stale = row.card == nullptr || row.version != version->number;
    // Another version may count other leads, but none that are not there.
    if (stale ? row.counted && !found.known : row.counted != counts)
        report(verification, found.key, "counted", row.counted ? "true" : "false", counts ? "true" : "false");
    if (stale) {
        report(verification, found.key, "stale", psprintf("version " INT64_FORMAT, row.version),
               psprintf("version " INT64_FORMAT, version->number));
        return;
    }
    if (const char* column = implausible_column(version, row)) {
        report(verification, found.key, "damaged", column, nullptr);
        return;
    }
    bool readable = load_lead(verification->stored, version, row);
    if (version->definition->has_cooldown)
        load_entries(verification->stored, verification->reading->as, version, found.key, false);
    recompute(verification, found, row);
    const Lead& computed = verification->computed->lead;
    bool same = readable && run_cpp([&] { return verification->stored->lead.card == computed.card; });
    if (!same)
        report(verification, found.key, "card",
               readable ? print_card(verification->stored, *version->definition) : nullptr,
               print_card(verification->computed, *version->definition));
    report_points(verification, found.key, "score", row.score, computed.features.score.total);
    report_points(verification, found.key, "engagement", row.engagement, computed.features.score.engagement);
    report_points(verification, found.key, "fit", row.fit, computed.features.score.fit);
    const char* grade = grade_label(version, computed.features.grade);
    if (strcmp(row.grade == nullptr ? "" : row.grade, grade == nullptr ? "" : grade) != 0)
        report(verification, found.key, "grade", row.grade, grade);
    const char* account = verification->computed->account.c_str();
    if (strcmp(row.account == nullptr ? "" : row.account, account) != 0)
        report(verification, found.key, "account", row.account, *account == '\0' ? nullptr : account);
    if (version->touches.remembers) check_memory(verification, found.key, row);
    if (readable) check_due(verification, found.key, row);
}

}  // namespace

// verify_cards(model text) returns (lead_id, problem, stored, recomputed)
LEAD_SCORING_FUNCTION(lead_scoring_verify_cards);
Datum lead_scoring_verify_cards(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    Reading reading = begin_reading(text_to_cstring(PG_GETARG_TEXT_PP(0)), "verify()");
    Verification verification = {};
    verification.reading = &reading;
    verification.result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    verification.stored = make_workspace();
    verification.computed = make_workspace();
    verification.scores = open_scores(reading.model, reading.version, true);

    for_each_lead(reading.as, reading.version, [&](const LeadFindings& found) { check_lead(&verification, found); });
    close_scores(verification.scores);
    end_reading(&reading);
    return static_cast<Datum>(0);
}
