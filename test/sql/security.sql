-- Who may do what, and who runs as whom. Errors are shown in full, but for the context; \echo shows the SQLSTATE.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE ROLE regress_lead_scoring_owner;
CREATE ROLE regress_lead_scoring_writer;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_lead_scoring_owner, regress_lead_scoring_writer;
CREATE SCHEMA security_test AUTHORIZATION regress_lead_scoring_owner;
SET client_min_messages = warning;
SET ROLE regress_lead_scoring_owner;
SET search_path = security_test, public;
CREATE TABLE leads (id integer PRIMARY KEY, country text);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz, tenant text);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('security', 'leads', 'events');
SELECT lead_scoring.add_rule('security', 'visit', 'visit', 1, $$lower(type) = 'visit'$$);
CREATE FUNCTION is_call(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN lower($1) = ''call''; END';
SELECT lead_scoring.add_rule('security', 'call', 'call', 1, 'is_call(type)');
SELECT lead_scoring.add_rule('security', 'daily', 'mail', 10, limit_count => 1, limit_window => 'day', limit_key => 'tenant');
SELECT lead_scoring.add_fit_rule('security', 'domestic', $$country = 'DE'$$, 100);
SELECT lead_scoring.add_stage('security', 'mql', min_score => 102);
SELECT lead_scoring.publish('security');
INSERT INTO leads VALUES (1, 'DE'), (2, 'FR'), (4, 'DE'), (5, 'DE');
GRANT USAGE ON SCHEMA security_test TO regress_lead_scoring_writer;
GRANT INSERT ON events TO regress_lead_scoring_writer;
\set state 'RESET ROLE; SELECT lead_id, score, stage FROM security.scores ORDER BY 1; SELECT * FROM lead_scoring.verify(''security'');'
\set as_writer 'SET ROLE regress_lead_scoring_writer;'

-- INSERT on events is all that it takes, and it gives nothing else.
:as_writer
INSERT INTO events VALUES (1, 'visit', '2024-01-01', 'a'), (2, 'visit', '2024-01-01', 'a'), (1, 'visit', '2024-01-02', 'a');
SELECT * FROM security.scores;
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('security');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.explain('security', 1, '2024-02-01');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.score_at('security', 1, '2024-02-01');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.check_expression('leads', 'true', 'condition');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.publish('security');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.rescore_now('security', 'replay');
\echo :LAST_ERROR_SQLSTATE
CALL lead_scoring.refresh('security');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.pause('security');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.repair('security');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.adjust('security', 1, 1000);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_stage('security', 1, 'mql');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.drop_model('security');
\echo :LAST_ERROR_SQLSTATE
SELECT current_user;
:state
SELECT id, lead_stage FROM security_test.leads ORDER BY id;

-- Nothing of the caller's reaches our statements: operators, functions, temporary tables, settings.
:as_writer
CREATE SCHEMA hostile;
GRANT USAGE ON SCHEMA hostile TO PUBLIC;
CREATE FUNCTION hostile.yes(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''hostile as %'', current_user; RETURN true; END';
CREATE FUNCTION hostile.yes(integer, integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''hostile as %'', current_user; RETURN true; END';
CREATE FUNCTION hostile.yes(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''hostile as %'', current_user; RETURN true; END';
CREATE FUNCTION hostile.yes(boolean, boolean) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''hostile as %'', current_user; RETURN true; END';
CREATE FUNCTION hostile.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''hostile as %'', current_user; RETURN QUERY SELECT pg_catalog.unnest($1); END';
CREATE FUNCTION hostile.lower(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''hostile as %'', current_user; RETURN ''x''; END';
CREATE FUNCTION hostile.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''hostile as %'', current_user; RETURN NULL; END';
CREATE FUNCTION hostile.max(integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''hostile as %'', current_user; RETURN NULL; END';
CREATE OPERATOR hostile.= (FUNCTION = hostile.yes, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR hostile.= (FUNCTION = hostile.yes, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR hostile.= (FUNCTION = hostile.yes, LEFTARG = timestamptz, RIGHTARG = timestamptz);
CREATE OPERATOR hostile.<> (FUNCTION = hostile.yes, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR hostile.<> (FUNCTION = hostile.yes, LEFTARG = timestamptz, RIGHTARG = timestamptz);
CREATE OPERATOR hostile.<> (FUNCTION = hostile.yes, LEFTARG = boolean, RIGHTARG = boolean);
CREATE OPERATOR hostile.<= (FUNCTION = hostile.yes, LEFTARG = integer, RIGHTARG = integer);
CREATE TEMP TABLE scores (lead_id integer, card text);
CREATE TEMP TABLE leads (id integer, country text, lead_stage text);
CREATE TEMP TABLE transitions (lead_id integer);
CREATE TEMP TABLE settings (leads text);
CREATE TEMP TABLE versions (version bigint);
SET client_min_messages = notice;
SET search_path = hostile, pg_temp, pg_catalog;
SET row_security = off; SET datestyle = 'SQL, DMY'; SET timezone = 'Asia/Tokyo'; SET enable_indexscan = off; SET enable_seqscan = off; SET work_mem = '64kB'; SET plan_cache_mode = force_generic_plan; SET standard_conforming_strings = off; SET quote_all_identifiers = on;
\c -
SET ROLE regress_lead_scoring_writer;
\pset format unaligned
\pset tuples_only on
CREATE TEMP TABLE scores (lead_id integer, card text);
CREATE TEMP TABLE leads (id integer, country text, lead_stage text);
CREATE TEMP TABLE settings (leads text);
SET search_path = hostile, pg_temp, pg_catalog;
SET row_security = off; SET datestyle = 'SQL, DMY'; SET timezone = 'Asia/Tokyo'; SET enable_indexscan = off; SET enable_seqscan = off; SET work_mem = '64kB'; SET plan_cache_mode = force_generic_plan; SET standard_conforming_strings = off; SET quote_all_identifiers = on;
INSERT INTO security_test.events VALUES (1, 'visit', '2024-01-03 UTC', 'a'), (2, 'mail', '2024-01-03 22:00 UTC', 'a'), (2, 'mail', '2024-01-03 12:00 UTC', 'b'), (2, 'mail', '2024-01-03 01:00 UTC', 'a'), (3, 'visit', '2024-01-03 UTC', NULL);
INSERT INTO security_test.events VALUES (2, 'mail', '2023-01-03 UTC', 'a');
-- Statuses are written too, of one lead and of several.
INSERT INTO security_test.events VALUES (4, 'visit', '2024-01-03 UTC', 'a'), (4, 'visit', '2024-01-03 UTC', 'a');
INSERT INTO security_test.events VALUES (4, 'visit', '2024-01-03 UTC', 'a'), (5, 'visit', '2024-01-03 UTC', 'a'), (5, 'visit', '2024-01-03 UTC', 'a');
-- So are the model's conditions evaluated, and functions of the owner's that they call.
INSERT INTO security_test.events VALUES (5, 'call', '2024-01-03 UTC', 'a');
SHOW search_path;
SELECT current_user;
\c -
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = security_test, public;
SET client_min_messages = warning;
:state

-- Row security of leads and events, forced upon their owner too, hides nothing from the scoring.
SET ROLE regress_lead_scoring_owner;
ALTER TABLE events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE leads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY insert_only ON events FOR INSERT WITH CHECK (true);
SELECT count(*) FROM events;
SELECT count(*) FROM leads;
:as_writer
INSERT INTO events VALUES (1, 'visit', '2024-01-04', 'a'), (2, 'visit', '2022-01-01', 'a'), (2, 'mail', '2022-01-01', 'a');
INSERT INTO events VALUES (2, 'mail', '2022-01-01', 'c');
:state
SET ROLE regress_lead_scoring_owner;
SELECT * FROM lead_scoring.verify('security');
SELECT sum(capped) FROM lead_scoring.explain('security', 2, '2025-01-01');
ALTER TABLE events DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE leads DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;

-- Nobody aims our triggers at another's model: not from a table of his own, not with a model that he made up.
:as_writer
CREATE TABLE hostile.events (lead_id integer, type text, occurred_at timestamptz, tenant text);
CREATE TABLE hostile.leads (id integer PRIMARY KEY, country text);
CREATE INDEX ON hostile.events (lead_id);
CREATE TRIGGER aim AFTER INSERT ON hostile.events REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.events_changed('security');
INSERT INTO hostile.events VALUES (1, 'visit', '2024-01-03', 'a');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER aim AFTER DELETE ON hostile.leads REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.leads_changed('security');
INSERT INTO hostile.leads VALUES (1, 'DE');
DELETE FROM hostile.leads;
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER aim_truncate AFTER TRUNCATE ON hostile.events FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.events_changed('security');
TRUNCATE hostile.events;
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER aim_truncate ON hostile.events;
DROP TRIGGER aim ON hostile.events;
CREATE TRIGGER aim BEFORE INSERT ON hostile.events FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.events_changed('security');
INSERT INTO hostile.events VALUES (1, 'visit', '2024-01-03', 'a');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER aim ON hostile.events;
CREATE TRIGGER aim AFTER INSERT ON hostile.events FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.events_changed('security');
INSERT INTO hostile.events VALUES (1, 'visit', '2024-01-03', 'a');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER aim ON hostile.events;
CREATE TRIGGER aim AFTER INSERT ON hostile.events FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.events_changed();
INSERT INTO hostile.events VALUES (1, 'visit', '2024-01-03', 'a');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER aim ON hostile.events;
CREATE TRIGGER aim AFTER INSERT ON hostile.events FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.events_changed('nowhere');
INSERT INTO hostile.events VALUES (1, 'visit', '2024-01-03', 'a');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER aim ON hostile.events;
CREATE TRIGGER aim AFTER INSERT ON hostile.events FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.events_changed('hostile');
INSERT INTO hostile.events VALUES (1, 'visit', '2024-01-03', 'a');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER aim ON hostile.events;
DROP TRIGGER aim ON hostile.leads;
SELECT lead_scoring.create_model('hostile_model', 'security_test.leads', 'hostile.events');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.create_model('hostile_model', 'hostile.leads', 'hostile.events');
SELECT lead_scoring.publish('hostile_model');
UPDATE hostile_model.settings SET leads = 'security_test.leads';
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE hostile_model.settings DISABLE TRIGGER settings_valid;
\echo :LAST_ERROR_SQLSTATE
BEGIN;
ALTER TABLE hostile_model.settings DROP CONSTRAINT settings_only_row;
DROP TRIGGER settings_valid ON hostile_model.settings;
UPDATE hostile_model.settings SET leads = 'security_test.leads', status_columns = '{"stage": "lead_stage"}';
INSERT INTO hostile.events VALUES (1, 'visit', '2024-01-03', 'a');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN;
DROP TRIGGER settings_valid ON hostile_model.settings;
UPDATE hostile_model.settings SET events = 'security_test.events';
SELECT * FROM lead_scoring.verify('hostile_model');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT lead_scoring.drop_model('hostile_model');
:state

-- Direct calls, with arguments made to harm. The session goes on.
:as_writer
SELECT lead_scoring_internal.events_changed();
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.binding_changed();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring_internal.score_now(NULL, 1, NULL);
SELECT * FROM lead_scoring_internal.score_now(0, 1, '');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT card::text AS card FROM security.scores WHERE lead_id = 2 \gset
:as_writer
SELECT * FROM lead_scoring_internal.score_now(0, 1, :'card');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring_internal.score_now('pg_class'::regclass, 1, :'card');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT score, engagement, fit FROM lead_scoring_internal.score_now('security.scores'::regclass, 1, :'card', '2025-01-01');
SELECT * FROM lead_scoring_internal.score_now('security.scores'::regclass, 99, :'card');
SELECT * FROM lead_scoring_internal.score_now('security.scores'::regclass, -1, :'card');
SELECT score FROM lead_scoring_internal.score_now('security.scores'::regclass, 1, 'clock 0 sections 4 rules 1 rule 77 closed 1 parts 1 sum 10');
\echo :LAST_ERROR_SQLSTATE
SELECT score FROM lead_scoring_internal.score_now('security.scores'::regclass, 1, 'clock 0 sections 1 fit 1 rule 4000000000');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.rescore_now(NULL, 'replay'), lead_scoring_internal.rescore_now('', 'replay');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.rescore_now(repeat('x', 1000), 'replay');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.rescore_now('security', 'whatever');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('security');

-- Every function there is, called by a stranger with arguments that name the model: nothing is changed.
\set everything '(SELECT md5(string_agg(table_to_xml(c.oid, true, true, '''')::text, '''' ORDER BY c.oid)) FROM pg_class c WHERE c.relkind = ''r'' AND c.relnamespace IN (''security''::regnamespace, ''security_test''::regnamespace))'
SELECT :everything AS before \gset
SELECT md5(string_agg(t::text, '' ORDER BY t.oid)) AS triggers FROM pg_trigger t WHERE NOT t.tgisinternal \gset
:as_writer
DO $$
DECLARE
    attack record;
    tried integer := 0;
BEGIN
    FOR attack IN SELECT CASE p.prokind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END AS verb, p.pronamespace::regnamespace::text AS namespace, p.proname,
                         (SELECT string_agg(CASE a.type WHEN 'text'::regtype THEN text WHEN 'bigint'::regtype THEN '1' WHEN 'integer'::regtype THEN '1'
                                                        WHEN 'boolean'::regtype THEN 'true' WHEN 'numeric'::regtype THEN '1000' WHEN 'float8'::regtype THEN '1000'
                                                        WHEN 'regclass'::regtype THEN '''security_test.leads''' WHEN 'jsonb'::regtype THEN '''{}'''
                                                        WHEN 'timestamptz'::regtype THEN 'now()' WHEN 'text[]'::regtype THEN '''{1,2}''' ELSE 'NULL' END
                                            || '::' || a.type::regtype, ', ' ORDER BY a.place)
                            FROM unnest(p.proargtypes) WITH ORDINALITY a (type, place)
                           CROSS JOIN LATERAL (SELECT CASE WHEN a.place = 1 OR key <> '1' THEN '''security''' ELSE '''1''' END) v (text)) AS arguments
                    FROM pg_proc p CROSS JOIN (VALUES ('1'), ('security')) keys (key)
                   WHERE p.pronamespace IN ('lead_scoring'::regnamespace, 'lead_scoring_internal'::regnamespace) AND p.prokind <> 'a' LOOP
        tried := tried + 1;
        BEGIN
            EXECUTE format('%s %I.%I(%s)', attack.verb, attack.namespace, attack.proname, attack.arguments);
        EXCEPTION WHEN OTHERS THEN
            NULL;
        END;
    END LOOP;
    PERFORM set_config('test.tried', tried::text, false);
END $$;
RESET ROLE;
SELECT current_setting('test.tried')::integer > 300, :everything = :'before';
SELECT md5(string_agg(t::text, '' ORDER BY t.oid)) = :'triggers' FROM pg_trigger t WHERE NOT t.tgisinternal;
SELECT * FROM lead_scoring.verify('security');

-- The owner's functions run as the owner and can change nothing of the session, whoever reads, writes or publishes.
SET ROLE regress_lead_scoring_owner;
SET client_min_messages = notice;
CREATE FUNCTION spy(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_user <> 'regress_lead_scoring_owner' THEN
        RAISE NOTICE 'spy runs as somebody else';
    END IF;
    RETURN true;
END $$;
RESET ROLE;
SELECT lead_scoring.add_rule('security', 'spied', 'visit', 1000, 'security_test.spy(type) AND security_test.spy(''folded'')');
SELECT lead_scoring.add_fit_rule('security', 'spied too', 'security_test.spy(country) AND security_test.spy(''folded'')', 1000);
SELECT lead_scoring.publish('security');
INSERT INTO events VALUES (2, 'visit', '2024-02-01', 'a');
DELETE FROM events WHERE occurred_at = '2024-02-01';
UPDATE leads SET country = 'IT' WHERE id = 2;
SELECT * FROM lead_scoring.verify('security');
SELECT sum(capped) FROM lead_scoring.explain('security', 2, '2025-01-01');
CALL lead_scoring.refresh('security');
SELECT lead_scoring.repair('security');
CREATE FUNCTION act(command text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE command; END';
CREATE OR REPLACE FUNCTION spy(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM security_test.act(''RESET ROLE''); RETURN true; END';
INSERT INTO events VALUES (2, 'visit', '2024-02-01', 'a');
\echo :LAST_ERROR_SQLSTATE
CREATE OR REPLACE FUNCTION spy(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM security_test.act(''CREATE TEMP TABLE x (y integer)''); RETURN true; END';
SELECT sum(capped) FROM lead_scoring.explain('security', 2, '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT current_user = session_user;
CREATE OR REPLACE FUNCTION spy(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
SELECT * FROM lead_scoring.verify('security');

-- The owner's triggers on leads run with no more rights than under the action of a foreign key: those after the update
-- as the one who stored the event. Nothing that he put into his temporary schema runs as the owner. (From 18 on the server
-- runs them as the one who wrote the row, under the action of a foreign key too.)
SET ROLE regress_lead_scoring_owner;
CREATE TABLE audit (lead_id integer, stage text);
CREATE FUNCTION note_stage() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit VALUES (NEW.id, NEW.lead_stage); RETURN NULL; END';
CREATE TRIGGER note_stage AFTER UPDATE OF lead_stage ON leads FOR EACH ROW WHEN (OLD.lead_stage IS DISTINCT FROM NEW.lead_stage) EXECUTE FUNCTION note_stage();
UPDATE security.stages SET min_score = 2000 WHERE name = 'mql';
SELECT lead_scoring.publish('security');
INSERT INTO leads VALUES (10, 'FR'), (11, 'FR'), (12, 'FR');
:as_writer
CREATE TEMP TABLE audit (lead_id integer, stage text);
CREATE FUNCTION pg_temp.attack() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM set_config(''attack.ran_as'', current_user, false); RETURN NULL; END';
CREATE TRIGGER attack BEFORE INSERT ON pg_temp.audit FOR EACH ROW EXECUTE FUNCTION pg_temp.attack();
SELECT current_setting('server_version_num')::integer >= 180000 AS from_18 \gset
\if :from_18
DROP TABLE pg_temp.audit;
SET attack.ran_as = 'regress_lead_scoring_writer';
\endif
INSERT INTO events VALUES (10, 'visit', '2024-02-01', 'a');
INSERT INTO events VALUES (11, 'visit', '2024-02-01', 'a'), (12, 'visit', '2024-02-01', 'a');
SELECT current_setting('attack.ran_as');
\if :from_18
\else
DROP TABLE pg_temp.audit;
\endif
RESET ROLE;
SELECT id, lead_stage FROM leads WHERE id >= 10 ORDER BY id;
SELECT * FROM lead_scoring.verify('security');

SELECT lead_scoring.drop_model('security');
\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA hostile, security_test CASCADE;
DROP OWNED BY regress_lead_scoring_owner, regress_lead_scoring_writer;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_writer;
