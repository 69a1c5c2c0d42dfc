-- Names of stages and rules are labels: a rename is a rename, reports and status columns go by what a stage counts as.
\pset format unaligned
\pset tuples_only on
\set VERBOSITY default
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA renames_test;
SET search_path = renames_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, n text);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('renames', 'leads', 'events', status_columns => '{"stage": "lead_stage", "mql_at": "mql_at", "demo_at": "demo_at"}') \g /dev/null
SELECT lead_scoring.add_rule('renames', 'visit', 'visit', 10, per => 'n::numeric'), lead_scoring.add_stage('renames', 'mql', 20, falls_below => 10),
       lead_scoring.add_stage('renames', 'demo', on_event => 'demo'), lead_scoring.add_stage('renames', 'sql', on_event => 'call'),
       lead_scoring.add_stage('renames', 'customer', on_event => 'won') \g /dev/null
SELECT lead_scoring.publish('renames');
INSERT INTO leads SELECT generate_series(1, 5);
INSERT INTO events VALUES (1, 'visit', '2026-01-01', 2), (2, 'visit', '2026-01-05', 3), (2, 'demo', '2026-01-07', NULL), (2, 'won', '2026-02-01', NULL), (3, 'visit', '2026-02-01', 1),
    (3, 'visit', '2026-02-02', 'n/a'), (4, 'visit', '2026-01-01', 2), (5, 'visit', '2026-01-01', 2);
SELECT lead_scoring.forget_lead('renames', 4);
CREATE FUNCTION state() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT 'lead ' || concat_ws(' ', l.id, l.lead_stage, l.mql_at < now() - interval '1 month', l.demo_at IS NOT NULL) FROM leads l ORDER BY l.id;
    RETURN QUERY SELECT 'move ' || concat_ws(' ', m.lead_id, m.seq, m.from_stage, m.to_stage, CASE WHEN m.cause <> 'manual' THEN m.at::date END, m.cause, m.rule) FROM renames.moves m ORDER BY m.lead_id, m.seq;
    RETURN QUERY SELECT 'score ' || concat_ws(' ', s.lead_id, s.stage, s.score) FROM renames.scores s ORDER BY s.lead_id;
    RETURN QUERY SELECT 'shown ' || (to_jsonb(l) - 'score' - 'engagement' - 'fit' - 'grade')::text FROM renames.leads l WHERE l.lead_id = 2 ORDER BY l.lead_id;
    RETURN QUERY SELECT 'funnel ' || concat_ws(' ', f.period, f.mqls, f.sqls, f.customers) FROM renames.funnel f WHERE f.mqls > 0 AND f.complete ORDER BY f.period;
    RETURN QUERY SELECT 'problem ' || concat_ws(' ', p.lead_id, p.rule) FROM renames.problems p;
    RETURN QUERY SELECT 'forgotten ' || f.entered::text FROM renames.forgotten f;
    RETURN QUERY SELECT 'verify ' || v::text FROM lead_scoring.verify('renames') v;
    RETURN QUERY SELECT 'models ' || m.problem FROM lead_scoring.models() m WHERE m.model = 'renames' AND m.problem IS NOT NULL;
END $$;
SELECT state();
CREATE TABLE before AS SELECT state();

