-- Models that somebody damaged: models() says what is wrong and what to type, repair makes it right, and drop_model drops
-- whatever is left. :mend shows the problem, repairs, and shows that nothing is wrong; :drop drops instead.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA damage_test;
SET search_path = damage_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz) PARTITION BY LIST (type);
CREATE TABLE events_1 PARTITION OF events DEFAULT;
CREATE INDEX ON events (lead_id);
CREATE PROCEDURE make() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lead_scoring.create_model('damaged', 'leads', 'events');
    PERFORM lead_scoring.add_rule('damaged', 'visit', 'visit', 10, limit_count => 3, limit_window => 'day'), lead_scoring.add_fit_rule('damaged', 'domestic', 'country = ''DE''', 5);
    PERFORM lead_scoring.add_stage('damaged', 'mql', min_score => 20);
    PERFORM lead_scoring.add_stage('damaged', 'customer', on_event => 'won');
    PERFORM lead_scoring.publish('damaged');
    INSERT INTO leads VALUES (1, 'DE'), (2, NULL), (3, 'DE');
    INSERT INTO events SELECT l, 'visit', timestamptz '2024-01-01' + i * interval '1 day' FROM generate_series(1, 3) i, unnest('{1,2}'::bigint[]) l;
    INSERT INTO events VALUES (2, 'won', '2024-02-01');
    PERFORM lead_scoring.adjust('damaged', 3, 2);
END $$;
\set mend 'SELECT problem FROM lead_scoring.models() WHERE model = ''damaged''; SELECT lead_scoring.repair(''damaged''); SELECT problem IS NULL FROM lead_scoring.models() WHERE model = ''damaged''; SELECT s.lead_id, s.score, s.stage, s.mql_at, l.lead_stage, l.mql_at FROM damaged.scores s JOIN leads l ON l.id = s.lead_id ORDER BY 1; SELECT lead_id, seq, to_stage, at FROM damaged.transitions ORDER BY 1, 2; SELECT * FROM lead_scoring.verify(''damaged'');'
CALL make();
:mend

-- Triggers of the two tables: lost, switched off, twice, for other sessions, calling something else.
DROP TRIGGER lead_scoring_insert_damaged ON events;
ALTER TABLE leads DISABLE TRIGGER USER;
:mend
ALTER TABLE events_1 ENABLE ALWAYS TRIGGER lead_scoring_update_damaged;
DROP TRIGGER lead_scoring_row_damaged ON events;
CREATE TRIGGER again AFTER INSERT ON leads REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.leads_changed('damaged');
:mend
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'leads'::regclass AND tgfoid = 'lead_scoring.leads_changed'::regproc;
CREATE FUNCTION something_else() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
DROP TRIGGER lead_scoring_delete_damaged ON events;
CREATE TRIGGER lead_scoring_delete_damaged AFTER DELETE ON events FOR EACH STATEMENT EXECUTE FUNCTION something_else();
:mend

