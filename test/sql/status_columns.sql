-- Writing status columns: what the writer's path and temporary tables are to triggers and checks on leads, and what may be
-- deferred there.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE ROLE regress_lead_scoring_owner;
CREATE ROLE regress_lead_scoring_writer;
CREATE ROLE regress_lead_scoring_rep;
DO $$BEGIN EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO regress_lead_scoring_owner, regress_lead_scoring_writer', current_database()); END$$;
CREATE SCHEMA status_test AUTHORIZATION regress_lead_scoring_owner;
CREATE SCHEMA hostile AUTHORIZATION regress_lead_scoring_writer;
SET ROLE regress_lead_scoring_owner;
SET search_path = status_test;
CREATE TABLE companies (id int PRIMARY KEY);
-- As an ORM makes it: the foreign key is checked at the end of the transaction.
CREATE TABLE leads (id bigint PRIMARY KEY, email text UNIQUE, company_id int REFERENCES companies DEFERRABLE INITIALLY DEFERRED,
                    secret text DEFAULT 'hush', CONSTRAINT no_secret CHECK (lead_stage <> 'mql' OR secret <> 'forbidden'),
                    lead_stage text DEFAULT 'lead', mql_at timestamptz);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
CREATE TABLE audit (lead_id bigint, stage text, by_role text);
CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit VALUES (NEW.id, label(NEW.lead_stage), current_user); RETURN NEW; END$$;
CREATE FUNCTION label(text) RETURNS text LANGUAGE sql AS $$SELECT pg_catalog.upper($1)$$;
CREATE TRIGGER before_update BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION write_down();
CREATE FUNCTION deferred_check() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO status_test.audit VALUES (NEW.id, 'deferred', current_user); RETURN NULL; END$$;
GRANT INSERT ON audit TO PUBLIC;
CREATE CONSTRAINT TRIGGER deferred AFTER UPDATE ON leads DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION deferred_check();
SELECT lead_scoring.create_model('status', 'leads', 'events');
SELECT lead_scoring.add_rule('status', 'visit', 'visit', 10, decay => 'window', lifespan => '30 days');
SELECT lead_scoring.add_stage('status', 'mql', min_score => 10, falls_below => 5);
SELECT lead_scoring.publish('status');
INSERT INTO companies VALUES (1);
INSERT INTO leads (id, company_id) SELECT i, 1 FROM generate_series(1, 9) i;
UPDATE leads SET secret = 'forbidden' WHERE id = 3;
TRUNCATE audit;
GRANT USAGE ON SCHEMA status_test, status TO PUBLIC;
GRANT INSERT ON events, leads TO regress_lead_scoring_writer;
GRANT INSERT ON status.transitions TO regress_lead_scoring_rep;
\set audit 'SET ROLE regress_lead_scoring_owner; SELECT lead_id, stage, by_role FROM audit ORDER BY 1, 2, 3; TRUNCATE audit;'

-- The writer puts his own things in the way.
SET ROLE regress_lead_scoring_writer;
CREATE FUNCTION hostile.label(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'ran as %', current_user; END$$;
CREATE TEMP TABLE audit (lead_id bigint, stage text, by_role text);
SET search_path = pg_temp, hostile;
INSERT INTO status_test.events VALUES (1, 'visit', now());
INSERT INTO status_test.events VALUES (1, 'visit', now()), (2, 'visit', now());
SELECT count(*) FROM pg_temp.audit;
SELECT current_setting('search_path');
DROP TABLE pg_temp.audit;
SET search_path = status_test;
:audit
-- A check that fails tells the row to nobody but the owner.
SET ROLE regress_lead_scoring_writer;
INSERT INTO status_test.events VALUES (3, 'visit', now());
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_lead_scoring_owner;
INSERT INTO status_test.events VALUES (3, 'visit', '2020-01-01'), (3, 'visit', '2020-01-01');
\echo :LAST_ERROR_SQLSTATE
-- What is deferred waits for the end of a transaction that stores a lead and its company, in this order.
SET ROLE regress_lead_scoring_owner;
GRANT INSERT ON companies TO regress_lead_scoring_writer;
SET ROLE regress_lead_scoring_writer;
BEGIN;
INSERT INTO leads (id, company_id) VALUES (10, 2);
INSERT INTO events VALUES (10, 'visit', now());
INSERT INTO companies VALUES (2);
COMMIT;
:audit
-- Somebody else's command: it is checked at once, and runs as the owner; for the owner it waits, too.
SET ROLE regress_lead_scoring_rep;
BEGIN;
SELECT lead_scoring.set_stage('status', 4, 'mql');
RESET ROLE;
COMMIT;
:audit
SET ROLE regress_lead_scoring_owner;
BEGIN;
SELECT lead_scoring.set_stage('status', 5, 'mql');
SELECT count(*) FROM audit WHERE stage = 'deferred';
COMMIT;
:audit
RESET ROLE;
BEGIN;
SELECT lead_scoring.merge_leads('status', 5, 6);
SELECT lead_scoring.forget_lead('status', 7);
COMMIT;
:audit
-- Another path than the schema of leads.
SET ROLE regress_lead_scoring_owner;
CREATE TABLE public_audit (LIKE audit);
UPDATE status.settings SET trigger_path = 'no such path here, "';
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
CREATE SCHEMA elsewhere AUTHORIZATION regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
CREATE TABLE elsewhere.audit (LIKE audit);
UPDATE status.settings SET trigger_path = 'elsewhere, status_test, pg_catalog, pg_temp';
INSERT INTO events VALUES (8, 'visit', now());
SELECT * FROM elsewhere.audit;
:audit
SELECT * FROM lead_scoring.verify('status');
SELECT lead_scoring.drop_model('status');
RESET ROLE;
DROP SCHEMA status_test, hostile, elsewhere CASCADE;
DROP OWNED BY regress_lead_scoring_owner, regress_lead_scoring_writer, regress_lead_scoring_rep;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_writer, regress_lead_scoring_rep;
