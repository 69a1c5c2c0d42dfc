-- Who may read what: USAGE on the schema and SELECT on scores, and row security on scores for single leads, whichever way
-- they are asked for; what tells of all leads is refused to whom it limits. Teams are kept apart so.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_owner;
CREATE ROLE regress_lead_scoring_north;
CREATE ROLE regress_lead_scoring_south;
CREATE ROLE regress_lead_scoring_boss BYPASSRLS;
CREATE ROLE regress_lead_scoring_stranger;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_lead_scoring_owner;
CREATE SCHEMA row_security_test AUTHORIZATION regress_lead_scoring_owner;
GRANT USAGE ON SCHEMA row_security_test TO PUBLIC;
SET search_path = row_security_test, public;
SET ROLE regress_lead_scoring_owner;
CREATE TABLE leads (id integer PRIMARY KEY, team name);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('guarded', 'leads', 'events');
SELECT lead_scoring.add_rule('guarded', 'visit', 'visit', 10), lead_scoring.add_stage('guarded', 'mql', min_score => 20);
SELECT lead_scoring.publish('guarded');
INSERT INTO leads SELECT i, CASE WHEN i <= 3 THEN 'regress_lead_scoring_north' ELSE 'regress_lead_scoring_south' END FROM generate_series(1, 6) i;
INSERT INTO events SELECT i, 'visit', '2024-01-01' FROM generate_series(1, 7) i, generate_series(1, i % 4);
\set as_north 'SET ROLE regress_lead_scoring_north;'
\set as_owner 'SET ROLE regress_lead_scoring_owner;'
\set one 'SELECT lead_id, score FROM guarded.leads ORDER BY 1; SELECT i, lead_scoring.score_at(''guarded'', i, ''2025-01-01''), (SELECT sum(capped) FROM lead_scoring.explain(''guarded'', i, ''2025-01-01'')) FROM generate_series(1, 8) i;'
\set all 'SELECT count(*) FROM lead_scoring_internal.rule_matches(''guarded''); SELECT count(*) FROM lead_scoring.verify(''guarded''); SELECT count(*) >= 0 FROM guarded.funnel;'

