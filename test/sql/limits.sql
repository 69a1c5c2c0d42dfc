-- How often a rule counts: limits by hour, day, week, month and ever, by key, in time zones with clock changes, for
-- late events, and in any order of arrival. :show prints what a lead has.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA limits_test;
SET search_path = limits_test, public;
CREATE TABLE leads (id uuid PRIMARY KEY);
CREATE TABLE events (lead_id uuid, type text, occurred_at timestamptz, asset text, worth integer DEFAULT 1);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('limits', 'leads', 'events', time_zone => 'Europe/Berlin', status_columns => '{}');
SELECT lead_scoring.add_rule('limits', 'hourly', 'hour', 1, limit_count => 1, limit_window => 'hour');
SELECT lead_scoring.add_rule('limits', 'daily', 'day', 1, limit_count => 1, limit_window => 'day');
SELECT lead_scoring.add_rule('limits', 'weekly', 'week', 1, limit_count => 2, limit_window => 'week');
SELECT lead_scoring.add_rule('limits', 'monthly', 'month', 1, limit_count => 1, limit_window => 'month');
SELECT lead_scoring.add_rule('limits', 'ever', 'ever', 1, limit_count => 2, limit_window => 'ever', per => 'worth');
SELECT lead_scoring.add_rule('limits', 'assets', 'asset', 1, limit_count => 1, limit_window => 'ever', limit_key => 'asset', per => 'worth');
SELECT lead_scoring.add_rule('limits', 'assets of a day', 'view', 1, limit_count => 2, limit_window => 'day', limit_key => 'lower(asset)', per => 'worth');
SELECT lead_scoring.add_rule('limits', 'recent', 'recent', 1, limit_count => 1, limit_window => 'day', per => 'worth', decay => 'window', lifespan => '3 days', max_occurrences => 2);
SELECT lead_scoring.add_rule('limits', 'fading', 'fading', 8, limit_count => 1, limit_window => 'day', per => 'worth', decay => 'exponential', half_life => '1 day');
SELECT lead_scoring.publish('limits');
\set lead '''00000000-0000-0000-0000-000000000001'''
INSERT INTO leads VALUES (:lead);
\set show 'SELECT rule, times, raw, last_at FROM lead_scoring.explain(''limits'', :lead::uuid, ''2025-01-01''); SELECT * FROM lead_scoring.verify(''limits'');'
\set clear 'TRUNCATE events;'

-- Hours: 10:00 and 10:59 are one, 11:00 is another.
INSERT INTO events VALUES (:lead, 'hour', '2024-01-01 10:00'), (:lead, 'hour', '2024-01-01 10:59:59.999999'), (:lead, 'hour', '2024-01-01 11:00');
:show
-- The hour that the clock of Berlin repeats, 02:00 to 03:00 on 27 October 2024, is two hours: 00:30 and 01:30 UTC.
INSERT INTO events VALUES (:lead, 'hour', '2024-10-27 00:30'), (:lead, 'hour', '2024-10-27 01:30'), (:lead, 'hour', '2024-10-27 01:45');
:show
:clear

-- Days of Berlin. 2024-03-31 has 23 hours, from 23:00 UTC to 22:00 UTC; 2024-10-27 has 25, from 22:00 UTC to 23:00 UTC.
INSERT INTO events VALUES (:lead, 'day', '2024-03-30 22:59:59'), (:lead, 'day', '2024-03-30 23:00'), (:lead, 'day', '2024-03-31 21:59:59'), (:lead, 'day', '2024-03-31 22:00');
:show
INSERT INTO events VALUES (:lead, 'day', '2024-10-26 21:59:59'), (:lead, 'day', '2024-10-26 22:00'), (:lead, 'day', '2024-10-27 22:59:59'), (:lead, 'day', '2024-10-27 23:00');
:show
:clear

