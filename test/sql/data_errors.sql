-- What the values of an event are the reason of is no match of that rule, whatever the server's code for it; the event is stored.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA data_errors_test;
SET search_path = data_errors_test;
CREATE DOMAIN share AS numeric CHECK (VALUE BETWEEN 0 AND 1);
CREATE TABLE leads (id integer PRIMARY KEY, note text);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz DEFAULT '2026-01-01', note text);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('errs', 'leads', 'events', status_columns => '{}');
SELECT lead_scoring.add_rule('errs', 'count', 'a', 1, per => 'note::numeric::int'), lead_scoring.add_rule('errs', 'share', 'a', 1, 'note::share > 0.5'),
       lead_scoring.add_rule('errs', 'long', 'a', 1, 'length(repeat(note, 2000000000)) > 1'), lead_scoring.add_fit_rule('errs', 'fit', 'note::numeric::int > 1', 5),
       lead_scoring.add_rule('errs', 'any', 'a', 10);
SELECT lead_scoring.publish('errs');
INSERT INTO leads VALUES (1, 'NaN'), (2, '3');
INSERT INTO events (lead_id, type, note) VALUES (1, 'a', 'NaN'), (1, 'a', '2'), (1, 'a', 'x'), (2, 'a', '0.75'), (2, 'a', '');
SELECT s.lead_id, s.engagement, s.fit FROM errs.scores s ORDER BY 1;
SELECT p.lead_id, p.rule, p.message, p.count FROM errs.problems p ORDER BY 1, 2;
UPDATE events SET note = 'Infinity' WHERE note = 'x';
SELECT lead_scoring.pause('errs');
INSERT INTO events (lead_id, type, note) VALUES (3, 'a', 'NaN');
SELECT lead_scoring.resume('errs');
SELECT s.lead_id, s.engagement, s.fit FROM errs.scores s ORDER BY 1;
SELECT lead_id, problem FROM lead_scoring.verify('errs');
SELECT lead_scoring.drop_model('errs');
DROP SCHEMA data_errors_test CASCADE;
