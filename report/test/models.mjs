// Models unlike the demo's: without leads, without spend or later stages, with names that HTML or SQL might trip over; and
// the errors a user can make.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { withPage } from './lib/browser.mjs';
import { psql } from './lib/psql.mjs';

const DATABASE = 'report_models', ODD = 'O\'Hara "&" <b>';
psql(`CREATE DATABASE ${DATABASE}`);
psql(`
    SET client_min_messages = warning;
    CREATE EXTENSION lead_scoring;
    CREATE TABLE leads (lead_id bigint PRIMARY KEY);
    CREATE TABLE events (lead_id bigint NOT NULL, type text NOT NULL, occurred_at timestamptz NOT NULL, campaign text);
    CREATE INDEX ON events (lead_id);
    SELECT lead_scoring.create_model('empty', 'leads', 'events');
    SELECT lead_scoring.create_model('O''Hara "&" <b>', 'leads', 'events', status_columns => '{}');
    UPDATE "O'Hara ""&"" <b>".settings SET event_campaign = 'campaign';
    SELECT lead_scoring.add_rule('O''Hara "&" <b>', 'visit', 'visit', 10),
           lead_scoring.add_stage('O''Hara "&" <b>', 'hot', min_score => 20);
    SELECT lead_scoring.publish('O''Hara "&" <b>');`, DATABASE);

// As a role with no more rights than it has to have, once there is one.
let user = process.env.PGUSER;
const run = (...args) => spawnSync(process.execPath, ['report.mjs', ...args], {
    encoding: 'utf8', env: { ...process.env, PGDATABASE: DATABASE, PGUSER: user },
});
const write = (model, out, ...asked) => {
    const { status, stdout, stderr } = run(model, '--out', out, ...asked);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.equal(stdout, `${out}/index.html\n`);
};

write('empty', 'out_empty');
assert.match(readFileSync('out_empty/index.html', 'utf8'), /The model has no leads yet/);
assert.deepEqual(readdirSync('out_empty'), ['index.html']);
psql(`
    INSERT INTO leads SELECT generate_series(1, 9);
    INSERT INTO events
    SELECT 1 + n % 9, 'visit', now() - n * interval '7 days', '<img src=x onerror=alert(1)>' FROM generate_series(1, 20) AS n;

    CREATE ROLE report_reader LOGIN;
    GRANT USAGE ON SCHEMA "O'Hara ""&"" <b>" TO report_reader;
    SELECT format('GRANT SELECT ON %I.%I TO report_reader', 'O''Hara "&" <b>', name)
    FROM unnest('{funnel, campaigns, cohorts, velocity, leads, scores, versions}'::text[]) AS name \\gexec
    `, DATABASE);
user = 'report_reader';
write(ODD, 'out_odd', '--by', 'campaign');
write(ODD, 'out_past', '--as-of', '1990-01-01', '--by', 'channel', '--since', '1980-01-01', '--grain', 'quarter');

await withPage(async (page, problems, requests) => {
    await page.goto(pathToFileURL('out_empty/index.html').href);
    await page.goto(pathToFileURL('out_odd/index.html').href);
    assert.equal(await page.textContent('h1'), ODD);
    for (const table of ['#campaigns', '#dimension']) assert.equal(await page.textContent(`${table} tbody td`), '<img src=x onerror=alert(1)>');
    assert.equal(await page.locator('#campaigns th', { hasText: 'Per customer' }).count(), 0);
    assert.ok((await page.locator('#scores svg text').allTextContents()).includes('MQL from 20'));
    assert.equal((await page.locator('#mqls svg text').allTextContents()).includes('Cost per MQL'), false);
    await page.goto(pathToFileURL('out_past/index.html').href);
    assert.deepEqual(await page.locator('section').allTextContents(), ['There are no leads of these quarters.']);
    assert.equal(requests.length, 3);
    assert.deepEqual(problems, []);
});

for (const [args, message] of [
    [[], /^report: one model, not 0\nusage: /], [['empty', '--colour', 'red'], /Unknown option '--colour'/],
    [['none'], /^report: model "none" does not exist\. .*\n$/],
    [['empty', '--as-of', 'soon'], /^report: invalid input syntax for type timestamp with time zone: "soon"\n$/],
    [['empty', '--since', '2025-02-30'], /^report: date\/time field value out of range: "2025-02-30"\n$/],
    [['empty', '--until', ''], /^report: invalid input syntax for type date: ""\n$/],
    [[ODD, '--grain', 'year'], /^report: there is no grain "year"\. A report is by day, week, month or quarter\.\n$/],
    [[ODD, '--by', 'lead_id'], /^report: model "O'Hara "&" <b>" has no dimension "lead_id"\. Its dimensions are campaign, channel\.\n$/],
    [[ODD, '--since', '2025-03-01', '--until', '2025-02-01'], /^report: since, 2025-03-01, is after until, 2025-02-01\. .*\n$/],
    [['empty', '--connection', 'postgresql://nobody@127.0.0.1:1/none'], /^report: .*ECONNREFUSED/],
]) {
    const { status, stderr } = run(...args);
    assert.equal(status, 1, stderr);
    assert.match(stderr, message);
}
psql(`SELECT lead_scoring.drop_model('empty'), lead_scoring.drop_model('O''Hara "&" <b>')`, DATABASE);
psql(`DROP DATABASE ${DATABASE}`);
psql('DROP ROLE report_reader');
