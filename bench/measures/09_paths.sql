-- What leads did in order: window_funnel and attribution beside window functions that give the same answer.
CREATE UNLOGGED TABLE bench.journeys (lead_id bigint, type text, channel text, occurred_at timestamptz);
SELECT setseed(0.5);
INSERT INTO bench.journeys
SELECT 1 + floor(:many_leads * random())::bigint,
       (ARRAY['visit', 'trial', 'purchase', 'heartbeat'])[width_bucket(random(), ARRAY[0, .5, .65, .7])],
       (ARRAY['search', 'email', 'social', 'direct', 'fair', 'partner'])[1 + floor(random() * 6)::integer],
       timestamptz '2025-01-01' + i * (interval '300 days' / :many_events)
FROM generate_series(1, :many_events) AS i;
ANALYZE bench.journeys;
SELECT count(*) FROM bench.journeys \g /dev/null

CREATE TABLE bench.path_queries (name text, author text, query text);
INSERT INTO bench.path_queries VALUES
('window_funnel', 'ours', $$
    SELECT steps::text AS key, count(*)::float8 AS value
    FROM (SELECT lead_scoring.window_funnel('30 days', occurred_at, type = 'visit', type = 'trial', type = 'purchase') AS steps
          FROM bench.journeys GROUP BY lead_id) AS funnel
    GROUP BY steps$$),
('window_funnel', 'SQL', $$
    SELECT steps::text AS key, count(*)::float8 AS value
    FROM (SELECT max(CASE WHEN type = 'purchase' AND occurred_at <= trial_from + interval '720 hours' THEN 3
                          WHEN type = 'trial' AND occurred_at <= visit + interval '720 hours' THEN 2
                          WHEN type = 'visit' THEN 1 ELSE 0 END) AS steps
          FROM (SELECT *, max(CASE WHEN type = 'trial' AND occurred_at <= visit + interval '720 hours' THEN visit END) OVER w AS trial_from
                FROM (SELECT lead_id, type, occurred_at, max(occurred_at) FILTER (WHERE type = 'visit') OVER w AS visit
                      FROM bench.journeys
                      WINDOW w AS (PARTITION BY lead_id ORDER BY occurred_at ROWS UNBOUNDED PRECEDING)) AS visits
                WINDOW w AS (PARTITION BY lead_id ORDER BY occurred_at ROWS UNBOUNDED PRECEDING)) AS trials
          GROUP BY lead_id) AS funnel
    GROUP BY steps$$),
('attribution', 'ours', $$
    SELECT (c).channel AS key, sum((c).credit)::float8 AS value
    FROM (SELECT unnest(lead_scoring.attribution('position', channel, occurred_at, timestamptz '2025-10-01')) AS c
          FROM bench.journeys WHERE occurred_at <= timestamptz '2025-10-01' GROUP BY lead_id) AS credits
    GROUP BY (c).channel$$),
('attribution', 'SQL', $$
    SELECT channel AS key, sum(CASE WHEN n = 1 THEN 1.0::float8 WHEN n = 2 THEN 0.5 WHEN i IN (1, n) THEN 0.4 ELSE 0.2::float8 / (n - 2) END) AS value
    FROM (SELECT channel, row_number() OVER (PARTITION BY lead_id ORDER BY occurred_at) AS i, count(*) OVER (PARTITION BY lead_id) AS n
          FROM bench.journeys WHERE occurred_at <= timestamptz '2025-10-01') AS touches
    GROUP BY channel$$);

SELECT format('CALL bench.time(%s, %L, %s, %L, %s)', :measure, name || ' ' || author, round, query, :many_events)
FROM generate_series(1, (:rounds + 1) / 2) AS round, bench.path_queries
ORDER BY round, name, (author = 'ours') = (round % 2 = 0) \gexec

SELECT format('INSERT INTO bench.checks SELECT %s, %L, count(*) FROM (%s) AS a FULL JOIN (%s) AS b USING (key) WHERE abs(a.value - b.value) <= 1e-6 * b.value IS NOT TRUE',
              :measure, 'answer of ' || name, a.query, b.query)
FROM bench.path_queries a JOIN bench.path_queries b USING (name) WHERE a.author = 'ours' AND b.author = 'SQL' \gexec
CALL bench.compare(:measure, 'window_funnel, over window functions', 'window_funnel ours', 'window_funnel SQL', '>= 5');
CALL bench.compare(:measure, 'attribution, over window functions', 'attribution ours', 'attribution SQL', '>= 5');

-- The same beside an index on lead and time that covers the queries, with as much memory as PostgreSQL grants by itself: both read
-- that index, and have neither to sort nor to look up a lead.
CREATE INDEX ON bench.journeys (lead_id, occurred_at) INCLUDE (type, channel);
VACUUM ANALYZE bench.journeys;
SET work_mem = '4MB';
SELECT format('SET max_parallel_workers_per_gather = %s', CASE cores WHEN 'serial' THEN 0 ELSE 1 END),
       format('CALL bench.time(%s, %L, %s, %L, %s)', :measure, concat_ws(' ', name, 'index', cores, author), round, query, :many_events)
FROM generate_series(1, (:rounds + 1) / 2) AS round, unnest(ARRAY['serial', 'parallel']) AS cores, bench.path_queries
ORDER BY round, name, cores, (author = 'ours') = (round % 2 = 0) \gexec
RESET max_parallel_workers_per_gather;
RESET work_mem;
SELECT format('CALL bench.compare(%s, %L, %L, %L, %L)', :measure, format('%s with a covering index, %s, over window functions', name, cores),
              format('%s index %s ours', name, cores), format('%s index %s SQL', name, cores), '>= 5')
FROM unnest(ARRAY['window_funnel', 'attribution']) AS name, unnest(ARRAY['serial', 'parallel']) AS cores
ORDER BY name DESC, cores DESC \gexec
DROP TABLE bench.journeys;