-- Weeks begin on Monday, 00:00 in Berlin: 2024-12-29 23:00 UTC begins the first week of 2025. Two a week count.
INSERT INTO events VALUES (:lead, 'week', '2024-12-22 23:00'), (:lead, 'week', '2024-12-24'), (:lead, 'week', '2024-12-29 22:59'),
    (:lead, 'week', '2024-12-29 23:00'), (:lead, 'week', '2024-12-31 23:30'), (:lead, 'week', '2024-12-31 23:45');
:show
:clear

-- Months: 2024-01-31 22:59 UTC is January in Berlin, 23:00 is February; January 2023 is another January.
INSERT INTO events VALUES (:lead, 'month', '2023-12-31 22:59'), (:lead, 'month', '2023-12-31 23:00'), (:lead, 'month', '2024-01-31 22:59'), (:lead, 'month', '2024-01-31 23:00'), (:lead, 'month', '2023-01-15');
:show
:clear

-- Ever: the first two, even where they come last. Of one instant the larger points come first.
INSERT INTO events VALUES (:lead, 'ever', '2024-01-03', NULL, 100);
INSERT INTO events VALUES (:lead, 'ever', '2024-01-04', NULL, 1000), (:lead, 'ever', '2024-01-05', NULL, 10000);
:show
INSERT INTO events VALUES (:lead, 'ever', '2024-01-02', NULL, 10);
:show
INSERT INTO events VALUES (:lead, 'ever', '2024-01-02', NULL, 20), (:lead, 'ever', '2024-01-02', NULL, 5), (:lead, 'ever', '2024-01-02', NULL, -7);
:show
DELETE FROM events WHERE worth = 20;
:show
:clear

-- By key. NULL is a key as any other.
INSERT INTO events VALUES (:lead, 'asset', '2024-01-01', 'a', 1), (:lead, 'asset', '2024-01-02', 'a', 2), (:lead, 'asset', '2024-01-03', 'A', 4), (:lead, 'asset', '2024-01-03', '', 8),
    (:lead, 'asset', '2024-01-04', NULL, 16), (:lead, 'asset', '2024-01-05', NULL, 32), (:lead, 'asset', '2024-01-05', '', 64);
:show
UPDATE events SET asset = 'b' WHERE worth = 2;
:show
INSERT INTO events VALUES (:lead, 'view', '2024-01-01 08:00', 'a', 1), (:lead, 'view', '2024-01-01 10:00', 'A', 2), (:lead, 'view', '2024-01-01 12:00', 'a', 4), (:lead, 'view', '2024-01-02 12:00', 'a', 8),
    (:lead, 'view', '2024-01-01 12:00', 'b', 16);
:show
INSERT INTO events VALUES (:lead, 'view', '2024-01-01 09:00', 'A', 32);
:show
:clear

-- Limits come before max_occurrences and before decay: of each day the first, of these the latest two, for three days.
INSERT INTO events VALUES (:lead, 'recent', '2024-01-01 08:00', NULL, 1), (:lead, 'recent', '2024-01-01 10:00', NULL, 2), (:lead, 'recent', '2024-01-02 10:00', NULL, 4),
    (:lead, 'recent', '2024-01-03 10:00', NULL, 8), (:lead, 'recent', '2024-01-03 09:00', NULL, 16);
SELECT at, lead_scoring.score_at('limits', :lead::uuid, at::timestamptz) FROM unnest('{2024-01-01 08:00,2024-01-01 10:00,2024-01-02 10:00,2024-01-03 09:00,2024-01-03 10:00,2024-01-05 10:00:00,2024-01-05 10:00:01,2024-01-06 09:00,2024-01-06 09:00:01}'::text[]) at;
SELECT * FROM lead_scoring.verify('limits');
:clear
-- Fading: 8 of the first day, the other of that day not, 16 of the second. 12:00 of day 2: 4 + 16; a day on: 2 + 8.
INSERT INTO events VALUES (:lead, 'fading', '2024-01-01 12:00', NULL, 1), (:lead, 'fading', '2024-01-01 13:00', NULL, 5), (:lead, 'fading', '2024-01-02 12:00', NULL, 2), (:lead, 'fading', '2024-01-02 12:30', NULL, 9);
SELECT at, lead_scoring.score_at('limits', :lead::uuid, at::timestamptz) FROM unnest('{2024-01-01 12:00,2024-01-02 12:00,2024-01-03 12:00}'::text[]) at;
:clear

