// The page of a model some of whose leads were forgotten and some merged: each number is its view's, no person is counted
// twice or lost, and forgetting changes no count.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { withPage } from './lib/browser.mjs';
import { compareFigures } from './lib/figures.mjs';
import { psql, rows } from './lib/psql.mjs';

const DATABASE = 'report_gone';
psql(`CREATE DATABASE ${DATABASE}`);
// Lead n comes in the month n % 14, of the campaign n % 4; two of three become MQLs, and so on.
psql(`
    SET client_min_messages = warning;
    CREATE EXTENSION lead_scoring;
    CREATE TABLE leads (lead_id bigint PRIMARY KEY);
    CREATE TABLE events (lead_id bigint NOT NULL, type text NOT NULL, occurred_at timestamptz NOT NULL, campaign text);
    CREATE INDEX ON events (lead_id);
    CREATE TABLE spend (campaign text, spent_on date, amount numeric);
    CREATE TABLE deals (lead_id bigint, earned_on date, amount numeric);
    SELECT lead_scoring.create_model('gone', 'leads', 'events', event_campaign => 'campaign');
    SELECT lead_scoring.add_rule('gone', 'visit', 'visit', 10), lead_scoring.add_rule('gone', 'demo', 'demo', 50);
    SELECT lead_scoring.add_stage('gone', 'mql', min_score => 45), lead_scoring.add_stage('gone', 'sql', on_event => 'accepted'),
           lead_scoring.add_stage('gone', 'customer', on_event => 'won');
    SELECT lead_scoring.set_spend('gone', 'spend'), lead_scoring.set_revenue('gone', 'deals');
    SELECT lead_scoring.publish('gone');

    CREATE TABLE plan AS
    SELECT n, date_trunc('month', now(), 'UTC') - interval '14 months' + n % 14 * interval '1 month' + n % 20 * interval '1 day' AS came,
           (ARRAY['fair', 'mail', 'search', NULL])[1 + n % 4] AS campaign
    FROM generate_series(1, 90) AS n;
    INSERT INTO leads SELECT n FROM plan;
    INSERT INTO events
    SELECT n, step.type, came + step.days * interval '1 day', CASE WHEN step.type = 'visit' THEN campaign END
    FROM plan, LATERAL (VALUES ('visit', 0, true), ('demo', 5 + n % 30, n % 3 > 0), ('accepted', 40 + n % 9, n % 3 = 1),
                               ('won', 60 + n % 50, n % 6 = 1)) AS step (type, days, is_done)
    WHERE is_done AND came + step.days * interval '1 day' < now() ORDER BY 3, 1;
    INSERT INTO deals SELECT lead_id, occurred_at::date, 100 + lead_id FROM events WHERE type = 'won';
    INSERT INTO spend SELECT campaign, month::date, 200 + 10 * length(campaign)
    FROM unnest('{fair,mail,search,radio}'::text[]) AS campaign,
         generate_series(date_trunc('month', now()) - interval '14 months', now() - interval '1 month', '1 month') AS month;`, DATABASE);

const COUNTS = ['TABLE gone.funnel', 'SELECT campaign, period, spend, leads, mqls, sqls, customers, mqls_converted, cost_per_mql FROM gone.campaigns'];
const counts = () => COUNTS.map((select) => rows(select, DATABASE));
const forget = (...leads) => psql(`SELECT lead_scoring.forget_lead('gone', n) FROM unnest('{${leads}}'::bigint[]) n`, DATABASE);
const merge = (from, into) => psql(`SELECT lead_scoring.merge_leads('gone', ${from}, ${into})`, DATABASE);

await withPage(async (page, problems) => {
    const compare = async (persons, what) => {
        execFileSync(process.execPath, ['report.mjs', 'gone', '--out', 'out_gone', '--currency', '$'], { env: { ...process.env, PGDATABASE: DATABASE } });
        await page.goto(pathToFileURL('out_gone/index.html').href);
        const { all, cohorts } = await compareFigures(page, 'gone', { database: DATABASE });
        assert.equal(all.leads, persons, what);
        // cohorts need days, which are not kept of forgotten leads
        const [{ mqls }] = rows(`SELECT coalesce(sum(leads), 0) AS mqls FROM gone.forgotten WHERE entered ?| '{mql,sql,customer}'`, DATABASE);
        assert.equal(cohorts.filter(({ age }) => age === 1).reduce((sum, { leads }) => sum + leads, 0), all.mqls - mqls, what);
        assert.deepEqual(rows(`SELECT * FROM lead_scoring.verify('gone')`, DATABASE), []);
    };
    await compare(90, 'all are there');

    // of ten months, of all campaigns, from mere leads to customers
    const before = counts();
    forget(3, 7, 11, 13, 19, 20, 26, 31, 41, 48, 55);
    assert.deepEqual(counts(), before);
    await compare(90, 'forgotten ones count');

    // of other campaigns and stages: a customer into a lead, a lead into an MQL, an SQL into a customer, and on into another
    merge(37, 6);
    merge(9, 14);
    merge(4, 1);
    merge(1, 2);
    await compare(86, 'merged ones are somebody else');
    psql('DELETE FROM leads WHERE lead_id IN (9, 4)', DATABASE);
    await compare(86, 'whether their rows stay or not');

    // one of them comes again, and goes as far as an MQL
    psql(`INSERT INTO events SELECT 37, type, (SELECT came FROM plan WHERE n = 24) + '1 day'::interval, 'radio' FROM unnest('{visit,demo}'::text[]) type`, DATABASE);
    await compare(87, 'who comes again is a lead again');

    // forgotten afterwards: the one that came again, one that is still somebody else, and whom others had become
    const merged = counts();
    forget(37);
    assert.deepEqual(counts(), merged);
    await compare(87, 'who came again and is forgotten');
    forget(1, 14);
    assert.deepEqual(counts(), merged);
    await compare(87, 'who was merged, or had others merged into him, and is forgotten');

    // the row that stays of a lead that was merged into a forgotten one is nobody else, and forgotten too no second time
    merge(10, 15);
    const joined = counts();
    forget(15);
    assert.deepEqual(counts(), joined);
    await compare(86, 'whose other row stays');
    forget(10);
    assert.deepEqual(counts(), joined);
    await compare(86, 'whose other row is forgotten too');
    assert.deepEqual(problems, []);
});
psql(`SELECT lead_scoring.drop_model('gone')`, DATABASE);
psql(`DROP DATABASE ${DATABASE}`);
