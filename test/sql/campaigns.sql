-- The view campaigns: what campaigns cost and brought. Errors are shown in full; each is followed by its SQLSTATE.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA campaigns_test;
SET search_path = campaigns_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, campaign text);
CREATE INDEX ON events (lead_id);
CREATE TABLE spend (campaign text, spent_on date, amount numeric(12, 4), channel text);
CREATE TABLE deals (lead_id bigint, signed_at timestamptz, price numeric(12, 2));
SELECT lead_scoring.create_model('campaigns_model', 'leads', 'events', event_campaign => 'campaign', time_zone => 'America/New_York');
SELECT lead_scoring.add_stage('campaigns_model', 'mql', on_event => 'qualified'),
       lead_scoring.add_stage('campaigns_model', 'sql', on_event => 'accepted'),
       lead_scoring.add_stage('campaigns_model', 'customer', on_event => 'won');
SELECT count(*) FROM campaigns_model.campaigns;
SELECT lead_scoring.publish('campaigns_model');
SELECT count(*) FROM campaigns_model.campaigns;

-- The guides' two campaigns: $5,000 for 50 MQLs are $100 each, $3,000 for 20 are $150. At 5 and 15 percent that is $2,000
-- and $1,000 a customer: the dearer MQL is the cheaper customer. (2.5 customers are 5 of 100.)
INSERT INTO leads SELECT n FROM generate_series(1, 140) n;
INSERT INTO events SELECT n, 'qualified', '2025-03-03 12:00+00', CASE WHEN n <= 100 THEN 'search' ELSE 'fair' END FROM generate_series(1, 140) n;
INSERT INTO events SELECT n, 'accepted', '2025-03-05 12:00+00' FROM generate_series(1, 140) n WHERE n % 2 = 0;
INSERT INTO events SELECT n, 'won', '2025-03-09 12:00+00' FROM generate_series(1, 140) n WHERE n IN (2, 4, 6, 8, 10, 102, 104, 106, 108, 110, 112);
INSERT INTO spend VALUES ('search', '2025-03-01', 9999.99), ('search', '2025-03-31', 0.01), ('fair', '2025-03-15', 6000);
SELECT lead_scoring.set_spend('campaigns_model', 'spend');
SELECT campaign, period, spend, leads, mqls, sqls, customers, mqls_converted FROM campaigns_model.campaigns;
SELECT campaign, cost_per_lead, cost_per_mql, cost_per_sql, cost_per_customer, mql_to_customer_rate AS rate,
       round(mql_to_customer_low::numeric, 4) AS low, round(mql_to_customer_high::numeric, 4) AS high FROM campaigns_model.campaigns;
-- Of all campaigns: sums over sums.
SELECT lead_scoring.cost_per_mql(spend, mqls), round(lead_scoring.cost_per(spend, customers), 6) AS per_customer FROM campaigns_model.campaigns;

-- A lead belongs to the campaign of its earliest event that names one, and counts once, whatever else it has. Months are
-- those of New York. What has no campaign, no lead, no month, no number is told apart.
INSERT INTO leads SELECT n FROM generate_series(201, 206) n;
INSERT INTO events VALUES
    (201, 'visit', '2025-04-01 03:59:59+00', NULL), (201, 'visit', '2025-04-01 04:00:00+00', 'late'), (201, 'visit', '2025-04-02', 'later'),
    (202, 'visit', '2025-04-01 04:00:00+00', ''), (202, 'qualified', '2025-05-01 03:00:00+00', NULL),
    (203, 'visit', '2025-04-03', 'tie b'), (203, 'visit', '2025-04-03', 'tie a'),
    (204, 'visit', 'infinity', 'never'), (299, 'visit', '2025-04-03', 'nobody');
INSERT INTO spend VALUES ('late', '2025-04-30', 10.005), ('late', '2025-04-30', -0.01), ('alone', '2025-04-01', 7), ('alone', '2025-04-01', 'NaN'), ('alone', NULL, 1),
    (NULL, '2025-04-01', 3), ('', '2025-04-02', 0.5), ('alone', 'infinity', 2), ('alone', '2025-06-01', NULL);
INSERT INTO deals VALUES (201, '2025-05-01 03:59+00', 100.10), (201, '2025-05-01 03:59+00', 0.05), (202, '2025-06-01', 5), (299, '2025-06-01', 1000), (204, NULL, 4), (203, '2025-06-01', NULL);
SELECT lead_scoring.set_revenue('campaigns_model', 'deals', earned_on => 'signed_at', amount => 'price');
SELECT campaign, period, spend, leads, mqls, sqls, customers, revenue, cost_per_lead, cost_per_mql, roi
  FROM campaigns_model.campaigns WHERE period IS DISTINCT FROM '2025-03-01';
