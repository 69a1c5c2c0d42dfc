-- Types of events that are misspelt, or wait for their time: the view event_types, and the notices of publish.
\pset format unaligned
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA event_types_test;
SET search_path = event_types_test;
CREATE TABLE leads (lead_id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('types', 'leads', 'events', status_columns => '{}');
SET client_min_messages = notice;
\set show 'SELECT type, source, events, last_at, waiting, rules, stages, nearest, note FROM types.event_types;'

-- Before there is anything; before anything is published.
:show
INSERT INTO leads VALUES (1), (2);
INSERT INTO events VALUES (1, 'demo_request', '2024-01-01'), (1, 'demo_request', '2024-01-02'), (2, 'Sign Up', '2024-01-03'), (2, NULL, '2024-01-04'), (2, 'order', 'infinity'), (2, 'order', '2024-01-05');
:show

-- No notice while there are no events.
BEGIN;
DELETE FROM events;
SELECT lead_scoring.add_rule('types', 'demo', 'demo_reqest', 50), lead_scoring.publish('types');
:show
ROLLBACK;
SELECT lead_scoring.add_rule('types', 'demo', 'demo_reqest', 50), lead_scoring.add_rule('types', 'demo again', 'demo_reqest', 5, condition => 'lead_id > 1'),
       lead_scoring.add_rule('types', 'visit', 'page_view', 1), lead_scoring.add_rule('types', 'paid', 'order', 1), lead_scoring.add_stage('types', 'mql', on_event => 'sign_up');
SELECT lead_scoring.publish('types');
SELECT problem FROM lead_scoring.models() WHERE model = 'types';
:show

-- As the hints say.
UPDATE types.rules SET event_type = 'demo_request' WHERE event_type = 'demo_reqest';
UPDATE types.stages SET on_event = 'Sign Up' WHERE on_event = 'sign_up';
SELECT lead_scoring.publish('types');
:show
SELECT lead_id, score, stage FROM types.leads ORDER BY 1;
-- An unchanged draft says nothing more, and one that is not computed with reads no events.
SELECT lead_scoring.publish('types');
UPDATE types.rules SET points = 2 WHERE name = 'visit';
SELECT lead_scoring.publish('types', rescore => false);
CALL lead_scoring.rescore('types');

-- What is added to a model that is published says once that it does not count yet.
SELECT lead_scoring.add_rule('types', 'call', 'call', 1);
SELECT lead_scoring.add_stage('types', 'sql', min_score => 100);
SELECT lead_scoring.publish('types');
SELECT lead_scoring.add_band('types', 'fit', 'A', 1);
SELECT lead_scoring.publish('types');
SELECT lead_scoring.add_group('types', 'demo');

-- Ahead of the clock: by more than future_tolerance, and up to when.
INSERT INTO events SELECT 1, 'demo_request', now() + h FROM unnest('{1 minute,1 hour,5 hours}'::interval[]) h;
SELECT type, events, waiting, round(extract(epoch FROM waits_until - now()) / 3600, 2) AS hours, note FROM types.event_types WHERE waiting > 0;
SELECT type, waiting FROM lead_scoring.event_types('types', now() + interval '2 hours') WHERE waiting > 0;
UPDATE types.settings SET future_tolerance = '1 day';
SELECT type, waiting, waits_until, note FROM types.event_types WHERE waiting > 0;

-- How near names are.
SELECT a, b, lead_scoring_internal.near(a, b) FROM (VALUES ('a', 'b'), ('visit', 'visits'), ('Page View', 'page_view'), ('page-view', 'pageview'), ('page_view', 'page_veiw'), ('download', 'upload'), ('webinar', 'demo'), ('', ''), ('größe', 'groesse'), (NULL, 'a')) n (a, b);
SELECT lead_scoring_internal.edit_distance('kitten', 'sitting'), lead_scoring_internal.edit_distance(repeat('a', 100000), repeat('b', 100000));

-- An enum, whose values are few and known.
CREATE TYPE kind AS ENUM ('page_view', 'demo');
CREATE TABLE acts (lead_id bigint, type kind, occurred_at timestamptz);
CREATE INDEX ON acts (lead_id);
SELECT lead_scoring.create_model('kinds', 'leads', 'acts', status_columns => '{}'), lead_scoring.add_rule('kinds', 'demo', 'demo', 5);
INSERT INTO acts VALUES (1, 'page_view', '2024-01-01');
SELECT lead_scoring.publish('kinds');
SELECT type, events, rules, nearest, note FROM kinds.event_types;

-- A type that is waited for itself is not what another one was meant to be.
ALTER TYPE kind ADD VALUE 'deal_won';
ALTER TYPE kind ADD VALUE 'deal_lost';
SELECT lead_scoring.add_stage('kinds', 'customer', on_event => 'deal_won'), lead_scoring.add_stage('kinds', 'lost', kind => 'detour', on_event => 'deal_lost');
INSERT INTO acts VALUES (1, 'deal_won', '2024-01-02');
SELECT lead_scoring.publish('kinds');
SELECT type, events, rules, stages, nearest, note FROM kinds.event_types;

-- Whoever may read the view, and nobody else.
CREATE ROLE regress_lead_scoring_types;
GRANT USAGE ON SCHEMA types TO regress_lead_scoring_types;
SET ROLE regress_lead_scoring_types;
SELECT count(*) FROM types.event_types;
RESET ROLE;
GRANT SELECT ON types.event_types TO regress_lead_scoring_types;
SET ROLE regress_lead_scoring_types;
SELECT count(*) FROM types.event_types;
RESET ROLE;
SELECT * FROM lead_scoring.verify('types');

SET client_min_messages = warning;
SELECT lead_scoring.drop_model('types'), lead_scoring.drop_model('kinds');
DROP SCHEMA event_types_test CASCADE;
DROP ROLE regress_lead_scoring_types;
