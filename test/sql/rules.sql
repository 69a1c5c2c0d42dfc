-- Rules, groups and bands of the draft. Errors are shown in full, but for the context; :fine shows after each of them
-- its SQLSTATE and that the session goes on with the draft as it was.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
CREATE ROLE regress_lead_scoring_owner;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_lead_scoring_owner;
CREATE SCHEMA rules_test AUTHORIZATION regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
SET search_path = rules_test, public;
\set fine 'SELECT :''LAST_ERROR_SQLSTATE'', (SELECT count(*) FROM r.rule_groups) AS groups, (SELECT count(*) FROM r.rules) AS rules, (SELECT count(*) FROM r.bands) AS bands;'

CREATE TYPE event_kind AS ENUM ('page_view', 'download', 'webinar');
CREATE TABLE leads (id bigint PRIMARY KEY, country text, employees integer);
CREATE TABLE events (lead_id bigint, type event_kind, occurred_at timestamptz, properties jsonb);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('r', 'leads', 'events');

-- Every parameter arrives in its column.
SELECT lead_scoring.add_group('r', 'content', min_points => 0, max_points => 40);
SELECT lead_scoring.add_group('r', 'firm', 'fit');
SELECT lead_scoring.add_rule('r', 'visit', 'page_view', 1.5);
SELECT lead_scoring.add_rule('r', 'pricing', 'page_view', 5, $$properties->>'path' like '/pricing%'$$,
    per => $$(properties->>'minutes')::float8$$, rule_group => 'content', decay => 'exponential', half_life => '14 days',
    min_points => -10, max_points => 30, limit_count => 3, limit_window => 'day', limit_key => $$properties->>'path'$$, max_occurrences => 7);
SELECT lead_scoring.add_rule('r', 'fading', 'download', -2, decay => 'linear', lifespan => '90 days');
SELECT lead_scoring.add_rule('r', 'recent', 'download', 2, decay => 'window', lifespan => '36 hours');
SELECT lead_scoring.add_rule('r', 'stepping', 'webinar', 20, decay => 'step', drop => 0.25, step => '30 days');
SELECT lead_scoring.add_fit_rule('r', 'domestic', $$country = 'DE'$$, 10);
SELECT lead_scoring.add_fit_rule('r', 'large', 'employees > 1000', 25.5, rule_group => 'firm');
SELECT lead_scoring.add_band('r', 'fit', 'A', 30), lead_scoring.add_band('r', 'engagement', '1', 50);
TABLE r.rule_groups;
TABLE r.rules;
TABLE r.bands;
-- As a version holds it.
BEGIN;
SELECT lead_scoring.publish('r');
CREATE VIEW published AS SELECT r ->> 'name' AS name, r AS rule FROM r.versions v, jsonb_array_elements(v.definition -> 'rules') r;
SELECT jsonb_pretty(rule) FROM published WHERE name = 'pricing';
SELECT rule FROM published WHERE name = 'large';
SELECT name, rule -> 'half_life', rule -> 'lifespan', rule -> 'step' FROM published WHERE rule ->> 'decay' <> 'none' ORDER BY name;
ROLLBACK;

-- Groups.
SELECT lead_scoring.add_group('r', 'content');
:fine
SELECT lead_scoring.add_group('r', 'x', 'behaviour');
:fine
SELECT lead_scoring.add_group('r', 'x', min_points => 10, max_points => 0);
:fine
SELECT lead_scoring.add_group('r', 'x', max_points => 'NaN');
:fine
SELECT lead_scoring.add_group('r', '');
:fine
SELECT lead_scoring.add_group('r', NULL);
:fine

-- Rules: what a row tells by itself.
SELECT lead_scoring.add_rule('r', 'visit', 'page_view', 1);
:fine
SELECT lead_scoring.add_rule('r', repeat('x', 64), 'page_view', 1);
:fine
SELECT lead_scoring.add_rule('r', 'x', NULL, 1);
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', NULL);
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1000000001);
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, rule_group => 'nowhere');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, decay => 'quadratic');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, decay => 'exponential');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, decay => 'linear', half_life => '1 day', lifespan => '1 day');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, decay => 'exponential', half_life => '1 month');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, decay => 'window');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, decay => 'linear', lifespan => '1 year');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, decay => 'step', step => '1 day');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, decay => 'step', drop => 0.1, step => '0 days');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, decay => 'step', drop => 25, step => '1 day');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, min_points => 5, max_points => 4);
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, max_points => 'Infinity');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, limit_count => 3);
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, limit_key => 'type');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, limit_count => 0, limit_window => 'day');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, limit_count => 1, limit_window => 'fortnight');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, max_occurrences => 0);
:fine
SELECT lead_scoring.add_fit_rule('r', 'x', NULL, 1);
:fine
INSERT INTO r.rules (name, rule_group, condition, points, decay, lifespan) VALUES ('x', 'fit', 'true', 1, 'window', '1 day');
:fine

