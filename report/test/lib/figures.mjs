// Every number of a page against the views it comes from: tiles, the figures behind each chart, its labels, the campaigns;
// and the views against each other, where their sums over months are of the same leads.
import assert from 'node:assert/strict';
import { rows } from './psql.mjs';

export const count = (value) => (value === null ? '–' : value.toLocaleString('en-US'));
export const money = (value, currency = '$') => (value === null ? '–'
    : currency + value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 }));
export const percent = (value, digits = 1) => (value === null ? '–' : `${(100 * value).toFixed(digits)} %`);
const days = (value) => (value === null || value === undefined ? '–' : value.toFixed(1));
const month = (period) => new Date(`${period}T00:00:00Z`).toLocaleString('en-US', { month: 'short', year: 'numeric', timeZone: 'UTC' });
const share = (part, whole) => (part === null || !whole ? null : part / whole);
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

// The page is of a model whose stages are lead, mql, sql and customer, with spend and revenue, of no more months than charts
// show. Where scores decay they are left out.
export async function compareFigures(page, schema, { database, currency = '$', decays = false } = {}) {
    const view = (select) => rows(select, database);
    const cells = (selector) => page.$$eval(`${selector} tr`, (all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
    const labels = (chart) => page.locator(`#${chart} svg text`).allTextContents();
    const cash = (value) => money(value, currency);

    const [all] = view(`SELECT sum(leads) AS leads, sum(leads_qualified) AS qualified, sum(mqls) AS mqls, sum(sqls) AS sqls,
        sum(customers) AS customers, sum(sqls_in_period) AS sqls_in_period, sum(customers_in_period) AS customers_in_period
        FROM ${schema}.funnel`);
    const [total] = view(`SELECT ${SUMS} FROM ${schema}.campaigns`);

    // the same leads, by whatever month
    assert.deepEqual([all.qualified, all.sqls_in_period, all.customers_in_period], [all.mqls, all.sqls, all.customers]);
    assert.deepEqual([total.leads, total.mqls, total.sqls, total.customers, total.converted],
        [all.leads, all.mqls, all.sqls, all.customers, all.customers]);

    assert.deepEqual(await page.$$eval('.figures div', (tiles) => tiles.map((tile) => [tile.lastChild.textContent, tile.firstChild.textContent])),
        [['leads', count(all.leads)], ['MQLs', count(all.mqls)], ['customers', count(all.customers)],
            ['cost per MQL', cash(total.per_mql)], ['cost per customer', cash(total.per_customer)]]);

    assert.deepEqual(await cells('#funnel tbody'), [['Leads', count(all.leads), '–'],
        ['MQLs', count(all.mqls), percent(share(all.qualified, all.leads))],
        ['SQLs', count(all.sqls), percent(share(all.sqls, all.mqls))],
        ['Customers', count(all.customers), percent(share(all.customers, all.sqls))]]);

    const steps = [all.leads, all.mqls, all.sqls, all.customers].map(count);
    assert.deepEqual((await labels('funnel')).filter((text) => steps.includes(text)), steps);

    const months = view(`SELECT f.period, f.mqls, c.cost FROM ${schema}.funnel f
        LEFT JOIN (SELECT period, ${ratio('mqls')} AS cost FROM ${schema}.campaigns GROUP BY 1) c USING (period)
        WHERE period IS NOT NULL ORDER BY period`);
    assert.deepEqual(await cells('#mqls tbody'), months.map((row) => [month(row.period), count(row.mqls), cash(row.cost)]));
    // an axis may bear the same numbers
    const bars = await labels('mqls');
    for (const row of months.filter(({ mqls }) => mqls)) {
        const at = bars.indexOf(count(row.mqls));
        assert.ok(at >= 0, `MQLs of ${row.period}`);
        bars.splice(at, 1);
    }
    assert.equal(months.reduce((sum, row) => sum + row.mqls, 0), all.mqls);

    if (!decays) compareScores(view(`SELECT score FROM ${schema}.leads`).map(({ score }) => score), await cells('#scores tbody'), await labels('scores'));

    const cohorts = view(`SELECT period, age, leads, rate FROM ${schema}.cohorts
        WHERE from_stage = 'mql' AND to_stage = 'customer' ORDER BY period, age`);
    const starts = [...new Set(cohorts.map((row) => row.period))];
    const of = (period) => cohorts.filter((row) => row.period === period);
    assert.deepEqual(await cells('#cohorts tbody'),
        starts.map((period) => [month(period), count(of(period)[0].leads), ...of(period).map(({ rate }) => percent(rate))]));
    const shown = await labels('cohorts');
    assert.deepEqual(shown.filter((text) => /^\d+ %$/.test(text)), cohorts.filter(({ rate }) => rate !== null).map(({ rate }) => percent(rate, 0)));
    for (const period of starts) assert.ok(shown.includes(`${month(period)}  (${count(of(period)[0].leads)})`), period);

    const velocity = view(`SELECT from_stage, period, median_days, p50_days FROM ${schema}.velocity
        WHERE (from_stage, to_stage) IN (('lead', 'mql'), ('mql', 'sql'))`);
    const lines = ['lead', 'mql'].map((from) => {
        const known = velocity.filter((row) => row.from_stage === from);
        const median = known.some((row) => row.median_days !== null);
        return months.map(({ period }, at) => {
            const row = known.find((other) => other.period === period);
            return days(median ? row?.median_days : at < months.length - 3 ? row?.p50_days : null);
        });
    });
    assert.deepEqual(await cells('#speed tbody'), months.map(({ period }, at) => [month(period), ...lines.map((line) => line[at])]));

    const row = (name, r) => [name, cash(r.spend), count(r.leads), count(r.mqls), count(r.sqls), count(r.customers),
        percent(share(r.converted, r.mqls)), cash(r.per_lead), cash(r.per_mql), cash(r.per_customer), cash(r.revenue)];
    const byName = (a, b) => (a[0] < b[0] ? -1 : 1);
    const campaigns = view(`SELECT campaign, ${SUMS} FROM ${schema}.campaigns GROUP BY campaign`);
    assert.deepEqual((await cells('#campaigns tbody')).sort(byName), campaigns.map((r) => row(r.campaign ?? 'none', r)).sort(byName));
    assert.deepEqual(await cells('#campaigns tfoot'), [row('All', total)]);
    return { all, cohorts };
}
