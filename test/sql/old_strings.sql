-- In the session of an old application a backslash in a string is an escape. Our own statements mean there what they
-- mean elsewhere: triggers are found, columns that a condition reads are seen, and merged leads keep their numbers apart.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
CREATE SCHEMA old_strings;
SET search_path = old_strings;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('pgold_model', 'leads', 'events');
SELECT lead_scoring.add_rule('pgold_model', 'visit', 'visit', 10);
SELECT lead_scoring.add_stage('pgold_model', 'mql', min_score => 20);
SELECT lead_scoring.add_fit_rule('pgold_model', 'circular', 'lead_stage = $$mql$$', 5);
SELECT lead_scoring.add_fit_rule('pgold_model', 'fit', 'country = $$a\\b$$', 5);
SELECT lead_scoring.publish('pgold_model');
INSERT INTO leads SELECT i, 'a\\b' FROM generate_series(1, 3) i;
INSERT INTO events SELECT i, 'visit', '2026-01-01' FROM generate_series(1, 3) i, generate_series(1, i);
SELECT problem IS NULL FROM lead_scoring.models() WHERE model = 'pgold_model';
SELECT lead_scoring.repair('pgold_model');
SELECT lead_scoring.merge_leads('pgold_model', 3, 2);
SELECT lead_scoring.merge_leads('pgold_model', 2, 1);
SELECT lead_id, seq, to_stage, merged_from FROM pgold_model.transitions ORDER BY lead_id, seq;
SELECT lead_id, score, stage FROM pgold_model.leads ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('pgold_model');
SHOW standard_conforming_strings;
SELECT lead_scoring.drop_model('pgold_model');
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('leads'::regclass, 'events'::regclass);
DROP SCHEMA old_strings CASCADE;
