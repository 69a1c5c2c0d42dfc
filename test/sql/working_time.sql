-- Service levels that count in working time: over nights, weekends, holidays and changes of the clocks; the draft that says so.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA working_test;
SET search_path = working_test, public;
CREATE TABLE leads (id integer PRIMARY KEY);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('working', 'leads', 'events', time_zone => 'Europe/Berlin');
SELECT lead_scoring.add_stage('working', 'late', kind => 'detour', rank => 90);
SELECT lead_scoring.set_calendar('working');
SELECT lead_scoring.add_stage('working', 'mql', on_event => 'demo', rank => 10, within => '4 hours', timeout_stage => 'late', working_time => true),
       lead_scoring.add_stage('working', 'sql', on_event => 'accepted', rank => 20, within => '4 hours', timeout_stage => 'late');
SELECT * FROM working.calendar ORDER BY array_position('{monday,tuesday,wednesday,thursday,friday}', weekday);

-- Four working hours from Friday 16:00 are over on Monday at 12:00, and after a holiday on Tuesday; four hours are what they were.
SELECT lead_scoring.add_holidays('working', '2024-04-01', '2024-12-25');
INSERT INTO leads SELECT generate_series(1, 6);
INSERT INTO events VALUES (1, 'demo', '2024-03-01 16:00+01'), (2, 'demo', '2024-03-29 16:00+01'), (3, 'demo', '2024-03-02 03:00+01'), (4, 'demo', '2024-03-01 09:00+01'),
    (5, 'demo', '2024-03-01 16:00+01'), (5, 'accepted', '2024-03-04 11:00+01'), (6, 'demo', '2024-03-01 16:00+01'), (6, 'accepted', '2024-03-04 12:00:01+01');
SELECT lead_scoring.publish('working');
SELECT lead_id, to_stage, at AT TIME ZONE 'Europe/Berlin' AS at, cause FROM working.transitions ORDER BY lead_id, seq;
SELECT * FROM lead_scoring.verify('working');
SELECT stage, round(within_days::numeric, 4) AS within_days, period, entered, met, missed, open FROM working.sla;

-- It is the same whenever refresh runs, and for who comes now: due_at is when the time is over.
INSERT INTO leads VALUES (7), (8);
INSERT INTO events VALUES (7, 'demo', clock_timestamp()), (8, 'demo', '2024-03-01 16:00+01');
CALL lead_scoring.refresh('working');
SELECT s.lead_id, s.stage, s.due_at = lead_scoring_internal.working_end(s.stage_since, 0, 14400, v.definition) AS is_due FROM working.scores s, working.versions v WHERE s.lead_id > 6 ORDER BY 1;
SELECT to_stage, at AT TIME ZONE 'Europe/Berlin' AS at FROM working.transitions WHERE lead_id = 8 ORDER BY seq;
-- Another calendar alone: due_at follows with the next version.
SELECT lead_scoring.set_calendar('working', '00:00-24:00', '{monday,tuesday,wednesday,thursday,friday,saturday,sunday}'), lead_scoring.publish('working');
SELECT s.version, s.due_at = s.stage_since + interval '4 hours' AS is_due FROM working.scores s WHERE s.lead_id = 7;
SELECT * FROM lead_scoring.verify('working');

-- Working days, lunch, and a day that is short.
SELECT lead_scoring.set_calendar('working', '9-12:30, 13:30-18:00'), lead_scoring.set_calendar('working', '', '{saturday,sunday}'), lead_scoring.set_calendar('working', '10:00 - 14:00', '{friday}');
UPDATE working.stages SET within = '1 day 2 hours' WHERE name = 'mql';
SELECT what, name, field, old, new FROM lead_scoring.diff('working');
SELECT lead_scoring.publish('working');
SELECT sentence FROM lead_scoring.definition('working') WHERE name IN ('calendar', 'holidays', 'mql');
SELECT d.definition -> 'within' AS within, d.definition -> 'working_time' AS working_time FROM working.versions v, jsonb_array_elements(v.definition -> 'stages') d (definition) WHERE v.version = 3 AND d.definition ->> 'name' = 'mql';
INSERT INTO leads VALUES (9), (10), (11);
INSERT INTO events VALUES (9, 'demo', '2024-03-06 13:00+01'), (10, 'demo', '2024-03-08 11:00+01'), (11, 'demo', '2024-03-07 17:00+01');
CALL lead_scoring.refresh('working');
SELECT lead_id, to_stage, at AT TIME ZONE 'Europe/Berlin' AS at FROM working.transitions WHERE lead_id > 8 ORDER BY 1, seq;
SELECT count(*) FROM lead_scoring.preview_leads('working');
SELECT * FROM lead_scoring.verify('working');

