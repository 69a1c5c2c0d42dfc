-- Upkeep: refresh, set_stage and adjust, pause and resume, repair, partitions that come and go. Time passes by events of the
-- past: what is due then was due long ago. :moves prints what leads went through since it was last asked, times of now as
-- "now", and ends in verify().
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_clerk;
CREATE SCHEMA upkeep_test;
GRANT USAGE ON SCHEMA upkeep_test TO regress_lead_scoring_clerk;
SET search_path = upkeep_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id, occurred_at);

-- A model of tables in use: what is there scores with the first publish, what comes before that as well.
INSERT INTO leads SELECT generate_series(1, 3);
INSERT INTO events SELECT 1, 'visit', timestamptz '2024-01-01' + i * interval '1 day' FROM generate_series(0, 3) i;
SELECT lead_scoring.create_model('upkeep', 'leads', 'events');
SELECT lead_scoring.add_rule('upkeep', 'visit', 'visit', 10);
SELECT lead_scoring.add_rule('upkeep', 'mail', 'mail', 32, decay => 'exponential', half_life => '10 days');
SELECT lead_scoring.add_rule('upkeep', 'complaint', 'complaint', -30, decay => 'window', lifespan => '5 days');
SELECT lead_scoring.add_fit_rule('upkeep', 'domestic', $$country = 'DE'$$, 10);
SELECT lead_scoring.add_stage('upkeep', 'mql', min_score => 30, falls_below => 20, cooldown => '30 days');
SELECT lead_scoring.add_stage('upkeep', 'recycled', kind => 'detour', rank => 100);
SELECT lead_scoring.add_stage('upkeep', 'sql', on_event => 'accepted', within => '24 hours', timeout_stage => 'recycled', rank => 40);
SELECT lead_scoring.add_stage('upkeep', 'disqualified', kind => 'detour', rank => 110);
INSERT INTO events VALUES (2, 'visit', '2024-02-01');
SELECT * FROM upkeep.scores;
SELECT lead_scoring.publish('upkeep');
\set moves 'SELECT lead_id, seq, from_stage, to_stage, CASE WHEN at > now() - interval ''1 day'' THEN ''now'' ELSE date_trunc(''second'', at)::text END AS at, score, cause, actor = current_user AS by_me, reason FROM upkeep.transitions t WHERE NOT EXISTS (SELECT FROM told WHERE (told.lead_id, told.seq) = (t.lead_id, t.seq)) ORDER BY 1, 2; INSERT INTO told SELECT lead_id, seq FROM upkeep.transitions ON CONFLICT DO NOTHING; SELECT * FROM lead_scoring.verify(''upkeep'');'
CREATE TABLE told (lead_id bigint, seq integer, PRIMARY KEY (lead_id, seq));
:moves

