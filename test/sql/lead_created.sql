-- When a lead came: moves that its attributes alone make are dated by it in a history that is loaded.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA created_test;
SET search_path = created_test, public;
CREATE TABLE leads (id integer PRIMARY KEY, name text, joined timestamp, since date, seen timestamptz);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
-- 1 and 2 come before their first event, 3 between two, 4 after all, 5 has none; of 6 and 7 nothing is known, 8 is in no table
-- of leads, 9 is to come, 10 and 11 are of no time.
INSERT INTO leads VALUES (1, 'VP', '2025-01-01 00:30', '2025-01-01'), (2, 'VP', '2025-01-02', '2025-01-02'), (3, 'VP', '2025-03-05', '2025-03-05'), (4, 'VP', '2025-04-01', '2025-04-01'),
    (5, 'VP', '2025-05-05', '2025-05-05'), (6, 'VP', NULL, NULL), (7, 'VP', NULL, NULL), (9, 'VP', '2199-01-01', '2199-01-01'), (10, 'VP', 'infinity', 'infinity'), (11, 'VP', '-infinity', '-infinity'), (12, 'clerk', '2025-01-01', '2025-01-01');
INSERT INTO events SELECT l, t, o FROM unnest('{1,2,3,4,6,8,9,10,12}'::integer[]) l, (VALUES ('other', timestamptz '2025-03-02'), ('visit', '2025-03-04'), ('visit', '2025-03-06')) e (t, o);
\set moves 'SELECT lead_id, seq, to_stage, CASE WHEN at > now() - interval ''1 day'' THEN ''now'' ELSE at::text END AS at, cause, rule, score FROM created.transitions ORDER BY lead_id, seq; SELECT * FROM lead_scoring.verify(''created'');'
SELECT lead_scoring.create_model('created', 'leads', 'events', status_columns => '{"mql_at": "mql_at"}', time_zone => 'Europe/Berlin') \g /dev/null
SELECT lead_scoring.add_rule('created', 'visit', 'visit', 5), lead_scoring.add_fit_rule('created', 'vp', $$name = 'VP'$$, 20),
       lead_scoring.add_stage('created', 'mql', min_fit => 20), lead_scoring.add_stage('created', 'sql', min_score => 30), lead_scoring.publish('created') \g /dev/null

-- Where nothing is said, a lead comes with its first event, whatever that is; one without any, now.
:moves
-- By a column without a zone: midnight in Berlin is 23:00 of the day before.
SELECT lead_scoring.drop_model('created') \g /dev/null
SELECT lead_scoring.create_model('created', 'leads', 'events', status_columns => '{"mql_at": "mql_at"}', time_zone => 'Europe/Berlin') \g /dev/null
SELECT lead_scoring.add_rule('created', 'visit', 'visit', 5), lead_scoring.add_fit_rule('created', 'vp', $$name = 'VP'$$, 20),
       lead_scoring.add_stage('created', 'mql', min_fit => 20), lead_scoring.add_stage('created', 'sql', min_score => 30) \g /dev/null
UPDATE created.settings SET lead_created = 'since';
SELECT lead_scoring.publish('created') \g /dev/null
:moves
SELECT id, mql_at FROM leads WHERE id < 6 ORDER BY id;
SELECT definition ->> 'format', definition ->> 'lead_created' FROM created.versions;
SELECT model, problem, draft_differs FROM lead_scoring.models() WHERE model = 'created';
-- Before it came a lead had no attributes.
SELECT d.day, lead_scoring.score_at('created', 3, d.day), (SELECT string_agg(e.rule || ' ' || e.capped, ', ' ORDER BY e.rule) FROM lead_scoring.explain('created', 3, d.day) e)
  FROM unnest('{2025-03-03,2025-03-04 22:59:59.999999,2025-03-04 23:00,2025-03-07}'::timestamptz[]) d (day);
