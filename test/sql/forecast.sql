-- The view forecast: MQLs by trend and season, customers from the pipeline. All as of 2025-07-15; what is expected was computed
-- by hand, or in R: source("test/real/lib/forecast.R"); own_forecast(c(10, 12, 14, 20, 18, 24), 7) and so on, of which the view
-- has the second to the seventh month.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA forecast_test;
SET search_path = forecast_test, public;
CREATE TABLE leads (id integer PRIMARY KEY);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('forecast_model', 'leads', 'events');
SELECT lead_scoring.add_stage('forecast_model', 'mql', on_event => 'qualified'),
       lead_scoring.add_stage('forecast_model', 'customer', on_event => 'won'),
       lead_scoring.add_stage('forecast_model', 'lost', kind => 'detour', on_event => 'lost');
SELECT lead_scoring.publish('forecast_model');
CREATE VIEW then_forecast AS SELECT * FROM lead_scoring.forecast('forecast_model', '2025-07-15');
CREATE VIEW rounded AS SELECT period_ahead, period, round(mqls::numeric, 4) AS mqls, round(mqls_low::numeric, 2) AS low, round(mqls_high::numeric, 2) AS high,
    periods_used, seasonal, pipeline, round(customers::numeric, 6) AS customers, round(customers_to_date::numeric, 6) AS to_date FROM then_forecast;
-- MQLs of the months from this one on, so many each, on the 11th or on days of their own.
CREATE FUNCTION qualify_on(first date, mqls integer[], days integer[]) RETURNS void LANGUAGE sql AS $$
    DELETE FROM events; DELETE FROM leads;
    INSERT INTO leads SELECT n FROM generate_series(1, (SELECT sum(m) FROM unnest(mqls) m)) n;
    INSERT INTO events SELECT row_number() OVER (ORDER BY u.place), 'qualified', first + (u.place - 1) * interval '1 month' + (u.day - 1) * interval '1 day'
      FROM unnest(mqls, days) WITH ORDINALITY u (m, day, place), generate_series(1, u.m);
$$;
CREATE FUNCTION qualify(first date, VARIADIC mqls integer[]) RETURNS void LANGUAGE sql AS $$
    SELECT qualify_on(first, mqls, array_fill(11, ARRAY[cardinality(mqls)]));
$$;

-- Nothing, one month, three months: no interval yet. The month that is running counts for nothing.
SELECT * FROM rounded WHERE period_ahead IN (1, 6);
SELECT qualify('2025-07-01', 3);
SELECT * FROM rounded WHERE period_ahead = 1;
SELECT qualify('2025-06-01', 3, 1000);
SELECT period_ahead, mqls, low, high, periods_used FROM rounded WHERE period_ahead IN (1, 6);
SELECT qualify('2025-04-01', 10, 12, 14);
SELECT period_ahead, mqls, low, high, periods_used FROM rounded WHERE period_ahead IN (1, 6);

-- Six months: counts about a level that moves little, R says 20.38936 and for the first of these 10.47896 to 33.48634. Counts
-- that grow by more than chance: as the last month.
SELECT qualify('2025-01-01', 10, 12, 14, 20, 18, 24, 1000);
SELECT period_ahead, period, mqls, low, high, periods_used, seasonal FROM rounded;
SELECT qualify('2025-03-01', 100, 150, 210, 280);
SELECT period_ahead, mqls, low, high, periods_used FROM rounded WHERE period_ahead IN (1, 6);
-- Months without any count as 0, and a forecast is never below that.
SELECT qualify('2025-01-01', 10);
SELECT period_ahead, mqls, low, high, periods_used FROM rounded WHERE period_ahead IN (1, 6);

-- Two and a half years with a December of its own: from 24 months on the calendar month counts. R: 52.45783 (51.10064 to
-- 53.85038), 54.06681 (52.45053 to 55.73196), ..., 117.14597 (112.56192 to 121.91506), 60.33240 (57.79986 to 62.97402).
SELECT qualify('2023-01-01', 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 62, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 86, 44, 45, 46, 47, 48, 49);
SELECT period_ahead, period, mqls, low, high, periods_used, seasonal FROM rounded;
-- Trend and season are fitted together: two years alike, 40 MQLs a month from July to December and 10 from January to June, go on
-- exactly so. One month less, and it is the last month's level.
SELECT qualify('2023-07-01', VARIADIC ARRAY(SELECT CASE WHEN i % 12 < 6 THEN 40 ELSE 10 END FROM generate_series(0, 23) i));
SELECT period_ahead, period, mqls, low, high, periods_used, seasonal FROM rounded;
SELECT qualify('2023-08-01', VARIADIC ARRAY(SELECT CASE WHEN i % 12 < 6 THEN 40 ELSE 10 END FROM generate_series(1, 23) i));
SELECT period_ahead, mqls, periods_used, seasonal FROM rounded WHERE period_ahead IN (1, 6);
-- The last 60 months; always the same; none for two years.
SELECT qualify('2018-01-01', VARIADIC array_fill(1, ARRAY[90]));
SELECT periods_used, mqls, low, high FROM rounded WHERE period_ahead = 1;
SELECT qualify('2023-01-01', 1);
SELECT periods_used, mqls, low, high FROM rounded WHERE period_ahead = 1;