-- Versions, documents and back again.
CREATE TABLE exported AS SELECT lead_scoring.export_model('working') AS document;
SELECT line FROM exported, regexp_split_to_table(document::text, E'\n') line WHERE line ~ 'calendar|weekday|holidays|"day"|working_time';
SELECT lead_scoring.load_draft('working', 1);
SELECT count(*) FROM lead_scoring.diff('working', b => 1);
SELECT what, name, field, old, new FROM lead_scoring.diff('working', 1);
SELECT count(*) FROM working.calendar;
SELECT lead_scoring.apply_model('working', document::jsonb) FROM exported;
SELECT lead_scoring.export_model('working')::text = document::text AS is_same FROM exported;
SELECT lead_scoring.apply_model('working', document::jsonb) FROM exported;
SELECT lead_scoring.apply_model('working', '{"calendar": [{"weekday": "monday", "opens": "9:00"}]}');
SELECT lead_scoring.apply_model('working', '{"calendar": [{"weekday": "monday", "opens": "nine", "closes": "17:00"}]}');
SELECT lead_scoring.apply_model('working', '{"calendar": [{"weekday": "monday", "opens": "17:00", "closes": "9:00"}]}');
SELECT lead_scoring.apply_model('working', '{"calendar": [{"opens": "17:00", "closes": "19:00"}]}');
SELECT lead_scoring.apply_model('working', '{"calendar": []}');
SELECT lead_scoring.apply_model('working', '{"holidays": [{"day": "2024-02-30"}]}');

-- What is refused, at once or when the transaction ends.
INSERT INTO working.calendar VALUES ('Monday', '09:00', '17:00');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO working.calendar VALUES ('monday', '17:00', '09:00');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO working.calendar VALUES ('monday', '12:00', '14:00');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO working.holidays VALUES ('infinity');
\echo :LAST_ERROR_SQLSTATE
DELETE FROM working.calendar;
\echo :LAST_ERROR_SQLSTATE
BEGIN;
DELETE FROM working.calendar;
INSERT INTO working.calendar VALUES ('monday', '12:00', '12:00:59');
COMMIT;
\echo :LAST_ERROR_SQLSTATE
UPDATE working.stages SET within = NULL, timeout_stage = NULL WHERE name = 'mql';
\echo :LAST_ERROR_SQLSTATE
UPDATE working.stages SET within = '1 day -2 hours' WHERE name = 'mql';
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_calendar('working', 'nine to five');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_calendar('working', '09:00-17:00, 12:00-18:00');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_calendar('working', '09:00-17:00', '{weekend}');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_calendar('working', weekdays => NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.add_holidays('working', '2024-12-25', NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.add_holidays('working', '1024-12-25');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.add_holidays('working', '2024-12-25', '2024-12-25');
SELECT count(*) FROM working.holidays;
SELECT * FROM lead_scoring.verify('working');

-- Zones with all kinds of changes, against going from minute to minute.
CREATE TABLE calendars AS SELECT z.zone, jsonb_build_object('time_zone', z.zone, 'holidays', jsonb_build_array(jsonb_build_object('day', z.changes + 2)), 'calendar',
    (SELECT jsonb_agg(jsonb_build_object('weekday', d, 'opens', h.opens, 'closes', h.closes))
       FROM unnest('{monday,tuesday,thursday,saturday,sunday}'::text[]) d, (VALUES (time '00:10', time '02:40'), ('09:00', '12:00')) h (opens, closes))) AS calendar, z.changes
  FROM (VALUES ('Europe/Berlin', date '2024-03-31'), ('Europe/Berlin', '2024-10-27'), ('America/New_York', '2024-11-03'), ('Australia/Lord_Howe', '2024-04-07'), ('Pacific/Apia', '2011-12-30'), ('America/Sao_Paulo', '2018-11-04'), ('UTC', '2024-05-05')) z (zone, changes);
CREATE TABLE minutes AS SELECT c.zone, c.changes, m.at, l.local, l.local::date <> c.changes + 2 AND extract(isodow FROM l.local) IN (1, 2, 4, 6, 7) AND (l.local::time >= '00:10' AND l.local::time < '02:40' OR l.local::time >= '09:00' AND l.local::time < '12:00') AS works
  FROM calendars c CROSS JOIN LATERAL generate_series(c.changes - 2, c.changes + 7, interval '1 minute') m (at) CROSS JOIN LATERAL (SELECT m.at AT TIME ZONE c.zone) l (local);
WITH starts AS (
    SELECT c.zone, c.changes, c.calendar, c.changes - interval '40 hours' + i * interval '97 minutes' AS at, 1 + i * 13 % 500 AS minutes FROM calendars c, generate_series(1, 40) i
), naive AS (
    SELECT s.*, (SELECT m.at + interval '1 minute' FROM minutes m WHERE (m.zone, m.changes) = (s.zone, s.changes) AND m.works AND m.at >= s.at ORDER BY m.at OFFSET s.minutes - 1 LIMIT 1) AS expected FROM starts s
)
SELECT zone, changes, count(*), count(expected), count(*) FILTER (WHERE expected = lead_scoring_internal.working_end(at, 0, minutes * 60, calendar)) AS equal FROM naive GROUP BY 1, 2 ORDER BY 1, 2;
-- A year is as fast as an hour: both are looked up.
SELECT count(*) FROM generate_series(1, 20000) i, calendars c WHERE c.zone = 'America/New_York' AND lead_scoring_internal.working_end('2024-01-01', i % 250, 3600 * i, c.calendar) > '2024-01-01';

SET client_min_messages = error;
SELECT lead_scoring.drop_model('working');
DROP SCHEMA working_test CASCADE;