-- Rules: what takes the tables.
SELECT lead_scoring.add_rule('r', 'x', 'page_veiw', 1);
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, rule_group => 'fit');
:fine
SELECT lead_scoring.add_fit_rule('r', 'x', 'true', 1, rule_group => 'content');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, 'country = ''DE''');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, 'lead_id');
:fine
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1, per => 'occurred_at');
:fine
SELECT lead_scoring.add_fit_rule('r', 'x', 'lead_stage = ''mql''', 1);
:fine
SELECT lead_scoring.add_fit_rule('r', 'x', 'leads IS NOT NULL', 1);
:fine
-- An error says in its context which expression it is about.
DO $$
DECLARE
    context text;
BEGIN
    PERFORM lead_scoring.add_rule('r', 'x', 'page_view', 1, 'nonsense');
EXCEPTION WHEN undefined_column THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RAISE NOTICE '%', substring(context FROM 'condition of rule "[a-z]*"');
END
$$;
-- Which columns an expression reads.
ALTER TABLE leads ADD "odd name" text, ADD zone text;
UPDATE r.settings SET status_columns = '{"stage": "odd name", "grade": "zone"}';
SELECT lead_scoring.add_fit_rule('r', 'x', '"odd name" = ''mql''', 1);
:fine
SELECT lead_scoring.add_fit_rule('r', 'x', 'length(zone) > 1', 1);
:fine
SELECT lead_scoring.add_fit_rule('r', 'reads none', $$country <> 'zone' AND country <> 'a ''zone' AND (country || ' odd name') <> '"odd name"'$$, 1);
DELETE FROM r.rules WHERE name = 'reads none';
UPDATE r.settings SET status_columns = '{"stage": "country"}';
:fine
UPDATE r.settings SET status_columns = '{}';

-- Bands.
SELECT lead_scoring.add_band('r', 'fit', 'A', 10);
:fine
SELECT lead_scoring.add_band('r', 'fit', 'B', 30);
:fine
SELECT lead_scoring.add_band('r', 'score', 'B', 10);
:fine
SELECT lead_scoring.add_band('r', 'fit', '', 10);
:fine
SELECT lead_scoring.add_band('r', 'fit', 'B', '-Infinity');
:fine
SELECT lead_scoring.add_band('r', 'fit', 'B', NULL);
:fine

-- Edits by hand meet the same checks: those of a row at once, the others at the end of the transaction.
INSERT INTO r.rules (name, rule_group, event_type, points, decay, half_life) VALUES ('x', 'engagement', 'page_view', 1, 'exponential', '-1 day');
:fine
INSERT INTO r.rules (name, rule_group, event_type, points, condition) VALUES ('x', 'engagement', 'page_view', 1, 'nonsense');
:fine
BEGIN;
INSERT INTO r.rules (name, rule_group, event_type, points, condition) VALUES ('x', 'engagement', 'page_view', 1, 'nonsense');
UPDATE r.rules SET condition = 'true' WHERE name = 'x';
COMMIT;
:fine
BEGIN;
UPDATE r.rules SET condition = 'nonsense' WHERE name = 'x';
COMMIT;
:fine
UPDATE r.rule_groups SET kind = 'engagement' WHERE name = 'firm';
:fine
DELETE FROM r.rule_groups WHERE name = 'firm';
:fine
UPDATE r.rule_groups SET name = 'company' WHERE name = 'firm';
SELECT name, rule_group FROM r.rules WHERE name = 'large';
DELETE FROM r.rules WHERE name = 'x';
-- A half-restored dump, without settings, is not checked.
CREATE TABLE kept AS TABLE r.settings;
BEGIN;
TRUNCATE r.settings;
INSERT INTO r.rules (name, rule_group, event_type, points, condition) VALUES ('x', 'engagement', 'page_view', 1, 'nonsense');
COMMIT;
:fine
BEGIN;
DELETE FROM r.rules WHERE name = 'x';
INSERT INTO r.settings TABLE kept;
COMMIT;
DROP TABLE kept;
:fine

-- Owners only.
RESET ROLE;
CREATE ROLE regress_lead_scoring_other;
SET ROLE regress_lead_scoring_other;
SELECT lead_scoring.add_group('r', 'x');
SELECT lead_scoring.add_rule('r', 'x', 'page_view', 1);
SELECT lead_scoring.add_fit_rule('r', 'x', 'true', 1);
SELECT lead_scoring.add_band('r', 'fit', 'x', 1);
SET ROLE regress_lead_scoring_owner;
:fine
SELECT lead_scoring.add_rule('nowhere', 'x', 'page_view', 1);
:fine

SELECT lead_scoring.drop_model('r');
RESET ROLE;
\set VERBOSITY terse
DROP SCHEMA rules_test CASCADE;
DROP OWNED BY regress_lead_scoring_owner;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_other;
