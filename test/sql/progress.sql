-- rescore in batches, and what long operations say of themselves while they run: triggers of the user's look.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA progress_test;
SET search_path = progress_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id, occurred_at);
INSERT INTO leads SELECT i, 'DE' FROM generate_series(1, 250) i;
INSERT INTO events SELECT i, 'visit', '2024-01-01' FROM generate_series(1, 260) i;
SELECT lead_scoring.create_model('progress', 'leads', 'events');
SELECT lead_scoring.add_rule('progress', 'visit', 'visit', 10), lead_scoring.add_fit_rule('progress', 'domestic', $$country = 'DE'$$, 5);
SELECT lead_scoring.add_stage('progress', 'mql', min_score => 12);
SELECT * FROM lead_scoring.progress;

-- Who runs in the middle of it sees how far it is: where transitions are written, many at a time, and statuses.
CREATE TABLE seen (place serial, model text, phase text, leads_done bigint, leads_total bigint, mine boolean, at_work boolean);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO progress_test.seen (model, phase, leads_done, leads_total, mine, at_work)
    SELECT p.model, p.phase, p.leads_done, p.leads_total, p.pid = pg_backend_pid(), p.started_at <= clock_timestamp()
      FROM lead_scoring.progress p;
    RETURN NULL;
END $$;
CREATE TRIGGER look AFTER INSERT ON progress.transitions FOR EACH ROW WHEN (NEW.lead_id IN (1, 101, 150, 250)) EXECUTE FUNCTION look();
CREATE TRIGGER look AFTER UPDATE OF lead_stage ON leads FOR EACH ROW WHEN (NEW.id = 1) EXECUTE FUNCTION look();
SELECT lead_scoring.publish('progress');
SELECT model, phase, leads_done, leads_total, mine, at_work FROM seen ORDER BY place;
SELECT count(*) FROM lead_scoring.progress;
SELECT * FROM lead_scoring.verify('progress');
-- An error ends the report too. The server's own views know nothing of it.
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no further than %', (SELECT p.phase FROM lead_scoring.progress p); END $$;
CREATE TRIGGER fail AFTER INSERT ON progress.transitions EXECUTE FUNCTION fail();
UPDATE progress.stages SET min_score = 100 WHERE name = 'mql';
SELECT lead_scoring.add_stage('progress', 'sql', min_score => 11);
SELECT lead_scoring.publish('progress');
SELECT count(*) FROM lead_scoring.progress;
DROP TRIGGER fail ON progress.transitions;

-- In batches: leads of an older version, and nothing else. Each commits; what is done is left out.
TRUNCATE seen;
DELETE FROM progress.stages WHERE name = 'sql';
UPDATE progress.stages SET min_score = 1000 WHERE name = 'mql';
UPDATE progress.rules SET points = 20 WHERE name = 'visit';
SELECT lead_scoring.add_stage('progress', 'warm', rank => 50, min_score => 22);
SELECT lead_scoring.publish('progress', rescore => false);
SELECT problem, count(*) FROM lead_scoring.verify('progress') GROUP BY 1;
SELECT lead_scoring_internal.rescore_leads('progress', NULL, 100);
SELECT problem, count(*) FROM lead_scoring.verify('progress') GROUP BY 1;
CREATE TABLE written AS SELECT lead_id, xmin::text AS by FROM progress.scores WHERE version = 2;
CALL lead_scoring.rescore('progress', 70);
SELECT * FROM lead_scoring.verify('progress');
SELECT count(*), count(*) FILTER (WHERE s.xmin::text = w.by) FROM written w JOIN progress.scores s USING (lead_id);
SELECT phase, leads_done, leads_total FROM seen ORDER BY place;
SELECT to_stage, cause, version, count(*) FROM progress.transitions GROUP BY 1, 2, 3 ORDER BY 3, 1;
SELECT lead_stage, count(*) FROM leads GROUP BY 1;
SELECT count(*) FROM lead_scoring.progress;
-- Nothing is left to do.
CALL lead_scoring.rescore('progress');

