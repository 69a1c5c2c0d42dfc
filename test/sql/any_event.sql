-- Rules of any event: what is stored after corrections, removals and merges of events that no other rule names is what SQL
-- says of the events that are left. :check is to print no row.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA any_event_test;
SET search_path = any_event_test, public;
CREATE TABLE leads (id integer PRIMARY KEY, created_at timestamptz, tag text);
CREATE TABLE events (lead_id integer, visitor text, type text, occurred_at timestamptz, ref text, mid text);
CREATE TABLE calls (lead_id integer, occurred_at timestamptz);
CREATE TABLE who (visitor text UNIQUE, lead_id integer);
CREATE INDEX ON events (lead_id, mid); CREATE INDEX ON events (visitor) WHERE lead_id IS NULL;
CREATE INDEX ON calls (lead_id); CREATE INDEX ON who (lead_id);
SELECT lead_scoring.create_model('any_event', 'leads', 'events', event_anonymous => 'visitor', event_id => 'mid', status_columns => '{}');
SELECT lead_scoring.set_identities('any_event', 'who', anonymous => 'visitor');
SELECT lead_scoring.add_source('any_event', 'calls', 'calls', every_event => 'call');
UPDATE any_event.settings SET lead_created = 'created_at', lead_condition = $$tag IS DISTINCT FROM 'out'$$;
SELECT lead_scoring.add_rule('any_event', 'silent', '*', -15, quiet_for => '20 days'),
       lead_scoring.add_rule('any_event', 'refs', '*', 6, at_least => 2, within => '3 days', distinct_key => 'ref', source => 'events'),
       lead_scoring.add_rule('any_event', 'often', '*', 9, at_least => 3, within => '4 days', keep => true),
       lead_scoring.add_rule('any_event', 'visit', 'visit', 5), lead_scoring.add_stage('any_event', 'mql', 12, falls_below => 4) \g /dev/null
SELECT lead_scoring.publish('any_event');

-- What counts, of whom, and what it comes to.
CREATE VIEW counted AS
SELECT lead, type, at, ref FROM (
    SELECT e.*, row_number() OVER (PARTITION BY lead, mid ORDER BY at) AS place FROM (
        SELECT coalesce(e.lead_id, w.lead_id) AS lead, type, occurred_at AS at, ref, mid
        FROM events e LEFT JOIN who w ON e.lead_id IS NULL AND w.visitor = e.visitor) e
    WHERE lead IS NOT NULL AND isfinite(at)) e
WHERE (place = 1 OR mid IS NULL) AND type IS NOT NULL
UNION ALL SELECT lead_id, 'call', occurred_at, NULL FROM calls WHERE isfinite(occurred_at);
CREATE FUNCTION score_by_sql(l integer, at timestamptz) RETURNS numeric RETURN (
    SELECT -15 * coalesce((score_by_sql.at - coalesce(max(c.at), (SELECT created_at FROM leads WHERE id = l)) > '20 days')::integer, 0)
         + 6 * (count(DISTINCT c.ref) FILTER (WHERE c.at > score_by_sql.at - interval '3 days') >= 2)::integer
         + 9 * (EXISTS (SELECT FROM counted a WHERE a.lead = l AND a.at <= score_by_sql.at AND (SELECT count(*) FROM counted b WHERE b.lead = l AND b.at > a.at - interval '4 days' AND b.at <= a.at) >= 3))::integer
         + 5 * count(*) FILTER (WHERE c.type = 'visit')
    FROM counted c WHERE c.lead = l AND c.at <= score_by_sql.at);
CREATE VIEW differences AS
SELECT s.lead_id, at, lead_scoring.score_at('any_event', s.lead_id, at) AS score, score_by_sql(s.lead_id, at) AS by_sql
FROM any_event.scores s, generate_series(timestamptz '2024-01-01', '2024-03-11', '10 days') at
WHERE lead_scoring.score_at('any_event', s.lead_id, at) <> score_by_sql(s.lead_id, at)
UNION ALL SELECT s.lead_id, now(), s.score, score_by_sql(s.lead_id, now()) FROM any_event.scores s WHERE s.score <> score_by_sql(s.lead_id, now());
\set check 'SELECT * FROM lead_scoring.verify(''any_event''); SELECT * FROM differences;'

