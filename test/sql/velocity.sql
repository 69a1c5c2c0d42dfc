SET TIME ZONE 'UTC';

-- Mean days between two stages.
SELECT lead_scoring.lead_velocity(mql_at, sql_at) AS mean_days
FROM (VALUES (timestamptz '2024-01-01', timestamptz '2024-01-02'), ('2024-01-01', '2024-01-04'), ('2024-01-01', '2024-01-01 12:00'), ('2024-01-01', NULL), (NULL, '2024-01-01'),
             ('2024-01-01', 'infinity'), ('-infinity', '2024-01-01')) AS v(mql_at, sql_at);

-- A time that goes backwards was not reached; one at the same instant was.
SELECT lead_scoring.lead_velocity(a, b) AS all_rows, lead_scoring.lead_velocity(a, b) FILTER (WHERE b >= a) AS forwards
FROM (VALUES (timestamptz '2024-01-01', timestamptz '2024-01-03'), ('2024-01-03', '2024-01-02'), ('2024-01-03', '2024-01-03')) AS v(a, b);

-- Days are 24 hours, whatever the clocks do.
SET TIME ZONE 'Europe/Berlin';
SELECT lead_scoring.lead_velocity('2024-03-30 12:00'::timestamptz, '2024-03-31 12:00'::timestamptz) * 24 AS hours;
SET TIME ZONE 'UTC';

-- Exact where the sum is beyond 64 bits; microseconds count.
SELECT lead_scoring.lead_velocity('4713-01-01 00:00:00 BC'::timestamptz, '294276-12-31'::timestamptz) FROM generate_series(1, 1000);
SELECT lead_scoring.lead_velocity('2024-01-01'::timestamptz, '2024-01-01 00:00:00.000001'::timestamptz) * 86400e6 AS microseconds FROM generate_series(1, 3);
SELECT lead_scoring.lead_velocity('4713-01-01 00:00:00 BC'::timestamptz, at) AS mean FROM (VALUES (timestamptz '2024-01-01'), ('294276-12-31')) AS v(at);
SELECT lead_scoring.lead_velocity(a, b) FROM (VALUES (timestamptz '2024-01-01', NULL::timestamptz)) AS v(a, b);

-- Trend by month, and a moving one.
SELECT month, lead_scoring.lead_velocity(a, a + month * interval '1 day') AS mean, lead_scoring.lead_velocity(min(a), max(a)) OVER (ORDER BY month ROWS 1 PRECEDING) AS moving
FROM (SELECT m AS month, timestamptz '2024-01-01' + m * interval '30 days' + i * interval '1 hour' AS a FROM generate_series(1, 3) AS m, generate_series(0, 48) AS i) AS v
GROUP BY month ORDER BY month;
