-- why_not: the conditions of a stage, what stands in a lead's way, and what would bring it there.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA why_test;
SET search_path = why_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, employees integer, came date, test boolean NOT NULL DEFAULT false);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, properties jsonb);
CREATE INDEX ON events (lead_id);
INSERT INTO leads SELECT i, CASE i WHEN 2 THEN NULL WHEN 3 THEN 5 ELSE 100 END, CASE i WHEN 7 THEN date '2025-03-01' END, i = 8 FROM generate_series(1, 8) i;
SELECT lead_scoring.create_model('why', 'leads', 'events') \g /dev/null
-- Nothing is published yet.
SELECT * FROM lead_scoring.why_not('why', 1);
UPDATE why.settings SET lead_created = 'came', lead_condition = 'NOT test';
SELECT lead_scoring.add_rule('why', 'page', 'page_view', 5, decay => 'window', lifespan => '90 days'),
       lead_scoring.add_rule('why', 'pricing', 'page_view', 8, $$properties->>'path' = '/pricing'$$),
       lead_scoring.add_rule('why', 'webinar', 'webinar', 10, limit_count => 1, limit_window => 'day', limit_key => $$properties->>'name'$$),
       lead_scoring.add_rule('why', 'watched', 'watched', 2, per => $$(properties->>'minutes')::numeric$$, max_points => 8),
       lead_scoring.add_fit_rule('why', 'big', 'employees > 50', 20),
       lead_scoring.add_band('why', 'fit', 'A', 20), lead_scoring.add_band('why', 'fit', 'B', 0), lead_scoring.add_band('why', 'engagement', '1', 10),
       lead_scoring.add_band('why', 'engagement', '2', 0),
       lead_scoring.add_stage('why', 'mql', min_score => 50, min_engagement => 10, min_fit => 10, grades => '{A1,B1}', requires => '{"webinar": 1}', cooldown => '30 days'),
       lead_scoring.add_stage('why', 'sql', on_event => 'accepted', on_event_condition => $$properties->>'by' <> 'bot'$$),
       lead_scoring.add_stage('why', 'customer'),
       lead_scoring.add_stage('why', 'recycled', kind => 'detour', on_event => 'recycle', exit => 'score', cooldown => '5 days'),
       lead_scoring.add_stage('why', 'disqualified', kind => 'detour', on_event => 'spam') \g /dev/null
SELECT lead_scoring.publish('why') \g /dev/null
INSERT INTO events VALUES (1, 'page_view', '2025-01-10', '{"path": "/"}'), (1, 'page_view', '2025-01-20', '{}'), (1, 'pageview', '2025-01-21', '{}');
\pset format aligned
\pset tuples_only off
SELECT * FROM lead_scoring.why_not('why', 1, at => '2025-02-01');
-- What is NULL of it is to be asked for.
INSERT INTO events VALUES (2, 'webinar', '2025-01-10', '{"name": "a"}'), (2, 'page_view', '2025-01-20', '{"path": "/pricing"}');
SELECT * FROM lead_scoring.why_not('why', '2', 'mql', '2025-02-01');
SELECT what, has, verdict, how FROM lead_scoring.why_not('why', 3, 'mql', '2025-02-01');
-- Already there, at the top, by event or by hand only.
SELECT lead_scoring.set_stage('why', 4, 'sql') \g /dev/null
SELECT what, needed, has, verdict FROM lead_scoring.why_not('why', 4, 'mql');
SELECT what, needed, has, verdict, how FROM lead_scoring.why_not('why', 4);
INSERT INTO events VALUES (1, 'accepted', '2025-01-22', '{}');
SELECT * FROM lead_scoring.why_not('why', 1, 'sql', '2025-02-01');
SELECT lead_scoring.set_stage('why', 4, 'customer') \g /dev/null
SELECT * FROM lead_scoring.why_not('why', 4);
-- Detours, left by hand or by an event; a cooldown.
INSERT INTO events VALUES (5, 'spam', '2025-01-10', NULL), (6, 'webinar', '2025-01-01', '{"name": "a"}'), (6, 'webinar', '2025-01-02', '{"name": "b"}'), (6, 'webinar', '2025-01-02', '{"name": "c"}'),
    (6, 'recycle', '2025-01-03', NULL);
