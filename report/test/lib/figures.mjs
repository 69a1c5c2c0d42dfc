// Every number of a page against the reports it comes from: tiles, the figures behind each chart, its labels, the campaigns,
// what is split by a dimension; and the reports against each other, where their sums over periods are of the same leads.
// Reports are the views, and the functions where more is asked of them.
import assert from 'node:assert/strict';
import { compareDimension } from './dimension.mjs';
import { cells, count, days, money, percent, share, writtenPeriod } from './format.mjs';
import { rows } from './psql.mjs';

const ratio = (sum) => `round(nullif(sum(spend), 0) / nullif(sum(${sum}), 0), 2)`;

const SUMS = `nullif(sum(spend), 0) AS spend, sum(leads) AS leads, sum(mqls) AS mqls, sum(sqls) AS sqls, sum(customers) AS customers,
    sum(mqls_converted) AS converted, ${ratio('leads')} AS per_lead, ${ratio('mqls')} AS per_mql,
    ${ratio('customers')} AS per_customer, sum(revenue) AS revenue`;

function compareScores(scores, bins, labels) {
    assert.deepEqual(bins.map(([, leads]) => leads), bins.map(([bin]) => {
        const [low, high] = bin.split(' to ').map(Number);
        return count(scores.filter((score) => score >= low && score < high).length);
    }));
    const [, hot, all, threshold] = labels.join('\n').match(/^(\S+) of (\S+) leads score (\S+) or more today$/m);
    assert.deepEqual([hot, all], [count(scores.filter((score) => score >= Number(threshold)).length), count(scores.length)]);
}

// Periods that charts show: the latest.
const ROOM = { day: 31, week: 26, month: 24, quarter: 12 };

