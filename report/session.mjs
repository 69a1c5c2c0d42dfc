// A connection that reads in one transaction, so that all figures of a page are of one snapshot.
import pg from 'pg';

// int8 and numeric become numbers: exact up to 15 digits, more than any count or sum of money here has. A date stays
// the text it is, since a JavaScript date is an instant.
const { INT8, NUMERIC, DATE } = pg.types.builtins;
const parsers = new Map([[INT8, Number], [NUMERIC, Number], [DATE, String]]);
const types = { getTypeParser: (oid, format) => parsers.get(oid) ?? pg.types.getTypeParser(oid, format) };

// Times without a zone are UTC, as the page says, and dates are read and written alike on any server.
const BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'";

// Gives what read(client, rows) gives; rows(text, values) are those of a query.
// connection: as for pg.Client; without it libpq's variables (PGHOST ...) say where to.
export async function readAtOnce(connection, read) {
    const client = new pg.Client({ ...connection, types });
    await client.connect();
    try {
        await client.query(BEGIN);
        return await read(client, async (text, values) => (await client.query(text, values)).rows);
    } finally {
        await client.end();
    }
}