-- Refresh. 32 points are 20 after 10 x log2(32 / 20) = 6.78 days, and the lead falls at that very instant.
INSERT INTO leads VALUES (11), (12), (13);
INSERT INTO events VALUES (11, 'mail', '2024-01-01');
SELECT stage, date_trunc('second', due_at) FROM upkeep.scores WHERE lead_id = 11;
CALL lead_scoring.refresh('upkeep');
SELECT stage, due_at FROM upkeep.scores WHERE lead_id = 11;
:moves
-- Negative points end, but the cooldown ends later: then time alone lets the lead in again. A service level that passed.
INSERT INTO events SELECT 12, 'visit', '2024-01-01' FROM generate_series(1, 4);
INSERT INTO events VALUES (12, 'complaint', '2024-01-10'), (13, 'accepted', '2024-01-10 08:00');
SELECT lead_id, stage, due_at FROM upkeep.scores WHERE lead_id IN (12, 13) ORDER BY 1;
CALL lead_scoring.refresh('upkeep', batch_size => 1);
SELECT lead_id, stage, due_at FROM upkeep.scores WHERE lead_id IN (12, 13) ORDER BY 1;
:moves
-- When nothing is due nothing is written. In a transaction of the user's it cannot commit.
SELECT sum(xmin::text::bigint) AS written FROM upkeep.scores \gset
CALL lead_scoring.refresh('upkeep');
SELECT sum(xmin::text::bigint) = :written FROM upkeep.scores;
BEGIN;
CALL lead_scoring.refresh('upkeep');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
-- A future event waits. Here it need not any longer, for two hours ahead are taken for now.
INSERT INTO leads VALUES (14);
INSERT INTO events SELECT 14, 'visit', now() + interval '1 hour' FROM generate_series(1, 3);
SELECT score, stage, due_at > now() FROM upkeep.scores WHERE lead_id = 14;
CALL lead_scoring.refresh('upkeep');
SELECT score, stage, due_at > now() FROM upkeep.scores WHERE lead_id = 14;
UPDATE upkeep.settings SET future_tolerance = '2 hours';
SELECT lead_scoring.publish('upkeep');
CALL lead_scoring.refresh('upkeep');
SELECT score, stage, due_at FROM upkeep.scores WHERE lead_id = 14;
UPDATE upkeep.settings SET future_tolerance = '5 minutes';
DELETE FROM events WHERE lead_id = 14;
SELECT lead_scoring.publish('upkeep');
SELECT to_stage, cause FROM upkeep.transitions WHERE lead_id = 14;
DELETE FROM leads WHERE id = 14;
:moves

-- By hand: whatever the score says; where the lead is already, nothing happens. Time goes on from there.
SELECT lead_scoring.set_stage('upkeep', 3, 'mql', 'met at the fair');
SELECT lead_scoring.set_stage('upkeep', 3, 'mql', 'again');
SELECT lead_scoring.set_stage('upkeep', '3', 'disqualified');
SELECT id, lead_stage, mql_at IS NOT NULL FROM leads WHERE id = 3;
-- By hand means out by hand.
INSERT INTO events SELECT 3, 'visit', '2024-01-01' FROM generate_series(1, 4);
SELECT lead_scoring.set_stage('upkeep', 3, 'lead', NULL);
:moves
INSERT INTO leads VALUES (21);
SELECT lead_scoring.set_stage('upkeep', 21, 'sql');
SELECT stage, due_at = stage_since + interval '24 hours' FROM upkeep.scores WHERE lead_id = 21;
:moves

-- Adjustments: kept beside engagement and fit, until they expire or are taken back.
INSERT INTO leads VALUES (31), (32), (33);
SELECT lead_scoring.adjust('upkeep', 31, 35, 'met') AS made \gset
SELECT score, engagement, fit, stage FROM upkeep.leads WHERE lead_id = 31;
SELECT points, reason, author = current_user, made_at <= clock_timestamp(), expires_at, cancelled_at FROM upkeep.adjustments WHERE id = :'made';
-- Taken back: as if it had never been, but for what it set off, and it is on record. Once is enough.
SELECT lead_scoring.cancel_adjustment('upkeep', :'made', 'it was somebody else');
SELECT lead_scoring.cancel_adjustment('upkeep', :'made', 'again');
SELECT score, stage FROM upkeep.leads WHERE lead_id = 31;
SELECT rule, capped FROM lead_scoring.explain('upkeep', 31);
SELECT points, cancelled_at >= made_at, cancelled_by = current_user, cancel_reason FROM upkeep.adjustments WHERE id = :'made';
SELECT lead_scoring.adjust('upkeep', '32', 25.5, NULL, 'tomorrow') AS made \gset
SELECT lead_scoring.adjust('upkeep', 32, 4.5, NULL, 'tomorrow') IS NOT NULL;
SELECT score, stage, (SELECT due_at = a.expires_at FROM upkeep.scores s, upkeep.adjustments a WHERE s.lead_id = 32 AND a.id = :'made') FROM upkeep.leads WHERE lead_id = 32;
SELECT lead_scoring.score_at('upkeep', 32, now() + interval '2 days');
-- One that has expired already counts for nothing.
SELECT lead_scoring.adjust('upkeep', 33, 100, 'past', '2024-01-05') IS NOT NULL;
SELECT lead_scoring.adjust('upkeep', 33, -7) IS NOT NULL;
SELECT score, stage, due_at FROM upkeep.scores WHERE lead_id = 33;
:moves
SELECT count(lead_scoring.cancel_adjustment('upkeep', id) IS NULL) FROM upkeep.adjustments;
SELECT lead_id, score, stage FROM upkeep.scores WHERE lead_id IN (31, 32, 33) ORDER BY 1;
SELECT count(*) = count(cancelled_at) FROM upkeep.adjustments;
:moves
-- They go with their lead.
INSERT INTO leads VALUES (34);
SELECT lead_scoring.adjust('upkeep', 34, 100) IS NOT NULL;
DELETE FROM leads WHERE id = 34;
SELECT count(*) FROM upkeep.adjustments WHERE lead_id = 34;
SELECT * FROM lead_scoring.verify('upkeep');

