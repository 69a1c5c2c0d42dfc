-- Two models as practitioners write them down, from the first line to the sales queue.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA examples_test;
SET search_path = examples_test, public;

-- One: 5 points for a download, 2 for an opened e-mail, 10 for a visit to the pricing page, 20 for joining a sprint,
-- 15 for executives, 10 for firms of 50 to 500. A marketing qualified lead has 30.
CREATE TABLE leads (id text PRIMARY KEY, title text, employees integer);
CREATE TABLE events (lead_id text, type text, occurred_at timestamptz, properties jsonb NOT NULL DEFAULT '{}');
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('examples', 'leads', 'events');
SELECT lead_scoring.add_rule('examples', 'download', 'download', 5);
SELECT lead_scoring.add_rule('examples', 'e-mail opened', 'email_opened', 2);
SELECT lead_scoring.add_rule('examples', 'pricing page', 'page_view', 10, $$properties->>'path' LIKE '/pricing%'$$);
SELECT lead_scoring.add_rule('examples', 'sprint', 'sprint_joined', 20);
SELECT lead_scoring.add_fit_rule('examples', 'executive', $$title ~* '\m(chief|ceo|cto|cfo|cmo|vp|director)\M'$$, 15);
SELECT lead_scoring.add_fit_rule('examples', 'firm of 50 to 500', 'employees BETWEEN 50 AND 500', 10);
SELECT lead_scoring.add_stage('examples', 'mql', min_score => 30);
SELECT lead_scoring.publish('examples', 'as agreed with sales');

INSERT INTO leads VALUES ('ann', 'CTO', 200), ('bob', 'Intern', 200), ('cyd', 'VP Sales', 5000), ('dan', NULL, NULL);
SELECT id, lead_stage, mql_at FROM leads ORDER BY id;
-- Ann: 25 for what she is, 27 with an e-mail, 32 with a download.
INSERT INTO events VALUES ('ann', 'email_opened', '2024-03-01 09:00'), ('ann', 'download', '2024-03-01 09:05');
-- Bob: 10, and 20 for the sprint.
INSERT INTO events VALUES ('bob', 'sprint_joined', '2024-03-02 14:00');
-- Cyd: 15, then 25 with the pricing page; a visit elsewhere is none.
INSERT INTO events VALUES ('cyd', 'page_view', '2024-03-03 10:00', '{"path": "/pricing/enterprise"}'), ('cyd', 'page_view', '2024-03-03 10:01', '{"path": "/jobs"}');
-- Dan: three pricing pages are 30.
INSERT INTO events SELECT 'dan', 'page_view', timestamptz '2024-03-04 10:00' + i * interval '1 minute', '{"path": "/pricing"}' FROM generate_series(0, 2) i;
SELECT lead_id, score, engagement, fit, stage, mql_at FROM examples.leads ORDER BY lead_id;
SELECT id, lead_stage, mql_at FROM leads ORDER BY id;
SELECT rule_group, rule, times, capped FROM lead_scoring.explain('examples', 'ann', '2024-04-01');
SELECT lead_scoring.score_at('examples', 'dan', '2024-03-04 10:01');
SELECT lead_id, from_stage, to_stage, at, score, cause, rule FROM examples.transitions ORDER BY lead_id, seq;
SELECT count(*) FILTER (WHERE lead_stage = 'mql') AS mqls, count(*) AS leads FROM leads;
SELECT * FROM lead_scoring.verify('examples');
SELECT lead_scoring.drop_model('examples');
DROP TABLE leads, events;

-- Two: business to business. A lead of an enterprise becomes a marketing qualified one only with a title at the top, a
-- request for a demo and 1,000 employees or more; interest fades, sales answers within a day.
CREATE TABLE leads (lead_no bigint PRIMARY KEY, title text, employees integer, country text);
CREATE TABLE activities (lead_no bigint REFERENCES leads ON DELETE CASCADE, kind varchar(30), at timestamptz, campaign text, payload jsonb);
CREATE INDEX ON activities (lead_no, at);
SELECT lead_scoring.create_model('examples', 'leads', 'activities', event_lead => 'lead_no', event_type => 'kind', event_time => 'at', event_campaign => 'campaign', min_score => 0, max_score => 100, time_zone => 'America/New_York');
SELECT lead_scoring.add_group('examples', 'website', max_points => 30);
SELECT lead_scoring.add_rule('examples', 'page view', 'page_view', 1, rule_group => 'website', decay => 'exponential', half_life => '14 days', limit_count => 5, limit_window => 'day');
SELECT lead_scoring.add_rule('examples', 'white paper', 'download', 8, rule_group => 'website', decay => 'linear', lifespan => '90 days', limit_count => 1, limit_window => 'ever', limit_key => $$payload->>'asset'$$);
SELECT lead_scoring.add_rule('examples', 'demo request', 'demo_request', 40);
SELECT lead_scoring.add_rule('examples', 'unsubscribed', 'unsubscribed', -25);
SELECT lead_scoring.add_fit_rule('examples', 'c-level', $$title ~* '\m(chief|c[etfmi]o)\M'$$, 20);
SELECT lead_scoring.add_fit_rule('examples', 'enterprise', 'employees >= 1000', 20);
SELECT lead_scoring.add_fit_rule('examples', 'home market', $$country IN ('US', 'CA')$$, 5);
SELECT lead_scoring.add_band('examples', 'fit', 'A', 40), lead_scoring.add_band('examples', 'fit', 'B', 20), lead_scoring.add_band('examples', 'fit', 'C', 0),
       lead_scoring.add_band('examples', 'engagement', '1', 40), lead_scoring.add_band('examples', 'engagement', '2', 10), lead_scoring.add_band('examples', 'engagement', '3', -100);
