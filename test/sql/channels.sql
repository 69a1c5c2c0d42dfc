-- The views channels and lead_magnets: what touches are credited with.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA channels_test;
SET search_path = channels_test, public;
CREATE TABLE leads (id text PRIMARY KEY);
CREATE TABLE events (lead_id text, type text, occurred_at timestamptz, campaign text, properties jsonb);
CREATE INDEX ON events (lead_id);
CREATE TABLE spend (campaign text, medium text, spent_on date, amount numeric(10, 2));
CREATE TABLE deals (lead_id varchar(20), earned_on date, amount integer);
SELECT lead_scoring.create_model('channels_model', 'leads', 'events');
SELECT lead_scoring.add_stage('channels_model', 'mql', on_event => 'qualified'), lead_scoring.add_stage('channels_model', 'customer', on_event => 'won');
SELECT lead_scoring.publish('channels_model');
SELECT count(*) FROM channels_model.channels;
SELECT count(*) FROM channels_model.lead_magnets;

-- ann: mail, then search twice, direct; MQL after the first three, customer after all. bob: search once, MQL by it. cid:
-- no touch at all, MQL. dot: mail, not an MQL. eve: direct after she became an MQL. fay is unknown to the leads table.
INSERT INTO leads VALUES ('ann'), ('bob'), ('cid'), ('dot'), ('eve');
INSERT INTO events VALUES
    ('ann', 'visit', '2025-01-01', 'x', '{"channel": "mail", "asset": "guide"}'), ('ann', 'visit', '2025-01-08', 'x', '{"channel": "search"}'),
    ('ann', 'visit', '2025-01-08', 'y', '{"channel": "search", "asset": "webinar"}'), ('ann', 'qualified', '2025-01-08', NULL, NULL),
    ('ann', 'visit', '2025-01-15', NULL, '{"channel": "direct"}'), ('ann', 'won', '2025-01-15', NULL, NULL), ('ann', 'visit', '2025-02-01', 'z', '{"channel": "late"}'),
    ('bob', 'qualified', '2025-01-09', NULL, '{"channel": "search"}'), ('cid', 'qualified', '2025-01-09', NULL, '{"channel": ""}'),
    ('dot', 'visit', '2025-01-09', NULL, '{"channel": "mail"}'), ('eve', 'qualified', '2025-01-10', NULL, NULL),
    ('eve', 'visit', '2025-01-11', NULL, '{"channel": "direct"}'), ('fay', 'qualified', '2025-01-11', NULL, '{"channel": "mail"}');
INSERT INTO spend VALUES ('x', 'mail', '2025-01-01', 30), ('x', 'search', '2025-01-01', 60.01), ('y', 'radio', '2025-01-01', 5), ('z', NULL, '2025-01-01', 1);
INSERT INTO deals VALUES ('ann', '2025-01-20', 900), ('ann', '2025-01-21', 100), ('dot', '2025-01-21', 8), ('fay', '2025-01-21', 7);
INSERT INTO channels_model.report_settings (event_channel) VALUES ('properties->>''channel''');
SELECT event_channel FROM channels_model.report_settings;
SELECT attribution, channel, touches, leads_touched, leads, mqls, customers, spend, revenue FROM channels_model.channels WHERE attribution IN ('first', 'last', 'linear');
SELECT lead_scoring.set_spend('channels_model', 'spend', channel => 'medium'), lead_scoring.set_revenue('channels_model', 'deals');
SELECT attribution, channel, leads, mqls, customers, spend, cost_per_lead, cost_per_mql, cost_per_customer, mql_to_customer_rate AS rate, revenue, roi
  FROM channels_model.channels WHERE attribution IN ('first', 'linear');
