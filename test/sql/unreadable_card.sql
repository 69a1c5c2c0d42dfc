-- A card that cannot be read, or names rules that there are not: verify lists it, the next event and repair() compute it anew.
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA card_test;
SET search_path = card_test;
CREATE TABLE leads (id bigint PRIMARY KEY, lead_stage text, mql_at timestamptz);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('cards', 'leads', 'events'), lead_scoring.add_rule('cards', 'visit', 'visit', 10), lead_scoring.add_stage('cards', 'mql', min_score => 15), lead_scoring.publish('cards') \g /dev/null
INSERT INTO leads VALUES (1), (2), (3);
INSERT INTO events SELECT n, 'visit', timestamptz '2024-01-01' + n * interval '1 day' FROM generate_series(1, 3) n, generate_series(1, 2);
CREATE CAST (bytea AS lead_scoring.scorecard) WITHOUT FUNCTION;

SET session_replication_role = replica;
UPDATE cards.scores SET card = '\x01ffff'::bytea::lead_scoring.scorecard WHERE lead_id = 1;
UPDATE cards.scores SET card = ''::bytea::lead_scoring.scorecard WHERE lead_id = 2;
UPDATE cards.scores SET card = replace(card::text, 'rule 0', 'rule 7')::lead_scoring.scorecard WHERE lead_id = 3;
RESET session_replication_role;
SELECT * FROM lead_scoring.verify('cards');
SELECT lead_id, card FROM cards.scores WHERE lead_id = 1;
SELECT lead_id, score FROM cards.leads;
SELECT sum(capped) FROM lead_scoring.explain('cards', 1);

-- An event, an adjustment and a move by hand; then repair for the last one.
INSERT INTO events VALUES (1, 'visit', '2024-02-01');
SELECT lead_scoring.adjust('cards', 2, 5) IS NOT NULL;
SELECT * FROM lead_scoring.verify('cards');
SELECT lead_scoring.repair('cards');
SELECT lead_id, score, stage, card FROM cards.scores ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('cards');
SELECT lead_scoring.drop_model('cards') \g /dev/null
DROP CAST (bytea AS lead_scoring.scorecard);
DROP SCHEMA card_test CASCADE;
