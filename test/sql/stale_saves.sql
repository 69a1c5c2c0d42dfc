-- Status columns are the model's to write. A save of a whole row that was read before is put right in its own statement.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA stale_test;
SET search_path = stale_test, public;
SET client_min_messages = warning;
CREATE TABLE leads (id bigint PRIMARY KEY, name text, country text, lead_stage varchar(80) DEFAULT 'lead', mql_at timestamptz, points float8, letter text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz DEFAULT '2024-01-01');
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('stale', 'leads', 'events', status_columns => '{"stage": "lead_stage", "mql_at": "mql_at", "score": "points", "grade": "letter"}');
SELECT lead_scoring.add_rule('stale', 'visit', 'visit', 10);
SELECT lead_scoring.add_fit_rule('stale', 'domestic', $$country = 'DE'$$, 5);
SELECT lead_scoring.add_band('stale', 'fit', 'A', 5), lead_scoring.add_band('stale', 'fit', 'B', -1000);
SELECT lead_scoring.add_stage('stale', 'mql', min_score => 30, falls_below => 20);
SELECT lead_scoring.add_stage('stale', 'sql');
SELECT lead_scoring.publish('stale');
SET client_min_messages = notice;
INSERT INTO leads (id, name) SELECT i, 'n' || i FROM generate_series(1, 5) i;
INSERT INTO events SELECT l, 'visit' FROM generate_series(1, 3), generate_series(1, 3) l;
\set state 'SELECT id, name, country, lead_stage, mql_at IS NOT NULL, points, letter FROM leads ORDER BY id; SELECT * FROM lead_scoring.verify(''stale'');'
:state

-- As mappers save: all columns, one or many rows, one notice a statement. What is not ours is written.
UPDATE leads SET name = 'anna', country = NULL, lead_stage = 'lead', mql_at = NULL, points = 0, letter = NULL WHERE id = 1;
UPDATE leads SET name = upper(name), lead_stage = 'lead', mql_at = NULL;
UPDATE leads SET (name, lead_stage) = ROW ('bob', lead_stage) WHERE id = 2;
:state
-- One that changes what a rule reads, with a stale status beside it.
UPDATE leads SET country = 'DE', lead_stage = 'lead', points = 0 WHERE id IN (2, 4);
:state
-- As a value of another kind, as NULL, as DEFAULT, through a view, by ON CONFLICT, by MERGE, from another table, in a WITH query.
UPDATE leads SET lead_stage = DEFAULT, points = 'NaN' WHERE id = 3;
CREATE VIEW people AS SELECT id, name, lead_stage FROM leads;
UPDATE people SET name = 'carl', lead_stage = NULL WHERE id = 3;
INSERT INTO people VALUES (3, 'dora', 'lead') ON CONFLICT (id) DO UPDATE SET name = excluded.name, lead_stage = excluded.lead_stage;
MERGE INTO leads l USING (VALUES (3, 'emil', 'lead'), (6, 'fred', 'customer')) x (id, name, stage) ON l.id = x.id
 WHEN MATCHED THEN UPDATE SET name = x.name, lead_stage = x.stage WHEN NOT MATCHED THEN INSERT (id, name, lead_stage) VALUES (x.id, x.name, x.stage);
WITH saved AS (UPDATE leads SET mql_at = '2000-01-01' WHERE id = 3 RETURNING id, mql_at) SELECT id, mql_at IS NULL OR mql_at > '2001-01-01' FROM saved;
DROP VIEW people;
:state
-- The key changes: a new lead, with the status of one.
UPDATE leads SET id = 7, lead_stage = 'customer' WHERE id = 3;
:state

-- The model itself writes them in all of its ways.
SELECT lead_scoring.set_stage('stale', 4, 'sql', 'called');
SELECT lead_scoring.adjust('stale', 5, 40) IS NOT NULL;
SELECT lead_scoring.merge_leads('stale', 4, 5);
INSERT INTO events SELECT l, 'visit' FROM generate_series(1, 4), unnest('{6,7}'::bigint[]) l;
UPDATE leads SET country = 'DE' WHERE id = 6;
DELETE FROM events WHERE lead_id = 7;
UPDATE stale.rules SET points = 11 WHERE name = 'visit';
SELECT lead_scoring.publish('stale');
:state
-- A trigger of the user's own that saves stale values, within our update and within others.
CREATE FUNCTION save() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF length(NEW.name) < current_setting('stale_test.longest')::integer THEN
        UPDATE stale_test.leads SET lead_stage = 'lead', name = name || '+' WHERE id = NEW.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER zzz AFTER UPDATE OF lead_stage ON leads FOR EACH ROW EXECUTE FUNCTION save();
SET stale_test.longest = 8;
SELECT lead_scoring.set_stage('stale', 7, 'sql', 'called');
SET stale_test.longest = 12;
INSERT INTO events SELECT 7, 'visit' FROM generate_series(1, 4);
DROP TRIGGER zzz ON leads;
CREATE TRIGGER aaa BEFORE UPDATE ON leads FOR EACH ROW WHEN (OLD.id = 1) EXECUTE FUNCTION suppress_redundant_updates_trigger();
UPDATE leads SET lead_stage = 'lead' WHERE id IN (1, 2);
DROP TRIGGER aaa ON leads;
:state

