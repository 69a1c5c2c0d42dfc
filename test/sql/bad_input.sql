-- What users get wrong, from tables that are not there to events that make no sense. Errors are shown in full, but for
-- the context; :fine shows after each of them its SQLSTATE and that the session goes on with nothing half-made left
-- behind: as many models, rules, stages and columns of leads as before.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\set fine 'SELECT :''LAST_ERROR_SQLSTATE'', (SELECT count(*) FROM lead_scoring.models() WHERE leads LIKE ''bad_input.%'') AS models, (SELECT count(*) FROM b.rules) AS rules, (SELECT count(*) FROM b.stages) AS stages, (SELECT count(*) FROM pg_attribute WHERE attrelid = ''bad_input.leads''::regclass AND attnum > 0) AS columns;'
CREATE ROLE regress_lead_scoring_owner;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_lead_scoring_owner;
CREATE SCHEMA bad_input AUTHORIZATION regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
SET search_path = bad_input, public;
SET TimeZone = 'UTC';
CREATE TABLE leads (id bigint PRIMARY KEY, country text, size integer);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, properties jsonb);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('b', 'leads', 'events');

-- Tables and columns that are not there or of another type.
SELECT lead_scoring.create_model('x', 'leeds', 'events', status_columns => '{}');
:fine
SELECT lead_scoring.create_model('x', 'leads', 'events', lead_key => 'lead', status_columns => '{}');
:fine
SELECT lead_scoring.create_model('x', 'leads', 'events', lead_key => 'size', status_columns => '{}');
:fine
SELECT lead_scoring.create_model('x', 'leads', 'events', event_lead => 'lead', status_columns => '{}');
:fine
SELECT lead_scoring.create_model('x', 'leads', 'events', event_type => 'kind', status_columns => '{}');
:fine
SELECT lead_scoring.create_model('x', 'leads', 'events', event_time => 'at', status_columns => '{}');
:fine
SELECT lead_scoring.create_model('x', 'leads', 'events', event_campaign => 'campaign', status_columns => '{}');
:fine
CREATE TABLE odd_leads (id numeric PRIMARY KEY, number integer UNIQUE, first text, second text, UNIQUE (first, second));
CREATE TABLE odd_events (lead_id integer, type char(3), at text, day boolean, name text);
CREATE INDEX ON odd_events (lead_id);
SELECT lead_scoring.create_model('x', 'odd_leads', 'events');
:fine
SELECT lead_scoring.create_model('x', 'leads', 'odd_events', event_time => 'at', status_columns => '{}');
:fine
SELECT lead_scoring.create_model('x', 'odd_leads', 'odd_events', lead_key => 'number', event_time => 'at');
:fine
SELECT lead_scoring.create_model('x', 'odd_leads', 'odd_events', lead_key => 'number', event_type => 'name', event_time => 'at');
:fine
SELECT lead_scoring.create_model('x', 'odd_leads', 'odd_events', lead_key => 'number', event_type => 'name', event_time => 'day');
:fine
CREATE COLLATION fuzzy (provider = icu, locale = 'und', deterministic = false);
CREATE TABLE fuzzy_leads (id text COLLATE fuzzy PRIMARY KEY);
SELECT lead_scoring.create_model('x', 'fuzzy_leads', 'events');
:fine

-- Keys of several columns.
CREATE TABLE wide_leads (a integer, b integer, PRIMARY KEY (a, b));
SELECT lead_scoring.create_model('x', 'wide_leads', 'events');
:fine
SELECT lead_scoring.create_model('x', 'wide_leads', 'odd_events', lead_key => 'a');
:fine

-- No privilege: on the tables, on one of them, on the database.
RESET ROLE;
CREATE ROLE regress_lead_scoring_other;
GRANT USAGE ON SCHEMA bad_input TO regress_lead_scoring_other;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_lead_scoring_other;
GRANT ALL ON bad_input.events TO regress_lead_scoring_other;
CREATE TABLE other_leads (id bigint PRIMARY KEY);
ALTER TABLE other_leads OWNER TO regress_lead_scoring_other;
SET ROLE regress_lead_scoring_other;
SELECT lead_scoring.create_model('x', 'leads', 'events');
SELECT lead_scoring.create_model('x', 'other_leads', 'events');
SELECT lead_scoring.create_model('b', 'leads', 'events');
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1);
SELECT lead_scoring.publish('b');
SELECT lead_scoring.drop_model('b');
RESET ROLE;
:fine
REVOKE CREATE ON DATABASE :"DBNAME" FROM regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
SELECT lead_scoring.create_model('x', 'leads', 'events', status_columns => '{}');
:fine
RESET ROLE;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;

