-- What still comes for a lead that was merged into another is the other's.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_writer;
CREATE SCHEMA merged_test;
GRANT USAGE ON SCHEMA merged_test TO regress_lead_scoring_writer;
SET search_path = merged_test, public;
CREATE TABLE leads (id integer PRIMARY KEY, country text, lead_stage text, mql_at timestamptz);
CREATE TABLE events (id serial PRIMARY KEY, lead_id integer, type text, occurred_at timestamptz, visitor uuid);
CREATE INDEX ON events (lead_id);
CREATE INDEX ON events (visitor) WHERE lead_id IS NULL;
CREATE TABLE identities (anonymous_id uuid PRIMARY KEY, lead_id integer);
CREATE INDEX ON identities (lead_id);
CREATE TABLE calls (number integer, on_day date);
CREATE INDEX ON calls (number);
GRANT INSERT, UPDATE, SELECT ON events, calls, identities TO regress_lead_scoring_writer;
GRANT USAGE ON SEQUENCE events_id_seq TO regress_lead_scoring_writer;
SELECT lead_scoring.create_model('merged', 'leads', 'events', event_anonymous => 'visitor');
SELECT lead_scoring.add_source('merged', 'calls', 'calls', event_lead => 'number', event_time => 'on_day', every_event => 'call'), lead_scoring.set_identities('merged', 'identities');
SELECT lead_scoring.add_rule('merged', 'visit', 'visit', 5, source => 'events'), lead_scoring.add_rule('merged', 'call', 'call', 7), lead_scoring.add_fit_rule('merged', 'near', $$country = 'NZ'$$, 10),
       lead_scoring.add_stage('merged', 'mql', min_score => 20), lead_scoring.add_stage('merged', 'customer', on_event => 'won', on_event_source => 'events', rank => 30);
SELECT lead_scoring.publish('merged');
\set state 'SELECT s.lead_id, s.score, s.stage, s.counted, l.lead_stage, (SELECT count(*) FROM events e WHERE e.lead_id = s.lead_id) AS events FROM merged.scores s LEFT JOIN leads l ON l.id = s.lead_id ORDER BY 1; SELECT * FROM lead_scoring.verify(''merged'');'

INSERT INTO leads SELECT i, CASE WHEN i = 1 THEN 'NZ' END FROM generate_series(1, 6) i;
INSERT INTO events (lead_id, type, occurred_at) SELECT i, 'visit', '2024-01-01' FROM generate_series(1, 6) i;
SELECT lead_scoring.merge_leads('merged', 1, 2);
SELECT merged_from, lead_id, at <= clock_timestamp() FROM merged.merged;
SELECT lead_id FROM merged.leads ORDER BY 1;
:state

-- Late events, by a role that may store events and no more, among others, from any source, in any way. 2 becomes an MQL.
SET ROLE regress_lead_scoring_writer;
INSERT INTO events (lead_id, type, occurred_at) VALUES (1, 'visit', '2024-01-03'), (5, 'visit', '2024-01-03'), (1, 'visit', '2023-01-03') RETURNING lead_id, type;
INSERT INTO calls VALUES (1, '2024-01-04');
INSERT INTO events (id, lead_id, type, occurred_at) VALUES (1, 1, 'visit', '2024-01-01') ON CONFLICT (id) DO UPDATE SET lead_id = excluded.lead_id, occurred_at = '2024-02-02';
UPDATE events SET lead_id = 1 WHERE lead_id = 5 AND occurred_at = '2024-01-03';
RESET ROLE;
COPY events (lead_id, type, occurred_at) FROM stdin;
1	visit	2024-03-01
3	visit	2024-03-01
\.
:state
SELECT to_stage, at, merged_from FROM merged.transitions ORDER BY lead_id, seq;
-- The lead itself: its attributes move nobody, nor does a hand.
UPDATE leads SET country = 'DE' WHERE id = 1;
UPDATE leads SET country = 'NZ' WHERE id = 1;
SELECT lead_scoring.set_stage('merged', 1, 'mql', 'called');
\echo :LAST_ERROR_SQLSTATE
:state