SELECT what, needed, has, verdict, how FROM lead_scoring.why_not('why', 5, at => '2025-01-11');
SELECT what, needed, has, verdict, how FROM lead_scoring.why_not('why', 6, at => '2025-01-04');
SELECT what, needed, has, verdict, how FROM lead_scoring.why_not('why', 6, at => '2025-01-02 12:00');
-- As of before it came, and of one that does not count.
SELECT what, needed, has, verdict, how FROM lead_scoring.why_not('why', 7, at => '2025-02-01');
SELECT what, needed, has, verdict, how FROM lead_scoring.why_not('why', 8, at => '2025-02-01');
-- Events in the future, and of a lead that is none; a paused model.
INSERT INTO events VALUES (99, 'webinar', '2025-01-01', '{"name": "a"}'), (99, 'webinar', '2925-01-01', '{"name": "b"}'), (99, 'watched', '2925-01-02', '{"minutes": 3}');
SELECT lead_scoring.pause('why') \g /dev/null
SELECT what, needed, has, verdict, how FROM lead_scoring.why_not('why', 99, at => '2025-02-01');
SELECT lead_scoring.resume('why') \g /dev/null
-- A past instant knows nothing of what came later: adjustments neither, made or cancelled.
SELECT lead_scoring.adjust('why', 3, 7) AS adjusted \gset
SELECT what, has FROM lead_scoring.why_not('why', 3, 'mql', '2025-02-01') WHERE what = 'min_score';
SELECT what, has FROM lead_scoring.why_not('why', 3, 'mql') WHERE what = 'min_score';
SELECT lead_scoring.score_at('why', 3, '2025-02-01'), lead_scoring.score_at('why', 3, now() + interval '1 day'), count(*) FROM lead_scoring.explain('why', 3, '2025-02-01') WHERE rule = 'adjustment';
SELECT pg_sleep(0.001), clock_timestamp() AS moment \gset
SELECT lead_scoring.cancel_adjustment('why', :'adjusted') \g /dev/null
SELECT lead_scoring.score_at('why', 3, :'moment'), lead_scoring.score_at('why', 3, clock_timestamp());

-- What it says does.
CREATE TABLE said AS SELECT how FROM lead_scoring.why_not('why', 3, 'mql') WHERE what = 'stage';
SELECT regexp_replace(how, 'before [^;]*', 'before ...', 'g') AS how FROM said;
UPDATE leads SET employees = 51 WHERE id = 3;
INSERT INTO events SELECT 3, 'webinar', now(), jsonb_build_object('name', 'web ' || i) FROM generate_series(1, 2) i;
SELECT what, has, missing FROM lead_scoring.why_not('why', 3, 'mql') WHERE verdict = 'no';
INSERT INTO events VALUES (3, 'webinar', now(), '{"name": "web 3"}');
SELECT what, has, verdict, how FROM lead_scoring.why_not('why', 3, 'mql');

-- What it says does, of a random log: the first way of each lead, typed in.
CREATE TABLE others (id bigint PRIMARY KEY);
CREATE TABLE clicks (lead_id bigint, type text, occurred_at timestamptz, asset text);
CREATE INDEX ON clicks (lead_id);
SELECT lead_scoring.create_model('why_random', 'others', 'clicks', status_columns => '{}') \g /dev/null
SELECT lead_scoring.add_group('why_random', 'mail', max_points => 12),
       lead_scoring.add_rule('why_random', 'visit', 'visit', 3, decay => 'exponential', half_life => '200 days'),
       lead_scoring.add_rule('why_random', 'opened', 'opened', 2, rule_group => 'mail', decay => 'window', lifespan => '700 days'),
       lead_scoring.add_rule('why_random', 'paper', 'paper', 7, limit_count => 1, limit_window => 'ever', limit_key => 'asset'),
       lead_scoring.add_rule('why_random', 'any visit', 'visit', 0.5, max_points => 2),
       lead_scoring.add_rule('why_random', 'bounced', 'bounced', -6, decay => 'step', step => '90 days', drop => 0.1),
       lead_scoring.add_stage('why_random', 'aware', min_score => 15, falls_below => 5),
       lead_scoring.add_stage('why_random', 'mql', min_score => 40, requires => '{"paper": 2, "opened": 1}', cooldown => '10 days'),
       lead_scoring.publish('why_random') \g /dev/null
