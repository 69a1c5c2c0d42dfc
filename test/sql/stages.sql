-- Stages of the draft. Errors are shown in full, but for the context; :fine shows after each of them its SQLSTATE and
-- that the session goes on with the draft as it was.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\set fine 'SELECT :''LAST_ERROR_SQLSTATE'', (SELECT count(*) FROM s.stages) AS stages;'
CREATE ROLE regress_lead_scoring_owner;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_lead_scoring_owner;
CREATE SCHEMA stages_test AUTHORIZATION regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
SET search_path = stages_test, public;
CREATE TYPE event_kind AS ENUM ('webinar', 'demo_request', 'deal_won');
CREATE TABLE leads (id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type event_kind, occurred_at timestamptz, properties jsonb);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('s', 'leads', 'events');
SELECT lead_scoring.add_rule('s', 'webinar', 'webinar', 10);
SELECT lead_scoring.add_band('s', 'fit', 'A', 30), lead_scoring.add_band('s', 'fit', 'B', 10);

-- Every parameter arrives in its column; the rank is 10 above the highest.
SELECT lead_scoring.add_stage('s', 'recycled', kind => 'detour', cooldown => '90 days', rank => -10);
SELECT lead_scoring.add_stage('s', 'mql', min_score => 50, min_engagement => 20, min_fit => 10, grades => '{A,B}',
    requires => '{"webinar": 2}', on_event => 'demo_request', on_event_condition => $$properties->>'country' = 'DE'$$,
    falls_below => 40, within => '24 hours', timeout_stage => 'recycled', cooldown => '7 days');
-- As people type it: the third is the threshold, the fourth what enters at once, and no number is taken for a rank.
BEGIN;
SELECT lead_scoring.add_stage('s', 'sql', '50', 'deal_won');
SELECT name, rank, min_score, on_event FROM s.stages WHERE name = 'sql';
ROLLBACK;
SELECT lead_scoring.add_stage('s', 'sql', 50, 20);
SELECT lead_scoring.add_stage('s', 'customer', on_event => 'deal_won');
SELECT lead_scoring.add_stage('s', 'disqualified', kind => 'detour');
SELECT lead_scoring.add_stage('s', 'lost', kind => 'detour', exit => 'hand');
SELECT * FROM s.stages ORDER BY rank;
-- As a version holds them: by rank, the exit of detours resolved.
BEGIN;
SELECT lead_scoring.publish('s');
SELECT jsonb_pretty(definition -> 'stages' -> 2) FROM s.versions;
SELECT d ->> 'name', d ->> 'exit' FROM s.versions v, jsonb_array_elements(v.definition -> 'stages') d;
ROLLBACK;

-- What a row tells by itself.
SELECT lead_scoring.add_stage('s', 'mql');
:fine
SELECT lead_scoring.add_stage('s', repeat('x', 61));
:fine
SELECT lead_scoring.add_stage('s', 'due');
:fine
SELECT lead_scoring.add_stage('s', NULL);
:fine
SELECT lead_scoring.add_stage('s', 'x', kind => 'sideways');
:fine
SELECT lead_scoring.add_stage('s', 'x', min_fit => 'NaN');
:fine
SELECT lead_scoring.add_stage('s', 'x', grades => '{}');
:fine
SELECT lead_scoring.add_stage('s', 'x', grades => '{A,NULL}');
:fine
SELECT lead_scoring.add_stage('s', 'x', requires => '["webinar"]');
:fine
SELECT lead_scoring.add_stage('s', 'x', requires => '{"webinar": 0}');
:fine
SELECT lead_scoring.add_stage('s', 'x', requires => '{"webinar": [1]}');
:fine
SELECT lead_scoring.add_stage('s', 'x', requires => '{"webinar": 1.5}');
:fine
SELECT lead_scoring.add_stage('s', 'x', kind => 'detour', min_score => 1);
:fine
SELECT lead_scoring.add_stage('s', 'x', on_event_condition => 'true');
:fine
SELECT lead_scoring.add_stage('s', 'x', min_score => 10, falls_below => 11);
:fine
SELECT lead_scoring.add_stage('s', 'x', within => '1 day');
:fine
SELECT lead_scoring.add_stage('s', 'x', within => '1 day', timeout_stage => 'x');
:fine
SELECT lead_scoring.add_stage('s', 'x', within => '1 month', timeout_stage => 'recycled');
:fine
SELECT lead_scoring.add_stage('s', 'x', cooldown => '-1 day');
:fine
SELECT lead_scoring.add_stage('s', 'x', exit => 'hand');
:fine
SELECT lead_scoring.add_stage('s', 'x', kind => 'detour', exit => 'left');
:fine

