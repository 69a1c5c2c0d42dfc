-- Making, listing and dropping models. Errors are shown in full, but for the context; :fine shows after each of them
-- its SQLSTATE and that the session goes on with nothing half-made left behind.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
CREATE ROLE regress_lead_scoring_owner;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_lead_scoring_owner;
CREATE SCHEMA model_test AUTHORIZATION regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
SET search_path = model_test, public;
\set fine 'SELECT :''LAST_ERROR_SQLSTATE'', (SELECT count(*) FROM lead_scoring.models() WHERE leads LIKE ''model_test.%'') AS models, (SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = ''model_test''::regnamespace AND t.tgname LIKE ''lead_scoring%'') AS triggers;'

CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, properties jsonb);
CREATE INDEX ON events (lead_id, occurred_at);

-- What is made: one schema, the columns of status, the triggers, and a comment on all of it.
SELECT lead_scoring.create_model('m', 'leads', 'events');
SELECT c.relkind, c.relname, string_agg(a.attname, ' ' ORDER BY a.attnum)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relnamespace = 'm'::regnamespace AND c.relkind IN ('r', 'v') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0
 WHERE c.relnamespace = 'm'::regnamespace AND c.relkind IN ('r', 'v') AND col_description(c.oid, a.attnum) IS NULL;
SELECT relname FROM pg_class WHERE relnamespace = 'm'::regnamespace AND relkind IN ('r', 'v') AND obj_description(oid, 'pg_class') IS NULL;
SELECT obj_description('m'::regnamespace, 'pg_namespace'), col_description('leads'::regclass, 4);
SELECT attname, format_type(atttypid, atttypmod), pg_get_expr(d.adbin, d.adrelid)
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = 'leads'::regclass AND a.attnum > 2 ORDER BY a.attnum;
SELECT tgrelid::regclass, tgname, tgenabled, tgtype, tgoldtable, tgnewtable FROM pg_trigger
 WHERE tgrelid IN ('leads'::regclass, 'events'::regclass) ORDER BY 1, 2;
SELECT reloptions FROM pg_class WHERE oid = 'm.scores'::regclass;
SELECT * FROM m.settings;
TABLE m.rule_groups;
SELECT name, rank, kind FROM m.stages;
SELECT * FROM m.leads;
SELECT * FROM lead_scoring.models() WHERE leads LIKE 'model_test.%';

-- Calling it again changes nothing; with other arguments it is refused.
SELECT lead_scoring.create_model('m', 'leads', 'events', time_zone => 'UTC', lead_key => 'id');
SELECT lead_scoring.create_model('m', 'leads', 'events', time_zone => 'Europe/Berlin', max_score => 100);
:fine

-- A second model on the same tables has status columns of its own, or none.
SELECT lead_scoring.create_model('n', 'leads', 'events');
:fine
SELECT lead_scoring.create_model('n', 'leads', 'events', status_columns => '{}');
SELECT model, problem FROM lead_scoring.models() WHERE leads LIKE 'model_test.%';

-- What is wrong with a model.
ALTER TABLE events DISABLE TRIGGER lead_scoring_insert_m;
ALTER TABLE leads ENABLE TRIGGER lead_scoring_row_m;
DROP TRIGGER lead_scoring_truncate_m ON leads;
SELECT model, problem FROM lead_scoring.models() WHERE leads LIKE 'model_test.%';
ALTER TABLE events RENAME TO renamed;
SELECT model, problem FROM lead_scoring.models() WHERE leads LIKE 'model_test.%';
UPDATE m.settings SET events = 'model_test.nowhere';
:fine
UPDATE m.settings SET events = 'model_test.renamed', paused = true;
SELECT * FROM lead_scoring.models() WHERE leads LIKE 'model_test.%';
ALTER TABLE renamed RENAME TO events;
BEGIN;
TRUNCATE m.settings;
SELECT model, leads, problem FROM lead_scoring.models() WHERE model = 'm';
ROLLBACK;

