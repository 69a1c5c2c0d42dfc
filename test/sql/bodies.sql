-- A function that was inlined a moment ago may have any other body by now: what planning calls replaces it, here, and
-- another session could. Whatever it is then, publishing succeeds or is an SQL error, and the server is there.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA bodies;
SET search_path = bodies;
SET check_function_bodies = off;
CREATE TABLE leads (id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, value integer);
CREATE INDEX ON events (lead_id);
CREATE TABLE replacements (place serial, definition text);
INSERT INTO replacements (definition) VALUES
    ('LANGUAGE sql AS ''SELECT v + 1'''), ('LANGUAGE sql AS '''''), ('LANGUAGE sql AS ''SELECT'''), ('LANGUAGE sql AS ''SELECT 1, 2'''),
    ('LANGUAGE sql AS ''SELECT 1; SELECT 2'''), ('LANGUAGE sql AS ''SELECT 1 FROM bodies.events'''), ('LANGUAGE sql AS ''SELECT count(*)::integer'''),
    ('LANGUAGE sql AS ''SELECT (SELECT v)'''), ('LANGUAGE sql AS ''SELECT generate_series(1, v)'''), ('LANGUAGE sql AS ''SELECT row_number() OVER ()::integer'''),
    ('LANGUAGE sql AS ''VALUES (v), (2)'''), ('LANGUAGE sql AS ''INSERT INTO bodies.leads VALUES (v) RETURNING 1'''), ('LANGUAGE sql AS ''CREATE TABLE bodies.made ()'''),
    ('LANGUAGE sql AS ''SELECT 1 INTO bodies.made'''), ('LANGUAGE sql AS ''DECLARE c CURSOR FOR SELECT 1'''), ('LANGUAGE sql AS ''no SQL'''),
    ('LANGUAGE sql RETURN v + 1'), ('LANGUAGE sql RETURN (SELECT v)'), ('LANGUAGE sql BEGIN ATOMIC END'), ('LANGUAGE sql BEGIN ATOMIC SELECT v; SELECT v; END'),
    ('LANGUAGE plpgsql AS ''BEGIN RETURN v; END''');

-- Conditions may call none that are not immutable, but one that says so may call any.
CREATE FUNCTION replace_it() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE OR REPLACE FUNCTION bodies.inlined(v integer) RETURNS integer IMMUTABLE '
            || coalesce((SELECT definition FROM bodies.replacements ORDER BY place LIMIT 1), 'LANGUAGE sql AS ''SELECT v''');
    RETURN 1;
END $$;
CREATE FUNCTION while_planning() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN bodies.replace_it(); END';
CREATE FUNCTION inlined(v integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT v';
SELECT lead_scoring.create_model('bodies_model', 'leads', 'events', status_columns => '{}');

CREATE PROCEDURE walk() LANGUAGE plpgsql AS $$
DECLARE
    outcome text;
BEGIN
    WHILE EXISTS (SELECT FROM bodies.replacements) LOOP
        BEGIN
            outcome := 'published';
            DELETE FROM bodies_model.rules;
            CREATE OR REPLACE FUNCTION bodies.inlined(v integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT v';
            PERFORM lead_scoring.add_rule('bodies_model', 'visit', 'visit', 1, condition => 'bodies.inlined(value) + bodies.while_planning() > 0');
            PERFORM lead_scoring.publish('bodies_model');
            INSERT INTO bodies.events VALUES (1, 'visit', '2026-01-01', 1);
        EXCEPTION WHEN OTHERS THEN
            outcome := SQLERRM;
        END;
        RAISE INFO '%: %', (SELECT definition FROM bodies.replacements ORDER BY place LIMIT 1), outcome;
        COMMIT;
        DELETE FROM bodies.replacements WHERE place = (SELECT min(place) FROM bodies.replacements);
        COMMIT;
    END LOOP;
END $$;
SET client_min_messages = warning;
CALL walk();
CREATE OR REPLACE FUNCTION inlined(v integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT v';
SELECT * FROM lead_scoring.verify('bodies_model');

SELECT lead_scoring.drop_model('bodies_model');
DROP SCHEMA bodies CASCADE;
