-- The tables of a model's state are written by the extension alone: whoever else tries is told what to call instead.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_owner;
CREATE ROLE regress_lead_scoring_clerk;
CREATE SCHEMA guards_test AUTHORIZATION regress_lead_scoring_owner;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_lead_scoring_owner', current_database()) \gexec
SET search_path = guards_test, public;
SET ROLE regress_lead_scoring_owner;
CREATE TABLE leads (id bigint PRIMARY KEY, name text, lead_stage text DEFAULT 'lead', mql_at timestamptz);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz DEFAULT '2024-01-01', amount text);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('guards', 'leads', 'events');
SELECT lead_scoring.add_rule('guards', 'visit', 'visit', 10);
SELECT lead_scoring.add_rule('guards', 'order', 'order', 1, per => 'amount::numeric');
SELECT lead_scoring.add_stage('guards', 'mql', min_score => 30);
SELECT lead_scoring.add_stage('guards', '100 %s, ''sure''', kind => 'detour');
SELECT lead_scoring.publish('guards');
INSERT INTO leads SELECT generate_series(1, 6);
INSERT INTO events SELECT 1, 'visit' FROM generate_series(1, 3);
INSERT INTO events VALUES (2, 'order', '2024-01-01', 'n/a');
SELECT lead_scoring.adjust('guards', 3, 5) IS NOT NULL;
SELECT lead_scoring.merge_leads('guards', 5, 4);
SELECT lead_scoring.forget_lead('guards', 6);
SELECT count(*) FROM guards.scores;
GRANT USAGE ON SCHEMA guards TO regress_lead_scoring_clerk;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA guards TO regress_lead_scoring_clerk;