-- The first month is taken for a part of one, 4 MQLs from the 20th on, unless it begins as early as half of those since: on its
-- first day, or later where MQLs are rare.
SELECT qualify_on('2025-03-01', '{4,30,38,31}', '{20,1,1,1}');
SELECT periods_used, mqls FROM rounded WHERE period_ahead = 1;
SELECT qualify_on('2025-03-01', '{4,30,38,31}', '{1,2,2,2}');
SELECT periods_used FROM rounded WHERE period_ahead = 1;
SELECT qualify_on('2025-03-01', '{4,3,3,3}', '{7,9,9,3}');
SELECT periods_used FROM rounded WHERE period_ahead = 1;
SELECT qualify_on('2025-03-01', '{4,3,3,3}', '{7,9,2,3}');
SELECT periods_used FROM rounded WHERE period_ahead = 1;
-- The running month, which began on the 4th, tells of it too.
SELECT qualify_on('2025-03-01', '{4,3,3,3,3}', '{7,9,9,3,4}');
SELECT periods_used FROM rounded WHERE period_ahead = 1;
SELECT qualify_on('2025-03-01', '{4,3,3,3,3}', '{7,9,2,3,4}');
SELECT periods_used FROM rounded WHERE period_ahead = 1;
-- Nothing since to compare with: one month, which began on the 11th, and none of July yet.
SELECT qualify('2025-06-01', 3);
SELECT periods_used, mqls FROM rounded WHERE period_ahead = 1;

-- The pipeline. Of ten MQLs of January four were won on day 20 and two on day 50; one was lost on day 40. Five are new: of
-- those at their age of 5 days 4/10 are won within 30 days, and 2/6 of the others in the next 30. Three have waited for 195
-- days: they are compared with leads at 165 days, the greatest age from which 30 more were watched, that is with themselves.
DELETE FROM events;
DELETE FROM leads;
INSERT INTO leads SELECT n FROM generate_series(1, 15) n;
INSERT INTO events SELECT n, 'qualified', CASE WHEN n <= 10 THEN timestamptz '2025-01-01' ELSE '2025-07-10' END FROM generate_series(1, 15) n;
INSERT INTO events SELECT n, 'won', timestamptz '2025-01-01' + CASE WHEN n <= 4 THEN 20 ELSE 50 END * interval '1 day' FROM generate_series(1, 6) n;
INSERT INTO events VALUES (7, 'lost', '2025-02-10');
SELECT period_ahead, pipeline, customers, to_date FROM rounded;
SELECT round(5 * 4 / 10.0, 6) AS first, round(5 * 6 / 10.0 * 2 / 6, 6) AS second;
-- Exact ages: for a lead of 29 days the four that were won on day 20 are no comparison, and for one of 45 days the lost one
-- is none either: 2/6, and 2/5. That one is a comparison itself, for the new ones at their age of 5 days: 4/11.
INSERT INTO leads VALUES (16);
INSERT INTO events VALUES (16, 'qualified', '2025-06-16');
SELECT period_ahead, pipeline, customers FROM rounded WHERE period_ahead <= 2;
SELECT round(5 * 4 / 10.0 + 2 / 6.0, 6) AS first;
INSERT INTO leads VALUES (17);
INSERT INTO events VALUES (17, 'qualified', '2025-05-31');
SELECT period_ahead, pipeline, customers FROM rounded WHERE period_ahead <= 2;
SELECT round(5 * 4 / 11.0 + 2 / 6.0 + 2 / 5.0, 6) AS first, round(5 * 7 / 11.0 * 2 / 6, 6) AS second;

-- Forgotten leads count for their months; in the pipeline they are no more.
SELECT qualify('2025-04-01', 10, 12, 14);
CREATE TEMP TABLE before AS SELECT * FROM rounded;
SELECT lead_scoring.forget_lead('forecast_model', id) FROM leads WHERE id IN (1, 2, 3, 11, 36) \g /dev/null
SELECT b.mqls = r.mqls AS same, r.periods_used, b.pipeline, r.pipeline AS pipeline_then FROM before b JOIN rounded r USING (period_ahead) WHERE period_ahead = 1;

-- What the view calls takes counts only.
SELECT period_ahead, round(expected::numeric, 6), low, high FROM lead_scoring_internal.forecast_counts('{400,100}', 2);
SELECT * FROM lead_scoring_internal.forecast_counts('{}', 2);
SELECT lead_scoring_internal.forecast_counts('{1,NULL}', 2);
SELECT lead_scoring_internal.forecast_counts('{{1,2}}', 2);
SELECT lead_scoring_internal.forecast_counts('{1,-1}', 2);
SELECT lead_scoring_internal.forecast_counts('{1,infinity}', 2);
SELECT lead_scoring_internal.forecast_counts('{1}', 121);
\echo :LAST_ERROR_SQLSTATE

SELECT * FROM lead_scoring.verify('forecast_model');
SELECT lead_scoring.drop_model('forecast_model');
DROP SCHEMA forecast_test CASCADE;