-- Any order of arrival gives the same card: one event a statement, upwards, downwards and mixed; and all at once.
CREATE TABLE log AS
SELECT (ARRAY['hour', 'day', 'week', 'month', 'ever', 'asset', 'view', 'recent', 'fading'])[i % 9 + 1] AS type,
       timestamptz '2024-02-01' + (i * 7919 % 1500) * interval '1 hour' + (i % 3) * interval '20 minutes' AS occurred_at,
       CASE WHEN i % 11 > 0 THEN 'asset ' || i * 31 % 5 END AS asset, i * 13 % 10 AS worth
  FROM generate_series(1, 700) i;
DO $$
DECLARE
    e log;
    chosen record;
BEGIN
    FOR chosen IN SELECT * FROM (VALUES (2, 'occurred_at, worth'), (3, 'occurred_at DESC, worth DESC'), (4, 'md5(log::text)')) v (lead, sort_key) LOOP
        FOR e IN EXECUTE 'SELECT * FROM log ORDER BY ' || chosen.sort_key LOOP
            INSERT INTO events VALUES (('00000000-0000-0000-0000-00000000000' || chosen.lead)::uuid, e.type, e.occurred_at, e.asset, e.worth);
        END LOOP;
    END LOOP;
END $$;
INSERT INTO events SELECT '00000000-0000-0000-0000-000000000005', * FROM log;
SELECT lead_id, md5(s.card::text) = first_value(md5(s.card::text)) OVER (ORDER BY lead_id) AS same_card
  FROM limits.scores s WHERE lead_id > :lead ORDER BY lead_id;
-- The same counts by plain SQL.
WITH counted AS (
    SELECT type, row_number() OVER (PARTITION BY type, CASE type WHEN 'asset' THEN asset WHEN 'view' THEN lower(asset) END,
               CASE type WHEN 'hour' THEN date_trunc('hour', occurred_at)::text WHEN 'week' THEN date_trunc('week', occurred_at AT TIME ZONE 'Europe/Berlin')::text
                         WHEN 'month' THEN date_trunc('month', occurred_at AT TIME ZONE 'Europe/Berlin')::text
                         WHEN 'ever' THEN '' WHEN 'asset' THEN '' ELSE (occurred_at AT TIME ZONE 'Europe/Berlin')::date::text END ORDER BY occurred_at, worth DESC)
           <= CASE WHEN type IN ('week', 'ever', 'view') THEN 2 ELSE 1 END AS counts,
           CASE WHEN type IN ('hour', 'day', 'week', 'month') THEN 1 WHEN type = 'fading' THEN 8 * worth ELSE worth END AS points
      FROM log)
SELECT c.type, c.times, c.points, e.times = c.times AND e.raw = c.points AS same
  FROM (SELECT type, count(*) AS times, sum(points) AS points FROM counted WHERE counts GROUP BY type) c
  LEFT JOIN limits.rules r ON r.event_type = c.type
  LEFT JOIN lead_scoring.explain('limits', '00000000-0000-0000-0000-000000000005'::uuid, '2024-06-01') e ON e.rule = r.name
 WHERE c.type <> 'recent' ORDER BY c.type;
SELECT * FROM lead_scoring.verify('limits');

-- Another time zone is another version: in UTC 23:00 is still the same day.
TRUNCATE events;
INSERT INTO events VALUES (:lead, 'day', '2024-03-30 22:59:59'), (:lead, 'day', '2024-03-30 23:00'), (:lead, 'day', '2024-03-31 21:59:59'), (:lead, 'day', '2024-03-31 22:00');
:show
UPDATE limits.settings SET time_zone = 'UTC';
:show
SELECT lead_scoring.publish('limits');
:show

SELECT lead_scoring.drop_model('limits');
DROP SCHEMA limits_test CASCADE;