-- What is done within it to another model has a report of its own. A batch that an error ends is not counted, and ends the count.
CREATE TABLE other_leads (id bigint PRIMARY KEY);
CREATE TABLE other_events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON other_events (lead_id, occurred_at);
INSERT INTO other_leads VALUES (1);
SELECT lead_scoring.create_model('progress_other', 'other_leads', 'other_events', status_columns => '{}');
SELECT lead_scoring.add_rule('progress_other', 'visit', 'visit', 10), lead_scoring.add_stage('progress_other', 'mql', min_score => 10);
CREATE FUNCTION publish_other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM lead_scoring.publish('progress_other'); RETURN NULL; END $$;
CREATE TRIGGER publish_other AFTER INSERT ON progress.transitions FOR EACH ROW WHEN (NEW.lead_id = 1) EXECUTE FUNCTION publish_other();
UPDATE progress.rules SET points = 30 WHERE name = 'visit';
SELECT lead_scoring.add_stage('progress', 'hot', rank => 60, min_score => 32);
SELECT lead_scoring.publish('progress', rescore => false);
CREATE FUNCTION fail_if_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('progress_test.fails', true) = 'yes' THEN RAISE 'told to fail'; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fail AFTER INSERT ON progress.transitions EXECUTE FUNCTION fail_if_told();
TRUNCATE seen;
SELECT lead_scoring_internal.rescore_leads('progress', NULL, 100);
SELECT lead_scoring_internal.rescore_leads('progress', '100', 50);
SELECT count(*) FROM progress_other.versions;
SET progress_test.fails = 'yes';
SELECT lead_scoring_internal.rescore_leads('progress', '150', 50);
SELECT count(*) FROM lead_scoring.progress;
RESET progress_test.fails;
SELECT lead_scoring_internal.rescore_leads('progress', '150', 100);
CALL lead_scoring.rescore('progress');
SELECT model, phase, leads_done, leads_total FROM seen ORDER BY place;
SELECT count(*) FROM lead_scoring.progress;
SELECT * FROM lead_scoring.verify('progress');
DROP TRIGGER publish_other ON progress.transitions;
DROP TRIGGER fail ON progress.transitions;
SELECT lead_scoring.drop_model('progress_other');

-- The first version too: leads that have no row yet.
SELECT lead_scoring.drop_model('progress');
SELECT lead_scoring.create_model('progress', 'leads', 'events', status_columns => '{}');
SELECT lead_scoring.add_rule('progress', 'visit', 'visit', 10), lead_scoring.add_stage('progress', 'mql', min_score => 10);
SELECT lead_scoring.publish('progress', rescore => false);
CALL lead_scoring.rescore('progress', 100);
SELECT cause, at, count(*) FROM progress.transitions GROUP BY 1, 2;
SELECT * FROM lead_scoring.verify('progress');

-- A preview says how far it is as well: a condition looks, where events are read, and again where a lead that is due has a card of another version.
CREATE FUNCTION told(lead bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    told text;
BEGIN
    IF lead = 150 AND current_setting('progress_test.tells', true) = 'yes' THEN
        FOR told IN SELECT concat_ws(', ', p.model, p.phase, p.leads_done, p.leads_total) FROM lead_scoring.progress p LOOP RAISE WARNING '%', told; END LOOP;
    END IF;
    RETURN true;
END $$;
TRUNCATE events;
SELECT lead_scoring.create_model('progress_seen', 'leads', 'events', status_columns => '{}');
SELECT lead_scoring.add_rule('progress_seen', 'visit', 'visit', 10, 'progress_test.told(lead_id)'), lead_scoring.add_stage('progress_seen', 'mql', min_score => 10);
SELECT lead_scoring.publish('progress_seen');
INSERT INTO events SELECT i, 'visit', clock_timestamp() FROM generate_series(1, 250) i;
UPDATE progress_seen.rules SET points = 11 WHERE name = 'visit';
SELECT lead_scoring.publish('progress_seen', rescore => false);
ALTER TABLE progress_seen.scores DISABLE TRIGGER USER;
UPDATE progress_seen.scores SET due_at = now();
ALTER TABLE progress_seen.scores ENABLE TRIGGER USER;
UPDATE progress_seen.rules SET points = 12 WHERE name = 'visit';
SET progress_test.tells = 'yes';
SELECT count(*) FROM lead_scoring.preview_leads('progress_seen');
SELECT mqls FROM lead_scoring.preview('progress_seen') WHERE period IS NULL;
RESET progress_test.tells;
SELECT count(*) FROM lead_scoring.progress;
SELECT lead_id FROM lead_scoring.verify('progress_seen') WHERE problem NOT IN ('stale', 'due');
SELECT lead_scoring.drop_model('progress_seen');

-- Mistakes.
CALL lead_scoring.rescore('progress', 0);
\echo :LAST_ERROR_SQLSTATE
CALL lead_scoring.rescore('no_model');
\echo :LAST_ERROR_SQLSTATE
BEGIN;
CALL lead_scoring.rescore('progress');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT lead_scoring.pause('progress');
CALL lead_scoring.rescore('progress');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.resume('progress') > 0;
SELECT lead_scoring.drop_model('progress');
DROP SCHEMA progress_test CASCADE;