SELECT sum(leads) AS leads, (SELECT count(*) FROM leads) AS all_leads, sum(spend) AS spend, (SELECT sum(amount) FROM spend WHERE amount <> 'NaN') AS all_spend FROM campaigns_model.campaigns;

-- What nothing is known of is NULL.
SELECT lead_scoring.set_spend('campaigns_model', NULL), lead_scoring.set_revenue('campaigns_model', NULL);
SELECT campaign, period, spend, leads, revenue, cost_per_mql, cost_per_customer, roi FROM campaigns_model.campaigns WHERE period = '2025-03-01';
UPDATE campaigns_model.settings SET event_campaign = NULL;
SELECT campaign, period, spend, leads, mqls FROM campaigns_model.campaigns WHERE period = '2025-03-01';
UPDATE campaigns_model.settings SET event_campaign = 'campaign';

-- Other types, and a view.
CREATE VIEW other_spend AS SELECT 7 AS "Campaign Id", timestamp '2025-03-31 23:00' AS day, 5::bigint AS cents UNION ALL SELECT 8, '2025-04-01', 6;
SELECT lead_scoring.set_spend('campaigns_model', 'other_spend', 'Campaign Id', 'day', 'cents');
SELECT campaign, period, spend FROM campaigns_model.campaigns WHERE campaign IN ('7', '8');

-- The views stand in the way of no migration of the tables behind them; where one breaks them, they say so.
SELECT lead_scoring.set_spend('campaigns_model', 'spend'), lead_scoring.set_revenue('campaigns_model', 'deals', earned_on => 'signed_at', amount => 'price');
ALTER TABLE spend ALTER amount TYPE float8, ALTER spent_on TYPE timestamptz, ALTER campaign TYPE varchar(50);
ALTER TABLE events ALTER campaign TYPE varchar(50);
SELECT campaign, spend FROM campaigns_model.campaigns WHERE period = '2025-03-01';
ALTER TABLE spend RENAME amount TO costs;
SELECT spend FROM campaigns_model.campaigns;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE spend RENAME costs TO amount;
ALTER TABLE spend RENAME TO expenses;
SELECT spend FROM campaigns_model.campaigns;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE expenses RENAME TO spend;
ALTER TABLE spend ALTER amount TYPE text;
SELECT spend FROM campaigns_model.campaigns;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM campaigns_model.funnel;
DROP TABLE spend;
SELECT spend FROM campaigns_model.campaigns;
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_spend('campaigns_model', NULL);
ALTER TABLE events RENAME campaign TO utm;
SELECT spend FROM campaigns_model.campaigns;
\echo :LAST_ERROR_SQLSTATE
UPDATE campaigns_model.settings SET event_campaign = 'utm';
SELECT count(*) FROM campaigns_model.campaigns;

-- Mistakes.
CREATE TABLE spend (campaign text, spent_on date, amount numeric, day text);
SELECT lead_scoring.set_spend('nowhere', 'spend');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_spend('campaigns_model', 'spend', campaign => NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_spend('campaigns_model', 'spend', campaign => 'utm_campaign');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_spend('campaigns_model', 'spend', spent_on => 'day');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_spend('campaigns_model', 'spend', amount => 'day');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_spend('campaigns_model', 'spend', channel => 'medium');
\echo :LAST_ERROR_SQLSTATE
CREATE TEMP TABLE draft AS TABLE spend;
SELECT lead_scoring.set_spend('campaigns_model', 'draft');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_revenue('campaigns_model', 'spend', lead => 'campaign', earned_on => 'spent_on');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_revenue('campaigns_model', 'deals', earned_on => NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_revenue('campaigns_model', 'deals', earned_on => 'price', amount => 'price');
\echo :LAST_ERROR_SQLSTATE
UPDATE campaigns_model.report_settings SET spend_table = 'campaigns_test.spend';
\echo :LAST_ERROR_SQLSTATE
UPDATE campaigns_model.report_settings SET lead_created = 'country';
\echo :LAST_ERROR_SQLSTATE
UPDATE campaigns_model.report_settings SET event_channel = 'now()::text';
\echo :LAST_ERROR_SQLSTATE
UPDATE campaigns_model.report_settings SET event_asset = 'title';
\echo :LAST_ERROR_SQLSTATE
UPDATE campaigns_model.report_settings SET sql_stage = 'demo';
\echo :LAST_ERROR_SQLSTATE
UPDATE campaigns_model.report_settings SET qualified_low = 0.5;
\echo :LAST_ERROR_SQLSTATE
UPDATE campaigns_model.report_settings SET half_life = '1 month';
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.campaigns('nowhere');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM campaigns_model.report_settings;

SELECT * FROM lead_scoring.verify('campaigns_model');
SELECT lead_scoring.drop_model('campaigns_model');
DROP SCHEMA campaigns_test CASCADE;
