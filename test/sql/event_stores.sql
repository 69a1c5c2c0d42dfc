-- The recipes of the cookbook for event stores, on tables with the columns that these write, and rows as they come: late, out of order, some of them twice, some of nobody yet.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA stores;
SET search_path = stores, public;
-- What happened: 40 people, 3,000 events in 90 days, in no order. Of each store the scores must be what these come to.
CREATE TABLE happened AS
SELECT n AS id, 'u' || n * 7 % 40 AS person, (ARRAY['page', 'page', 'mail', 'page', 'page', 'trial', 'page', 'other'])[1 + n * 5 % 8] AS kind,
       timestamptz '2025-01-01 06:00:00.123456+00' + n * 7919 % 3000 * interval '43 minutes' + n * interval '1 millisecond' AS at,
       (ARRAY['/pricing', '/', '/docs', '/pricing/team'])[1 + n * 3 % 4] AS path, (ARRAY['spring', NULL, 'ads'])[1 + n % 3] AS campaign
  FROM generate_series(1, 3000) n;
CREATE VIEW expected AS
SELECT person, 30 * count(*) FILTER (WHERE kind = 'trial') + 3 * count(*) FILTER (WHERE kind = 'mail')
               + 2 * count(DISTINCT date_trunc('day', at)) FILTER (WHERE kind = 'page' AND path LIKE '/pricing%') AS points FROM happened GROUP BY 1;
CREATE TABLE compared (model text, leads bigint, differ bigint, faults bigint, first_campaigns jsonb);
CREATE FUNCTION compare(model text) RETURNS compared LANGUAGE plpgsql AS $$
DECLARE
    result compared;
