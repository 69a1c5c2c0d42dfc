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

SELECT lead_scoring.drop_model('own_triggers');
DROP SCHEMA own_triggers_test CASCADE;
