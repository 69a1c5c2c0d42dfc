-- Rules and stages have ids, by which cards know them: given when they are first published, kept through new names, and
-- never another's.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA ids_test;
SET search_path = ids_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('ids', 'leads', 'events', status_columns => '{}') \g /dev/null
SELECT lead_scoring.add_rule('ids', 'visit', 'visit', 3), lead_scoring.add_rule('ids', 'form', 'form', 10),
       lead_scoring.add_fit_rule('ids', 'domestic', $$country = 'DE'$$, 5) \g /dev/null
SELECT lead_scoring.add_stage('ids', 'mql', min_score => 10), lead_scoring.add_stage('ids', 'won', on_event => 'won') \g /dev/null
CREATE VIEW of_draft AS SELECT 'rule' AS what, name, id FROM ids.rules UNION ALL SELECT 'stage', name, id FROM ids.stages;
CREATE VIEW of_newest AS
SELECT k.what, i.item ->> 'name' AS name, (i.item ->> 'id')::integer AS id
  FROM (SELECT v.definition FROM ids.versions v ORDER BY v.version DESC LIMIT 1) v
 CROSS JOIN (VALUES ('rule', 'rules'), ('stage', 'stages')) k (what, section) CROSS JOIN LATERAL jsonb_array_elements(v.definition -> k.section) i (item);
-- Nobody has one before he is published; the draft then has what the version has.
SELECT * FROM of_draft WHERE id IS NOT NULL;
SELECT lead_scoring.publish('ids');
SELECT * FROM of_newest ORDER BY what, id;
SELECT * FROM of_draft EXCEPT SELECT * FROM of_newest;
INSERT INTO leads VALUES (1, 'DE'), (2, 'FR');
INSERT INTO events VALUES (1, 'visit', '2026-01-01'), (1, 'form', '2026-01-02'), (2, 'visit', '2026-01-03'), (2, 'won', '9999-01-01');
SELECT lead_id, score, card FROM ids.scores ORDER BY lead_id;

-- A new name keeps the id, and a rule that comes before it in the alphabet takes none of its points.
UPDATE ids.rules SET name = 'web form' WHERE name = 'form';
UPDATE ids.stages SET name = 'customer' WHERE name = 'won';
SELECT lead_scoring.add_rule('ids', 'a call', 'call', 1) \g /dev/null
SELECT lead_scoring.publish('ids');
SELECT * FROM of_newest ORDER BY what, id;
SELECT lead_id, score, card FROM ids.scores ORDER BY lead_id;
SELECT rule, capped FROM lead_scoring.explain('ids', '1') ORDER BY 1;
SELECT * FROM lead_scoring.verify('ids');

-- Deleted and added again, by name or by a script that makes the whole draft anew, it is the same; another is not.
DELETE FROM ids.rules WHERE name = 'web form';
SELECT lead_scoring.add_rule('ids', 'web form', 'form', 10), lead_scoring.add_rule('ids', 'a form', 'other form', 2) \g /dev/null
SELECT lead_scoring.publish('ids');
SELECT name, id FROM ids.rules ORDER BY id;
BEGIN;
CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM ids.rules;
DELETE FROM ids.rules;
UPDATE kept SET id = NULL;
INSERT INTO ids.rules SELECT * FROM kept;
COMMIT;
SET client_min_messages = notice;
SELECT lead_scoring.publish('ids');
SET client_min_messages = warning;
SELECT name, id FROM ids.rules ORDER BY id;
-- What has gone leaves its id to nobody.
DELETE FROM ids.rules WHERE name = 'a call';
SELECT lead_scoring.publish('ids');
SELECT lead_scoring.add_rule('ids', 'b call', 'call', 1) \g /dev/null
SELECT lead_scoring.publish('ids');
SELECT name, id FROM ids.rules ORDER BY id;
SELECT * FROM of_draft EXCEPT SELECT * FROM of_newest;
-- What was added in the place of a rule that has another name now is another.
UPDATE ids.rules SET name = 'c call' WHERE name = 'b call';
SELECT lead_scoring.add_rule('ids', 'd call', 'call', 1) \g /dev/null
SELECT lead_scoring.publish('ids');
SELECT name, id FROM ids.rules ORDER BY id;
SELECT lead_id, score FROM ids.scores ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('ids');

-- A draft that is tried out is given ids that it need not keep.
SELECT lead_scoring.add_rule('ids', 'trial', 'visit', 100) \g /dev/null
SELECT rule, capped FROM lead_scoring_internal.explain_draft_as_owner('ids', '2', now()) ORDER BY 1;
SELECT name, id FROM ids.rules WHERE name = 'trial';
DELETE FROM ids.rules WHERE name = 'trial';

-- An id belongs to one row, and is the owner's to give.
\set VERBOSITY default
\set SHOW_CONTEXT never
UPDATE ids.rules SET id = 0 WHERE name = 'visit';
SELECT lead_scoring.publish('ids');
\echo :LAST_ERROR_SQLSTATE
UPDATE ids.rules SET id = NULL WHERE name = 'visit';
UPDATE ids.stages SET id = 65536 WHERE name = 'mql';
SELECT lead_scoring.publish('ids');
\echo :LAST_ERROR_SQLSTATE
UPDATE ids.stages SET id = -1 WHERE name = 'mql';
SELECT lead_scoring.publish('ids');
\echo :LAST_ERROR_SQLSTATE
UPDATE ids.stages SET id = NULL WHERE name = 'mql';
SELECT lead_scoring.publish('ids');
CREATE ROLE ids_editor;
GRANT USAGE ON SCHEMA ids TO ids_editor;
GRANT SELECT, INSERT, UPDATE ON ids.rules TO ids_editor;
SET ROLE ids_editor;
UPDATE ids.rules SET points = 4 WHERE name = 'visit';
UPDATE ids.rules SET id = 60 WHERE name = 'visit';
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT lead_scoring.publish('ids');
SELECT lead_id, score FROM ids.scores ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('ids');
DROP VIEW of_draft, of_newest;
SELECT lead_scoring.drop_model('ids') \g /dev/null
DROP SCHEMA ids_test CASCADE;
DROP OWNED BY ids_editor;
DROP ROLE ids_editor;
