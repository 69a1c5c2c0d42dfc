-- The aggregates against results that were computed elsewhere (R and Python) from public data sets. Those are no part of this repository:
--     LEAD_SCORING_DATA=../shared/data psql -X -f test/real/analytics.sql
-- Prints each check that fails, and how many there were; 'skipped' where there is no data.
\set ON_ERROR_STOP on
\set QUIET on
\set data `echo "${LEAD_SCORING_DATA:-../shared/data}"`
\set found `if [ -d "${LEAD_SCORING_DATA:-../shared/data}/olist" ]; then echo true; else echo false; fi`
\if :found
\else
\echo skipped
\quit
\endif
\cd :data
SET TIME ZONE 'UTC';
BEGIN;
CREATE TEMP TABLE checks (name text, ours float8, reference float8, tolerance float8 DEFAULT 1e-9);

-- olist: 8000 MQLs, 842 deals. One deal is won before the first contact, by 1.1813 days, and is none; the references count it: what they say is taken without it.
CREATE TEMP TABLE stages (lead_id text, stage text, entered_at timestamptz);
\copy stages FROM PROGRAM 'zcat olist/mapped/stages.csv.gz' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE sources (lead_id text, created_at date, source text, attributes text);
\copy sources FROM PROGRAM 'zcat olist/mapped/leads.csv.gz' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE by_origin (origin text, mqls bigint, won bigint, conversion_rate float8, mean_days float8, median_days float8);
\copy by_origin FROM 'olist/reference/conversion_by_origin.csv' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE deals AS
SELECT lead_id, coalesce(source, '(null)') AS origin, min(entered_at) FILTER (WHERE stage = 'mql') AS mql_at, min(entered_at) FILTER (WHERE stage = 'customer') AS won_at
FROM stages JOIN sources USING (lead_id) GROUP BY lead_id, source;
INSERT INTO checks SELECT 'olist conversion', lead_scoring.conversion_rate(mql_at, won_at), 841 / 8000.0 FROM deals;
INSERT INTO checks SELECT 'olist won', lead_scoring.conversion_rate(true, won_at IS NOT NULL), 0.10525 FROM deals;
INSERT INTO checks SELECT 'olist mean days', lead_scoring.lead_velocity(mql_at, won_at), (842 * 49.100769 - min(extract(epoch FROM won_at - mql_at) / 86400)) / 841, 1e-6 FROM deals;
INSERT INTO checks SELECT 'olist median of the won', lead_scoring.median_time_to(mql_at, won_at, 'infinity') FILTER (WHERE won_at >= mql_at), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM won_at - mql_at) / 86400) FILTER (WHERE won_at >= mql_at) FROM deals;
INSERT INTO checks SELECT 'olist won within ' || days, lead_scoring.share_converted(mql_at::date, won_at::date, 'infinity', days) * 8000, won - 1, 1e-6
FROM deals, (VALUES (0, 34), (1, 77), (7, 284), (14, 428), (30, 555), (60, 647), (90, 692), (180, 775)) AS v(days, won) GROUP BY days, won;
INSERT INTO checks SELECT 'olist rate of ' || origin, round(lead_scoring.conversion_rate(true, won_at IS NOT NULL)::numeric, 6), max(r.conversion_rate) FROM deals JOIN by_origin r USING (origin) GROUP BY origin;
INSERT INTO checks SELECT 'olist mean days of ' || origin, lead_scoring.lead_velocity(mql_at, won_at), (max(r.mean_days) * max(r.won) - coalesce(sum(extract(epoch FROM won_at - mql_at) / 86400) FILTER (WHERE won_at < mql_at), 0)) / count(*) FILTER (WHERE won_at >= mql_at), 1e-4
FROM deals JOIN by_origin r USING (origin) WHERE r.mean_days IS NOT NULL GROUP BY origin;
INSERT INTO checks SELECT 'olist origins', count(DISTINCT origin), (SELECT count(*) FROM by_origin) FROM deals;

