-- Leads that are left out: deleted by a flag, tests, employees. They are scored, count in no report and enter no stage.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA out_test;
SET search_path = out_test, public;
CREATE TABLE leads (id integer PRIMARY KEY, name text, email text, deleted_at timestamptz, quota text);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
INSERT INTO leads VALUES (1, 'VP', 'a@x', NULL), (2, 'VP', 'b@x', '2025-04-01'), (3, 'clerk', 'c@us', NULL), (4, 'clerk', 'd@x', NULL), (5, 'clerk', NULL, NULL);
INSERT INTO events SELECT l, 'visit', o FROM unnest('{1,2,3,4,5,6}'::integer[]) l, unnest('{2025-03-02,2025-03-04,2025-03-06}'::timestamptz[]) o;
SELECT lead_scoring.create_model('kept', 'leads', 'events', status_columns => '{"stage": "stage", "score": "score", "mql_at": "mql_at"}') \g /dev/null
SELECT lead_scoring.add_rule('kept', 'visit', 'visit', 10), lead_scoring.add_fit_rule('kept', 'vp', $$name = 'VP'$$, 20),
       lead_scoring.add_stage('kept', 'mql', min_score => 30, falls_below => 25), lead_scoring.add_stage('kept', 'recycled', kind => 'detour', rank => 90, on_event => 'recycle'),
       lead_scoring.add_stage('kept', 'sql', rank => 20, on_event => 'accepted', within => '2 days', timeout_stage => 'recycled') \g /dev/null
UPDATE kept.settings SET lead_condition = $$deleted_at IS NULL AND email NOT LIKE '%@us'$$;
SELECT lead_scoring.publish('kept') \g /dev/null
\set show 'SELECT s.lead_id, s.counted, s.score, s.stage, s.stage_seq, s.due_at IS NOT NULL AS due, l.stage, l.score FROM kept.scores s LEFT JOIN leads l ON l.id = s.lead_id ORDER BY 1; SELECT * FROM lead_scoring.verify(''kept'');'
\set moves 'SELECT lead_id, seq, to_stage, CASE WHEN at > now() - interval ''1 day'' THEN ''now'' ELSE at::text END AS at, cause FROM kept.transitions ORDER BY lead_id, seq;'

-- 2 is deleted, 3 one of us, of 5 the condition is NULL; 6 is nobody in the leads table, and is followed as ever.
:show
:moves
SELECT lead_id, stage FROM kept.leads ORDER BY 1;
SELECT sum(leads), sum(mqls) FROM kept.funnel;
SELECT definition -> 'format', definition -> 'lead_condition', definition -> 'typed' FROM kept.versions;
SELECT lead_scoring.score_at('kept', 2, '2025-03-05'), (SELECT sum(capped) FROM lead_scoring.explain('kept', 2));

-- Events count for those that are left out, and move nobody, on_event neither.
INSERT INTO events VALUES (2, 'visit', '2025-03-08'), (3, 'accepted', '2025-03-08'), (4, 'accepted', '2025-03-08'), (5, 'visit', '2025-03-08');
DELETE FROM events WHERE lead_id = 5 AND occurred_at = '2025-03-02';
UPDATE leads SET name = 'VP' WHERE id = 3;
SELECT lead_scoring.adjust('kept', 5, 50, 'a fair') \g /dev/null
CALL lead_scoring.refresh('kept');
:show
:moves
SELECT lead_scoring.set_stage('kept', 3, 'sql', 'called them');
SELECT lead_scoring.set_stage('kept', 5, 'recycled', 'called them');

