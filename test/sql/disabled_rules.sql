-- Rules that wait: no part of what is published, unchecked, with the ids that they have. And comments, which are no part of it either.
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA waiting_test;
CREATE TABLE waiting_test.leads (lead_id bigint PRIMARY KEY, country text, lead_stage text DEFAULT 'lead', mql_at timestamptz);
CREATE TABLE waiting_test.events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON waiting_test.events (lead_id, occurred_at);
INSERT INTO waiting_test.leads (lead_id) VALUES (1);
INSERT INTO waiting_test.events VALUES (1, 'visit', now() - interval '2 days'), (1, 'webinar', now() - interval '1 day');
SELECT lead_scoring.create_model('waiting', 'waiting_test.leads', 'waiting_test.events') \g /dev/null
SELECT lead_scoring.add_rule('waiting', 'visit', 'visit', 10), lead_scoring.add_rule('waiting', 'webinar', 'webinar', 20),
       lead_scoring.add_stage('waiting', 'mql', 15, requires => '{"webinar": 1}') \g /dev/null
SELECT lead_scoring.publish('waiting');
SELECT score, stage FROM waiting.leads;
-- One that a stage requires cannot wait.
UPDATE waiting.rules SET enabled = false WHERE name = 'webinar';
UPDATE waiting.rules SET enabled = NULL WHERE name = 'webinar';
BEGIN;
UPDATE waiting.stages SET requires = NULL WHERE name = 'mql';
UPDATE waiting.rules SET enabled = false WHERE name = 'webinar';
COMMIT;
SELECT draft_differs FROM lead_scoring.models() WHERE model = 'waiting';
SELECT lead_scoring.publish('waiting');
SELECT score, stage FROM waiting.leads;
SELECT jsonb_path_query_array(definition, '$.rules[*].name') FROM waiting.versions ORDER BY version;
-- What is wrong with it is looked at when it is enabled.
UPDATE waiting.rules SET condition = 'no_such_column = 1' WHERE name = 'webinar';
UPDATE waiting.rules SET enabled = true WHERE name = 'webinar';
UPDATE waiting.rules SET condition = NULL WHERE name = 'webinar';
-- Its id is nobody else's, not even by its former name.
UPDATE waiting.rules SET name = 'seminar' WHERE name = 'webinar';
SELECT lead_scoring.add_rule('waiting', 'webinar', 'webinar', 1);
SELECT lead_scoring.publish('waiting');
DELETE FROM waiting.rules WHERE name = 'webinar';
UPDATE waiting.rules SET enabled = true WHERE name = 'seminar';
SELECT lead_scoring.publish('waiting');
SELECT name, id, enabled FROM waiting.rules ORDER BY id;
SELECT score, stage FROM waiting.leads;
-- It did not lose what was written while it was called otherwise.
SELECT seq, to_stage, rule FROM waiting.transitions ORDER BY seq;
-- Comments are no part of a version.
UPDATE waiting.rules SET comment = 'they came' WHERE name = 'seminar';
UPDATE waiting.rule_groups SET comment = 'what leads do' WHERE name = 'engagement';
UPDATE waiting.stages SET comment = 'for sales' WHERE name = 'mql';
SELECT draft_differs FROM lead_scoring.models() WHERE model = 'waiting';
SELECT lead_scoring.publish('waiting');
SELECT version, problem FROM lead_scoring.models() WHERE model = 'waiting';
SELECT * FROM lead_scoring.verify('waiting');
SELECT lead_scoring.drop_model('waiting') \g /dev/null
DROP SCHEMA waiting_test CASCADE;
