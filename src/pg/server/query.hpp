// Small conveniences over SPI.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "executor/spi.h"
}

namespace lead_scoring {

// One row of what was the latest SPI result when this was made. Columns count from 1; text is a fresh C string, null
// where the column is.
struct ResultRow {
    uint64 row;
    SPITupleTable* rows = SPI_tuptable;

    Datum value(int column, bool* is_null) const {
        return SPI_getbinval(rows->vals[row], rows->tupdesc, column, is_null);
    }
    char* text(int column) const { return SPI_getvalue(rows->vals[row], rows->tupdesc, column); }
    bool null(int column) const {
        bool is_null = false;
        value(column, &is_null);
        return is_null;
    }
    double number(int column, double missing) const {
        bool is_null = false;
        Datum datum = value(column, &is_null);
        return is_null ? missing : DatumGetFloat8(datum);
    }
    int64 integer(int column, int64 missing) const {
        bool is_null = false;
        Datum datum = value(column, &is_null);
        return is_null ? missing : DatumGetInt64(datum);
    }
    bool boolean(int column, bool missing) const {
        bool is_null = false;
        Datum datum = value(column, &is_null);
        return is_null ? missing : DatumGetBool(datum);
    }
};

// The relation's qualified name as SQL takes it; its number where it was dropped, which whoever holds no lock must
// reckon with.
const char* relation_name(Oid relation);

// Runs `sql`, which only reads, under the active snapshot; SPI must be connected. SPI_processed and SPI_tuptable have
// the result, and the current memory context is SPI's. `nulls` may be null: none is.
void query(const char* sql, int arguments = 0, Oid* types = nullptr, Datum* values = nullptr,
           const char* nulls = nullptr);

// A plan that serves all arguments, until SPI_finish; SPI must be connected. One that is kept lasts until SPI_freeplan.
SPIPlanPtr prepare(const char* sql, int arguments = 0, Oid* types = nullptr);
SPIPlanPtr prepare_kept(const char* sql, int arguments, Oid* types);

// A cursor that nobody else can close: whatever code runs until we close it may know its name. `read_only`: under the
// active snapshot, else under a new one.
Portal open_cursor(SPIPlanPtr statement, Datum* arguments, bool read_only);
void close_cursor(Portal cursor);

// SPI_connect and SPI_finish, checked. In between the current memory context is SPI's.
void connect_spi();
void finish_spi();

}  // namespace lead_scoring
