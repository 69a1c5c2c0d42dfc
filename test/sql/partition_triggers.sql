-- The event trigger that makes partitions carry their table's triggers. It runs with everybody's DDL: it touches what the
-- command created, attached or detached, and nothing else, whatever else bears a trigger that looks like ours; and it
-- never fails. :triggers tells which tables have how many of ours, for which arguments.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_clerk;
CREATE SCHEMA partition_triggers_test;
GRANT CREATE, USAGE ON SCHEMA partition_triggers_test TO regress_lead_scoring_clerk;
SET search_path = partition_triggers_test, public;
\set triggers 'SELECT c.relname, string_agg(DISTINCT encode(t.tgargs, ''escape''), '', ''), count(*) FILTER (WHERE t.tgtype = 29) AS of_rows, count(*) FILTER (WHERE t.tgtype <> 29) AS of_statements FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgfoid IN (''lead_scoring_internal.events_changed''::regproc, ''lead_scoring_internal.leads_changed''::regproc) AND c.relnamespace = ''partition_triggers_test''::regnamespace GROUP BY 1 ORDER BY 1;'
CREATE TABLE leads (id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, day integer) PARTITION BY RANGE (day);
CREATE INDEX ON events (lead_id, occurred_at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (2);
SELECT lead_scoring.create_model('parts', 'leads', 'events');
SELECT lead_scoring.add_rule('parts', 'visit', 'visit', 10), lead_scoring.publish('parts') IS NOT NULL;
:triggers

-- Every way in which a partition comes: made, made with its schema, attached with partitions of its own.
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (2) TO (3);
CREATE SCHEMA partition_triggers_other CREATE TABLE events_3 PARTITION OF partition_triggers_test.events FOR VALUES FROM (3) TO (4);
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'partition_triggers_other.events_3'::regclass;
CREATE TABLE events_4 (day integer, occurred_at timestamptz, type text, lead_id bigint) PARTITION BY LIST (type);
CREATE TABLE events_4_visit PARTITION OF events_4 FOR VALUES IN ('visit');
CREATE TABLE events_4_rest PARTITION OF events_4 DEFAULT PARTITION BY HASH (lead_id);
CREATE TABLE events_4_rest_0 PARTITION OF events_4_rest FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE events ATTACH PARTITION events_4 FOR VALUES FROM (4) TO (5);
:triggers
SELECT problem FROM lead_scoring.models() WHERE model = 'parts';
SELECT DISTINCT obj_description(t.oid, 'pg_trigger') FROM pg_trigger t WHERE t.tgrelid = 'events_4_rest_0'::regclass AND t.tgtype <> 29;
SELECT string_agg(t.tgenabled::text, '' ORDER BY t.tgtype) FROM pg_trigger t WHERE t.tgrelid = 'events_4_rest_0'::regclass;
INSERT INTO events_4 VALUES (4, '2026-01-01', 'visit', 1), (4, '2026-01-01', 'mail', 1);
INSERT INTO events_4_visit VALUES (4, '2026-01-01', 'visit', 1);
SELECT score FROM parts.scores;

-- And every way in which it goes. What comes from another table stays.
ALTER TABLE events DETACH PARTITION events_2 CONCURRENTLY;
ALTER TABLE events DETACH PARTITION events_4;
DROP TABLE partition_triggers_other.events_3;
:triggers
INSERT INTO events_4 VALUES (4, '2026-01-01', 'visit', 1);
SELECT lead_scoring.repair('parts');
SELECT * FROM lead_scoring.verify('parts');
ALTER TABLE events ATTACH PARTITION events_4 FOR VALUES FROM (4) TO (5);
ALTER TABLE events_4 DETACH PARTITION events_4_rest;
:triggers
SELECT lead_scoring.repair('parts');
SELECT * FROM lead_scoring.verify('parts');

-- What looks like a partition that was detached, and is none of the command's: no command takes a trigger from it.
CREATE TABLE lost_its_row_trigger (LIKE events);
CREATE TRIGGER t AFTER INSERT ON lost_its_row_trigger REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.events_changed('parts');
CREATE TABLE bystander (a integer);
ALTER TABLE bystander ADD COLUMN b integer;
ALTER TABLE events ADD COLUMN less text;
ALTER TABLE lost_its_row_trigger ADD COLUMN more text;
ALTER TABLE events_4_rest ADD COLUMN more text;
:triggers
-- Nor does it put any where somebody took them, or switched them off.
DROP TRIGGER lead_scoring_insert_parts ON events_1;
ALTER TABLE events_4 DISABLE TRIGGER lead_scoring_insert_parts;
ALTER TABLE events ADD COLUMN more text;
ALTER TABLE events_1 ALTER more SET DEFAULT 'x';
SELECT problem FROM lead_scoring.models() WHERE model = 'parts';
DROP TABLE lost_its_row_trigger, events_4_rest, events_2;
SELECT lead_scoring.repair('parts');
SELECT problem FROM lead_scoring.models() WHERE model = 'parts';

-- Triggers that no model made, on tables of this and that kind: DDL goes on, and they are not copied. Arguments of every
-- number; bytes that are no text; the names that ours would have are taken.
CREATE TABLE odd (lead_id bigint, day integer) PARTITION BY RANGE (day);
CREATE TABLE odd_1 PARTITION OF odd FOR VALUES FROM (1) TO (2);
CREATE TRIGGER none AFTER INSERT OR UPDATE OR DELETE ON odd FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.events_changed();
CREATE TRIGGER two AFTER INSERT OR UPDATE OR DELETE ON odd FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.events_changed('parts', 'more');
CREATE TRIGGER two_s AFTER DELETE ON odd REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.events_changed('parts', 'more');
CREATE TRIGGER bytes AFTER INSERT OR UPDATE OR DELETE ON odd FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.leads_changed('bytes');
CREATE TRIGGER bytes_s AFTER DELETE ON odd REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.leads_changed('bytes');
CREATE TRIGGER empty AFTER INSERT OR UPDATE OR DELETE ON odd FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.leads_changed('');
CREATE TRIGGER some_columns AFTER UPDATE OF day ON odd FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.leads_changed('');
CREATE TRIGGER sometimes AFTER DELETE ON odd FOR EACH STATEMENT WHEN (true) EXECUTE FUNCTION lead_scoring_internal.leads_changed('');
CREATE TRIGGER long AFTER INSERT OR UPDATE OR DELETE ON odd FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.leads_changed('a very very very very very very very very very very very long name that is no model''s');
UPDATE pg_trigger SET tgargs = '\xfffe2700' WHERE tgname IN ('bytes', 'bytes_s');
CREATE TABLE odd_2 PARTITION OF odd FOR VALUES FROM (2) TO (3);
CREATE TABLE odd_3 (day integer, lead_id bigint) PARTITION BY LIST (lead_id);
CREATE TABLE odd_3_1 PARTITION OF odd_3 DEFAULT;
CREATE TRIGGER bytes_s AFTER DELETE ON odd_3_1 REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.leads_changed('other');
ALTER TABLE odd ATTACH PARTITION odd_3 FOR VALUES FROM (3) TO (4);
:triggers
ALTER TABLE odd DETACH PARTITION odd_3;
ALTER TABLE odd DETACH PARTITION odd_2 CONCURRENTLY;
ALTER INDEX events_lead_id_occurred_at_idx RENAME TO events_by_lead;
CREATE INDEX by_lead ON ONLY odd (lead_id);
CREATE INDEX by_lead_1 ON odd_1 (lead_id);
ALTER INDEX by_lead ATTACH PARTITION by_lead_1;
:triggers
DROP TABLE odd, odd_2, odd_3;

-- As a role that may use nothing of ours.
REVOKE USAGE ON SCHEMA lead_scoring FROM PUBLIC;
SET ROLE regress_lead_scoring_clerk;
CREATE TABLE plain (a integer) PARTITION BY RANGE (a);
CREATE TABLE plain_1 PARTITION OF plain FOR VALUES FROM (1) TO (2);
ALTER TABLE plain DETACH PARTITION plain_1;
ALTER TABLE plain ATTACH PARTITION plain_1 FOR VALUES FROM (1) TO (2);
ALTER TABLE plain ADD COLUMN b integer;
DROP TABLE plain;
RESET ROLE;
GRANT USAGE ON SCHEMA lead_scoring TO PUBLIC;

-- It is called by event triggers only; at other events it does nothing.
SELECT lead_scoring_internal.partitions_changed();
CREATE EVENT TRIGGER regress_lead_scoring_start ON ddl_command_start EXECUTE FUNCTION lead_scoring_internal.partitions_changed();
CREATE EVENT TRIGGER regress_lead_scoring_drop ON sql_drop EXECUTE FUNCTION lead_scoring_internal.partitions_changed();
CREATE EVENT TRIGGER regress_lead_scoring_rewrite ON table_rewrite EXECUTE FUNCTION lead_scoring_internal.partitions_changed();
CREATE EVENT TRIGGER regress_lead_scoring_any ON ddl_command_end EXECUTE FUNCTION lead_scoring_internal.partitions_changed();
CREATE TABLE events_5 PARTITION OF events FOR VALUES FROM (5) TO (6);
ALTER TABLE events ALTER less TYPE integer USING 1;
ALTER TABLE events DETACH PARTITION events_5;
DROP TABLE events_5;
DROP EVENT TRIGGER regress_lead_scoring_start;
DROP EVENT TRIGGER regress_lead_scoring_drop;
DROP EVENT TRIGGER regress_lead_scoring_rewrite;
DROP EVENT TRIGGER regress_lead_scoring_any;
SELECT * FROM lead_scoring.verify('parts');
SELECT problem FROM lead_scoring.models() WHERE model = 'parts';

SELECT lead_scoring.drop_model('parts');
DROP SCHEMA partition_triggers_test, partition_triggers_other CASCADE;
DROP ROLE regress_lead_scoring_clerk;