-- curator: spend by day and campaign, sign-ups by landing page.
CREATE TEMP TABLE google (day date, customer text, customer_name text, campaign_id text, campaign text, country text, device text, impressions bigint, clicks bigint, cost_micros numeric);
\copy google FROM 'curator_course_marketing/marketing_google.csv' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE facebook (day date, account text, account_name text, campaign_id text, campaign text, country text, impressions bigint, clicks bigint, spend numeric);
\copy facebook FROM 'curator_course_marketing/marketing_facebook.csv' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE users (id int, join_ts timestamptz, device text, country text, region text, city text, landing_page text, referer text);
\copy users FROM 'curator_course_marketing/user.csv' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE campaigns (campaign text, impressions bigint, clicks bigint, spend numeric, signups bigint, payers bigint, revenue numeric, cost_per_signup float8, cost_per_payer float8);
\copy campaigns FROM 'curator_course_marketing/reference/campaign_reference.csv' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE ledger AS
SELECT campaign, cost_micros / 1e6 AS spend, clicks, NULL::timestamptz AS signed_up_at FROM google
UNION ALL SELECT campaign, spend, clicks, NULL FROM facebook
UNION ALL SELECT coalesce(substring(landing_page FROM 'utm_campaign=([^&]+)'), '(none)'), 0, 0, join_ts FROM users;
INSERT INTO checks SELECT 'curator cost per sign-up of ' || campaign, coalesce(lead_scoring.cost_per(l.spend, signed_up_at), -1), coalesce(max(r.cost_per_signup), -1), 1e-6
FROM ledger l JOIN campaigns r USING (campaign) GROUP BY campaign;
INSERT INTO checks SELECT 'curator cost per click of ' || campaign, lead_scoring.cost_per(l.spend, l.clicks), max(r.spend) / max(r.clicks), 1e-6
FROM ledger l JOIN campaigns r USING (campaign) WHERE r.clicks > 0 GROUP BY campaign;
INSERT INTO checks SELECT 'curator cost per sign-up', lead_scoring.cost_per(spend, signed_up_at), (SELECT sum(spend) / sum(signups) FROM campaigns), 1e-6 FROM ledger;

-- attribution: each customer's first conversion, over all touches up to and including it.
CREATE TEMP TABLE touches (lead_id text, type text, at timestamptz, channel text, properties jsonb);
\copy touches FROM PROGRAM 'zcat attribution_events_si05/mapped/events.csv.gz' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE attributed (channel text, events bigint, first float8, first_value float8, last float8, last_value float8, linear float8, linear_value float8, "position" float8, time_decay float8, last_prior bigint);
\copy attributed FROM 'attribution_events_si05/reference/attribution_first_conversion.csv' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE journeys AS
SELECT t.lead_id, c.at AS converted_at, c.amount, t.channel, t.at
FROM (SELECT DISTINCT ON (lead_id) lead_id, at, (properties ->> 'value')::numeric AS amount FROM touches WHERE type = 'conversion' ORDER BY lead_id, at) AS c JOIN touches t USING (lead_id);
CREATE TEMP TABLE credited AS
SELECT model, c.channel, sum(c.credit) AS credit, sum(c.value) AS value
FROM unnest(ARRAY['first', 'last', 'linear', 'position', 'time_decay']) AS model,
LATERAL (SELECT lead_scoring.attribution(model, channel, at, converted_at, amount) AS credits FROM journeys GROUP BY lead_id) AS a, unnest(credits) AS c GROUP BY model, c.channel;
INSERT INTO checks SELECT 'attribution ' || model || ' ' || channel, credit, CASE model WHEN 'first' THEN first WHEN 'last' THEN last WHEN 'linear' THEN linear WHEN 'position' THEN "position" ELSE time_decay END
FROM credited JOIN attributed USING (channel);
INSERT INTO checks SELECT 'attribution value ' || model || ' ' || channel, value, CASE model WHEN 'first' THEN first_value WHEN 'last' THEN last_value ELSE linear_value END
FROM credited JOIN attributed USING (channel) WHERE model IN ('first', 'last', 'linear');
INSERT INTO checks SELECT 'attribution sum ' || model, sum(credit), 1642, 0 FROM credited GROUP BY model;
INSERT INTO checks SELECT 'attribution Markov ' || o, (SELECT sum(m.credit) FROM unnest(credits) AS m), 1642
FROM generate_series(1, 3) AS o, LATERAL (SELECT lead_scoring.attribution_markov(path, converted, o) AS credits
    FROM (SELECT array_agg(channel ORDER BY at, channel) FILTER (WHERE at <= coalesce(converted_at, 'infinity')) AS path, converted_at IS NOT NULL AS converted
          FROM touches LEFT JOIN (SELECT DISTINCT lead_id, converted_at FROM journeys) AS j USING (lead_id) GROUP BY lead_id, converted_at) AS p) AS a;

