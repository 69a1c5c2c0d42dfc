-- What a user can make of a model's tables, and of those it is bound to: every call says what is wrong and what to type, models()
-- does, and drop_model drops the model whatever it has become.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA tables_test;
SET search_path = tables_test, public;
CREATE FUNCTION make() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE TABLE leads (id bigint PRIMARY KEY, employees integer, lead_stage text DEFAULT 'lead', mql_at timestamptz);
    CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz DEFAULT '2024-01-01');
    CREATE INDEX ON events (lead_id);
    PERFORM lead_scoring.create_model('tables', 'leads', 'events');
    PERFORM lead_scoring.add_rule('tables', 'visit', 'visit', 10, decay => 'exponential', half_life => '3650 days');
    PERFORM lead_scoring.add_fit_rule('tables', 'size', 'employees >= 50', 7);
    PERFORM lead_scoring.add_stage('tables', 'mql', min_score => 20);
    PERFORM lead_scoring.add_stage('tables', 'customer');
    PERFORM lead_scoring.publish('tables');
    INSERT INTO leads SELECT i, i * 20 FROM generate_series(1, 4) i;
    INSERT INTO events SELECT i, 'visit', now() FROM generate_series(1, 4) i, generate_series(1, i) j;
    PERFORM lead_scoring.set_stage('tables', 2, 'customer', 'bought');
    PERFORM lead_scoring.adjust('tables', 1, 3, 'met');
    PERFORM lead_scoring.merge_leads('tables', 4, 3);
