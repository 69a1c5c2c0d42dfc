// Reads a model's reports, in one transaction and as of one time, so that all figures are of the same instant.
// A role needs SELECT on the views funnel, campaigns, cohorts, velocity and leads and on the tables scores and versions.
import { readDimension } from './dimension.mjs';
import { latest } from './periods.mjs';
import { readAtOnce } from './session.mjs';
import { roundStep } from './text.mjs';

// asked: { as_of, grain, by, since, until } of the reports, as text; only the grain must be there.
export const readModel = (model, asked, connection) =>
    readAtOnce(connection, (client, rows) => read(client, rows, model, asked));

// Nothing spent in all is no cost; one of 0.00 would make a campaign look the best of all.
const COSTS = ['leads', 'mqls', 'sqls', 'customers'].map((count) =>
    `round(nullif(sum(spend), 0) / nullif(sum(${count}), 0), 2) AS cost_per_${count.slice(0, -1)}`).join(', ');

async function read(client, rows, model, { as_of, grain, by, since, until }) {
    const schema = client.escapeIdentifier(model);

    const [time] = await rows(`
        SELECT at::text, coalesce(to_char(at, 'YYYY-MM-DD HH24:MI:SS'), at::text) AS text, at = now() AS is_now, since, until
        FROM (SELECT coalesce($1::timestamptz, now()) AS at, $2::date AS since, $3::date AS until) AS asked`,
    [as_of, since, until]);
    // The call of a report.
    const report = (name, more) => {
        const given = Object.entries({ as_of: time.at, grain, since, until, ...more }).filter(([, value]) => value !== undefined);
        return `lead_scoring.${name}(${[client.escapeLiteral(model),
            ...given.map(([argument, value]) => `${argument} => ${client.escapeLiteral(value)}`)].join(', ')})`;
    };

    const funnels = await rows(`
        SELECT period, grouping(period) = 1 AS is_all, bool_and(complete) AS complete, sum(leads)::bigint AS leads,
               sum(leads_qualified)::bigint AS leads_qualified, sum(mqls)::bigint AS mqls, sum(sqls)::bigint AS sqls,
               sum(customers)::bigint AS customers
        FROM ${report('funnel')} GROUP BY GROUPING SETS ((), (period)) ORDER BY period`);
    const spending = await rows(`
        SELECT campaign, period, grouping(campaign, period) AS level, sum(spend) AS spend, sum(leads)::bigint AS leads,
               sum(mqls)::bigint AS mqls, sum(sqls)::bigint AS sqls, sum(customers)::bigint AS customers, sum(revenue) AS revenue,
               sum(mqls_converted)::bigint AS mqls_converted, ${COSTS}
        FROM ${report('campaigns')} GROUP BY GROUPING SETS ((), (campaign), (period))
        ORDER BY cost_per_customer NULLS LAST, coalesce(sum(spend), 0) = 0, spend DESC, customers DESC, campaign`);
    const [all, campaigns, costs] = [3, 1, 2].map((level) => spending.filter((row) => row.level === level));

    const dated = funnels.filter((row) => !row.is_all && row.period !== null);
    const periods = latest(dated, grain)
        .map((row) => ({ ...row, cost_per_mql: costs.find((other) => other.period === row.period)?.cost_per_mql ?? null }));
    const shown = new Set(periods.map((row) => row.period));
    // Of all periods, since stages are known by them.
    const ever = { since: undefined, until: undefined };
    const velocity = await rows(`
        SELECT from_stage, to_stage, from_rank, to_rank, period, leads, converted, median_days, p50_days,
               period <= $1::timestamptz - interval '3 months' AS is_settled
        FROM ${report('velocity', ever)} ORDER BY from_rank, to_rank, period`, [time.at]);
    const cohorts = await rows(`
        SELECT from_stage, to_stage, period, age, leads, converted, mature, rate
        FROM ${report('cohorts', ever)} ORDER BY period, age`);
    const between = (list, from, to) =>
        list.filter((row) => row.from_stage === from && row.to_stage === to && shown.has(row.period));

    const roles = findRoles(velocity, cohorts);
    return {
        asOf: time.text.replace(/:00$/, ''), isNow: time.is_now, grain, since: time.since, until: time.until,
        isPart: time.since !== null || time.until !== null,
        funnel: funnels.find((row) => row.is_all), total: all[0], campaigns, roles,
        periods, earlier: dated.length - periods.length,
        cohorts: between(cohorts, roles.cohortFrom, roles.cohortTo),
        speed: [[roles.lead, roles.mql], [roles.mql, roles.sql]]
            .filter(([from, to]) => from && to)
            .map(([from, to]) => ({ from, to, rows: between(velocity, from, to) })),
        scores: time.is_now ? await readScores(rows, schema, roles.mql) : null,
        dimension: by === undefined ? null : await readDimension(rows, (name) => report(name, { by }), by, roles),
    };
}

// Which stages the reports take for MQL and SQL, as the report cohorts has it: its pairs go from the lowest stage to MQL,
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
