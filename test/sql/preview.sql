-- What a draft would have made of the leads, and what publishing it would do: preview and preview_leads.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = iso;
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_owner;
CREATE ROLE regress_lead_scoring_reader;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_lead_scoring_owner;
CREATE SCHEMA preview_test AUTHORIZATION regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
SET search_path = preview_test;
CREATE TABLE leads (id bigint PRIMARY KEY, country text, left_us boolean DEFAULT false);
CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, lead_id bigint, type text, occurred_at timestamptz, page text);
CREATE INDEX ON events (lead_id);
CREATE TABLE spend (campaign text, spent_on date, amount numeric);
SELECT lead_scoring.create_model('sales', 'leads', 'events');
SELECT lead_scoring.add_rule('sales', 'visit', 'visit', 10), lead_scoring.add_rule('sales', 'demo', 'demo', 30), lead_scoring.add_fit_rule('sales', 'domestic', $$country = 'DE'$$, 10);
SELECT lead_scoring.add_stage('sales', 'mql', min_score => 30), lead_scoring.add_stage('sales', 'sql', on_event => 'accepted'),
       lead_scoring.add_stage('sales', 'customer', on_event => 'won'), lead_scoring.add_stage('sales', 'lost', kind => 'detour', on_event => 'lost');
INSERT INTO leads SELECT i, CASE WHEN i % 2 = 0 THEN 'DE' ELSE 'FR' END FROM generate_series(1, 8) i;
INSERT INTO events (lead_id, type, occurred_at, page) VALUES
    (1, 'visit', '2024-01-03', '/pricing'), (1, 'visit', '2024-01-04', '/blog'), (1, 'visit', '2024-02-05', '/blog'), (1, 'accepted', '2024-02-06', NULL), (1, 'won', '2024-04-01', NULL),
    (2, 'visit', '2024-01-03', '/pricing'), (2, 'visit', '2024-01-20', '/pricing'), (2, 'lost', '2024-02-20', NULL),
    (3, 'demo', '2024-02-10', NULL), (3, 'accepted', '2024-02-11', NULL),
    (4, 'visit', '2024-03-01', '/blog'), (4, 'visit', '2024-03-02', '/blog'),
    (5, 'won', '2024-03-15', NULL), (6, 'visit', '2024-03-10', '/pricing'), (7, 'visit', '2024-03-11', '/blog');

-- Before anything is published: as the first publish will have it, beside nothing.
SELECT * FROM lead_scoring.preview_leads('sales');
SELECT period, mqls, mqls_before, joins, customers, customer_rate, acceptance_rate, spend, complete FROM lead_scoring.preview('sales');
SELECT lead_scoring.publish('sales');
-- The draft is what is published: nothing differs.
SELECT * FROM lead_scoring.preview_leads('sales');
\x on
SELECT * FROM lead_scoring.preview('sales');
\x off
SELECT period, mqls FROM sales.funnel WHERE mqls > 0;

-- A rule of other points and with a condition, and a higher threshold; and what was spent.
INSERT INTO spend VALUES ('one', '2024-01-10', 100), ('two', '2024-03-10', 60.50), ('two', NULL, 5);
SELECT lead_scoring.set_spend('sales', 'spend');
UPDATE sales.rules SET points = 20, condition = $$page = '/pricing'$$ WHERE name = 'visit';
UPDATE sales.stages SET min_score = 35 WHERE name = 'mql';
SELECT lead_scoring.add_fit_rule('sales', 'known', 'country IS NOT NULL', 1);
SELECT * FROM lead_scoring.preview_leads('sales');
SELECT period, mqls, mqls_before, joins, leaves, customers, customers_before, customer_rate, customer_rate_before, customers_missed, customers_missed_before FROM lead_scoring.preview('sales');
SELECT period, handed_over, handed_over_before, accepted, accepted_before, rejected, rejected_before, acceptance_rate, acceptance_rate_before, spend, cost_per_mql, cost_per_mql_before
  FROM lead_scoring.preview('sales');
SELECT period, mqls, mqls_before, spend FROM lead_scoring.preview('sales', since => '2024-02-01');
-- What it says of the leads is what publish does.
CREATE TABLE said AS SELECT * FROM lead_scoring.preview_leads('sales');
CREATE TABLE backtest AS SELECT * FROM lead_scoring.preview('sales');
SELECT lead_scoring.publish('sales');
SELECT said.lead_id, stage_after, score_after, s.stage, s.score FROM said JOIN sales.scores s ON s.lead_id::text = said.lead_id WHERE (stage_after, score_after) IS DISTINCT FROM (s.stage, s.score);
-- Any two versions; by number the same as by draft.
SELECT count(*) FROM (SELECT period, mqls FROM backtest EXCEPT ALL SELECT period, mqls FROM lead_scoring.preview('sales', version => 2)) d;
SELECT period, mqls, mqls_before, joins, leaves, customers_missed, customers_missed_before FROM lead_scoring.preview('sales', version => 1, against => 2);