-- Settings are checked as the arguments of create_model are, at the end of the transaction, and keep their one row.
UPDATE n.settings SET time_zone = 'Mars/Olympus';
:fine
UPDATE n.settings SET event_time = 'properties';
:fine
UPDATE n.settings SET status_columns = '{"score": "points"}';
:fine
UPDATE n.settings SET min_score = 10, max_score = 0;
:fine
UPDATE n.settings SET max_score = 'NaN';
:fine
UPDATE n.settings SET future_tolerance = '1 month';
:fine
DELETE FROM n.settings;
:fine
INSERT INTO n.settings SELECT * FROM n.settings;
:fine

-- Dropping leaves the tables and the status columns, and what others built upon the model in its way.
CREATE VIEW model_test.report AS SELECT stage, count(*) FROM m.leads GROUP BY 1;
SELECT lead_scoring.drop_model('m');
:fine
DROP VIEW model_test.report;
SELECT lead_scoring.drop_model('m');
SELECT lead_scoring.drop_model('n');
SELECT lead_scoring.drop_model('n');
:fine
SELECT attname FROM pg_attribute WHERE attrelid = 'leads'::regclass AND attnum > 0 ORDER BY attnum;
-- Columns that are there are used as they are; all of it may happen in one transaction.
BEGIN;
SELECT lead_scoring.create_model('m', 'leads', 'events', min_score => 0, max_score => 100);
SELECT lead_scoring.add_rule('m', 'visit', 'page_view', 1);
SELECT lead_scoring.drop_model('m');
COMMIT;
:fine

-- Names are only names: 63 bytes, quotes, newlines, a name that another one's triggers are hidden behind.
SELECT lead_scoring.create_model(name, 'leads', 'events', status_columns => '{}')
  FROM unnest(ARRAY[repeat('x', 63), repeat('x', 62) || 'y', 'it''s "quoted"', E'two\nlines', '%I', 'Ärger',
                    md5(repeat('x', 63)), repeat('ä', 31)]) name;
SELECT lead_scoring.add_rule(name, name, E'it''s\n"odd"', 1)
  FROM unnest(ARRAY[repeat('x', 63), 'it''s "quoted"', E'two\nlines', '%I']) name;
SELECT to_json(model), version, problem FROM lead_scoring.models() WHERE leads LIKE 'model_test.%' ORDER BY model COLLATE "C";
SELECT count(*), count(DISTINCT tgname) FROM pg_trigger WHERE tgrelid = 'events'::regclass AND tgname LIKE 'lead_scoring%';
SELECT lead_scoring.drop_model(model) FROM lead_scoring.models() WHERE leads LIKE 'model_test.%';
:fine
CREATE TABLE "odd ""leads""" ("the key" uuid PRIMARY KEY);
CREATE TYPE kind AS ENUM ('visit');
CREATE TABLE "odd
events" ("the lead" uuid, "order" kind, "when" timestamptz, "group" integer);
CREATE INDEX ON "odd
events" ("the lead");
SELECT lead_scoring.create_model('m', '"odd ""leads"""', E'"odd\nevents"', event_lead => 'the lead', event_type => 'order',
    event_time => 'when', event_campaign => 'group', status_columns => '{"stage": "the \"stage\"", "mql_at": "it''s"}');
SELECT to_json(s) FROM m.settings s;
SELECT to_json(m) FROM lead_scoring.models() m WHERE leads LIKE 'model_test.%';
SELECT lead_scoring.create_model('m', '"odd ""leads"""', E'"odd\nevents"', event_lead => 'the lead', event_type => 'order',
    event_time => 'when', event_campaign => 'group', status_columns => '{"stage": "the \"stage\"", "mql_at": "it''s"}');
SELECT lead_scoring.drop_model('m');
DROP TABLE "odd ""leads""", "odd
events";