END $$;
-- Comes to the same whenever it is called: what is left of the model, and what calls say.
CREATE FUNCTION say(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN format('%s %s%s HINT %s', SQLSTATE, message, CASE WHEN detail = '' THEN ' without a detail' END, hint);
END $$;
CREATE VIEW calls AS SELECT * FROM (VALUES (1, 'SELECT count(*) FROM lead_scoring.verify(''tables'')'), (2, 'SELECT count(*) FROM lead_scoring.explain(''tables'', 1)'),
    (3, 'SELECT lead_scoring.publish(''tables'')'), (4, 'SELECT lead_scoring.score_at(''tables'', 1, now())'), (5, 'SELECT lead_scoring.pause(''tables'')'),
    (6, 'SELECT lead_scoring.set_stage(''tables'', 1, ''customer'')'), (7, 'SELECT lead_scoring.adjust(''tables'', 1, 1)'),
    (8, 'SELECT count(*) FROM lead_scoring.versions(''tables'')'), (9, 'SELECT lead_scoring.merge_leads(''tables'', 1, 2)'),
    (10, 'SELECT lead_scoring.forget_lead(''tables'', 1)'), (11, 'SELECT lead_scoring.add_group(''tables'', ''more'')')) c (place, statement);
-- Then everything is dropped and as it was before.
CREATE FUNCTION try(alteration text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    said text[];
BEGIN
    BEGIN
        PERFORM make();
        EXECUTE alteration;
        said := ARRAY[alteration, '  models: ' || coalesce((SELECT m.problem FROM lead_scoring.models() m WHERE m.model = 'tables'), 'nothing')];
        said := said || ARRAY(SELECT format('  %s call%s: %s', count(*), CASE WHEN count(*) > 1 THEN 's' END, c.said)
                                FROM (SELECT c.place, say(c.statement) AS said FROM calls c ORDER BY c.place) c GROUP BY c.said ORDER BY min(c.place));
        said := said || ('  drop_model: ' || say('SELECT lead_scoring.drop_model(''tables'')'));
        said := said || ARRAY(SELECT '  left: ' || t FROM (SELECT count(*) || ' triggers' AS t FROM pg_trigger WHERE tgname LIKE 'lead\_scoring\_%\_tables' HAVING count(*) > 0
                                                   UNION ALL SELECT 'schema' FROM pg_namespace WHERE nspname = 'tables') l);
        RAISE EXCEPTION USING ERRCODE = 'ZZ999';
    EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
        RETURN QUERY SELECT unnest(said);
    END;
END $$;

-- ---------------------------------------------------------------- a model in any state
SELECT try('SELECT');
SELECT try('TRUNCATE tables.settings');
SELECT try('DROP TABLE tables.settings');
SELECT try('ALTER TABLE tables.settings RENAME TO elsewhere');
SELECT try('ALTER TABLE tables.settings DROP COLUMN status_columns CASCADE');
SELECT try('DROP TRIGGER settings_valid ON tables.settings; ALTER TABLE tables.settings ALTER status_columns TYPE text');
SELECT try('ALTER TABLE tables.settings RENAME leads TO people');
SELECT try('ALTER TABLE tables.settings RENAME TO moved; CREATE VIEW tables.settings AS SELECT * FROM tables.moved');
SELECT try('ALTER TABLE tables.settings RENAME TO moved; CREATE MATERIALIZED VIEW tables.settings AS SELECT * FROM tables.moved');
SELECT try('ALTER TABLE tables.scores RENAME TO moved; CREATE VIEW tables.scores AS SELECT * FROM tables.moved');
SELECT try('DROP TABLE tables.versions');
SELECT try('ALTER TABLE tables.versions DISABLE TRIGGER USER; DELETE FROM tables.versions');
SELECT try('DROP TABLE tables.scores CASCADE');
SELECT try('DROP TABLE tables.transitions, tables.merged, tables.stages CASCADE');
SELECT try('DROP TABLE tables.scores, tables.settings, tables.versions CASCADE');
SELECT try('DROP TABLE tables.scores, tables.settings, tables.transitions, tables.versions CASCADE');
SELECT try('ALTER TABLE tables.scores DROP CONSTRAINT scores_pkey; ALTER TABLE tables.transitions DROP CONSTRAINT transitions_pkey; ALTER TABLE tables.settings DROP CONSTRAINT settings_pkey');
SELECT try('ALTER TABLE tables.rules DROP CONSTRAINT rules_rule_group; ALTER TABLE tables.settings DISABLE TRIGGER settings_changed; DROP TRIGGER rules_valid ON tables.rules');
SELECT try('DROP TABLE leads, events');
SELECT try('DROP SCHEMA tables CASCADE');
-- A name that no model has.
SELECT say(format('SELECT lead_scoring.%s(%L%s)', f.name, repeat('ä', 32), f.arguments))
  FROM (VALUES ('drop_model', ''), ('publish', ''), ('verify', ''), ('explain', ', 1'), ('adjust', ', 1, 1'), ('repair', ''),
               ('create_model', ', ''pg_class'', ''pg_class''')) f (name, arguments);
-- A schema of somebody's that happens to have tables of such names is none.
CREATE SCHEMA game;
CREATE TABLE game.settings (a int); CREATE TABLE game.scores (a int); CREATE TABLE game.versions (a int);
SELECT say('SELECT lead_scoring.drop_model(''game'')');
SELECT count(*) FROM lead_scoring.models() WHERE model IN ('game', 'lead_scoring_internal');
DROP SCHEMA game CASCADE;

-- ---------------------------------------------------------------- the way back
SELECT make();
CREATE TABLE before AS SELECT lead_id, seq, to_stage, at, cause, actor, reason, merged_from FROM tables.transitions;
CREATE TABLE statuses AS SELECT id, lead_stage, mql_at FROM leads;
\set unchanged 'SELECT problem FROM lead_scoring.models() WHERE model = ''tables''; SELECT * FROM lead_scoring.verify(''tables''); SELECT count(*) FROM (TABLE before EXCEPT SELECT lead_id, seq, to_stage, at, cause, actor, reason, merged_from FROM tables.transitions) lost; SELECT count(*) FROM (TABLE statuses EXCEPT SELECT id, lead_stage, mql_at FROM leads) changed; SELECT count(*), sum(points) FROM tables.adjustments; SELECT count(*) FROM pg_trigger WHERE tgname LIKE ''lead\\_scoring\\_%\\_tables'' OR tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = ''tables''::regnamespace) AND NOT tgisinternal; SELECT count(*) FROM pg_constraint WHERE connamespace = ''tables''::regnamespace AND contype IN (''c'', ''u'', ''f'', ''p'');'
:unchanged
-- The settings have lost their row.
ALTER TABLE tables.settings DISABLE TRIGGER settings_keep_row;
DELETE FROM tables.settings;
INSERT INTO events VALUES (1, 'visit', now());
SELECT lead_scoring.create_model('tables', leads => 'tables_test.leads', events => 'tables_test.events');
:unchanged
-- The table itself is gone, and others with it, and no key is left.
DROP TABLE tables.settings, tables.problems, tables.forgotten, tables.report_settings;
SELECT lead_scoring.create_model('tables', leads => 'tables_test.leads', events => 'tables_test.events');
:unchanged
ALTER TABLE tables.settings RENAME TO moved; CREATE VIEW tables.settings AS SELECT * FROM tables.moved;
SELECT lead_scoring.publish('tables');
ALTER VIEW tables.settings RENAME TO another_name; SELECT lead_scoring.repair('tables');
SELECT lead_scoring.create_model('tables', leads => 'tables_test.leads', events => 'tables_test.events');
DROP TABLE tables.moved CASCADE;
:unchanged
-- The scores are gone: they are made of events and history.
DROP TABLE tables.scores CASCADE;
SELECT lead_scoring.repair('tables');
:unchanged
ALTER TABLE tables.transitions DROP CONSTRAINT transitions_pkey;
ALTER TABLE tables.scores DROP CONSTRAINT scores_pkey;
ALTER TABLE tables.rules DROP CONSTRAINT rules_rule_group, DROP CONSTRAINT rules_half_life_span;
SELECT lead_scoring.repair('tables');
:unchanged
-- Rows that break what is to be put back.
ALTER TABLE tables.rules DROP CONSTRAINT rules_decay;
UPDATE tables.rules SET decay = 'none', half_life = NULL WHERE name = 'visit';
ALTER TABLE tables.rules DROP CONSTRAINT rules_half_life;
UPDATE tables.rules SET decay = 'slow' WHERE name = 'visit';
SELECT lead_scoring.publish('tables');
SELECT lead_scoring.repair('tables');
ALTER TABLE tables.rules DISABLE TRIGGER USER; DELETE FROM tables.rules WHERE NOT (decay = ANY (ARRAY['none'::text, 'exponential'::text, 'linear'::text, 'step'::text, 'window'::text])); SELECT lead_scoring.repair('tables');
SELECT lead_scoring.add_rule('tables', 'visit', 'visit', 10, decay => 'exponential', half_life => '3650 days');
ALTER TABLE tables.scores DROP CONSTRAINT scores_pkey;
ALTER TABLE tables.scores DISABLE TRIGGER USER;
INSERT INTO tables.scores SELECT * FROM tables.scores;
SELECT lead_scoring.repair('tables');
ALTER TABLE tables.scores DISABLE TRIGGER USER; DELETE FROM tables.scores WHERE lead_id IS NULL; DELETE FROM tables.scores a USING tables.scores b WHERE a.ctid > b.ctid AND a.lead_id = b.lead_id; SELECT lead_scoring.repair('tables');
:unchanged
-- A rule of a group that is gone is not published.
ALTER TABLE tables.rules DROP CONSTRAINT rules_rule_group;
DELETE FROM tables.rule_groups WHERE name = 'fit';
SELECT lead_scoring.repair('tables');
SELECT lead_scoring.publish('tables');
SELECT lead_scoring.add_group('tables', 'fit', 'fit');
SELECT lead_scoring.repair('tables');
:unchanged

-- ---------------------------------------------------------------- the extension dropped and made again
DROP EXTENSION lead_scoring CASCADE;
INSERT INTO events VALUES (1, 'visit', now()), (3, 'visit', now());
UPDATE leads SET employees = 70 WHERE id = 2;
CREATE EXTENSION lead_scoring SCHEMA public;
SELECT regexp_replace(problem, 'table tables.[a-z_]+ has lost constraint "[a-z_]+"(; )?|view tables.[a-z_]+ is missing(; )?|trigger [a-z0-9_]+ on tables.[a-z_]+ is missing(; )?|[a-z]+ trigger on [a-z_.]+ is missing(; )?', '', 'g') FROM lead_scoring.models() WHERE model = 'tables';
SELECT say(c.statement) FROM calls c ORDER BY c.place;
SELECT lead_scoring.create_model('tables', 'leads', 'events');
SELECT lead_scoring.repair('tables');
:unchanged
SELECT s.lead_id, s.stage, l.lead_stage FROM tables.scores s LEFT JOIN leads l ON l.id = s.lead_id ORDER BY 1;
SELECT lead_scoring.publish('tables');

-- ---------------------------------------------------------------- events that would be missed
\set wrong 'SELECT problem FROM lead_scoring.models() WHERE model = ''tables'';'
:wrong
ALTER TABLE events SET UNLOGGED;
:wrong
ALTER TABLE tables_test.events SET LOGGED;
CREATE TABLE child () INHERITS (events);
CREATE TABLE parent (id bigint);
ALTER TABLE leads INHERIT parent;
:wrong
INSERT INTO child VALUES (1, 'visit', now());
SELECT DISTINCT lead_id FROM lead_scoring.verify('tables');
SELECT lead_scoring.publish('tables');
ALTER TABLE tables_test.child NO INHERIT tables_test.events; ALTER TABLE tables_test.leads NO INHERIT tables_test.parent;
CREATE RULE aside AS ON INSERT TO events DO INSTEAD NOTHING;
CREATE RULE noted AS ON INSERT TO leads DO ALSO SELECT 1;
:wrong
DROP RULE aside ON tables_test.events;
CREATE TABLE whole (LIKE events) PARTITION BY LIST (type);
ALTER TABLE whole ATTACH PARTITION events FOR VALUES IN ('visit');
:wrong
ALTER TABLE tables_test.whole DETACH PARTITION tables_test.events;
-- What lets nobody miss anything.
ALTER TABLE events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
INSERT INTO events VALUES (1, 'visit', now());
ALTER TABLE events DISABLE ROW LEVEL SECURITY;
:wrong
SELECT * FROM lead_scoring.verify('tables');
SELECT lead_scoring.drop_model('tables');
DROP TABLE leads, events, child, parent, whole, before, statuses;
-- Partitions.
CREATE TABLE leads (id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz) PARTITION BY LIST (type);
CREATE INDEX ON events (lead_id);
CREATE TABLE events_visit PARTITION OF events FOR VALUES IN ('visit');
SELECT lead_scoring.create_model('tables', 'leads', 'events', status_columns => '{}');
SELECT lead_scoring.publish('tables');
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE far (lead_id bigint, type text, occurred_at timestamptz) SERVER nowhere;
ALTER TABLE events ATTACH PARTITION far FOR VALUES IN ('far');
ALTER TABLE events_visit SET UNLOGGED;
ALTER TABLE events_visit DISABLE TRIGGER lead_scoring_insert_tables;
BEGIN;
ALTER EXTENSION lead_scoring DROP EVENT TRIGGER lead_scoring_partitions_changed;
DROP EVENT TRIGGER lead_scoring_partitions_changed;
SELECT regexp_substr(problem, 'the event trigger .*') AS mended FROM lead_scoring.models() WHERE model = 'tables' \gset
\echo :mended
SELECT regexp_replace(:'mended', '.*: (?=CREATE)', '') \gexec
:wrong
ROLLBACK;
ALTER EVENT TRIGGER lead_scoring_partitions_changed DISABLE;
:wrong
ALTER TABLE tables_test.events DETACH PARTITION tables_test.far; ALTER TABLE tables_test.events_visit SET LOGGED; ALTER EVENT TRIGGER lead_scoring_partitions_changed ENABLE ALWAYS;
SELECT lead_scoring.repair('tables');
:wrong
SELECT * FROM lead_scoring.verify('tables');
SELECT lead_scoring.drop_model('tables');
DROP SERVER nowhere CASCADE;
DROP FOREIGN DATA WRAPPER nothing;
DROP SCHEMA tables_test CASCADE;
