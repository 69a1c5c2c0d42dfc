-- A status column that is written by hand does not stay: who moves a lead says so by set_stage.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET timezone = 'UTC';
CREATE SCHEMA hand_test;
SET search_path = hand_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, name text, lead_stage text, mql_at timestamptz);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('hand', 'leads', 'events');
SELECT lead_scoring.add_rule('hand', 'visit', 'visit', 10), lead_scoring.add_stage('hand', 'mql', min_score => 20), lead_scoring.add_stage('hand', 'customer', on_event => 'won');
SELECT lead_scoring.publish('hand');
INSERT INTO leads VALUES (1, 'Ann'), (2, 'Bob');
INSERT INTO events VALUES (1, 'visit', '2024-01-01');
-- The rest of the save is kept. An event that moves nothing leaves the status as it is.
UPDATE leads SET lead_stage = 'customer', name = 'Anne' WHERE id = 1;
INSERT INTO events VALUES (1, 'other', '2024-01-02');
SELECT id, name, lead_stage FROM leads WHERE id = 1;
UPDATE leads SET lead_stage = 'customer', mql_at = now();
INSERT INTO events VALUES (1, 'visit', '2024-01-03');
SELECT id, lead_stage, mql_at FROM leads ORDER BY id;
SELECT * FROM lead_scoring.verify('hand');
-- By hand it is moved so, and the column says it.
SELECT lead_scoring.set_stage('hand', 1, 'customer', 'signed on paper');
SELECT id, lead_stage FROM leads WHERE id = 1;
SELECT to_stage, cause, reason FROM hand.moves ORDER BY at;
SELECT * FROM lead_scoring.verify('hand');
SELECT lead_scoring.drop_model('hand');
SET client_min_messages = error;
DROP SCHEMA hand_test CASCADE;
