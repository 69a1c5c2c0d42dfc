-- Types of leads. Errors are shown in full, but for the context; :fine shows after each of them its SQLSTATE and that the
-- session goes on with the draft as it was.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
\set fine 'SELECT :''LAST_ERROR_SQLSTATE'', (SELECT count(*) FROM t.lead_types) AS types;'
CREATE ROLE regress_lead_scoring_owner;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_lead_scoring_owner;
CREATE SCHEMA lead_types_test AUTHORIZATION regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
SET search_path = lead_types_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, title text);
CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lead_id bigint, type text, occurred_at timestamptz, channel text);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('t', 'leads', 'events', event_campaign => 'channel');
INSERT INTO t.report_settings (max_touches) VALUES (10);
SELECT lead_scoring.add_rule('t', 'say "hi"', 'hi', 10), lead_scoring.add_rule('t', 'visit', 'visit', 20, decay => 'window', lifespan => '10 days', limit_count => 1, limit_window => 'day'),
       lead_scoring.add_fit_rule('t', 'vp', $$title = 'VP'$$, 5), lead_scoring.add_band('t', 'fit', 'A', 5), lead_scoring.add_band('t', 'fit', 'B', 0),
       lead_scoring.add_stage('t', 'mql', 30), lead_scoring.add_stage('t', 'sql', on_event => 'accepted');

-- What cannot be.
SELECT lead_scoring.add_lead_type('t', 'x', 'colour = 1');
:fine
SELECT lead_scoring.add_lead_type('t', 'x', 'score > random()');
:fine
SELECT lead_scoring.add_lead_type('t', 'x', 'score > extract(epoch from now())');
:fine
SELECT lead_scoring.add_lead_type('t', 'x', 'score');
:fine
SELECT lead_scoring.add_lead_type('t', 'x', NULL);
:fine
SELECT lead_scoring.add_lead_type('t', '', 'true');
:fine
SELECT lead_scoring.add_lead_type('t', 'x', 'score >= (SELECT 1)');
:fine

-- Every column that a condition may read, by showing it: one at a time is true.
SELECT lead_scoring.add_lead_type('t', 'many channels', 'cardinality(channels) >= 2'),
       lead_scoring.add_lead_type('t', 'greeter', $$(times -> 'say "hi"')::integer >= 3 AND (points -> 'say "hi"')::numeric = 30$$),
       lead_scoring.add_lead_type('t', 'top', $$grade = 'A' AND fit = 5 AND engagement >= 30 AND score = engagement + fit$$),
       lead_scoring.add_lead_type('t', 'regular', $$(days_since -> 'visit')::numeric = 0 AND (points -> 'engagement')::numeric >= 30 AND days_since_last = 0$$, 35),
       lead_scoring.add_lead_type('t', 'cold', 'days_since_last > 90', -10);
SELECT lead_scoring.add_lead_type('t', 'cold', 'true');
:fine
SELECT name, rank FROM t.lead_types ORDER BY rank;
SELECT lead_scoring.publish('t');
SELECT what, name, sentence FROM lead_scoring.definition('t') WHERE what LIKE 'lead type%' ORDER BY place;
INSERT INTO leads VALUES (1, NULL), (2, NULL), (3, 'VP'), (4, NULL), (5, NULL), (6, NULL);
INSERT INTO events (lead_id, type, occurred_at, channel) VALUES
    (1, 'visit', '2024-01-01', 'ads'), (1, 'hi', '2024-01-02', 'mail'),
    (2, 'hi', '2024-01-01', 'mail'), (2, 'hi', '2024-01-02', 'mail'), (2, 'hi', '2024-01-02', NULL), (2, 'accepted', '2024-01-03', 'fair'),
    (3, 'visit', '2024-01-01', NULL), (3, 'visit', '2024-01-02', NULL),
    (4, 'visit', '2024-01-01', NULL), (4, 'visit', '2024-01-02', NULL),
    (5, 'hi', '2024-01-01', NULL), (6, 'hi', clock_timestamp(), NULL), (6, 'hi', clock_timestamp(), 'ads'), (6, 'visit', clock_timestamp(), 'mail');
