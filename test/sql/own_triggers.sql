-- Triggers of the user's on any of the tables that write events and leads again within a statement. Whatever they do,
-- and however often, verify() finds nothing.
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA own_triggers_test;
SET search_path = own_triggers_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, title text);
CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, lead_id bigint, type text, occurred_at timestamptz DEFAULT '2024-01-01');
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('own_triggers', 'leads', 'events', status_columns => '{"stage": "lead_stage", "score": "lead_score"}');
SELECT lead_scoring.add_rule('own_triggers', 'visit', 'visit', 10);
SELECT lead_scoring.add_fit_rule('own_triggers', 'chief', $$title = 'CEO'$$, 20);
SELECT lead_scoring.add_stage('own_triggers', 'mql', min_score => 30);
SELECT lead_scoring.publish('own_triggers');
\set show 'SELECT s.lead_id, s.engagement, s.fit, s.stage, l.lead_stage, l.lead_score FROM own_triggers.scores s LEFT JOIN leads l ON l.id = s.lead_id ORDER BY 1; SELECT * FROM lead_scoring.verify(''own_triggers'');'

-- A lead is changed again by a trigger on the very row.
CREATE FUNCTION enrich() RETURNS trigger LANGUAGE plpgsql SET search_path = own_triggers_test
AS $$
BEGIN
    IF pg_trigger_depth() = 1 THEN
        UPDATE leads SET title = CASE NEW.title WHEN 'CEO' THEN 'clerk' ELSE 'CEO' END WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER enrich AFTER INSERT OR UPDATE OF title ON leads FOR EACH ROW EXECUTE FUNCTION enrich();
INSERT INTO leads VALUES (1, 'CEO');
:show
INSERT INTO leads VALUES (2, NULL), (3, 'CEO'), (4, NULL);
:show
UPDATE leads SET title = CASE id WHEN 1 THEN 'CEO' ELSE 'clerk' END;
:show
WITH e AS (INSERT INTO events (lead_id, type) VALUES (2, 'visit'), (3, 'visit'), (9, 'visit'))
UPDATE leads SET title = 'CEO' WHERE id IN (1, 2);
:show
INSERT INTO leads VALUES (1, 'CEO'), (5, 'CEO') ON CONFLICT (id) DO UPDATE SET title = excluded.title;
:show
DROP FUNCTION enrich CASCADE;

-- It goes, or gets another key.
CREATE FUNCTION remove() RETURNS trigger LANGUAGE plpgsql SET search_path = own_triggers_test
AS $$
BEGIN
    IF NEW.title = 'nobody' THEN
        DELETE FROM leads WHERE id = NEW.id;
    ELSIF NEW.title = 'other' THEN
        UPDATE leads SET id = id + 100, title = 'CEO' WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER remove AFTER INSERT OR UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION remove();
INSERT INTO leads VALUES (6, 'nobody'), (7, 'other'), (8, 'CEO'), (9, 'nobody');
:show
UPDATE leads SET title = CASE id WHEN 2 THEN 'nobody' WHEN 3 THEN 'other' ELSE title END;
:show
DROP FUNCTION remove CASCADE;
TRUNCATE events;

-- An event is removed, or gets another lead, by a trigger on the very row.
CREATE FUNCTION sort_out() RETURNS trigger LANGUAGE plpgsql SET search_path = own_triggers_test
AS $$
BEGIN
    IF NEW.type = 'spam' THEN
        DELETE FROM events WHERE id = NEW.id;
    ELSIF NEW.lead_id = 0 THEN
        UPDATE events SET lead_id = 1 WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER sort_out AFTER INSERT OR UPDATE ON events FOR EACH ROW EXECUTE FUNCTION sort_out();
INSERT INTO events (lead_id, type) VALUES (1, 'spam'), (11, 'spam');
:show
INSERT INTO events (lead_id, type) VALUES (12, 'spam');
INSERT INTO events (lead_id, type) VALUES (0, 'visit'), (0, 'visit'), (13, 'visit'), (13, 'spam');
:show
UPDATE events SET lead_id = 0, type = 'visit';
:show
UPDATE events SET type = 'spam';
:show
DROP FUNCTION sort_out CASCADE;