-- Paused: rows are stored, nothing else happens. Resumed: as if all had come now, with the times of then.
SELECT lead_scoring.pause('upkeep');
SELECT lead_scoring.pause('upkeep');
SELECT paused FROM lead_scoring.models() WHERE model = 'upkeep';
INSERT INTO leads VALUES (41, 'DE'), (42, NULL);
INSERT INTO events SELECT l, 'visit', timestamptz '2024-01-01' + i * interval '1 day' FROM generate_series(0, 2) i, unnest('{41,42,43}'::bigint[]) l;
INSERT INTO events VALUES (42, 'accepted', '2024-02-01');
UPDATE events SET lead_id = 1 WHERE lead_id = 12 AND type = 'visit';
DELETE FROM leads WHERE id = 3;
UPDATE leads SET country = 'DE' WHERE id = 2;
SELECT lead_id, problem FROM lead_scoring.verify('upkeep') ORDER BY lead_id::bigint, problem;
CALL lead_scoring.refresh('upkeep');
SELECT lead_scoring.set_stage('upkeep', 1, 'sql');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) = (SELECT count(*) FROM upkeep.transitions) FROM told WHERE lead_id <> 14;
SELECT lead_scoring.resume('upkeep');
SELECT lead_scoring.resume('upkeep');
CALL lead_scoring.refresh('upkeep');
SELECT id, lead_stage, mql_at FROM leads WHERE id > 40 ORDER BY 1;
:moves

-- A lead that is deleted while its model is paused, and comes again or has events left, is the lead it was. (Tables are
-- emptied and loaded again.) One that neither table names any more is forgotten.
SELECT lead_scoring.pause('upkeep');
DELETE FROM leads WHERE id IN (41, 42);
DELETE FROM events WHERE lead_id = 41;
SELECT lead_scoring.resume('upkeep') > 0;
SELECT lead_id, count(*) FROM upkeep.transitions WHERE lead_id IN (41, 42) GROUP BY 1;
INSERT INTO leads VALUES (41, 'DE'), (42, NULL);
INSERT INTO events SELECT 41, 'visit', timestamptz '2024-01-01' + i * interval '1 day' FROM generate_series(0, 2) i;
:moves

