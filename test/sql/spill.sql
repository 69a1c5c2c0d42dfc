-- Statements with more rows than fit into memory: transition tables and sorts spill to disk.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA spill;
SET search_path = spill, public;
SET work_mem = '64kB';
CREATE TABLE leads (id integer PRIMARY KEY, title text, note text);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz, note text);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('spilling', 'leads', 'events');
SELECT lead_scoring.add_rule('spilling', 'visit', 'visit', 1, decay => 'exponential', half_life => '30 days');
SELECT lead_scoring.add_rule('spilling', 'download', 'download', 5, max_points => 20);
SELECT lead_scoring.add_fit_rule('spilling', 'chief', $$title = 'chief'$$, 10);
SELECT lead_scoring.add_stage('spilling', 'mql', min_score => 20);
SELECT lead_scoring.publish('spilling');

INSERT INTO leads SELECT i, CASE WHEN i % 3 = 0 THEN 'chief' END, repeat('x', 100) FROM generate_series(1, 3000) i;
INSERT INTO events SELECT 1 + i % 3000, CASE WHEN i % 2 = 0 THEN 'visit' ELSE 'download' END,
                          timestamptz '2026-01-01 00:00 UTC' + i * interval '1 minute', repeat('y', 100)
  FROM generate_series(1, 40000) i;
SELECT count(*) AS leads, count(mql_at) AS mqls, sum(score_at)::numeric(12, 2) AS points
  FROM leads CROSS JOIN LATERAL lead_scoring.score_at('spilling', id, '2026-02-01 00:00 UTC') AS score_at;
SELECT count(*) FROM lead_scoring.verify('spilling');

UPDATE leads SET title = CASE WHEN id % 2 = 0 THEN 'chief' END, note = repeat('z', 100);
SELECT count(*) FROM lead_scoring.verify('spilling');
UPDATE events SET occurred_at = occurred_at + interval '1 hour' WHERE lead_id % 2 = 0;
SELECT count(*) FROM lead_scoring.verify('spilling');
DELETE FROM events WHERE lead_id % 3 = 0;
SELECT count(*) FROM lead_scoring.verify('spilling');
UPDATE leads SET id = id + 10000;
SELECT count(*), count(*) FILTER (WHERE lead_id > 10000) AS known FROM spilling.scores;
SELECT count(*) FROM lead_scoring.verify('spilling');
DELETE FROM leads WHERE id % 2 = 0;
SELECT count(*) FROM lead_scoring.verify('spilling');
TRUNCATE events;
SELECT count(*), max(engagement) FROM spilling.leads;
SELECT count(*) FROM lead_scoring.verify('spilling');

-- Leads of one statement that stand together in the index of scores, apart from each other, or not there at all.
INSERT INTO leads SELECT i, 'chief' FROM generate_series(50001, 56000) i;
SELECT count(*) AS stored FROM spilling.scores WHERE lead_id > 50000;
CREATE FUNCTION store_events(type text) RETURNS void BEGIN ATOMIC
  INSERT INTO events (lead_id, type, occurred_at)
  SELECT i, store_events.type, timestamptz '2026-03-01 00:00 UTC' + i % 7 * interval '1 minute'
    FROM (SELECT generate_series(50001, 50090) UNION ALL SELECT generate_series(50100, 55500, 60)
          UNION ALL SELECT generate_series(-40, -1) UNION ALL SELECT generate_series(60001, 60040) UNION ALL SELECT 56000) AS ids (i)
   ORDER BY hashint4(i);
END;
SELECT store_events('visit');
SELECT store_events('download');
SELECT count(*) FILTER (WHERE score > 10) AS known, count(*) FILTER (WHERE engagement > 0 AND fit = 0) AS unknown FROM spilling.scores;
SELECT count(*) FROM lead_scoring.verify('spilling');

-- The rows so read are counted as those of other index scans are.
BEGIN;
SELECT idx_tup_fetch AS before FROM pg_stat_xact_all_tables WHERE relid = 'spilling.scores'::regclass \gset
INSERT INTO events (lead_id, type, occurred_at) VALUES (50001, 'visit', '2026-03-02 00:00 UTC');
SELECT idx_tup_fetch - :before AS fetched FROM pg_stat_xact_all_tables WHERE relid = 'spilling.scores'::regclass;
COMMIT;

SELECT lead_scoring.drop_model('spilling');
DROP SCHEMA spill CASCADE;
