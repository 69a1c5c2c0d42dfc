-- A stage that everybody jumps to, because its conditions hold wherever those of a lower one do, is told when it is published.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA skipped_test;
SET search_path = skipped_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('skipped', 'leads', 'events', status_columns => '{}') \g /dev/null
SELECT lead_scoring.add_rule('skipped', 'visit', 'visit', 10), lead_scoring.add_rule('skipped', 'webinar', 'webinar', 10) \g /dev/null
SELECT lead_scoring.add_stage('skipped', 'mql', 50), lead_scoring.add_stage('skipped', 'sql', 30), lead_scoring.add_stage('skipped', 'customer', on_event => 'won') \g /dev/null
INSERT INTO events SELECT 1, 'visit', timestamptz '2026-01-01' + i * interval '1 day' FROM generate_series(1, 9) i;
INSERT INTO events VALUES (1, 'webinar', '2026-01-20'), (1, 'won', '2026-02-01');
SET client_min_messages = notice;
SELECT lead_scoring.publish('skipped');
SELECT from_stage, to_stage FROM skipped.moves ORDER BY seq;
-- As the hint says.
UPDATE skipped.stages SET min_score = 70 WHERE name = 'sql'; SELECT lead_scoring.publish('skipped');
-- What the higher stage asks for besides lets leads stop at the lower one.
UPDATE skipped.stages SET min_score = 30, requires = '{"webinar": 1}' WHERE name = 'sql';
SELECT lead_scoring.publish('skipped');
-- Unless the lower one asks for it as well, and for as much.
UPDATE skipped.stages SET requires = '{"webinar": 2}' WHERE name = 'mql';
SELECT lead_scoring.publish('skipped');
UPDATE skipped.stages SET requires = '{"webinar": 3}' WHERE name = 'sql';
SELECT lead_scoring.publish('skipped');
UPDATE skipped.stages SET requires = NULL, min_engagement = 10 WHERE name = 'sql';
SELECT lead_scoring.publish('skipped');
UPDATE skipped.stages SET min_engagement = 10 WHERE name = 'mql';
SELECT lead_scoring.publish('skipped');
SELECT * FROM lead_scoring.verify('skipped');
SELECT lead_scoring.drop_model('skipped') \g /dev/null
DROP SCHEMA skipped_test CASCADE;