-- Views, and what the model's own tables consist of: columns, constraints, indexes, triggers, whole tables.
DROP VIEW damaged.funnel, damaged.leads;
:mend
ALTER TABLE damaged.settings DROP COLUMN only_row CASCADE, DROP COLUMN min_score CASCADE;
ALTER TABLE damaged.rules DROP CONSTRAINT rules_points, DROP CONSTRAINT rules_rule_group, DROP COLUMN per;
ALTER TABLE damaged.stages DROP CONSTRAINT stages_pkey;
DROP INDEX damaged.scores_due_at_idx;
DROP TRIGGER settings_changed ON damaged.settings;
DROP TRIGGER rules_valid ON damaged.rules;
CREATE TRIGGER rules_valid AFTER INSERT OR DELETE OR UPDATE ON damaged.rules FOR EACH ROW EXECUTE FUNCTION something_else();
ALTER TABLE damaged.transitions DISABLE TRIGGER transitions_guard;
ALTER TABLE damaged.versions ENABLE TRIGGER versions_changed;
:mend
SELECT col_description('damaged.rules'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'damaged.rules'::regclass AND attname = 'per';
DROP TABLE damaged.report_settings, damaged.merged, damaged.adjustments, damaged.bands, damaged.forgotten, damaged.problems;
:mend
-- What an owner added stays.
ALTER TABLE damaged.scores ADD COLUMN mine text;
CREATE INDEX mine ON damaged.scores (score);
:mend
SELECT count(*) FROM pg_attribute WHERE attrelid = 'damaged.scores'::regclass AND attname = 'mine';

-- What the leads are: computed again from the log and from their history. Of that, nobody knows more than it says.
ALTER TABLE damaged.scores DROP COLUMN card CASCADE;
:mend
ALTER TABLE damaged.scores DROP COLUMN score CASCADE, DROP COLUMN counted CASCADE;
:mend
ALTER TABLE leads DROP COLUMN mql_at, DROP COLUMN lead_stage;
:mend

-- A model without its versions has to be published; one without its settings is bound to nothing.
DROP TABLE damaged.versions;
SELECT lead_scoring.score_at('damaged', 1, now());
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
SELECT lead_scoring.repair('damaged');
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
SELECT lead_scoring.publish('damaged');
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
SELECT * FROM lead_scoring.verify('damaged');
DROP TABLE damaged.settings;
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
SELECT lead_scoring.repair('damaged');
SELECT lead_scoring.publish('damaged');
INSERT INTO events VALUES (1, 'visit', '2024-03-01');
SELECT lead_scoring.drop_model('damaged');
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'lead\_scoring\_%damaged';

-- Tables and columns that the model is bound to.
TRUNCATE leads, events;
CALL make();
ALTER TABLE events_1 SET UNLOGGED;
ALTER TABLE damaged.scores SET UNLOGGED;
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
ALTER TABLE events_1 SET LOGGED;
ALTER TABLE damaged.scores SET LOGGED;
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
CREATE TABLE child () INHERITS (leads);
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
DROP TABLE child;
ALTER TABLE leads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
SELECT * FROM lead_scoring.verify('damaged');
ALTER TABLE leads DISABLE ROW LEVEL SECURITY;
ALTER TABLE events DISABLE ROW LEVEL SECURITY;
ALTER TABLE leads DROP CONSTRAINT leads_pkey CASCADE;
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
ALTER TABLE leads ADD PRIMARY KEY (id);
DROP INDEX events_lead_id_idx;
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
CREATE INDEX ON events (lead_id);
ALTER TABLE events RENAME COLUMN type TO kind;
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
ALTER TABLE events RENAME COLUMN kind TO type;
ALTER EVENT TRIGGER lead_scoring_partitions_changed DISABLE;
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
ALTER EVENT TRIGGER lead_scoring_partitions_changed ENABLE;
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';

-- Dropped in whatever state it is.
\set drop 'SELECT problem FROM lead_scoring.models() WHERE model = ''damaged''; SELECT lead_scoring.drop_model(''damaged''); SELECT count(*) FROM pg_trigger WHERE tgname LIKE ''lead\\_scoring\\_%damaged''; SELECT count(*) FROM pg_namespace WHERE nspname = ''damaged''; TRUNCATE leads, events;'
ALTER TABLE damaged.settings DISABLE TRIGGER USER;
UPDATE damaged.settings SET status_columns = '[1]';
:drop
CALL make();
ALTER TABLE damaged.settings DISABLE TRIGGER USER;
UPDATE damaged.settings SET leads = '"', events = 'a.b.c.d';
:drop
CALL make();
TRUNCATE damaged.settings;
:drop
CALL make();
ALTER TABLE damaged.settings RENAME TO renamed;
CREATE VIEW damaged.settings AS SELECT * FROM damaged.renamed;
:drop
CALL make();
DROP TABLE damaged.scores, damaged.versions CASCADE;
:drop
CALL make();
ALTER TABLE leads RENAME TO renamed;
SELECT problem FROM lead_scoring.models() WHERE model = 'damaged';
SELECT lead_scoring.drop_model('damaged');
ALTER TABLE renamed RENAME TO leads;
TRUNCATE leads, events;
CALL make();
CREATE SEQUENCE damaged.a;
CREATE MATERIALIZED VIEW damaged.b AS SELECT 1;
CREATE TYPE damaged.c AS ENUM ('c');
CREATE FUNCTION damaged.d() RETURNS integer LANGUAGE sql AS 'SELECT 1';
:drop
CALL make();
DROP SCHEMA damaged CASCADE;
:drop
CALL make();
CREATE VIEW of_mine AS SELECT * FROM damaged.scores;
SELECT lead_scoring.drop_model('damaged');
DROP VIEW of_mine;
:drop

DROP SCHEMA damage_test CASCADE;
