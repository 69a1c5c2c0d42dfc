-- What is slow enough to be cancelled: a model with every kind of rule, stages and reports, :leads leads with 30 events each, and
-- two leads, 1 and 2, with :many; a model not yet published; one whose leads are all due; leads whose crossings are searched for.
SET client_min_messages = warning;
CREATE EXTENSION lead_scoring;
CREATE TABLE leads (id bigint PRIMARY KEY, employees integer, came date);
CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, lead_id bigint, type text, occurred_at timestamptz, campaign text, properties jsonb);
CREATE INDEX ON events (lead_id);

CREATE FUNCTION new_events(lead bigint, first integer, last integer) RETURNS TABLE (type text, at timestamptz, campaign text, properties jsonb)
LANGUAGE sql IMMUTABLE AS $$
    SELECT (ARRAY['visit', 'visit', 'visit', 'download', 'webinar', 'trial', 'call', 'accepted', 'visit', 'won', 'recycle'])
               [1 + (lead * 7 + i * 3) % CASE WHEN i % 30 = 29 THEN 11 ELSE 7 END],
           timestamptz '2024-01-01' + lead % 300 * interval '1 day' + i * interval '37 minutes', 'c' || lead % 5,
           jsonb_build_object('minutes', CASE WHEN i % 100 = 7 THEN 'n/a' ELSE (i % 9)::text END, 'asset', 'a' || i % 40, 'channel', 'm' || (lead + i) % 7)
      FROM generate_series(first, last) i
$$;
CREATE PROCEDURE make_model(name text, leads text, events text, columns jsonb DEFAULT '{}') LANGUAGE sql AS $$
    SELECT lead_scoring.create_model(name, leads, events, event_campaign => 'campaign', status_columns => columns);
    SELECT lead_scoring.add_rule(name, 'visit', 'visit', 1, decay => 'exponential', half_life => '90 days'),
           lead_scoring.add_rule(name, 'download', 'download', 5, limit_count => 1, limit_window => 'day', limit_key => $r$properties->>'asset'$r$),
           lead_scoring.add_rule(name, 'webinar', 'webinar', 8, decay => 'linear', lifespan => '400 days'),
           lead_scoring.add_rule(name, 'trial', 'trial', 3, decay => 'step', drop => 0.1, step => '30 days', max_occurrences => 5000),
           lead_scoring.add_rule(name, 'call', 'call', 2, per => $r$(properties->>'minutes')::numeric$r$),
           lead_scoring.add_fit_rule(name, 'big', 'employees > 50', 10);
    SELECT lead_scoring.add_stage(name, 'recycled', kind => 'detour', on_event => 'recycle'),
           lead_scoring.add_stage(name, 'mql', min_score => 20, falls_below => 10),
           lead_scoring.add_stage(name, 'sql', on_event => 'accepted', within => '30 days', timeout_stage => 'recycled'),
           lead_scoring.add_stage(name, 'customer', on_event => 'won')
$$;
CALL make_model('long', 'leads', 'events', '{"stage": "stage", "mql_at": "mql_at", "score": "score"}');
CALL make_model('fresh', 'leads', 'events');
SELECT lead_scoring.publish('long') \g /dev/null
INSERT INTO leads SELECT i, i % 100, date '2024-01-01' + i % 300 FROM generate_series(1, :leads) i;
INSERT INTO events (lead_id, type, occurred_at, campaign, properties)
SELECT l, e.* FROM generate_series(1, :leads) l, new_events(l, 0, 29) e ORDER BY e.at;
INSERT INTO events (lead_id, type, occurred_at, campaign, properties)
SELECT l, e.* FROM generate_series(1, 2) l, new_events(l, 100, :many) e ORDER BY e.at;

CREATE TABLE spend (campaign text, channel text, spent_on date, amount numeric);
INSERT INTO spend SELECT 'c' || i % 5, 'm' || i % 7, date '2024-01-01' + i % 400, i FROM generate_series(1, 10000) i;
CREATE TABLE deals AS SELECT lead_id, occurred_at AS earned_on, 100.5 AS amount FROM events WHERE type = 'won';
SELECT lead_scoring.set_spend('long', 'spend', channel => 'channel'), lead_scoring.set_revenue('long', 'deals') \g /dev/null
UPDATE long.report_settings SET event_channel = $$properties->>'channel'$$, event_asset = $$properties->>'asset'$$, lead_created = 'came';

-- Each 'hot' event makes an MQL whose time has passed at once.
CREATE TABLE due_leads (id bigint PRIMARY KEY);
CREATE TABLE due_events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON due_events (lead_id);
SELECT lead_scoring.create_model('due', 'due_leads', 'due_events') \g /dev/null
SELECT lead_scoring.add_stage('due', 'recycled', kind => 'detour'),
       lead_scoring.add_stage('due', 'mql', on_event => 'hot', within => '1 microsecond', timeout_stage => 'recycled'),
       lead_scoring.publish('due') \g /dev/null
INSERT INTO due_leads SELECT generate_series(1, :leads);

-- Scores that hardly differ from a threshold for a long time, and steps at very many instants.
CREATE TABLE close_leads (id bigint PRIMARY KEY);
CREATE TABLE close_events (lead_id bigint, type text, occurred_at timestamptz, amount numeric);
CREATE INDEX ON close_events (lead_id);
SELECT lead_scoring.create_model('close', 'close_leads', 'close_events') \g /dev/null
SELECT lead_scoring.add_rule('close', 'plus', 'plus', 1, per => 'amount', decay => 'exponential', half_life => '10 days'),
       lead_scoring.add_rule('close', 'minus', 'minus', -1, per => 'amount', decay => 'exponential', half_life => '10 days'),
       lead_scoring.add_rule('close', 'up', 'up', 1, decay => 'step', drop => 0.05, step => '1 day', max_occurrences => 100000),
       lead_scoring.add_rule('close', 'down', 'down', -1, decay => 'step', drop => 0.05, step => '1 day', max_occurrences => 100000),
       lead_scoring.add_stage('close', 'mql', min_score => 50), lead_scoring.publish('close') \g /dev/null
INSERT INTO close_leads SELECT generate_series(1, 10);
ANALYZE;