INSERT INTO others SELECT generate_series(1, 80);
INSERT INTO clicks SELECT 1 + i * 37 % 80, (ARRAY['visit', 'opened', 'paper', 'bounced', 'visit'])[1 + i * i % 47 % 5], clock_timestamp() - interval '2 days' - i * 7919 % 50000 * interval '17 minutes', 'asset ' || i % 9
  FROM generate_series(1, 700) i;
SELECT count(lead_scoring.undo_move('why_random', u.lead_id, u.seq)) > 10 AS undone FROM (SELECT m.lead_id, max(m.seq) AS seq FROM why_random.moves m WHERE m.lead_id % 3 = 0 GROUP BY 1) u;
CREATE TABLE ways AS
SELECT o.id, split_part(w.how, '; or', 1) AS way, s.stage FROM others o JOIN why_random.scores s ON s.lead_id = o.id, lead_scoring.why_not('why_random', o.id) w WHERE w.what = 'stage' AND w.verdict = 'no';
INSERT INTO clicks SELECT w.id, replace(m.found[2], 'any ', ''), clock_timestamp(), 'new ' || n FROM ways w, regexp_matches(w.way, '(\d+) more match(?:es)? of "([^"]+)"', 'g') m (found), generate_series(1, m.found[1]::integer) n;
CALL lead_scoring.refresh('why_random');
SELECT count(*) > 60 AS many, count(DISTINCT w.way) > 10 AS various, count(*) FILTER (WHERE w.way IS NULL AND w.id % 3 > 0) AS without, count(*) FILTER (WHERE s.stage = w.stage AND w.way IS NOT NULL) AS wrong
  FROM ways w JOIN why_random.scores s ON s.lead_id = w.id;
SELECT * FROM lead_scoring.verify('why_random');
SELECT lead_scoring.drop_model('why_random') \g /dev/null

-- A stage that was undone is barred: to its score until the conditions have ceased to hold, to events up to then.
TRUNCATE clicks;
SELECT lead_scoring.create_model('why_undone', 'others', 'clicks', status_columns => '{}') \g /dev/null
SELECT lead_scoring.add_rule('why_undone', 'seen', 'seen', 30), lead_scoring.add_stage('why_undone', 'mql', min_score => 50),
       lead_scoring.add_stage('why_undone', 'sql', min_score => 150, on_event => 'accepted'), lead_scoring.publish('why_undone') \g /dev/null
INSERT INTO clicks SELECT 1 + i / 2, 'seen', timestamptz '2025-01-01' + i * interval '1 hour' FROM generate_series(0, 7) i;
INSERT INTO clicks VALUES (4, 'accepted', '2025-02-01');
SELECT lead_scoring.undo_move('why_undone', i, 1) FROM generate_series(1, 4) i \g /dev/null
SELECT clock_timestamp() AS undone \gset
SELECT what, needed, regexp_replace(has, '20.*', '...') AS has, verdict, how FROM lead_scoring.why_not('why_undone', 1);
SELECT what, needed, regexp_replace(has, '20.*', '...') AS has, verdict, how FROM lead_scoring.why_not('why_undone', 4, 'sql');
-- Before, it stood there; since the row is of a later time, its history tells what was barred.
SELECT what, verdict, how FROM lead_scoring.why_not('why_undone', 1, 'mql', '2025-06-01');
INSERT INTO clicks SELECT i, 'seen', clock_timestamp() FROM generate_series(1, 4) i;
SELECT what, needed, regexp_replace(has, '20.*', '...') AS has, verdict, how FROM lead_scoring.why_not('why_undone', 1, 'mql', :'undone');
-- By hand, as it says.
SELECT how FROM lead_scoring.why_not('why_undone', 1, 'mql') WHERE what = 'undone' \gexec
SELECT what, verdict FROM lead_scoring.why_not('why_undone', 1, 'mql') WHERE what <> 'min_score';
-- By an event that is later, not by an earlier one.
INSERT INTO clicks VALUES (4, 'accepted', :'undone'::timestamptz - interval '1 hour');
SELECT what, verdict FROM lead_scoring.why_not('why_undone', 4, 'sql') WHERE what IN ('stage', 'undone');
INSERT INTO clicks VALUES (4, 'accepted', clock_timestamp());
SELECT what, verdict FROM lead_scoring.why_not('why_undone', 4, 'sql') WHERE what IN ('stage', 'undone');
-- Once its conditions have ceased to hold.
DELETE FROM clicks WHERE lead_id = 2 AND occurred_at < '2025-02-01';
SELECT what, verdict, how FROM lead_scoring.why_not('why_undone', 2);
-- Of a row that cannot be read history tells.
ALTER TABLE why_undone.scores DISABLE TRIGGER USER;
UPDATE why_undone.scores SET stage_barred = '?' WHERE lead_id = 3;
SELECT what, verdict FROM lead_scoring.why_not('why_undone', 3, 'mql');
ALTER TABLE why_undone.scores ENABLE TRIGGER USER;
SELECT lead_scoring.repair('why_undone') \g /dev/null
SELECT * FROM lead_scoring.verify('why_undone');
SELECT lead_scoring.drop_model('why_undone') \g /dev/null

