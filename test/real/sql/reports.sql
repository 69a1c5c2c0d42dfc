-- The report views against what others computed from public data: Olist's funnel by month and origin, a course school's
-- spend and sign-ups by campaign, and attribution of ad impressions.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SET TimeZone = 'UTC';
\getenv data LEAD_SCORING_DATA
CREATE SCHEMA reports_test;
SET search_path = reports_test, public;
CREATE FUNCTION make_model(model text, campaign text, mql text, customer text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lead_scoring.create_model(model, (model || '_leads')::regclass, (model || '_events')::regclass, event_campaign => campaign, status_columns => '{}');
    PERFORM lead_scoring.add_stage(model, 'mql', on_event => mql);
    PERFORM lead_scoring.add_stage(model, 'customer', on_event => customer);
    PERFORM lead_scoring.publish(model);
END
$$;

-- Olist: 8,000 MQLs, 842 customers. The one deal of before the first contact makes that lead an MQL at its deal.
\set leads 'gzip -dc ' :data '/olist/mapped/leads.csv.gz'
\set events 'gzip -dc ' :data '/olist/mapped/events.csv.gz | tail -n +2 | LC_ALL=C sort -s -t, -k3,3'
\set months :data '/olist/reference/monthly.csv'
\set origins :data '/olist/reference/conversion_by_origin.csv'
CREATE TABLE olist_leads (lead_id uuid PRIMARY KEY, created_at date, source text, attributes jsonb);
CREATE TABLE olist_events (lead_id uuid, type text, occurred_at timestamptz, campaign text, properties jsonb);
CREATE INDEX ON olist_events (lead_id);
CREATE TABLE months (month text, mqls bigint, won_in_month bigint, won_of_cohort bigint, cohort_conversion numeric, growth numeric);
CREATE TABLE origins (origin text, mqls bigint, won bigint, conversion_rate numeric, mean_days numeric, median_days numeric);
COPY olist_leads FROM PROGRAM :'leads' (FORMAT csv, HEADER);
COPY months FROM :'months' (FORMAT csv, HEADER);
COPY origins FROM :'origins' (FORMAT csv, HEADER);
SELECT make_model('olist', 'campaign', 'landing_page_contact', 'deal_won');
COPY olist_events FROM PROGRAM :'events' (FORMAT csv);
INSERT INTO olist.report_settings (event_channel) VALUES ('properties->>''origin''');
SELECT count(*) AS months, count(*) FILTER (WHERE f.mqls = m.mqls) AS mqls, count(*) FILTER (WHERE f.customers = m.won_of_cohort) AS won_of_cohort,
       count(*) FILTER (WHERE f.customers_in_period = m.won_in_month) AS won_in_month,
       count(*) FILTER (WHERE round(f.mql_to_customer_rate::numeric, 6) IS NOT DISTINCT FROM nullif(m.cohort_conversion, 0) OR m.mqls = 0 OR m.cohort_conversion = 0 AND f.mql_to_customer_rate = 0) AS rates,
       count(*) FILTER (WHERE round(f.lead_velocity_rate::numeric, 6) IS NOT DISTINCT FROM m.growth) AS growth
  FROM olist.funnel f FULL JOIN months m ON m.month = to_char(f.period, 'YYYY-MM');
SELECT m.month, m.mqls AS reference, f.mqls, m.won_of_cohort AS won_reference, f.customers
  FROM olist.funnel f FULL JOIN months m ON m.month = to_char(f.period, 'YYYY-MM') WHERE (m.mqls, m.won_of_cohort) IS DISTINCT FROM (f.mqls, f.customers) ORDER BY 1;
SELECT sum(leads) AS leads, sum(mqls) AS mqls, sum(customers) AS customers, round(sum(customers) / sum(mqls), 5) AS rate FROM olist.funnel;
-- Each attribution agrees by origin, for a lead has but one; but for the deal of before the first contact, which no touch
-- came before.
SELECT c.attribution, count(*) AS origins, count(*) FILTER (WHERE (c.mqls, c.customers) IS DISTINCT FROM (r.mqls::numeric, r.won::numeric)) AS mismatches
  FROM olist.channels c FULL JOIN origins r ON r.origin = coalesce(c.channel, '(null)') GROUP BY 1 ORDER BY 1;
SELECT channel, c.mqls, r.mqls AS reference, c.customers, r.won FROM olist.channels c JOIN origins r ON r.origin = coalesce(c.channel, '(null)')
 WHERE attribution = 'first' AND (c.mqls, c.customers) <> (r.mqls::numeric, r.won::numeric) ORDER BY 1;
SELECT count(DISTINCT campaign) AS landing_pages, sum(mqls) AS mqls, sum(customers) AS customers, sum(mqls_converted) AS converted FROM olist.campaigns;
-- 841 take 49.100769 days in the mean, and the one none where it had been won 1.18 days before.
SELECT sum(leads) AS leads, sum(converted) AS converted, sum(skipped) AS skipped, round((sum(days_sum) / sum(converted))::numeric, 3) AS mean_days FROM olist.velocity WHERE from_stage = 'mql';
SELECT age, sum(leads) AS leads, sum(converted) AS converted, bool_and(mature) AS mature FROM olist.cohorts WHERE from_stage = 'mql' AND age IN (1, 2, 3, 6, 12) GROUP BY 1 ORDER BY 1;
SELECT period, f.mqls, round(r.mqls_low::numeric, 1) AS low, round(r.mqls::numeric, 1) AS expected, round(r.mqls_high::numeric, 1) AS high, pipeline, round(customers::numeric, 1) AS customers
  FROM lead_scoring.forecast('olist', '2018-06-01') AS r
  LEFT JOIN (SELECT period, mqls FROM olist.funnel) f USING (period) WHERE period_ahead <= 3 ORDER BY 1;
-- Of the pipeline at the beginning of each month, customers that were to be expected within 30 days, and those that came.
SELECT d.at::date AS at, r.pipeline, round(r.customers::numeric, 1) AS customers,
       (SELECT count(*) FROM olist.leads l WHERE l.mql_at <= d.at AND l.customer_at > d.at AND l.customer_at <= d.at + interval '30 days') AS came
  FROM (SELECT generate_series(timestamptz '2018-02-01', '2018-09-01', '1 month')) d (at),
       lead_scoring.forecast('olist', d.at) AS r WHERE period_ahead = 1 ORDER BY 1;
SELECT count(*) FROM lead_scoring.verify('olist');

-- A course school: spend in micros and in units, campaigns that do not match, 95 of 144 users without any.
\set google :data '/curator_course_marketing/marketing_google.csv'
\set facebook :data '/curator_course_marketing/marketing_facebook.csv'
\set users :data '/curator_course_marketing/user.csv'
\set payments 'grep , ' :data '/curator_course_marketing/payment.csv'
\set campaigns :data '/curator_course_marketing/reference/campaign_reference.csv'
CREATE TABLE google (day date, customer text, customer_name text, campaign_id text, campaign text, country text, device text, impressions bigint, clicks bigint, cost_micros numeric);
CREATE TABLE facebook (day date, account text, account_name text, campaign_id text, campaign text, country text, impressions bigint, clicks bigint, spend numeric);
CREATE TABLE curator_leads (id integer PRIMARY KEY, join_ts timestamp, device text, country text, region text, city text, landing_page text, referer text);
CREATE TABLE curator_events (lead_id integer, type text, occurred_at timestamptz, utm_campaign text);
CREATE INDEX ON curator_events (lead_id);
CREATE TABLE payment (id integer, txn_id text, paid_at timestamp, user_id integer, course_id integer, paid_amount numeric);
CREATE TABLE campaigns (campaign text, impressions bigint, clicks bigint, spend numeric, signups bigint, payers bigint, revenue numeric, cost_per_signup numeric, cost_per_payer numeric);
COPY google FROM :'google' (FORMAT csv, HEADER);
COPY facebook FROM :'facebook' (FORMAT csv, HEADER);
COPY curator_leads FROM :'users' (FORMAT csv, HEADER);
COPY payment FROM PROGRAM :'payments' (FORMAT csv, HEADER);
COPY campaigns FROM :'campaigns' (FORMAT csv, HEADER);
CREATE VIEW spend AS SELECT campaign, day, cost_micros / 1000000 AS amount FROM google UNION ALL SELECT campaign, day, spend FROM facebook;
SELECT make_model('curator', 'utm_campaign', 'sign_up', 'payment');
INSERT INTO curator_events
SELECT id, 'sign_up', join_ts AT TIME ZONE 'UTC', substring(landing_page FROM 'utm_campaign=([^&]+)') FROM curator_leads
UNION ALL SELECT user_id, 'payment', paid_at AT TIME ZONE 'UTC', NULL FROM payment ORDER BY 3;
SELECT lead_scoring.set_spend('curator', 'spend', spent_on => 'day'), lead_scoring.set_revenue('curator', 'payment', lead => 'user_id', earned_on => 'paid_at', amount => 'paid_amount');
SELECT campaign, c.spend, c.leads, c.customers, c.revenue, c.per_lead, c.per_customer,
       abs(coalesce(c.spend, 0) - r.spend) <= 0.01 AND (c.leads, c.customers, c.revenue) = (r.signups, r.payers, r.revenue) AS agrees,
       abs(c.per_lead - r.cost_per_signup) <= 0.005 OR c.per_lead IS NULL AND coalesce(r.cost_per_signup, 0) = 0 AS cost_agrees
  FROM (SELECT coalesce(campaign, '(none)') AS campaign, sum(spend) AS spend, sum(leads) AS leads, sum(customers) AS customers, sum(revenue) AS revenue,
               round(lead_scoring.cost_per(spend, leads), 2) AS per_lead, round(lead_scoring.cost_per(spend, customers), 2) AS per_customer
          FROM curator.campaigns GROUP BY 1) c FULL JOIN campaigns r USING (campaign) ORDER BY campaign COLLATE "C";
SELECT count(*) FROM lead_scoring.verify('curator');

-- Attribution: each customer's first conversion, over all touches up to and including it.
\set touches 'gzip -dc ' :data '/attribution_events_si05/mapped/events.csv.gz | tail -n +2 | LC_ALL=C sort -s -t, -k3,3'
\set attributed :data '/attribution_events_si05/reference/attribution_first_conversion.csv'
CREATE TABLE touches_leads (lead_id text PRIMARY KEY);
CREATE TABLE touches_events (lead_id text, type text, occurred_at timestamptz, channel text, properties jsonb);
CREATE INDEX ON touches_events (lead_id);
COPY touches_events FROM PROGRAM :'touches' (FORMAT csv);
INSERT INTO touches_leads SELECT DISTINCT lead_id FROM touches_events;
SELECT make_model('touches', 'channel', 'impression', 'conversion');
SELECT attribution, channel, leads, customers FROM touches.channels WHERE attribution IN ('first', 'last', 'linear', 'time_decay') ORDER BY 1, 2;
-- Markov, from the events alone.
SELECT channel, c.customers, c.customers = round(m.credit::numeric, 6) AS agrees
  FROM (SELECT lead_scoring.attribution_markov(path, converted) AS credits
          FROM (SELECT array_agg(channel ORDER BY occurred_at, channel COLLATE "C") FILTER (WHERE occurred_at <= coalesce(converted_at, 'infinity')) AS path, converted_at IS NOT NULL AS converted
                  FROM touches_events LEFT JOIN (SELECT lead_id, min(occurred_at) AS converted_at FROM touches_events WHERE type = 'conversion' GROUP BY 1) c USING (lead_id)
                 GROUP BY lead_id, converted_at) p) a, unnest(credits) m
  FULL JOIN (SELECT * FROM touches.channels WHERE attribution = 'markov') c USING (channel) ORDER BY 1;
SELECT count(*) FROM lead_scoring.verify('touches');

SELECT lead_scoring.drop_model(model) FROM unnest('{olist,curator,touches}'::text[]) model \g /dev/null
DROP SCHEMA reports_test CASCADE;
