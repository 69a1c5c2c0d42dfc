// Pages that ask the reports for more: another day, other periods, a dimension. The demo's model.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { withPage } from './lib/browser.mjs';
import { compareFigures } from './lib/figures.mjs';
import { psql, rows } from './lib/psql.mjs';

// in the midst of a week and of a quarter that are over today
const [{ as_of, written, since, until, day, last }] = rows(`
    SELECT to_char(at, 'YYYY-MM-DD HH24:MI') || '+00' AS as_of, to_char(at, 'YYYY-MM-DD HH24:MI') AS written,
           date_trunc('quarter', at - interval '6 months')::date AS since, at::date AS until,
           date_trunc('week', at)::date - 60 AS day, date_trunc('week', at)::date - 30 AS last
    FROM (SELECT date_trunc('week', now(), 'UTC') AT TIME ZONE 'UTC' - interval '95 days' - interval '10 hours 30 minutes' AS at) AS time`);
const CASES = [
    [{ grain: 'week', by: 'campaign', as_of }, `As of ${written} UTC, by week and by campaign. Charts by week show the latest 26. `
        + 'The spread of scores is left out: it is known as of now alone.'],
    [{ grain: 'quarter', by: 'channel', since, until, as_of }, /^As of \S+ \S+ UTC, by quarter and by channel. Only quarters that begin from \S+ 1, 20\d\d to \S+ \d+, 20\d\d\. The /, true],
    [{ grain: 'day', by: 'job_title', since: day, until: last }, /^As of \S+ \S+ UTC, by day and by job_title\. Only days that begin from \S+ \d+, 20\d\d to [^.]+\.$/],
    [{ grain: 'month', since }, /^As of \S+ \S+ UTC, by month\. Only months that begin from \S+ 1, 20\d\d\.$/],
];

psql("SELECT lead_scoring.set_spend('demo', 'spend', spent_on => 'week', channel => 'campaign')");
await withPage(async (page, problems, requests) => {
    for (const [asked, scope, costs] of CASES) {
        execFileSync(process.execPath, ['report.mjs', 'demo', '--out', 'out_asked', '--currency', '$',
            ...Object.entries(asked).flatMap(([name, value]) => [`--${name.replace('_', '-')}`, value])]);
        await page.goto(pathToFileURL('out_asked/index.html').href);
        const text = await page.textContent('h1 + p');
        if (typeof scope === 'string') assert.equal(text, scope);
        else assert.match(text, scope);
        await compareFigures(page, 'demo', { decays: true, asked, costs });
        const ticks = await page.locator('#mqls svg text').allTextContents();
        assert.equal(ticks.includes('Week of'), asked.grain === 'week');
        assert.equal(ticks.some((tick) => /^Q\d$/.test(tick)), asked.grain === 'quarter');

        // on a telephone what is too wide is moved inside of its section
        await page.setViewportSize({ width: 390, height: 800 });
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        await page.setViewportSize({ width: 1120, height: 900 });
    }
    assert.ok(requests.every((url) => url.startsWith('file:')), requests.join());
    assert.deepEqual(problems, []);
});
psql("SELECT lead_scoring.set_spend('demo', 'spend', spent_on => 'week')");
assert.deepEqual(rows("SELECT * FROM lead_scoring.verify('demo')"), []);
