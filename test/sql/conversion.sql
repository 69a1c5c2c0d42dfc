SET TIME ZONE 'UTC';
SET extra_float_digits = -3;

-- 100 MQLs, of which 50 became SQLs and 10 customers: 50 and 10 percent.
CREATE TABLE leads AS
SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'search' ELSE 'social' END AS campaign, timestamptz '2024-03-01' + i * interval '1 hour' AS mql_at,
       CASE WHEN i <= 50 THEN timestamptz '2024-03-01' + i * interval '3 hours' END AS sql_at,
       CASE WHEN i <= 10 THEN timestamptz '2024-04-01' END AS customer_at
FROM generate_series(1, 100) AS i;
SELECT lead_scoring.conversion_rate(mql_at, sql_at) AS mql_to_sql, lead_scoring.conversion_rate(mql_at, customer_at) AS mql_to_customer,
       lead_scoring.conversion_rate(sql_at, customer_at) AS sql_to_customer FROM leads;
SELECT (lead_scoring.conversion_interval(mql_at, sql_at)).* FROM leads;
SELECT (lead_scoring.conversion_interval(mql_at, customer_at, 0.9::float8)).* FROM leads;

-- A report with a total: the total is a ratio of sums, not the mean of the rates.
SELECT campaign, lead_scoring.conversion_rate(mql_at, customer_at) AS rate, (lead_scoring.conversion_interval(mql_at, customer_at)).n
FROM leads WHERE id <= 12 OR campaign = 'social' GROUP BY ROLLUP (campaign) ORDER BY campaign;

-- Within a time, inclusive; NULL sets no limit. Days have 24 hours.
SELECT lead_scoring.conversion_rate(mql_at, sql_at, '40 hours'), lead_scoring.conversion_rate(mql_at, sql_at, '1 day 16 hours') AS same,
       lead_scoring.conversion_rate(mql_at, sql_at, '0') AS at_once, lead_scoring.conversion_rate(mql_at, sql_at, NULL) AS ever FROM leads;
SELECT (lead_scoring.conversion_interval(mql_at, sql_at, '40 hours', 0.99)).* FROM leads;
SELECT lead_scoring.conversion_rate(mql_at, sql_at, '1 month') FROM leads;
SELECT lead_scoring.conversion_rate(mql_at, sql_at, '-1 hour') FROM leads;

-- A date and a timestamp do as well.
SELECT lead_scoring.conversion_rate(mql_at::date, sql_at::timestamp) FROM leads;

-- Not before; at once is in time. NULL and infinite times were not reached.
SELECT lead_scoring.conversion_rate(from_at, to_at) AS rate, (lead_scoring.conversion_interval(from_at, to_at)).n
FROM (VALUES (timestamptz '2024-01-02', timestamptz '2024-01-01'), ('2024-01-02', '2024-01-02'), ('2024-01-02', NULL), (NULL, '2024-01-02'), (NULL, NULL),
             ('2024-01-02', 'infinity'), ('2024-01-02', '-infinity'), ('infinity', 'infinity'), ('-infinity', '2024-01-02')) AS v(from_at, to_at);
SELECT lead_scoring.conversion_rate('4714-11-24 00:00:00+00 BC'::timestamptz, '294276-12-31 23:59:59+00', '1 day'),
       lead_scoring.conversion_rate('4714-11-24 00:00:00+00 BC'::timestamptz, '294276-12-31 23:59:59+00');

-- Flags. Rows in which the first is not true do not count.
SELECT lead_scoring.conversion_rate(a, b) AS rate, lead_scoring.conversion_interval(a, b), lead_scoring.conversion_interval(a, b, 0.5)
FROM (VALUES (true, true), (true, false), (true, NULL), (false, true), (NULL, true)) AS v(a, b);

-- Nothing to divide by.
SELECT lead_scoring.conversion_rate(NULL::timestamptz, NULL), lead_scoring.conversion_rate(false, true),
       lead_scoring.conversion_interval(NULL::boolean, NULL) FROM leads;
SELECT lead_scoring.conversion_rate(mql_at, sql_at), lead_scoring.conversion_interval(mql_at, sql_at) FROM leads WHERE false;
SELECT lead_scoring.conversion_rate(NULL, NULL) FROM leads;

-- Wilson's interval keeps within 0..1 where no lead and where each lead converted.
-- R: prop.test(c, n, correct = FALSE)$conf.int of 0, 10, 5 of 10: 0, 0.277532799863; 0.722467200137, 1; 0.236593090513, 0.763406909487; 81 of 263: 0.255288519878, 0.366209576983.
SELECT v.*, w.* FROM (VALUES (0, 10), (10, 10), (5, 10), (81, 263), (1, 1), (0, 0)) AS v(converted, leads), lead_scoring.wilson_interval(converted, leads) AS w;
SELECT lead_scoring.wilson_interval(50, 100) = (SELECT lead_scoring.conversion_interval(mql_at, sql_at) FROM leads) AS same;
SELECT low, high FROM lead_scoring.wilson_interval(4000000000000000000, 8000000000000000000, 0.5);

-- The confidence.
SELECT lead_scoring.conversion_interval(mql_at, sql_at, 1::float8) FROM leads;
SELECT lead_scoring.conversion_interval(mql_at, sql_at, 95::float8) FROM leads;
SELECT lead_scoring.conversion_interval(mql_at, sql_at, 0::float8) FROM leads;
SELECT lead_scoring.conversion_interval(mql_at, sql_at, 'NaN'::float8) FROM leads;
SELECT lead_scoring.conversion_interval(mql_at, sql_at, id / 200.0::float8) FROM leads;
SELECT lead_scoring.conversion_interval(mql_at, sql_at, NULL) = lead_scoring.conversion_interval(mql_at, sql_at) AS same FROM leads;
SELECT lead_scoring.wilson_interval(1, 2, 1.5);
SELECT lead_scoring.wilson_interval(3, 2);
SELECT lead_scoring.wilson_interval(-1, 2);

-- As a window aggregate, over the weeks so far.
SELECT DISTINCT date_trunc('day', mql_at) AS day, lead_scoring.conversion_rate(mql_at, sql_at) OVER (ORDER BY date_trunc('day', mql_at)) AS so_far
FROM leads ORDER BY 1;

DROP TABLE leads;
