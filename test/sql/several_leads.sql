-- Statements of several leads: no subtransaction is used where nobody else is at any of the leads, however the
-- statements are written. The rows of scores and transitions tell: each was written under the transaction's own id.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA several_leads_test;
SET search_path = several_leads_test, public;
CREATE TABLE leads (id integer PRIMARY KEY, country text, lead_stage text, lead_score float8, mql_at timestamptz);
CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, lead_id integer, type text, occurred_at timestamptz DEFAULT '2024-01-01', note text);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('several', 'leads', 'events', status_columns => '{"stage": "lead_stage", "score": "lead_score", "mql_at": "mql_at"}');
SELECT lead_scoring.add_rule('several', 'visit', 'visit', 10), lead_scoring.add_rule('several', 'once', 'download', 5, limit_count => 1, limit_window => 'day'),
       lead_scoring.add_fit_rule('several', 'domestic', $$country = 'DE'$$, 5), lead_scoring.add_stage('several', 'mql', min_score => 30);
SELECT lead_scoring.publish('several');

-- own(statements): how many rows of each table are the transaction's after them, and how many a subtransaction's.
CREATE FUNCTION own(statements text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    ours bigint := pg_current_xact_id()::xid::text;
BEGIN
    EXECUTE statements;
    RETURN (SELECT string_agg(format('%s %s', count_ours, name), ', ' ORDER BY name) || ', of subtransactions ' || sum(count_subs)
              FROM (SELECT name, count(*) FILTER (WHERE id = ours), count(*) FILTER (WHERE id > ours)
                      FROM (SELECT 'scores', xmin::text::bigint FROM several.scores UNION ALL SELECT 'transitions', xmin::text::bigint FROM several.transitions
                            UNION ALL SELECT 'leads', xmin::text::bigint FROM leads) w(name, id) GROUP BY name) c(name, count_ours, count_subs));
END $$;

\echo -- leads that come with their events, and go on
SELECT own($$INSERT INTO leads SELECT i, CASE WHEN i % 2 = 0 THEN 'DE' END FROM generate_series(1, 40) i$$);
SELECT own($$INSERT INTO events (lead_id, type) SELECT 1 + i % 40, 'visit' FROM generate_series(0, 59) i$$);
\echo -- many statements of two leads each, many of which change their statuses
SELECT own($$DO 'BEGIN FOR i IN 1 .. 100 LOOP INSERT INTO events (lead_id, type) VALUES (1 + i % 40, ''visit''), (1 + (i + 1) % 40, ''visit''); END LOOP; END'$$);
\echo -- leads that are known to events only, some of them new
SELECT own($$INSERT INTO events (lead_id, type) SELECT i, 'download' FROM generate_series(35, 60) i$$);
SELECT own($$INSERT INTO leads SELECT i, 'DE' FROM generate_series(55, 64) i$$);
\echo -- events that are late, changed, moved to another lead and removed; leads that are changed and removed
SELECT own($$INSERT INTO events (lead_id, type, occurred_at) SELECT i, 'download', '2023-01-01' FROM generate_series(1, 20) i$$);
SELECT own($$UPDATE events SET occurred_at = occurred_at - interval '1 hour' WHERE lead_id < 10$$);
SELECT own($$UPDATE events SET lead_id = lead_id + 1 WHERE lead_id IN (3, 5, 7)$$);
SELECT own($$DELETE FROM events WHERE lead_id BETWEEN 10 AND 20$$);
SELECT own($$UPDATE leads SET country = 'DE'$$);
SELECT own($$DELETE FROM leads WHERE id BETWEEN 30 AND 62$$);
SELECT own($$WITH e AS (INSERT INTO events (lead_id, type) VALUES (1, 'visit'), (2, 'visit'), (70, 'visit')) INSERT INTO leads VALUES (70), (71)$$);
\echo -- rules published anew
SELECT own($$SELECT lead_scoring.add_rule('several', 'call', 'call', 3), lead_scoring.publish('several')$$);
SELECT own($$INSERT INTO events (lead_id, type) SELECT i, 'call' FROM generate_series(1, 75) i$$);

-- A row that is not to be trusted is mended where its turn is.
SET session_replication_role = replica;
UPDATE several.scores SET stage = 'nowhere', stage_seq = 0, card = NULL WHERE lead_id IN (2, 5);
RESET session_replication_role;
SELECT own($$INSERT INTO events (lead_id, type) SELECT i, 'visit' FROM generate_series(1, 6) i$$);

-- Leads that go take their history along, and a trigger of the user's on that stores events of the others.
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO several_leads_test.events (lead_id, type) VALUES (2, 'call'), (3, 'call'), (90, 'call'); RETURN NULL; END $$;
CREATE TRIGGER tell AFTER DELETE ON several.transitions FOR EACH ROW EXECUTE FUNCTION tell();
SELECT own($$WITH e AS (DELETE FROM leads WHERE id = 1) INSERT INTO events (lead_id, type) SELECT i, 'call' FROM generate_series(1, 4) i$$);
DROP TRIGGER tell ON several.transitions;

-- So many that the index is gone through in order; some are known to events only and become MQLs.
SELECT own($$INSERT INTO leads SELECT i FROM generate_series(1001, 1400) i$$);
SELECT own($$INSERT INTO events (lead_id, type) SELECT l, 'visit' FROM generate_series(1, 3), generate_series(1001, 1600) l WHERE l % 2 = 0$$);
SELECT own($$INSERT INTO events (lead_id, type) SELECT l, 'visit' FROM generate_series(1001, 1600) l$$);

-- Where there is more than is kept in memory, one subtransaction does for all.
SELECT own($$INSERT INTO events (lead_id, type) SELECT i, 'call' FROM generate_series(1, 1500) i$$);

SELECT lead_id, problem FROM lead_scoring.verify('several');
SELECT l.id FROM leads l JOIN several.scores s ON s.lead_id = l.id WHERE (l.lead_stage, l.lead_score, l.mql_at) IS DISTINCT FROM (s.stage, s.score, s.mql_at);
SELECT lead_scoring.drop_model('several');
DROP SCHEMA several_leads_test CASCADE;