-- While the model is paused all values pass; resume and repair write what is right. Replicas take what comes.
SELECT lead_scoring.pause('stale');
UPDATE leads SET lead_stage = 'restored' WHERE id = 1;
SELECT lead_stage FROM leads WHERE id = 1;
SELECT lead_scoring.resume('stale') > 0;
SELECT lead_scoring.repair('stale') > 0;
SET session_replication_role = replica;
UPDATE leads SET lead_stage = 'replicated' WHERE id = 1;
RESET session_replication_role;
SELECT lead_stage FROM leads WHERE id = 1;
SELECT lead_id, problem FROM lead_scoring.verify('stale');
UPDATE leads SET name = 'again' WHERE id = 1;
SELECT lead_scoring.repair('stale') > 0;
:state
-- The trigger is one of those that models and repair know; the user's columns do not depend on it.
ALTER TABLE leads DISABLE TRIGGER lead_scoring_status_stale;
SELECT problem FROM lead_scoring.models() WHERE model = 'stale';
UPDATE leads SET lead_stage = 'lead' WHERE id = 1;
DROP TRIGGER lead_scoring_status_stale ON leads;
SELECT problem FROM lead_scoring.models() WHERE model = 'stale';
SELECT lead_scoring.repair('stale') > 0;
SELECT problem FROM lead_scoring.models() WHERE model = 'stale';
UPDATE leads SET lead_stage = 'lead' WHERE id = 1;
:state
ALTER TABLE leads ALTER lead_stage TYPE text, ALTER letter TYPE varchar(200);
ALTER TABLE leads RENAME TO people;
UPDATE stale.settings SET leads = 'stale_test.people', status_columns = '{"stage": "lead_stage"}';
ALTER TABLE people DROP mql_at;
ALTER TABLE people RENAME lead_stage TO stage;
UPDATE stale.settings SET status_columns = '{"stage": "stage"}';
UPDATE people SET stage = 'lead', letter = 'mine' WHERE id = 1;
SELECT stage, letter FROM people WHERE id = 1;
SELECT * FROM lead_scoring.verify('stale');
-- Nothing to keep.
UPDATE stale.settings SET status_columns = '{}';
UPDATE people SET stage = 'mine' WHERE id = 1;
SELECT stage FROM people WHERE id = 1;
SELECT * FROM lead_scoring.verify('stale');
SELECT lead_scoring.drop_model('stale');
UPDATE people SET stage = 'mine too' WHERE id = 1;
DROP TABLE people, events;

-- Partitions: each has its own order of columns, and rows move between them.
SET client_min_messages = warning;
CREATE TABLE leads (id bigint PRIMARY KEY, name text, lead_stage text DEFAULT 'lead', mql_at timestamptz) PARTITION BY RANGE (id);
CREATE TABLE low PARTITION OF leads FOR VALUES FROM (0) TO (100);
CREATE TABLE high (gone int, mql_at timestamptz, lead_stage text DEFAULT 'lead', id bigint PRIMARY KEY, name text);
ALTER TABLE high DROP gone;
ALTER TABLE leads ATTACH PARTITION high FOR VALUES FROM (100) TO (200);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz DEFAULT '2024-01-01');
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('stale', 'leads', 'events');
SELECT lead_scoring.add_rule('stale', 'visit', 'visit', 10);
SELECT lead_scoring.add_stage('stale', 'mql', min_score => 30);
SELECT lead_scoring.publish('stale');
CREATE TABLE rest PARTITION OF leads DEFAULT;
SET client_min_messages = notice;
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgfoid = 'lead_scoring_internal.leads_changed'::regproc AND tgtype = 19 ORDER BY tgrelid::regclass::text;
INSERT INTO leads SELECT i, 'n' FROM unnest('{1,101,201}'::int[]) i;
INSERT INTO events SELECT l, 'visit' FROM generate_series(1, 3), unnest('{1,101,201}'::int[]) l;
UPDATE leads SET name = 'saved', lead_stage = 'lead', mql_at = NULL;
UPDATE high SET name = 'saved again', lead_stage = 'lead';
UPDATE leads SET id = id + 149, lead_stage = 'customer' WHERE id = 1;
SELECT tableoid::regclass, id, name, lead_stage, mql_at IS NOT NULL FROM leads ORDER BY id;
SELECT problem FROM lead_scoring.models() WHERE model = 'stale';
SELECT * FROM lead_scoring.verify('stale');
ALTER TABLE leads DETACH PARTITION high;
UPDATE high SET lead_stage = 'mine';
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'high'::regclass AND NOT tgisinternal;
SELECT lead_scoring.repair('stale') > 0;
SELECT * FROM lead_scoring.verify('stale');
SELECT lead_scoring.drop_model('stale');
DROP TABLE leads, high, events;
-- On a table of a stranger's own the trigger changes nothing.
CREATE TABLE plain (id bigint, lead_stage text);
INSERT INTO plain VALUES (1, 'a');
CREATE TRIGGER status BEFORE UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.leads_changed('no_model');
UPDATE plain SET lead_stage = 'b';
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER status ON plain;
CREATE TRIGGER status BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.leads_changed('no_model');
INSERT INTO plain VALUES (2);
\echo :LAST_ERROR_SQLSTATE
DROP SCHEMA stale_test CASCADE;
