-- Reading: the view of leads, explain and score_at, and how verify tells each kind of damage. Keys are varchar.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA reading_test;
SET search_path = reading_test, public;
CREATE TABLE leads (id varchar(20) PRIMARY KEY, country text);
CREATE TABLE events (lead_id varchar, type text, occurred_at timestamptz, minutes integer);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('reading', 'leads', 'events', min_score => -20, max_score => 60,
                                 status_columns => '{"stage": "lead_stage", "mql_at": "mql_at", "score": "lead_score", "grade": "lead_grade"}');
SELECT lead_scoring.add_group('reading', 'content', min_points => 0, max_points => 25);
SELECT lead_scoring.add_rule('reading', 'visit', 'visit', 1.25);
SELECT lead_scoring.add_rule('reading', 'mail', 'mail', 8, decay => 'exponential', half_life => '100 days');
SELECT lead_scoring.add_rule('reading', 'download', 'download', 10, rule_group => 'content', decay => 'linear', lifespan => '1000 days', max_points => 20);
SELECT lead_scoring.add_rule('reading', 'watched', 'watched', 0.3, per => 'minutes', rule_group => 'content', limit_count => 2, limit_window => 'month');
SELECT lead_scoring.add_rule('reading', 'bounced', 'bounced', -15, decay => 'step', drop => 0.2, step => '100 days', rule_group => 'content');
SELECT lead_scoring.add_fit_rule('reading', 'domestic', $$country = 'DE'$$, 10);
SELECT lead_scoring.add_fit_rule('reading', 'far', $$country = 'NZ'$$, -10);
SELECT lead_scoring.add_band('reading', 'fit', 'A', 10), lead_scoring.add_band('reading', 'fit', 'B', -100);
SELECT lead_scoring.add_stage('reading', 'mql', min_score => 30, falls_below => 28);
SELECT lead_scoring.publish('reading');
INSERT INTO leads SELECT 'lead ' || i, (ARRAY['DE', 'FR', 'NZ', NULL])[i % 4 + 1] FROM generate_series(1, 200) i;
INSERT INTO events SELECT 'lead ' || i * 37 % 200, (ARRAY['visit', 'mail', 'download', 'watched', 'bounced'])[i * i % 47 % 5 + 1],
       timestamptz '2024-01-01' + i * 7919 % 50000 * interval '17 minutes', i % 60 FROM generate_series(1, 3000) i;
INSERT INTO events VALUES ('stranger', 'visit', '2024-01-01');

-- The view has the leads that are known, each with its score as of now.
SELECT count(*), bool_and(abs(l.score - lead_scoring.score_at('reading', l.lead_id, now())) < 0.01), bool_and(l.stage = u.lead_stage AND l.mql_at IS NOT DISTINCT FROM u.mql_at AND l.grade = u.lead_grade)
  FROM reading.leads l JOIN leads u ON u.id = l.lead_id;
SELECT count(*) FROM reading.leads WHERE lead_id NOT LIKE 'lead %';
SELECT lead_id, score, engagement, fit, grade, stage, mql_at FROM reading.leads WHERE score NOT BETWEEN -20 AND 60;

-- explain sums to the score line by line, at any time, and says as much as the log does.
SELECT count(*), count(*) FILTER (WHERE abs(e.capped - s.score) < 0.00005)
  FROM generate_series(1, 200) i, unnest('{2024-01-15,2024-06-01,2025-06-01,2030-01-01}'::timestamptz[]) at,
       LATERAL (SELECT coalesce(sum(capped), 0) AS capped FROM lead_scoring.explain('reading', 'lead ' || i, at)) e,
       LATERAL (SELECT lead_scoring.score_at('reading', 'lead ' || i, at) AS score) s;
SELECT count(*), count(*) FILTER (WHERE e.times = l.times AND e.last_at = l.last_at AND (e.rule <> 'visit' OR e.raw = 1.25 * l.times))
  FROM (SELECT lead_id, type, count(*) AS times, max(occurred_at) AS last_at FROM events WHERE type <> 'watched' GROUP BY 1, 2) l
  LEFT JOIN LATERAL (SELECT * FROM lead_scoring.explain('reading', l.lead_id::text, '2026-01-01') e WHERE e.rule = l.type) e ON true;
