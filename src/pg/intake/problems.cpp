#include "pg/server/postgres.hpp"

#include "pg/intake/problems.hpp"

#include <algorithm>

#include "pg/intake/plans.hpp"
#include "pg/model/identity.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/datum.h"
#include "utils/memutils.h"
}

namespace lead_scoring {

namespace {

int compare(const KeyType& key, const Problem& a, const Problem& b) {
    int order = compare_keys(key, a.lead, b.lead);
    return order != 0 ? order : strcmp(a.rule, b.rule);
}

void release(const KeyType& key, const Problem& problem) {
    if (!key.by_value) pfree(DatumGetPointer(problem.lead));
    pfree(const_cast<char*>(problem.message));
}

// Sorts them, makes one of those about the same lead and rule, with the latest message, and keeps kMost.
void join_equal(Problems* problems, const KeyType& key) {
    Problem* list = problems->list;
    std::sort(list, list + problems->count, [&](const Problem& a, const Problem& b) {
        int order = compare(key, a, b);
        return order != 0 ? order < 0 : a.number < b.number;
    });
    int kept = 0;
    for (int i = 0; i < problems->count; ++i) {
        if (kept > 0 && compare(key, list[kept - 1], list[i]) == 0) {
            list[i].count += list[kept - 1].count;
            release(key, list[--kept]);
        }
        if (kept < Problems::kMost)
            list[kept++] = list[i];
        else
            release(key, list[i]);
    }
    problems->count = kept;
}

char* copy_beginning(const char* message) {
    auto length = static_cast<int>(strlen(message));
    if (length > Problems::kMessageBytes) length = pg_mbcliplen(message, length, Problems::kMessageBytes);
    return pnstrdup(message, static_cast<Size>(length));
}

}  // namespace

Problems make_problems() {
    Problems problems = {};
    problems.memory = CurrentMemoryContext;
    return problems;
}

void add_problem(Problems* problems, const KeyType& key, Datum lead, const char* rule, const char* message) {
    MemoryContext caller = MemoryContextSwitchTo(problems->memory);
    if (problems->count == 2 * Problems::kMost) join_equal(problems, key);
    if (problems->count == problems->capacity) {
        problems->capacity = std::min(2 * problems->capacity + 16, 2 * Problems::kMost);
        Size size = sizeof(Problem) * static_cast<Size>(problems->capacity);
        problems->list =
            static_cast<Problem*>(problems->list == nullptr ? palloc(size) : repalloc(problems->list, size));
    }
    Problem& added = problems->list[problems->count++];
    added.lead = datumCopy(lead, key.by_value, key.length);
    added.rule = rule;
    added.message = copy_beginning(message);
    added.count = 1;
    added.number = problems->met++;
    MemoryContextSwitchTo(caller);
}

void record_problems(const AsWriter& as, Problems* problems) {
    if (problems->count == 0) return;
    join_equal(problems, as.model->key);
    MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring problem", ALLOCSET_SMALL_SIZES);
    for (int i = 0; i < problems->count; ++i) {
        MemoryContext caller = MemoryContextSwitchTo(memory);
        const Problem& problem = problems->list[i];
        Datum values[] = {problem.lead, CStringGetTextDatum(problem.rule), CStringGetTextDatum(problem.message),
                          Int64GetDatum(problem.count)};
        execute(as, PlanName::AddProblem, values);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(memory);
    }
    MemoryContextDelete(memory);
}

}  // namespace lead_scoring

using namespace lead_scoring;

// clear_problems(model text) returns bigint
LEAD_SCORING_FUNCTION(lead_scoring_clear_problems);
Datum lead_scoring_clear_problems(PG_FUNCTION_ARGS) {
    Model* model = use_model(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    check_owner(model);
    AsWriter as = begin_work(model);
    execute(as, PlanName::ClearProblems, nullptr);
    auto cleared = static_cast<int64>(SPI_processed);
    end_work(as);
    PG_RETURN_INT64(cleared);
}