-- Moves that the events of today do not give: a bot is found out, a hand and an order of arrival.
DELETE FROM events WHERE lead_id = 3 AND type = 'demo';
BEGIN;
INSERT INTO leads VALUES (9, 'FR');
INSERT INTO events (lead_id, type, occurred_at, page) VALUES (9, 'demo', '2024-06-01', NULL), (9, 'visit', '2024-06-02', '/pricing');
DELETE FROM events WHERE lead_id = 9;
SELECT lead_scoring.set_stage('sales', 7, 'mql', 'they called');
SELECT lead_id, stage_now, stage_after, mql_at_now < now() AS mql_before, mql_at_backtest, because FROM lead_scoring.preview_leads('sales', version => 2) WHERE because IS NOT NULL;
ROLLBACK;

-- Names and meanings follow: a stage of another name, one that is gone, a rule that is renamed.
UPDATE sales.stages SET name = 'qualified', counts_as = 'mql', min_score = 20 WHERE name = 'mql';
UPDATE sales.rules SET name = 'pages', max_points = 25 WHERE name = 'visit';
DELETE FROM sales.stages WHERE name = 'lost';
SELECT * FROM lead_scoring.preview_leads('sales');
CREATE TABLE renamed AS SELECT * FROM lead_scoring.preview_leads('sales');
SELECT period, mqls, mqls_before, joins, leaves FROM lead_scoring.preview('sales');
-- Some leads count no more, and one that is nobody's counts as little as before.
UPDATE sales.settings SET lead_condition = 'NOT left_us';
UPDATE leads SET left_us = true WHERE id IN (1, 2);
INSERT INTO events (lead_id, type, occurred_at, page) VALUES (99, 'demo', '2024-03-03', NULL);
SELECT lead_id, stage_now, stage_after, mql_at_now, mql_at_backtest, because FROM lead_scoring.preview_leads('sales') WHERE lead_id IN ('1', '2', '99');
SELECT lead_scoring.publish('sales');
SELECT count(*) FROM renamed r JOIN sales.scores s ON s.lead_id::text = r.lead_id WHERE r.stage_after <> s.stage AND s.counted;
SELECT count(*), count(*) FILTER (WHERE lead_id IN ('1', '2')) FROM lead_scoring.preview_leads('sales');
-- Merged and erased leads.
SELECT lead_scoring.merge_leads('sales', '6', '4');
SELECT lead_id, stage_now, stage_after FROM lead_scoring.preview_leads('sales') WHERE lead_id IN ('4', '6');
-- Within the statement's snapshot, and nothing is written.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT count(*) FROM lead_scoring.preview_leads('sales');
SELECT sum(mqls) FROM lead_scoring.preview('sales', against => 1) WHERE period IS NULL;
SELECT count(*) FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.relation::regclass::text ~ '^(sales\.|leads|events)' AND l.mode <> 'AccessShareLock';
COMMIT;
-- A damaged row is not foretold.
ALTER TABLE sales.scores DISABLE TRIGGER USER;
UPDATE sales.scores SET card = NULL WHERE lead_id = 8;
ALTER TABLE sales.scores ENABLE TRIGGER USER;
UPDATE sales.rules SET points = 31 WHERE name = 'demo';
SELECT * FROM lead_scoring.preview_leads('sales') WHERE lead_id = '8';
UPDATE sales.rules SET points = 30 WHERE name = 'demo';
SELECT lead_scoring.repair('sales') > 0;

-- What is due under a version that cannot be computed any more stays as it is, as with publish.
CREATE TABLE others (LIKE events INCLUDING ALL);
SELECT lead_scoring.create_model('old', 'leads', 'others', status_columns => '{}');
SELECT lead_scoring.add_rule('old', 'visit', 'visit', 30, $$page <> ''$$, decay => 'exponential', half_life => '10 days'), lead_scoring.add_stage('old', 'mql', min_score => 20, falls_below => 10);
SELECT lead_scoring.publish('old');
INSERT INTO others (lead_id, type, occurred_at, page) VALUES (1, 'visit', '2024-01-03', '/pricing'), (2, 'visit', '2024-01-03', '/pricing');
SELECT lead_id, stage_now, stage_after, mql_at_backtest, because FROM lead_scoring.preview_leads('old') WHERE lead_id < '3';
UPDATE old.rules SET points = 40 WHERE name = 'visit';
SELECT lead_scoring.publish('old', rescore => false);
ALTER TABLE old.scores DISABLE TRIGGER USER;
UPDATE old.scores SET due_at = '2024-02-01';
ALTER TABLE old.scores ENABLE TRIGGER USER;
ALTER TABLE others RENAME page TO place;
UPDATE old.rules SET condition = NULL, decay = 'none', half_life = NULL WHERE name = 'visit';
SELECT lead_id, stage_now, stage_after, score_after FROM lead_scoring.preview_leads('old') WHERE lead_id < '3';
SELECT lead_scoring.publish('old');
SELECT lead_id, stage, score FROM old.scores WHERE lead_id < 3 ORDER BY 1;
SELECT * FROM lead_scoring.verify('old');
SELECT lead_scoring.drop_model('old');

