-- Sessions with session_replication_role = replica, where ordinary triggers and foreign keys are silent: each command leaves the
-- model as it leaves it elsewhere, in this session and in others (specs/replica_and_others.spec), or refuses.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA replica_test;
SET search_path = replica_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, employees integer, lead_stage text DEFAULT 'lead', mql_at timestamptz);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz DEFAULT '2024-01-01', campaign text);
CREATE INDEX ON events (lead_id);
CREATE TABLE spend (campaign text, spent_on date, amount numeric);
SELECT lead_scoring.create_model('replica', 'leads', 'events', event_campaign => 'campaign');
SELECT lead_scoring.add_rule('replica', 'visit', 'visit', 10);
SELECT lead_scoring.add_stage('replica', 'mql', min_score => 30);
SELECT lead_scoring.publish('replica');
INSERT INTO leads SELECT i, i FROM generate_series(1, 6) i;
INSERT INTO events SELECT i, 'visit' FROM generate_series(1, 6) i, generate_series(1, 2);
SELECT score FROM replica.scores WHERE lead_id = 1;
\set state 'SELECT s.lead_id, s.score, s.stage, l.lead_stage, s.version FROM replica.scores s LEFT JOIN leads l ON l.id = s.lead_id ORDER BY s.lead_id; SELECT * FROM lead_scoring.verify(''replica''); SELECT problem FROM lead_scoring.models() WHERE model = ''replica'';'
SET session_replication_role = replica;

-- Events and leads.
INSERT INTO events VALUES (1, 'visit');
UPDATE events SET lead_id = 3 WHERE lead_id = 2;
DELETE FROM events WHERE lead_id = 4;
UPDATE leads SET employees = 100 WHERE id = 5;
:state
-- By hand.
SELECT lead_scoring.adjust('replica', 5, 20, 'met') AS made \gset
SELECT lead_scoring.set_stage('replica', 6, 'mql', 'called');
:state
SELECT lead_scoring.cancel_adjustment('replica', :'made');
SELECT lead_scoring.merge_leads('replica', 2, 1);
SELECT lead_scoring.merge_leads('replica', 3, 1);
SELECT lead_scoring.forget_lead('replica', 6);
:state
-- Rules and versions: this session goes by what it published.
SELECT lead_scoring.add_fit_rule('replica', 'size', 'employees >= 50', 7);
SELECT lead_scoring.publish('replica');
INSERT INTO events VALUES (5, 'visit');
:state
UPDATE replica.rules SET points = 11 WHERE name = 'visit';
SELECT lead_scoring.publish('replica', rescore => false);
INSERT INTO events VALUES (5, 'visit');
CALL lead_scoring.rescore('replica');
CALL lead_scoring.refresh('replica');
:state
-- A pause holds in the session that made it, and so does its end.
SELECT lead_scoring.pause('replica');
INSERT INTO events VALUES (4, 'visit');
SELECT score FROM replica.scores WHERE lead_id = 4;
SELECT lead_scoring.resume('replica');
INSERT INTO events VALUES (4, 'visit');
:state
ALTER TABLE leads DISABLE TRIGGER ALL;
SELECT lead_scoring.repair('replica');
TRUNCATE events;
:state
-- What no trigger checks there is refused.
SELECT lead_scoring.add_rule('replica', 'orphan', 'visit', 1, rule_group => 'nowhere');
SELECT lead_scoring.set_spend('replica', 'spend');
INSERT INTO replica.rules (name, rule_group, event_type, points) VALUES ('orphan', 'nowhere', 'visit', 1);
SELECT lead_scoring.publish('replica');
SELECT lead_scoring.add_group('replica', 'nowhere');
SELECT lead_scoring.publish('replica');
:state
RESET session_replication_role;
SELECT lead_scoring.set_spend('replica', 'spend');
:state
SELECT lead_scoring.drop_model('replica');
DROP SCHEMA replica_test CASCADE;