SELECT lead_scoring.add_stage('examples', 'engaged', min_engagement => 10, falls_below => 5);
SELECT lead_scoring.add_stage('examples', 'mql', min_score => 60, requires => '{"c-level": 1, "enterprise": 1, "demo request": 1}');
SELECT lead_scoring.add_stage('examples', 'recycled', rank => 1000, kind => 'detour', cooldown => '30 days');
SELECT lead_scoring.add_stage('examples', 'sql', rank => 30, on_event => 'sales_accepted', within => '24 hours', timeout_stage => 'recycled');
SELECT lead_scoring.add_stage('examples', 'customer', rank => 40, on_event => 'deal_won');
SELECT lead_scoring.add_stage('examples', 'disqualified', rank => 1010, kind => 'detour', on_event => 'marked_as_spam');
SELECT lead_scoring.publish('examples');

INSERT INTO leads VALUES (1, 'Chief Executive', 5000, 'US'), (2, 'Chief Executive', 999, 'US'), (3, 'Manager', 5000, 'US'), (4, 'CIO', 1000, 'FR'), (5, 'CFO', 1000, 'US');
-- Each asks for a demo but lead 5, who reads everything instead.
INSERT INTO activities SELECT i, 'demo_request', '2024-05-01 15:00+00', 'spring' FROM generate_series(1, 4) i;
INSERT INTO activities SELECT 5, 'page_view', timestamptz '2024-05-01 00:00-04' + i * interval '1 hour', 'spring', '{}' FROM generate_series(0, 47) i;
INSERT INTO activities SELECT 5, 'download', timestamptz '2024-05-02 12:00+00' + i * interval '1 hour', 'spring', jsonb_build_object('asset', 'paper ' || i % 3) FROM generate_series(0, 8) i;
SELECT lead_id, stage, engaged_at, mql_at, grade FROM examples.leads ORDER BY lead_id;
SELECT rule_group, rule, times, raw, decayed, capped FROM lead_scoring.explain('examples', 5, '2024-05-16 04:00+00');
-- The firm of lead 2 grows, lead 3 is promoted: both qualify now. Lead 4 unsubscribes: the stage stays, the score does not.
UPDATE leads SET employees = 1001 WHERE lead_no = 2;
UPDATE leads SET title = 'Chief of Staff' WHERE lead_no = 3;
INSERT INTO activities VALUES (4, 'unsubscribed', '2024-05-02 15:00+00');
SELECT lead_id, stage, score, grade, mql_at > '2025-01-01' AS mql_now FROM examples.leads WHERE lead_id < 5 ORDER BY lead_id;
-- Sales accepts 1 and 4; 1 is won in time, 4 goes back after a day and is spam in the end.
INSERT INTO activities VALUES (1, 'sales_accepted', '2024-05-03 09:00+00'), (4, 'sales_accepted', '2024-05-03 09:00+00');
INSERT INTO activities VALUES (1, 'deal_won', '2024-05-03 20:00+00'), (4, 'page_view', '2024-05-05 09:00+00'), (4, 'marked_as_spam', '2024-05-06 09:00+00');
SELECT lead_id, seq, from_stage, to_stage, CASE WHEN cause IN ('event', 'time') THEN at END AS at, score, grade, cause, rule FROM examples.transitions ORDER BY lead_id, seq;
SELECT lead_no, lead_stage, mql_at < '2025-01-01' AS historic FROM leads ORDER BY lead_no;
DELETE FROM leads WHERE lead_no = 4;
SELECT count(*) FROM examples.scores WHERE lead_id = 4;
SELECT * FROM lead_scoring.verify('examples');
SELECT lead_scoring.drop_model('examples');
DROP SCHEMA examples_test CASCADE;
