-- The forecast of MQLs from every month of series that are public, one to six months ahead: R's monthly counts and Olist's MQLs,
-- beside what R's naive, snaive, ets and HoltWinters make of them. The figures are printed with the test's result.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
\getenv data LEAD_SCORING_DATA
\getenv tests PG_ABS_SRCDIR
CREATE SCHEMA backtest_test;
SET search_path = backtest_test, public;
CREATE TABLE months (series text, month integer, count float8);
CREATE TABLE theirs (series text, origin integer, period_ahead integer, actual float8, naive float8, seasonal_naive float8, ets float8, holt_winters float8,
                     expected float8, low float8, high float8);
\set months 'Rscript ' :tests '/lib/backtest.R months ' :data '/olist/olist_marketing_qualified_leads_dataset.csv'
\set forecasts 'Rscript ' :tests '/lib/backtest.R forecasts ' :data '/olist/olist_marketing_qualified_leads_dataset.csv'
COPY months FROM PROGRAM :'months' (FORMAT csv, HEADER);
COPY theirs FROM PROGRAM :'forecasts' (FORMAT csv, HEADER);
CREATE TABLE ours AS
SELECT m.series, m.month AS origin, f.*
  FROM months m, LATERAL (SELECT array_agg(p.count ORDER BY p.month) AS counts FROM months p WHERE p.series = m.series AND p.month <= m.month) p,
       lead_scoring_internal.forecast_counts(p.counts, 6) f;
CREATE TABLE both_sides AS
SELECT t.*, CASE WHEN t.origin < 24 THEN 'before' ELSE 'from 24' END AS months, o.expected AS ours, o.low AS our_low, o.high AS our_high,
       t.actual BETWEEN o.low AND o.high AS is_inside
  FROM theirs t JOIN ours o USING (series, origin, period_ahead);
SELECT series, count(DISTINCT origin) AS origins, count(*) AS forecasts FROM both_sides GROUP BY 1 ORDER BY 1;

-- As the method has it when it is written a second time, in R. (Bounds: what the quantile is good for.)
SELECT count(*) FROM both_sides WHERE abs(ours - expected) > 1e-6 * greatest(expected, 1) OR ours IS NULL
    OR greatest(abs(our_low - low), abs(our_high - high)) > 1e-3 * greatest(high, 1) OR (our_low IS NULL) <> (low IS NULL);

-- Mean absolute percentage errors, and what the 80 % interval covers. From 24 months on not above the same month of the year
-- before, with fewer not above the last month, in each series; ets from some months (ETS_EVERY), and ours from the same.
CREATE TABLE figures AS
SELECT months, coalesce(series, 'all') AS series, count(*) AS forecasts, 100 * avg(abs(ours / actual - 1)) AS ours, 100 * avg(abs(naive / actual - 1)) AS naive,
       100 * avg(abs(seasonal_naive / actual - 1)) AS seasonal_naive, 100 * avg(abs(holt_winters / actual - 1)) AS holt_winters,
       100 * avg(abs(ets / actual - 1)) AS ets, 100 * avg(abs(ours / actual - 1)) FILTER (WHERE ets IS NOT NULL) AS ours_there,
       100 * avg(is_inside::integer) AS covered
  FROM both_sides GROUP BY GROUPING SETS ((months, series), (months), ());
SELECT coalesce(months, 'all') AS months, series, forecasts, round(ours::numeric, 2) AS ours, round(naive::numeric, 2) AS naive, round(seasonal_naive::numeric, 2) AS seasonal_naive,
       round(holt_winters::numeric, 2) AS holt_winters, round(ets::numeric, 2) AS ets, round(ours_there::numeric, 2) AS ours_there, round(covered, 1) AS covered
  FROM figures ORDER BY figures.months, series = 'all', series \g (format=aligned) |cat >>"${PROMISE:-/dev/null}"
SELECT months, series, CASE months WHEN 'before' THEN ours <= naive + 1e-9 ELSE ours <= seasonal_naive END AS not_above
  FROM figures WHERE series <> 'all' ORDER BY 1, 2;
SELECT coalesce(months, 'all') AS months, covered BETWEEN 75 AND 85 AS covered FROM figures WHERE series = 'all' ORDER BY figures.months;
DROP SCHEMA backtest_test CASCADE;
