-- The type of a lead's key changes: no view of the model stands in the way, and repair, which the error's hint names,
-- brings the model's own columns over, with scores, history, hands' work and grants as they were.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_reader;
CREATE SCHEMA key_type_test;
SET search_path = key_type_test, public;
CREATE TABLE leads (id integer PRIMARY KEY, country text);
CREATE TABLE events (lead_id integer REFERENCES leads ON DELETE CASCADE, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('key_type', 'leads', 'events');
SELECT lead_scoring.add_rule('key_type', 'visit', 'visit', 10), lead_scoring.add_rule('key_type', 'call', 'call', 5, 'lead_id IS NOT NULL'), lead_scoring.add_fit_rule('key_type', 'domestic', $$country = 'DE'$$, 5),
       lead_scoring.add_stage('key_type', 'mql', min_score => 15);
SELECT lead_scoring.publish('key_type');
INSERT INTO leads VALUES (1, 'DE'), (2, 'FR'), (3, 'DE'), (4, 'IT');
INSERT INTO events SELECT i, t, '2024-01-01' FROM generate_series(1, 3) i, unnest('{visit,call}'::text[]) t;
SELECT lead_scoring.adjust('key_type', 2, 7, 'met at the fair') IS NOT NULL, lead_scoring.set_stage('key_type', 4, 'mql', 'called');
SELECT lead_scoring.merge_leads('key_type', 4, 2);
GRANT USAGE ON SCHEMA key_type TO regress_lead_scoring_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA key_type TO regress_lead_scoring_reader;
GRANT SELECT ON key_type.leads TO PUBLIC;
GRANT SELECT (lead_id), UPDATE (stage) ON key_type.leads TO regress_lead_scoring_reader WITH GRANT OPTION;
GRANT SELECT (to_stage) ON key_type.moves TO regress_lead_scoring_reader;
SELECT relacl AS acl FROM pg_class WHERE oid = 'key_type.leads'::regclass \gset
\set types 'SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = ''key_type'' AND column_name IN (''lead_id'', ''merged_from'') ORDER BY 1, 2;'
\set state 'SELECT lead_id, score, stage, mql_at FROM key_type.leads ORDER BY 1; SELECT lead_id, seq, to_stage, cause, merged_from FROM key_type.transitions ORDER BY 1, 2; SELECT lead_id, points FROM key_type.adjustments; SELECT merged_from, lead_id FROM key_type.merged; SELECT id, lead_stage FROM leads ORDER BY 1; SELECT * FROM lead_scoring.verify(''key_type'');'
:state

-- One of the two columns: refused until the other follows, then until the model does. The hints can be typed.
ALTER TABLE leads ALTER id TYPE bigint;
INSERT INTO events VALUES (4, 'visit', '2024-01-02');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE key_type_test.events ALTER COLUMN lead_id TYPE bigint USING lead_id::bigint;
INSERT INTO events VALUES (4, 'visit', '2024-01-02');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.explain('key_type', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.repair('key_type');
:types
SELECT relacl::text = :'acl', (SELECT array_agg(attname || ' ' || attacl::text ORDER BY attname) FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL)
  FROM pg_class c WHERE oid = 'key_type.leads'::regclass;
SELECT attacl FROM pg_attribute WHERE attrelid = 'key_type.moves'::regclass AND attacl IS NOT NULL;
INSERT INTO leads VALUES (9007199254740993, 'DE');
INSERT INTO events VALUES (4, 'visit', '2024-01-02'), (9007199254740993, 'visit', '2024-01-02'), (9007199254740993, 'call', '2024-01-03');
:state
SELECT count(*) FROM key_type.rule_lift;

-- A view of the user's own over the model's is named by the server, and nothing is half done.
ALTER TABLE events DROP CONSTRAINT events_lead_id_fkey;
CREATE VIEW mine AS SELECT lead_id FROM key_type.leads;
ALTER TABLE leads ALTER id TYPE varchar(20);
ALTER TABLE events ALTER lead_id TYPE text;
SELECT lead_scoring.repair('key_type');
\echo :LAST_ERROR_SQLSTATE
DROP VIEW mine;
-- So are a function and a policy.
CREATE FUNCTION known(lead text) RETURNS boolean BEGIN ATOMIC SELECT EXISTS (SELECT FROM key_type.leads l WHERE l.lead_id::text = lead); END;
CREATE POLICY known ON leads USING (EXISTS (SELECT FROM key_type.leads l WHERE l.lead_id::text = id::text));
SELECT lead_scoring.repair('key_type');
\echo :LAST_ERROR_SQLSTATE
DROP POLICY known ON leads;
DROP FUNCTION known;
SELECT lead_scoring.repair('key_type');
:types
INSERT INTO leads VALUES ('five', 'DE');
INSERT INTO events VALUES ('five', 'call', '2024-01-02');
:state
-- What a model takes for the same needs no repair.
ALTER TABLE leads ALTER id TYPE text;
ALTER TABLE events ALTER lead_id TYPE varchar;
INSERT INTO events VALUES ('five', 'visit', '2024-01-02');
:state
-- No key of any model.
BEGIN;
ALTER TABLE leads ALTER id TYPE char(20);
SELECT lead_scoring.repair('key_type');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT * FROM lead_scoring.verify('key_type');
SELECT lead_scoring.drop_model('key_type');
DROP SCHEMA key_type_test CASCADE;
DROP OWNED BY regress_lead_scoring_reader;
DROP ROLE regress_lead_scoring_reader;
