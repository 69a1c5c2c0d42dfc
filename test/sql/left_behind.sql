-- What functions that conditions call leave behind in the session of whoever stores an event, reads or publishes: nothing
-- that is the session's, nothing in the database. They are declared immutable, but what they call is not looked into.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_writer;
CREATE SCHEMA lb;
SET search_path = lb;
CREATE TABLE leads (id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz DEFAULT '2026-01-01 10:00+00', statement text);
CREATE INDEX ON events (lead_id);
CREATE TABLE log (line text);
CREATE SEQUENCE calls;
CREATE FUNCTION run(statement text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE statement; END $$;
CREATE FUNCTION does(statement text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM lb.run(statement); RETURN true; END $$;
CREATE FUNCTION planned() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM lb.run('SELECT pg_advisory_lock(77), pg_advisory_xact_lock(78)'), lb.run('INSERT INTO lb.log VALUES (''planning'')'); RETURN 1; END $$;
SELECT lead_scoring.create_model('lb_model', 'leads', 'events');
SELECT lead_scoring.add_rule('lb_model', 'does', 'does', 1, condition => 'does(statement)');
SELECT lead_scoring.publish('lb_model');
GRANT USAGE ON SCHEMA lb TO regress_lead_scoring_writer;
GRANT INSERT ON lb.events TO regress_lead_scoring_writer;
CREATE VIEW held AS SELECT coalesce(string_agg(objid || ' ' || mode, ', ' ORDER BY objid, mode), 'none') AS locks
    FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
GRANT SELECT ON held TO regress_lead_scoring_writer;

-- Locks: taken, shared, until the end of the transaction, twice.
SET ROLE regress_lead_scoring_writer;
BEGIN;
INSERT INTO events VALUES (1, 'does', DEFAULT, 'SELECT pg_advisory_lock(1)'), (2, 'does', DEFAULT, 'SELECT pg_advisory_lock_shared(2)'),
    (3, 'does', DEFAULT, 'SELECT pg_advisory_xact_lock(3)'), (4, 'does', DEFAULT, 'SELECT pg_advisory_lock(4), pg_advisory_lock(4)');
SELECT locks FROM held;
COMMIT;
SELECT locks FROM held;
-- The application's own ones stay, as often as it has them, whatever is taken and given back.
SELECT pg_advisory_lock(1), pg_advisory_lock(5), pg_advisory_lock(5), pg_advisory_lock_shared(6);
BEGIN;
SELECT pg_advisory_xact_lock(7);
INSERT INTO events VALUES (1, 'does', DEFAULT, 'SELECT pg_advisory_lock(1)'), (2, 'does', DEFAULT, 'SELECT pg_advisory_unlock(5)'),
    (3, 'does', DEFAULT, 'SELECT pg_advisory_lock(5)');
INSERT INTO events VALUES (2, 'does', DEFAULT, 'SELECT pg_advisory_unlock_all()');
SELECT locks FROM held;
COMMIT;
SELECT locks FROM held;
SELECT pg_advisory_unlock(1), pg_advisory_unlock(5), pg_advisory_unlock(5), pg_advisory_unlock_shared(6);
SELECT locks FROM held;
-- Where it raises an error that counts as no match; one that ends the statement, within a savepoint and not.
SELECT pg_advisory_lock(5);
INSERT INTO events VALUES (1, 'does', DEFAULT, 'SELECT pg_advisory_lock(1), pg_advisory_unlock(5), 1 / 0');
SELECT locks FROM held;
INSERT INTO events VALUES (1, 'does', DEFAULT, 'DO ''BEGIN PERFORM pg_advisory_lock(1), pg_advisory_unlock_all(), pg_advisory_lock(2); RAISE ''''on purpose''''; END''');
SELECT locks FROM held;
BEGIN;
SAVEPOINT a;
INSERT INTO events VALUES (1, 'does', DEFAULT, 'DO ''BEGIN PERFORM pg_advisory_lock(1), pg_advisory_unlock_all(), pg_advisory_lock(2); RAISE ''''on purpose''''; END''');
ROLLBACK TO a;
SELECT locks FROM held;
COMMIT;
SELECT locks FROM held;
SELECT pg_advisory_unlock_all();
SELECT locks FROM held;

-- Settings, notifications, cursors, writes: undone.
LISTEN lb;
BEGIN;
INSERT INTO events VALUES (1, 'does', DEFAULT, 'SET work_mem = ''77MB'''), (1, 'does', DEFAULT, 'SELECT set_config(''lb.mine'', ''1'', false)'),
    (1, 'does', DEFAULT, 'SET search_path = nowhere'),
    (2, 'does', DEFAULT, 'NOTIFY lb, ''from a condition'''), (3, 'does', DEFAULT, 'DECLARE c CURSOR FOR SELECT 1'),
    (4, 'does', DEFAULT, 'INSERT INTO lb.log VALUES (''written'')'), (4, 'does', DEFAULT, 'CREATE TABLE lb.made ()');
INSERT INTO events VALUES (4, 'does', DEFAULT, 'SET TRANSACTION READ ONLY');
SELECT current_setting('work_mem'), current_setting('lb.mine', true), current_setting('search_path'), current_setting('transaction_read_only');
SELECT name FROM pg_cursors;
COMMIT;
UNLISTEN lb;
RESET ROLE;
SELECT count(*), to_regclass('lb.made') FROM log;
SET ROLE regress_lead_scoring_writer;

-- What the server refuses within the restricted operation.
INSERT INTO events VALUES (9, 'does', DEFAULT, 'CREATE TEMPORARY TABLE t ()');
INSERT INTO events VALUES (9, 'does', DEFAULT, 'PREPARE p AS SELECT 1');
INSERT INTO events VALUES (9, 'does', DEFAULT, 'DEALLOCATE ALL');
INSERT INTO events VALUES (9, 'does', DEFAULT, 'DECLARE c CURSOR WITH HOLD FOR SELECT 1');
INSERT INTO events VALUES (9, 'does', DEFAULT, 'CLOSE ALL');
INSERT INTO events VALUES (9, 'does', DEFAULT, 'LISTEN lb');
INSERT INTO events VALUES (9, 'does', DEFAULT, 'UNLISTEN *');
INSERT INTO events VALUES (9, 'does', DEFAULT, 'DISCARD ALL');
INSERT INTO events VALUES (9, 'does', DEFAULT, 'SET ROLE regress_lead_scoring_writer');
INSERT INTO events VALUES (9, 'does', DEFAULT, 'RESET SESSION AUTHORIZATION');
INSERT INTO events VALUES (9, 'does', DEFAULT, 'COMMIT');
-- What is not undone: numbers taken from a sequence, the session's random numbers, messages.
INSERT INTO events VALUES (9, 'does', DEFAULT, 'SELECT nextval(''lb.calls'')'), (9, 'does', DEFAULT, 'DO ''BEGIN RAISE WARNING ''''said''''; END''');
RESET ROLE;
SELECT currval('calls') > 0, lastval() = currval('calls');

-- Whoever reads, computes anew or publishes; and what planning calls.
DELETE FROM events WHERE lead_id <> 1 OR statement NOT IN ('SELECT pg_advisory_lock(1)', 'SELECT pg_advisory_lock(1), pg_advisory_unlock(5), 1 / 0');
SELECT pg_advisory_lock(5);
SELECT count(*) FROM lead_scoring.explain('lb_model', 1);
SELECT * FROM lead_scoring.verify('lb_model');
CALL lead_scoring.rescore('lb_model');
SELECT lead_scoring.repair('lb_model');
SELECT locks FROM held;
SELECT lead_scoring.add_rule('lb_model', 'planned', 'planned', 1, condition => 'length(statement) > planned()');
BEGIN;
SELECT lead_scoring.publish('lb_model');
SELECT locks FROM held;
COMMIT;
\c
SET search_path = lb;
SELECT pg_advisory_lock(5);
BEGIN;
INSERT INTO events VALUES (1, 'planned', DEFAULT, 'twice'), (2, 'planned', DEFAULT, '');
SELECT locks FROM held;
COMMIT;
SELECT count(*) FROM log;
SELECT pg_advisory_unlock(5);
SELECT locks FROM held;
SELECT lead_id, score FROM lb_model.scores ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('lb_model');
SET client_min_messages = warning;

-- Whoever reads a report: expressions and views are part of its statement.
CREATE TABLE spent (campaign text, spent_on date, amount numeric, channel text);
INSERT INTO spent VALUES ('a', '2026-01-01', 10, 'a');
CREATE VIEW spend AS SELECT campaign, spent_on, amount, channel FROM spent WHERE does('SELECT pg_advisory_lock(79), pg_advisory_unlock(11)');
SELECT lead_scoring.set_spend('lb_model', 'spend', channel => 'channel');
DELETE FROM events;
INSERT INTO leads VALUES (1);
INSERT INTO events VALUES (1, 'does', '2026-01-02', 'SELECT pg_advisory_lock(77), pg_advisory_xact_lock(78), pg_advisory_unlock(11)'),
    (1, 'does', '2026-01-03', 'INSERT INTO lb.log VALUES (''read'')'), (1, 'does', '2026-01-03', 'SET work_mem = ''77MB''');
UPDATE lb_model.report_settings SET event_channel = 'does(statement)', event_asset = 'does(statement)', mql_stage = 'lead';
GRANT USAGE ON SCHEMA lb_model TO regress_lead_scoring_writer;
GRANT SELECT ON lb_model.channels, lb_model.lead_magnets, lb_model.campaigns, lb_model.funnel TO regress_lead_scoring_writer;
SET ROLE regress_lead_scoring_writer;
SELECT pg_advisory_lock(11), pg_advisory_lock(11);
SELECT count(*) > 0 FROM lb_model.channels;
SELECT count(*) > 0 FROM lb_model.lead_magnets;
SELECT count(*) > 0 FROM lb_model.campaigns;
BEGIN;
DECLARE c CURSOR FOR SELECT sum(spend) > 0 FROM lb_model.channels;
FETCH c;
SELECT locks FROM held;
SELECT string_agg(DISTINCT l.relation::regclass::text, ' ' ORDER BY l.relation::regclass::text) FROM pg_locks l
 WHERE l.pid = pg_backend_pid() AND l.relation IN ('lb.leads'::regclass, 'lb.events'::regclass);
COMMIT;
SELECT locks FROM held;
SELECT pg_advisory_unlock(11), pg_advisory_unlock(11), current_setting('work_mem') = '77MB';
SELECT locks FROM held;
RESET ROLE;
SELECT count(*) FROM log;
SELECT lead_scoring.drop_model('lb_model');
DROP SCHEMA lb CASCADE;
DROP ROLE regress_lead_scoring_writer;