-- What takes other rows or the tables.
SELECT lead_scoring.add_stage('s', 'x', rank => 10);
:fine
SELECT lead_scoring.add_stage('s', 'x', within => '1 day', timeout_stage => 'nurture');
:fine
SELECT lead_scoring.add_stage('s', 'x', requires => '{"demo": 1}');
:fine
SELECT lead_scoring.add_stage('s', 'x', grades => '{A1}');
:fine
SELECT lead_scoring.add_stage('s', 'x', on_event => 'demo');
:fine
SELECT lead_scoring.add_stage('s', 'x', on_event => 'deal_won', on_event_condition => 'properties');
:fine

-- Edits by hand: what they leave behind is checked at the end of the transaction.
DELETE FROM s.rules WHERE name = 'webinar';
:fine
UPDATE s.rules SET name = 'seminar' WHERE name = 'webinar';
:fine
DELETE FROM s.bands WHERE label = 'B';
:fine
INSERT INTO s.bands VALUES ('engagement', '1', 0);
:fine
DELETE FROM s.stages WHERE name = 'recycled';
:fine
DELETE FROM s.stages WHERE kind = 'progress';
:fine
UPDATE s.stages SET falls_below = 60 WHERE name = 'mql';
:fine
INSERT INTO s.stages (name, rank, min_score) VALUES ('x', 50, 'Infinity');
:fine
BEGIN;
UPDATE s.stages SET rank = 10 WHERE name = 'customer';
UPDATE s.stages SET rank = 20 WHERE name = 'mql';
UPDATE s.rules SET name = 'seminar' WHERE name = 'webinar';
UPDATE s.stages SET requires = '{"seminar": 2}' WHERE name = 'mql';
INSERT INTO s.bands VALUES ('engagement', '1', 0);
UPDATE s.stages SET grades = '{A1,B1}' WHERE name = 'mql';
COMMIT;
SELECT name, rank, grades, requires FROM s.stages WHERE kind = 'progress' ORDER BY rank;

-- Owners only.
RESET ROLE;
CREATE ROLE regress_lead_scoring_other;
SET ROLE regress_lead_scoring_other;
SELECT lead_scoring.add_stage('s', 'x');
SET ROLE regress_lead_scoring_owner;
:fine

-- However many rows a transaction changes, each expression is checked once at its end, and once by the function that added it.
RESET ROLE;
SET track_functions = 'all';
\set look 'DO $$ BEGIN PERFORM pg_stat_force_next_flush(); END $$; SELECT coalesce(sum(calls), 0) AS checked FROM pg_stat_user_functions WHERE funcname = ''compile_expression'' \\gset'
:look
SELECT :checked AS before \gset
INSERT INTO s.stages (name, rank, on_event, on_event_condition) SELECT 'stage' || i, 100 + i, 'demo_request', 'true' FROM generate_series(1, 20) i;
:look
SELECT :checked - :before AS by_one_statement, :checked AS before \gset
\echo :by_one_statement
BEGIN;
DO $$ BEGIN FOR i IN 1..20 LOOP UPDATE s.stages SET rank = rank + 100 WHERE name = 'stage' || i; END LOOP; END $$;
COMMIT;
:look
SELECT :checked - :before AS by_twenty, :checked AS before \gset
\echo :by_twenty
SELECT count(lead_scoring.add_stage('s', 'more' || i, on_event => 'demo_request', on_event_condition => 'true')) FROM generate_series(1, 20) i;
:look
SELECT :checked - :before AS by_functions, :checked AS before \gset
\echo :by_functions
INSERT INTO s.rules (name, rule_group, event_type, condition, points) SELECT 'rule' || i, 'engagement', 'webinar', 'true', 1 FROM generate_series(1, 20) i;
UPDATE s.rules SET points = 2 WHERE name LIKE 'rule%';
:look
SELECT :checked - :before AS by_rules \gset
\echo :by_rules
RESET track_functions;
SET ROLE regress_lead_scoring_owner;
SELECT lead_scoring.publish('s');
SELECT * FROM lead_scoring.verify('s');

SELECT lead_scoring.drop_model('s');
RESET ROLE;
\set VERBOSITY terse
DROP SCHEMA stages_test CASCADE;
DROP OWNED BY regress_lead_scoring_owner;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_other;
