-- Merging leads and forgetting them. :history prints what leads went through; what was moved by hand bears no time.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_stranger;
CREATE SCHEMA merge_test;
SET search_path = merge_test, public;
CREATE TABLE leads (id integer PRIMARY KEY, country text, lead_stage text DEFAULT 'lead');
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz, asset text);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('merge', 'leads', 'events', time_zone => 'Asia/Tokyo');
SELECT lead_scoring.add_rule('merge', 'visit', 'visit', 5, max_points => 40);
SELECT lead_scoring.add_rule('merge', 'mail', 'mail', 4, limit_count => 1, limit_window => 'day');
SELECT lead_scoring.add_rule('merge', 'asset', 'download', 10, limit_count => 1, limit_window => 'ever', limit_key => 'asset');
SELECT lead_scoring.add_rule('merge', 'warm', 'warm', 8, decay => 'exponential', half_life => '30 days');
SELECT lead_scoring.add_rule('merge', 'webinar', 'webinar', 10, decay => 'linear', lifespan => '90 days');
SELECT lead_scoring.add_rule('merge', 'complaint', 'complaint', -20, decay => 'window', lifespan => '5 days');
SELECT lead_scoring.add_rule('merge', 'call', 'call', 1, per => 'asset::numeric');
SELECT lead_scoring.add_fit_rule('merge', 'domestic', $$country = 'DE'$$, 10);
SELECT lead_scoring.add_stage('merge', 'engaged', min_score => 15, falls_below => 10);
SELECT lead_scoring.add_stage('merge', 'mql', min_score => 50, falls_below => 30, cooldown => '10 days', on_event => 'demo');
SELECT lead_scoring.add_stage('merge', 'recycled', kind => 'detour', on_event => 'recycle', rank => 100, cooldown => '2 days');
SELECT lead_scoring.add_stage('merge', 'sql', rank => 40, on_event => 'accepted', within => '24 hours', timeout_stage => 'recycled');
SELECT lead_scoring.add_stage('merge', 'customer', rank => 50, on_event => 'won');
SELECT lead_scoring.add_stage('merge', 'disqualified', kind => 'detour', on_event => 'bounce', rank => 110);

-- Not before something is published, nor while the model is paused.
INSERT INTO leads VALUES (1), (2), (3);
SELECT lead_scoring.merge_leads('merge', 1, 2);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.publish('merge');
SELECT lead_scoring.pause('merge');
SELECT lead_scoring.merge_leads('merge', 1, 2);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.resume('merge');

\set history 'SELECT lead_id, seq, from_stage, to_stage, CASE WHEN cause IN (''event'', ''time'') THEN date_trunc(''second'', at)::text ELSE ''now'' END AS at, cause, reason, merged_from FROM merge.transitions ORDER BY lead_id, seq; SELECT s.lead_id, s.stage, s.stage_seq, l.lead_stage, l.mql_at, (SELECT count(*) FROM events e WHERE e.lead_id = s.lead_id) AS events FROM merge.scores s LEFT JOIN leads l ON l.id = s.lead_id ORDER BY 1; SELECT * FROM lead_scoring.verify(''merge'');'
\set reset 'TRUNCATE leads, events; INSERT INTO leads SELECT generate_series(1, 3);'

-- Bounds and limits hold for the events together: 6 + 6 visits are 40 points, not 60, mails of one day count once, as does
-- the same asset. The time of the mql is that of the last event, for only together they suffice.
INSERT INTO events SELECT l, 'visit', timestamptz '2024-01-01' + l * interval '10 days' + i * interval '1 day' FROM unnest('{1,2}'::integer[]) l, generate_series(1, 6) i;
INSERT INTO events VALUES (1, 'mail', '2024-02-01 01:00', NULL), (2, 'mail', '2024-02-01 02:00', NULL), (1, 'download', '2024-02-02', 'a'), (2, 'download', '2024-02-03', 'a');
SELECT lead_id, score FROM merge.scores ORDER BY 1;
SELECT lead_scoring.merge_leads('merge', 1, 2);
SELECT rule, times, capped FROM lead_scoring.explain('merge', 2);
:history