-- A move stores events: of the lead itself and of another one, whose turn has been or is still to come.
TRUNCATE events, leads;
CREATE FUNCTION celebrate() RETURNS trigger LANGUAGE plpgsql SET search_path = own_triggers_test
AS $$
BEGIN
    IF NEW.to_stage = 'mql' AND pg_trigger_depth() < 5 THEN
        INSERT INTO events (lead_id, type) VALUES (NEW.lead_id, 'visit'), (NEW.lead_id % 5 + 1, 'visit'), (5 - NEW.lead_id, 'visit');
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER celebrate AFTER INSERT ON own_triggers.transitions FOR EACH ROW EXECUTE FUNCTION celebrate();
INSERT INTO leads SELECT i, 'CEO' FROM generate_series(1, 5) i;
INSERT INTO events (lead_id, type) VALUES (3, 'visit');
:show
INSERT INTO events (lead_id, type) VALUES (1, 'visit'), (5, 'visit');
:show
SELECT lead_scoring.set_stage('own_triggers', 1, 'lead', 'anew');
SELECT lead_scoring.set_stage('own_triggers', 1, 'mql', 'again');
:show
DROP TRIGGER celebrate ON own_triggers.transitions;

-- The same while everything is computed, with more moves than are kept for the end.
TRUNCATE events, leads;
INSERT INTO leads SELECT i, 'clerk' FROM generate_series(1, 1500) i;
INSERT INTO events (lead_id, type) SELECT i, 'visit' FROM generate_series(1, 1500) i;
CREATE FUNCTION infect() RETURNS trigger LANGUAGE plpgsql SET search_path = own_triggers_test
AS $$
BEGIN
    INSERT INTO events (lead_id, type) VALUES (NEW.lead_id, 'visit'), (1500 - NEW.lead_id, 'visit'), (2000, 'visit');
    UPDATE leads SET title = 'CEO' WHERE id = 1501 - NEW.lead_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER infect AFTER INSERT ON own_triggers.transitions FOR EACH ROW WHEN (NEW.lead_id % 500 = 1) EXECUTE FUNCTION infect();
UPDATE own_triggers.stages SET min_score = 10 WHERE name = 'mql';
SELECT lead_scoring.publish('own_triggers');
SELECT s.engagement, s.fit, s.stage, l.lead_stage, l.lead_score, count(*) FROM own_triggers.scores s LEFT JOIN leads l ON l.id = s.lead_id GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3;
SELECT * FROM lead_scoring.verify('own_triggers');
DROP FUNCTION infect CASCADE;

-- And while status columns are written, many at a time: the row of another lead may be in a later statement.
CREATE FUNCTION pass_on() RETURNS trigger LANGUAGE plpgsql SET search_path = own_triggers_test
AS $$
BEGIN
    INSERT INTO events (lead_id, type) VALUES (1500 - NEW.id, 'visit');
    RETURN NULL;
END
$$;
CREATE TRIGGER pass_on AFTER UPDATE OF lead_stage ON leads FOR EACH ROW WHEN (NEW.id % 500 = 1) EXECUTE FUNCTION pass_on();
UPDATE own_triggers.rules SET points = 11 WHERE name = 'visit';
SELECT lead_scoring.publish('own_triggers');
SELECT s.engagement, s.fit, s.stage, l.lead_stage, l.lead_score, count(*) FROM own_triggers.scores s LEFT JOIN leads l ON l.id = s.lead_id GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3;
SELECT * FROM lead_scoring.verify('own_triggers');
DROP FUNCTION pass_on CASCADE;
DROP FUNCTION celebrate;

-- Constraint triggers on what such triggers write, and on the model's own tables, may be deferred. In a statement they run
-- at the end of the transaction, in a function as soon as it has written.
TRUNCATE events, leads;
CREATE ROLE regress_lead_scoring_writer;
GRANT USAGE ON SCHEMA own_triggers_test, own_triggers TO regress_lead_scoring_writer;
GRANT INSERT ON events, own_triggers.transitions, own_triggers.adjustments TO regress_lead_scoring_writer;
GRANT INSERT, SELECT ON leads, own_triggers.scores TO regress_lead_scoring_writer;
CREATE TABLE ran (place bigint GENERATED ALWAYS AS IDENTITY, "table" text);
GRANT INSERT, SELECT ON ran TO regress_lead_scoring_writer;
CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql SET search_path = own_triggers_test
AS $$BEGIN INSERT INTO ran ("table") VALUES (TG_RELID::regclass::text); RETURN NULL; END$$;
CREATE FUNCTION answer() RETURNS trigger LANGUAGE plpgsql SET search_path = own_triggers_test
AS $$
BEGIN
    IF NEW.lead_id < 10 THEN
        INSERT INTO events (lead_id, type) VALUES (NEW.lead_id + 10, 'visit');
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION later();
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON own_triggers.transitions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION later();
CREATE TRIGGER answer AFTER INSERT ON own_triggers.transitions FOR EACH ROW EXECUTE FUNCTION answer();
CREATE TRIGGER answer AFTER UPDATE ON own_triggers.scores FOR EACH ROW EXECUTE FUNCTION answer();
INSERT INTO leads SELECT i, 'clerk' FROM generate_series(1, 4) i;
\set ran 'SELECT "table", count(*) FROM ran GROUP BY 1 ORDER BY 1; DELETE FROM ran;'
:ran
BEGIN;
INSERT INTO events (lead_id, type) VALUES (1, 'visit'), (1, 'visit'), (1, 'visit'), (2, 'visit');
SELECT count(*) FROM ran;
COMMIT;
:ran
SELECT lead_scoring.set_stage('own_triggers', 2, 'mql'), lead_scoring.adjust('own_triggers', 3, 1) IS NULL;
:ran
SET ROLE regress_lead_scoring_writer;
INSERT INTO events (lead_id, type) VALUES (3, 'visit'), (3, 'visit'), (3, 'visit'), (4, 'visit');
SELECT lead_scoring.set_stage('own_triggers', 4, 'mql'), lead_scoring.adjust('own_triggers', 3, 1) IS NULL;
RESET ROLE;
:ran
:show
DROP FUNCTION later, answer CASCADE;
DROP TABLE ran;
DROP OWNED BY regress_lead_scoring_writer;
DROP ROLE regress_lead_scoring_writer;