-- Visitors who became the lead, further sources and merged leads count as they do for scores.
CREATE TABLE calls (lead_id bigint, visitor text, called_at timestamptz);
CREATE INDEX ON calls (lead_id);
CREATE INDEX ON calls (visitor);
CREATE TABLE visitors (anonymous_id text PRIMARY KEY, lead_id bigint);
CREATE INDEX ON visitors (lead_id);
SELECT lead_scoring.add_source('why', 'calls', 'calls', event_time => 'called_at', every_event => 'call', event_anonymous => 'visitor'), lead_scoring.set_identities('why', 'visitors'),
       lead_scoring.add_rule('why', 'call', 'call', 4), lead_scoring.publish('why') \g /dev/null
INSERT INTO calls VALUES (NULL, 'v', '2025-01-03'), (1, NULL, '2025-01-04');
INSERT INTO visitors VALUES ('v', 1);
SELECT has FROM lead_scoring.why_not('why', 1, 'mql', '2025-01-05') WHERE what = 'min_score';
SELECT lead_scoring.merge_leads('why', 2, 1) \g /dev/null
SELECT has FROM lead_scoring.why_not('why', 1, 'mql', '2025-01-15') WHERE what = 'min_score';

-- Errors.
\pset format unaligned
\pset tuples_only on
SELECT * FROM lead_scoring.why_not('why', 4711);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_id FROM why.leads LIMIT 0;
SELECT * FROM lead_scoring.why_not('why', 1, 'mqll');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.why_not('why', 1, at => 'infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.why_not('why', NULL::bigint);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.why_not(NULL, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.why_not('why', 1, at => NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.why_not('nowhere', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.why_not('why', 'x');
\echo :LAST_ERROR_SQLSTATE
-- Rights: as those of explain.
CREATE ROLE regress_lead_scoring_why;
SET ROLE regress_lead_scoring_why;
SELECT * FROM lead_scoring.why_not('why', 1);
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT USAGE ON SCHEMA why TO regress_lead_scoring_why;
GRANT SELECT ON why.scores TO regress_lead_scoring_why;
SET ROLE regress_lead_scoring_why;
SELECT count(*) FROM lead_scoring.why_not('why', 1, 'mql', '2025-02-01');
-- Types of events that no rule names are for those who may read the view event_types.
SELECT count(*) FROM lead_scoring.why_not('why', 1) WHERE what = 'event type';
RESET ROLE;
GRANT SELECT ON why.event_types TO regress_lead_scoring_why;
SET ROLE regress_lead_scoring_why;
SELECT count(*) FROM lead_scoring.why_not('why', 1) WHERE what = 'event type';
RESET ROLE;
ALTER TABLE why.scores ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON why.scores USING (lead_id = 2);
SET ROLE regress_lead_scoring_why;
SELECT count(*) FROM lead_scoring.why_not('why', 1, 'mql', '2025-02-01');
SELECT count(*) FROM lead_scoring.why_not('why', 4711, 'mql', '2025-02-01');
SELECT count(*) > 0 FROM lead_scoring.why_not('why', 2, 'mql', '2025-02-01');
RESET ROLE;
SELECT * FROM lead_scoring.verify('why');
SELECT lead_scoring.drop_model('why');
DROP SCHEMA why_test CASCADE;
DROP ROLE regress_lead_scoring_why;
