// Reads a model's views, in one transaction, so that all figures are of the same instant.
// A role needs SELECT on the views funnel, campaigns, cohorts, velocity and leads and on the tables scores and versions.
import pg from 'pg';
import { roundStep } from './text.mjs';

// int8 and numeric become numbers: exact up to 15 digits, more than any count or sum of money here has. A date stays
// the text it is, since a JavaScript date is an instant.
const { INT8, NUMERIC, DATE } = pg.types.builtins;
const parsers = new Map([[INT8, Number], [NUMERIC, Number], [DATE, String]]);
const types = { getTypeParser: (oid, format) => parsers.get(oid) ?? pg.types.getTypeParser(oid, format) };

// Months that charts show: the latest.
const MONTHS = 24;

// connection: as for pg.Client; without it libpq's variables (PGHOST ...) say where to.
export async function readModel(model, connection = {}) {
    const client = new pg.Client({ ...connection, types });
    await client.connect();
    try {
        await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        return await read(client, model);
    } finally {
        await client.end();
    }
}

async function read(client, model) {
    const schema = client.escapeIdentifier(model);
    const rows = async (text, values) => (await client.query(text, values)).rows;

    const [{ as_of }] = await rows("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS as_of");
    const [funnel] = await rows(`
        SELECT sum(leads)::bigint AS leads, sum(leads_qualified)::bigint AS leads_qualified, sum(mqls)::bigint AS mqls,
               sum(sqls)::bigint AS sqls, sum(customers)::bigint AS customers
        FROM ${schema}.funnel`);
    // Nothing spent in all is no cost; one of 0.00 would make a campaign look the best of all.
    const costs = ['leads', 'mqls', 'sqls', 'customers'].map((count) =>
        `round(nullif(sum(spend), 0) / nullif(sum(${count}), 0), 2) AS cost_per_${count.slice(0, -1)}`).join(', ');
    const sums = `sum(spend) AS spend, sum(leads)::bigint AS leads, sum(mqls)::bigint AS mqls, sum(sqls)::bigint AS sqls,
        sum(customers)::bigint AS customers, sum(revenue) AS revenue, sum(mqls_converted)::bigint AS mqls_converted`;
    const [total] = await rows(`SELECT ${sums}, ${costs} FROM ${schema}.campaigns`);
    const campaigns = await rows(`
        SELECT campaign, ${sums}, ${costs}
        FROM ${schema}.campaigns GROUP BY campaign
        ORDER BY cost_per_customer NULLS LAST, coalesce(sum(spend), 0) = 0, spend DESC, customers DESC, campaign`);
    const months = await rows(`
        SELECT f.period, f.mqls, f.complete, c.cost_per_mql
        FROM ${schema}.funnel f
        LEFT JOIN (SELECT period, ${costs} FROM ${schema}.campaigns GROUP BY period) AS c USING (period)
        WHERE period IS NOT NULL
        ORDER BY period DESC LIMIT ${MONTHS}`);
    const velocity = await rows(`
        SELECT from_stage, to_stage, from_rank, to_rank, period, leads, converted, median_days, p50_days
        FROM ${schema}.velocity
        WHERE period IN (SELECT period FROM ${schema}.funnel ORDER BY period DESC NULLS LAST LIMIT ${MONTHS})
        ORDER BY from_rank, to_rank, period`);
    const cohorts = await rows(`
        SELECT from_stage, to_stage, period, age, leads, converted, mature, rate
        FROM ${schema}.cohorts
        WHERE period IN (SELECT period FROM ${schema}.funnel ORDER BY period DESC NULLS LAST LIMIT ${MONTHS})
        ORDER BY period, age`);

    const roles = findRoles(velocity, cohorts);
    return {
        model, asOf: as_of, funnel, total, campaigns, months: months.reverse(), roles,
        cohorts: cohorts.filter((row) => row.from_stage === roles.cohortFrom && row.to_stage === roles.cohortTo),
        speed: [[roles.lead, roles.mql], [roles.mql, roles.sql]]
            .filter(([from, to]) => from && to)
            .map(([from, to]) => ({
                from, to, rows: velocity.filter((row) => row.from_stage === from && row.to_stage === to),
            })),
        scores: await readScores(rows, schema, roles.mql),
    };
}

// Which stages the reports take for MQL and SQL, as the view cohorts has it: its pairs go from the lowest stage to MQL,
// and from there to SQL and customer. A lone pair from MQL is shown as what comes next, whichever it is.
function findRoles(velocity, cohorts) {
    const rank = new Map(velocity.flatMap((row) => [[row.from_stage, row.from_rank], [row.to_stage, row.to_rank]]));
    const pairs = new Map(cohorts.map((row) => [row.from_stage + '\0' + row.to_stage, [row.from_stage, row.to_stage]]));
    const byRank = [...pairs.values()]
        .sort((a, b) => rank.get(a[0]) - rank.get(b[0]) || rank.get(a[1]) - rank.get(b[1]));
    const last = byRank.at(-1) ?? [];
    const [lead, mql] = byRank.find(([from]) => rank.get(from) === 1) ?? [];
    const sql = byRank.find(([from]) => from === mql)?.[1];
    return { lead, mql, sql, cohortFrom: last[0], cohortTo: last[1] };
}

// The histogram of scores as of now: bins of a round width, the threshold on an edge.
async function readScores(rows, schema, mqlStage) {
    const [stage] = await rows(`
        SELECT (stage->>'min_score')::float8 AS threshold
        FROM (SELECT definition FROM ${schema}.versions ORDER BY version DESC LIMIT 1) AS newest,
             jsonb_array_elements(definition->'stages') AS stage
        WHERE stage->>'name' = $1`, [mqlStage ?? 'mql']);
    const threshold = stage?.threshold ?? null;
    const [range] = await rows(`SELECT min(score) AS low, max(score) AS high FROM ${schema}.leads`);
    if (range.low === null) return { threshold, width: null, bins: [] };

    const width = roundStep((range.high - range.low) / 30);
    const origin = threshold ?? 0;
    const bins = await rows(`
        SELECT $1::float8 + bin * $2::float8 AS low, $1::float8 + (bin + 1) * $2::float8 AS high, leads
        FROM (SELECT floor((score - $1) / $2) AS bin, count(*) AS leads FROM ${schema}.leads GROUP BY bin) AS counts
        ORDER BY bin`, [origin, width]);
    return { threshold, width, bins };
}