-- Undeleted: to where the score belongs, now, and by an attribute. Deleted again: history and status stay as they are.
UPDATE leads SET deleted_at = NULL WHERE id = 2;
UPDATE leads SET email = 'c@x' WHERE id = 3;
UPDATE leads SET deleted_at = now() WHERE id = 4;
:show
:moves
SELECT id, stage, CASE WHEN mql_at > now() - interval '1 day' THEN 'now' ELSE mql_at::text END AS mql_at FROM leads ORDER BY id;
SELECT sum(leads), sum(mqls) FROM kept.funnel;
-- What was on its way when it was deleted does not come about: 4 was recycled before, 2 is left where it was, for as long as it is out.
UPDATE leads SET deleted_at = now() WHERE id = 2;
INSERT INTO events VALUES (2, 'accepted', now());
DELETE FROM events WHERE lead_id = 2 AND type = 'visit';
:show
UPDATE leads SET deleted_at = NULL WHERE id = 2;
:show
-- In one statement with events, with its key, and of leads that are made and taken away.
WITH gone AS (UPDATE leads SET deleted_at = now() WHERE id = 1) INSERT INTO events VALUES (1, 'accepted', now() - interval '1 hour');
WITH back AS (UPDATE leads SET deleted_at = NULL WHERE id = 4), gone AS (DELETE FROM events WHERE lead_id = 4 AND occurred_at = '2025-03-02') INSERT INTO events VALUES (4, 'visit', '2025-03-09');
UPDATE leads SET id = 7, deleted_at = now() WHERE id = 4;
UPDATE events SET lead_id = 7 WHERE lead_id = 4;
INSERT INTO leads VALUES (8, 'VP', 'h@x', now()), (9, 'VP', 'i@us', NULL) ON CONFLICT (id) DO NOTHING;
INSERT INTO leads VALUES (8, 'VP', 'h@x', NULL) ON CONFLICT (id) DO UPDATE SET deleted_at = NULL;
DELETE FROM leads WHERE id = 9;
:show
SELECT lead_id, seq, to_stage, CASE WHEN at > now() - interval '1 day' THEN 'now' ELSE at::text END AS at, cause FROM kept.transitions WHERE lead_id IN (1, 4, 7, 8, 9) ORDER BY lead_id, seq;

-- Another condition counts with the next version: who counts by it is evaluated once, now.
UPDATE kept.settings SET lead_condition = NULL;
SELECT draft_differs FROM lead_scoring.models() WHERE model = 'kept';
BEGIN;
SELECT lead_scoring.publish('kept', rescore => false);
SELECT lead_id, problem FROM lead_scoring.verify('kept') WHERE problem <> 'stale';
INSERT INTO events VALUES (5, 'other', now());
UPDATE leads SET name = 'CEO' WHERE id = 7;
INSERT INTO events VALUES (5, 'visit', '2025-03-10');
SELECT lead_scoring.adjust('kept', 7, 1, 'luck') \g /dev/null
SELECT lead_id, problem FROM lead_scoring.verify('kept') WHERE problem <> 'stale';
SELECT lead_id, seq, to_stage, CASE WHEN at > now() - interval '1 day' THEN 'now' ELSE at::text END AS at, cause FROM kept.transitions WHERE lead_id IN (5, 7) ORDER BY lead_id, seq;
ROLLBACK;
BEGIN;
SELECT lead_scoring.publish('kept') \g /dev/null
:show
SELECT lead_id, seq, to_stage, cause FROM kept.transitions WHERE lead_id IN (5, 7) ORDER BY lead_id, seq;
ROLLBACK;
UPDATE kept.settings SET lead_condition = $$deleted_at IS NULL AND email NOT LIKE '%@us'$$;
SELECT draft_differs FROM lead_scoring.models() WHERE model = 'kept';

