// Reads what the reports say of each value of a dimension.

// What is not known of a value that has spend and no leads.
const NOTHING = { mql_rate: null, customer_rate: null, days_to_mql: null, days_to_sql: null };

// rows: runs a query; report: the call of a report by the dimension; roles: as findRoles has them.
// Gives values, those with most leads first, and all of them together; these by period; and rates of cohorts.
export async function readDimension(rows, report, by, roles) {
    const counts = await rows(`
        SELECT dimension, period, level, leads, mqls, sqls, customers,
               (q).rate AS mql_rate, (q).low AS mql_low, (q).high AS mql_high,
               (c).rate AS customer_rate, (c).low AS customer_low, (c).high AS customer_high
        FROM (SELECT dimension, period, grouping(dimension, period) AS level, sum(leads)::bigint AS leads,
                     sum(mqls)::bigint AS mqls, sum(sqls)::bigint AS sqls, sum(customers)::bigint AS customers,
                     lead_scoring.wilson_interval(sum(leads_qualified)::bigint, sum(leads)::bigint) AS q,
                     lead_scoring.wilson_interval(sum(customers)::bigint, sum(mqls)::bigint) AS c
              FROM ${report('funnel')} GROUP BY GROUPING SETS ((), (dimension), (dimension, period))) AS sums
        ORDER BY leads DESC, dimension`);
    const money = await rows(`
        SELECT dimension, 1 + 2 * grouping(dimension) AS level, sum(leads)::bigint AS leads, sum(mqls)::bigint AS mqls,
               sum(sqls)::bigint AS sqls, sum(customers)::bigint AS customers, sum(spend) AS spend,
               round(nullif(sum(spend), 0) / nullif(sum(mqls), 0), 2) AS cost_per_mql,
               round(nullif(sum(spend), 0) / nullif(sum(customers), 0), 2) AS cost_per_customer, sum(revenue) AS revenue
        FROM ${report('campaigns')} GROUP BY GROUPING SETS ((), (dimension)) ORDER BY spend DESC NULLS LAST, dimension`);
    const days = (from, to) => {
        const pair = `FILTER (WHERE from_stage = ${from}::text AND to_stage = ${to}::text)`;
        return `sum(days_sum) ${pair} / nullif(sum(converted) ${pair}, 0)`;
    };
    const speed = await rows(`
        SELECT dimension, 1 + 2 * grouping(dimension) AS level,
               ${days('$1', '$2')} AS days_to_mql, ${days('$2', '$3')} AS days_to_sql
        FROM ${report('velocity')} GROUP BY GROUPING SETS ((), (dimension))`, [roles.lead, roles.mql, roles.sql]);
    const cohorts = await rows(`
        SELECT dimension, age, sum(leads)::bigint AS leads,
               CASE WHEN 2 * sum(leads) FILTER (WHERE mature) >= sum(leads)
                    THEN sum(converted) FILTER (WHERE mature)::float8 / nullif(sum(leads) FILTER (WHERE mature), 0) END AS rate
        FROM ${report('cohorts')} WHERE from_stage = $1 AND to_stage = $2
        GROUP BY dimension, age`, [roles.cohortFrom, roles.cohortTo]);

    const sums = new Map(); // the levels are grouping()'s: 1 is a value, 3 all of them
    for (const row of [...counts.filter((row) => row.level > 0), ...money, ...speed]) {
        const key = JSON.stringify([row.level, row.dimension]);
        sums.set(key, { ...row, ...sums.get(key) });
    }
    // Spend is of campaigns and channels alone, and otherwise of none: that is no value of the dimension.
    const hasSpend = money.some((row) => row.dimension !== null && row.spend !== null);
    const values = [...sums.values()]
        .filter((row) => row.level === 1 && (hasSpend || row.leads || row.mqls))
        .map((row) => ({ ...NOTHING, ...row }));
    const periods = counts.filter((row) => row.level === 0);
    return { by, hasSpend, values, all: sums.get('[3,null]'), periods, cohorts };
}