SELECT lead_id, to_stage, grade, lead_type FROM t.transitions ORDER BY lead_id, seq;
-- As of now those that did nothing for long are cold, one that never moved too.
SELECT lead_id, stage, lead_type FROM t.leads ORDER BY lead_id;
SELECT lead_type, mqls FROM (SELECT l.lead_type, count(*) AS mqls FROM t.transitions l WHERE to_stage = 'mql' GROUP BY 1) m ORDER BY 1;
SELECT dimension, sum(leads) AS leads, sum(qualified) AS mqls FROM lead_scoring.qualified_rate('t', by => 'lead_type') GROUP BY 1 ORDER BY 1;
SELECT dimension, sum(mqls) AS mqls FROM lead_scoring.funnel('t', by => 'lead_type') GROUP BY 1 ORDER BY 1;
SELECT * FROM lead_scoring.verify('t');
-- By a replay as well: what was captured is a matter of the events.
CREATE TABLE moves AS SELECT lead_id, to_stage, at, lead_type FROM t.transitions WHERE lead_id < 6;
SELECT lead_scoring.replay('t');
TABLE moves EXCEPT SELECT lead_id, to_stage, at, lead_type FROM t.transitions WHERE undone_at IS NULL;
-- Late events, in any order, corrections, a reset: cards are those that the log gives.
INSERT INTO events (lead_id, type, occurred_at) VALUES (5, 'visit', '2023-12-01'), (5, 'visit', '2023-11-01');
DELETE FROM events WHERE lead_id = 4 AND occurred_at = '2024-01-02';
SELECT lead_scoring.reset_engagement('t', 2) IS NOT NULL;
SELECT lead_scoring.merge_leads('t', 1, 3);
SELECT * FROM lead_scoring.verify('t');

-- What raises for a lead holds not, and is told; those behind it are tried.
SELECT lead_scoring.add_lead_type('t', 'odd', $$1 / ((points -> 'vp')::integer) > 0$$, -20);
SELECT lead_scoring.publish('t');
INSERT INTO leads VALUES (7, NULL), (8, 'VP');
INSERT INTO events (lead_id, type, occurred_at) VALUES (7, 'hi', '2024-01-01'), (7, 'hi', '2024-01-02'), (7, 'hi', '2024-01-03'), (8, 'hi', '2024-01-02'), (8, 'visit', '2024-01-02');
SELECT lead_id, to_stage, lead_type FROM t.transitions WHERE lead_id IN (7, 8) ORDER BY lead_id;
SELECT lead_id, rule, message, count FROM t.problems ORDER BY lead_id;
SELECT lead_id, lead_type FROM t.leads WHERE lead_id IN (7, 8) ORDER BY lead_id;

-- Another name, and back.
UPDATE t.lead_types SET name = 'says hi' WHERE name = 'greeter';
DELETE FROM t.lead_types WHERE name = 'odd';
SELECT what, name, field, old, new FROM lead_scoring.diff('t');
SELECT lead_scoring.publish('t');
SELECT count(*) FILTER (WHERE lead_type = 'says hi') > 0, count(*) FILTER (WHERE lead_type = 'greeter') FROM t.transitions;
SELECT lead_scoring.export_model('t') ->> 'lead_types';
SELECT lead_scoring.apply_model('t', lead_scoring.export_model('t')::jsonb) AS unchanged;
SELECT lead_scoring.apply_model('t', '{"lead_types": [{"name": "x", "condition": "colour = 1"}]}');
:fine
SELECT lead_scoring.load_draft('t', 1);
SELECT count(*) FROM lead_scoring.diff('t', 1);
SELECT name, rank FROM t.lead_types ORDER BY rank;
-- Without any the column stays, and is empty.
DELETE FROM t.lead_types;
SELECT lead_scoring.add_stage('t', 'customer', on_event => 'won', rank => 40), lead_scoring.publish('t');
SELECT * FROM t.leads WHERE lead_id = 7;
SELECT definition ? 'lead_types' FROM t.versions ORDER BY version DESC LIMIT 1;
-- Where its constraint is lost, a type without a condition is refused by publish.
ALTER TABLE t.lead_types ALTER condition DROP NOT NULL;
INSERT INTO t.lead_types (name) VALUES ('any');
SELECT lead_scoring.publish('t');
DELETE FROM t.lead_types WHERE name = 'any';
SELECT * FROM lead_scoring.verify('t');
SELECT lead_scoring.drop_model('t');
RESET search_path;
RESET ROLE;
SET client_min_messages = error;
DROP SCHEMA lead_types_test CASCADE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_lead_scoring_owner', current_database()); END $$;
DROP ROLE regress_lead_scoring_owner;
