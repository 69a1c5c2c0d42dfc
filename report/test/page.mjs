// The page of the demo's model: it asks for nothing, its charts are drawn to scale, and its numbers are the views'.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { withPage } from './lib/browser.mjs';
import { compareFigures } from './lib/figures.mjs';
import { count, money, percent } from './lib/format.mjs';
import { rows } from './lib/psql.mjs';

const CHARTS = ['cohorts', 'funnel', 'mqls', 'scores', 'speed'];

execFileSync(process.execPath, ['report.mjs', 'demo', '--out', 'out', '--currency', '$', '--title', 'Demo & more']);
const html = readFileSync('out/index.html', 'utf8');

await withPage(async (page, problems, requests) => {
    const texts = (selector) => page.locator(selector).allTextContents();
    // where the marks of a series are, by their place in the data
    const marks = (chart, series) => page.$$eval(
        `#${chart} svg [ecmeta_ssr_type="chart"][ecmeta_series_index="${series}"][ecmeta_data_index]:not([ecmeta_silent])`,
        (all) => all.filter((mark) => mark.tagName !== 'text').map((mark) => {
            const box = mark.getBBox();
            const at = mark.getCTM();
            return {
                index: Number(mark.getAttribute('ecmeta_data_index')), width: box.width, height: box.height,
                x: at.a * (box.x + box.width / 2) + at.e, y: at.d * (box.y + box.height / 2) + at.f,
                bottom: at.d * (box.y + box.height) + at.f,
            };
        }));
    // lengths are to scale: length / value is the same for all, but for a pixel, and values that moved on by so much
    const toScale = (lengths, values, what, moved = 0) => {
        assert.equal(lengths.length, values.length, what);
        const most = values.indexOf(Math.max(...values));
        const scale = lengths[most] / values[most];
        lengths.forEach((length, index) =>
            assert.ok(Math.abs(length - values[index] * scale) < 1 + moved * scale, `${what}: mark ${index} is ${length} long`));
    };
    const holds = (all, wanted, what) => wanted.forEach((text) =>
        assert.ok(all.includes(text), `${what} has no "${text}" but ${JSON.stringify(all)}`));

    await page.goto(pathToFileURL('out/index.html').href);
    assert.deepEqual(requests, [page.url()], 'it makes no request');
    assert.equal(await page.title(), 'Demo & more');
    assert.deepEqual((await page.$$eval('section svg', (all) => all.map((svg) => svg.closest('section').id))).sort(), CHARTS);
    assert.doesNotMatch(html, /<script|\b(src|href)="(?!data:)/);
    for (const svg of await page.$$('section svg')) assert.ok((await svg.boundingBox()).height > 200);
    await compareFigures(page, 'demo', { decays: true });

    const [all] = rows(`SELECT sum(leads) AS leads, sum(leads_qualified) AS qualified, sum(mqls) AS mqls, sum(sqls) AS sqls,
        sum(customers) AS customers FROM demo.funnel`);
    const steps = [all.leads, all.mqls, all.sqls, all.customers];
    holds(await texts('#funnel svg text, #funnel h2'), [...steps.map(count), `▼  ${percent(all.qualified / all.leads, 1)}`,
        `▼  ${percent(all.sqls / all.mqls, 1)}`, `▼  ${percent(all.customers / all.sqls, 1)}`,
        `${percent(all.customers / all.leads, 1)} of leads become customers`], 'funnel');
    toScale((await marks('funnel', 0)).map((mark) => mark.width), steps, 'funnel');

    const months = rows(`
        SELECT f.period, f.mqls, (SELECT round(nullif(sum(spend), 0) / nullif(sum(mqls), 0), 2) FROM demo.campaigns c
                                 WHERE c.period = f.period) AS cost
        FROM demo.funnel f WHERE period IS NOT NULL ORDER BY period`);
    const bars = await marks('mqls', 0);
    toScale(bars.map((bar) => bar.height), months.map((month) => month.mqls), 'mqls');
    const paid = months.filter((month) => month.cost !== null);
    const points = (await marks('mqls', 1)).sort((a, b) => a.index - b.index)
        .filter((mark) => months[mark.index].cost !== null);
    const base = Math.max(...bars.map((bar) => bar.bottom));
    toScale(points.map((point) => base - point.y), paid.map((month) => month.cost), 'cost per MQL');
    holds(await texts('#mqls svg text'), months.filter((month) => month.mqls).map((month) => count(month.mqls)), 'mqls');
    assert.deepEqual((await texts('#mqls tbody td:nth-child(3)')), months.map((month) => money(month.cost)));

    // scores decay while this runs: a lead may have left its bin by now
    const scores = rows('SELECT score FROM demo.leads');
    const bins = (await texts('#scores tbody tr td:first-child')).map((text) => text.split(' to ').map(Number));
    const inBin = bins.map(([low, high]) => scores.filter(({ score }) => score >= low && score < high).length);
    toScale((await marks('scores', 0)).map((mark) => mark.height), inBin, 'scores', 2);
    assert.ok(scores.length - inBin.reduce((a, b) => a + b) < 2);
    const labels = await texts('#scores svg text, #scores h2');
    const [, hot, leads] = labels.join('\n').match(/^(\S+) of (\S+) leads score 45 or more today$/m);
    assert.equal(leads, count(scores.length));
    assert.ok(Math.abs(Number(hot) - scores.filter(({ score }) => score >= 45).length) < 2);
    holds(labels, ['MQL from 45'], 'scores');

    const cohorts = rows(`SELECT rate FROM demo.cohorts WHERE from_stage = 'mql' AND to_stage = 'customer' AND rate IS NOT NULL
        ORDER BY period, age`);
    assert.deepEqual((await texts('#cohorts svg text')).filter((text) => /^\d+ %$/.test(text)),
        cohorts.map(({ rate }) => percent(rate, 0)));
    assert.equal((await marks('cohorts', 0)).length, cohorts.length);

    const days = rows(`SELECT v.median_days AS days FROM demo.velocity v
        WHERE from_stage = 'mql' AND to_stage = 'sql' AND median_days IS NOT NULL ORDER BY period`);
    holds(await texts('#speed svg text'), days.map((month) => month.days.toFixed(1)), 'speed');
    const toMql = rows(`SELECT p50_days AS days FROM demo.velocity
        WHERE from_stage = 'lead' AND to_stage = 'mql' AND period <= now() AT TIME ZONE 'UTC' - interval '3 months'`);
    holds(await texts('#speed svg text'), toMql.map((month) => month.days.toFixed(1)), 'speed to MQL');

    const cost = (count) => `round(nullif(sum(spend), 0) / nullif(sum(${count}), 0), 2)`;
    const campaigns = rows(`
        SELECT campaign, nullif(sum(spend), 0) AS spend, sum(leads) AS leads, sum(mqls) AS mqls, sum(sqls) AS sqls,
               sum(customers) AS customers, sum(mqls_converted) / nullif(sum(mqls), 0) AS rate, ${cost('leads')} AS per_lead,
               ${cost('mqls')} AS per_mql, ${cost('customers')} AS per_customer, sum(revenue) AS revenue
        FROM demo.campaigns WHERE campaign IS NOT NULL
        GROUP BY campaign ORDER BY per_customer NULLS LAST, spend DESC NULLS LAST`);
    assert.equal(campaigns.at(-1).campaign, 'word of mouth');
    const table = await page.$$eval('#campaigns tbody tr',
        (all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
    assert.deepEqual(table,
        campaigns.map((row) => [row.campaign, money(row.spend),
            count(row.leads), count(row.mqls), count(row.sqls), count(row.customers),
            percent(row.rate, 1), money(row.per_lead), money(row.per_mql), money(row.per_customer), money(row.revenue)]));

    // dark on a dark screen, light on paper, and there without what has to be opened
    const ink = () => page.$eval('#funnel svg text', (text) => getComputedStyle(text).fill);
    const lightInk = await ink();
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.notEqual(await ink(), lightInk);
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
    assert.equal(await ink(), lightInk);
    assert.equal(await page.locator('details:visible').count(), 0);

    // the charts one by one
    assert.deepEqual(readdirSync('out').sort(),
        ['index.html', ...CHARTS.flatMap((name) => [`${name}-dark.svg`, `${name}.svg`])].sort());
    for (const name of CHARTS.flatMap((chart) => [chart, `${chart}-dark`])) {
        await page.goto(pathToFileURL(`out/${name}.svg`).href);
        assert.equal(await page.evaluate(() => document.documentElement.tagName), 'svg', name);
        assert.doesNotMatch(readFileSync(`out/${name}.svg`, 'utf8'), /var\(/);
    }
    assert.ok(requests.every((url) => url.startsWith('file:')), requests.join());
    assert.deepEqual(problems, []);
});