-- Each statement on each table, by each kind of role: the same answer, with a call that works.
CREATE FUNCTION tries(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'done: ' || statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN format('%s %s | %s', SQLSTATE, message, hint);
END $$;
CREATE VIEW statements AS
SELECT t.place, o.place AS step, t.name, o.statement
  FROM unnest('{scores,transitions,merged,forgotten,adjustments,problems,versions}'::text[]) WITH ORDINALITY t (name, place)
 CROSS JOIN LATERAL (VALUES (1, format('INSERT INTO guards.%I SELECT * FROM guards.%1$I LIMIT 0', t.name)),
                            (2, format('UPDATE guards.%I SET %I = %2$I WHERE false', t.name, (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = format('guards.%I', t.name)::regclass AND a.attnum = 1))),
                            (3, format('DELETE FROM guards.%I WHERE false', t.name)),
                            (4, format('TRUNCATE guards.%I', t.name))) o (place, statement);
SELECT tries(s.statement) FROM statements s ORDER BY s.place, s.step;
\set same_as_owner 'SELECT count(*), bool_and(tries(s.statement) LIKE ''55000 % on guards.% is refused | %'') FROM statements s;'
RESET ROLE;
SET search_path = guards_test, public;
:same_as_owner
GRANT USAGE ON SCHEMA guards_test TO regress_lead_scoring_clerk;
GRANT SELECT ON statements TO regress_lead_scoring_clerk;
SET ROLE regress_lead_scoring_clerk;
:same_as_owner
-- And in other clothes.
INSERT INTO guards.adjustments (lead_id, points, author, made_at) VALUES (1, 100, 'somebody_else', '2020-01-01');
INSERT INTO guards.transitions (lead_id, seq, to_stage, at, cause) VALUES (1, 7, 'mql', '2020-01-01', 'manual') ON CONFLICT (lead_id, seq) DO UPDATE SET to_stage = excluded.to_stage;
MERGE INTO guards.scores s USING (SELECT 1) x ON s.lead_id = 1 WHEN MATCHED THEN UPDATE SET score = 0;
WITH gone AS (DELETE FROM guards.transitions RETURNING *) SELECT count(*) FROM gone;
COPY guards.adjustments (lead_id, points, author) FROM stdin;
1	5	me
\.
RESET ROLE;
SET search_path = guards_test, public;
CREATE VIEW through AS SELECT * FROM guards.scores;
UPDATE through SET score = 0;
DROP VIEW through;
SELECT count(*), sum(score) FROM guards.scores;

-- A privilege is the right to call the function. Who did it, when and what number it has is not the caller's to say.
SET ROLE regress_lead_scoring_owner;
REVOKE ALL ON ALL TABLES IN SCHEMA guards FROM regress_lead_scoring_clerk;
SET ROLE regress_lead_scoring_clerk;
SELECT lead_scoring.adjust('guards', 3, 30, 'met');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_stage('guards', 3, 'mql');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.clear_problems('guards');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.settle_leads('guards', '{1}');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT lead_scoring_internal.join_leads('guards', '1', '2');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.detach_merged('guards', '1');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.erase_lead('guards', '1');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.count_forgotten('guards', 'mine', '2020-01-01', '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.add_version('guards', 7, 'mine', '{}');
\echo :LAST_ERROR_SQLSTATE
GRANT INSERT ON guards.adjustments, guards.transitions TO regress_lead_scoring_clerk;
REVOKE USAGE ON SCHEMA guards FROM regress_lead_scoring_clerk;
SET ROLE regress_lead_scoring_clerk;
SELECT lead_scoring.adjust('guards', 3, 30, 'met');
SELECT lead_scoring.set_stage('guards', 3, 'mql');
RESET ROLE;
GRANT USAGE ON SCHEMA guards TO regress_lead_scoring_clerk;
SET ROLE regress_lead_scoring_clerk;
SELECT lead_scoring.adjust('guards', 3, 30, 'met') AS made \gset
SELECT lead_scoring.set_stage('guards', 2, 'mql', 'called');
RESET ROLE;
SELECT lead_id, points, author, reason, made_at > now() - interval '1 hour', cancelled_at FROM guards.adjustments ORDER BY made_at;
SELECT lead_id, seq, to_stage, cause, actor, reason FROM guards.transitions ORDER BY recorded_at;
SET ROLE regress_lead_scoring_clerk;
SELECT lead_scoring.cancel_adjustment('guards', :'made', 'it was another one');
RESET ROLE;
SELECT lead_id, points, author, cancelled_by, cancel_reason FROM guards.adjustments WHERE id = :'made';
SELECT s.lead_id, s.score, s.stage, l.lead_stage FROM guards.scores s JOIN leads l ON l.id = s.lead_id ORDER BY 1;
SELECT lead_id, rule FROM guards.problems;
SELECT lead_scoring.clear_problems('guards');
SELECT count(*) FROM guards.problems;
SELECT * FROM lead_scoring.verify('guards');

-- The permit is for one statement: what fires within it, fails in it or comes after it has none. The owner's own triggers,
-- checks and defaults try.
SET ROLE regress_lead_scoring_owner;
SET search_path = guards_test, public;
CREATE TABLE tried (said text);
CREATE FUNCTION forge() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('guards.forging', true) = 'yes' THEN
        RETURN true;  -- fired by its own statements
    END IF;
    PERFORM set_config('guards.forging', 'yes', false);
    INSERT INTO guards_test.tried SELECT guards_test.tries(format('INSERT INTO guards.transitions (lead_id, seq, to_stage, at, cause) VALUES (%s, 1000 + %1$s, ''mql'', ''2020-01-01'', ''manual'')', i)) FROM generate_series(1, 2) i;
    INSERT INTO guards_test.tried SELECT guards_test.tries('UPDATE guards.scores SET score = 1000');
    INSERT INTO guards_test.tried SELECT guards_test.tries('INSERT INTO guards.adjustments (lead_id, points, author) VALUES (1, 1000, ''nobody'')');
    INSERT INTO guards_test.tried SELECT guards_test.tries('DELETE FROM guards.problems');
    PERFORM set_config('guards.forging', 'no', false);
    RETURN true;
END $$;
CREATE FUNCTION forge_in_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM guards_test.forge(); RETURN coalesce(NEW, OLD); END $$;
CREATE FUNCTION forge_in_sql() RETURNS text LANGUAGE sql AS $$ SELECT guards_test.forge()::text $$;
CREATE VIEW judged AS SELECT count(*) AS tries, count(*) FILTER (WHERE said NOT LIKE '55000 % is refused | %') AS forged FROM tried;
\set moved 'INSERT INTO events SELECT 3, ''visit'' FROM generate_series(1, 3); SELECT lead_scoring.set_stage(''guards'', 3, ''lead''); SELECT lead_scoring.adjust(''guards'', 3, 1) IS NOT NULL; INSERT INTO events VALUES (3, ''order'', ''2024-01-02'', ''n/a''); SELECT * FROM judged; TRUNCATE tried; DELETE FROM events WHERE lead_id = 3;'
CREATE TRIGGER aaa BEFORE INSERT OR UPDATE OR DELETE ON guards.transitions FOR EACH STATEMENT EXECUTE FUNCTION forge_in_trigger();
:moved
DROP TRIGGER aaa ON guards.transitions;
CREATE TRIGGER zzz AFTER INSERT OR UPDATE OR DELETE ON guards.transitions FOR EACH STATEMENT EXECUTE FUNCTION forge_in_trigger();
:moved
DROP TRIGGER zzz ON guards.transitions;
CREATE TRIGGER aaa BEFORE INSERT OR UPDATE OR DELETE ON guards.transitions FOR EACH ROW EXECUTE FUNCTION forge_in_trigger();
CREATE TRIGGER zzz AFTER INSERT OR UPDATE OR DELETE ON guards.transitions FOR EACH ROW EXECUTE FUNCTION forge_in_trigger();
:moved
DROP TRIGGER aaa ON guards.transitions;
DROP TRIGGER zzz ON guards.transitions;
CREATE TRIGGER aaa BEFORE INSERT OR UPDATE OR DELETE ON guards.adjustments FOR EACH STATEMENT EXECUTE FUNCTION forge_in_trigger();
CREATE TRIGGER aab AFTER INSERT OR UPDATE OR DELETE ON guards.adjustments FOR EACH ROW EXECUTE FUNCTION forge_in_trigger();
CREATE TRIGGER aaa BEFORE INSERT OR UPDATE OR DELETE ON guards.problems FOR EACH STATEMENT EXECUTE FUNCTION forge_in_trigger();
CREATE TRIGGER aab BEFORE INSERT OR UPDATE OR DELETE ON guards.problems FOR EACH ROW EXECUTE FUNCTION forge_in_trigger();
:moved
DROP TRIGGER aaa ON guards.adjustments;
DROP TRIGGER aab ON guards.adjustments;
DROP TRIGGER aaa ON guards.problems;
DROP TRIGGER aab ON guards.problems;
ALTER TABLE guards.transitions ADD mine text DEFAULT forge_in_sql(), ADD CONSTRAINT mine CHECK (forge()) NOT VALID;
:moved
ALTER TABLE guards.transitions DROP CONSTRAINT mine, DROP mine;
-- A trigger that does not catch the error ends the statement that it fired in.
CREATE FUNCTION forge_plainly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF pg_trigger_depth() = 1 THEN INSERT INTO guards.transitions (lead_id, seq, to_stage, at, cause) VALUES (3, 1000, 'mql', '2020-01-01', 'manual'); END IF; RETURN NULL; END $$;
CREATE TRIGGER aaa BEFORE INSERT ON guards.transitions FOR EACH STATEMENT EXECUTE FUNCTION forge_plainly();
SELECT lead_scoring.set_stage('guards', 3, 'lead');
DROP TRIGGER aaa ON guards.transitions;
-- After an error in our statement, whether it had begun or not.
CREATE PROCEDURE forge_after_error() LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        PERFORM lead_scoring.set_stage('guards', 3, 'lead');
    EXCEPTION WHEN OTHERS THEN
        PERFORM guards_test.forge();
    END;
    PERFORM guards_test.forge();
END $$;
ALTER TABLE guards.transitions ADD CONSTRAINT never CHECK (false) NOT VALID;
CALL forge_after_error();
SELECT * FROM judged;
TRUNCATE tried;
ALTER TABLE guards.transitions DROP CONSTRAINT never;
ALTER TABLE guards.transitions RENAME reason TO why;
CALL forge_after_error();
SELECT * FROM judged;
TRUNCATE tried;
ALTER TABLE guards.transitions RENAME why TO reason;
-- And after one that succeeded, in the same transaction.
BEGIN;
SELECT lead_scoring.set_stage('guards', 3, 'lead');
SELECT forge();
SELECT lead_scoring.merge_leads('guards', 3, 2);
SELECT forge();
SELECT * FROM judged;
ROLLBACK;
SELECT * FROM lead_scoring.verify('guards');

-- A restore: the owner writes while the model is paused, or is not there yet. Nobody else does.
SELECT lead_scoring.pause('guards');
SELECT tries(s.statement) FROM statements s WHERE s.step = 1 ORDER BY s.place;
GRANT ALL ON ALL TABLES IN SCHEMA guards TO regress_lead_scoring_clerk;
SET ROLE regress_lead_scoring_clerk;
SELECT bool_and(tries(s.statement) LIKE '55000 %') FROM statements s;
RESET ROLE;
SELECT count(*) FROM statements s WHERE s.step < 4 AND tries(s.statement) LIKE 'done: %';
SELECT lead_scoring.resume('guards');
BEGIN;
TRUNCATE guards.settings;
SELECT tries('INSERT INTO guards.problems VALUES (1, ''order'', ''restored'', 1)');
ROLLBACK;
SET session_replication_role = replica;
SELECT tries('UPDATE guards.problems SET count = 0');
-- Calls do not depend on it.
SELECT lead_scoring.adjust('guards', 3, 30, 'as a replica') AS made \gset
SELECT score, stage FROM guards.scores WHERE lead_id = 3;
SELECT lead_scoring.cancel_adjustment('guards', :'made');
SELECT score, stage FROM guards.scores WHERE lead_id = 3;
RESET session_replication_role;
SELECT * FROM lead_scoring.verify('guards');

-- A guard that was lost is told of, and comes again.
ALTER TABLE guards.scores DISABLE TRIGGER scores_guard;
DROP TRIGGER problems_guard ON guards.problems;
SELECT problem FROM lead_scoring.models() WHERE model = 'guards';
SELECT lead_scoring.repair('guards');
SELECT problem FROM lead_scoring.models() WHERE model = 'guards';
SELECT tries('UPDATE guards.scores SET score = 0'), tries('DELETE FROM guards.problems');
-- On a table of somebody's own it refuses as well, and reads nothing of his.
CREATE TABLE plain (a int);
CREATE TRIGGER guard BEFORE INSERT ON plain FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.refuse_write();
INSERT INTO plain VALUES (1);
CREATE TRIGGER row_guard BEFORE DELETE ON plain FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.refuse_write();
DELETE FROM plain;

DROP TABLE plain, tried CASCADE;
SELECT lead_scoring.drop_model('guards');
DROP SCHEMA guards_test CASCADE;
DROP OWNED BY regress_lead_scoring_owner, regress_lead_scoring_clerk;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_clerk;
