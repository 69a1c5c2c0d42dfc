-- A role that stores events without reading leads: whatever in the leads table raises an error while a status is written
-- there, or in the model's own tables, the error has its SQLSTATE, says where it comes from, and tells no value of the row. Its owner sees all of it.
\set VERBOSITY default
\set SHOW_CONTEXT always
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE ROLE regress_lead_scoring_owner;
CREATE ROLE regress_lead_scoring_writer;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_lead_scoring_owner', current_database()); END$$;
CREATE SCHEMA hidden_test AUTHORIZATION regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
SET search_path = hidden_test;
CREATE TABLE leads (id bigint PRIMARY KEY, email text, lead_stage text DEFAULT 'lead');
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('hidden', 'leads', 'events'), lead_scoring.add_rule('hidden', 'visit', 'visit', 7531),
       lead_scoring.add_stage('hidden', 'mql', min_score => 10), lead_scoring.publish('hidden') \g /dev/null
INSERT INTO leads VALUES (1, 'secret1@x'), (2, 'secret2@x'), (3, 'secret3@x');
GRANT USAGE ON SCHEMA hidden_test, hidden TO regress_lead_scoring_writer;
GRANT INSERT ON events, hidden.transitions TO regress_lead_scoring_writer;
CREATE FUNCTION raise(how text) RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE how; END$$;
CREATE FUNCTION on_row() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.lead_stage = 'mql' THEN
        CASE TG_ARGV[0]
            WHEN 'cast' THEN PERFORM NEW.email::integer;
            WHEN 'raise' THEN RAISE EXCEPTION 'no % here', NEW.email;
            WHEN 'detail' THEN RAISE EXCEPTION 'no' USING DETAIL = NEW.email, HINT = NEW.email, TABLE = NEW.email, CONSTRAINT = NEW.email, COLUMN = NEW.email, DATATYPE = NEW.email, SCHEMA = NEW.email;
            WHEN 'as a check' THEN RAISE EXCEPTION 'failed for %', NEW.email USING ERRCODE = 'check_violation', CONSTRAINT = NEW.email;
            WHEN 'as a cancel' THEN RAISE EXCEPTION 'cancelled for %', NEW.email USING ERRCODE = 'query_canceled';
            WHEN 'syntax' THEN EXECUTE NEW.email;
            WHEN 'context' THEN EXECUTE format('SELECT 1 / 0 AS %I', NEW.email);
            WHEN 'json' THEN PERFORM ('{"email": ' || NEW.email || '}')::json;
            WHEN 'internal' THEN PERFORM raise(format('SELECT pg_read_file(%L)', '/' || NEW.email));
        END CASE;
    END IF;
    RETURN NEW;
END
$body$;
CREATE FUNCTION on_state() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no 7531 % here', NEW; END$$;

-- What the writer, and then the owner, learn of each: in words, and whether any field of the error has a value of the row.
CREATE FUNCTION try() RETURNS SETOF text LANGUAGE plpgsql SET search_path = hidden_test, pg_catalog AS $$
DECLARE
    a text; b text; c text; d text; e text; f text; g text; h text; i text; j text;
    which text;
BEGIN
    FOREACH which IN ARRAY '{events,set_stage}'::text[] LOOP
        BEGIN
            IF which = 'events' THEN
                INSERT INTO events VALUES (2, 'visit', '2024-01-01');
            ELSE
                PERFORM lead_scoring.set_stage('hidden', 2, 'mql');
            END IF;
            RAISE SQLSTATE 'ZZ001';
        EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
            RETURN NEXT which || ' went through';
        WHEN OTHERS OR query_canceled THEN
            GET STACKED DIAGNOSTICS a = RETURNED_SQLSTATE, b = MESSAGE_TEXT, c = PG_EXCEPTION_DETAIL, d = PG_EXCEPTION_HINT,
                e = PG_EXCEPTION_CONTEXT, f = TABLE_NAME, g = COLUMN_NAME, h = CONSTRAINT_NAME, i = PG_DATATYPE_NAME, j = SCHEMA_NAME;
            RETURN NEXT format('%s %s %s: %s', which, CASE WHEN concat_ws(' ', a, b, c, d, e, f, g, h, i, j) ~ 'secret|7531|Failing row' THEN 'tells' ELSE 'hides' END, a,
                               CASE WHEN current_user = 'regress_lead_scoring_writer' THEN b END);
        END;
    END LOOP;