-- Keys of every kind; a text key keeps its collation, a varchar becomes text.
CREATE TABLE k (i integer PRIMARY KEY, u uuid UNIQUE, t text COLLATE "C" UNIQUE, v varchar(20) UNIQUE);
CREATE TABLE ke (i integer, u uuid, t varchar, v text, type text, occurred_at timestamptz);
SELECT lead_scoring.create_model(c, 'k', 'ke', lead_key => c, event_lead => c, require_index => false, status_columns => '{}')
  FROM unnest('{i,u,t,v}'::text[]) c;
SELECT attrelid::regclass, format_type(atttypid, atttypmod), attcollation::regcollation FROM pg_attribute
 WHERE attname = 'lead_id' AND attrelid IN ('i.scores'::regclass, 'u.transitions'::regclass, 't.scores'::regclass, 'v.problems'::regclass) ORDER BY 1;
SELECT lead_scoring.drop_model(c) FROM unnest('{i,u,t,v}'::text[]) c;

-- Partitioned tables have the statement triggers on each partition, and the row trigger is cloned by the server.
CREATE TABLE pl (id bigint PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE pl_0 PARTITION OF pl FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE pe (lead_id bigint, type text, occurred_at timestamptz) PARTITION BY RANGE (occurred_at);
CREATE TABLE pe_a PARTITION OF pe FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (type);
CREATE TABLE pe_a_x PARTITION OF pe_a DEFAULT;
CREATE INDEX ON pe (lead_id);
SELECT lead_scoring.create_model('m', 'pl', 'pe');
SELECT tgrelid::regclass, tgname, tgenabled, tgparentid <> 0 FROM pg_trigger WHERE tgrelid IN ('pe'::regclass, 'pe_a'::regclass, 'pe_a_x'::regclass, 'pl_0'::regclass) ORDER BY 1, 2;
SELECT problem FROM lead_scoring.models() WHERE leads LIKE 'model_test.%';
CREATE TABLE pe_b PARTITION OF pe FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
ALTER TABLE pe_a_x DISABLE TRIGGER lead_scoring_row_m;
SELECT problem FROM lead_scoring.models() WHERE leads LIKE 'model_test.%';
SELECT lead_scoring.drop_model('m');
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('pe'::regclass, 'pe_a'::regclass, 'pe_a_x'::regclass, 'pe_b'::regclass);
ALTER TABLE pe DETACH PARTITION pe_b;

-- Tables that cannot keep a model.
CREATE VIEW lead_view AS SELECT * FROM leads;
CREATE TEMP TABLE temp_leads (id bigint PRIMARY KEY);
CREATE TABLE child () INHERITS (leads);
CREATE TABLE no_key (id bigint);
SELECT lead_scoring.create_model('m', 'lead_view', 'events');
:fine
SELECT lead_scoring.create_model('m', 'temp_leads', 'events');
:fine
SELECT lead_scoring.create_model('m', 'leads', 'events');
:fine
DROP TABLE child;
SELECT lead_scoring.create_model('m', 'leads', 'pe_a');
:fine
SELECT lead_scoring.create_model('m', 'leads', 0::regclass);
:fine
SELECT lead_scoring.create_model('m', 'leads', 'leads', event_lead => 'id');
:fine
SELECT lead_scoring.create_model('m', 'no_key', 'events');
:fine
SELECT lead_scoring.create_model('m', 'no_key', 'events', lead_key => 'id');
:fine
SELECT lead_scoring.create_model('m', NULL, 'events');
:fine
CREATE TABLE unindexed (LIKE events);
CREATE INDEX ON unindexed (lead_id) WHERE type IS NOT NULL;
CREATE INDEX ON unindexed USING hash (lead_id);
CREATE INDEX ON unindexed (occurred_at, lead_id);
SELECT lead_scoring.create_model('m', 'leads', 'unindexed');
:fine
SELECT lead_scoring.create_model('m', 'leads', 'events', time_zone => 'CEST5');
:fine
SELECT lead_scoring.create_model('m', 'leads', 'events', min_score => 10, max_score => 0);
:fine
SELECT lead_scoring.create_model('m', 'leads', 'events', max_score => 'Infinity');
:fine

-- Status columns that do not fit.
CREATE TABLE statuses (id bigint PRIMARY KEY, stage varchar(20), rating integer, mql timestamp, must text NOT NULL,
                       twice text GENERATED ALWAYS AS ('x') STORED, long_stage varchar(60));
SELECT lead_scoring.create_model('m', 'statuses', 'events', status_columns => '{"stage": "stage"}');
:fine
SELECT lead_scoring.create_model('m', 'statuses', 'events', status_columns => '{"score": "rating"}');
:fine
SELECT lead_scoring.create_model('m', 'statuses', 'events', status_columns => '{"mql_at": "mql"}');
:fine
SELECT lead_scoring.create_model('m', 'statuses', 'events', status_columns => '{"grade": "must"}');
:fine
SELECT lead_scoring.create_model('m', 'statuses', 'events', status_columns => '{"grade": "twice"}');
:fine
SELECT lead_scoring.create_model('m', 'statuses', 'events', status_columns => '{"grade": "id"}');
:fine
SELECT lead_scoring.create_model('m', 'statuses', 'events', status_columns => '{"a_at": "new", "b_at": "new"}');
:fine
SELECT lead_scoring.create_model('m', 'statuses', 'events', status_columns => '{"points": "rating"}');
:fine
SELECT lead_scoring.create_model('m', 'statuses', 'events', status_columns => '{"_at": "rating"}');
:fine
SELECT lead_scoring.create_model('m', 'statuses', 'events', status_columns => '{"stage": null}');
:fine
SELECT lead_scoring.create_model('m', 'statuses', 'events', status_columns => '["stage"]');
:fine
SELECT lead_scoring.create_model('m', 'statuses', 'events',
    status_columns => '{"stage": "long_stage", "score": "s", "grade": "g", "mql_at": "m", "a b_at": "ab"}');
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'statuses'::regclass AND attnum > 7 ORDER BY attnum;
SELECT lead_scoring.drop_model('m');

-- Whoever may use the schema sees the model; whoever may not read the settings sees no more than that. A table that only
-- looks like a model is not looked into.
RESET ROLE;
CREATE ROLE regress_lead_scoring_reader;
SET ROLE regress_lead_scoring_owner;
SELECT lead_scoring.create_model('m', 'leads', 'events');
SET ROLE regress_lead_scoring_reader;
SELECT count(*) FROM lead_scoring.models() WHERE model = 'm';
SELECT * FROM lead_scoring.versions('m');
:fine
SET ROLE regress_lead_scoring_owner;
GRANT USAGE ON SCHEMA m TO regress_lead_scoring_reader;
SET ROLE regress_lead_scoring_reader;
SELECT * FROM lead_scoring.models() WHERE model = 'm';
SET ROLE regress_lead_scoring_owner;
GRANT SELECT ON m.settings, m.versions TO regress_lead_scoring_reader;
SET ROLE regress_lead_scoring_reader;
SELECT * FROM lead_scoring.models() WHERE model = 'm';
SELECT * FROM lead_scoring.versions('m');
SET ROLE regress_lead_scoring_owner;
CREATE SCHEMA trap;
CREATE TABLE trap.scores (card lead_scoring.scorecard);
CREATE FUNCTION trap.spring() RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'ran as %', current_user; END$$;
CREATE VIEW trap.settings AS SELECT trap.spring() AS leads, trap.spring() AS events, 'id' AS lead_key, '{}'::jsonb AS status_columns, false AS paused;
CREATE TABLE trap.versions (version bigint);
RESET ROLE;
SELECT * FROM lead_scoring.models() WHERE model = 'trap';
DROP TABLE trap.scores, trap.versions;
DROP VIEW trap.settings;
DROP FUNCTION trap.spring;
DROP SCHEMA trap;

SELECT lead_scoring.drop_model('m');
\set VERBOSITY terse
DROP SCHEMA model_test CASCADE;
DROP OWNED BY regress_lead_scoring_owner;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_reader;