-- Two leads are merged, and what moves their events, joins their histories and computes them, stores events: of others, and
-- of the two.
TRUNCATE events, leads;
INSERT INTO leads SELECT i, 'CEO' FROM generate_series(1, 8) i;
INSERT INTO events (lead_id, type) VALUES (1, 'visit'), (2, 'visit'), (2, 'visit');
CREATE FUNCTION join_in() RETURNS trigger LANGUAGE plpgsql SET search_path = own_triggers_test
AS $$
BEGIN
    IF pg_trigger_depth() < 3 THEN
        INSERT INTO events (lead_id, type) SELECT l, 'visit' FROM unnest(TG_ARGV::integer[]) l;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER join_in AFTER UPDATE ON events FOR EACH ROW EXECUTE FUNCTION join_in(1, 2, 3);
CREATE TRIGGER join_in AFTER UPDATE ON own_triggers.transitions FOR EACH STATEMENT EXECUTE FUNCTION join_in(1, 2, 4);
CREATE TRIGGER join_in AFTER UPDATE ON own_triggers.scores FOR EACH STATEMENT EXECUTE FUNCTION join_in(1, 2, 5);
SELECT lead_scoring.merge_leads('own_triggers', 2, 1);
SELECT lead_id, count(*) FROM events GROUP BY 1 ORDER BY 1;
:show
-- One that is merged meanwhile, too, and then one that fails.
CREATE FUNCTION merge_more() RETURNS trigger LANGUAGE plpgsql SET search_path = own_triggers_test
AS $$
BEGIN
    IF NEW.lead_id = 4 THEN
        PERFORM lead_scoring.merge_leads('own_triggers', 5, 6);
    END IF;
    RETURN NULL;
END
$$;
DROP FUNCTION join_in CASCADE;
CREATE TRIGGER merge_more AFTER UPDATE ON events FOR EACH ROW EXECUTE FUNCTION merge_more();
SELECT lead_scoring.merge_leads('own_triggers', 3, 4);
SELECT lead_scoring.merge_leads('own_triggers', 4, 4);
:show
CREATE OR REPLACE FUNCTION merge_more() RETURNS trigger LANGUAGE plpgsql SET search_path = own_triggers_test
AS $$BEGIN PERFORM lead_scoring.set_stage('own_triggers', NEW.lead_id, 'lead'); RETURN NULL; END$$;
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT lead_scoring.merge_leads('own_triggers', 4, 7);
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
INSERT INTO events (lead_id, type) VALUES (4, 'visit'), (7, 'visit');
SELECT lead_scoring.set_stage('own_triggers', 7, 'lead');
:show
DROP FUNCTION merge_more CASCADE;

-- Who is to be forgotten and is kept, is not said to be forgotten.
TRUNCATE events, leads;
ALTER TABLE leads ADD COLUMN deleted boolean DEFAULT false;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql SET search_path = own_triggers_test
AS $$
BEGIN
    UPDATE leads SET deleted = true WHERE id = OLD.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER keep BEFORE DELETE ON leads FOR EACH ROW EXECUTE FUNCTION keep();
INSERT INTO leads VALUES (1, 'CEO');
INSERT INTO events (lead_id, type) VALUES (1, 'visit');
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT lead_scoring.forget_lead('own_triggers', 1);
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgrelid IN ('own_triggers_test.leads'::regclass, 'own_triggers_test.events'::regclass) AND NOT tgisinternal AND tgname NOT LIKE 'lead_scoring%';
:show
DROP FUNCTION keep CASCADE;
SELECT lead_scoring.forget_lead('own_triggers', 1);
:show

SELECT lead_scoring.drop_model('own_triggers');
DROP SCHEMA own_triggers_test CASCADE;