INSERT INTO leads VALUES (1, '2024-01-02', NULL), (2, NULL, NULL), (3, '2024-01-09', 'out'), (4, '2024-02-01', NULL);
INSERT INTO events (lead_id, type, occurred_at, ref, mid)
SELECT l, (ARRAY['visit', 'nobody', '*', NULL, 'call'])[1 + (n + l) % 5], '2024-01-05'::timestamptz + interval '26 hours' * ((n * 7) % 30), 'r' || n % 3, nullif('m' || (n + l) % 4, 'm0')
FROM generate_series(1, 5) l, generate_series(1, 8) n;
INSERT INTO calls SELECT l, '2024-01-20'::timestamptz + interval '1 day' * l FROM generate_series(1, 5) l;
:check
-- Another type, from and to those that nobody names; none at all; another time; another lead.
UPDATE events SET type = 'other' WHERE type = 'nobody'; :check
UPDATE events SET type = 'nobody' WHERE type = 'visit' AND lead_id IN (1, 3); :check
UPDATE events SET type = NULL WHERE type = 'call' AND lead_id <> 2; :check
UPDATE events SET type = 'nobody' WHERE type IS NULL; :check
UPDATE events SET occurred_at = occurred_at - interval '40 days' WHERE type = '*'; :check
UPDATE events SET occurred_at = NULL WHERE lead_id = 2 AND ref = 'r1'; :check
UPDATE events SET lead_id = 1 + lead_id % 5 WHERE ref = 'r2'; :check
-- The latest ones go, and all of a lead; late ones come.
DELETE FROM events e WHERE occurred_at = (SELECT max(occurred_at) FROM events m WHERE m.lead_id = e.lead_id); :check
DELETE FROM calls WHERE lead_id IN (1, 4); :check
DELETE FROM events WHERE lead_id = 4; :check
INSERT INTO events (lead_id, type, occurred_at, ref) SELECT l, 'nobody', '2024-01-01'::timestamptz + interval '9 hours' * n, 'r' || n FROM generate_series(1, 4) l, generate_series(1, 3) n; :check
WITH changed AS (UPDATE events SET type = 'other' WHERE lead_id = 1), gone AS (DELETE FROM events WHERE lead_id = 3 AND ref = 'r1'),
     repeated AS (INSERT INTO events (lead_id, type, occurred_at, mid) VALUES (2, 'nobody', '2024-02-02', 'm1'), (2, 'nobody', '2024-01-03', 'm1'))
INSERT INTO calls VALUES (1, '2024-02-20'), (3, '2024-01-01'); :check
-- A late one where no other rule asks for the log.
INSERT INTO events (lead_id, type, occurred_at, ref) VALUES (6, 'nobody', '2024-02-10', 'r0');
INSERT INTO events (lead_id, type, occurred_at, ref) VALUES (6, 'other', '2024-01-25', 'r1'); :check
-- Future ones; who counts, and came when.
INSERT INTO events (lead_id, type, occurred_at) SELECT l, 'nobody', now() + interval '1 day' FROM generate_series(1, 5) l; :check
UPDATE events SET type = 'visit', occurred_at = '2024-02-25' WHERE occurred_at > now() AND lead_id < 4; :check
UPDATE leads SET created_at = '2024-01-20', tag = CASE WHEN id = 1 THEN 'out' END; :check
DELETE FROM leads WHERE id = 4; :check
INSERT INTO leads VALUES (4, '2024-01-15'), (5, '2024-01-16'); :check
-- Visitors, whose events nobody names.
INSERT INTO events (visitor, type, occurred_at, ref) SELECT 'v' || n % 2, 'nobody', '2024-01-11'::timestamptz + interval '10 days' * n, 'r' || n FROM generate_series(1, 5) n;
INSERT INTO who VALUES ('v0', 4), ('v1', 1); :check
UPDATE events SET type = 'other', occurred_at = occurred_at + interval '1 day' WHERE visitor = 'v0'; :check
UPDATE who SET lead_id = 5 WHERE visitor = 'v0'; :check
DELETE FROM events WHERE visitor = 'v1' AND ref = 'r5'; :check
DELETE FROM who; :check
-- Merged, and made anew.
SELECT lead_scoring.merge_leads('any_event', 5, 2); SELECT * FROM lead_scoring.verify('any_event');
DELETE FROM events WHERE lead_id IN (2, 5) AND type = 'other'; SELECT * FROM lead_scoring.verify('any_event');
SELECT lead_scoring.reset_engagement('any_event', 1) IS NOT NULL; SELECT * FROM lead_scoring.verify('any_event');
UPDATE events SET type = 'visit' WHERE lead_id = 1; SELECT * FROM lead_scoring.verify('any_event');
SELECT count(*) > 0 FROM lead_scoring.replay('any_event'); SELECT * FROM lead_scoring.verify('any_event');
DROP VIEW differences;
SELECT lead_scoring.drop_model('any_event');
DROP SCHEMA any_event_test CASCADE;
