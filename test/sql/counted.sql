-- scores.counted says whether the leads table has the lead, and it is none that was merged, whatever happens to either table: it is what the view of leads
-- goes by. \state lists the leads, and then what is wrong, which is nothing.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA counted_test;
SET search_path = counted_test, public;
CREATE TABLE leads (id integer PRIMARY KEY, country text);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz DEFAULT '2024-01-01');
CREATE INDEX ON events (lead_id);
CREATE TABLE moving (id integer, country text);
SELECT lead_scoring.create_model('counted', 'leads', 'events');
SELECT lead_scoring.add_rule('counted', 'visit', 'visit', 10), lead_scoring.add_rule('counted', 'once', 'download', 5, limit_count => 1, limit_window => 'day'),
       lead_scoring.add_fit_rule('counted', 'domestic', $$country = 'DE'$$, 5), lead_scoring.add_stage('counted', 'mql', min_score => 30);
SELECT lead_scoring.publish('counted');
\set state 'SELECT string_agg(s.lead_id || CASE WHEN s.counted THEN '''' ELSE ''?'' END, '' '' ORDER BY s.lead_id), (SELECT string_agg(l.lead_id::text, '' '' ORDER BY l.lead_id) FROM counted.leads l) FROM counted.scores s; SELECT v.lead_id, v.problem FROM lead_scoring.verify(''counted'') v; SELECT s.lead_id FROM counted.scores s WHERE s.counted IS DISTINCT FROM (EXISTS (SELECT FROM leads l WHERE l.id = s.lead_id) AND NOT EXISTS (SELECT FROM counted.merged m WHERE m.merged_from = s.lead_id));'

-- An event of a lead to come, by one statement and by one with others; the lead comes.
INSERT INTO events VALUES (1, 'visit');
INSERT INTO leads VALUES (2, 'DE');
INSERT INTO events VALUES (1, 'visit'), (2, 'visit'), (3, 'download');
:state
INSERT INTO leads VALUES (1, 'DE'), (4, NULL);
:state
INSERT INTO leads VALUES (1, 'FR'), (3, 'DE') ON CONFLICT (id) DO UPDATE SET country = excluded.country;
INSERT INTO events VALUES (3, 'download', '2023-12-31'), (5, 'download', '2024-01-02'), (5, 'download', '2024-01-01');
UPDATE leads SET country = 'IT' WHERE id = 4;
:state
-- It goes, its events stay; it comes again. Without events nothing stays.
DELETE FROM leads WHERE id IN (1, 4);
:state
INSERT INTO events VALUES (1, 'visit', '2024-02-01');
UPDATE events SET occurred_at = '2024-02-02' WHERE lead_id = 1 AND occurred_at = '2024-02-01';
DELETE FROM events WHERE lead_id = 1 AND occurred_at = '2024-02-02';
:state
BEGIN;
INSERT INTO leads VALUES (1, 'DE');
SAVEPOINT a;
DELETE FROM leads;
ROLLBACK TO a;
INSERT INTO events VALUES (1, 'visit', '2024-02-01');
COMMIT;
:state
-- Keys change: to a free one, to one that has events, and around.
UPDATE leads SET id = 6 WHERE id = 2;
UPDATE leads SET id = 5 WHERE id = 1;
:state
UPDATE leads SET id = CASE id WHEN 5 THEN 1005 WHEN 6 THEN 1006 ELSE id END;
UPDATE leads SET id = CASE id WHEN 1005 THEN 6 WHEN 1006 THEN 5 ELSE id END;
UPDATE events SET lead_id = 7 WHERE lead_id = 1;
:state
-- Statements that do several things to both tables.
INSERT INTO moving VALUES (5, 'DE'), (7, 'DE'), (8, 'DE');
MERGE INTO leads l USING moving m ON m.id = l.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (m.id, m.country);
:state
WITH gone AS (DELETE FROM leads WHERE id = 7 RETURNING id), came AS (INSERT INTO leads VALUES (9, NULL) RETURNING id)
INSERT INTO events SELECT id, 'visit' FROM gone UNION ALL SELECT id, 'visit' FROM came UNION ALL SELECT 10, 'visit';
:state
-- Merged and forgotten.
SELECT lead_scoring.merge_leads('counted', 10, 9), lead_scoring.merge_leads('counted', 6, 5), lead_scoring.merge_leads('counted', 7, 8), lead_scoring.forget_lead('counted', 3);
:state
-- By hand, in replica sessions, by time.
SELECT lead_scoring.adjust('counted', 5, 5, 'x') IS NOT NULL, lead_scoring.set_stage('counted', 8, 'mql');
SET session_replication_role = replica;
INSERT INTO leads VALUES (11, 'DE');
INSERT INTO events VALUES (12, 'visit'), (11, 'visit');
DELETE FROM leads WHERE id = 9;
RESET session_replication_role;
CALL lead_scoring.refresh('counted');
:state
-- Published, with and without rescoring; paused, and resumed.
UPDATE counted.rules SET points = 11 WHERE name = 'visit';
SELECT lead_scoring.publish('counted', rescore => false);
INSERT INTO leads VALUES (5, 'DE');
DELETE FROM leads WHERE id = 11;
SELECT string_agg(lead_id || CASE WHEN counted THEN '' ELSE '?' END, ' ' ORDER BY lead_id) FROM counted.scores;
SELECT lead_id, problem FROM lead_scoring.verify('counted') WHERE problem <> 'stale';
CALL lead_scoring.rescore('counted');
:state
UPDATE counted.rules SET points = 12 WHERE name = 'visit';
SELECT lead_scoring.publish('counted');
:state
SELECT lead_scoring.pause('counted');
DELETE FROM leads WHERE id = 5;
INSERT INTO leads VALUES (12, 'DE'), (13, 'DE');
INSERT INTO events VALUES (14, 'visit');
SELECT lead_id, problem FROM lead_scoring.verify('counted') WHERE problem IN ('counted', 'missing') ORDER BY 1;
SELECT lead_scoring.resume('counted') > 0;
:state
-- What went wrong is found and mended.
ALTER TABLE leads DISABLE TRIGGER USER;
DELETE FROM leads WHERE id = 12;
INSERT INTO leads VALUES (14, NULL), (15, NULL);
SELECT lead_id, problem, stored, recomputed FROM lead_scoring.verify('counted') WHERE problem IN ('counted', 'missing') ORDER BY 1;
SELECT lead_scoring.repair('counted') > 0;
SET session_replication_role = replica;
UPDATE counted.scores SET counted = NULL;
RESET session_replication_role;
SELECT count(*) FROM counted.leads;
SELECT lead_scoring.repair('counted') > 0;
:state
-- Emptied.
TRUNCATE leads;
:state
INSERT INTO leads SELECT generate_series(1, 20);
TRUNCATE events;
:state
TRUNCATE events, leads;
:state
SELECT lead_scoring.drop_model('counted');
DROP SCHEMA counted_test CASCADE;
