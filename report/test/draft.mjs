// The page for a draft: its numbers are those of preview(), preview_leads() and diff(), in light, dark and on a telephone; drafts
// that differ in nothing or come before any version; and the errors a user can make.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { withPage } from './lib/browser.mjs';
import { cells, count, money, percent, writtenPeriod } from './lib/format.mjs';
import { psql, rows } from './lib/psql.mjs';

const DATABASE = 'report_draft', ODD = 'O\'Hara "&" <b>';
const run = (database, user, ...args) => spawnSync(process.execPath, ['report.mjs', ...args], {
    encoding: 'utf8', env: { ...process.env, PGDATABASE: database, PGUSER: user },
});
const write = (...args) => {
    const { status, stdout, stderr } = run(...args);
    assert.deepEqual([stderr, status], ['', 0]);
    return stdout.trim();
};
const { PGDATABASE, PGUSER } = process.env;
const open = (page, file) => page.goto(pathToFileURL(file).href);
const lead = (page) => page.textContent('#outcome .lead');

const before = (recorded, written) => `in place of ${written(recorded)}`;
const number = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;
const cash = (value) => money(value);
const COLUMNS = [
    ['MQLs', 'mqls', count], ['Join', 'joins', count], ['Leave', 'leaves', count], ['Customers', 'customers', count],
    ['Customer rate', 'customer_rate', percent], ['Customers missed', 'customers_missed', count], ['Handed over', 'handed_over', count],
    ['Accepted', 'accepted', count], ['Rejected', 'rejected', count], ['Acceptance', 'acceptance_rate', percent], ['Cost per MQL', 'cost_per_mql', cash],
];
// A cell has what the draft would have made, and below it what is recorded.
const line = (name, row) => [name, ...COLUMNS.map(([, column, format]) => {
    const both = [row[column], row[`${column}_before`]].filter((value) => value !== undefined);
    return both.every((value) => value === null) ? '–' : both.map((value) => format(value)).join('');
})];
const moves = () => rows(`SELECT stage_now, stage_after, count(*) AS leads FROM lead_scoring.preview_leads('demo')
    WHERE coalesce(nullif(stage_now, 'customer'), 'won & paid') <> stage_after GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`);

