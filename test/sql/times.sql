-- Times of events that are no instants: timestamps and dates, in the model's time zone.
\set VERBOSITY terse
CREATE SCHEMA times;
SET search_path = times, public;
SET timezone = 'America/Los_Angeles';  -- of the session: no matter
SET client_min_messages = warning;

-- Beside what the server makes of each, which takes the second of two. Midnight may be left out, or a whole day.
CREATE FUNCTION show(at timestamptz, zone text) RETURNS text LANGUAGE sql AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"Z"') || to_char(at AT TIME ZONE zone, ' (HH24:MI)') $$;
SELECT z.zone, l.local, show(lead_scoring_internal.instant(l.local, z.zone), z.zone) AS instant, nullif(show(l.local AT TIME ZONE z.zone, z.zone), show(lead_scoring_internal.instant(l.local, z.zone), z.zone)) AS server
  FROM (VALUES ('Europe/Berlin', '{2024-03-31 01:59:59.999999,2024-03-31 02:00,2024-03-31 02:30,2024-03-31 03:00,2024-10-27 01:59:59.999999,2024-10-27 02:00,2024-10-27 02:30,2024-10-27 02:59:59.999999,2024-10-27 03:00}'::timestamp[]),
               ('America/Sao_Paulo', '{2018-11-03 23:59:59.5,2018-11-04 00:00,2018-11-04 00:59:59,2018-11-04 01:00,2019-02-16 22:59:59,2019-02-16 23:00,2019-02-16 23:30,2019-02-17 00:00}'),
               ('Asia/Beirut', '{2024-03-30 23:59,2024-03-31 00:00,2024-03-31 00:30,2024-03-31 01:00,2024-10-26 23:30,2024-10-27 00:00}'),
               ('Pacific/Apia', '{2011-12-29 23:59,2011-12-30 00:00,2011-12-30 12:00,2011-12-31 00:00}'),
               ('UTC', '{2024-03-31 02:30}'), ('america/new_york', '{1883-11-18 12:00,1883-11-18 12:03:58,0044-03-15 12:00 BC,9999-07-01 00:00}')) z (zone, times), unnest(z.times) l (local);
SELECT z.zone, d.day, show(lead_scoring_internal.instant(d.day, z.zone), z.zone) AS instant
  FROM (VALUES ('Europe/Berlin', '{2024-03-31,2024-10-27}'::date[]), ('America/Sao_Paulo', '{2018-11-04,2019-02-17}'), ('Asia/Beirut', '{2024-03-31,2024-10-27}'),
               ('America/Havana', '{2024-03-10,2024-11-03}'), ('Pacific/Apia', '{2011-12-29,2011-12-30,2011-12-31}'), ('America/Toronto', '{1919-03-31}')) z (zone, days), unnest(z.days) d (day);
-- In all zones, around all changes of the clocks: an instant is found again by what clocks showed, or is the second that showed it.
SELECT count(*) FROM pg_timezone_names z, generate_series(timestamptz '2010-01-01', '2012-01-01', '17 minutes') t (at)
 WHERE z.name IN ('Europe/Berlin', 'America/Sao_Paulo', 'Asia/Beirut', 'Pacific/Apia', 'Australia/Lord_Howe', 'Africa/Casablanca', 'America/Havana', 'Asia/Kathmandu')
   AND lead_scoring_internal.instant(t.at AT TIME ZONE z.name, z.name) IS DISTINCT FROM t.at
   AND (lead_scoring_internal.instant(t.at AT TIME ZONE z.name, z.name) > t.at
        OR lead_scoring_internal.instant(t.at AT TIME ZONE z.name, z.name) AT TIME ZONE z.name <> t.at AT TIME ZONE z.name);
-- Where they end.
SELECT lead_scoring_internal.instant(t, 'Asia/Tokyo'), lead_scoring_internal.instant(t, 'America/Lima') FROM unnest('{infinity,-infinity,4714-11-24 00:00 BC,294276-12-31 23:59:59.999999}'::timestamp[]) t;
SELECT lead_scoring_internal.instant(d, 'Asia/Tokyo'), lead_scoring_internal.instant(d, 'America/Lima') FROM unnest('{infinity,-infinity,4714-11-24 BC,5874897-12-31}'::date[]) d;
\set VERBOSITY default
SELECT lead_scoring_internal.instant(timestamp '2024-01-01', 'Mars/Olympus');
\set VERBOSITY terse
SELECT lead_scoring_internal.instant(timestamp '2024-01-01', NULL) IS NULL;