SELECT lead_id, lead_scoring.score_at('created', lead_id, now()) = score AS same FROM created.scores WHERE lead_id IN (3, 5, 6, 9, 10) ORDER BY lead_id;
SELECT lead_scoring.score_at('created', 6, '2020-01-01'), lead_scoring.score_at('created', 9, '2020-01-01'), lead_scoring.score_at('created', 5, '2020-01-01');
-- Reports date leads by it, where report_settings name no column of their own.
SELECT period, leads, mqls_before, mqls FROM created.funnel WHERE leads > 0 AND period < '2026-01-01';
SELECT period, leads, mqls FROM lead_scoring.funnel('created', '2025-02-01');
UPDATE leads SET seen = '2024-12-24' WHERE id = 5;
INSERT INTO created.report_settings (lead_created) VALUES ('seen');
SELECT period, leads FROM created.funnel WHERE leads > 0 AND period < '2026-01-01';
DELETE FROM created.report_settings;

-- Live, what attributes do is done now, whenever the lead came. What is recorded stays when the column says something else.
INSERT INTO leads VALUES (20, 'VP', NULL, '2025-02-02'), (21, 'clerk', NULL, '2025-02-02');
UPDATE leads SET name = 'VP' WHERE id = 21;
UPDATE leads SET since = '2024-01-01' WHERE id = 4;
UPDATE leads SET since = NULL WHERE id = 3;
UPDATE leads SET since = '2198-01-01' WHERE id = 1;
INSERT INTO events VALUES (4, 'visit', '2024-02-01'), (5, 'visit', '2025-03-04');
SELECT lead_id, seq, to_stage, CASE WHEN at > now() - interval '1 day' THEN 'now' ELSE at::text END AS at, cause FROM created.transitions WHERE lead_id IN (1, 3, 4, 20, 21) ORDER BY lead_id, seq;
SELECT * FROM lead_scoring.verify('created');
SELECT period, leads FROM created.funnel WHERE leads > 0 AND period < '2026-01-01';
-- What comes while the model is paused is dated as it came. A lead that was there before is not.
SELECT lead_scoring.pause('created');
INSERT INTO leads VALUES (30, 'VP', NULL, '2025-06-06'), (8, 'VP', NULL, current_date - 1);
UPDATE leads SET name = 'VP' WHERE id = 12;
SELECT lead_scoring.resume('created');
SELECT lead_id, seq, to_stage, CASE WHEN at > now() - interval '1 hour' THEN 'now' ELSE at::date::text END AS at, cause FROM created.transitions WHERE lead_id IN (12, 30) ORDER BY lead_id, seq;
SELECT lead_id, seq, to_stage, at > now() - interval '1 hour' AS now, cause FROM created.transitions WHERE lead_id = 8 ORDER BY seq;
SELECT * FROM lead_scoring.verify('created');
SELECT lead_scoring.merge_leads('created', 30, 5), lead_scoring.forget_lead('created', 20) \g /dev/null
SELECT lead_scoring.repair('created');
SELECT * FROM lead_scoring.verify('created');

-- What cannot be.
UPDATE created.settings SET lead_created = 'sinc';
UPDATE created.settings SET lead_created = 'name';
UPDATE created.settings SET lead_created = 'mql_at';
UPDATE created.settings SET lead_created = '';
SELECT lead_created FROM created.settings;
-- A column that has gone or changed: leads are refused, and models() says so.
ALTER TABLE leads RENAME since TO came;
INSERT INTO leads VALUES (40, 'VP');
SELECT problem FROM lead_scoring.models() WHERE model = 'created';
ALTER TABLE leads ALTER came TYPE text;
UPDATE created.settings SET lead_created = 'came';
ALTER TABLE leads RENAME came TO since;
INSERT INTO leads VALUES (40, 'VP');
UPDATE created.settings SET lead_created = 'joined';
SELECT draft_differs FROM lead_scoring.models() WHERE model = 'created';
SELECT lead_scoring.publish('created');
INSERT INTO leads VALUES (40, 'VP');
-- A domain is what it is over.
CREATE DOMAIN day AS date;
ALTER TABLE leads ADD born day;
UPDATE created.settings SET lead_created = 'born';
SELECT lead_scoring.publish('created');
INSERT INTO leads (id, name, born) VALUES (41, 'VP', '2025-01-01');
SELECT lead_scoring.score_at('created', 41, '2024-12-31 22:59'), lead_scoring.score_at('created', 41, '2024-12-31 23:00');
SELECT * FROM lead_scoring.verify('created');
SELECT lead_scoring.drop_model('created') \g /dev/null
DROP SCHEMA created_test CASCADE;