// The page is of a model whose stages are lead, mql, sql and customer, with spend and revenue, and is what asked (as_of, grain,
// by, since, until) says. Where scores decay they are left out. costs: whether the dimension has spend of its own.
export async function compareFigures(page, schema, { database, currency = '$', decays = false, asked, costs = false } = {}) {
    const view = (select) => rows(select, database);
    const { by, grain = 'month', ...others } = asked ?? {};
    const from = (name, more = {}) => (asked
        ? `lead_scoring.${name}('${schema}'${Object.entries({ ...others, grain, ...more }).map(([argument, value]) => `, ${argument} => '${value}'`).join('')})`
        : `${schema}.${name}`);
    const table = (selector) => cells(page, selector);
    const labels = (chart) => page.locator(`#${chart} svg text, #${chart} h2`).allTextContents();
    const cash = (value) => money(value, currency);
    const written = (period) => writtenPeriod(period, grain);

    const [all] = view(`SELECT sum(leads) AS leads, sum(leads_qualified) AS qualified, sum(mqls) AS mqls, sum(sqls) AS sqls,
        sum(customers) AS customers, sum(sqls_in_period) AS sqls_in_period, sum(customers_in_period) AS customers_in_period
        FROM ${from('funnel')}`);
    const [total] = view(`SELECT ${SUMS} FROM ${from('campaigns')}`);

    // the same leads, by whatever period
    const isPart = others.since !== undefined || others.until !== undefined;
    if (!isPart) assert.deepEqual([all.qualified, all.sqls_in_period, all.customers_in_period], [all.mqls, all.sqls, all.customers]);
    assert.deepEqual([total.leads, total.mqls, total.sqls, total.customers, total.converted],
        [all.leads, all.mqls, all.sqls_in_period, all.customers_in_period, all.customers]);

    assert.deepEqual(await page.$$eval('.figures div', (tiles) => tiles.map((tile) => [tile.lastChild.textContent, tile.firstChild.textContent])),
        [['leads', count(all.leads)], ['MQLs', count(all.mqls)], ['customers', count(total.customers)],
            ['cost per MQL', cash(total.per_mql)], ['cost per customer', cash(total.per_customer)]]);

    assert.deepEqual(await table('#funnel tbody'), [['Leads', count(all.leads), '–'],
        ['MQLs', count(all.mqls), percent(share(all.qualified, all.leads))],
        ['SQLs', count(all.sqls), percent(share(all.sqls, all.mqls))],
        ['Customers', count(all.customers), percent(share(all.customers, all.sqls))]]);

    const steps = [all.leads, all.mqls, all.sqls, all.customers].map(count);
    assert.deepEqual((await labels('funnel')).filter((text) => steps.includes(text)), steps);

    const dated = view(`SELECT f.period, f.mqls, f.complete, c.cost FROM ${from('funnel')} f
        LEFT JOIN (SELECT period, ${ratio('mqls')} AS cost FROM ${from('campaigns')} GROUP BY 1) c USING (period)
        WHERE period IS NOT NULL ORDER BY period`);
    const periods = dated.slice(-ROOM[grain]);
    assert.deepEqual(await table('#mqls tbody'), periods.map((row) => [written(row.period), count(row.mqls), cash(row.cost)]));
    assert.equal(await page.locator('#mqls svg path[fill="var(--soft)"]').count(), periods.filter(({ complete, mqls }) => !complete && mqls).length, 'pale bars');
    // an axis may bear the same numbers
    const bars = await labels('mqls');
    for (const row of periods.filter(({ mqls }) => mqls)) {
        const at = bars.indexOf(count(row.mqls));
        assert.ok(at >= 0, `MQLs of ${row.period}`);
        bars.splice(at, 1);
    }
    assert.equal(dated.reduce((sum, row) => sum + row.mqls, 0), all.mqls);

    if (others.as_of !== undefined) assert.equal(await page.locator('#scores').count(), 0);
    else if (!decays) compareScores(view(`SELECT score FROM ${schema}.leads`).map(({ score }) => score), await table('#scores tbody'), await labels('scores'));

    const cohorts = view(`SELECT period, age, leads, rate FROM ${from('cohorts')}
        WHERE from_stage = 'mql' AND to_stage = 'customer' AND period >= '${periods[0].period}' ORDER BY period, age`);
    const starts = [...new Set(cohorts.map((row) => row.period))];
    const known = cohorts.filter(({ rate }) => rate !== null), oldest = Math.max(...known.map(({ age }) => age));
    const of = (period) => cohorts.filter((row) => row.period === period && row.age <= oldest);
    assert.deepEqual(await table('#cohorts tbody'),
        starts.map((period) => [written(period), count(of(period)[0].leads), ...of(period).map(({ rate }) => percent(rate))]));
    const shown = await labels('cohorts');
    assert.deepEqual(shown.filter((text) => /^\d+ %$/.test(text)), known.map(({ rate }) => percent(rate, 0)));
    for (const period of starts) assert.ok(shown.includes(`${written(period)}  (${count(of(period)[0].leads)})`), period);

    const velocity = view(`SELECT from_stage, period, median_days, p50_days,
               period <= ${others.as_of ? `'${others.as_of}'` : 'now()'} AT TIME ZONE 'UTC' - interval '3 months' AS is_settled
        FROM ${from('velocity')} WHERE (from_stage, to_stage) IN (('lead', 'mql'), ('mql', 'sql')) AND period >= '${periods[0].period}'`);
    const lines = ['lead', 'mql'].map((stage) => {
        const mine = velocity.filter((row) => row.from_stage === stage), settled = mine.filter((row) => row.is_settled);
        const judged = settled.length ? settled : mine;
        const median = judged.filter((row) => row.median_days !== null).length >= judged.length / 2;
        return periods.map(({ period }) => {
            const row = mine.find((other) => other.period === period);
            return days(median ? row?.median_days : row?.is_settled ? row.p50_days : null);
        });
    }).filter((line) => line.some((text) => text !== '–'));
    assert.deepEqual(await table('#speed tbody'), periods.map(({ period }, at) => [written(period), ...lines.map((line) => line[at])]));

    const row = (name, r) => [name, cash(r.spend), count(r.leads), count(r.mqls), count(r.sqls), count(r.customers),
        percent(share(r.converted, r.mqls)), cash(r.per_lead), cash(r.per_mql), cash(r.per_customer), cash(r.revenue)];
    const byName = (a, b) => (a[0] < b[0] ? -1 : 1);
    const campaigns = view(`SELECT campaign, ${SUMS} FROM ${from('campaigns')} GROUP BY campaign`);
    assert.deepEqual((await table('#campaigns tbody')).sort(byName), campaigns.map((r) => row(r.campaign ?? 'none', r)).sort(byName));
    assert.deepEqual(await table('#campaigns tfoot'), [row('All', total)]);

    if (by !== undefined) {
        const report = (name, more) => view(`SELECT * FROM ${from(name, more)}`);
        await compareDimension(page, report, { by, grain, periods: periods.map(({ period }) => period), currency, costs });
    } else assert.equal(await page.locator('#dimension, #mqls-by, #cohorts-by').count(), 0);
    return { all, cohorts };
}
