-- The view rule_lift: do the leads that match a rule convert more often?
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET timezone = 'UTC';
SET extra_float_digits = -3;
SET client_min_messages = warning;
CREATE SCHEMA rule_lift_test;
SET search_path = rule_lift_test, public;
CREATE TYPE event_kind AS ENUM ('visit', 'download', 'won');
CREATE TABLE leads (id uuid PRIMARY KEY, title text, employees text);
CREATE TABLE events (lead_id uuid, type event_kind, at timestamptz, path text, seconds text);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('lift_model', 'leads', 'events', event_time => 'at');
SELECT lead_scoring.publish('lift_model');
SELECT count(*) FROM lift_model.rule_lift;
SELECT lead_scoring.add_rule('lift_model', 'pricing page', 'visit', 10, $$path LIKE '/pricing%'$$),
       lead_scoring.add_rule('lift_model', 'any visit', 'visit', 1, limit_count => 1, limit_window => 'ever'),
       lead_scoring.add_rule('lift_model', 'long visit', 'visit', 1, $$seconds::numeric > 60$$),
       lead_scoring.add_rule('lift_model', 'download', 'download', 5, per => '0'),
       lead_scoring.add_fit_rule('lift_model', 'a decider', $$title LIKE 'C_O'$$, 10),
       lead_scoring.add_fit_rule('lift_model', 'big', $$employees::integer > 100$$, 10);
SELECT lead_scoring.add_stage('lift_model', 'customer', on_event => 'won');
SELECT lead_scoring.publish('lift_model');

-- 100 leads see the pricing page and 20 of them buy; one more sees it at the very moment of buying: 21 of 101. Of the
-- other 200 buy 15, of whom ten saw the page afterwards, which proves nothing.
CREATE FUNCTION lead(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT lpad(n::text, 32, '0')::uuid $$;
INSERT INTO leads SELECT lead(n), CASE WHEN n <= 30 THEN 'CEO' END, n FROM generate_series(1, 299) n;
INSERT INTO leads VALUES (lead(300), 'CFO', 'n/a'), (lead(301), NULL, '500');
INSERT INTO events
SELECT lead(n), e.type::event_kind, e.at::timestamptz, e.path, CASE WHEN n = 100 THEN '1m' ELSE n::text END
  FROM generate_series(1, 301) n, (VALUES ('visit', '2025-01-01', '/', 1, 301), ('visit', '2025-01-02', '/pricing', 1, 100), ('won', '2025-01-03', NULL, 81, 116),
       ('visit', '2025-01-04', '/pricing', 105, 114), ('visit', '2025-01-03', '/pricing/teams', 116, 116)) e (type, at, path, low, high)
 WHERE n BETWEEN e.low AND e.high;
SELECT rule, rule_group, kind, outcome, leads_with, converted_with, leads_without, converted_without FROM lift_model.rule_lift;
SELECT rule, rate_with, rate_without, lift, lift_low, lift_high, twice FROM lift_model.rule_lift;
SELECT round(rate_with_low::numeric, 6) AS low, round(rate_with_high::numeric, 6) AS high, round(rate_without_low::numeric, 6), round(rate_without_high::numeric, 6)
  FROM lift_model.rule_lift WHERE rule = 'pricing page';
SELECT lead_id, rule, message FROM lift_model.problems ORDER BY rule;

-- An expression that raises is no match for that very row, whether the problem is listed or not.
SELECT rule, leads_with, converted_with FROM lift_model.rule_lift WHERE rule IN ('long visit', 'big') ORDER BY rule;
SELECT lead_scoring.clear_problems('lift_model');
INSERT INTO events VALUES (lead(100), 'visit', '2025-01-02', '/', '61');
SELECT rule, leads_with, converted_with FROM lift_model.rule_lift WHERE rule IN ('long visit', 'big') ORDER BY rule;
SELECT count(*) FROM lift_model.problems;

-- Without customers the highest stage counts.
DELETE FROM lift_model.stages WHERE name = 'customer';
SELECT lead_scoring.add_stage('lift_model', 'hot', min_score => 20);
SELECT lead_scoring.publish('lift_model');
SELECT rule, outcome, leads_with, converted_with, leads_without, converted_without, twice FROM lift_model.rule_lift;
SELECT * FROM lead_scoring.verify('lift_model');
SELECT lead_scoring.drop_model('lift_model');
DROP SCHEMA rule_lift_test CASCADE;
