-- A condition rests on functions: those it calls, those that were inlined in it, those behind its operators and casts. A
-- change of one of them takes effect with the next statement, in the same transaction too. A change of any other one
-- does not make the session read the model again.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA fd;
SET search_path = fd;
CREATE TABLE leads (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, value integer);
CREATE INDEX ON events (lead_id);

CREATE FUNCTION called(v integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN v > 0; END';
CREATE FUNCTION inlined(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT v > 0';
CREATE FUNCTION inner_one(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT v > 0';
CREATE FUNCTION outer_one(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT fd.inner_one(v)';
CREATE FUNCTION least_value() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 0; END';
CREATE FUNCTION above(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT v > fd.least_value()';
CREATE FUNCTION setting() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 0; END';
CREATE FUNCTION by_setting() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN fd.setting(); END';
CREATE FUNCTION inner_two(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT v > 0';
CREATE FUNCTION kept(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE SET work_mem = '4MB' AS 'SELECT fd.inner_two(v)';
CREATE FUNCTION compares(a integer, b text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT a > 0';
CREATE OPERATOR === (FUNCTION = compares, LEFTARG = integer, RIGHTARG = text);
CREATE TYPE temper AS (warm boolean);
CREATE FUNCTION temper(v integer) RETURNS temper LANGUAGE sql IMMUTABLE AS 'SELECT ROW(v > 0)::fd.temper';
CREATE CAST (integer AS temper) WITH FUNCTION temper(integer);
CREATE FUNCTION key_of(v integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT v::text';
CREATE FUNCTION times(v integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT v * 3';
CREATE FUNCTION has_won(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT v > 0';
CREATE FUNCTION meant(v anyelement) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN v > 0; END';
CREATE FUNCTION is_small(v integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN v < 10; END';
CREATE DOMAIN small AS integer CHECK (is_small(VALUE));

SELECT lead_scoring.create_model('fd_model', 'leads', 'events', require_index => false);
SELECT count(lead_scoring.add_rule('fd_model', t, t, 1, condition => c)) FROM (VALUES
    ('called', 'called(value)'), ('inlined', 'inlined(value)'), ('inlined in another', 'outer_one(value)'),
    ('folded', 'value > least_value()'), ('folded within', 'above(value)'), ('called while folding', 'value > by_setting()'),
    ('called by one in SQL', 'kept(value)'), ('operator', 'value === ''x'''), ('cast', '(value::temper).warm'),
    ('overloaded', 'meant(value)'), ('domain', 'value::small > 0')) r(t, c);
SELECT lead_scoring.add_rule('fd_model', 'per', 'per', 1, per => 'times(value)');
SELECT lead_scoring.add_rule('fd_model', 'key', 'key', 1, limit_count => 1, limit_window => 'day', limit_key => 'key_of(value)');
SELECT lead_scoring.add_stage('fd_model', 'won', on_event => 'won', on_event_condition => 'has_won(value)');
SELECT lead_scoring.publish('fd_model');

-- What a new lead comes to by two events of the type.
CREATE FUNCTION outcome(kind text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    lead bigint;
BEGIN
    INSERT INTO fd.leads DEFAULT VALUES RETURNING id INTO lead;
    INSERT INTO fd.events VALUES (lead, kind, '2026-01-01 10:00+00', 1), (lead, kind, '2026-01-01 11:00+00', 2);
    RETURN (SELECT score || ' ' || stage FROM fd_model.scores WHERE lead_id = lead);
END
$$;

-- changed(function, body): its body is now another one.
CREATE FUNCTION changed(name regprocedure, old text, new text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE replace(pg_get_functiondef(name), old, new);
END
$$;

CREATE FUNCTION all_outcomes() RETURNS TABLE (kind text, outcome text) LANGUAGE sql AS $$
    SELECT t, fd.outcome(t) FROM unnest('{called,inlined,"inlined in another",folded,"folded within","called while folding",
        "called by one in SQL",operator,cast,overloaded,domain,per,key,won}'::text[]) t
$$;

SELECT * FROM all_outcomes();
SELECT changed('called(integer)', '> 0', '> 1');
SELECT outcome('called');
SELECT changed('inlined(integer)', '> 0', '> 1');
SELECT outcome('inlined');
SELECT changed('inner_one(integer)', '> 0', '> 1');
SELECT outcome('inlined in another');
SELECT changed('least_value()', '0', '1');
SELECT outcome('folded'), outcome('folded within');
SELECT changed('setting()', '0', '1');
SELECT outcome('called while folding');
SELECT changed('inner_two(integer)', '> 0', '> 1');
SELECT outcome('called by one in SQL');
SELECT changed('compares(integer, text)', '> 0', '> 1');
SELECT outcome('operator');
SELECT changed('temper(integer)', '> 0', '> 1');
SELECT outcome('cast');
SELECT changed('times(integer)', '* 3', '* 4');
SELECT outcome('per');
SELECT changed('key_of(integer)', 'v::text', '(v > 0)::text');
SELECT outcome('key');
SELECT changed('has_won(integer)', '> 0', '> 7');
SELECT outcome('won');
CREATE FUNCTION meant(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT v > 1';
SELECT outcome('overloaded');

-- The same in one transaction, with the model in use; and each condition in a model of its own, where nothing else makes it
-- be read again.
BEGIN;
SELECT changed('called(integer)', '> 1', '> 2'), changed('inlined(integer)', '> 1', '> 2'), changed('inner_one(integer)', '> 1', '> 2'),
    changed('least_value()', '1', '2'), changed('setting()', '1', '2'), changed('inner_two(integer)', '> 1', '> 2'),
    changed('compares(integer, text)', '> 1', '> 2'), changed('temper(integer)', '> 1', '> 2'), changed('times(integer)', '* 4', '* 5'),
    changed('key_of(integer)', '(v > 0)::text', 'v::text'), changed('has_won(integer)', '> 7', '> 0'), changed('meant(integer)', '> 1', '> 2');
SELECT * FROM all_outcomes();
ROLLBACK;
SELECT * FROM all_outcomes();
CREATE FUNCTION alone(condition text, change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text[];
BEGIN
    PERFORM lead_scoring.create_model('fd_alone', 'fd.leads', 'fd.events', require_index => false, status_columns => '{}');
    PERFORM lead_scoring.add_rule('fd_alone', 'alone', 'alone', 1, condition => alone.condition);
    PERFORM lead_scoring.publish('fd_alone');
    FOR i IN 1 .. 2 LOOP
        PERFORM fd.outcome('alone');
        found := found || (SELECT score::text FROM fd_alone.scores ORDER BY lead_id DESC LIMIT 1);
        EXECUTE change;
    END LOOP;
    PERFORM lead_scoring.drop_model('fd_alone');
    RETURN array_to_string(found, ', then ');
END
$$;
BEGIN;
SELECT alone('called(value)', $$SELECT fd.changed('fd.called(integer)', '> 1', '> 2')$$);
SELECT alone('inlined(value)', $$SELECT fd.changed('fd.inlined(integer)', '> 1', '> 2')$$);
SELECT alone('outer_one(value)', $$SELECT fd.changed('fd.inner_one(integer)', '> 1', '> 2')$$);
SELECT alone('value > least_value()', $$SELECT fd.changed('fd.least_value()', '1', '2')$$);
ROLLBACK;
BEGIN;
SELECT alone('above(value)', $$SELECT fd.changed('fd.least_value()', '1', '2')$$);
SELECT alone('value > by_setting()', $$SELECT fd.changed('fd.setting()', '1', '2')$$);
SELECT alone('kept(value)', $$SELECT fd.changed('fd.inner_two(integer)', '> 1', '> 2')$$);
SELECT alone('value === ''x''', $$SELECT fd.changed('fd.compares(integer, text)', '> 1', '> 2')$$);
SELECT alone('(value::temper).warm', $$SELECT fd.changed('fd.temper(integer)', '> 1', '> 2')$$);
DROP FUNCTION meant(integer);
SELECT alone('meant(value)', 'CREATE OR REPLACE FUNCTION fd.meant(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS ''SELECT v > 1''');
ROLLBACK;

-- What makes a condition unfit, or takes a function away, is noticed by the next statement.
ALTER FUNCTION called(integer) STABLE;
SELECT outcome('called');
ALTER FUNCTION called(integer) IMMUTABLE;
SELECT outcome('called');
ALTER FUNCTION least_value() STABLE;
SELECT outcome('folded within');
ALTER FUNCTION least_value() IMMUTABLE;
ALTER FUNCTION is_small(integer) STABLE;
SELECT outcome('domain');
ALTER FUNCTION is_small(integer) IMMUTABLE;
ALTER FUNCTION inlined(integer) RENAME TO another;
SELECT outcome('inlined');
ALTER FUNCTION another(integer) RENAME TO inlined;
SELECT outcome('inlined');
ALTER DOMAIN small ADD CHECK (VALUE <> 2);
\set VERBOSITY sqlstate
SELECT outcome('domain');
\set VERBOSITY default
ALTER DOMAIN small DROP CONSTRAINT small_check1;

-- The model is read again after a change of a function that it rests on, and of no other. Some calls rest on all:
-- those that were folded, those of functions in SQL that were not inlined, those that may come to mean another function.
CREATE FUNCTION unrelated(v integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN v; END';
CREATE FUNCTION read_again(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    before bigint;
BEGIN
    PERFORM fd.outcome('called');
    before := pg_stat_get_xact_numscans('fd_model.settings'::regclass);
    EXECUTE statement;
    PERFORM fd.outcome('called');
    RETURN pg_stat_get_xact_numscans('fd_model.settings'::regclass) > before;
END
$$;
SELECT read_again($$SELECT fd.changed('fd.unrelated(integer)', 'v;', 'v + 1;')$$);
DELETE FROM fd_model.rules WHERE name IN ('overloaded', 'called by one in SQL', 'folded', 'folded within', 'called while folding');
SELECT lead_scoring.publish('fd_model');
SELECT statement, read_again(statement) FROM (VALUES
    ('SELECT 1'),
    ($$SELECT fd.changed('fd.unrelated(integer)', 'v + 1;', 'v + 2;')$$),
    ('CREATE FUNCTION fd.called(v text) RETURNS boolean LANGUAGE sql AS ''SELECT true'''),
    ('CREATE TABLE fd.other (id integer); DROP TABLE fd.other'),
    ('CREATE DOMAIN fd.other AS integer CHECK (VALUE > 1); DROP DOMAIN fd.other'),
    ('ALTER FUNCTION fd.unrelated(integer) COST 7'),
    ('ALTER FUNCTION fd.called(integer) COST 7'),
    ('ALTER FUNCTION fd.inner_one(integer) COST 7'),
    ('ALTER FUNCTION fd.temper(integer) COST 7'),
    ('ALTER FUNCTION fd.compares(integer, text) COST 7'),
    ('ALTER FUNCTION fd.times(integer) COST 7'),
    ('ALTER FUNCTION fd.key_of(integer) COST 7'),
    ('ALTER FUNCTION fd.has_won(integer) COST 7'),
    ('ALTER DOMAIN fd.small SET DEFAULT 3'),
    ('CREATE OPERATOR fd.==== (FUNCTION = fd.compares, LEFTARG = integer, RIGHTARG = text)')) s(statement);

DELETE FROM fd_model.rules WHERE name = 'domain';
SELECT lead_scoring.publish('fd_model');
SELECT lead_scoring.repair('fd_model');
SELECT * FROM lead_scoring.verify('fd_model');
SELECT lead_scoring.drop_model('fd_model');
DROP SCHEMA fd CASCADE;
