-- lead_scoring in five minutes: fifteen months of a small company's marketing, scored as they
-- happen.
-- Run by demo/run; works in any empty database: psql -f demo/demo.sql
\pset footer off
SET client_min_messages = warning;
CREATE EXTENSION lead_scoring;

-- 1. Your tables. Any leads table with a one-column key will do, and any events table with lead, type and time.
CREATE TABLE leads (
    lead_id bigint PRIMARY KEY,
    name text NOT NULL,
    job_title text NOT NULL,
    employees integer NOT NULL,
    campaign text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE events (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id bigint NOT NULL REFERENCES leads ON DELETE CASCADE,
    type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    campaign text,
    properties jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ON events (lead_id, occurred_at);
CREATE TABLE spend (
    campaign text,
    week date,
    amount numeric(10, 2) NOT NULL,
    PRIMARY KEY (campaign, week)
);
CREATE VIEW deals AS
SELECT lead_id, occurred_at AS signed_at, (properties->>'amount')::numeric AS amount FROM events WHERE type = 'deal_won';

-- 2. The model: what counts how much, and what it takes to be handed to sales. It is a schema of that name, and what
-- you add here are rows of its tables.
SELECT lead_scoring.create_model('demo', leads => 'leads', events => 'events') \g /dev/null

-- what leads do
SELECT lead_scoring.add_rule('demo', 'newsletter', 'email_opened', 2, limit_count => 2, limit_window => 'week'),
       lead_scoring.add_rule('demo', 'whitepaper', 'download', 5, max_points => 15),
       lead_scoring.add_rule('demo', 'pricing page', 'page_view', 10, $$properties->>'path' LIKE '/pricing%'$$,
                             decay => 'exponential', half_life => '14 days'),
       lead_scoring.add_rule('demo', 'webinar', 'webinar', 0.5, per => $$(properties->>'minutes')::numeric$$,
                             decay => 'exponential', half_life => '30 days'),
       lead_scoring.add_rule('demo', 'unsubscribed', 'unsubscribe', -20, limit_count => 1, limit_window => 'month') \g /dev/null

-- who they are
SELECT lead_scoring.add_fit_rule('demo', 'decision maker', $$job_title ~ '^(Head|VP|CTO|CEO)'$$, 15),
       lead_scoring.add_fit_rule('demo', 'our size', 'employees BETWEEN 50 AND 500', 10),
       lead_scoring.add_fit_rule('demo', 'student', $$job_title = 'Student'$$, -30) \g /dev/null

-- how far they can get: by score to mql, from there by what sales writes into its events
SELECT lead_scoring.add_stage('demo', 'mql', min_score => 45, min_engagement => 15),
       lead_scoring.add_stage('demo', 'sql', on_event => 'sales_accepted'),
       lead_scoring.add_stage('demo', 'customer', on_event => 'deal_won') \g /dev/null

-- what its reports need to know of your tables
UPDATE demo.settings SET event_campaign = 'campaign';
INSERT INTO demo.report_settings (lead_created) VALUES ('created_at');
SELECT lead_scoring.set_spend('demo', 'spend', spent_on => 'week'),
       lead_scoring.set_revenue('demo', 'deals', earned_on => 'signed_at') \g /dev/null

SELECT lead_scoring.publish('demo', 'our first model') \g /dev/null

-- 3. Fifteen months go by. Every INSERT below updates scores and stages in its own transaction; nothing else runs. Chance is
-- dealt out in the order of leads, so that it all comes out the same as often as it is run within a week.
SELECT setseed(0.5) \g /dev/null

INSERT INTO spend
SELECT campaign, date_trunc('week', now())::date - 7 * week, round(amount * (1.3 - week / 130.0 + random() * 0.4)::numeric, 2)
FROM (VALUES ('search', 900), ('social', 250), ('conference', 600), ('newsletter', 60)) AS plan (campaign, amount),
     generate_series(1, 60) AS week;

DO $$
DECLARE
    week_start timestamptz := date_trunc('week', now()) - interval '65 weeks';
BEGIN
    FOR week IN 1..65 LOOP
        -- who comes: a few more every month, many after the conferences in spring and autumn, few at the end of the year
        INSERT INTO leads
        SELECT week * 1000 + n, 'Lead ' || week || '-' || n,
               (ARRAY['Student', 'Developer', 'Analyst', 'Buyer', 'Head of Data', 'VP Marketing', 'CTO'])[ceil(random() * 7)],
               (ARRAY[5, 20, 80, 150, 400, 2000])[ceil(random() * 6)],
               (ARRAY['search', 'social', 'conference', 'newsletter', 'word of mouth'])[ceil(random() ^ 1.7 * 5)],
               week_start + random() * interval '5 days'
        FROM generate_series(1, (12 + week / 6 + random() * 5
                                 + CASE extract(month FROM week_start) WHEN 4 THEN 8 WHEN 9 THEN 10 WHEN 12 THEN -6
                                                                       ELSE 0 END)::integer) AS n;

        INSERT INTO events (lead_id, type, occurred_at, campaign)
        SELECT lead_id, 'signup', created_at, campaign FROM leads WHERE created_at >= week_start;

        -- what leads do in their first ten weeks: most of them little, some much
        INSERT INTO events (lead_id, type, occurred_at, campaign, properties)
        SELECT lead_id, action.type, greatest(created_at, week_start) + action.day * interval '1 day', campaign,
               action.properties
        FROM (SELECT lead_id, campaign, created_at, random() * 1.9 AS day, floor(random() * 10) AS dice
              FROM (SELECT * FROM leads WHERE created_at > week_start - interval '10 weeks' ORDER BY lead_id) AS young,
                   generate_series(1, floor(random() ^ 3 * (1 + lead_id % 7))::integer)) AS visit,
             LATERAL (SELECT day, d.type, d.properties::jsonb
                      FROM (VALUES (0, 0, 'download', '{"paper": "How to score leads"}'),
                                   (1, 1, 'webinar', '{"minutes": 45}'),
                                   (2, 3, 'page_view', '{"path": "/pricing"}'),
                                   (4, 6, 'page_view', '{"path": "/blog"}'),
                                   (7, 8, 'email_opened', '{}'),
                                   (9, 9, CASE WHEN lead_id % 11 = 0 THEN 'unsubscribe' ELSE 'page_view' END, '{}')
                           ) AS d (least, most, type, properties)
                      WHERE dice BETWEEN least AND most) AS action
        ORDER BY 3;

        week_start := week_start + interval '7 days';

        -- what sales does: looks at the MQLs, takes three of four within days, and wins some deals within months
        INSERT INTO events (lead_id, type, occurred_at, properties)
        SELECT lead_id, CASE stage WHEN 'mql' THEN 'sales_accepted' ELSE 'deal_won' END,
               week_start - hour * interval '9 hours',
               CASE stage WHEN 'mql' THEN '{}' ELSE jsonb_build_object('amount', 500 * ceil(2 + size * 10)) END
        FROM (SELECT *, random() AS luck, random() AS hour, random() AS size
              FROM (SELECT lead_id, stage, sql_at, campaign FROM demo.leads JOIN leads USING (lead_id)
                    WHERE stage IN ('mql', 'sql') ORDER BY lead_id) AS pipeline) AS chance
        WHERE stage = 'mql' AND lead_id % 4 > 0 AND luck < 0.6
           OR stage = 'sql' AND sql_at > week_start - interval '20 weeks'
              AND luck < CASE campaign WHEN 'social' THEN 0.01 WHEN 'conference' THEN 0.09 ELSE 0.04 END
        ORDER BY 3;
    END LOOP;
END $$;

-- 4. What marketing and sales ask. demo.leads has every lead's score as of now.
\echo
\echo Who is hot right now?
SELECT name, job_title, employees, stage, round(score::numeric, 1) AS score,
       round(engagement::numeric, 1) AS engagement, round(fit::numeric, 1) AS fit
FROM demo.leads JOIN leads USING (lead_id)
WHERE stage <> 'customer'
ORDER BY demo.leads.score DESC, lead_id
LIMIT 8;

\echo
\echo Why has the first of them this score?
SELECT lead_id AS top FROM demo.leads WHERE stage <> 'customer' ORDER BY score DESC, lead_id LIMIT 1 \gset
SELECT rule_group, rule, times, round(raw::numeric, 1) AS points, round(capped::numeric, 1) AS left_today, last_at::date
FROM lead_scoring.explain('demo', :top)
ORDER BY capped DESC, rule;

\echo
\echo The latest MQLs, and what made each of them one
SELECT name, at::date AS mql_since, round(score::numeric, 1) AS score, cause, rule
FROM demo.moves JOIN leads USING (lead_id)
WHERE to_stage = 'mql'
ORDER BY at DESC, lead_id
LIMIT 8;

\echo
\echo The funnel by month: how many get how far, and at what rate?
SELECT period, leads, mqls, sqls, customers, round(100 * mql_to_sql_rate::numeric, 1) AS "% become SQLs",
       round(100 * mql_to_customer_rate::numeric, 1) AS "% become customers", mqls_change
FROM demo.funnel ORDER BY period;

\echo
\echo What does an MQL cost? The cheapest MQL does not always make the cheapest customer.
SELECT coalesce(campaign, 'all') AS campaign, sum(spend) AS spent,
       sum(mqls) AS mqls, round(lead_scoring.cost_per_mql(nullif(spend, 0), mqls), 2) AS per_mql,
       sum(customers) AS customers, round(lead_scoring.cost_per(nullif(spend, 0), customers), 2) AS per_customer,
       sum(revenue) AS revenue
FROM demo.campaigns
WHERE campaign IS NOT NULL
GROUP BY ROLLUP (campaign)
ORDER BY grouping(campaign), 1;

\echo
\echo How many MQLs become customers, and how fast?
SELECT campaign, count(s.mql_at) AS mqls,
       round(100 * lead_scoring.conversion_rate(s.mql_at, s.customer_at)::numeric, 1) AS "% become customers",
       round(lead_scoring.lead_velocity(s.mql_at, s.customer_at)::numeric, 1) AS days_on_average
FROM leads JOIN demo.leads AS s USING (lead_id)
GROUP BY campaign
ORDER BY campaign;

\echo
\echo One INSERT, one transaction: an MQL is made while you watch
SELECT lead_id AS almost FROM demo.leads
WHERE stage = 'lead' AND engagement > 5 AND score BETWEEN 35 AND 45
ORDER BY score DESC, lead_id LIMIT 1 \gset
SELECT name, lead_stage, mql_at IS NOT NULL AS has_mql_date FROM leads WHERE lead_id = :almost;
INSERT INTO events (lead_id, type, occurred_at, properties)
VALUES (:almost, 'page_view', now(), '{"path": "/pricing"}');
SELECT name, lead_stage, mql_at IS NOT NULL AS has_mql_date FROM leads WHERE lead_id = :almost;

\echo
\echo Is every stored score what the event log says? verify lists the leads where it is not:
SELECT count(*) AS leads_that_differ FROM lead_scoring.verify('demo');
