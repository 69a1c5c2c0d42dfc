-- The demo's charts as bars of text, for where there is no Node to draw them. Run after demo.sql.
\pset footer off
\pset null -
\echo
\echo How many get how far, and which share of the step before?
SELECT step, reached AS leads, round(100 * rate, 1) AS "%",
       repeat('█', (50 * reached / nullif(max(reached) OVER (), 0))::integer) AS bar
FROM (SELECT sum(leads) AS leads, sum(leads_qualified) AS qualified, sum(mqls) AS mqls, sum(sqls) AS sqls,
             sum(customers) AS customers
      FROM demo.funnel) AS f,
     LATERAL (VALUES (1, 'leads', f.leads, NULL), (2, 'MQLs', mqls, qualified / nullif(f.leads, 0)),
                     (3, 'SQLs', sqls, sqls / nullif(mqls, 0)), (4, 'customers', customers, customers / nullif(sqls, 0))
             ) AS steps (n, step, reached, rate)
ORDER BY n;

\echo
\echo MQLs by month, and what one cost
SELECT to_char(period, 'Mon YYYY') AS period, f.mqls, repeat('█', f.mqls::integer) AS bar, cost_per_mql,
       repeat('▒', (20 * cost_per_mql / nullif(max(cost_per_mql) OVER (), 0))::integer) AS cost
FROM demo.funnel AS f
LEFT JOIN (SELECT period, round(nullif(sum(spend), 0) / nullif(sum(mqls), 0), 2) AS cost_per_mql
           FROM demo.campaigns GROUP BY period) AS costs USING (period)
WHERE period IS NOT NULL
ORDER BY f.period;

\echo
\echo Campaigns by cost per customer
SELECT coalesce(campaign, 'none') AS campaign, nullif(sum(spend), 0) AS spend, sum(leads) AS leads, sum(mqls) AS mqls,
       sum(sqls) AS sqls, sum(customers) AS customers,
       round(nullif(sum(spend), 0) / nullif(sum(mqls), 0), 2) AS cost_per_mql,
       round(nullif(sum(spend), 0) / nullif(sum(customers), 0), 2) AS cost_per_customer
FROM demo.campaigns
GROUP BY campaign
ORDER BY cost_per_customer NULLS LAST, spend DESC NULLS LAST, campaign;

\echo
\echo Leads by score as of now; an MQL has 45 or more
SELECT 45 + 10 * bin AS "from", 55 + 10 * bin AS below, count(*) AS leads,
       repeat(CASE WHEN bin < 0 THEN '░' ELSE '█' END, (50.0 * count(*) / max(count(*)) OVER ())::integer) AS bar
FROM (SELECT floor((score - 45) / 10) AS bin FROM demo.leads) AS scores
GROUP BY bin
ORDER BY bin;

\echo
\echo Of the MQLs of a month, the % that are customers within so many days (empty: too young yet)
SELECT to_char(period, 'Mon YYYY') AS period, leads AS mqls, max(rate) FILTER (WHERE age = 1) AS "30",
       max(rate) FILTER (WHERE age = 2) AS "60", max(rate) FILTER (WHERE age = 3) AS "90",
       max(rate) FILTER (WHERE age = 6) AS "180", max(rate) FILTER (WHERE age = 12) AS "360"
FROM (SELECT c.period, c.leads, c.age, round(100 * c.rate::numeric) AS rate
      FROM demo.cohorts AS c WHERE from_stage = 'mql' AND to_stage = 'customer') AS cohorts
GROUP BY cohorts.period, leads
ORDER BY cohorts.period;

\echo
\echo Days from lead to MQL and from MQL to SQL: the median, for MQLs of those who got there
SELECT to_char(period, 'Mon YYYY') AS period,
       round(to_mql::numeric, 1) AS to_mql, repeat('█', to_mql::integer) AS "lead to MQL",
       round(to_sql::numeric, 1) AS to_sql, repeat('▒', to_sql::integer) AS "MQL to SQL"
FROM (SELECT period, max(p50_days) FILTER (WHERE to_stage = 'mql'
                                           AND period < date_trunc('month', now()) - interval '2 months') AS to_mql,
             max(median_days) FILTER (WHERE from_stage = 'mql' AND to_stage = 'sql') AS to_sql
      FROM demo.velocity GROUP BY period) AS days
ORDER BY days.period;
