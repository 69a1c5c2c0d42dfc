-- What a draft says otherwise than what is published, and the way back to a version.
\pset format unaligned
\pset null '-'
CREATE SCHEMA diff_test;
CREATE TABLE diff_test.leads (lead_id bigint PRIMARY KEY, country text, title text, lead_stage text DEFAULT 'lead', mql_at timestamptz);
CREATE TABLE diff_test.events (lead_id bigint, type text, occurred_at timestamptz, properties jsonb);
CREATE INDEX ON diff_test.events (lead_id, occurred_at);
CREATE TABLE diff_test.calls (lead_id bigint, at timestamptz);
CREATE INDEX ON diff_test.calls (lead_id);
INSERT INTO diff_test.leads (lead_id, country, title) VALUES (1, 'NZ', 'CEO'), (2, 'DE', 'intern');
INSERT INTO diff_test.events SELECT 1 + n % 2, 'visit', now() - n * interval '1 day', '{"path": "/pricing"}' FROM generate_series(1, 9) n;
SELECT lead_scoring.create_model('d', 'diff_test.leads', 'diff_test.events') \g /dev/null
SELECT lead_scoring.add_rule('d', 'visit', 'visit', 5, condition => $$properties->>'path' = '/pricing'$$, decay => 'exponential', half_life => '36 hours'),
       lead_scoring.add_rule('d', 'download', 'download', 10), lead_scoring.add_fit_rule('d', 'near', $$country = 'NZ'$$, 7),
       lead_scoring.add_band('d', 'fit', 'A', 5), lead_scoring.add_stage('d', 'mql', 6, falls_below => 2),
       lead_scoring.add_stage('d', 'lost', kind => 'detour', on_event => 'lost') \g /dev/null
-- Before the first publish all is new, and nobody is told of it.
SELECT what, name, field FROM lead_scoring.diff('d');
SELECT draft_differs FROM lead_scoring.models() WHERE model = 'd';
SELECT lead_scoring.publish('d');
SELECT * FROM lead_scoring.diff('d');

-- The first change is told of at the end of its transaction, whoever makes it; further ones are not, and neither is a change that is none.
UPDATE d.rules SET points = points WHERE name = 'visit';
BEGIN;
UPDATE d.rules SET points = 6, half_life = '2 days' WHERE name = 'visit';
UPDATE d.rules SET name = 'brochure' WHERE name = 'download';
DELETE FROM d.rules WHERE name = 'near';
SELECT lead_scoring.add_rule('d', 'call', 'call', 3, limit_count => 2, limit_window => 'week');
COMMIT;
UPDATE d.rules SET comment = 'price is asked for' WHERE name = 'visit';
UPDATE d.stages SET name = 'qualified', requires = '{"brochure": 1}' WHERE name = 'mql';
UPDATE d.rule_groups SET max_points = 40 WHERE name = 'engagement';
UPDATE d.settings SET max_score = 100, lead_condition = $$title <> 'intern'$$;
UPDATE d.report_settings SET max_touches = 9;
INSERT INTO d.report_settings (max_touches) VALUES (9);
DELETE FROM d.bands;
SELECT lead_scoring.add_group('d', 'webinars'), lead_scoring.add_source('d', 'calls', 'diff_test.calls', event_time => 'at', every_event => 'call') \g /dev/null
SELECT * FROM lead_scoring.diff('d');
SELECT draft_differs FROM lead_scoring.models() WHERE model = 'd';
-- It is what publishing changes.
SELECT lead_scoring.publish('d', 'second');
SELECT * FROM lead_scoring.diff('d');
SELECT count(*) FROM lead_scoring.diff('d', 1);
SELECT what, name, old, new FROM lead_scoring.diff('d', 2, 1) WHERE what = 'rule';
-- What is taken back is no change.
BEGIN;
UPDATE d.rules SET points = 1;
ROLLBACK;
BEGIN;
UPDATE d.rules SET points = 8 WHERE name = 'visit';
UPDATE d.rules SET points = 6 WHERE name = 'visit';
COMMIT;
BEGIN;
SAVEPOINT here;
UPDATE d.rules SET points = 8 WHERE name = 'visit';
ROLLBACK TO here;
DELETE FROM d.rules WHERE name = 'call';
COMMIT;

-- The way back: the draft is what the version says, and publishing it is a third version.
UPDATE d.rules SET enabled = false WHERE name = 'brochure';
UPDATE d.stages SET requires = NULL;
UPDATE d.rules SET enabled = false WHERE name = 'brochure';
INSERT INTO d.rules (name, event_type, points, enabled, comment) VALUES ('later', 'later', 1, false, 'waits');
SELECT lead_scoring.load_draft('d', 1);
SELECT what, name, field, old, new FROM lead_scoring.diff('d', 1);
SELECT name, id, condition, half_life, enabled, comment FROM d.rules ORDER BY name;
SELECT lead_scoring.publish('d', 'as it was');
SELECT lead_id, stage FROM d.leads ORDER BY 1;
SELECT * FROM lead_scoring.diff('d', 1, 3);
SELECT lead_scoring.load_draft('d', 2);
SELECT * FROM lead_scoring.diff('d', 2);
SELECT * FROM lead_scoring.verify('d');

-- Mistakes.
SELECT * FROM lead_scoring.diff('d', 1, 9);
SELECT * FROM lead_scoring.diff('d', 0);
SELECT * FROM lead_scoring.diff('nobody');
SELECT * FROM lead_scoring.diff(NULL);
SELECT lead_scoring.load_draft('d', 9);
SELECT lead_scoring.load_draft('d', NULL);
SELECT lead_scoring.load_draft('nobody', 1);
ALTER TABLE diff_test.leads DROP COLUMN title;
ALTER TABLE diff_test.events RENAME properties TO props;
SELECT lead_scoring.load_draft('d', 1);
-- Nothing of it is left.
SELECT * FROM lead_scoring.diff('d', 2);

-- Readers may look; the draft is the owner's to load.
CREATE ROLE diff_reader;
GRANT USAGE ON SCHEMA lead_scoring TO diff_reader;
SET ROLE diff_reader;
SELECT count(*) FROM lead_scoring.diff('d', 1, 2);
RESET ROLE;
GRANT USAGE ON SCHEMA d TO diff_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA d TO diff_reader;
SET ROLE diff_reader;
SELECT count(*) FROM lead_scoring.diff('d', 1, 2);
\set VERBOSITY terse
SELECT lead_scoring.load_draft('d', 1);
\set VERBOSITY default
RESET ROLE;
SELECT lead_scoring.drop_model('d') \g /dev/null
DROP SCHEMA diff_test CASCADE;
REVOKE USAGE ON SCHEMA lead_scoring FROM diff_reader;
DROP ROLE diff_reader;
