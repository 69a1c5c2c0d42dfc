-- A report of a day in the past is that of a copy of the database that ends there, row for row: of a random history in the
-- order of its times, with decay, service levels, detours and ways back, every report on ten days.
--
-- The clock of a server cannot be set back, and moves that time makes are made up to now. So the history has an event of
-- each lead, a nightly one, at the very instant of each of the ten days: it counts for nothing, but brings a lead up to then,
-- as refresh() would have done. A copy gets leads and events up to a day and no refresh, so that it holds nothing that is later,
-- which is checked: its rows of scores are what they were, and its reports have nothing to leave out. "recorded_at" is now in
-- both; no report reads it.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET extra_float_digits = -3;
SET client_min_messages = warning;
CREATE SCHEMA as_of_test;
SET search_path = as_of_test, public;

-- By hand: two MQLs, one of whom buys, and one of whom is lost, after the day; two visitors who come later.
CREATE TABLE leads (lead_id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('as_of_model', 'leads', 'events') \g /dev/null
SELECT lead_scoring.add_stage('as_of_model', 'mql', on_event => 'q'), lead_scoring.add_stage('as_of_model', 'customer', on_event => 'won'),
       lead_scoring.add_stage('as_of_model', 'disqualified', kind => 'detour', on_event => 'dq'), lead_scoring.publish('as_of_model') \g /dev/null
INSERT INTO leads SELECT generate_series(1, 5);
INSERT INTO events VALUES (1, 'q', '2025-01-01'), (2, 'q', '2025-01-01'), (3, 'q', '2025-01-01'), (1, 'won', '2025-01-05'),
    (2, 'dq', '2025-01-20'), (4, 'visit', '2025-02-01'), (5, 'visit', '2025-02-01'), (4, 'q', '2025-02-10');

-- What view_name of a model says as of a day, as text.
CREATE FUNCTION rows_of(model text, view_name text, as_of timestamptz, more text DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT r::text FROM lead_scoring.%I($1, $2%s) AS r', view_name, ', ' || more) USING model, as_of;
END $$;
SELECT r.pipeline FROM lead_scoring.forecast('as_of_model', '2025-01-10') AS r WHERE period_ahead = 1;
SELECT r.from_stage, r.to_stage, r.period, r.leads, r.converted, r.waiting, r.out
  FROM lead_scoring.velocity('as_of_model', '2025-01-10') AS r;
SELECT d.day, v.view, rows_of('as_of_model', v.view, d.day) FROM unnest('{2025-01-10,2025-01-25}'::timestamptz[]) d (day), unnest('{qualified_rate,feedback}'::text[]) v (view);
-- Erased leads are counted where they had come by then: of these two, one.
SELECT lead_scoring.forget_lead('as_of_model', 3), lead_scoring.forget_lead('as_of_model', 4) \g /dev/null
SELECT rows_of('as_of_model', 'qualified_rate', '2025-01-10');
SELECT * FROM lead_scoring.verify('as_of_model');
SELECT lead_scoring.drop_model('as_of_model');
DROP TABLE leads, events;

-- The random history: of lead n, whatever is drawn for the k-th time, from 0 to below many.
\set seed 20250110
SELECT format('seed %s', :'seed') AS seed;
CREATE TABLE seed AS SELECT :'seed'::text AS seed;
CREATE FUNCTION dice(n integer, k integer, many integer) RETURNS integer LANGUAGE sql AS $$
    SELECT (('x' || left(md5(format('%s %s %s', s.seed, n, k)), 8))::bit(32)::bigint % many)::integer FROM seed s
$$;
CREATE TABLE days AS SELECT n AS place, timestamptz '2024-03-20 04:00+00' + n * interval '28 days 7 hours' AS day FROM generate_series(1, 10) n;
-- 400 leads come over a year; each sixteenth never does anything, and half of those are known to have been created.
CREATE TABLE all_leads AS
SELECT n AS lead_id, CASE dice(n, 1, 3) WHEN 0 THEN 'NZ' END AS country, CASE dice(n, 2, 2) WHEN 0 THEN c.came::date END AS created, c.came, n % 16 > 0 AS is_active
  FROM generate_series(1, 400) n, LATERAL (SELECT timestamptz '2024-01-01' + dice(n, 3, 365 * 86400) * interval '1 second') c (came);
-- Most are busy for some weeks, have pauses, and are taken up, won, lost or rejected after a while.
CREATE TABLE all_events AS
SELECT l.lead_id, CASE WHEN d < 70 THEN 'visit' WHEN d < 80 THEN 'download' WHEN d < 88 THEN 'accepted' WHEN d < 92 THEN 'rejected' WHEN d < 97 THEN 'won' ELSE 'unsubscribed' END AS type,
       l.came + (k.k + CASE WHEN k.k > 12 THEN 40 ELSE 0 END) * dice(l.lead_id, 4, 9) * interval '1 day' + dice(l.lead_id, 100 + k.k, 86400) * interval '1 second' AS occurred_at,
       CASE dice(l.lead_id, 200 + k.k, 4) WHEN 0 THEN 'spring' WHEN 1 THEN 'autumn' END AS campaign,
       (ARRAY['search', 'social', 'direct'])[1 + dice(l.lead_id, 300 + k.k, 4)] AS channel
  FROM all_leads l, LATERAL generate_series(0, dice(l.lead_id, 5, 30)) k, LATERAL (SELECT dice(l.lead_id, 400 + k.k, 100)) d (d)
 WHERE l.is_active;
INSERT INTO all_events SELECT l.lead_id, 'nightly', d.day, NULL, NULL FROM (SELECT lead_id, min(occurred_at) AS came FROM all_events GROUP BY 1) l JOIN days d ON d.day > l.came;
CREATE TABLE all_spend AS SELECT 'spring' AS campaign, 'search' AS channel, d::date AS spent_on, 10.5 AS amount FROM generate_series(date '2024-01-15', '2025-02-01', '9 days') d
    UNION ALL SELECT 'autumn', 'social', d::date, 20 FROM generate_series(date '2024-02-01', '2025-02-01', '17 days') d;
CREATE TABLE all_deals AS SELECT lead_id, occurred_at + interval '5 days' AS earned_on, 1000 + lead_id AS amount FROM all_events WHERE type = 'won';

-- A model over what there was on a day; by its dates of creation or without them, as reports are to go by.
CREATE FUNCTION make_model(name text, day timestamptz, with_created boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA %I', name || '_data');
    PERFORM set_config('search_path', format('%I, as_of_test, public', name || '_data'), true);
    CREATE TABLE leads (lead_id integer PRIMARY KEY, country text, created date);
    CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz, campaign text, channel text);
    CREATE INDEX ON events (lead_id, occurred_at);
    CREATE TABLE spend AS SELECT * FROM all_spend WHERE spent_on <= day;
    CREATE TABLE deals AS SELECT * FROM all_deals WHERE earned_on <= day;
    PERFORM lead_scoring.create_model(name, 'leads', 'events', event_campaign => 'campaign', time_zone => 'America/New_York');
    PERFORM lead_scoring.add_group(name, 'web', max_points => 40);
    PERFORM lead_scoring.add_rule(name, 'visit', 'visit', 6, rule_group => 'web', decay => 'exponential', half_life => '4 days'),
            lead_scoring.add_rule(name, 'download', 'download', 8, decay => 'window', lifespan => '5 days'),
            lead_scoring.add_rule(name, 'nightly', 'nightly', 0), lead_scoring.add_fit_rule(name, 'near', $c$country = 'NZ'$c$, 3);
    PERFORM lead_scoring.add_stage(name, 'recycled', kind => 'detour', rank => 90, on_event => 'rejected'),
            lead_scoring.add_stage(name, 'mql', rank => 10, min_score => 14, falls_below => 6, within => '11 days', timeout_stage => 'recycled'),
            lead_scoring.add_stage(name, 'sql', rank => 20, on_event => 'accepted', within => '45 days', timeout_stage => 'mql'),
            lead_scoring.add_stage(name, 'customer', rank => 30, on_event => 'won'),
            lead_scoring.add_stage(name, 'disqualified', kind => 'detour', rank => 91, on_event => 'unsubscribed', exit => 'hand');
    PERFORM lead_scoring.publish(name), lead_scoring.set_spend(name, 'spend', channel => 'channel'), lead_scoring.set_revenue(name, 'deals');
    EXECUTE format('UPDATE %I.report_settings SET event_channel = ''channel'', event_asset = ''type'', lead_created = %L', name, CASE WHEN with_created THEN 'created' END);
    INSERT INTO leads SELECT l.lead_id, l.country, l.created FROM all_leads l
      LEFT JOIN (SELECT e.lead_id, min(e.occurred_at) AS first_at FROM all_events e GROUP BY 1) f USING (lead_id)
     WHERE (LEAST(f.first_at, CASE WHEN with_created THEN l.created::timestamp AT TIME ZONE 'America/New_York' END) <= day) IS NOT FALSE;
    INSERT INTO events SELECT * FROM all_events WHERE occurred_at <= day ORDER BY occurred_at;
END $$;
SELECT make_model('as_of_all', 'infinity', false), make_model('as_of_all_created', 'infinity', true) \g /dev/null
CALL lead_scoring.refresh('as_of_all');
CALL lead_scoring.refresh('as_of_all_created');
SELECT make_model(format('as_of_%s', place), day, place % 2 = 0) FROM days ORDER BY place \g /dev/null
CREATE VIEW pairs AS SELECT place, day, CASE place % 2 WHEN 0 THEN 'as_of_all_created' ELSE 'as_of_all' END AS whole, format('as_of_%s', place) AS copy FROM days;

-- There is all of it: each kind of move many times, by time too, leads that move on and that come after each day, and back again.
SELECT t.from_stage, t.to_stage, t.cause, count(*) >= 10 AS often FROM as_of_all.transitions t
 WHERE (t.from_stage, t.to_stage, t.cause) IN (('lead', 'mql', 'event'), ('mql', 'lead', 'time'), ('mql', 'sql', 'event'), ('mql', 'recycled', 'time'),
       ('mql', 'recycled', 'event'), ('recycled', 'mql', 'event'), ('sql', 'mql', 'time'), ('sql', 'customer', 'event'), ('mql', 'disqualified', 'event')) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT count(*) FROM pairs p WHERE (SELECT count(*) FILTER (WHERE s.stage_since > p.day) < 20 OR count(*) FILTER (WHERE s.stage_since < p.day) < 20 FROM as_of_all.scores s);

-- Nothing in a copy is later than its day, and its reports have rows.
CREATE FUNCTION later(model text, day timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE format('SELECT (SELECT count(*) FROM %1$I.transitions WHERE at > $1) + (SELECT count(*) FROM %1$I.scores WHERE stage_since > $1)', model) INTO found USING day;
    RETURN found;
END $$;
SELECT sum(later(copy, day)) AS later FROM pairs;
-- The types of events are no report of a time: what waits is ahead of the clock.
CREATE TABLE then_rows AS SELECT p.place, v AS view, r AS line FROM pairs p, unnest(array_remove(lead_scoring_internal.report_views(), 'event_types')) v, rows_of(p.copy, v, p.day) r;
SELECT view, count(DISTINCT place) AS days FROM then_rows GROUP BY 1 ORDER BY 1;

-- The reports of the whole, as of each day: rows that are in one of the two alone.
CREATE TABLE as_of_rows AS SELECT p.place, v AS view, r AS line FROM pairs p, unnest(array_remove(lead_scoring_internal.report_views(), 'event_types')) v, rows_of(p.whole, v, p.day) r;
SELECT view, place, count(*) FILTER (WHERE side = 'copy') AS in_copy, count(*) FILTER (WHERE side = 'whole') AS in_whole
  FROM ((SELECT 'copy', t.* FROM (TABLE then_rows EXCEPT ALL TABLE as_of_rows) t) UNION ALL (SELECT 'whole', t.* FROM (TABLE as_of_rows EXCEPT ALL TABLE then_rows) t)) d (side, place, view, line)
 GROUP BY 1, 2 ORDER BY 1, 2;

-- So are they by other periods and by dimensions, on three of the days.
SELECT a.view, a.more, count(*) > 20 AS rows, count(*) FILTER (WHERE d.n <> 0) AS differ
  FROM (VALUES ('funnel', 'grain => ''week'', by => ''channel'''), ('campaigns', 'grain => ''week'', by => ''channel'''), ('channels', 'by => ''campaign'', since => ''2024-05-01'''),
               ('cohorts', 'grain => ''quarter'', by => ''campaign'''), ('velocity', 'by => ''channel'''), ('rule_lift', 'by => ''country'', until => ''2024-10-01'''),
               ('sla', 'grain => ''day'', by => ''country'''), ('feedback', 'by => ''campaign'''), ('forecast', 'by => ''campaign'''), ('qualified_rate', 'grain => ''day''')) a (view, more),
       LATERAL (SELECT sum(r.n) AS n FROM (SELECT p.place, 1, r FROM pairs p, rows_of(p.copy, a.view, p.day, a.more) r WHERE p.place IN (3, 6, 9)
                UNION ALL SELECT p.place, -1, r FROM pairs p, rows_of(p.whole, a.view, p.day, a.more) r WHERE p.place IN (3, 6, 9)) r (place, n, line) GROUP BY r.place, r.line) d
 GROUP BY 1, 2 ORDER BY 1;

SELECT v.* FROM (TABLE pairs LIMIT 2) p, unnest(ARRAY[p.whole, p.copy]) m, lead_scoring.verify(m) v;
SELECT lead_scoring.drop_model(m) FROM (SELECT copy FROM pairs UNION SELECT whole FROM pairs) p (m) \g /dev/null
SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace WHERE nspname LIKE 'as\_of\_%\_data' ORDER BY length(nspname), nspname COLLATE "C" \gexec
DROP SCHEMA as_of_test CASCADE;
