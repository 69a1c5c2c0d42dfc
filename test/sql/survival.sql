SET TIME ZONE 'UTC';
SET extra_float_digits = -3;

-- Six leads of 1 January: conversions after 1, 2, 2, 5 and 8 days, one not yet. Watched until day 30 all but one are known. Half have
-- converted from day 2 to day 5: R: summary(survfit(Surv(c(1, 2, 2, 5, 8, 30), c(1, 1, 1, 1, 1, 0)) ~ 1))$table["median"]: 3.5.
CREATE TABLE leads (id int, mql_at timestamptz, sql_at timestamptz);
INSERT INTO leads VALUES (1, '2024-01-01', '2024-01-02'), (2, '2024-01-01', '2024-01-03'), (3, '2024-01-01', '2024-01-03'), (4, '2024-01-01', '2024-01-06'),
    (5, '2024-01-01', '2024-01-09'), (6, '2024-01-01', NULL);
SELECT lead_scoring.median_time_to(mql_at, sql_at, '2024-01-31') AS median FROM leads;
SELECT day, s.* FROM generate_series(0, 9) AS day, LATERAL (SELECT (lead_scoring.share_converted_interval(mql_at, sql_at, '2024-01-31', day)).* FROM leads) AS s;

-- Seen from 4 January, only three have converted, and nothing is known of day 4. What came later is not known then either.
SELECT lead_scoring.median_time_to(mql_at, sql_at, '2024-01-04') AS median, lead_scoring.share_converted(mql_at, sql_at, '2024-01-04', 3) AS day_3,
       lead_scoring.share_converted(mql_at, sql_at, '2024-01-04', 4) AS day_4 FROM leads;

-- The classic example, remission under 6-MP (Freireich and others 1963): median 23 weeks, 1 - S(6) = 0.142857, 1 - S(10) = 0.247059, 1 - S(23) = 0.551821.
-- R, with the 21 pairs below: f <- survfit(Surv(weeks, relapsed) ~ 1, conf.type = "log-log"); summary(f, times = c(6, 10, 23)), 1 - surv, 1 - upper and
-- 1 - lower: 0.142857, 0.048448 and 0.380282; 0.247059, 0.110638 and 0.496800; 0.551821, 0.319857 and 0.811948. Where nobody has converted, R gives
-- no interval; Wilson's is prop.test(0, 21, correct = FALSE)$conf.int: 0 and 0.1546.
CREATE TABLE remissions (weeks int, relapsed boolean);
INSERT INTO remissions VALUES (6, true), (6, true), (6, true), (6, false), (7, true), (9, false), (10, true), (10, false), (11, false), (13, true), (16, true), (17, false),
    (19, false), (20, false), (22, true), (23, true), (25, false), (32, false), (32, false), (34, false), (35, false);
SELECT lead_scoring.median_time_to('2024-01-01', '2024-01-01'::timestamptz + CASE WHEN relapsed THEN weeks * interval '1 day' END, '2024-01-01'::timestamptz + weeks * interval '1 day') FROM remissions;
SELECT week, round(s.rate::numeric, 6) AS rate, round(s.low::numeric, 6) AS low, round(s.high::numeric, 6) AS high, s.n
FROM unnest(ARRAY[5, 6, 7, 10, 13, 16, 22, 23, 30, 35, 36]) AS week,
LATERAL (SELECT (lead_scoring.share_converted_interval('2024-01-01', '2024-01-01'::timestamptz + CASE WHEN relapsed THEN weeks * interval '1 day' END,
                 '2024-01-01'::timestamptz + weeks * interval '1 day', week)).* FROM remissions) AS s;

-- Exactly half is a median; less is none, however many are still on their way. Half to the end of what was seen is that from its beginning on:
-- R: summary(survfit(Surv(c(1, 2, 3, 31, 31, 31), c(1, 1, 1, 0, 0, 0)) ~ 1))$table["median"]: 3; of four, c(1, 2, 3, 31): 2.5.
SELECT n, lead_scoring.median_time_to('2024-01-01', CASE WHEN i <= 3 THEN '2024-01-01'::timestamptz + i * interval '1 day' END, '2024-02-01')
FROM unnest(ARRAY[3, 4, 5, 6, 7]) AS n, LATERAL generate_series(1, n) AS i GROUP BY n ORDER BY n;