-- A model of each type, and one of the same events as instants: the same in everything.
CREATE TABLE moments (lead_id bigint, type text, at timestamptz, campaign text, n integer);
INSERT INTO moments
SELECT l, (ARRAY['visit', 'visit', 'download', 'won'])[1 + (l * 7 + n) % 4], at, 'c' || n % 3, n
  FROM generate_series(1, 12) l, unnest('{2024-03-29 22:30+00,2024-03-30 22:30:00.125+00,2024-03-31 00:30+00,2024-03-31 01:00+00,2024-04-01 09:00+00,2024-10-26 23:30+00,2024-10-27 00:30+00,2024-10-27 02:30+00,2024-10-28 12:00+00}'::timestamptz[]) WITH ORDINALITY t (at, n)
 WHERE (l + n) % 3 > 0;
CREATE TABLE clock_leads (id bigint PRIMARY KEY, came date);
CREATE TABLE day_leads (id bigint PRIMARY KEY, came date);
CREATE TABLE clock_moments (LIKE moments);
CREATE TABLE day_moments (LIKE moments);
CREATE TABLE clock_events (lead_id bigint, type text, at timestamp(3), campaign text, n integer);
CREATE TABLE day_events (lead_id bigint, type text, at date, campaign text, n integer);
CREATE INDEX ON clock_moments (lead_id, at); CREATE INDEX ON day_moments (lead_id, at); CREATE INDEX ON clock_events (lead_id, at); CREATE INDEX ON day_events (lead_id, at);
INSERT INTO clock_leads SELECT n FROM generate_series(1, 11) n;
INSERT INTO day_leads SELECT n FROM generate_series(1, 11) n;
SELECT lead_scoring.create_model(m.name, m.leads, m.events, event_time => 'at', event_campaign => 'campaign', time_zone => 'Europe/Berlin', status_columns => '{}')
  FROM (VALUES ('times_clock', regclass 'clock_leads', regclass 'clock_events'), ('times_of_clock', 'clock_leads', 'clock_moments'), ('times_day', 'day_leads', 'day_events'), ('times_of_day', 'day_leads', 'day_moments')) m (name, leads, events);
CREATE VIEW names AS SELECT unnest('{times_clock,times_of_clock,times_day,times_of_day}'::text[]) AS m;
SELECT count(*) FROM (
    SELECT lead_scoring.add_rule(m, 'visit', 'visit', 10, per => 'n', decay => 'exponential', half_life => '9 days'), lead_scoring.add_rule(m, 'daily', 'visit', 7, limit_count => 1, limit_window => 'day'),
           lead_scoring.add_rule(m, 'hourly', 'visit', 3, limit_count => 1, limit_window => 'hour'), lead_scoring.add_rule(m, 'download', 'download', 5, decay => 'window', lifespan => '200 days'),
           lead_scoring.add_stage(m, 'mql', min_score => 15, falls_below => 8), lead_scoring.add_stage(m, 'customer', on_event => 'won') FROM names) added;