-- Status columns that were saved or loaded meanwhile are the model's again after it; and so they are where a row of leads comes
-- after its events, or comes again.
INSERT INTO leads VALUES (45, 'DE'), (46, NULL);
INSERT INTO events SELECT l, 'visit', timestamptz '2024-01-01' + i * interval '1 day' FROM generate_series(0, 2) i, generate_series(45, 47) l;
SELECT id, lead_stage, mql_at FROM leads WHERE id IN (45, 46) ORDER BY 1;
SELECT lead_scoring.pause('upkeep');
UPDATE leads SET lead_stage = 'lead', mql_at = NULL WHERE id = 45;
DELETE FROM leads WHERE id = 46;
INSERT INTO leads VALUES (46, NULL);
SELECT lead_scoring.resume('upkeep') > 0;
SELECT id, lead_stage, mql_at FROM leads WHERE id IN (45, 46) ORDER BY 1;
INSERT INTO leads VALUES (47, 'DE');
DELETE FROM leads WHERE id = 46;
INSERT INTO leads VALUES (46, 'DE');
SELECT id, lead_stage, mql_at FROM leads WHERE id IN (46, 47) ORDER BY 1;
SELECT * FROM lead_scoring.verify('upkeep');
DELETE FROM leads WHERE id BETWEEN 45 AND 47;
DELETE FROM events WHERE lead_id BETWEEN 45 AND 47;

-- What was due is done before a version ends, as refresh would have done it.
INSERT INTO leads VALUES (61);
INSERT INTO events VALUES (61, 'mail', '2024-01-01');
SELECT stage FROM upkeep.scores WHERE lead_id = 61;
UPDATE upkeep.stages SET falls_below = 1 WHERE name = 'mql';
SELECT lead_scoring.publish('upkeep');
:moves
UPDATE upkeep.stages SET falls_below = 20 WHERE name = 'mql';
SELECT lead_scoring.publish('upkeep');
DELETE FROM events WHERE lead_id = 61;
DELETE FROM leads WHERE id = 61;
:moves

-- Repair: triggers that are lost or disabled, the view, rows stored meanwhile, status columns that somebody wrote.
DROP TRIGGER lead_scoring_insert_upkeep ON events;
DROP TRIGGER lead_scoring_row_upkeep ON leads;
ALTER TABLE leads DISABLE TRIGGER lead_scoring_delete_upkeep, DISABLE TRIGGER lead_scoring_status_upkeep;
ALTER TABLE events DISABLE TRIGGER lead_scoring_row_upkeep;
DROP VIEW upkeep.leads;
INSERT INTO events SELECT 42, 'visit', '2024-03-01' FROM generate_series(1, 5);
DELETE FROM leads WHERE id = 21;
UPDATE leads SET lead_stage = 'customer', mql_at = NULL WHERE id = 1;
SELECT problem FROM lead_scoring.models() WHERE model = 'upkeep';
SELECT lead_id, problem FROM lead_scoring.verify('upkeep') ORDER BY lead_id::bigint, problem;
SELECT lead_scoring.repair('upkeep');
SELECT problem FROM lead_scoring.models() WHERE model = 'upkeep';
CALL lead_scoring.refresh('upkeep');
SELECT id, lead_stage, mql_at FROM leads WHERE id = 1;
SELECT lead_id, score, stage FROM upkeep.leads ORDER BY lead_id;
:moves
-- Tables swapped for others of the same name.
ALTER TABLE events RENAME TO events_old;
CREATE TABLE events (LIKE events_old INCLUDING ALL);
INSERT INTO events SELECT * FROM events_old WHERE lead_id <> 2;
DROP TABLE events_old;
SELECT lead_scoring.repair('upkeep');
INSERT INTO events VALUES (2, 'visit', '2024-04-01');
SELECT engagement FROM upkeep.scores WHERE lead_id = 2;
:moves
-- No event in between: nobody leaves a detour by its score. What was due is applied at its own instant, as by refresh.
INSERT INTO leads VALUES (51), (52);
INSERT INTO events SELECT 51, 'visit', '2024-01-01' FROM generate_series(1, 4);
SELECT lead_scoring.set_stage('upkeep', 51, 'recycled');
INSERT INTO events VALUES (52, 'mail', '2024-01-01');
SELECT lead_scoring.pause('upkeep');
SELECT lead_scoring.resume('upkeep') > 0;
:moves
-- The user's triggers run with the user's search_path.
CREATE TABLE written (id bigint, lead_stage text);
CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO written VALUES (NEW.id, NEW.lead_stage);
    RETURN NULL;
