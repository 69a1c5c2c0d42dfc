// What a page shows by a dimension against the rows of the functions, summed up here; and these against those without it.
import assert from 'node:assert/strict';
import { cells, count, days, money, percent, share, writtenPeriod } from './format.mjs';

const sum = (rows, column) => rows.reduce((total, row) => total + (row[column] ?? 0), 0);

// Wilson's interval, as Brown, Cai and DasGupta (2001) write it.
function wilson(part, whole) {
    if (!whole) return '–';
    const z = 1.959963984540054, rate = part / whole;
    const middle = (part + z * z / 2) / (whole + z * z);
    const half = z * Math.sqrt(whole) / (whole + z * z) * Math.sqrt(rate * (1 - rate) + z * z / (4 * whole));
    return `${percent(rate)}${(100 * Math.max(middle - half, 0)).toFixed(0)} to ${(100 * Math.min(middle + half, 1)).toFixed(0)} %`;
}

// report: the rows of a function, by the dimension if it is told so; periods: the first days of those that charts show.
export async function compareDimension(page, report, { by, grain, periods, currency, costs }) {
    const [funnel, campaigns, velocity, cohorts] = ['funnel', 'campaigns', 'velocity', 'cohorts'].map((name) => report(name, { by }));
    const cash = (value) => money(value, currency);
    const line = (name, belongs) => {
        const [f, c, v] = [funnel, campaigns, velocity].map((rows) => rows.filter(belongs));
        const mean = (from, to) => {
            const pair = v.filter((row) => row.from_stage === from && row.to_stage === to);
            return days(share(sum(pair, 'days_sum'), sum(pair, 'converted')));
        };
        const spend = sum(c, 'spend') || null;
        return [name, ...['leads', 'mqls', 'sqls', 'customers'].map((column) => count(sum(f, column))),
            wilson(sum(f, 'leads_qualified'), sum(f, 'leads')), wilson(sum(f, 'customers'), sum(f, 'mqls')), mean('lead', 'mql'), mean('mql', 'sql'),
            ...(costs ? [cash(spend), ...['mqls', 'customers'].map((column) => cash(share(spend, sum(c, column))))] : []), cash(sum(c, 'revenue'))];
    };
    const values = [...new Set([...funnel, ...(costs ? campaigns : [])].map((row) => row.dimension))];
    const of = (value) => (row) => row.dimension === value;
    const table = await cells(page, '#dimension tbody');
    const byName = (a, b) => (a[0] < b[0] ? -1 : 1);
    assert.deepEqual([...table].sort(byName), values.map((value) => line(value ?? 'none', of(value)))
        .filter((cell) => costs || cell[1] !== '0' || cell[2] !== '0').sort(byName));
    const all = report('funnel');
    const foot = await cells(page, '#dimension tfoot');
    assert.deepEqual(foot, [line('All', () => true)]);
    assert.deepEqual(foot[0].slice(1, 5), ['leads', 'mqls', 'sqls', 'customers'].map((column) => count(sum(all, column))), 'counts add up');
    assert.deepEqual(await page.locator('#dimension thead th').first().textContent(), by);

    const shown = table.map(([name]) => name).slice(0, 9), value = (name) => (name === 'none' ? null : name);
    assert.deepEqual(await cells(page, '#mqls-by thead'), [[{ day: 'Day', week: 'Week', month: 'Month', quarter: 'Quarter' }[grain], ...shown]]);
    assert.deepEqual(await cells(page, '#mqls-by tbody'), periods.map((period) => [writtenPeriod(period, grain),
        ...shown.map((name) => count(sum(funnel.filter((row) => row.dimension === value(name) && row.period === period), 'mqls')))]));
    const bars = await page.locator('#mqls-by svg path[ecmeta_series_index]').count();
    assert.ok(bars > 0 && bars <= shown.length * periods.length);

    const pairs = cohorts.filter((row) => row.from_stage === 'mql' && row.to_stage === 'customer');
    const rates = shown.map((name) => {
        const own = pairs.filter(of(value(name)));
        return [name, count(sum(own.filter(({ age }) => age === 1), 'leads')), ...[...new Set(pairs.map(({ age }) => age))].sort((a, b) => a - b).map((age) => {
            const old = own.filter((row) => row.age === age && row.mature);
            return 2 * sum(old, 'leads') >= sum(own.filter((row) => row.age === age), 'leads') && old.length ? percent(share(sum(old, 'converted'), sum(old, 'leads'))) : '–';
        })];
    }).filter((cell) => cell[1] !== '0');
    assert.deepEqual(await cells(page, '#cohorts-by tbody'), rates.map((cell) => cell.slice(0, 2 + Math.max(...rates.map((other) => other.findLastIndex((text) => / %/.test(text)) - 1)))));
}