SELECT * FROM lead_scoring.explain('reading', 'lead 7', '2025-01-01');
SELECT * FROM lead_scoring.explain('reading', 'stranger', '2025-01-01');
-- The model's tables stay what they are while a transaction reads, also when what locked them first was rolled back.
BEGIN;
SAVEPOINT a;
SELECT lead_scoring.score_at('reading', 'lead 7', '2025-01-01') IS NULL;
ROLLBACK TO a;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'reading.scores'::regclass;
SELECT lead_scoring.score_at('reading', 'lead 7', '2025-01-01') IS NULL, lead_scoring.score_at('reading', 'lead 8', '2025-01-01') IS NULL;
SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'reading.scores'::regclass;
-- A version that this transaction published is seen, and no longer when it is taken back.
SAVEPOINT b;
UPDATE reading.rules SET points = points + 100 WHERE name = 'visit';
SELECT lead_scoring.publish('reading', rescore => false);
SELECT lead_scoring.score_at('reading', 'stranger', '2025-01-01') AS other \gset
ROLLBACK TO b;
SELECT :other, lead_scoring.score_at('reading', 'stranger', '2025-01-01');
COMMIT;
-- Keys are text, bigint or uuid; what names no lead gives nothing.
SELECT * FROM lead_scoring.explain('reading', 7, '2025-01-01');
SELECT lead_scoring.score_at('reading', '00000000-0000-0000-0000-000000000000'::uuid, '2025-01-01') IS NULL;
SELECT lead_scoring.score_at('reading', 'lead 7', NULL) IS NULL, lead_scoring.score_at(NULL, 'lead 7', now()) IS NULL;
SELECT lead_scoring.score_at('reading', 'lead 7', '-infinity'), lead_scoring.score_at('reading', 'lead 7', 'infinity');
SELECT lead_scoring.score_at('nowhere', 'lead 7', '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.explain('reading_test', 'lead 7', '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('nowhere');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('reading');

-- verify tells what was damaged. Each damage is rolled back, and then nothing is left to tell. (Nobody but a replica, which
-- takes rows as they come, can do any of it.)
SET session_replication_role = replica;
\set verify 'SELECT lead_id, problem FROM lead_scoring.verify(''reading'') ORDER BY lead_id, problem; ROLLBACK;'
BEGIN; UPDATE reading.scores SET score = score + 0.001 WHERE lead_id = 'lead 7';
:verify
BEGIN; UPDATE reading.scores SET engagement = NULL, fit = 1e6, grade = 'Z' WHERE lead_id = 'lead 7';
:verify
BEGIN; UPDATE reading.scores SET card = (SELECT o.card FROM reading.scores o WHERE o.lead_id = 'lead 8') WHERE lead_id = 'lead 7';
:verify
BEGIN; UPDATE reading.scores SET card = NULL WHERE lead_id = 'lead 7';
:verify
SELECT min(lead_id) AS due FROM reading.scores WHERE due_at IS NOT NULL AND stage_armed \gset
BEGIN; UPDATE reading.scores SET due_at = NULL WHERE lead_id = :'due';
:verify
BEGIN; UPDATE reading.scores SET due_at = due_at + interval '100 years' WHERE lead_id = :'due';
:verify
BEGIN; UPDATE reading.scores SET counted = NOT counted WHERE lead_id IN ('lead 7', 'stranger');
:verify
BEGIN; UPDATE reading.scores SET counted = NULL WHERE lead_id IN ('lead 7', 'stranger');
:verify
BEGIN; UPDATE reading.scores SET version = 99 WHERE lead_id = 'lead 7';
:verify
BEGIN; UPDATE reading.scores SET scored_at = '2024-02-01' WHERE lead_id = 'lead 7';
:verify
BEGIN; DELETE FROM reading.scores WHERE lead_id = 'lead 7';
:verify
BEGIN; DELETE FROM reading.scores WHERE lead_id = (SELECT min(lead_id) FROM reading.transitions);
:verify
BEGIN; INSERT INTO reading.scores (lead_id, version, stage, stage_seq) VALUES ('nobody', 1, 'lead', 0);
:verify
BEGIN; INSERT INTO reading.scores SELECT (jsonb_populate_record(s, '{"lead_id": "nobody"}')).* FROM reading.scores s WHERE s.lead_id = 'lead 7';
:verify
BEGIN; UPDATE reading.scores SET stage = 'mql' WHERE lead_id = 'lead 2';
:verify
BEGIN; UPDATE reading.scores SET stage = 'nowhere' WHERE lead_id = 'lead 2';
:verify
BEGIN; UPDATE reading.scores SET stage_seq = stage_seq + 1, mql_at = now() WHERE lead_id = 'lead 2';
:verify
SELECT min(lead_id) AS moved FROM (SELECT lead_id FROM reading.transitions GROUP BY lead_id HAVING count(*) = 1) once \gset
SELECT lead_id, seq, from_stage, to_stage FROM reading.transitions WHERE lead_id = :'moved';
BEGIN; DELETE FROM reading.transitions WHERE lead_id = :'moved';
:verify
BEGIN; UPDATE reading.transitions SET seq = 2 WHERE lead_id = :'moved';
:verify
BEGIN; UPDATE reading.transitions SET to_stage = 'lead' WHERE lead_id = :'moved';
:verify
BEGIN; UPDATE reading.transitions SET at = at - interval '1 second' WHERE lead_id = :'moved';
:verify
BEGIN; INSERT INTO reading.transitions (lead_id, seq, from_stage, to_stage, at, cause) SELECT lead_id, 2, 'lead', 'mql', at - interval '1 day', 'manual' FROM reading.transitions WHERE lead_id = :'moved';
:verify
BEGIN; INSERT INTO reading.transitions (lead_id, seq, to_stage, at, cause) VALUES ('nobody', 1, 'mql', '2024-01-01', 'manual');
:verify
BEGIN; UPDATE leads SET lead_stage = 'customer' WHERE id = 'lead 2';
:verify
BEGIN; UPDATE leads SET lead_stage = NULL, mql_at = NULL, lead_score = lead_score + 1, lead_grade = NULL WHERE id = :'moved';
:verify
RESET session_replication_role;
-- Rows that came, changed and went while the triggers were off.
BEGIN; ALTER TABLE events DISABLE TRIGGER USER;
INSERT INTO events VALUES ('lead 7', 'visit', '2024-03-03'), ('lead 8', 'unheard', '2024-03-03'), ('new', 'visit', '2024-03-03');
:verify
BEGIN; ALTER TABLE events DISABLE TRIGGER USER;
DELETE FROM events WHERE lead_id = 'lead 9';
UPDATE events SET minutes = minutes + 1 WHERE lead_id = 'lead 11' AND type IN ('watched', 'visit');
:verify
BEGIN; ALTER TABLE leads DISABLE TRIGGER USER;
UPDATE leads SET country = 'NZ' WHERE id = 'lead 12';
DELETE FROM leads WHERE id = 'lead 16';
INSERT INTO leads VALUES ('new', 'DE');
:verify
BEGIN; ALTER TABLE events DISABLE TRIGGER USER;
TRUNCATE events;
SELECT count(DISTINCT lead_id) FROM lead_scoring.verify('reading');
ROLLBACK;
SELECT * FROM lead_scoring.verify('reading');

-- Privileges: who may read the tables of the model reads all of it, and nobody else anything.
CREATE ROLE regress_lead_scoring_reader;
SET ROLE regress_lead_scoring_reader;
SELECT * FROM lead_scoring.explain('reading', 'lead 7', '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.score_at('reading', 'lead 7', '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('reading');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM reading.leads;
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT USAGE ON SCHEMA reading TO regress_lead_scoring_reader;
SET ROLE regress_lead_scoring_reader;
SELECT * FROM lead_scoring.explain('reading', 'lead 7', '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.score_at('reading', 'lead 7', '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('reading');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT SELECT ON reading.leads TO regress_lead_scoring_reader;
SET ROLE regress_lead_scoring_reader;
SELECT count(score) FROM reading.leads;
SELECT lead_scoring.score_at('reading', 'lead 7', '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT SELECT ON reading.scores TO regress_lead_scoring_reader;
SET ROLE regress_lead_scoring_reader;
SELECT count(*) FROM lead_scoring.explain('reading', 'lead 7', '2025-01-01');
SELECT lead_scoring.score_at('reading', 'lead 7', '2025-01-01') BETWEEN -20 AND 60;
SELECT * FROM lead_scoring.verify('reading');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT USAGE ON SCHEMA reading_test TO regress_lead_scoring_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA reading, reading_test TO regress_lead_scoring_reader;
SET ROLE regress_lead_scoring_reader;
SELECT * FROM lead_scoring.verify('reading');
RESET ROLE;

SELECT lead_scoring.drop_model('reading');
DROP SCHEMA reading_test CASCADE;
DROP ROLE regress_lead_scoring_reader;