async function compareDemo(page) {
    psql(`UPDATE demo.stages SET min_score = 52, requires = '{"whitepaper": 1}' WHERE name = 'mql';
        UPDATE demo.stages SET name = 'won & paid' WHERE name = 'customer';
        UPDATE demo.rules SET points = 12 WHERE name = 'whitepaper';
        DELETE FROM demo.rules WHERE name = 'newsletter';
        SELECT lead_scoring.add_rule('demo', '<blog>', 'page_view', 3, $$properties->>'path' LIKE '/blog%'$$)`);
    const moved = moves();
    const out = write(PGDATABASE, PGUSER, 'demo', '--for', 'draft', '--currency', '$');
    assert.equal(out, 'demo-draft/index.html');
    assert.deepEqual(readdirSync('demo-draft').sort(), ['index.html', 'mqls-draft-dark.svg', 'mqls-draft.svg']);
    await open(page, out);
    assert.equal(await page.title(), 'The draft of demo');
    assert.match(await page.textContent('h1 + p'), /^As of \S+ \S+ UTC\. Published is version 1, of \w+ \d+, 20\d\d \(our first model\)\.$/);
    assert.doesNotMatch(readFileSync(out, 'utf8'), /<script|\b(src|href)="(?!data:)|Lead \d+-\d+/, 'nothing is loaded, and nobody is named');

    const months = rows("SELECT * FROM lead_scoring.preview('demo') WHERE period IS NOT NULL ORDER BY period");
    const [total] = rows("SELECT * FROM lead_scoring.preview('demo') WHERE period IS NULL");
    assert.ok(total.joins > 0 && total.leaves > 0 && total.mqls !== total.mqls_before && total.cost_per_mql !== total.cost_per_mql_before);
    assert.equal(total.mqls - total.mqls_before, total.joins - total.leaves);
    const leads = moved.reduce((sum, row) => sum + row.leads, 0);
    const same = (column) => total[column] === total[`${column}_before`];
    const beside = (column, written = count) => (same(column) ? ', as recorded' : ` ${before(total[`${column}_before`], written)}`);
    const told = (n) => `Had it been in force all along, the draft would have made ${number(total.mqls, 'MQL')} ${before(total.mqls_before, count)}: `
        + `${number(total.joins, 'joins', 'join')}, ${number(total.leaves, 'leaves', 'leave')}. ${count(total.customers)} of its MQLs became customers${beside('customers')}; `
        + `it would have missed ${number(total.customers_missed, 'customer')}${beside('customers_missed')}. An MQL would have cost ${cash(total.cost_per_mql)}${beside('cost_per_mql', cash)}. `
        + `Published now, it moves ${n ? number(n, 'lead') : 'no lead'}; what is recorded stays.`;
    // scores decay while this runs: a lead may have sunk below the threshold by now
    const written = (all) => all.map((row) => [[row.stage_now, row.stage_after].map((name) => name.replace(/^(mql|sql)$/, (role) => role.toUpperCase())).join(' → '), count(row.leads)]);
    const table = await cells(page, '#moves tbody');
    assert.ok([moved, moves()].some((all) => JSON.stringify(written(all)) === JSON.stringify(table)), JSON.stringify(table));
    assert.equal(await lead(page), told(table.reduce((sum, [, leads]) => sum + Number(leads.replace(',', '')), 0)), `${leads} leads move`);

    assert.deepEqual(await page.$$eval('.figures div', (tiles) => tiles.map((tile) => tile.innerText.split('\n').join('|'))),
        [['MQLs', 'mqls', count], ['join', 'joins', count], ['leave', 'leaves', count], ['customers missed', 'customers_missed', count],
            ['acceptance', 'acceptance_rate', percent], ['cost per MQL', 'cost_per_mql', cash]]
            .map(([name, column, format]) => [format(total[column]), name, ...(`${column}_before` in total ? [`${format(total[`${column}_before`])} recorded`] : [])].join('|')));
    assert.deepEqual(await cells(page, '#months thead'), [['Month', ...COLUMNS.map(([name]) => name)]]);
    assert.deepEqual(await cells(page, '#months tbody'), months.map((row) => line(writtenPeriod(row.period, 'month'), row)));
    assert.deepEqual(await cells(page, '#months tfoot'), [line('All', total)]);
    assert.equal(await page.textContent('#mqls-draft h2'), `MQLs: ${count(total.mqls_before)} recorded, ${count(total.mqls)} by the draft`);
    assert.deepEqual(await cells(page, '#mqls-draft tbody'), months.map((row) => [writtenPeriod(row.period, 'month'), count(row.mqls_before), count(row.mqls)]));
    for (const [series, column] of ['mqls_before', 'mqls'].entries()) {
        const heights = await page.$$eval(`#mqls-draft svg path[ecmeta_ssr_type="chart"][ecmeta_series_index="${series}"][ecmeta_data_index]`,
            (all) => all.map((bar) => [bar.getAttribute('ecmeta_data_index'), bar.getBBox().height]));
        const most = Math.max(...months.map((row) => row[column])), height = Math.max(...heights.map(([, high]) => high));
        assert.ok(heights.length >= 12);
        heights.forEach(([index, high]) => assert.ok(Math.abs(high - height * months[index][column] / most) < 1, `${column} of month ${index}`));
    }

    assert.deepEqual(await cells(page, '#changes tbody'), [
        ['<blog>rule', 'new', '–', "rule group: engagement; event type: page_view; condition: properties->>'path' LIKE '/blog%'; points: 3; decay: none; max occurrences: 1000"],
        ['newsletterrule', 'removed', 'rule group: engagement; event type: email_opened; points: 2; decay: none; limit count: 2; limit window: week; max occurrences: 1000', '–'],
        ['whitepaperrule', 'points', '5', '12'], ['mqlstage', 'min score', '45', '52'], ['mqlstage', 'requires', '–', '{"whitepaper": 1}'],
        ['won & paidstage', 'name', 'customer', 'won & paid'],
    ]);

    const colours = () => page.$$eval('#outcome .lead, #mqls-draft svg text, #months td small', (all) => [...new Set(all.map((text) => getComputedStyle(text).color))]);
    const light = await colours();
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.ok((await colours()).every((colour) => !light.includes(colour)));
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 390, height: 800 });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.setViewportSize({ width: 1120, height: 900 });
    assert.deepEqual(await page.$$eval('.wide', (all) => all.filter((one) => one.scrollWidth > one.clientWidth).length), 0, 'all is seen on a desktop');

    const [{ since }] = rows("SELECT date_trunc('month', now() - interval '3 months', 'UTC') AS since");
    await open(page, write(PGDATABASE, PGUSER, 'demo', '--for', 'draft', '--out', 'out_draft', '--since', since, '--title', 'Since then'));
    assert.equal(await page.title(), 'Since then');
    assert.match(await page.textContent('h1 + p'), new RegExp(`Only of what happened since ${since.slice(0, 10)} 00:00 UTC\\.$`));
    const [part] = rows(`SELECT * FROM lead_scoring.preview('demo', since => '${since}') WHERE period IS NULL`);
    assert.equal((await cells(page, '#months tfoot'))[0][1], count(part.mqls) + count(part.mqls_before));
    psql("SELECT lead_scoring.load_draft('demo', 1)");
}