-- Two histories in one, by time, each from where the last one led. The later move led lower than the other lead has been.
:reset
INSERT INTO events VALUES (1, 'demo', '2024-01-01'), (1, 'won', '2024-01-03'), (2, 'accepted', '2024-01-02'), (2, 'demo', '2024-01-05');
:history
SELECT lead_scoring.merge_leads('merge', 1, 2);
:history
-- And on: what came from another lead keeps its origin. Events that moved a lead once do not move it again.
INSERT INTO events VALUES (3, 'visit', '2024-01-04'), (3, 'accepted', '2024-01-01');
SELECT lead_scoring.merge_leads('merge', 2, 3);
:history
-- The merged lead goes on as any other.
INSERT INTO events VALUES (3, 'bounce', '2130-01-01'), (3, 'visit', '2024-01-04');
DELETE FROM events WHERE type = 'won';
SELECT * FROM lead_scoring.verify('merge');

-- A detour: whoever moved last says where the lead is.
:reset
INSERT INTO events VALUES (1, 'bounce', '2024-01-10'), (2, 'demo', '2024-01-05');
SELECT lead_scoring.merge_leads('merge', 1, 2);
:history
:reset
INSERT INTO events VALUES (1, 'recycle', '2024-01-01'), (2, 'demo', '2024-01-05');
SELECT lead_scoring.merge_leads('merge', 1, 2);
:history

-- A lead without events into one with; one with events into one without; neither has any.
:reset
INSERT INTO events VALUES (2, 'demo', '2024-01-05');
SELECT lead_scoring.merge_leads('merge', 1, 2);
:history
SELECT lead_scoring.merge_leads('merge', 2, 1);
:history
SELECT lead_scoring.merge_leads('merge', 2, 3);
:history
-- A lead that only events name is gone then. Fit is that of the row that stays.
:reset
UPDATE leads SET country = 'DE' WHERE id = 1;
INSERT INTO events SELECT 9, 'visit', '2024-01-05' FROM generate_series(1, 4);
SELECT lead_scoring.merge_leads('merge', 9, 1);
SELECT lead_id, score, fit FROM merge.scores ORDER BY 1;
:history
-- Into a lead that only events name.
INSERT INTO events VALUES (10, 'demo', '2024-01-06');
SELECT lead_scoring.merge_leads('merge', 1, 10);
SELECT lead_id, score, fit FROM merge.scores ORDER BY 1;
:history

-- Leads without a row in scores, and rows of another version: both come up to date before.
:reset
INSERT INTO events VALUES (1, 'demo', '2024-01-01'), (2, 'accepted', '2024-01-02 10:00');
UPDATE merge.rules SET points = 6 WHERE name = 'visit';
SELECT lead_scoring.publish('merge', rescore => false);
ALTER TABLE leads DISABLE TRIGGER lead_scoring_insert_merge;
ALTER TABLE events DISABLE TRIGGER lead_scoring_insert_merge;
INSERT INTO leads VALUES (4), (5);
INSERT INTO events VALUES (4, 'recycle', '2024-01-08'), (5, 'demo', '2024-01-07');
ALTER TABLE leads ENABLE TRIGGER lead_scoring_insert_merge;
ALTER TABLE events ENABLE TRIGGER lead_scoring_insert_merge;
SELECT lead_id, problem FROM lead_scoring.verify('merge') ORDER BY 1;
SELECT lead_scoring.merge_leads('merge', 1, 4);
SELECT lead_scoring.merge_leads('merge', 5, 2);
DELETE FROM leads WHERE id IN (1, 3, 5);
:history

