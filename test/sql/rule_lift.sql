-- The view rule_lift: do leads convert more often once they match a rule? Against what is known of hazards: hazards.sql.
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

-- 100 leads see the pricing page after a day, and 20 of them buy after another. Of the other 201 buy 16 that day, of whom ten saw the
-- page afterwards and one at the very moment of buying, which proves nothing.
CREATE FUNCTION lead(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT lpad(n::text, 32, '0')::uuid $$;
INSERT INTO leads SELECT lead(n), CASE WHEN n <= 30 THEN 'CEO' END, n FROM generate_series(1, 299) n;
INSERT INTO leads VALUES (lead(300), 'CFO', 'n/a'), (lead(301), NULL, '500');
INSERT INTO events
SELECT lead(n), e.type::event_kind, e.at::timestamptz, e.path, CASE WHEN n = 100 THEN '1m' ELSE n::text END
  FROM generate_series(1, 301) n, (VALUES ('visit', '2025-01-01', '/', 1, 301), ('visit', '2025-01-02', '/pricing', 1, 100), ('won', '2025-01-03', NULL, 81, 116),
       ('visit', '2025-01-04', '/pricing', 105, 114), ('visit', '2025-01-03', '/pricing/teams', 116, 116)) e (type, at, path, low, high)
 WHERE n BETWEEN e.low AND e.high;
SELECT rule, rule_group, kind, outcome, leads_with, converted_with, leads_without, converted_without FROM lift_model.rule_lift;
SELECT rule, lift, lift_low, lift_high, twice FROM lift_model.rule_lift;
-- Seen from ten days after they came: 100 leads at risk for a day without the page, then 20 for one with it and 80 for nine; of the others 16 for two
-- days and 185 for ten. All that is known at the age of buying is from the band of 2048 to 4096 minutes: 20 in 20 * 832 + 80 * 2048 minutes against 16
-- in 16 * 832 + 185 * 2048: 20 / 180480 * 392192 / 16 = 2.71631. R: poisson.test(c(20, 16), c(180480, 392192))$estimate: 2.716312.
-- ci <- prop.test(20, 36, correct = FALSE)$conf.int; ci / (1 - ci) * 392192 / 180480: 1.423587, 5.182930.
CREATE VIEW then_rule_lift AS SELECT * FROM lead_scoring.rule_lift('lift_model', '2025-01-11');
SELECT rule, leads_with, converted_with, days_with, per_1000_days_with AS per_1000, leads_without, converted_without, days_without, per_1000_days_without AS per_1000,
       round(lift::numeric, 6) AS lift, round(lift_low::numeric, 6) AS low, round(lift_high::numeric, 6) AS high FROM then_rule_lift;
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

-- What a lead's time at risk is, each alone: came, until, converted, first match, in days. From the top: matched when it came; matched on the
-- second of ten days; as an attribute; at the very moment of the conversion; after it; never; converted when it came and so was never at risk, though it
-- matched; never came; gone to a detour before it came.
CREATE FUNCTION day(d float8) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT timestamptz '2025-01-01' + d * interval '1 day' $$;
SELECT n, e.leads_with, e.converted_with, e.days_with, e.leads_without, e.converted_without, e.days_without
  FROM (SELECT n, lead_scoring_internal.exposure(day(came), day(until), converted, ARRAY[matched]) AS rules
          FROM (VALUES (1, 0, 10, true, day(0)), (2, 0, 10, true, day(2)), (3, 0, 10, true, '-infinity'), (4, 0, 10, true, day(10)), (5, 0, 10, true, day(11)),
                       (6, 0, 10, false, 'infinity'), (7, 0, 0, true, day(0)), (8, NULL, 10, false, 'infinity'), (9, 3, 2, false, day(3))) v (n, came, until, converted, matched)
         GROUP BY n) s LEFT JOIN LATERAL unnest(s.rules) e ON true ORDER BY n;
-- No conversion says nothing; none without a match gives a lower bound, none with one an upper bound. One each, and two against none, of two
-- leads each over one band, 60 seconds with and 40 without. R: ci <- prop.test(x, x + y, correct = FALSE)$conf.int; ci / (1 - ci) * 40 / 60:
-- 0 and 2: 0, 1.280486; 2 and 0: 0.347090, Inf; 1 and 1: 0.069600, 6.385678, estimate 0.666667.
SELECT x, y, e.lift, round(e.lift_low::numeric, 6) AS low, round(e.lift_high::numeric, 6) AS high, e.days_with * 86400 AS with, e.days_without * 86400 AS without
  FROM (VALUES (0, 0), (0, 2), (2, 0), (1, 1)) c (x, y),
       LATERAL (SELECT lead_scoring_internal.exposure(day(0), day(seconds / 86400.0), n <= CASE WHEN is_with THEN x ELSE y END, ARRAY[CASE WHEN is_with THEN '-infinity'::timestamptz ELSE 'infinity' END]) AS rules
                  FROM (VALUES (true, 30), (false, 20)) g (is_with, seconds), generate_series(1, 2) n) s, unnest(s.rules) e;
-- Conversions at an age that only leads with a match had say nothing: what is compared here is one after 86 seconds, of two with and one without.
SELECT e.* FROM (SELECT lead_scoring_internal.exposure(day(0), day(d), true, ARRAY[m]) AS rules FROM (VALUES (1, day(0)), (9, '-infinity'), (0.001, 'infinity')) v (d, m)) s, unnest(s.rules) e;
-- The same for any split and order, and for states by hand; absurd times and forged states.
SELECT count(DISTINCT s.rules::text) AS answers FROM generate_series(1, 20) k, LATERAL (
    SELECT lead_scoring_internal.exposure_final(lead_scoring_internal.exposure_combine(
               (SELECT lead_scoring_internal.exposure_accum(NULL, day(0), day(1), true, ARRAY[day(0.5), day(3)])),
               lead_scoring_internal.exposure_combine(
                   lead_scoring_internal.exposure_accum(NULL, day(0), day(7.123456), false, ARRAY[day(0.3), day(1)]),
                   lead_scoring_internal.exposure_accum(NULL, day(0), day(0.7), true, ARRAY[day(0), 'infinity'])))) AS rules WHERE k % 2 = 0
    UNION ALL
    SELECT lead_scoring_internal.exposure(day(0), u, c, m) FROM (SELECT * FROM (VALUES (day(0.7), true, ARRAY[day(0), 'infinity']), (day(1), true, ARRAY[day(0.5), day(3)]),
               (day(7.123456), false, ARRAY[day(0.3), day(1)])) v (u, c, m) ORDER BY md5(k::text || u)) v WHERE k % 2 = 1) s;
SELECT e.leads_with, e.days_with > 1e9 AS long FROM (SELECT lead_scoring_internal.exposure('4713-01-01 BC', '294276-12-31', true, ARRAY[timestamptz '-infinity']) AS rules FROM generate_series(1, 100)) s, unnest(s.rules) e;
SELECT lead_scoring_internal.exposure(day(0), day(1), true, ARRAY[day(0), NULL]);
SELECT lead_scoring_internal.exposure(day(0), day(1), true, ARRAY[ARRAY[day(0)]]);
SELECT lead_scoring_internal.exposure(day(0), day(1), true, CASE WHEN n = 1 THEN ARRAY[day(0)] ELSE '{}' END) FROM generate_series(1, 2) n;
SELECT lead_scoring_internal.exposure(day(0), day(1), true, '{}'), lead_scoring_internal.exposure(day(0), day(1), NULL, '{}');
SELECT lead_scoring_internal.exposure_final('{1,2,3}'::bigint[]);
SELECT lead_scoring_internal.exposure_final(array_fill(0::bigint, ARRAY[74]) || array_fill(1::bigint, ARRAY[74]));
DROP SCHEMA rule_lift_test CASCADE;