psql(`CREATE DATABASE ${DATABASE}`);
psql(`
    SET client_min_messages = warning;
    CREATE EXTENSION lead_scoring;
    CREATE TABLE leads (lead_id bigint PRIMARY KEY, size integer);
    CREATE TABLE events (lead_id bigint NOT NULL, type text NOT NULL, occurred_at timestamptz NOT NULL);
    CREATE INDEX ON events (lead_id);
    INSERT INTO leads SELECT generate_series(1, 9);
    INSERT INTO events SELECT n, 'visit', now() - n * interval '7 days' FROM generate_series(1, 5) AS n;
    SELECT lead_scoring.create_model('O''Hara "&" <b>', 'leads', 'events', status_columns => '{}');
    SELECT lead_scoring.add_rule('O''Hara "&" <b>', 'visit', 'visit', 10), lead_scoring.add_stage('O''Hara "&" <b>', 'hot', min_score => 10, counts_as => 'mql');
    CREATE ROLE draft_reader LOGIN;
    CREATE ROLE draft_stranger LOGIN;
    GRANT USAGE ON SCHEMA "O'Hara ""&"" <b>" TO draft_reader, draft_stranger;
    GRANT SELECT ON ALL TABLES IN SCHEMA "O'Hara ""&"" <b>" TO draft_reader;`, DATABASE);
const odd = (statements) => psql(statements.replaceAll('MODEL', "'O''Hara \"&\" <b>'").replaceAll('TABLES', '"O\'Hara ""&"" <b>"'), DATABASE);
const page_of = () => write(DATABASE, 'draft_reader', ODD, '--for', 'draft', '--out', 'out_odd_draft');
const refused = (message, ...args) => {
    const { status, stdout, stderr } = run(DATABASE, ...args);
    assert.deepEqual([status, stdout], [1, ''], stderr);
    assert.match(stderr, message);
};

await withPage(async (page, problems, requests) => {
    await compareDemo(page);

    await open(page, page_of());
    assert.equal(await page.textContent('h1'), `The draft of ${ODD}`);
    assert.equal(await lead(page), 'Had it been in force all along, the draft would have made 5 MQLs. Nothing is recorded that this could be compared with. '
        + 'Published now, it puts 9 leads in a first stage.');
    assert.deepEqual(await cells(page, '#moves tbody'), [['hot', '5'], ['lead', '4']]);
    odd('SELECT lead_scoring.publish(MODEL)');
    await open(page, page_of());
    assert.deepEqual([await page.locator('section').count(), await lead(page)], [1, 'The draft says what version 1 says: there is nothing to publish.']);
    odd('UPDATE TABLES.rules SET points = 9');
    await open(page, page_of());
    assert.equal(await lead(page), 'Had it been in force all along, the draft would have made 0 MQLs in place of 5: 0 join, 5 leave. Published now, it moves no lead; what is recorded stays.');
    assert.equal(await page.locator('#moves').count(), 0);
    odd("UPDATE TABLES.rules SET points = 10; UPDATE TABLES.stages SET counts_as = 'opportunity' WHERE name = 'hot'");
    await open(page, page_of());
    assert.match(await lead(page), /^The draft has no stage that counts as MQL\. Published now, /);

    refused(/^report: permission denied [^\n]*\n$/, 'draft_stranger', ODD, '--for', 'draft');
    odd('SELECT lead_scoring.pause(MODEL)');
    refused(/^report: model "O'Hara "&" <b>" does not score at present\. It is paused, [^\n]*\. Hint: SELECT lead_scoring\.resume\('O''Hara "&" <b>'\);\n$/, 'draft_reader', ODD, '--for', 'draft');
    odd("SELECT lead_scoring.resume(MODEL); SELECT lead_scoring.add_fit_rule(MODEL, 'big', 'size > 5', 5)");
    psql('ALTER TABLE leads DROP COLUMN size', DATABASE);
    refused(/^report: [^\n]*column "size" does not exist[^\n]*\n$/, 'draft_reader', ODD, '--for', 'draft');
    refused(/^report: model "none" does not exist\. [^\n]*\n$/, PGUSER, 'none', '--for', 'draft');
    refused(/^report: invalid input syntax for type timestamp with time zone: "soon"\n$/, PGUSER, ODD, '--for', 'draft', '--since', 'soon');
    refused(/^report: a page is for draft, or for the reports without --for, not for "2"\n$/, PGUSER, ODD, '--for', '2');
    refused(/^report: a page for draft takes no --grain: it is by month, as of now\n$/, PGUSER, ODD, '--for', 'draft', '--grain', 'week');
    assert.ok(requests.every((url) => url.startsWith('file:')), requests.join());
    assert.deepEqual(problems, []);
});
assert.deepEqual(rows("SELECT * FROM lead_scoring.diff('demo')"), []);
assert.deepEqual(rows("SELECT * FROM lead_scoring.verify('demo')"), []);
odd('SELECT lead_scoring.drop_model(MODEL)');
psql(`DROP DATABASE ${DATABASE}`);
psql('DROP ROLE draft_reader, draft_stranger');
