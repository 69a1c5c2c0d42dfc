// What the views say, read by psql: not by the driver that the program reads them with.
import { execFileSync } from 'node:child_process';

export function psql(statements, database = process.env.PGDATABASE) {
    return execFileSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', database, '-f', '-'],
        { input: statements, encoding: 'utf8', maxBuffer: 1 << 28 });
}

export const rows = (select, database) => JSON.parse(psql(`SELECT coalesce(json_agg(t), '[]') FROM (${select}) AS t`, database));
