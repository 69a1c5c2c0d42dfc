-- Rates over a table of leads: lead_scoring's aggregates beside count(*) FILTER, and beside SQL that gives the same answer.
CREATE UNLOGGED TABLE bench.lifecycle (lead_id bigint, mql_at timestamptz, customer_at timestamptz, spend numeric(10, 2));
SELECT setseed(0.5);
INSERT INTO bench.lifecycle
SELECT i, mql_at, CASE WHEN random() < 0.3 THEN mql_at + random() * interval '60 days' END, (random() * 100)::numeric(10, 2)
FROM generate_series(1, :rows) AS i,
     LATERAL (SELECT CASE WHEN random() < 0.4 THEN timestamptz '2025-01-01' + i * interval '1 second' END AS mql_at) AS m;
ANALYZE bench.lifecycle;
SELECT count(*) FROM bench.lifecycle \g /dev/null

CREATE TABLE bench.rate_queries (name text PRIMARY KEY, ours text, same text);
INSERT INTO bench.rate_queries VALUES
    ('conversion_rate', 'lead_scoring.conversion_rate(mql_at, customer_at)',
     'count(*) FILTER (WHERE customer_at >= mql_at)::float8 / nullif(count(mql_at), 0)'),
    ('cost_per_mql', 'lead_scoring.cost_per_mql(spend, mql_at)', 'sum(spend) / nullif(count(mql_at), 0)'),
    ('lead_velocity', 'lead_scoring.lead_velocity(mql_at, customer_at)', $$avg(date_part('epoch', customer_at - mql_at)) / 86400$$);

-- Both parts of each round's pair run under the same number of workers.
SELECT format('SET max_parallel_workers_per_gather = %s', CASE cores WHEN 'serial' THEN 0 ELSE 1 END),
       format('CALL bench.time(%s, %L, %s, %L)', :measure, cores || ' ' || name, round, format('SELECT %s FROM bench.lifecycle', expression))
FROM generate_series(1, :rounds) AS round, unnest(ARRAY['serial', 'parallel']) AS cores,
     (SELECT 'count' AS name, 'count(*) FILTER (WHERE customer_at >= mql_at)' AS expression
      UNION ALL SELECT name, ours FROM bench.rate_queries UNION ALL SELECT name || ' in SQL', same FROM bench.rate_queries) AS q
ORDER BY round, cores, md5(name || round) \gexec
RESET max_parallel_workers_per_gather;

SELECT format('INSERT INTO bench.checks SELECT %s, %L, count(*) FROM (SELECT %s AS a, %s AS b FROM bench.lifecycle) AS x WHERE abs(a - b) <= 1e-9 * abs(b) IS NOT TRUE',
              :measure, 'answer of ' || name, ours, same)
FROM bench.rate_queries \gexec
SELECT format('CALL bench.compare(%s, %L, %L, %L, %L)', :measure, format('%s, %s, time over that of %s', name, cores, label), cores || ' ' || name,
              cores || ' ' || replace(peer, '*', name), CASE peer WHEN 'count' THEN '<= 1.10' END)
FROM bench.rate_queries, unnest(ARRAY['serial', 'parallel']) AS cores,
     (VALUES ('count', 'count(*) FILTER'), ('* in SQL', 'SQL with the same answer')) AS p (peer, label)
ORDER BY name, cores DESC, peer DESC \gexec
DROP TABLE bench.lifecycle;