-- x_education: predictions of logistic regressions and of naive Bayes.
CREATE TEMP TABLE predictions (lead_number int, y int, set text, origin text, source text, last_activity text, occupation text, do_not_email text, time100 float8, visits float8,
    glm_all float8, glm_train float8, nb_all float8, nb_train float8);
\copy predictions FROM PROGRAM 'zcat x_education/reference/R_features_and_predictions.csv.gz' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE bins (bin int, n bigint, pos bigint, mean_p float8, obs float8);
\copy bins FROM 'x_education/reference/R_glm_all_rows_calibration.csv' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE test_bins (LIKE bins);
\copy test_bins FROM 'x_education/reference/R_glm_test_calibration.csv' WITH (FORMAT csv, HEADER)
INSERT INTO checks SELECT 'x_education auc', lead_scoring.auc(glm_all, y = 1), 0.892273, 1e-6 FROM predictions
    UNION ALL SELECT 'x_education log-loss', lead_scoring.log_loss(glm_all, y = 1), 0.402619, 2e-6 FROM predictions
    UNION ALL SELECT 'x_education Brier', lead_scoring.brier(glm_all, y = 1), 0.128349, 4e-6 FROM predictions
    UNION ALL SELECT 'x_education deviance', 2 * 9240 * lead_scoring.log_loss(glm_all, y = 1), 7440.39391377, 1e-9 FROM predictions
    UNION ALL SELECT 'x_education test auc', lead_scoring.auc(glm_train, y = 1), 0.896290, 1e-6 FROM predictions WHERE set = 'test'
    UNION ALL SELECT 'x_education test log-loss', lead_scoring.log_loss(glm_train, y = 1), 0.398647, 2e-6 FROM predictions WHERE set = 'test'
    UNION ALL SELECT 'x_education Bayes test auc', lead_scoring.auc(nb_train, y = 1), 0.822479, 1e-6 FROM predictions WHERE set = 'test'
    UNION ALL SELECT 'x_education Bayes test log-loss', lead_scoring.log_loss(nb_train, y = 1), 0.515596, 1e-6 FROM predictions WHERE set = 'test';
INSERT INTO checks SELECT 'x_education bin ' || b.bin || ' ' || k, v, r FROM (SELECT lead_scoring.calibration(glm_all, y = 1) AS bins FROM predictions) AS p, unnest(p.bins) AS b
    JOIN bins AS x ON x.bin = b.bin - 1, LATERAL (VALUES ('n', b.n, x.n), ('pos', b.converted, x.pos), ('predicted', b.predicted, x.mean_p), ('observed', b.observed, x.obs)) AS w(k, v, r);
INSERT INTO checks SELECT 'x_education test bin ' || b.bin || ' ' || k, v, r FROM (SELECT lead_scoring.calibration(glm_train, y = 1) AS bins FROM predictions WHERE set = 'test') AS p, unnest(p.bins) AS b
    JOIN test_bins AS x ON x.bin = b.bin - 1, LATERAL (VALUES ('n', b.n, x.n), ('pos', b.converted, x.pos), ('predicted', b.predicted, x.mean_p), ('observed', b.observed, x.obs)) AS w(k, v, r);

SELECT * FROM checks WHERE abs(ours - reference) <= tolerance * greatest(abs(reference), 1e-300) IS NOT TRUE;
SELECT count(*) AS checks, count(*) FILTER (WHERE abs(ours - reference) <= tolerance * greatest(abs(reference), 1e-300)) AS agree FROM checks;
ROLLBACK;