-- Adjustments and problems move along. What is still to come, comes to the other lead.
:reset
SELECT lead_scoring.adjust('merge', 1, 20, 'met') IS NOT NULL, lead_scoring.adjust('merge', 2, 15, 'met', '2024-01-01') IS NOT NULL;
INSERT INTO events VALUES (1, 'call', '2024-01-01', 'x'), (2, 'call', '2024-01-01', 'y'), (2, 'call', '2024-01-01', 'z');
INSERT INTO events VALUES (1, 'visit', '2124-01-01');
SELECT lead_scoring.merge_leads('merge', 2, 1);
SELECT lead_id, points, reason, expires_at FROM merge.adjustments ORDER BY points;
SELECT lead_id, rule, count FROM merge.problems;
SELECT lead_id, score, due_at FROM merge.scores ORDER BY 1;
SELECT lead_scoring.merge_leads('merge', 1, 3);
SELECT lead_id, score, due_at FROM merge.scores ORDER BY 1;
SELECT * FROM lead_scoring.verify('merge');

-- The user's triggers run with the user's search_path, and see each status once.
:reset
CREATE TABLE written (id integer, lead_stage text, mql_at timestamptz);
CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO written VALUES (NEW.id, NEW.lead_stage, NEW.mql_at);
    RETURN NULL;
END $$;
INSERT INTO events VALUES (1, 'demo', '2024-01-01'), (1, 'won', '2024-01-03'), (2, 'demo', '2024-01-02');
CREATE TRIGGER write_down AFTER UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION write_down();
SELECT lead_scoring.merge_leads('merge', 1, 2);
SELECT * FROM written ORDER BY id, ctid;
DROP TRIGGER write_down ON leads;

-- Undone, it leaves nothing behind; at other isolation levels it is the same.
:reset
INSERT INTO events VALUES (1, 'demo', '2024-01-01'), (2, 'visit', '2024-01-02');
BEGIN;
SAVEPOINT before;
SELECT lead_scoring.merge_leads('merge', 1, 2);
ROLLBACK TO before;
INSERT INTO events VALUES (1, 'visit', '2024-01-04');
COMMIT;
:history
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT lead_scoring.merge_leads('merge', 1, 2);
INSERT INTO events VALUES (1, 'visit', '2024-01-05'), (2, 'won', '2024-01-05');
COMMIT;
:history

