-- The view forecast: MQLs by trend and season, customers from the pipeline. All as of 2025-07-15; the expected numbers were
-- computed apart from this, by formula and by hand.
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
CREATE VIEW then_forecast AS SELECT * FROM lead_scoring.report('forecast_model', 'forecast', '2025-07-15') AS r (period_ahead integer, period date,
    mqls float8, mqls_low float8, mqls_high float8, periods_used integer, seasonal boolean, pipeline bigint, customers float8, customers_to_date float8);
CREATE VIEW rounded AS SELECT period_ahead, period, round(mqls::numeric, 4) AS mqls, round(mqls_low::numeric, 2) AS low, round(mqls_high::numeric, 2) AS high,
    periods_used, seasonal, pipeline, round(customers::numeric, 6) AS customers, round(customers_to_date::numeric, 6) AS to_date FROM then_forecast;
-- MQLs of the months from this one on, so many each.
CREATE FUNCTION qualify(first date, VARIADIC mqls integer[]) RETURNS void LANGUAGE sql AS $$
    DELETE FROM events; DELETE FROM leads;
    INSERT INTO leads SELECT n FROM generate_series(1, (SELECT sum(m) FROM unnest(mqls) m)) n;
    INSERT INTO events SELECT row_number() OVER (ORDER BY u.place), 'qualified', first + (u.place - 1) * interval '1 month' + interval '10 days'
      FROM unnest(mqls) WITH ORDINALITY u (m, place), generate_series(1, u.m);
$$;

-- Nothing, one month, three months: no interval yet. The month that is running counts for nothing.
SELECT * FROM rounded WHERE period_ahead IN (1, 6);
SELECT qualify('2025-07-01', 3);
SELECT * FROM rounded WHERE period_ahead = 1;
SELECT qualify('2025-06-01', 3, 1000);
SELECT period_ahead, mqls, low, high, periods_used FROM rounded WHERE period_ahead IN (1, 6);
SELECT qualify('2025-04-01', 10, 12, 14);
SELECT period_ahead, mqls, low, high, periods_used FROM rounded WHERE period_ahead IN (1, 6);

-- Six months: the roots grow by 0.336 a month; four degrees of freedom.
SELECT qualify('2025-01-01', 10, 12, 14, 20, 18, 24, 1000);
SELECT period_ahead, period, mqls, low, high, periods_used, seasonal FROM rounded;
-- Months without any count as 0, and a forecast is never below that.
SELECT qualify('2025-01-01', 10);
SELECT period_ahead, mqls, low, high, periods_used FROM rounded WHERE period_ahead IN (1, 6);

-- Two and a half years with a December of its own: from 24 months on the calendar month counts.
SELECT qualify('2023-01-01', 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 62, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 86, 44, 45, 46, 47, 48, 49);
SELECT period_ahead, period, mqls, low, high, periods_used, seasonal FROM rounded;
SELECT qualify('2018-01-01', VARIADIC array_fill(1, ARRAY[90]));
SELECT periods_used, mqls, low, high FROM rounded WHERE period_ahead = 1;

-- The pipeline. Of ten MQLs of January four were won in their first 30 days and two in the second; one was lost on day 40.
-- So of those at age 0 4/10 and 2/10 are won in the two months ahead, and of those of any age 6/28 and 2/25. There are
-- five new ones, and three that have waited for 195 days; for leads of that age nothing is known: 5 * 4/10 + 3 * 6/28.
DELETE FROM events;
DELETE FROM leads;
INSERT INTO leads SELECT n FROM generate_series(1, 15) n;
INSERT INTO events SELECT n, 'qualified', CASE WHEN n <= 10 THEN timestamptz '2025-01-01' ELSE '2025-07-10' END FROM generate_series(1, 15) n;
INSERT INTO events SELECT n, 'won', timestamptz '2025-01-01' + CASE WHEN n <= 4 THEN 20 ELSE 50 END * interval '1 day' FROM generate_series(1, 6) n;
INSERT INTO events VALUES (7, 'lost', '2025-02-10');
SELECT period_ahead, pipeline, customers, to_date FROM rounded;
SELECT round(5 * 4 / 10.0 + 3 * 6 / 28.0, 6) AS first, round(5 * 2 / 10.0 + 3 * 2 / 25.0, 6) AS second;

SELECT * FROM lead_scoring.verify('forecast_model');
SELECT lead_scoring.drop_model('forecast_model');
DROP SCHEMA forecast_test CASCADE;