-- Other letters, other words, a rule too: nothing moves, and what went by the old name goes by the new one.
UPDATE renames.stages SET name = 'MQL' WHERE name = 'mql';
UPDATE renames.stages SET name = 'Saw a demo' WHERE name = 'demo';
UPDATE renames.stages SET name = 'Won' WHERE name = 'customer';
UPDATE renames.rules SET name = 'page view' WHERE name = 'visit';
SET client_min_messages = notice;
SELECT lead_scoring.publish('renames');
SET client_min_messages = warning;
SELECT state();
SELECT name, counts_as, id FROM renames.stages ORDER BY rank;
SELECT s.stage ->> 'name', s.stage ->> 'counts_as' FROM renames.versions v, jsonb_array_elements(v.definition -> 'stages') s (stage) WHERE v.version = 2;
SELECT status_columns FROM renames.settings;
-- Everything goes on from there: by events, by hand, falling back, with columns of each name.
INSERT INTO events VALUES (3, 'visit', '2026-03-01', 4), (1, 'demo', '2026-03-01', NULL);
SELECT lead_scoring.set_stage('renames', 5, 'Saw a demo', 'met them');
SELECT lead_scoring.merge_leads('renames', 1, 5);
SELECT state();
-- And back; without computing all leads anew.
UPDATE renames.stages SET name = 'mql' WHERE name = 'MQL';
UPDATE renames.stages SET name = 'demo' WHERE name = 'Saw a demo';
UPDATE renames.stages SET name = 'customer' WHERE name = 'Won';
UPDATE renames.rules SET name = 'visit' WHERE name = 'page view';
SELECT lead_scoring.publish('renames', rescore => false);
SELECT count(*), min(version), max(version) FROM renames.scores;
SELECT stage, count(*) FROM renames.scores GROUP BY 1 ORDER BY 1;
SELECT DISTINCT problem FROM lead_scoring.verify('renames');
SELECT lead_stage, count(*) FROM leads GROUP BY 1 ORDER BY 1;
CALL lead_scoring.rescore('renames');
SELECT state();

-- A name that was another's would take its history.
UPDATE renames.stages SET name = 'Saw a demo' WHERE name = 'sql';
SELECT lead_scoring.publish('renames');
UPDATE renames.stages SET name = 'Saw a demo 2' WHERE name = 'Saw a demo';
SELECT lead_scoring.publish('renames');
SELECT state();
UPDATE renames.stages SET name = 'sql' WHERE name = 'Saw a demo 2';
SELECT lead_scoring.add_rule('renames', 'page view', 'view', 1);
SELECT lead_scoring.publish('renames');
\echo :LAST_ERROR_SQLSTATE
DELETE FROM renames.rules WHERE name = 'page view';

-- What names a rule or a stage in the draft goes along.
BEGIN;
SELECT lead_scoring.add_stage('renames', 'recycled', kind => 'detour');
UPDATE renames.stages SET within = '3 days', timeout_stage = 'recycled', requires = '{"visit": 2}' WHERE name = 'mql';
UPDATE renames.stages SET name = 'nurture' WHERE name = 'recycled';
UPDATE renames.rules SET name = 'view' WHERE name = 'visit';
SELECT name, timeout_stage, requires FROM renames.stages WHERE name = 'mql';
SELECT lead_scoring.publish('renames');
ROLLBACK;

-- What two stages would count as, one has to say.
SELECT lead_scoring.add_stage('renames', 'SQL', on_event => 'call 2');
SELECT lead_scoring.publish('renames');
UPDATE renames.stages SET counts_as = CASE name WHEN 'SQL' THEN 'sql' END WHERE name IN ('SQL', 'sql');
SELECT lead_scoring.publish('renames');
SELECT s.stage ->> 'name', s.stage ->> 'counts_as' FROM renames.versions v, jsonb_array_elements(v.definition -> 'stages') s (stage)
 WHERE v.version = (SELECT max(w.version) FROM renames.versions w) ORDER BY s.stage ->> 'name' COLLATE "C";
SELECT lead_scoring.add_stage('renames', 'x', counts_as => 'prospect');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('renames');
SELECT lead_scoring.drop_model('renames') \g /dev/null