-- Mistakes.
SELECT lead_scoring.merge_leads('merge', 1, NULL::bigint);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.merge_leads('merge', 1, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.merge_leads('merge', '1', '01');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.merge_leads('merge', 1, 99);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.merge_leads('merge', '99', '1');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.merge_leads('merge', 'x', '1');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.merge_leads('no_model', 1, 2);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.forget_lead('merge', NULL::text);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.forget_lead('merge', 99);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.forget_lead('no_model', 1);
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_lead_scoring_stranger;
SELECT lead_scoring.merge_leads('merge', 1, 2);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.forget_lead('merge', 1);
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT * FROM lead_scoring.verify('merge');

-- Revenue of a merged lead is that of the one it is now, once, whether its row in leads stays or not; so is the lead.
:reset
UPDATE merge.settings SET event_campaign = 'asset';
CREATE TABLE deals (lead_id integer, earned_on date, amount integer);
SELECT lead_scoring.set_revenue('merge', 'deals');
INSERT INTO events VALUES (1, 'visit', '2024-01-31', 'fair'), (2, 'visit', '2024-02-29', 'mail'), (2, 'won', '2024-03-03', NULL), (3, 'visit', '2024-04-01', 'fair');
INSERT INTO deals VALUES (1, '2024-05-01', 1), (2, '2024-05-01', 10), (3, '2024-05-01', 100), (99, '2024-05-01', 1000);
SELECT campaign, sum(leads) AS leads, sum(revenue) AS revenue FROM merge.campaigns GROUP BY 1 ORDER BY 1;
SELECT lead_scoring.merge_leads('merge', 1, 2);
SELECT campaign, sum(leads) AS leads, sum(revenue) AS revenue FROM merge.campaigns GROUP BY 1 ORDER BY 1;
SELECT channel, leads, customers, revenue FROM merge.channels WHERE attribution = 'first';
SELECT lead_scoring.merge_leads('merge', 2, 3);
DELETE FROM leads WHERE id = 1;
SELECT campaign, sum(leads) AS leads, sum(customers) AS customers, sum(revenue) AS revenue FROM merge.campaigns GROUP BY 1 ORDER BY 1;
SELECT merged_from, lead_id FROM merge.merged ORDER BY 1;
-- Back; what comes for it is the other's.
SELECT lead_scoring.merge_leads('merge', 3, 2);
INSERT INTO events VALUES (3, 'visit', '2024-06-01', 'web');
SELECT merged_from, lead_id FROM merge.merged ORDER BY 1;
SELECT campaign, sum(leads) AS leads, sum(customers) AS customers, sum(revenue) AS revenue FROM merge.campaigns GROUP BY 1 ORDER BY 1;
-- It ends with either lead: here the one that is forgotten, and the one that is deleted.
SELECT lead_scoring.forget_lead('merge', 3);
SELECT merged_from, lead_id FROM merge.merged ORDER BY 1;
DELETE FROM leads WHERE id = 2;
DELETE FROM events WHERE lead_id = 2;
SELECT merged_from, lead_id FROM merge.merged;
SELECT * FROM lead_scoring.verify('merge');
SELECT lead_scoring.set_revenue('merge', NULL);
DROP TABLE deals;
UPDATE merge.settings SET event_campaign = NULL;

-- Forgetting: nothing is left but numbers, by the month in the model's time zone. Elsewhere the key is taken out.
:reset
INSERT INTO events VALUES (1, 'demo', '2024-01-31 20:00'), (1, 'won', '2024-03-03'), (2, 'demo', '2024-02-02'), (2, 'bounce', '2024-02-03'),
                          (3, 'recycle', '2024-01-01'), (3, 'demo', '2024-01-09'), (3, 'recycle', '2024-02-01');
INSERT INTO events VALUES (3, 'call', '2024-02-01', 'x');
SELECT lead_scoring.adjust('merge', 3, 5) IS NOT NULL;
SELECT lead_scoring.merge_leads('merge', 1, 2);
SELECT lead_id, seq, merged_from FROM merge.transitions WHERE merged_from IS NOT NULL ORDER BY 1, 2;
SELECT lead_scoring.forget_lead('merge', 1);
SELECT lead_scoring.forget_lead('merge', 3);
SELECT * FROM merge.forgotten ORDER BY came, entered;
SELECT (SELECT count(*) FROM merge.adjustments) AS adjustments, (SELECT count(*) FROM merge.problems) AS problems, (SELECT array_agg(id) FROM leads) AS leads;
:history
-- Also one that events name only, and while the model is paused.
INSERT INTO events VALUES (8, 'demo', '2024-02-09');
SELECT lead_scoring.forget_lead('merge', 8);
SELECT lead_scoring.pause('merge');
SELECT lead_scoring.forget_lead('merge', 2);
SELECT lead_scoring.resume('merge');
SELECT * FROM merge.forgotten ORDER BY came, entered;
:history
-- What was counted stays counted, by campaign and month; no list of leads has them.
:reset
UPDATE merge.settings SET event_campaign = 'asset';
INSERT INTO events VALUES (1, 'visit', '2024-01-31 20:00', 'fair'), (1, 'demo', '2024-02-29 16:00', 'mail'), (1, 'won', '2024-03-03', NULL), (2, 'demo', '2024-02-02', 'fair'),
                          (2, 'accepted', '2024-02-02', NULL), (2, 'recycle', '2024-02-03', NULL), (3, 'won', '2024-02-10', 'fair');
CREATE TABLE funnel_before AS TABLE merge.funnel;
CREATE TABLE campaigns_before AS TABLE merge.campaigns;
CREATE TABLE rate_before AS TABLE merge.qualified_rate;
SELECT campaign, period, leads, mqls, sqls, customers, mqls_converted FROM merge.campaigns;
SELECT lead_scoring.forget_lead('merge', n) FROM generate_series(1, 3) n;
(TABLE funnel_before EXCEPT TABLE merge.funnel) UNION ALL (TABLE merge.funnel EXCEPT TABLE funnel_before);
(TABLE campaigns_before EXCEPT TABLE merge.campaigns) UNION ALL (TABLE merge.campaigns EXCEPT TABLE campaigns_before);
(TABLE rate_before EXCEPT TABLE merge.qualified_rate) UNION ALL (TABLE merge.qualified_rate EXCEPT TABLE rate_before);
SELECT * FROM merge.forgotten WHERE campaign IS NOT NULL ORDER BY came, entered;
SELECT (SELECT count(*) FROM merge.leads) AS leads, (SELECT count(*) FROM merge.transitions) AS transitions, (SELECT sum(leads) FROM merge.cohorts) AS cohorts;
DROP TABLE funnel_before, campaigns_before, rate_before;
UPDATE merge.settings SET event_campaign = NULL;
-- Nobody counts twice: neither by the row that stays of a lead that was merged into the forgotten one, nor when that is
-- forgotten too. Where its row is gone, its key is too.
:reset
INSERT INTO leads VALUES (4), (5);
INSERT INTO events SELECT n, 'demo', '2024-01-09' FROM generate_series(1, 5) n;
SELECT lead_scoring.merge_leads('merge', n, 5) FROM generate_series(1, 4) n;
DELETE FROM leads WHERE id = 3;
INSERT INTO events VALUES (4, 'won', '2024-02-09');
CREATE TABLE funnel_before AS TABLE merge.funnel;
SELECT lead_scoring.forget_lead('merge', 5);
SELECT merged_from, lead_id FROM merge.merged ORDER BY 1;
(TABLE funnel_before EXCEPT TABLE merge.funnel) UNION ALL (TABLE merge.funnel EXCEPT TABLE funnel_before);
SELECT lead_scoring.forget_lead('merge', n) FROM unnest('{1,4}'::integer[]) n;
SELECT merged_from, lead_id FROM merge.merged ORDER BY 1;
(TABLE funnel_before EXCEPT TABLE merge.funnel) UNION ALL (TABLE merge.funnel EXCEPT TABLE funnel_before);
-- What is merged into itself can be merged, and deleted.
INSERT INTO leads VALUES (6), (7), (8);
INSERT INTO events VALUES (6, 'demo', '2024-01-10'), (7, 'demo', '2024-01-10'), (8, 'demo', '2024-01-10');
SELECT lead_scoring.merge_leads('merge', 6, 7), lead_scoring.forget_lead('merge', 7), lead_scoring.merge_leads('merge', 6, 8), lead_scoring.merge_leads('merge', 2, 8);
SELECT merged_from, lead_id FROM merge.merged ORDER BY 1;
SELECT lead_scoring.forget_lead('merge', 8);
DELETE FROM leads WHERE id IN (2, 6);
SELECT merged_from, lead_id FROM merge.merged ORDER BY 1;
SELECT * FROM lead_scoring.verify('merge');
DROP TABLE funnel_before;
-- A foreign key that says no: nothing is half-done.
:reset
INSERT INTO events VALUES (1, 'demo', '2024-01-01');
CREATE TABLE orders (lead_id integer REFERENCES leads);
INSERT INTO orders VALUES (1);
SELECT lead_scoring.forget_lead('merge', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT sum(leads) FROM merge.forgotten;
:history
DROP TABLE orders;

-- Any leads, any number of times: no transition is lost, all is exact.
:reset
INSERT INTO leads SELECT i, CASE WHEN i % 3 = 0 THEN 'DE' END FROM generate_series(4, 60) i;
INSERT INTO events
SELECT 1 + r % 80, (ARRAY['visit', 'visit', 'mail', 'mail', 'warm', 'warm', 'webinar', 'complaint', 'download', 'recycle', 'accepted', 'demo', 'won'])[1 + r / 80 % 13],
       timestamptz '2022-01-01' + i * 7 % 1000 * interval '5 hours', i % 4
  FROM generate_series(1, 2000) i, LATERAL (SELECT ('x' || left(md5(i::text), 7))::bit(28)::integer AS r) random;
CREATE TABLE recorded AS SELECT * FROM merge.transitions;
SELECT count(lead_scoring.merge_leads('merge', i, i % 20 + 1)) FROM generate_series(21, 80) i;
SELECT * FROM lead_scoring.verify('merge');
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE t.lead_id IS NULL) AS lost
  FROM recorded r LEFT JOIN merge.transitions t
    ON (t.at, t.to_stage, t.cause, t.score) = (r.at, r.to_stage, r.cause, r.score)
   AND coalesce(t.merged_from, t.lead_id || '#') LIKE r.lead_id || '#%';
SELECT count(DISTINCT lead_id) FROM events;
SELECT count(lead_scoring.forget_lead('merge', i)) FROM generate_series(11, 20) i;
SELECT * FROM lead_scoring.verify('merge');
SELECT lead_scoring.drop_model('merge');

-- Other keys, a partitioned table of events, foreign keys, no status columns; a second model on the same tables.
DROP TABLE leads, events;
CREATE TABLE leads (id varchar(40) PRIMARY KEY);
CREATE TABLE events (lead_id varchar(40) REFERENCES leads ON DELETE CASCADE, type text, occurred_at timestamptz) PARTITION BY RANGE (occurred_at);
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('merge', 'leads', 'events', status_columns => '{}'), lead_scoring.create_model('merge_too', 'leads', 'events');
SELECT lead_scoring.add_rule(m, 'visit', 'visit', 5), lead_scoring.add_stage(m, 'mql', min_score => 10), lead_scoring.publish(m) FROM unnest('{merge,merge_too}'::text[]) m;
INSERT INTO leads VALUES ('ann'), ('Bob#1'), ('bob');
INSERT INTO events SELECT l.id, 'visit', timestamptz '2023-12-30' + i * interval '1 day' FROM leads l, generate_series(1, 3) i;
SELECT lead_scoring.merge_leads('merge', 'Bob#1', 'bob');
SELECT lead_id, seq, to_stage, merged_from FROM merge.transitions ORDER BY lead_id COLLATE "C", seq;
SELECT lead_id, score, stage FROM merge.scores ORDER BY lead_id COLLATE "C";
SELECT lead_id, score, stage FROM merge_too.scores ORDER BY lead_id COLLATE "C";
SELECT * FROM lead_scoring.verify('merge');
SELECT * FROM lead_scoring.verify('merge_too');
SELECT lead_scoring.forget_lead('merge', 'Bob#1');
SELECT lead_id, seq, to_stage, merged_from FROM merge.transitions ORDER BY lead_id COLLATE "C", seq;
SELECT lead_scoring.forget_lead('merge', 'ann');
SELECT count(*) FROM events;
SELECT * FROM lead_scoring.verify('merge');
SELECT * FROM lead_scoring.verify('merge_too');
SELECT lead_scoring.drop_model('merge'), lead_scoring.drop_model('merge_too');
DROP TABLE leads, events;
CREATE TABLE leads (id uuid PRIMARY KEY);
CREATE TABLE events (lead_id uuid, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('merge', 'leads', 'events');
SELECT lead_scoring.add_rule('merge', 'visit', 'visit', 5), lead_scoring.add_stage('merge', 'mql', min_score => 10), lead_scoring.publish('merge');
INSERT INTO leads VALUES ('00000000-0000-0000-0000-00000000000a'), ('00000000-0000-0000-0000-00000000000b');
INSERT INTO events SELECT l.id, 'visit', '2024-01-01' FROM leads l;
SELECT lead_scoring.merge_leads('merge', '00000000-0000-0000-0000-00000000000a'::uuid, '00000000-0000-0000-0000-00000000000b'::uuid);
SELECT lead_id, score, stage FROM merge.scores ORDER BY 1;
SELECT lead_scoring.forget_lead('merge', '00000000-0000-0000-0000-00000000000A'::uuid);
SELECT lead_id, score, stage FROM merge.scores ORDER BY 1;
SELECT * FROM lead_scoring.verify('merge');

SELECT lead_scoring.drop_model('merge');
DROP SCHEMA merge_test CASCADE;
DROP ROLE regress_lead_scoring_stranger;