-- A chain, and visitors: who is said to be the old lead is the new one, and what he did before is the new one's.
SELECT lead_scoring.merge_leads('merged', 2, 3);
INSERT INTO events (lead_id, type, occurred_at, visitor) VALUES (1, 'visit', '2024-03-02', NULL), (2, 'won', '2024-03-02', NULL), (NULL, 'visit', '2024-03-03', md5('a')::uuid);
SET ROLE regress_lead_scoring_writer;
INSERT INTO identities VALUES (md5('a')::uuid, 1), (md5('b')::uuid, 2);
RESET ROLE;
INSERT INTO events (type, occurred_at, visitor) VALUES ('visit', '2024-03-03', md5('b')::uuid);
SELECT lead_id, count(*) FROM identities GROUP BY 1;
SELECT merged_from, lead_id FROM merged.merged ORDER BY 1;
:state
-- While the model is paused, and while its triggers are off.
SELECT lead_scoring.pause('merged');
INSERT INTO events (lead_id, type, occurred_at) VALUES (1, 'visit', '2024-03-04');
SELECT lead_scoring.resume('merged') > 0;
ALTER TABLE events DISABLE TRIGGER lead_scoring_insert_merged;
INSERT INTO events (lead_id, type, occurred_at) VALUES (1, 'visit', '2024-03-04');
ALTER TABLE events ENABLE TRIGGER lead_scoring_insert_merged;
SELECT lead_id, problem FROM lead_scoring.verify('merged');
SELECT lead_scoring.repair('merged') > 0;
SELECT lead_scoring.publish('merged', rescore => true) > 0;
CALL lead_scoring.rescore('merged');
SELECT lead_scoring.replay('merged') > 0;
:state

-- The row of the old lead goes: what comes for its key is the other's still. One that is made again is a lead of its own.
DELETE FROM leads WHERE id = 1;
INSERT INTO events (lead_id, type, occurred_at) VALUES (1, 'visit', '2024-03-05');
:state
INSERT INTO leads VALUES (1, 'NZ');
INSERT INTO events (lead_id, type, occurred_at) VALUES (1, 'visit', '2024-03-06');
SELECT merged_from, lead_id FROM merged.merged ORDER BY 1;
:state
-- Back again: the one that stays is nobody else.
SELECT lead_scoring.merge_leads('merged', 3, 2);
INSERT INTO events (lead_id, type, occurred_at) VALUES (3, 'visit', '2024-03-06'), (2, 'visit', '2024-03-06');
SELECT merged_from, lead_id FROM merged.merged ORDER BY 1;
:state
-- The other one is erased: the old one is nobody, until an event of its own comes.
SELECT lead_scoring.forget_lead('merged', 2);
:state
INSERT INTO events (lead_id, type, occurred_at) VALUES (3, 'visit', '2024-03-07');
SELECT count(*) FROM merged.merged;
:state
-- Or its row is deleted.
SELECT lead_scoring.merge_leads('merged', 4, 5);
DELETE FROM leads WHERE id = 5;
DELETE FROM events WHERE lead_id = 5;
SELECT merged_from, lead_id FROM merged.merged;
:state

-- Rolled back, and at other isolation levels.
SELECT lead_scoring.merge_leads('merged', 6, 3);
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO events (lead_id, type, occurred_at) VALUES (6, 'visit', '2024-03-08');
SAVEPOINT s;
INSERT INTO events (lead_id, type, occurred_at) VALUES (6, 'visit', '2024-03-08');
ROLLBACK TO s;
COMMIT;
:state
SELECT lead_scoring.drop_model('merged');
DROP SCHEMA merged_test CASCADE;
DROP ROLE regress_lead_scoring_writer;