END $$;
CREATE TABLE kinds (place serial, kind text, make text, undo text);
INSERT INTO kinds (kind, make, undo)
SELECT 'trigger: ' || k, format('CREATE TRIGGER t BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION on_row(%L)', k), 'DROP TRIGGER t ON leads'
  FROM unnest('{cast,raise,detail,as a check,as a cancel,syntax,context,json,internal}'::text[]) k;
INSERT INTO kinds (kind, make, undo) VALUES
    ('generated column', $$ALTER TABLE leads ADD COLUMN made integer GENERATED ALWAYS AS (CASE WHEN lead_stage = 'mql' THEN email::integer END) STORED$$, 'ALTER TABLE leads DROP COLUMN made'),
    ('index expression', $$CREATE INDEX bad ON leads ((CASE WHEN lead_stage = 'mql' THEN email::integer END))$$, 'DROP INDEX bad'),
    ('index predicate', $$CREATE INDEX bad ON leads (id) WHERE CASE WHEN lead_stage = 'mql' THEN email::integer > 0 END$$, 'DROP INDEX bad'),
    ('check that raises', $$ALTER TABLE leads ADD CONSTRAINT bad CHECK (lead_stage <> 'mql' OR email::integer > 0)$$, 'ALTER TABLE leads DROP CONSTRAINT bad'),
    ('check', $$ALTER TABLE leads ADD CONSTRAINT bad CHECK (lead_stage <> 'mql')$$, 'ALTER TABLE leads DROP CONSTRAINT bad'),
    ('unique', $$CREATE UNIQUE INDEX bad ON leads ((CASE WHEN lead_stage = 'mql' THEN 'secret1@x' ELSE email END))$$, 'DROP INDEX bad'),
    ('a message without values', $$CREATE INDEX bad ON leads ((CASE WHEN lead_stage = 'mql' THEN id / (id - 2) END))$$, 'DROP INDEX bad');
INSERT INTO kinds (kind, make, undo) VALUES
    ('transitions: check', 'INSERT INTO events VALUES (1, ''visit'', ''2024-01-01''); ALTER TABLE hidden.transitions ADD CONSTRAINT bad CHECK (to_stage <> ''mql'' OR lead_id <> 2) NOT VALID', 'ALTER TABLE hidden.transitions DROP CONSTRAINT bad'),
    ('transitions: check that raises', 'ALTER TABLE hidden.transitions ADD CONSTRAINT bad CHECK ((score * 0 + 7531 || ''x'')::integer > 0) NOT VALID', 'ALTER TABLE hidden.transitions DROP CONSTRAINT bad'),
    ('transitions: unique', 'CREATE UNIQUE INDEX bad ON hidden.transitions ((CASE to_stage WHEN ''mql'' THEN 7531 END))', 'DROP INDEX hidden.bad'),
    ('transitions: trigger', 'CREATE TRIGGER t BEFORE INSERT ON hidden.transitions FOR EACH ROW EXECUTE FUNCTION on_state()', 'DROP TRIGGER t ON hidden.transitions'),
    ('scores: unique', 'CREATE UNIQUE INDEX bad ON hidden.scores ((CASE WHEN stage = ''mql'' THEN 7531 END))', 'DROP INDEX hidden.bad'),
    ('scores: index expression', 'CREATE INDEX bad ON hidden.scores ((CASE WHEN lead_id = 2 AND stage = ''mql'' THEN (score * 0 + 7531 || ''x'')::integer END))', 'DROP INDEX hidden.bad'),
    ('scores: index predicate', 'CREATE INDEX bad ON hidden.scores (score) WHERE CASE WHEN lead_id = 2 AND stage = ''mql'' THEN (score * 0 + 7531 || ''x'')::integer > 0 END', 'DROP INDEX hidden.bad'),
    ('scores: check', 'ALTER TABLE hidden.scores ADD CONSTRAINT bad CHECK (lead_id <> 2 OR stage <> ''mql'') NOT VALID; CREATE TRIGGER t BEFORE UPDATE ON hidden.scores FOR EACH ROW WHEN (false) EXECUTE FUNCTION on_state()', 'ALTER TABLE hidden.scores DROP CONSTRAINT bad; DROP TRIGGER t ON hidden.scores'),
    ('scores: trigger', 'CREATE TRIGGER t BEFORE UPDATE ON hidden.scores FOR EACH ROW EXECUTE FUNCTION on_state()', 'DROP TRIGGER t ON hidden.scores');