-- Paused, merged, forgotten, repaired.
SELECT lead_scoring.pause('kept');
UPDATE leads SET deleted_at = CASE WHEN id = 8 THEN now() END WHERE id IN (7, 8);
SELECT lead_scoring.resume('kept');
:show
INSERT INTO leads VALUES (10, 'clerk', 'j@us'), (11, 'clerk', 'k@x');
INSERT INTO events VALUES (10, 'visit', '2025-03-02'), (10, 'visit', '2025-03-03'), (10, 'visit', '2025-03-04'), (11, 'visit', '2025-03-05');
SELECT lead_scoring.merge_leads('kept', 10, 11) \g /dev/null
SELECT lead_scoring.merge_leads('kept', 7, 8) \g /dev/null
SELECT lead_id, seq, to_stage, cause, merged_from FROM kept.transitions WHERE lead_id IN (8, 11) ORDER BY lead_id, seq;
SELECT sum(leads), sum(mqls) FROM kept.funnel;
SELECT lead_scoring.forget_lead('kept', 8), lead_scoring.forget_lead('kept', 11) \g /dev/null
SELECT leads, entered ? 'mql' AS mql FROM kept.forgotten;
SET session_replication_role = replica;
UPDATE kept.scores SET counted = true WHERE lead_id = 5;
UPDATE leads SET deleted_at = now() WHERE id = 3;
RESET session_replication_role;
SELECT lead_id, problem, stored, recomputed FROM lead_scoring.verify('kept') ORDER BY 1, 2;
SELECT lead_scoring.repair('kept');
:show

-- An expression that raises for a row: the lead is left out, and problems say why.
UPDATE kept.settings SET lead_condition = 'quota::integer > 0';
SELECT lead_scoring.publish('kept') \g /dev/null
INSERT INTO leads VALUES (12, 'VP', 'l@x', NULL, 'n/a'), (13, 'VP', 'm@x', NULL, '5');
:show
SELECT lead_id, rule, message, count FROM kept.problems WHERE lead_id IN (12, 13);
UPDATE leads SET quota = 7 WHERE id = 12;
:show

-- What cannot be.
UPDATE kept.settings SET lead_condition = 'deleted IS NULL';
UPDATE kept.settings SET lead_condition = 'name';
UPDATE kept.settings SET lead_condition = 'deleted_at < now()';
UPDATE kept.settings SET lead_condition = 'EXISTS (SELECT FROM events)';
UPDATE kept.settings SET lead_condition = 'generate_series(1, id) > 1';
UPDATE kept.settings SET lead_condition = 'bool_and(id > 1)';
UPDATE kept.settings SET lead_condition = $$stage <> 'customer'$$;
UPDATE kept.settings SET lead_condition = 'leads IS NOT NULL';
UPDATE kept.settings SET lead_condition = '';
SELECT lead_condition FROM kept.settings;
-- A trigger that is not fired by every column, such as one that was made before there were these, is made anew.
DROP TRIGGER settings_valid ON kept.settings;
CREATE TRIGGER settings_valid AFTER INSERT OR UPDATE OF leads, events ON kept.settings FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed();
SELECT problem FROM lead_scoring.models() WHERE model = 'kept';
SELECT lead_scoring.repair('kept');
SELECT problem FROM lead_scoring.models() WHERE model = 'kept';
-- Whoever else may write the settings may not write what the owner evaluates.
CREATE ROLE out_editor;
GRANT USAGE ON SCHEMA kept TO out_editor;
GRANT SELECT, UPDATE ON kept.settings TO out_editor;
SET ROLE out_editor;
UPDATE kept.settings SET lead_condition = 'true';
UPDATE kept.settings SET lead_created = 'deleted_at';
RESET ROLE;
-- A column that has gone: leads are refused, and models() says so.
ALTER TABLE leads RENAME quota TO share;
INSERT INTO leads VALUES (14, 'VP');
SELECT problem FROM lead_scoring.models() WHERE model = 'kept';
UPDATE kept.settings SET lead_condition = 'share IS NOT NULL';
SELECT lead_scoring.publish('kept') \g /dev/null
INSERT INTO leads VALUES (14, 'VP');
:show
SELECT lead_scoring.drop_model('kept') \g /dev/null
DROP TABLE leads, events;

