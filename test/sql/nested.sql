-- What a condition calls may do anything to its own model, in the midst of being evaluated for one of its rows: read
-- events by the same conditions, also into an error, write events, publish, close the cursors that it finds. The outer
-- statement goes on with its own row as if nothing had been, and what was done is undone.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA nested;
SET search_path = nested;
CREATE TABLE leads (id bigint PRIMARY KEY, size integer);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, value integer, label text);
CREATE INDEX ON events (lead_id);
CREATE SEQUENCE attempts;
CREATE SEQUENCE succeeded;

-- Runs the statement, not within itself and a few times only, and counts how often it went well.
CREATE FUNCTION attempt(statement text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF statement IS NULL OR current_setting('nested.inside', true) = 'yes' OR nextval('nested.attempts') > 12 THEN
        RETURN;
    END IF;
    PERFORM set_config('nested.inside', 'yes', true);
    BEGIN
        EXECUTE statement;
        PERFORM nextval('nested.succeeded');
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
    PERFORM set_config('nested.inside', '', true);
END $$;
-- Conditions may call none that are not immutable, but one that says so may call any.
CREATE TABLE statement (text text);
CREATE FUNCTION nest(v integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM nested.attempt((SELECT text FROM nested.statement));
    RETURN true;
END $$;
CREATE FUNCTION close_cursors() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    name text;
    other refcursor;
    closed integer := 0;
BEGIN
    FOREACH name IN ARRAY (SELECT array_agg(c.name) FROM pg_catalog.pg_cursors c) LOOP
        BEGIN
            other := name;
            CLOSE other;
            closed := closed + 1;
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
    RETURN 1 / closed;
END $$;

SELECT lead_scoring.create_model('nested_model', 'leads', 'events');
SELECT lead_scoring.add_rule('nested_model', 'condition', 'visit', 1, condition => 'nested.nest(value) AND label = ''long enough to be stored by reference'''),
       lead_scoring.add_rule('nested_model', 'per', 'visit', 1, per => 'CASE WHEN nested.nest(value) THEN value ELSE 0 END'),
       lead_scoring.add_rule('nested_model', 'key', 'visit', 1, limit_count => 1, limit_window => 'ever', limit_key => 'CASE WHEN nested.nest(value) THEN label || value::text END'),
       lead_scoring.add_rule('nested_model', 'error', 'visit', 1, condition => '1 / (value - 3) < 5'),
       lead_scoring.add_fit_rule('nested_model', 'fit', 'nested.nest(size) AND size > 0', 100) \g /dev/null
SELECT lead_scoring.publish('nested_model');
INSERT INTO leads SELECT i, 1 FROM generate_series(1, 3) i;
CREATE FUNCTION write_all(statement text) RETURNS TABLE (went_well boolean, scores text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM setval('nested.attempts', 1, false), setval('nested.succeeded', 1, false);
    TRUNCATE nested.statement;
    INSERT INTO nested.statement VALUES (write_all.statement);
    DELETE FROM nested.events;
    INSERT INTO nested.events SELECT i % 3 + 1, 'visit', '2026-01-01'::timestamptz + i * interval '1 hour', i, 'long enough to be stored by reference' FROM generate_series(1, 6) i;
    UPDATE nested.events SET value = value + 1;
    UPDATE nested.leads SET size = size + 1;
    RETURN QUERY SELECT s.is_called, (SELECT string_agg(c.score::text, ' ' ORDER BY c.lead_id) FROM nested_model.scores c) FROM nested.succeeded s;
    TRUNCATE nested.statement;
END $$;
SELECT * FROM write_all(NULL);
SELECT s, w.* FROM unnest(ARRAY[
    'SELECT FROM lead_scoring.explain(''nested_model'', 1)', 'SELECT lead_scoring.score_at(''nested_model'', 2, now())', 'SELECT FROM lead_scoring.verify(''nested_model'')',
    'SELECT FROM nested_model.rule_lift', 'INSERT INTO nested.events VALUES (1, ''visit'', ''2026-01-03'', 3, ''x'')', 'UPDATE nested.events SET value = 3',
    'SELECT lead_scoring.adjust(''nested_model'', 1, 5)', 'UPDATE nested.leads SET size = -1', 'SELECT lead_scoring.publish(''nested_model'')',
    'UPDATE nested_model.rules SET points = 50; SELECT lead_scoring.publish(''nested_model'')', 'SELECT lead_scoring.repair(''nested_model'')', 'SELECT nested.close_cursors()']) s
 CROSS JOIN LATERAL write_all(s) w;
INSERT INTO statement VALUES ('SELECT nested.close_cursors()');
SELECT setval('attempts', 1, false) \g /dev/null
SELECT * FROM lead_scoring.verify('nested_model');
SELECT setval('attempts', 1, false), setval('succeeded', 1, false) \g /dev/null
UPDATE statement SET text = 'SELECT FROM lead_scoring.explain(''nested_model'', 1)';
SELECT * FROM lead_scoring.verify('nested_model');
SELECT is_called FROM succeeded;
TRUNCATE statement;
SELECT * FROM lead_scoring.verify('nested_model');

SELECT lead_scoring.drop_model('nested_model');
DROP SCHEMA nested CASCADE;