GRANT SELECT ON kinds TO regress_lead_scoring_writer;
RESET ROLE;
CREATE PROCEDURE hidden_test.walk() LANGUAGE plpgsql AS $$
DECLARE
    k record;
    who text;
    line text;
BEGIN
    FOR k IN SELECT * FROM hidden_test.kinds ORDER BY place LOOP
        RAISE WARNING USING MESSAGE = k.kind;
        SET ROLE regress_lead_scoring_owner;
        EXECUTE k.make;
        FOREACH who IN ARRAY '{writer,owner}'::text[] LOOP
            EXECUTE format('SET ROLE %I', 'regress_lead_scoring_' || who);
            FOR line IN SELECT * FROM hidden_test.try() LOOP
                RAISE WARNING USING MESSAGE = format('  %s: %s', who, line);
            END LOOP;
        END LOOP;
        SET ROLE regress_lead_scoring_owner;
        EXECUTE k.undo;
        RESET ROLE;
        COMMIT;
    END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION hidden_test.try() TO PUBLIC;
SET search_path = hidden_test;
\set VERBOSITY terse
CALL hidden_test.walk();
\set VERBOSITY default

-- As it is shown.
SET ROLE regress_lead_scoring_owner;
ALTER TABLE hidden.transitions ADD CONSTRAINT no_more CHECK (score < 3) NOT VALID;
SET ROLE regress_lead_scoring_writer;
INSERT INTO events VALUES (2, 'visit', '2024-01-01');
SET ROLE regress_lead_scoring_owner;
ALTER TABLE hidden.transitions DROP CONSTRAINT no_more;
ALTER TABLE leads ADD COLUMN made integer GENERATED ALWAYS AS (CASE WHEN lead_stage = 'mql' AND id = 2 THEN email::integer END) STORED;
SET ROLE regress_lead_scoring_writer;
INSERT INTO events VALUES (2, 'visit', '2024-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_stage('hidden', 2, 'mql');
SET ROLE regress_lead_scoring_owner;
\set SHOW_CONTEXT never
INSERT INTO events VALUES (2, 'visit', '2024-01-01');
ALTER TABLE leads DROP COLUMN made;
-- A statement that is ended from without says so.
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(20); RETURN NEW; END$$;
CREATE TRIGGER slow BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION slow();
SET ROLE regress_lead_scoring_writer;
SET statement_timeout = '200ms';
INSERT INTO events VALUES (2, 'visit', '2024-01-01');
RESET statement_timeout;
SET ROLE regress_lead_scoring_owner;
DROP TRIGGER slow ON leads;
INSERT INTO events VALUES (2, 'visit', '2024-01-01');
SELECT id, lead_stage FROM leads ORDER BY id;
SELECT * FROM lead_scoring.verify('hidden');
RESET ROLE;
DROP SCHEMA hidden, hidden_test CASCADE;
DROP OWNED BY regress_lead_scoring_owner, regress_lead_scoring_writer;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_writer;