-- Another stage that comes to count as it is what the status column shows; none, once it is deleted. A column keeps its key
-- where the new name has one of its own.
ALTER TABLE leads DROP COLUMN lead_stage, DROP COLUMN mql_at, DROP COLUMN demo_at;
SELECT lead_scoring.create_model('renames', 'leads', 'events', status_columns => '{"stage": "lead_stage", "mql_at": "mql_at", "hot_at": "hot_at"}') \g /dev/null
SELECT lead_scoring.add_rule('renames', 'visit', 'visit', 10, per => 'n::numeric'), lead_scoring.add_stage('renames', 'warm', 20, counts_as => 'mql'), lead_scoring.add_stage('renames', 'hot', on_event => 'demo') \g /dev/null
SELECT lead_scoring.publish('renames');
SELECT id, lead_stage, mql_at::date, hot_at::date FROM leads ORDER BY id;
UPDATE renames.stages SET counts_as = CASE name WHEN 'hot' THEN 'mql' END;
SELECT lead_scoring.publish('renames');
SELECT id, lead_stage, mql_at::date, hot_at::date FROM leads ORDER BY id;
SELECT * FROM lead_scoring.verify('renames');
UPDATE renames.stages SET name = 'mql' WHERE name = 'hot';
SELECT lead_scoring.publish('renames', rescore => false);
SELECT status_columns FROM renames.settings;
SELECT id, lead_stage, mql_at::date, hot_at::date FROM leads ORDER BY id;
CALL lead_scoring.rescore('renames');
SELECT * FROM lead_scoring.verify('renames');
DELETE FROM renames.stages WHERE name = 'mql';
SELECT lead_scoring.publish('renames');
SELECT id, lead_stage, mql_at::date, hot_at::date FROM leads ORDER BY id;
SELECT * FROM lead_scoring.verify('renames');
-- A name whose column is somebody else's.
ALTER TABLE renames.scores ADD COLUMN cold_at text;
UPDATE renames.stages SET name = 'cold' WHERE name = 'warm';
SELECT lead_scoring.publish('renames');
\echo :LAST_ERROR_SQLSTATE
UPDATE renames.stages SET name = 'warm' WHERE name = 'cold';
-- Triggers of the user's on leads run when all is by its new name.
CREATE FUNCTION echo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO renames_test.events VALUES (NEW.id, 'echo', '2026-03-01', NULL); RETURN NEW; END $$;
CREATE TRIGGER echo AFTER UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION echo();
UPDATE renames.stages SET name = 'engaged' WHERE name = 'warm';
UPDATE renames.stages SET name = 'new' WHERE name = 'lead';
SELECT lead_scoring.publish('renames');
SELECT id, lead_stage FROM leads ORDER BY id;
SELECT count(*) FROM events WHERE type = 'echo';
SELECT * FROM lead_scoring.verify('renames');
SELECT lead_scoring.drop_model('renames') \g /dev/null
DROP TRIGGER echo ON leads;

-- Stages called as people write them count as what they are called; and a model without an MQL says so.
ALTER TABLE leads DROP COLUMN lead_stage, DROP COLUMN mql_at, DROP COLUMN hot_at;
SELECT lead_scoring.create_model('renames', 'leads', 'events') \g /dev/null
SELECT lead_scoring.add_rule('renames', 'visit', 'visit', 10), lead_scoring.add_stage('renames', 'MQL', 20), lead_scoring.add_stage('renames', 'SQL', on_event => 'call'),
       lead_scoring.add_stage('renames', 'Customer', on_event => 'won') \g /dev/null
SET client_min_messages = notice;
SELECT lead_scoring.publish('renames');
SELECT period, mqls, sqls, customers FROM renames.funnel WHERE mqls > 0;
SELECT id, lead_stage, mql_at FROM leads WHERE lead_stage <> 'lead' ORDER BY id;
SELECT * FROM lead_scoring.verify('renames');
UPDATE renames.stages SET counts_as = 'sal' WHERE name = 'MQL';
SELECT lead_scoring.publish('renames');
-- One that counts as nothing yet may be the one that is meant.
SELECT lead_scoring.add_stage('renames', 'Demo', on_event => 'demo');
SELECT lead_scoring.publish('renames');
DELETE FROM renames.stages WHERE name = 'Demo';
UPDATE renames.stages SET counts_as = 'mql' WHERE name = 'MQL';
SELECT lead_scoring.publish('renames');
SELECT id, lead_stage, mql_at FROM leads WHERE lead_stage <> 'lead' ORDER BY id;
SELECT * FROM lead_scoring.verify('renames');
SET client_min_messages = warning;
SELECT lead_scoring.drop_model('renames') \g /dev/null
DROP SCHEMA renames_test CASCADE;