BEGIN
    EXECUTE format('SELECT %1$L, count(*), count(*) FILTER (WHERE e.points IS DISTINCT FROM s.engagement), (SELECT count(*) FROM lead_scoring.verify(%1$L)),
                           (SELECT jsonb_object_agg(c.campaign, c.leads) FROM (SELECT coalesce(c.campaign, '''') AS campaign, sum(c.leads) AS leads FROM %1$I.campaigns c GROUP BY 1) c)
                      FROM expected e FULL JOIN (SELECT lead_id, engagement FROM %1$I.scores WHERE counted) s ON s.lead_id = e.person', model) INTO result;
    RETURN result;
END
$$;
CREATE TABLE people (user_id text PRIMARY KEY, email text);
INSERT INTO people SELECT DISTINCT person, person || '@example.com' FROM happened;

-- Segment: a table of calls, one of pages, and people as the loader upserts them.
CREATE TABLE users (id varchar PRIMARY KEY, email varchar, received_at timestamptz, uuid_ts timestamptz);
CREATE TABLE identifies (id varchar PRIMARY KEY, anonymous_id varchar, user_id varchar, received_at timestamptz);
CREATE TABLE tracks (id varchar PRIMARY KEY, anonymous_id varchar, user_id varchar, event varchar, event_text varchar, original_timestamp timestamptz, sent_at timestamptz, received_at timestamptz, "timestamp" timestamptz,
                     context_campaign_name varchar, context_campaign_medium varchar, context_campaign_source varchar, context_campaign_term varchar, context_campaign_content varchar, uuid_ts timestamptz);
CREATE TABLE pages (id varchar PRIMARY KEY, anonymous_id varchar, user_id varchar, name varchar, path varchar, url varchar, original_timestamp timestamptz, sent_at timestamptz, received_at timestamptz, "timestamp" timestamptz,
                    context_campaign_name varchar, context_campaign_medium varchar, context_campaign_source varchar, uuid_ts timestamptz);
CREATE INDEX ON tracks (user_id); CREATE INDEX ON pages (user_id);
SELECT lead_scoring.create_model('segment', 'users', 'tracks', event_lead => 'user_id', event_type => 'event', event_time => 'timestamp', event_campaign => 'context_campaign_name', status_columns => '{}'),
       lead_scoring.add_source('segment', 'pages', 'pages', 'user_id', event_time => 'timestamp', every_event => 'page', event_campaign => 'context_campaign_name'),
       lead_scoring.add_rule('segment', 'trial', 'trial_started', 30), lead_scoring.add_rule('segment', 'mail', 'email_link_clicked', 3),
       lead_scoring.add_rule('segment', 'prices', 'page', 2, condition => $$path LIKE '/pricing%'$$, limit_count => 1, limit_window => 'day'), lead_scoring.add_stage('segment', 'mql', min_score => 100), lead_scoring.publish('segment') \g /dev/null
-- A load brings what came since, some of it again, which its key keeps out; users last.
CREATE PROCEDURE load_segment(batch int) LANGUAGE sql AS $$
    INSERT INTO tracks (id, anonymous_id, user_id, event, event_text, original_timestamp, sent_at, received_at, "timestamp", context_campaign_name)
    SELECT 't' || id, 'a' || person, person, CASE kind WHEN 'trial' THEN 'trial_started' WHEN 'mail' THEN 'email_link_clicked' ELSE 'something_else' END, kind, at, at, now(), at, campaign FROM happened WHERE kind <> 'page' AND id % 6 IN (batch, batch - 1) ON CONFLICT DO NOTHING;
    INSERT INTO pages (id, anonymous_id, user_id, path, "timestamp", context_campaign_name) SELECT 'p' || id, 'a' || person, person, path, at, campaign FROM happened WHERE kind = 'page' AND id % 6 IN (batch, batch - 1) ON CONFLICT DO NOTHING;
    INSERT INTO pages (id, anonymous_id, path, "timestamp") SELECT 'n' || id, 'nobody', path, at FROM happened WHERE id % 60 = batch;
    INSERT INTO users (id, email, received_at) SELECT user_id, email, now() FROM people WHERE right(user_id, 1)::int % 6 <= batch ON CONFLICT (id) DO UPDATE SET received_at = excluded.received_at;
$$;
CALL load_segment(0); CALL load_segment(5); CALL load_segment(3); CALL load_segment(1);
SELECT * FROM lead_scoring.verify('segment');
CALL load_segment(2); CALL load_segment(4);
INSERT INTO users SELECT user_id, email FROM people ON CONFLICT DO NOTHING;
SELECT * FROM compare('segment');

-- RudderStack: the same tables; ids are no keys of tracks and pages, so that what a load brings again is stored again.
CREATE SCHEMA rudder;
CREATE TABLE rudder.users (id text PRIMARY KEY, email text, received_at timestamptz, uuid_ts timestamptz);
CREATE TABLE rudder.tracks (id text, anonymous_id text, user_id text, event text, event_text text, original_timestamp timestamptz, sent_at timestamptz, received_at timestamptz, "timestamp" timestamptz,
                            channel text, context_campaign_name text, context_campaign_medium text, context_campaign_source text, uuid_ts timestamptz);
CREATE TABLE rudder.pages (id text, anonymous_id text, user_id text, name text, path text, url text, received_at timestamptz, "timestamp" timestamptz, channel text, context_campaign_name text, uuid_ts timestamptz);
CREATE INDEX ON rudder.tracks (user_id, id); CREATE INDEX ON rudder.pages (user_id, id);
SELECT lead_scoring.create_model('rudder_web', 'rudder.users', 'rudder.tracks', event_lead => 'user_id', event_type => 'event', event_time => 'timestamp', event_campaign => 'context_campaign_name', event_id => 'id', status_columns => '{}'),
       lead_scoring.add_source('rudder_web', 'pages', 'rudder.pages', 'user_id', event_time => 'timestamp', every_event => 'page', event_campaign => 'context_campaign_name', event_id => 'id'),
       lead_scoring.add_rule('rudder_web', 'trial', 'trial_started', 30), lead_scoring.add_rule('rudder_web', 'mail', 'email_link_clicked', 3),
       lead_scoring.add_rule('rudder_web', 'prices', 'page', 2, condition => $$path LIKE '/pricing%'$$, limit_count => 1, limit_window => 'day'), lead_scoring.add_stage('rudder_web', 'mql', min_score => 100), lead_scoring.publish('rudder_web') \g /dev/null
INSERT INTO rudder.users SELECT user_id, email FROM people;
CREATE PROCEDURE load_rudder(first int, last int) LANGUAGE sql AS $$
    INSERT INTO rudder.tracks (id, user_id, event, "timestamp", context_campaign_name, uuid_ts)
    SELECT 't' || id, person, CASE kind WHEN 'trial' THEN 'trial_started' WHEN 'mail' THEN 'email_link_clicked' ELSE 'something_else' END, at, campaign, now() FROM happened WHERE kind <> 'page' AND id BETWEEN first AND last;
    INSERT INTO rudder.pages (id, user_id, path, "timestamp", context_campaign_name, uuid_ts) SELECT 'p' || id, person, path, at, campaign, now() FROM happened WHERE kind = 'page' AND id BETWEEN first AND last;
$$;
-- Each load reads again a part of what the one before had.
CALL load_rudder(2000, 3000); CALL load_rudder(1, 900); CALL load_rudder(700, 2100);
-- A client whose clock was wrong sends again what it has sent, an hour later.
INSERT INTO rudder.tracks (id, user_id, event, "timestamp") SELECT id, user_id, event, "timestamp" + interval '1 hour' FROM rudder.tracks WHERE right(id, 1) = '7';
SELECT (SELECT count(*) - count(DISTINCT id) FROM rudder.tracks) AS tracks_again, (SELECT count(*) - count(DISTINCT id) FROM rudder.pages) AS pages_again;
SELECT * FROM compare('rudder_web');

-- Snowplow: one wide table, times in UTC without saying so, and duplicates that its own guide tells to take out when reading.
CREATE SCHEMA atomic;
CREATE TABLE atomic.events (app_id varchar(255), platform varchar(255), etl_tstamp timestamp, collector_tstamp timestamp NOT NULL, dvce_created_tstamp timestamp, event varchar(128), event_id uuid NOT NULL, event_name varchar(1000),
                            user_id varchar(255), domain_userid varchar(36), network_userid varchar(38), domain_sessionid uuid, page_urlpath varchar(3000), mkt_medium varchar(255), mkt_source varchar(255), mkt_campaign varchar(255),
                            derived_tstamp timestamp, event_fingerprint varchar(128));
CREATE INDEX ON atomic.events (user_id, event_id);
SELECT lead_scoring.create_model('snowplow', 'people', 'atomic.events', event_lead => 'user_id', event_type => 'event_name', event_time => 'derived_tstamp', event_campaign => 'mkt_campaign', event_id => 'event_id', time_zone => 'UTC', status_columns => '{}'),
       lead_scoring.add_rule('snowplow', 'trial', 'trial_started', 30), lead_scoring.add_rule('snowplow', 'mail', 'link_click', 3),
       lead_scoring.add_rule('snowplow', 'prices', 'page_view', 2, condition => $$page_urlpath LIKE '/pricing%'$$, limit_count => 1, limit_window => 'day'), lead_scoring.add_stage('snowplow', 'mql', min_score => 100), lead_scoring.publish('snowplow') \g /dev/null
SET timezone = 'America/New_York';  -- whatever the session's
INSERT INTO atomic.events (collector_tstamp, event_id, event_name, user_id, domain_userid, page_urlpath, mkt_campaign, derived_tstamp)
SELECT now() AT TIME ZONE 'UTC', md5(id::text)::uuid, CASE kind WHEN 'trial' THEN 'trial_started' WHEN 'mail' THEN 'link_click' WHEN 'page' THEN 'page_view' ELSE 'page_ping' END,
       CASE WHEN again < 2 THEN person END, md5(person), path, campaign, at AT TIME ZONE 'UTC' + again * interval '20 minutes'
  FROM happened, generate_series(0, CASE WHEN id % 9 = 0 THEN 2 WHEN id % 5 = 0 THEN 1 ELSE 0 END) again ORDER BY id % 13, again DESC;
RESET timezone; SET timezone = 'UTC';
SELECT count(*), count(DISTINCT event_id) FROM atomic.events;
SELECT * FROM compare('snowplow');

-- PostHog: events as a batch export appends them, again after a failure; who is identified has our id as distinct_id.
CREATE SCHEMA posthog;
CREATE TABLE posthog.events (uuid varchar(200), event varchar(200), properties jsonb, elements jsonb, set jsonb, set_once jsonb, distinct_id varchar(200), team_id integer, ip varchar(200), site_url varchar(200), "timestamp" timestamptz);
CREATE INDEX ON posthog.events (distinct_id, uuid);
SELECT lead_scoring.create_model('posthog_web', 'people', 'posthog.events', event_lead => 'distinct_id', event_type => 'event', event_time => 'timestamp', event_id => 'uuid', status_columns => '{}'),
       lead_scoring.add_rule('posthog_web', 'trial', 'trial started', 30), lead_scoring.add_rule('posthog_web', 'mail', 'email link clicked', 3),
       lead_scoring.add_rule('posthog_web', 'prices', '$pageview', 2, condition => $$properties ->> '$pathname' LIKE '/pricing%'$$, limit_count => 1, limit_window => 'day'), lead_scoring.add_stage('posthog_web', 'mql', min_score => 100) \g /dev/null
INSERT INTO posthog_web.report_settings (event_channel, max_touches) VALUES ($$properties ->> 'utm_campaign'$$, 64);
SELECT lead_scoring.publish('posthog_web') \g /dev/null
CREATE PROCEDURE export_posthog(from_time timestamptz, until_time timestamptz) LANGUAGE sql AS $$
    INSERT INTO posthog.events (uuid, event, properties, distinct_id, team_id, "timestamp")
    SELECT md5('ph' || id)::uuid::text, CASE kind WHEN 'trial' THEN 'trial started' WHEN 'mail' THEN 'email link clicked' WHEN 'page' THEN '$pageview' ELSE '$autocapture' END,
           jsonb_build_object('$pathname', path, 'utm_campaign', campaign), person, 1, at FROM happened WHERE at >= from_time AND at < until_time
$$;
CALL export_posthog('2025-01-01', '2025-02-01'); CALL export_posthog('2025-02-20', '2026-01-01'); CALL export_posthog('2025-01-20', '2025-02-20'); CALL export_posthog('2025-03-01', '2025-03-02');
INSERT INTO posthog.events (uuid, event, properties, distinct_id, "timestamp") SELECT md5(id::text)::uuid::text, '$pageview', '{"$pathname": "/pricing"}', '0190-anonymous-' || id % 100, at FROM happened WHERE id % 10 = 0;
SELECT count(*), count(DISTINCT uuid) FROM posthog.events;
SELECT * FROM compare('posthog_web');
SELECT channel, touches FROM posthog_web.channels WHERE attribution = 'linear' ORDER BY channel COLLATE "C";
SELECT campaign, count(*) FROM happened WHERE campaign IS NOT NULL GROUP BY 1 ORDER BY campaign COLLATE "C";

-- GA4: times are microseconds, parameters are nested, and a day is loaded again, whole, until it is three days old.
CREATE SCHEMA ga4;
CREATE TABLE ga4.events (event_date text, event_timestamp bigint, event_name text, event_params jsonb, user_id text, user_pseudo_id text, traffic_source jsonb,
    occurred_at timestamp GENERATED ALWAYS AS (timestamp 'epoch' + event_timestamp * interval '1 microsecond') STORED,
    page text GENERATED ALWAYS AS (jsonb_path_query_first(event_params, '$[*] ? (@.key == "page_location").value.string_value') #>> '{}') STORED,
    campaign text GENERATED ALWAYS AS (traffic_source ->> 'name') STORED);
CREATE INDEX ON ga4.events (user_id); CREATE INDEX ON ga4.events (event_date);
SELECT lead_scoring.create_model('ga4_web', 'people', 'ga4.events', event_lead => 'user_id', event_type => 'event_name', event_time => 'occurred_at', event_campaign => 'campaign', time_zone => 'UTC', status_columns => '{}'),
       lead_scoring.add_rule('ga4_web', 'trial', 'trial_started', 30), lead_scoring.add_rule('ga4_web', 'mail', 'mail_click', 3),
       lead_scoring.add_rule('ga4_web', 'prices', 'page_view', 2, condition => $$page LIKE 'https://example.com/pricing%'$$, limit_count => 1, limit_window => 'day'), lead_scoring.add_stage('ga4_web', 'mql', min_score => 100), lead_scoring.publish('ga4_web') \g /dev/null
CREATE TABLE ga4.staged (event_date text, event_timestamp bigint, event_name text, event_params jsonb, user_id text, user_pseudo_id text, traffic_source jsonb);
CREATE PROCEDURE export_day(day date, part int) LANGUAGE sql AS $$
    TRUNCATE ga4.staged;
    INSERT INTO ga4.staged
    SELECT to_char(at, 'YYYYMMDD'), (extract(epoch FROM at) * 1000000)::bigint, CASE kind WHEN 'trial' THEN 'trial_started' WHEN 'mail' THEN 'mail_click' WHEN 'page' THEN 'page_view' ELSE 'scroll' END,
           jsonb_build_array(jsonb_build_object('key', 'ga_session_id', 'value', jsonb_build_object('int_value', id)), jsonb_build_object('key', 'page_location', 'value', jsonb_build_object('string_value', 'https://example.com' || path))),
           person, md5(person), jsonb_build_object('name', campaign, 'medium', 'x') FROM happened WHERE at >= day AND at < day + 1 AND id % 4 <= part;
    WITH gone AS (DELETE FROM ga4.events e WHERE e.event_date IN (SELECT s.event_date FROM ga4.staged s))
    INSERT INTO ga4.events (event_date, event_timestamp, event_name, event_params, user_id, user_pseudo_id, traffic_source) SELECT * FROM ga4.staged;
$$;
DO $$
BEGIN
    FOR day IN 0..95 LOOP
        CALL export_day(date '2025-01-01' + day, 2);
        IF day % 9 = 3 THEN
            CALL export_day(date '2025-01-01' + day - 1, 3); CALL export_day(date '2025-01-01' + day - 3, 1);
        END IF;
    END LOOP;
    FOR day IN REVERSE 95..0 LOOP
        CALL export_day(date '2025-01-01' + day, 3);
    END LOOP;
END
$$;
SELECT count(*) FROM ga4.events;
SELECT * FROM compare('ga4_web');
-- The same of all: first campaigns too, where the events name one.
SELECT e.leads FROM (SELECT jsonb_object_agg(coalesce(campaign, ''), n) AS leads FROM (SELECT campaign, count(*) AS n FROM (SELECT DISTINCT ON (person) person, campaign FROM happened WHERE campaign IS NOT NULL ORDER BY person, at) f GROUP BY 1) c) e;
SELECT lead_scoring.drop_model(m) FROM unnest('{segment,rudder_web,snowplow,posthog_web,ga4_web}'::text[]) m \g /dev/null
DROP SCHEMA rudder, atomic, posthog, ga4, stores CASCADE;
