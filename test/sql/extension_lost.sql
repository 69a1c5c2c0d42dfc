-- The extension is dropped with all that depends on it, and made again: cards, constraints, triggers and views of every model
-- are gone. models() and every call name the way back, and repair is that way: nothing is lost but what nobody knows any more.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA extension_lost_test;
SET search_path = extension_lost_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz) PARTITION BY LIST (type);
CREATE TABLE events_1 PARTITION OF events DEFAULT;
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('lost', 'leads', 'events');
SELECT lead_scoring.add_rule('lost', 'visit', 'visit', 10, limit_count => 3, limit_window => 'day'), lead_scoring.add_rule('lost', 'mail', 'mail', 8, decay => 'window', lifespan => '30 days'),
       lead_scoring.add_fit_rule('lost', 'domestic', 'country = ''DE''', 5);
SELECT lead_scoring.add_stage('lost', 'mql', min_score => 20, falls_below => 15);
SELECT lead_scoring.add_stage('lost', 'customer', on_event => 'won');
SELECT lead_scoring.publish('lost');
INSERT INTO leads VALUES (1, 'DE'), (2, NULL), (3, 'DE'), (4, NULL);
INSERT INTO events SELECT l, 'visit', timestamptz '2024-01-01' + i * interval '1 day' FROM generate_series(1, 3) i, unnest('{1,2}'::bigint[]) l;
INSERT INTO events VALUES (2, 'won', '2024-02-01'), (3, 'mail', '2024-03-01');
SELECT lead_scoring.adjust('lost', 3, 20, 'met') IS NULL;
SELECT lead_scoring.set_stage('lost', 4, 'mql', 'called');
\set state 'SELECT lead_id, score, engagement, fit, stage, stage_seq, mql_at < now(), version, card::text ~ ''^clock'' FROM lost.scores ORDER BY 1; SELECT lead_id, seq, to_stage, cause FROM lost.transitions ORDER BY 1, 2;'
:state
DROP EXTENSION lead_scoring CASCADE;
INSERT INTO events VALUES (1, 'won', '2024-04-01');
CREATE EXTENSION lead_scoring SCHEMA public;

SELECT problem ~ 'insert trigger on extension_lost_test.leads is missing' AND problem ~ 'view lost.leads is missing' AND problem ~ 'table lost.scores has no column "card"'
       AND problem ~ 'table lost.rules has no constraint "rules_bounds"' AND problem ~ 'trigger versions_guard on lost.versions is missing', substring(problem FROM '[^;]*$')
  FROM lead_scoring.models() WHERE model = 'lost';
SELECT lead_scoring.publish('lost');
SELECT lead_scoring.explain('lost', 1);
SELECT * FROM lead_scoring.verify('lost');
SELECT lead_scoring.adjust('lost', 1, 1);
SELECT lead_scoring.set_stage('lost', 1, 'mql');
CALL lead_scoring.refresh('lost');
SELECT lead_scoring.resume('lost');
SELECT lead_scoring.repair('lost');
SELECT problem FROM lead_scoring.models() WHERE model = 'lost';
SELECT * FROM lead_scoring.verify('lost');
:state
SELECT id, lead_stage FROM leads ORDER BY 1;
INSERT INTO events_1 VALUES (1, 'visit', '2024-05-01');
SELECT sum(leads) FROM lost.funnel;
UPDATE lost.rules SET points = 1e10 WHERE name = 'visit';
DELETE FROM lost.versions;
SELECT * FROM lead_scoring.verify('lost');

SELECT lead_scoring.drop_model('lost');
DROP SCHEMA extension_lost_test CASCADE;
