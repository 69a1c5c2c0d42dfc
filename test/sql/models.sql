-- models() says before the next event comes whether it would be refused, and what the draft says that is not published.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE TABLE leads (lead_id bigint PRIMARY KEY, name text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, channel text);
CREATE INDEX ON events (lead_id, occurred_at);
\set say 'SELECT problem, draft_differs FROM lead_scoring.models() WHERE model = ''known'';'
SELECT lead_scoring.create_model('known', 'leads', 'events'), lead_scoring.add_rule('known', 'visit', 'visit', 5, condition => $$channel = 'web'$$),
       lead_scoring.add_fit_rule('known', 'ann', $$name = 'Ann'$$, 5), lead_scoring.add_stage('known', 'mql', min_score => 20), lead_scoring.add_stage('known', 'lost', kind => 'detour') \g /dev/null
:say
SELECT lead_scoring.publish('known');
:say

-- No event has matched: neither of another type, nor one that the condition refuses.
INSERT INTO leads VALUES (1);
INSERT INTO events VALUES (1, 'vist', '2024-01-01', 'web'), (1, 'visit', '2024-01-01', 'mail');
:say
BEGIN;
INSERT INTO events VALUES (1, 'visit', now() + interval '5 hours', 'web');
:say
ROLLBACK;
INSERT INTO events VALUES (1, 'visit', '2024-01-02', 'web');
:say

-- What is broken, each time with the error that the next event is answered with, and undone.
CREATE TABLE changes (place serial, statement text);
INSERT INTO changes (statement) VALUES
    ('ALTER TABLE leads DROP COLUMN lead_stage'), ('ALTER TABLE leads RENAME mql_at TO qualified_at'), ('ALTER TABLE leads ALTER lead_stage TYPE varchar(5)'),
    ('ALTER TABLE leads ALTER lead_stage DROP DEFAULT, ALTER lead_stage TYPE integer USING 1'), ('ALTER TABLE leads DROP COLUMN name'), ('ALTER TABLE leads RENAME lead_id TO id'),
    ('ALTER TABLE events DROP COLUMN channel'), ('ALTER TABLE events ALTER channel TYPE integer USING 1'), ('ALTER TABLE events RENAME type TO kind'),
    ('ALTER TABLE events ALTER type TYPE integer USING 1'), ('ALTER TABLE events ALTER occurred_at TYPE text'), ('ALTER TABLE events ALTER lead_id TYPE text'),
    ('ALTER TABLE leads ALTER lead_id TYPE integer; ALTER TABLE events ALTER lead_id TYPE integer'), ('ALTER TABLE events RENAME TO happenings'), ('ALTER SCHEMA public RENAME TO elsewhere'),
    ('ALTER TABLE leads ALTER lead_stage SET NOT NULL'), ('DELETE FROM leads; ALTER TABLE leads ALTER mql_at SET NOT NULL'),
    ('ALTER TABLE leads DROP CONSTRAINT leads_pkey'), ('UPDATE known.settings SET paused = true; ALTER TABLE events DROP COLUMN channel'),
    ('UPDATE known.settings SET paused = true; ALTER TABLE events DROP COLUMN occurred_at');
CREATE FUNCTION public.attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$$;
CREATE FUNCTION tried(statement text, OUT refused text, OUT problem text) LANGUAGE plpgsql AS $$
DECLARE
    tables text;
BEGIN
    EXECUTE statement;
    tables := coalesce((SELECT min(n.nspname) FROM pg_namespace n WHERE n.nspname = 'elsewhere'), 'public');
    EXECUTE format('SELECT %I.attempt(%L)', tables, format('INSERT INTO %I.%I SELECT * FROM %1$I.%2$I WHERE lead_id = ''1'' LIMIT 1', tables, coalesce((SELECT 'happenings' FROM pg_class c WHERE c.relname = 'happenings'), 'events'))) INTO refused;
    problem := (SELECT m.problem FROM lead_scoring.models() m WHERE m.model = 'known');
    RAISE EXCEPTION USING ERRCODE = 'ZZ999';
EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
    NULL;
END
$$;
SELECT c.statement || E'\n  event: ' || coalesce(t.refused, 'stored') || E'\n  models: ' || coalesce(t.problem, 'nothing')
  FROM changes c CROSS JOIN LATERAL tried(c.statement) t ORDER BY c.place;
:say

-- What it says is typed, and then it says nothing.
ALTER TABLE leads DROP COLUMN lead_stage;
:say
SELECT split_part(problem, ': ', 3) FROM lead_scoring.models() WHERE model = 'known' \gexec
INSERT INTO events VALUES (1, 'visit', '2024-01-03', 'web');
:say

-- The draft and what is published: each way to change it, and back.
CREATE FUNCTION draft_differs() RETURNS boolean LANGUAGE sql AS $$ SELECT m.draft_differs FROM lead_scoring.models() m WHERE m.model = 'known' $$;
CREATE FUNCTION changed(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    differs boolean;
    publishes bigint;
BEGIN
    EXECUTE statement;
    differs := draft_differs();
    publishes := lead_scoring.publish('known');
    IF differs <> (publishes > 1) OR draft_differs() THEN
        RAISE EXCEPTION 'publish made version %', publishes;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'ZZ999';
EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
    RETURN differs;
END
$$;
SELECT changed(c), c FROM unnest(ARRAY['SELECT 1', 'UPDATE known.rules SET points = 5', 'UPDATE known.rules SET points = 6 WHERE name = ''visit''', 'UPDATE known.rules SET condition = ''true'' WHERE name = ''visit''',
    'UPDATE known.rules SET name = ''seen'' WHERE name = ''visit''', 'DELETE FROM known.rules WHERE name = ''ann''', 'SELECT lead_scoring.add_rule(''known'', ''call'', ''call'', 1)',
    'SELECT lead_scoring.add_rule(''known'', ''call'', ''call'', 1, decay => ''exponential'', half_life => ''1 day'')', 'SELECT lead_scoring.add_group(''known'', ''pages'')', 'UPDATE known.rule_groups SET max_points = 5',
    'SELECT lead_scoring.add_band(''known'', ''fit'', ''A'', 1)', 'SELECT lead_scoring.add_stage(''known'', ''sql'')', 'UPDATE known.stages SET exit = ''score'' WHERE name = ''lost''', 'UPDATE known.stages SET exit = ''hand'' WHERE name = ''lost''',
    'UPDATE known.stages SET min_score = 20.0 WHERE name = ''mql''', 'UPDATE known.settings SET min_score = 0', 'UPDATE known.settings SET future_tolerance = ''300 seconds''', 'UPDATE known.settings SET time_zone = ''Asia/Tokyo''',
    'UPDATE known.settings SET trigger_path = ''public''']) c;
:say

-- Whoever may only look is told the same.
CREATE ROLE regress_lead_scoring_looks;
GRANT USAGE ON SCHEMA known TO regress_lead_scoring_looks;
GRANT SELECT ON known.settings, known.versions TO regress_lead_scoring_looks;
ALTER TABLE events DROP COLUMN channel;
SET ROLE regress_lead_scoring_looks;
:say
RESET ROLE;
UPDATE known.rules SET condition = NULL WHERE name = 'visit';
SELECT lead_scoring.publish('known');
:say
SELECT * FROM lead_scoring.verify('known');

SELECT lead_scoring.drop_model('known');
DROP TABLE leads, events, changes;
DROP FUNCTION attempt, tried, changed, draft_differs;
DROP ROLE regress_lead_scoring_looks;
