-- Publishing. Errors are shown in full, but for the context; :fine shows after each of them its SQLSTATE and that the
-- session goes on with the versions as they were.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\set fine 'SELECT :''LAST_ERROR_SQLSTATE'', (SELECT string_agg(v.version::text, '' '' ORDER BY v.version) FROM p.versions v) AS versions;'
CREATE ROLE regress_lead_scoring_owner;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_lead_scoring_owner;
CREATE SCHEMA publish_test AUTHORIZATION regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
SET search_path = publish_test, public;
CREATE TABLE leads (id varchar PRIMARY KEY, country text);
CREATE TABLE events (lead_id text, type text, occurred_at timestamptz, properties jsonb);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('p', 'leads', 'events', time_zone => 'Europe/Berlin', min_score => 0);
SELECT lead_scoring.add_rule('p', 'Visit', 'page_view', 1, 'properties ? ''path''', decay => 'exponential', half_life => '7 days');
SELECT lead_scoring.add_rule('p', 'visit', 'page_view', 1);
SELECT lead_scoring.add_fit_rule('p', 'domestic', 'country = ''DE''', 10);
SELECT lead_scoring.add_band('p', 'fit', 'A', 10), lead_scoring.add_band('p', 'fit', 'B', 5), lead_scoring.add_band('p', 'engagement', '1', 5);
SELECT lead_scoring.add_stage('p', 'mql', min_score => 12, falls_below => 8);

-- The first version, written down completely: rules in byte order, stages by rank.
INSERT INTO leads VALUES ('a', 'DE'), ('b', NULL);
INSERT INTO events VALUES ('a', 'page_view', '2024-01-01 UTC'), ('a', 'page_view', '2024-01-02 UTC'), ('c', 'page_view', '2024-01-03 UTC');
SELECT count(*) FROM p.scores;
SELECT lead_scoring.publish('p', 'first');
SELECT version, published_at <= clock_timestamp(), published_by, note FROM lead_scoring.versions('p');
SELECT definition - 'rules' - 'stages' FROM p.versions;
SELECT jsonb_path_query_array(definition, '$.rules[*].name'), jsonb_path_query_array(definition, '$.stages[*].name') FROM p.versions;
SELECT a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)
  FROM pg_attribute a WHERE a.attrelid = 'p.leads'::regclass ORDER BY a.attnum;
SELECT lead_id, score, engagement, fit, grade, stage, lead_at, mql_at FROM p.leads ORDER BY lead_id;
SELECT id, lead_stage, mql_at FROM leads ORDER BY id;
SELECT * FROM lead_scoring.models() WHERE model = 'p';
SELECT * FROM lead_scoring.verify('p');

-- An unchanged draft makes no version.
SELECT lead_scoring.publish('p', 'again');
SELECT version, note FROM lead_scoring.versions('p');

-- A new stage comes last in the view, whatever its rank; a stage that is gone keeps its column.
SELECT lead_scoring.add_stage('p', 'Prospect', rank => 5, min_score => 11);
SELECT lead_scoring.publish('p', 'second');
UPDATE p.stages SET name = 'contacted' WHERE name = 'Prospect';
SELECT lead_scoring.publish('p');
SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = 'p.leads'::regclass;
SELECT count(*) FROM pg_attribute a WHERE a.attrelid IN ('p.leads'::regclass, 'p.scores'::regclass) AND a.attnum > 0 AND col_description(a.attrelid, a.attnum) IS NULL;
SELECT version, note FROM lead_scoring.versions('p');
SELECT lead_id, stage, contacted_at IS NULL FROM p.leads ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('p');
-- Back to a draft that was published before is a version of its own; without rescoring, leads keep theirs for now.
UPDATE p.stages SET name = 'Prospect' WHERE name = 'contacted';
SELECT lead_scoring.publish('p', rescore => false);
SELECT v.definition = w.definition FROM p.versions v, p.versions w WHERE v.version = 2 AND w.version = 4;
SELECT lead_id, version, stage FROM p.scores ORDER BY lead_id;
SELECT lead_id, problem FROM lead_scoring.verify('p') ORDER BY lead_id;
INSERT INTO events VALUES ('b', 'page_view', '2024-01-03 UTC');
UPDATE leads SET country = 'DE' WHERE id = 'b';
SELECT lead_id, version, stage FROM p.scores ORDER BY lead_id;

-- What was published is not changed.
UPDATE p.versions SET note = 'other';
:fine
DELETE FROM p.versions WHERE version = 1;
:fine
TRUNCATE p.versions;
:fine

-- A draft that became wrong behind its back: a column that is gone, a table that is gone.
ALTER TABLE events RENAME properties TO attributes;
SELECT lead_scoring.publish('p');
:fine
ALTER TABLE events RENAME attributes TO properties;
ALTER TABLE events RENAME TO log;
SELECT lead_scoring.publish('p');
:fine
ALTER TABLE log RENAME TO events;

-- Only at READ COMMITTED, only with settings, only by the owner.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT lead_scoring.publish('p');
ROLLBACK;
:fine
BEGIN;
TRUNCATE p.settings;
SELECT lead_scoring.publish('p');
ROLLBACK;
:fine
RESET ROLE;
CREATE ROLE regress_lead_scoring_other;
SET ROLE regress_lead_scoring_other;
SELECT lead_scoring.publish('p');
SELECT lead_scoring.drop_model('p');
SET ROLE regress_lead_scoring_owner;
:fine
SELECT lead_scoring.publish('nowhere');
:fine
SELECT * FROM lead_scoring.versions('nowhere');
:fine

-- The draft may be filled and published in one transaction, and published again by whoever has the owner's rights.
BEGIN;
SELECT lead_scoring.create_model('q', 'leads', 'events', status_columns => '{}');
INSERT INTO q.rules (name, rule_group, event_type, points) VALUES ('visit', 'engagement', 'page_view', 2);
SELECT lead_scoring.publish('q');
COMMIT;
SELECT lead_id, score FROM q.leads ORDER BY lead_id;
RESET ROLE;
INSERT INTO q.rules (name, rule_group, condition, points) VALUES ('known', 'fit', 'true', 1);
SELECT lead_scoring.publish('q');
SET ROLE regress_lead_scoring_owner;
SELECT lead_id, score FROM q.leads ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('q');
SELECT lead_scoring.drop_model('q');

SELECT lead_scoring.drop_model('p');
RESET ROLE;
\set VERBOSITY terse
DROP SCHEMA publish_test CASCADE;
DROP OWNED BY regress_lead_scoring_owner;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_other;
