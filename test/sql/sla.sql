-- The view sla: what sales did within the service level. What time alone did, sales did not.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA sla_test;
SET search_path = sla_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('served', 'leads', 'events', status_columns => '{}');
SELECT lead_scoring.add_rule('served', 'visit', 'visit', 10, decay => 'exponential', half_life => '1 day'),
       lead_scoring.add_stage('served', 'recycled', kind => 'detour', rank => 100, on_event => 'rejected'),
       lead_scoring.add_stage('served', 'mql', rank => 10, min_score => 10, falls_below => 5, within => '3 days', timeout_stage => 'recycled'),
       lead_scoring.add_stage('served', 'sql', rank => 20, on_event => 'accepted');
SELECT lead_scoring.publish('served');

-- Each is an MQL on 1 January, whose score is below 5 a day later. 1 is accepted before that, 2 is rejected, 3 nobody touches, 4 neither, but it is an
-- MQL again on the 3rd, and accepted then; 5 stays above by its visits until the service level ends.
INSERT INTO leads SELECT generate_series(1, 5);
INSERT INTO events
SELECT lead_id, type, timestamptz '2025-01-01' + at FROM (VALUES
    (1, 'visit', interval '0'), (1, 'accepted', '20 hours'), (2, 'visit', '0'), (2, 'rejected', '10 hours'), (3, 'visit', '0'), (4, 'visit', '0'), (4, 'visit', '49 hours'), (4, 'accepted', '50 hours'),
    (5, 'visit', '0'), (5, 'visit', '20 hours'), (5, 'visit', '40 hours'), (5, 'visit', '60 hours')) AS v (lead_id, type, at) ORDER BY at;
CALL lead_scoring.refresh('served');
SELECT lead_id, from_stage, to_stage, at, cause FROM served.moves WHERE from_stage = 'mql' ORDER BY at, lead_id;
-- In the middle of the first and of the second day, before and after the end of the service level of those of the first, and when all is over.
SELECT d.as_of, r.entered, r.met, r.missed, r.open, r.met_rate, round(r.median_days::numeric, 4) AS median_days
  FROM (VALUES (timestamptz '2025-01-01 12:00'), ('2025-01-02 12:00'), ('2025-01-03 23:59:59'), ('2025-01-04 00:00'), ('2026-01-01')) AS d (as_of),
       lead_scoring.sla('served', d.as_of) AS r
 ORDER BY 1;
SELECT * FROM lead_scoring.verify('served');
SELECT lead_scoring.drop_model('served');
DROP SCHEMA sla_test CASCADE;
