-- When leads are computed anew: versions that rescore and that do not, the three ways of rescoring, models that are
-- paused or half-restored, tables that were renamed. Errors are shown in full, but for the context.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA scoring_test;
SET search_path = scoring_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('scoring', 'leads', 'events');
SELECT lead_scoring.add_rule('scoring', 'visit', 'visit', 1);
SELECT lead_scoring.add_fit_rule('scoring', 'domestic', $$country = 'DE'$$, 10);
SELECT lead_scoring.add_stage('scoring', 'mql', min_score => 12);
\set show 'SELECT lead_id, version, score, stage, mql_at < ''2025-01-01'' AS historic FROM scoring.scores ORDER BY lead_id; SELECT lead_id, problem, stored, recomputed FROM lead_scoring.verify(''scoring'') ORDER BY 1, 2;'

-- Before the first version nothing is kept; the first one replays what is there.
INSERT INTO leads VALUES (1, 'DE'), (2, 'FR');
INSERT INTO events SELECT i, 'visit', timestamptz '2024-01-01' + d * interval '1 day' FROM generate_series(1, 3) i, generate_series(1, 3) d;
:show
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.publish('scoring');
:show
SELECT lead_id, seq, from_stage, to_stage, at, cause, version FROM scoring.transitions ORDER BY 1, 2;

-- A version without rescore: rows are stale until their lead is touched by an event, an attribute or a rescore.
UPDATE scoring.rules SET points = 5 WHERE name = 'visit';
SELECT lead_scoring.publish('scoring', rescore => false);
:show
INSERT INTO events VALUES (2, 'visit', '2024-01-04');
:show
UPDATE leads SET country = 'AT' WHERE id = 1;
:show
INSERT INTO events VALUES (3, 'unheard', '2024-01-04');
:show
SELECT lead_scoring_internal.rescore_now('scoring', 'evaluate');
:show
SELECT lead_id, seq, from_stage, to_stage, CASE WHEN cause = 'event' THEN at END AS at, cause, version FROM scoring.transitions ORDER BY 1, 2;
-- Rescoring again changes nothing.
SELECT lead_scoring_internal.rescore_now('scoring', 'evaluate'), lead_scoring_internal.rescore_now('scoring', 'catch up');
SELECT count(*) FROM scoring.transitions;
:show

-- Rows that came while the triggers were off, caught up with from where each lead stood.
ALTER TABLE events DISABLE TRIGGER USER;
INSERT INTO events SELECT 4, 'visit', timestamptz '2024-02-01' + d * interval '1 day' FROM generate_series(1, 3) d;
DELETE FROM events WHERE lead_id = 2 AND occurred_at = '2024-01-04';
ALTER TABLE events ENABLE TRIGGER USER;
:show
SELECT lead_scoring.repair('scoring');
:show
SELECT lead_id, seq, from_stage, to_stage, CASE WHEN cause = 'event' THEN at END AS at, cause FROM scoring.transitions WHERE lead_id = 4 ORDER BY 1, 2;

-- Paused: nothing is stored, and resume catches up.
SELECT lead_scoring.pause('scoring');
INSERT INTO events VALUES (5, 'visit', '2024-03-01'), (5, 'visit', '2024-03-02'), (5, 'visit', '2024-03-03');
UPDATE leads SET country = 'DE' WHERE id = 2;
DELETE FROM leads WHERE id = 1;
SELECT lead_id, score FROM scoring.scores ORDER BY 1;
SELECT lead_scoring.resume('scoring');
:show

-- Half-restored: without a row of settings nothing is scored and nothing fails.
BEGIN;
TRUNCATE scoring.settings;
INSERT INTO events VALUES (6, 'visit', '2024-03-01');
INSERT INTO leads VALUES (6, 'DE');
SELECT count(*) FROM scoring.scores WHERE lead_id = 6;
ROLLBACK;

-- Renamed tables and columns: scoring goes on, or the error says what to do.
ALTER TABLE events RENAME TO activities;
INSERT INTO activities VALUES (2, 'visit', '2024-04-01');
\echo :LAST_ERROR_SQLSTATE
UPDATE scoring.settings SET events = 'scoring_test.activities';
INSERT INTO activities VALUES (2, 'visit', '2024-04-01');
:show
ALTER TABLE activities RENAME COLUMN type TO kind;
INSERT INTO activities VALUES (2, 'visit', '2024-04-02');
\echo :LAST_ERROR_SQLSTATE
UPDATE scoring.settings SET event_type = 'kind';
INSERT INTO activities VALUES (2, 'visit', '2024-04-02');
ALTER TABLE leads RENAME COLUMN country TO land;
INSERT INTO leads VALUES (7, 'DE');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE leads RENAME COLUMN land TO country;
ALTER TABLE leads RENAME COLUMN lead_stage TO stage;
INSERT INTO activities VALUES (7, 'visit', '2024-04-02'), (7, 'visit', '2024-04-02'), (7, 'visit', '2024-04-02');
INSERT INTO leads VALUES (7, 'DE');
\echo :LAST_ERROR_SQLSTATE
UPDATE scoring.settings SET status_columns = '{"stage": "stage", "mql_at": "mql_at"}';
INSERT INTO leads VALUES (7, 'DE');
ALTER SCHEMA scoring_test RENAME TO scoring_moved;
SET search_path = scoring_moved, public;
INSERT INTO activities VALUES (7, 'visit', '2024-04-03');
\echo :LAST_ERROR_SQLSTATE
UPDATE scoring.settings SET leads = 'scoring_moved.leads', events = 'scoring_moved.activities';
INSERT INTO activities VALUES (7, 'visit', '2024-04-03');
:show
SELECT id, stage FROM leads ORDER BY id;

-- Events table whose types change: the trigger takes up what it finds.
ALTER TABLE activities ALTER COLUMN kind TYPE varchar(20), ADD extra integer DEFAULT 1, ALTER COLUMN lead_id SET NOT NULL;
INSERT INTO activities VALUES (7, 'visit', '2024-04-04');
:show

SELECT lead_scoring.drop_model('scoring');
DROP SCHEMA scoring_moved CASCADE;