SELECT lead_scoring.publish(m) FROM names;
-- Live, in order and late, and then rebuilt.
CREATE FUNCTION store(after timestamptz, until timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO clock_events SELECT lead_id, type, at AT TIME ZONE 'Europe/Berlin', campaign, n FROM moments WHERE at > after AND at <= until ORDER BY at;
    INSERT INTO clock_moments SELECT lead_id, type, lead_scoring_internal.instant((at AT TIME ZONE 'Europe/Berlin')::timestamp(3), 'Europe/Berlin'), campaign, n FROM moments WHERE at > after AND at <= until ORDER BY at;
    INSERT INTO day_events SELECT lead_id, type, at AT TIME ZONE 'Europe/Berlin', campaign, n FROM moments WHERE at > after AND at <= until ORDER BY at;
    INSERT INTO day_moments SELECT lead_id, type, date_trunc('day', at, 'Europe/Berlin'), campaign, n FROM moments WHERE at > after AND at <= until ORDER BY at;
$$;
SELECT store('2024-01-01', '2024-04-01'), store('2024-05-01', '2025-01-01'), store('2024-04-01', '2024-05-01');
SELECT m, v.* FROM names, lead_scoring.verify(m) v;
CREATE FUNCTION state(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT to_jsonb(s)::text FROM (SELECT lead_id, score_at, stage, card FROM (SELECT s.*, lead_scoring.score_at(%1$L, s.lead_id, ''2025-01-01 00:00+00'') AS score_at FROM %1$I.scores s) s) s
        UNION ALL SELECT (to_jsonb(t) - ''recorded_at'')::text FROM %1$I.transitions t WHERE t.cause = ''event''', model);
END
$$;
CREATE FUNCTION reported(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    report text;
BEGIN
    FOREACH report IN ARRAY '{funnel,campaigns,channels,lead_magnets,cohorts,qualified_rate,event_types}'::text[] LOOP
        RETURN QUERY EXECUTE format('SELECT %1$L || to_jsonb(r)::text FROM %2$I.%1$I r UNION ALL SELECT %1$L || '' then'' || to_jsonb(r)::text FROM lead_scoring.%1$I(%2$L, as_of => ''2024-10-27 00:45+00'') r', report, model);
    END LOOP;
    RETURN QUERY SELECT 'since' || to_jsonb(r)::text FROM lead_scoring.channels(model, by => 'campaign', since => '2024-03-31', until => '2024-10-27') r;
END
$$;
SELECT a, b, (SELECT count(*) FROM state(a)) AS rows, (SELECT count(*) FROM (SELECT * FROM state(a) EXCEPT ALL SELECT * FROM state(b)) d) AS differ,
       (SELECT count(*) FROM reported(a)) AS reported, (SELECT count(*) FROM (SELECT * FROM reported(a) EXCEPT ALL SELECT * FROM reported(b)) d) AS differ
  FROM (VALUES ('times_clock', 'times_of_clock'), ('times_day', 'times_of_day')) p (a, b);
SELECT * FROM times_clock.event_types;
SELECT * FROM times_day.campaigns ORDER BY 1, 2;
-- So it is with what leads remember.
SELECT format('INSERT INTO %I.report_settings (event_channel, event_asset, max_touches) VALUES (''campaign || type'', ''n::text'', 3)', m), format('SELECT lead_scoring.publish(%L)', m) FROM names \gexec
SELECT a, b, (SELECT count(*) FROM state(a)) AS rows, (SELECT count(*) FROM (SELECT * FROM state(a) EXCEPT ALL SELECT * FROM state(b)) d) AS differ,
       (SELECT count(*) FROM reported(a)) AS reported, (SELECT count(*) FROM (SELECT * FROM reported(a) EXCEPT ALL SELECT * FROM reported(b)) d) AS differ
  FROM (VALUES ('times_clock', 'times_of_clock'), ('times_day', 'times_of_day')) p (a, b);
SELECT m, v.* FROM names, lead_scoring.verify(m) v;
UPDATE times_clock.report_settings SET event_channel = 'campaign'; UPDATE times_of_clock.report_settings SET event_channel = 'campaign';
SELECT count(*) FROM (SELECT * FROM reported('times_clock') EXCEPT ALL SELECT * FROM reported('times_of_clock')) d;

-- What has no instant, or none that is finite, is not scored, and may be ahead of the clock.
INSERT INTO clock_events VALUES (1, 'visit', 'infinity'), (2, 'visit', '-infinity'), (3, 'visit', NULL), (4, 'visit', '290000-01-01'), (5, 'visit', '4714-11-24 00:00 BC');
INSERT INTO day_events VALUES (1, 'visit', 'infinity'), (2, 'visit', '-infinity'), (3, 'visit', NULL), (4, 'visit', '5874897-01-01'), (5, 'visit', '4714-11-24 BC');
SELECT type, events, waiting FROM times_day.event_types ORDER BY type;
SELECT m, v.* FROM names, lead_scoring.verify(m) v;
DELETE FROM clock_events WHERE campaign IS NULL; DELETE FROM day_events WHERE campaign IS NULL;

-- The zone is part of a version: it counts with the next publish, and then for all events.
SELECT (score_at).* FROM (SELECT lead_scoring.explain('times_day', 5, '2024-03-31 22:30+00') AS score_at) e WHERE (score_at).rule = 'daily';
UPDATE times_day.settings SET time_zone = 'Pacific/Auckland';
SELECT (score_at).* FROM (SELECT lead_scoring.explain('times_day', 5, '2024-03-31 22:30+00') AS score_at) e WHERE (score_at).rule = 'daily';
SELECT * FROM lead_scoring.verify('times_day');
INSERT INTO day_events VALUES (5, 'visit', '2024-04-01', 'c1', 1);
SELECT * FROM lead_scoring.verify('times_day');
SELECT lead_scoring.publish('times_day');
SELECT (score_at).* FROM (SELECT lead_scoring.explain('times_day', 5, '2024-03-31 22:30+00') AS score_at) e WHERE (score_at).rule = 'daily';
SELECT * FROM lead_scoring.verify('times_day');
INSERT INTO day_events VALUES (5, 'visit', '2024-04-02', 'c1', 1);
SELECT * FROM lead_scoring.verify('times_day');
-- A column that becomes an instant, or ceases to be one.
ALTER TABLE day_events ALTER at TYPE timestamptz USING lead_scoring_internal.instant(at, 'Pacific/Auckland');
SELECT * FROM lead_scoring.verify('times_day');
INSERT INTO day_events VALUES (5, 'visit', '2024-04-02', 'c1', 1);
ALTER TABLE day_events ALTER at TYPE timestamp USING at AT TIME ZONE 'Pacific/Auckland';
INSERT INTO day_events VALUES (5, 'visit', '2024-04-03 12:00', 'c1', 1);
SELECT * FROM lead_scoring.verify('times_day');

-- Days tie by the thousand. Events that come day by day, one at a time, fold as others do.
CREATE TABLE tie_leads (id integer PRIMARY KEY);
CREATE TABLE tie_events (lead_id integer, type text, day date);
CREATE INDEX tie_events_lead ON tie_events (lead_id);
SELECT lead_scoring.create_model('times_ties', 'tie_leads', 'tie_events', event_time => 'day', status_columns => '{}');
SELECT lead_scoring.add_rule('times_ties', 'visit', 'visit', 1, decay => 'exponential', half_life => '9 days'), lead_scoring.add_rule('times_ties', 'daily', 'visit', 7, limit_count => 3, limit_window => 'day'),
       lead_scoring.add_rule('times_ties', 'recent', 'visit', 1, decay => 'window', lifespan => '5 days'), lead_scoring.add_stage('times_ties', 'mql', min_score => 60, falls_below => 20), lead_scoring.publish('times_ties');
INSERT INTO tie_leads SELECT n FROM generate_series(1, 20) n;
INSERT INTO tie_events SELECT n, 'visit', '2024-01-01' FROM generate_series(1, 20) n;
SELECT pg_stat_force_next_flush();
SELECT pg_stat_get_numscans('tie_events_lead'::regclass) + pg_stat_get_numscans('tie_events'::regclass) AS before \gset
DO $$
BEGIN
    FOR d IN 0..9 LOOP
        FOR n IN 1..3 LOOP
            INSERT INTO tie_events SELECT l, 'visit', date '2024-01-02' + d FROM generate_series(1, 20) l;
        END LOOP;
    END LOOP;
END
$$;
SELECT pg_stat_force_next_flush();
SELECT pg_stat_get_numscans('tie_events_lead'::regclass) + pg_stat_get_numscans('tie_events'::regclass) - :before AS read_again;
SELECT * FROM lead_scoring.verify('times_ties');

SELECT lead_scoring.drop_model(m) FROM names;
SELECT lead_scoring.drop_model('times_ties');
SET client_min_messages = warning;
DROP SCHEMA times CASCADE;
