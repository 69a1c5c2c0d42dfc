-- The report stage_times: how long leads were in each stage, and how many are slower.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA times_test;
SET search_path = times_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('timed', 'leads', 'events', status_columns => '{}');
SELECT lead_scoring.add_rule('timed', 'visit', 'visit', 10),
       lead_scoring.add_stage('timed', 'mql', rank => 10, min_score => 10),
       lead_scoring.add_stage('timed', 'sql', rank => 20, on_event => 'accepted'), lead_scoring.add_stage('timed', 'recycled', kind => 'detour', rank => 90, on_event => 'rejected');
SELECT lead_scoring.publish('timed');
SELECT * FROM timed.stage_times;

-- All are MQLs on 2 January, after a day as leads. 1 stays for 1 day, 2 for 2, 3 and 4 for 4, 5 is there still; 6 comes back.
INSERT INTO leads SELECT i, CASE WHEN i % 2 = 0 THEN 'NZ' END FROM generate_series(1, 7) i;
INSERT INTO events SELECT lead_id, type, timestamptz '2025-01-01' + at FROM (
    SELECT i, 'look', interval '0' FROM generate_series(1, 6) i UNION ALL SELECT i, 'visit', interval '1 day' FROM generate_series(1, 6) i
    UNION ALL VALUES (1, 'accepted', interval '2 days'), (2, 'accepted', '3 days'), (3, 'accepted', '5 days'), (4, 'rejected', '5 days'), (6, 'rejected', '2 days'), (6, 'accepted', '9 days')) e (lead_id, type, at) ORDER BY at;
SELECT lead_scoring.set_stage('timed', 6, 'mql', 'once more');
SELECT lead_id, stage, visit, visits, from_stage, cause, rule, entered_at, left_at, to_stage, round(days::numeric, 2) AS days, round(slower_share::numeric, 4) AS slower
  FROM lead_scoring.stage_times('timed', '2025-01-11');
-- Those that are there still count for as long as they are known to have been: after 3 days, 3, 4 and 5 are as slow as can be told.
SELECT lead_id, left_at, round(days::numeric, 2) AS days, round(slower_share::numeric, 4) AS slower FROM lead_scoring.stage_times('timed', '2025-01-05') WHERE stage = 'mql';
SELECT dimension, lead_id, round(slower_share::numeric, 4) AS slower FROM lead_scoring.stage_times('timed', '2025-01-11', by => 'country') WHERE stage = 'mql';
SELECT lead_id, stage FROM lead_scoring.stage_times('timed', '2025-01-11', since => '2025-01-03', until => '2025-01-04');
-- Moves that were taken back, leads that were merged or forgotten: as the other reports have it.
SELECT lead_scoring.undo_move('timed', 1, 2, 'a mistake');
SELECT lead_scoring.merge_leads('timed', 2, 3);
SELECT lead_scoring.forget_lead('timed', 4);
SELECT lead_id, stage, visit, visits, to_stage, CASE WHEN left_at < '2026-01-01' THEN days END AS days FROM timed.stage_times WHERE lead_id IN ('1', '2', '3', '4');
SELECT lead_scoring.stage_times('timed', since => '2025-01-03', until => '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('timed');
SELECT lead_scoring.drop_model('timed');
DROP SCHEMA times_test CASCADE;