END $$;
CREATE TRIGGER write_down AFTER UPDATE OF lead_stage ON leads FOR EACH ROW EXECUTE FUNCTION write_down();
INSERT INTO leads VALUES (53), (54), (55), (56);
SELECT lead_scoring.adjust('upkeep', 53, 30) IS NOT NULL;
SELECT lead_scoring.set_stage('upkeep', 54, 'recycled');
SELECT lead_scoring.pause('upkeep');
INSERT INTO events VALUES (55, 'accepted', now());
SELECT lead_scoring.resume('upkeep') > 0;
ALTER TABLE leads DISABLE TRIGGER lead_scoring_status_upkeep;
UPDATE leads SET lead_stage = 'customer' WHERE id = 56;
SELECT lead_scoring.repair('upkeep') > 0;
SELECT * FROM written ORDER BY ctid;
DROP TRIGGER write_down ON leads;
DELETE FROM leads WHERE id > 50;
DELETE FROM events WHERE lead_id > 50;
INSERT INTO told SELECT lead_id, seq FROM upkeep.transitions ON CONFLICT DO NOTHING;

-- Mistakes.
CALL lead_scoring.refresh('upkeep', 0);
\echo :LAST_ERROR_SQLSTATE
CALL lead_scoring.refresh('no_model');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_stage('upkeep', 1, NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_stage('upkeep', 1, 'vip');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_stage('upkeep', 99, 'mql');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_stage('upkeep', 'x', 'mql');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_stage('no_model', 1, 'mql');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.adjust('upkeep', 1, NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.adjust('upkeep', 1, 'NaN');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.adjust('upkeep', 1, 5, 'for good', 'infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.adjust('upkeep', 99, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.cancel_adjustment('upkeep', '00000000-0000-0000-0000-000000000000');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.cancel_adjustment('upkeep', NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.adjust('no_model', 1, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.pause('no_model');
\echo :LAST_ERROR_SQLSTATE
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT lead_scoring.repair('upkeep');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT lead_scoring_internal.rescore_now('upkeep', 'somehow');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_lead_scoring_clerk;
SELECT lead_scoring.pause('upkeep');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.resume('upkeep');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.repair('upkeep');
\echo :LAST_ERROR_SQLSTATE
CALL lead_scoring.refresh('upkeep');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_stage('upkeep', 1, 'mql');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.adjust('upkeep', 1, 5);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('upkeep');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
-- The hints, typed.
GRANT USAGE ON SCHEMA upkeep TO regress_lead_scoring_clerk;
GRANT SELECT ON upkeep.scores, upkeep.settings, upkeep.versions, upkeep.transitions TO regress_lead_scoring_clerk;
SET ROLE regress_lead_scoring_clerk;
SELECT * FROM lead_scoring.verify('upkeep');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.adjust('upkeep', 1, 5);
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
REVOKE ALL ON ALL TABLES IN SCHEMA upkeep FROM regress_lead_scoring_clerk;
-- Whoever may write the history may move leads.
GRANT USAGE ON SCHEMA upkeep TO regress_lead_scoring_clerk;
GRANT INSERT ON upkeep.transitions TO regress_lead_scoring_clerk;
SET ROLE regress_lead_scoring_clerk;
SELECT lead_scoring.set_stage('upkeep', 1, 'sql', 'called');
CALL lead_scoring.refresh('upkeep');
RESET ROLE;
SELECT actor, reason FROM upkeep.transitions WHERE to_stage = 'sql' AND lead_id = 1;
BEGIN;
TRUNCATE upkeep.settings;
SELECT lead_scoring.repair('upkeep');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
ALTER TABLE leads RENAME TO people;
SELECT lead_scoring.pause('upkeep');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE people RENAME TO leads;
SELECT * FROM lead_scoring.verify('upkeep');

-- Somebody dropped the schema: events are refused until drop_model takes the triggers away.
DROP SCHEMA upkeep CASCADE;
INSERT INTO events VALUES (1, 'visit', '2024-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.repair('upkeep');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.drop_model('upkeep');
INSERT INTO events VALUES (1, 'visit', '2024-01-01');
SELECT lead_scoring.drop_model('upkeep');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('leads'::regclass, 'events'::regclass) AND tgname LIKE 'lead_scoring%';

-- Partitions. One that is created has the triggers at once, on any level, whoever the rows are addressed to.
DROP TABLE leads, events;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz) PARTITION BY RANGE (occurred_at);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('upkeep', 'leads', 'events');
SELECT lead_scoring.add_rule('upkeep', 'visit', 'visit', 10), lead_scoring.add_stage('upkeep', 'mql', min_score => 30);
SELECT lead_scoring.publish('upkeep');
INSERT INTO leads SELECT generate_series(1, 4);
\set triggers 'SELECT t.tgrelid::regclass, string_agg(t.tgname, '' '' ORDER BY t.tgname) FROM pg_trigger t WHERE t.tgfoid = ''lead_scoring_internal.events_changed''::regproc GROUP BY 1 ORDER BY t.tgrelid::regclass::text COLLATE "C"; SELECT problem FROM lead_scoring.models() WHERE model = ''upkeep''; SELECT lead_id, score, stage FROM upkeep.scores ORDER BY 1; SELECT * FROM lead_scoring.verify(''upkeep'');'
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01') PARTITION BY LIST (type);
CREATE TABLE events_2023_visits PARTITION OF events_2023 FOR VALUES IN ('visit');
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO events SELECT l, 'visit', timestamptz '2023-12-30' + l * interval '1 day' FROM generate_series(1, 4) l;
INSERT INTO events_2023 VALUES (1, 'visit', '2023-05-01');
INSERT INTO events_2023_visits VALUES (2, 'visit', '2023-05-01');
INSERT INTO events_2024 VALUES (3, 'visit', '2024-05-01');
:triggers
-- One that is attached has the triggers too; its rows are counted by repair(). One that is detached loses them.
CREATE TABLE events_2025 (occurred_at timestamptz, type text, lead_id bigint);
INSERT INTO events_2025 VALUES ('2025-01-01', 'visit', 1), ('2025-01-02', 'visit', 4);
ALTER TABLE events ATTACH PARTITION events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO events_2025 VALUES ('2025-01-03', 'visit', 2);
:triggers
SELECT lead_scoring.repair('upkeep');
ALTER TABLE events DETACH PARTITION events_2024;
:triggers
SELECT lead_scoring.repair('upkeep');
INSERT INTO events_2024 VALUES (1, 'visit', '2024-05-01');
INSERT INTO events VALUES (4, 'visit', '2025-05-01');
:triggers
-- A whole branch of the tree.
ALTER TABLE events DETACH PARTITION events_2023;
INSERT INTO events_2023 VALUES (1, 'visit', '2023-05-01');
INSERT INTO events_2023_visits VALUES (1, 'visit', '2023-05-01');
DROP TABLE events_2023, events_2024;
SELECT lead_scoring.repair('upkeep');
:triggers
-- Tables that are no business of a model's.
CREATE TABLE apart (LIKE leads) PARTITION BY HASH (id);
CREATE TABLE apart_0 PARTITION OF apart FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE apart DETACH PARTITION apart_0;
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('apart'::regclass, 'apart_0'::regclass);
SELECT * FROM lead_scoring.verify('upkeep');

SELECT lead_scoring.drop_model('upkeep');
DROP SCHEMA upkeep_test CASCADE;
DROP ROLE regress_lead_scoring_clerk;
