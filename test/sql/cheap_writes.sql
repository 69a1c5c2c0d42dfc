-- A row of scores that nobody else watches is written without a statement: no trigger of its table is called, not even ours.
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA cheap_test;
SET search_path = cheap_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('cheap', 'leads', 'events'), lead_scoring.add_rule('cheap', 'visit', 'visit', 1),
       lead_scoring.publish('cheap') \g /dev/null
INSERT INTO leads VALUES (1), (2), (3);
SET track_functions = 'all';
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
\set calls 'SELECT funcname, calls FROM pg_stat_xact_user_functions WHERE schemaname IN (''lead_scoring_internal'', ''cheap_test'') AND funcname IN (''refuse_write'', ''watch'') ORDER BY 1;'
BEGIN;
INSERT INTO events VALUES (1, 'visit', '2024-01-01');
INSERT INTO events VALUES (2, 'visit', '2024-01-01'), (3, 'visit', '2024-01-01');
:calls
COMMIT;
-- Somebody watches.
CREATE TRIGGER watch AFTER UPDATE ON cheap.scores FOR EACH ROW EXECUTE FUNCTION watch();
BEGIN;
INSERT INTO events VALUES (1, 'visit', '2024-01-01');
:calls
COMMIT;
SELECT lead_id, score FROM cheap.scores ORDER BY 1;
SELECT * FROM lead_scoring.verify('cheap');
SELECT lead_scoring.drop_model('cheap');
DROP SCHEMA cheap_test CASCADE;