-- Names that are taken, reserved, too long.
SELECT lead_scoring.create_model('b', 'leads', 'events', status_columns => '{}');
:fine
SELECT lead_scoring.create_model('bad_input', 'leads', 'events', status_columns => '{}');
:fine
SELECT lead_scoring.create_model('pg_model', 'leads', 'events', status_columns => '{}');
:fine
SELECT lead_scoring.create_model('', 'leads', 'events', status_columns => '{}');
:fine
SELECT lead_scoring.create_model(repeat('x', 64), 'leads', 'events', status_columns => '{}');
:fine
SELECT lead_scoring.add_group('b', 'fit');
:fine
SELECT lead_scoring.add_rule('b', 'visit', 'page_view', 1);
SELECT lead_scoring.add_rule('b', 'visit', 'download', 1);
:fine
SELECT lead_scoring.add_stage('b', 'lead');
:fine

-- Numbers and spans that make no sense.
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, decay => 'exponential', half_life => '-1 day');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 'NaN');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 'Infinity');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', -1e10);
:fine
SELECT lead_scoring.add_stage('b', 'x', min_score => 50, falls_below => 60);
:fine

-- Expressions that would not come out the same again, or look beyond their row.
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, 'occurred_at > now() - interval ''1 day''');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, 'random() < 0.5');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, 'occurred_at::date = ''2024-01-01''');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, 'generate_series(1, 2) = 1');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, 'EXISTS (SELECT FROM leads)');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, 'count(*) > 1');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, 'row_number() OVER () > 1');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, 'ctid IS NOT NULL');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, '$1');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, 'true; DROP TABLE leads');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, 'true) OR (true');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, 'true AS x');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, 'true FROM leads');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, '');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, per => 'nowhere + 1');
:fine
SELECT lead_scoring.add_rule('b', 'x', 'page_view', 1, limit_count => 1, limit_window => 'day', limit_key => 'now()');
:fine
SELECT lead_scoring.add_fit_rule('b', 'x', 'type = ''page_view''', 1);
:fine
SELECT lead_scoring.add_stage('b', 'x', on_event => 'won', on_event_condition => 'country');
:fine

-- Events that make no sense count for nothing, and their insert goes through: no lead, no type, no time, a time that
-- is none, a time far ahead. A distant past counts. An unknown lead has a score, but is not among the leads.
SELECT lead_scoring.publish('b');
INSERT INTO leads VALUES (1, 'DE', 10);
INSERT INTO events VALUES (NULL, 'page_view', '2024-01-01'), (1, NULL, '2024-01-01'), (1, 'page_view', NULL),
    (1, 'page_view', 'infinity'), (1, 'page_view', '-infinity'), (1, 'page_view', '4714-11-24 BC'),
    (1, 'page_view', '294276-12-31'), (1, 'page_view', '2024-01-01'), (2, 'page_view', '2024-01-01'), (NULL, NULL, NULL);
SELECT lead_id, score, engagement, fit, stage FROM b.scores ORDER BY lead_id;
SELECT lead_id, score, stage FROM b.leads;
SELECT count(*) FROM b.problems;
-- Statements without rows, and rows that become senseless.
INSERT INTO events SELECT * FROM events WHERE false;
UPDATE events SET type = 'page_view' WHERE false;
DELETE FROM events WHERE false;
UPDATE leads SET country = 'FR' WHERE false;
DELETE FROM leads WHERE false;
UPDATE events SET lead_id = NULL WHERE lead_id = 2;
UPDATE events SET occurred_at = 'infinity' WHERE occurred_at < '2000-01-01';
SELECT lead_id, score FROM b.scores ORDER BY lead_id;
UPDATE events SET lead_id = 1, type = 'page_view', occurred_at = '2024-01-02' WHERE lead_id IS NULL;
SELECT lead_id, score FROM b.scores ORDER BY lead_id;
SELECT count(*) FROM lead_scoring.verify('b');

SELECT lead_scoring.drop_model('b');
RESET ROLE;
\set VERBOSITY terse
DROP SCHEMA bad_input CASCADE;
DROP OWNED BY regress_lead_scoring_owner;
DROP OWNED BY regress_lead_scoring_other;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_other;