-- Nothing without USAGE on the schema, whatever was granted in it; the hint is what is missing.
GRANT SELECT ON ALL TABLES IN SCHEMA guarded TO regress_lead_scoring_north, regress_lead_scoring_south, regress_lead_scoring_boss;
SELECT card::text AS card FROM guarded.scores WHERE lead_id = 3 \gset
SELECT 'guarded.scores'::regclass::oid AS scores \gset
:as_north
SELECT count(*) FROM lead_scoring.explain('guarded', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.score_at('guarded', 1, now());
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring_internal.rule_matches('guarded');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('guarded');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.funnel('guarded');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.score_now(:scores, 1, :'card');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.versions('guarded');
\echo :LAST_ERROR_SQLSTATE
:as_owner
GRANT USAGE ON SCHEMA guarded TO regress_lead_scoring_north, regress_lead_scoring_south, regress_lead_scoring_boss, regress_lead_scoring_stranger;
-- Nor without SELECT.
SET ROLE regress_lead_scoring_stranger;
SELECT count(*) FROM lead_scoring.explain('guarded', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.score_now(:scores, 1, :'card');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.funnel('guarded');
\echo :LAST_ERROR_SQLSTATE
-- Without row security whoever may read reads all.
:as_north
:one
:all

-- With it, what its policies show, by the view, by explain and by score_at; other leads are as unknown as those that nobody knows.
:as_owner
CREATE FUNCTION is_mine(lead integer) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM set_config('policy.ran_as', current_user, false);
    RETURN EXISTS (SELECT FROM row_security_test.leads l WHERE l.id = lead AND l.team = current_user);
END $$;
GRANT SELECT (id, team) ON leads TO regress_lead_scoring_north, regress_lead_scoring_south;
ALTER TABLE guarded.scores ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_leads ON guarded.scores USING (is_mine(lead_id));
:as_north
:one
SELECT current_setting('policy.ran_as');
SELECT lead_scoring.score_at('guarded', '2', '2025-01-01'), lead_scoring.score_at('guarded', '5', '2025-01-01'), lead_scoring.score_at('guarded', 'x', '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_lead_scoring_south;
:one
-- What tells of all leads is refused: each report, in whatever way it is asked for.
:as_north
SELECT count(*) FROM lead_scoring_internal.rule_matches('guarded');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('guarded');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM guarded.funnel;
\echo :LAST_ERROR_SQLSTATE
DO $$
DECLARE
    view regclass;
    refused integer := 0;
    views integer := 0;
BEGIN
    FOR view IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'guarded'::regnamespace AND c.relkind = 'v' AND c.relname <> ALL (lead_scoring_internal.lead_views()) LOOP
        views := views + 1;
        BEGIN
            EXECUTE format('SELECT count(*) FROM %s', view);
        EXCEPTION WHEN insufficient_privilege THEN
            refused := refused + 1;
        END;
    END LOOP;
    PERFORM set_config('test.refused', format('%s of %s', refused, views), false);
END $$;
SELECT current_setting('test.refused');
-- A plan that was made for one role is not another's, nor is what a statement keeps from row to row.
PREPARE by_key AS SELECT lead_scoring.score_at('guarded', $1, '2025-01-01');
PREPARE by_view AS SELECT array_agg(lead_id ORDER BY lead_id) FROM guarded.leads;
SET plan_cache_mode = force_generic_plan;
EXECUTE by_key(2); EXECUTE by_key(5); EXECUTE by_view;
SET ROLE regress_lead_scoring_south;
EXECUTE by_key(2); EXECUTE by_key(5); EXECUTE by_view;
RESET ROLE;
EXECUTE by_key(2); EXECUTE by_key(5); EXECUTE by_view;
RESET plan_cache_mode;
-- By every snapshot; policies see what the statement sees.
:as_north
BEGIN ISOLATION LEVEL SERIALIZABLE;
:one
COMMIT;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
:one
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
-- As for a table: whoever asks to be told when rows are hidden is told.
SET row_security = off;
SELECT lead_scoring.score_at('guarded', 2, '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
RESET row_security;
-- Whom it does not limit: roles that bypass it, a superuser, for whom no policy runs, and the owner.
SET ROLE regress_lead_scoring_boss;
:one
:all
RESET ROLE;
SET policy.ran_as = 'nobody';
:one
:all
SELECT current_setting('policy.ran_as');
:as_owner
:one
:all
-- The owner too, where he wants it; scoring goes on.
ALTER TABLE guarded.scores FORCE ROW LEVEL SECURITY;
SELECT lead_scoring.score_at('guarded', 2, '2025-01-01');
SELECT count(*) FROM guarded.funnel;
\echo :LAST_ERROR_SQLSTATE
INSERT INTO events VALUES (2, 'visit', '2024-02-01'), (5, 'visit', '2024-02-01'), (6, 'visit', '2024-02-01');
INSERT INTO leads VALUES (8, 'regress_lead_scoring_north');
UPDATE guarded.rules SET points = 11;
SELECT lead_scoring.publish('guarded'), lead_scoring.repair('guarded');
SELECT model, problem FROM lead_scoring.models() WHERE model = 'guarded';
ALTER TABLE guarded.scores NO FORCE ROW LEVEL SECURITY;
SELECT * FROM lead_scoring.verify('guarded');
SELECT lead_id, score, stage FROM guarded.scores ORDER BY 1;
SELECT id, lead_stage FROM leads ORDER BY 1;

-- Hands reach the leads that they see.
GRANT INSERT ON guarded.adjustments, guarded.transitions TO regress_lead_scoring_north;
SELECT lead_scoring.adjust('guarded', 5, 1, 'south') AS south \gset
:as_north
SELECT lead_scoring.adjust('guarded', 2, 5, 'north') AS north \gset
SELECT lead_scoring.adjust('guarded', 5, 5, 'not mine');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_stage('guarded', 5, 'mql', 'not mine');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_stage('guarded', 1, 'mql', 'mine');
SELECT set_config('test.south', :'south', false) IS NOT NULL;
DO $$
BEGIN
    PERFORM lead_scoring.cancel_adjustment('guarded', current_setting('test.south')::uuid, 'not mine');
EXCEPTION WHEN no_data_found THEN
    RAISE WARNING 'no such adjustment';
END $$;
SELECT lead_scoring.cancel_adjustment('guarded', :'north', 'mine');
:as_owner
SELECT lead_id, points, reason, cancelled_at IS NOT NULL FROM guarded.adjustments ORDER BY 1;

-- Row security on another table of the model: what reads it is refused.
ALTER TABLE guarded.scores DISABLE ROW LEVEL SECURITY;
ALTER TABLE guarded.transitions ENABLE ROW LEVEL SECURITY;
ALTER TABLE guarded.versions ENABLE ROW LEVEL SECURITY;
:as_north
SELECT * FROM lead_scoring.verify('guarded');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.versions('guarded');
\echo :LAST_ERROR_SQLSTATE
SELECT problem FROM lead_scoring.models() WHERE model = 'guarded';
SELECT count(*) FROM guarded.leads;
:as_owner
ALTER TABLE guarded.transitions DISABLE ROW LEVEL SECURITY;
ALTER TABLE guarded.versions DISABLE ROW LEVEL SECURITY;
ALTER TABLE guarded.scores ENABLE ROW LEVEL SECURITY;

-- A view over the model's limits its reader as that does, whosever it is. A function of the owner's shows what he lets it, of
-- reports too.
GRANT CREATE ON SCHEMA row_security_test TO regress_lead_scoring_north;
:as_north
CREATE VIEW row_security_test.mine WITH (security_invoker = true) AS SELECT lead_id FROM guarded.leads;
SELECT array_agg(lead_id ORDER BY lead_id) FROM mine;
:as_owner
CREATE VIEW everybodys AS SELECT l.lead_id, l.score FROM guarded.leads l;
CREATE FUNCTION months() RETURNS TABLE (month date, leads bigint) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'SELECT f.period, f.leads FROM guarded.funnel f WHERE f.period = ''2024-01-01''';
GRANT SELECT ON everybodys TO regress_lead_scoring_north, regress_lead_scoring_stranger;
:as_north
SELECT count(*) FROM everybodys;
SELECT * FROM months();
SET ROLE regress_lead_scoring_stranger;
SELECT count(*) FROM everybodys;
\echo :LAST_ERROR_SQLSTATE
-- The view of moves goes by row security on transitions, and takes SELECT there.
:as_owner
ALTER TABLE guarded.transitions ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_moves ON guarded.transitions USING (is_mine(lead_id));
:as_north
SELECT array_agg(DISTINCT lead_id ORDER BY lead_id) FROM guarded.moves;
:as_owner
GRANT SELECT ON guarded.moves TO regress_lead_scoring_stranger;
SELECT array_agg(DISTINCT lead_id ORDER BY lead_id) FROM guarded.moves;
SET ROLE regress_lead_scoring_stranger;
SELECT count(*) FROM guarded.moves;
\echo :LAST_ERROR_SQLSTATE
:as_owner
ALTER TABLE guarded.transitions DISABLE ROW LEVEL SECURITY;
-- Columns are enough for the view; explain tells more than these.
:as_owner
GRANT SELECT (lead_id, version, card, stage, counted, lead_at, mql_at, tableoid) ON guarded.scores TO regress_lead_scoring_stranger;
GRANT SELECT ON guarded.leads TO regress_lead_scoring_stranger;
CREATE POLICY a_few ON guarded.scores TO regress_lead_scoring_stranger USING (lead_id < 3);
ALTER POLICY own_leads ON guarded.scores TO regress_lead_scoring_north, regress_lead_scoring_south;
SET ROLE regress_lead_scoring_stranger;
SELECT lead_id, score FROM guarded.leads ORDER BY 1;
SELECT count(*) FROM lead_scoring.explain('guarded', 1);
\echo :LAST_ERROR_SQLSTATE

RESET ROLE;
SELECT * FROM lead_scoring.verify('guarded');
DROP VIEW mine, everybodys;
SELECT lead_scoring.drop_model('guarded');
DROP SCHEMA row_security_test CASCADE;
DROP OWNED BY regress_lead_scoring_owner, regress_lead_scoring_north, regress_lead_scoring_south, regress_lead_scoring_boss, regress_lead_scoring_stranger;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_north, regress_lead_scoring_south, regress_lead_scoring_boss, regress_lead_scoring_stranger;
