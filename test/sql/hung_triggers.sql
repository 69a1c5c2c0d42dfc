-- Trigger functions of the extension, hung by a stranger on tables of his own, within a model's schema and outside of it:
-- none takes such a table for the model's, or runs his code as anybody but himself.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_lead_scoring_owner;
CREATE ROLE regress_lead_scoring_attacker;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_lead_scoring_owner, regress_lead_scoring_attacker', current_database()); END$$;
CREATE SCHEMA hung_test AUTHORIZATION regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
CREATE TABLE hung_test.leads (id bigint PRIMARY KEY);
CREATE TABLE hung_test.events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON hung_test.events (lead_id);
SELECT lead_scoring.create_model('hung', 'hung_test.leads', 'hung_test.events'),
       lead_scoring.add_rule('hung', 'visit', 'visit', 10), lead_scoring.add_stage('hung', 'mql', min_score => 20),
       lead_scoring.publish('hung') \g /dev/null
INSERT INTO hung_test.leads VALUES (1);
INSERT INTO hung_test.events VALUES (1, 'visit', '2024-01-01');
GRANT USAGE, CREATE ON SCHEMA hung TO regress_lead_scoring_attacker;

SET ROLE regress_lead_scoring_attacker;
CREATE SCHEMA attack;
GRANT USAGE ON SCHEMA attack TO PUBLIC;
CREATE SEQUENCE attack.ran;
CREATE SEQUENCE attack.hit;
GRANT ALL ON ALL SEQUENCES IN SCHEMA attack TO PUBLIC;
CREATE FUNCTION attack.spring() RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM nextval(CASE WHEN current_user = 'regress_lead_scoring_attacker' THEN 'attack.ran' ELSE 'attack.hit' END::regclass);
    RETURN true;
END $$;
-- A cast to it, a comparison with it, and whatever reads it as text ask whether the trap is sprung.
CREATE DOMAIN attack.bait AS text CHECK (attack.spring());

-- The columns of every table of a model under one roof, each of text a bait.
CREATE FUNCTION attack.make(schema text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I.bait_table (%s)', schema,
        (SELECT string_agg(format('%I %s', a.name, CASE WHEN a.type = 'text'::regtype THEN 'attack.bait' ELSE a.type::text END), ', ')
           FROM (SELECT DISTINCT ON (a.attname) a.attname AS name, a.atttypid::regtype AS type
                   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                  WHERE c.relnamespace = 'hung'::regnamespace AND c.relkind = 'r' AND c.relname <> 'bait_table' AND a.attnum > 0 AND NOT a.attisdropped
                  ORDER BY a.attname, a.atttypid <> 'text'::regtype) a));
END $$;
SELECT attack.make('hung'), attack.make('attack') \g /dev/null

CREATE TABLE attack.tried (function text, place text, hung text, statement text, sqlstate text);
CREATE PROCEDURE attack.walk() LANGUAGE plpgsql AS $walk$
DECLARE
    f record;
    failed text;
BEGIN
    FOR f IN SELECT p.oid::regproc::text AS function, s.place, format('%s %s%s FOR EACH %s', w.timing, o.operation,
                    CASE WHEN w.tables THEN CASE o.operation WHEN 'INSERT' THEN '%s REFERENCING NEW TABLE AS n' WHEN 'DELETE' THEN '%s REFERENCING OLD TABLE AS o'
                                                             ELSE '%s REFERENCING OLD TABLE AS o NEW TABLE AS n' END ELSE '%s' END, w.level) AS hung,
                    o.statement, a.arguments
               FROM pg_proc p,
                    (VALUES ('hung'), ('attack')) s (place),
                    (VALUES ('BEFORE', 'ROW', false), ('AFTER', 'ROW', false), ('BEFORE', 'STATEMENT', false), ('AFTER', 'STATEMENT', false), ('AFTER', 'STATEMENT', true)) w (timing, level, tables),
                    (VALUES ('INSERT', 'INSERT INTO %s (name, spend_table, event_channel, lead_id) VALUES (''visit'', ''attack.bait_table'', ''type'', 1)'),
                            ('UPDATE', 'UPDATE %s SET name = ''mql'', event_channel = ''type'''), ('DELETE', 'DELETE FROM %s'), ('TRUNCATE', 'TRUNCATE %s')) o (operation, statement),
                    (VALUES (NULL), ('''hung'''), ('''hung'', ''attack''')) a (arguments)
              WHERE p.pronamespace IN ('lead_scoring'::regnamespace, 'lead_scoring_internal'::regnamespace) AND p.prorettype = 'trigger'::regtype
                AND NOT (o.operation = 'TRUNCATE' AND (w.level = 'ROW' OR w.tables))
              ORDER BY 1, 2, 3, 5 NULLS FIRST LOOP
        EXECUTE format('ALTER TABLE %1$I.bait_table DISABLE TRIGGER USER; TRUNCATE %1$I.bait_table; INSERT INTO %1$I.bait_table (name, lead_id) VALUES (''visit'', 1)', f.place);
        EXECUTE format('ALTER TABLE %I.bait_table ENABLE TRIGGER USER', f.place);
        EXECUTE format('CREATE TRIGGER hung ' || replace(f.hung, '%s', ' ON %1$I.bait_table') || ' EXECUTE FUNCTION %2$s(%3$s)', f.place, f.function, f.arguments);
        COMMIT;
        BEGIN
            failed := '00000';
            EXECUTE format(f.statement, f.place || '.bait_table');
        EXCEPTION WHEN OTHERS THEN
            failed := SQLSTATE;
        END;
        COMMIT;
        INSERT INTO attack.tried VALUES (f.function, f.place, f.hung, f.statement, failed);
        EXECUTE format('DROP TRIGGER hung ON %I.bait_table', f.place);
        COMMIT;
    END LOOP;
END $walk$;
CALL attack.walk();
SELECT function, string_agg(DISTINCT sqlstate, ' ' ORDER BY sqlstate) FROM attack.tried GROUP BY function ORDER BY function COLLATE "C";
-- What went through did nothing: these only mark a table's cache entry, or speak for an empty change.
SELECT function, count(*), string_agg(DISTINCT split_part(hung, ' ', 1) || CASE WHEN hung LIKE '%ROW' THEN ' ROW' ELSE ' STATEMENT' END, ', ') FROM attack.tried WHERE sqlstate = '00000' GROUP BY function ORDER BY function COLLATE "C";
SELECT (SELECT is_called FROM attack.ran) AS trap_works, (SELECT is_called FROM attack.hit) AS hit;
RESET ROLE;
SELECT format('promise: entry points: %s tried, %s wrong', count(*), (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM attack.hit)) FROM attack.tried \g |cat >>"${PROMISE:-/dev/null}"

-- The model is as it was.
SELECT problem FROM lead_scoring.models() WHERE model = 'hung';
SELECT * FROM lead_scoring.verify('hung');
-- On the model's own table they are called as they are made, by its owner too.
SET ROLE regress_lead_scoring_owner;
CREATE TRIGGER z_again BEFORE INSERT OR UPDATE ON hung.report_settings FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_report_settings_as_owner();
SELECT lead_scoring.set_spend('hung', NULL) \g /dev/null
CREATE TRIGGER z_late AFTER UPDATE ON hung.report_settings FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_report_settings_as_owner();
SELECT lead_scoring.set_spend('hung', NULL);
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP SCHEMA hung_test, hung, attack CASCADE;
DROP OWNED BY regress_lead_scoring_owner, regress_lead_scoring_attacker;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_attacker;