-- What is due may lead into a stage and out of it again, which then is closed for a while.
CREATE TABLE calls (LIKE events INCLUDING ALL);
SELECT lead_scoring.create_model('cool', 'leads', 'calls', status_columns => '{}');
SELECT lead_scoring.add_rule('cool', 'good', 'call', 30, decay => 'window', lifespan => '60 days'), lead_scoring.add_rule('cool', 'base', 'call', 10),
       lead_scoring.add_rule('cool', 'bad', 'call', -20, decay => 'exponential', half_life => '5 days'),
       lead_scoring.add_stage('cool', 'mql', min_score => 30, falls_below => 15, cooldown => '300 days');
SELECT lead_scoring.publish('cool');
INSERT INTO calls (lead_id, type, occurred_at) VALUES (1, 'call', now() - interval '70 days');
UPDATE cool.stages SET min_score = 8, falls_below = 5 WHERE name = 'mql';
SELECT lead_id, stage_now, stage_after FROM lead_scoring.preview_leads('cool') WHERE lead_id = '1';
SELECT lead_scoring.publish('cool');
SELECT seq, to_stage, cause FROM cool.moves WHERE lead_id = 1 ORDER BY seq;
SELECT * FROM lead_scoring.verify('cool');
SELECT lead_scoring.drop_model('cool');

-- What goes wrong.
SELECT * FROM lead_scoring.preview('nothing');
SELECT * FROM lead_scoring.preview(NULL);
SELECT * FROM lead_scoring.preview('sales', version => 77);
SELECT * FROM lead_scoring.preview('sales', against => 78);
SELECT * FROM lead_scoring.preview_leads('sales', 79);
SELECT lead_scoring.pause('sales');
SELECT * FROM lead_scoring.preview('sales');
SELECT * FROM lead_scoring.preview_leads('sales');
SELECT lead_scoring.resume('sales');
ALTER TABLE events RENAME page TO place;
SELECT * FROM lead_scoring.preview('sales');
SELECT * FROM lead_scoring.preview_leads('sales', 1);
ALTER TABLE events RENAME place TO page;
SELECT count(*) > 0 FROM lead_scoring.preview_leads('sales');
-- For whoever may read it all.
GRANT USAGE ON SCHEMA sales TO regress_lead_scoring_reader;
GRANT SELECT ON sales.scores, sales.settings, sales.versions, sales.transitions, sales.rules, sales.report_settings TO regress_lead_scoring_reader;
SET ROLE regress_lead_scoring_reader;
SELECT * FROM lead_scoring.preview('sales');
SET ROLE regress_lead_scoring_owner;
GRANT SELECT ON sales.stages TO regress_lead_scoring_reader;
SET ROLE regress_lead_scoring_reader;
SELECT count(*) > 0 FROM lead_scoring.preview_leads('sales');
SELECT count(*) FROM lead_scoring_internal.backtest('sales', '{}', NULL, now());
SELECT count(*) FROM lead_scoring_internal.backtest(NULL, '{}', NULL, now());
SELECT count(*) FROM lead_scoring_internal.look_ahead(NULL, '{}', NULL, now(), true, true);
SET ROLE regress_lead_scoring_owner;
ALTER TABLE sales.scores ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON sales.scores TO regress_lead_scoring_reader USING (lead_id < 3);
SET ROLE regress_lead_scoring_reader;
SELECT * FROM lead_scoring.preview_leads('sales');
SET ROLE regress_lead_scoring_owner;
ALTER TABLE sales.scores DISABLE ROW LEVEL SECURITY;
DROP POLICY few ON sales.scores;
SELECT * FROM lead_scoring.verify('sales');
SELECT lead_scoring.drop_model('sales');
RESET ROLE;
\set VERBOSITY terse
DROP SCHEMA preview_test CASCADE;
DROP OWNED BY regress_lead_scoring_owner, regress_lead_scoring_reader;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_reader;
