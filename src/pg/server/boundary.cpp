#include "pg/server/postgres.hpp"

#include "pg/server/boundary.hpp"

#include <cstring>
#include <new>

#include "core/base/error.hpp"

extern "C" {
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/proc.h"
}

extern "C" {
PG_MODULE_MAGIC;
}

namespace lead_scoring {

namespace {

int sqlstate_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidParameter:
            return ERRCODE_INVALID_PARAMETER_VALUE;
        case ErrorCode::InvalidText:
            return ERRCODE_INVALID_TEXT_REPRESENTATION;
        case ErrorCode::InvalidBinary:
            return ERRCODE_INVALID_BINARY_REPRESENTATION;
        case ErrorCode::CorruptData:
            return ERRCODE_DATA_CORRUPTED;
        case ErrorCode::LimitExceeded:
            return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
        case ErrorCode::NotSupported:
            return ERRCODE_FEATURE_NOT_SUPPORTED;
        case ErrorCode::Stopped:
            return ERRCODE_QUERY_CANCELED;
        case ErrorCode::Internal:
            break;
    }
    return ERRCODE_INTERNAL_ERROR;
}

template <std::size_t size>
void copy(char (&to)[size], const char* from) noexcept {
    std::size_t length = strnlen(from, size - 1);
    std::memcpy(to, from, length);
    to[length] = '\0';
}

void fill(CaughtError& caught, int sqlstate, const char* message, const char* detail = "",
          const char* hint = "") noexcept {
    caught.sqlstate = sqlstate;
    copy(caught.message, message);
    copy(caught.detail, detail);
    copy(caught.hint, hint);
}

// Cuts at a character, where the copy above may have cut through one.
void clip(char* text) { text[pg_mbcliplen(text, static_cast<int>(std::strlen(text)), 1020)] = '\0'; }

// Other interrupts (a barrier, a message of a parallel worker) do not end a statement: they wait until the body has.
// So do these where they are held off.
bool ends_statement() noexcept {
    if (InterruptHoldoffCount != 0 || CritSectionCount != 0) return false;
    return ProcDiePending || LEAD_SCORING_TRANSACTION_TIMED_OUT || (QueryCancelPending && QueryCancelHoldoffCount == 0);
}

}  // namespace

constinit const StopSignal server_signal = {&InterruptPending, ends_statement};

void describe_current_exception(CaughtError& caught) noexcept {
    try {
        throw;
    } catch (const Error& error) {
        fill(caught, sqlstate_of(error.code), error.what(), error.detail.c_str(), error.hint.c_str());
    } catch (const std::bad_alloc&) {
        fill(caught, ERRCODE_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception& error) {
        fill(caught, ERRCODE_INTERNAL_ERROR, error.what());
    } catch (...) {
        fill(caught, ERRCODE_INTERNAL_ERROR, "unknown C++ exception");
    }
}

bool is_corruption(const CaughtError& caught) { return caught.sqlstate == ERRCODE_DATA_CORRUPTED; }

void raise(const CaughtError& caught) {
    // Where the core was stopped, this raises what stopped it; else the statement is over too, for the body's work is
    // lost.
    if (caught.sqlstate == ERRCODE_QUERY_CANCELED) CHECK_FOR_INTERRUPTS();
    CaughtError copy = caught;
    clip(copy.message);
    clip(copy.detail);
    clip(copy.hint);
    ereport(ERROR, (errcode(copy.sqlstate), errmsg("%s", copy.message),
                    copy.detail[0] != '\0' ? errdetail("%s", copy.detail) : 0,
                    copy.hint[0] != '\0' ? errhint("%s", copy.hint) : 0));
    pg_unreachable();
}

}  // namespace lead_scoring
