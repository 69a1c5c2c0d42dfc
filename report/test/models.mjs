// Models unlike the demo's: without leads, without spend or later stages, with names that HTML or SQL might trip over; and
// the errors a user can make.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { withPage } from './lib/browser.mjs';
import { psql } from './lib/psql.mjs';

const DATABASE = 'report_models';
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
const write = (model, out) => {
    const { status, stdout, stderr } = run(model, '--out', out);
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
write('O\'Hara "&" <b>', 'out_odd');

await withPage(async (page, problems, requests) => {
    await page.goto(pathToFileURL('out_empty/index.html').href);
    await page.goto(pathToFileURL('out_odd/index.html').href);
    assert.equal(await page.textContent('h1'), 'O\'Hara "&" <b>');
    assert.equal(await page.textContent('#campaigns tbody td'), '<img src=x onerror=alert(1)>');
    assert.equal(await page.locator('#campaigns th', { hasText: 'Per customer' }).count(), 0);
    assert.ok((await page.locator('#scores svg text').allTextContents()).includes('MQL from 20'));
    assert.equal((await page.locator('#mqls svg text').allTextContents()).includes('Cost per MQL'), false);
    assert.equal(requests.length, 2);
    assert.deepEqual(problems, []);
});

for (const [args, message] of [
    [[], /^report: one model, not 0\nusage: /], [['empty', '--colour', 'red'], /Unknown option '--colour'/],
    [['none'], /^report: relation "none\.funnel" does not exist/],
    [['empty', '--connection', 'postgresql://nobody@127.0.0.1:1/none'], /^report: .*ECONNREFUSED/],
]) {
    const { status, stderr } = run(...args);
    assert.equal(status, 1, stderr);
    assert.match(stderr, message);
}
psql(`SELECT lead_scoring.drop_model('empty'), lead_scoring.drop_model('O''Hara "&" <b>')`, DATABASE);
psql(`DROP DATABASE ${DATABASE}`);
psql('DROP ROLE report_reader');