-- Half by rounding: the products of these are 0.5 and 1.1e-16 more. R: survfit(Surv(seq_along(e), e) ~ 1), by e from the first to the last: 4.5, 8, 7, 5;
-- with days 1 and 3 it is 2, where both come on day 4 it is 4, and of 1, 2 and 7 where one was lost on day 3, 4.5.
SELECT e, lead_scoring.median_time_to('2024-01-01', CASE WHEN c THEN '2024-01-01'::timestamptz + day * interval '1 day' END, '2024-01-01'::timestamptz + day * interval '1 day') AS median
FROM unnest(ARRAY['11111110', '00011110100', '0011110110', '0111011']) WITH ORDINALITY AS v(e, n), LATERAL (SELECT i, substr(e, i, 1) = '1' FROM generate_series(1, length(e)) AS i) AS d(day, c) GROUP BY n, e ORDER BY n;
SELECT n, lead_scoring.median_time_to('2024-01-01', CASE WHEN c THEN '2024-01-01'::timestamptz + day * interval '1 day' END, '2024-01-01'::timestamptz + day * interval '1 day') AS median
FROM (VALUES (1, 1, true), (1, 3, true), (2, 4, true), (2, 4, true), (3, 1, true), (3, 2, true), (3, 3, false), (3, 7, true)) AS v(n, day, c) GROUP BY n ORDER BY n;

-- Leads from after as_of, and those without a start, are not there. Infinite times were not reached; an infinite as_of watches for ever.
SELECT (lead_scoring.share_converted_interval(a, b, '2024-01-10', 5)).* FROM (VALUES (timestamptz '2024-01-11', timestamptz '2024-01-12'), (NULL, '2024-01-02'), ('infinity', NULL),
    ('2024-01-01', '2024-01-02'), ('2024-01-01', 'infinity'), ('2024-01-01', '-infinity')) AS v(a, b);
SELECT lead_scoring.share_converted(mql_at, sql_at, 'infinity', 1e6) AS ever, lead_scoring.share_converted(mql_at, sql_at, '-infinity', 1) AS never FROM leads;
-- A conversion before its start is none, as in conversion_rate and lead_velocity: three leads, one of them converted, at once.
SELECT lead_scoring.share_converted(a, b, '2024-01-10', 0) AS at_once, lead_scoring.median_time_to(a, b, '2024-01-10')
FROM (VALUES (timestamptz '2024-01-02', timestamptz '2024-01-01'), ('2024-01-02', NULL), ('2024-01-02', '2024-01-02')) AS v(a, b);
SELECT round(lead_scoring.conversion_rate(a, b)::numeric, 4) AS rate, round(lead_scoring.share_converted(a, b, '2024-01-10', 8)::numeric, 4) AS share, lead_scoring.lead_velocity(a, b) AS mean_days
FROM (VALUES (timestamptz '2024-01-02', timestamptz '2024-01-01'), ('2024-01-02', NULL), ('2024-01-02', '2024-01-03')) AS v(a, b);
SELECT lead_scoring.median_time_to(mql_at, sql_at, '2024-01-31'), lead_scoring.share_converted(mql_at, sql_at, '2024-01-31', 1), lead_scoring.share_converted_interval(mql_at, sql_at, '2024-01-31', 1)
FROM leads WHERE false;

-- Arguments.
SELECT lead_scoring.median_time_to(mql_at, sql_at, NULL) FROM leads;
SELECT lead_scoring.median_time_to(NULL, sql_at, NULL) FROM leads;
SELECT lead_scoring.share_converted(mql_at, sql_at, '2024-01-31', NULL), lead_scoring.share_converted(mql_at, sql_at, '2024-01-31', 'NaN'), lead_scoring.share_converted(mql_at, sql_at, '2024-01-31', -1) FROM leads;
SELECT lead_scoring.share_converted(mql_at, sql_at, '2024-01-31', id) FROM leads;
SELECT lead_scoring.share_converted_interval(mql_at, sql_at, '2024-01-31', 1, 2) FROM leads;
SELECT lead_scoring.share_converted_interval(mql_at, sql_at, '2024-01-31', 1, id / 10.0) FROM leads;

-- Without anyone on the way it is the plain share and the plain median.
SELECT lead_scoring.share_converted(timestamptz '2024-01-01', '2024-01-01'::timestamptz + i * interval '1 hour', 'infinity', 10) AS share,
       lead_scoring.median_time_to('2024-01-01', '2024-01-01'::timestamptz + i * interval '1 day', 'infinity') AS median,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY i) AS plain FROM generate_series(1, 1000) AS i;

DROP TABLE leads, remissions;