-- No report counts who is left out: each says what it says of a model of the other leads alone.
CREATE TABLE leads (id integer PRIMARY KEY, vip boolean, hidden boolean, came date);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz, campaign text, channel text, asset text);
CREATE INDEX ON events (lead_id);
CREATE TABLE spend (campaign text, spent_on date, amount numeric, channel text);
CREATE TABLE deals (lead_id integer, earned_on date, amount numeric);
INSERT INTO leads SELECT n, n % 5 = 0, n % 3 = 0, date '2025-01-01' + n FROM generate_series(1, 60) n;
INSERT INTO events SELECT n, e.type, timestamptz '2025-01-05' + n * interval '17 hours' + e.days * interval '1 day', 'c' || n % 2, 'ch' || (n + e.days) % 3, 'a' || n % 4
  FROM generate_series(1, 60) n, (VALUES ('visit', 0, 1), ('download', 3, 2), ('visit', 5, 2), ('accepted', 9, 4), ('won', 20, 8)) e (type, days, every) WHERE n % e.every = 0;
INSERT INTO spend VALUES ('c0', '2025-01-10', 100, 'ch1'), ('c1', '2025-02-10', 50, 'ch2');
CREATE TABLE few_leads (LIKE leads INCLUDING ALL);
CREATE TABLE few_events (LIKE events INCLUDING ALL);
INSERT INTO few_leads SELECT * FROM leads WHERE NOT hidden;
INSERT INTO few_events SELECT e.* FROM events e JOIN few_leads l ON l.id = e.lead_id;
CREATE FUNCTION make(model text, leads regclass, events regclass, condition text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lead_scoring.create_model(model, leads, events, status_columns => '{}', event_campaign => 'campaign'),
            lead_scoring.add_rule(model, 'visit', 'visit', 10), lead_scoring.add_rule(model, 'download', 'download', 15, decay => 'exponential', half_life => '30 days'),
            lead_scoring.add_fit_rule(model, 'vip', 'vip', 20), lead_scoring.add_stage(model, 'mql', min_score => 20), lead_scoring.add_stage(model, 'sql', on_event => 'accepted', within => '5 days', timeout_stage => 'lead'),
            lead_scoring.add_stage(model, 'customer', on_event => 'won'), lead_scoring.set_spend(model, 'spend', channel => 'channel'), lead_scoring.set_revenue(model, 'deals', lead => 'lead_id');
    EXECUTE format('UPDATE %I.report_settings SET event_channel = ''channel'', event_asset = ''asset''', model);
    EXECUTE format('UPDATE %I.settings SET lead_condition = %L, lead_created = ''came''', model, condition);
    PERFORM lead_scoring.publish(model);
END $$;
INSERT INTO deals SELECT lead_id, '2025-03-01', 100 + lead_id FROM events WHERE type = 'won';
SELECT make('all_leads', 'leads', 'events', 'NOT hidden'), make('few', 'few_leads', 'few_events', NULL) \g /dev/null
CREATE FUNCTION said(model text, report text, day timestamptz) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT r::text FROM lead_scoring.%I($1, $2) r', report) USING model, day;
END $$;
-- event_types are of all events, whoever's they are.
SELECT r AS report, d.day::date, (SELECT count(*) > 0 FROM said('few', r, d.day)) AS says,
       NOT EXISTS ((SELECT said('all_leads', r, d.day) EXCEPT ALL SELECT said('few', r, d.day)) UNION ALL (SELECT said('few', r, d.day) EXCEPT ALL SELECT said('all_leads', r, d.day))) AS same
  FROM unnest(lead_scoring_internal.report_views()) r, unnest('{2025-02-15,2025-06-01}'::timestamptz[]) d (day) WHERE r <> 'event_types' ORDER BY 1, 2;
SELECT (SELECT count(*) FROM few.leads) AS few, NOT EXISTS (SELECT lead_id, score, stage FROM all_leads.leads EXCEPT SELECT lead_id, score, stage FROM few.leads) AS same;
SELECT * FROM lead_scoring.verify('all_leads');
SELECT lead_scoring.drop_model('all_leads'), lead_scoring.drop_model('few') \g /dev/null
DROP OWNED BY out_editor;
DROP ROLE out_editor;
DROP SCHEMA out_test CASCADE;
