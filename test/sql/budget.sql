-- What data could make long: crossings of points that cancel out, scores after each of a hundred thousand kept matches. And
-- what is long all the same hears cancel inside of one lead's computation, and leaves nothing half-done.
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA budget_test;
SET search_path = budget_test, public;
CREATE TABLE leads (id integer PRIMARY KEY);
CREATE TABLE events (id integer, lead_id integer, type text, occurred_at timestamptz, amount numeric);
CREATE INDEX ON events (lead_id);
INSERT INTO leads SELECT generate_series(1, 200);

-- Opposite points of one half-life, as of a purchase and its refund. The timeout is far beyond what this takes, and far
-- below what searching each instant would.
SELECT lead_scoring.create_model('opposites', 'leads', 'events', status_columns => '{}');
SELECT lead_scoring.add_rule('opposites', 'bought', 'bought', 1, per => 'amount', decay => 'exponential', half_life => '7 days'),
       lead_scoring.add_rule('opposites', 'refunded', 'refunded', -1, per => 'amount', decay => 'exponential', half_life => '7 days'),
       lead_scoring.add_rule('opposites', 'visited', 'visited', 1);
SELECT lead_scoring.add_stage('opposites', 'mql', min_score => 50);
SELECT lead_scoring.publish('opposites');
SET statement_timeout = '100s';
INSERT INTO events SELECT 0, lead, type, now() - interval '70 days', 1e9 + lead FROM generate_series(1, 200) AS lead, unnest(ARRAY['bought', 'refunded']) AS type;
INSERT INTO events SELECT 0, lead, 'visited', now() - interval '10 days' FROM generate_series(1, 200) AS lead;
RESET statement_timeout;
SELECT DISTINCT score, stage FROM opposites.scores;
SELECT * FROM lead_scoring.verify('opposites');
SELECT lead_scoring.drop_model('opposites');
TRUNCATE events;

-- A hundred thousand matches that are kept, by rules of both signs, and a stage to be entered and left.
SELECT lead_scoring.create_model('kept', 'leads', 'events', status_columns => '{}');
SELECT lead_scoring.add_rule('kept', 'up', 'up', 0.01, decay => 'step', step => '1 day', drop => 0.05, max_occurrences => 100000),
       lead_scoring.add_rule('kept', 'down', 'down', -0.01, decay => 'step', step => '2 days', drop => 0.05, max_occurrences => 100000);
SELECT lead_scoring.add_stage('kept', 'mql', min_score => 15, falls_below => 10);
SELECT lead_scoring.publish('kept');
INSERT INTO events SELECT i, 1, CASE WHEN (i % 3 = 0) = (i < 50000) THEN 'down' ELSE 'up' END, '2024-01-01'::timestamptz + i * interval '1 minute' FROM generate_series(1, 100000) AS i;
SELECT to_stage, count(*) FROM kept.transitions GROUP BY to_stage ORDER BY to_stage;
SELECT * FROM lead_scoring.verify('kept');

-- Steps so many that the sum of each instant takes a hundred thousand additions after all.
UPDATE kept.rules SET drop = 0.0000001, step = '1 microsecond' WHERE name IN ('up', 'down');
SELECT lead_scoring.publish('kept');
SET statement_timeout = '3s';
INSERT INTO events SELECT i, 2, CASE WHEN i % 3 = 0 THEN 'down' ELSE 'up' END, '2024-01-01'::timestamptz + i * interval '10 microseconds' FROM generate_series(1, 100000) AS i;
RESET statement_timeout;
SELECT count(*) FROM events WHERE lead_id = 2;
SELECT * FROM lead_scoring.verify('kept');

SELECT lead_scoring.drop_model('kept');
DROP SCHEMA budget_test CASCADE;