-- mail is 14, search 7 days old when ann becomes a customer: weights 1/4, 1/2 twice, 1.
SELECT attribution, channel, mqls, customers, revenue FROM channels_model.channels WHERE attribution IN ('last_non_direct', 'linear_channel', 'position', 'time_decay') AND customers + revenue > 0;
-- Markov. MQLs: of 3 paths 2 begin with mail, of these 1 goes on to search, which always converts in the end. The chance is
-- 2/3, without mail 1/3, without search 0. Customers: 1/4, and 3/16, 1/8 and 0 without mail, search and direct.
SELECT channel, leads, mqls, round(mqls * 3) AS thirds, customers, round(customers * 7) AS sevenths, spend, cost_per_mql, revenue FROM channels_model.channels WHERE attribution = 'markov';
-- Everything is shared out once, whatever the attribution, but for the rounding of each row.
SELECT attribution, sum(leads) AS leads, sum(mqls) AS mqls, sum(customers) AS customers, sum(sqls) AS sqls, sum(spend) AS spend, sum(revenue) AS revenue FROM channels_model.channels GROUP BY 1 ORDER BY 1;
UPDATE channels_model.report_settings SET half_life = '14 days', look_back = '13 days';
SELECT attribution, channel, mqls, customers FROM channels_model.channels WHERE attribution IN ('time_decay', 'markov') AND customers > 0;
UPDATE channels_model.report_settings SET half_life = NULL, look_back = NULL;

-- Assets: a lead without one is nobody's.
UPDATE channels_model.report_settings SET event_asset = 'lower(properties ->> ''asset'')';
SELECT attribution, asset, touches, leads_touched, leads, mqls, customers, revenue FROM channels_model.lead_magnets WHERE attribution IN ('first', 'last', 'linear', 'markov');

-- The campaign is the channel where nothing else is said.
UPDATE channels_model.settings SET event_campaign = 'campaign';
UPDATE channels_model.report_settings SET event_channel = NULL;
SELECT attribution, channel, touches, leads, customers FROM channels_model.channels WHERE attribution IN ('first', 'last');

-- Of more channels than a chain may have there is no markov.
BEGIN;
INSERT INTO events SELECT 'dot', 'visit', '2025-01-09', 'c' || n, NULL FROM generate_series(1, 997) n;
SELECT count(DISTINCT channel) AS channels, count(DISTINCT attribution) AS attributions FROM channels_model.channels WHERE leads_touched > 0;
INSERT INTO events VALUES ('dot', 'visit', '2025-01-09', 'c998');
SELECT count(DISTINCT channel) AS channels, count(DISTINCT attribution) AS attributions FROM channels_model.channels WHERE leads_touched > 0;
ROLLBACK;

-- A column may be an enum, whose text is not immutable. Other types whose text is not are refused: it depends on the session.
BEGIN;
CREATE TYPE medium AS ENUM ('search', 'mail');
ALTER TABLE events ADD "Medium" medium;
UPDATE events SET "Medium" = 'mail' WHERE lead_id IN ('ann', 'dot') AND campaign IS NOT NULL;
UPDATE channels_model.settings SET event_campaign = 'Medium';
SELECT channel, touches, leads, customers FROM channels_model.channels WHERE attribution = 'first';
UPDATE channels_model.report_settings SET event_channel = '"Medium"', event_asset = '"Medium"';
SELECT event_channel, event_asset FROM channels_model.report_settings;
SELECT channel, touches, leads, customers FROM channels_model.channels WHERE attribution = 'first';
SELECT asset, touches, leads, customers FROM channels_model.lead_magnets WHERE attribution = 'first';
UPDATE channels_model.report_settings SET event_asset = 'occurred_at';
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- What an expression reads may go.
UPDATE channels_model.report_settings SET event_channel = 'properties->>''channel''';
ALTER TABLE events RENAME properties TO attributes;
SELECT channel FROM channels_model.channels;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE events RENAME attributes TO properties;
SELECT count(*) FROM channels_model.channels;
SELECT * FROM lead_scoring.verify('channels_model');
SELECT lead_scoring.drop_model('channels_model');
DROP SCHEMA channels_test CASCADE;
