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
        IF i = 1 THEN
            EXECUTE change;
        END IF;
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

-- A function that was inlined shows others, which may be folded away without being called: by an argument that is NULL, in a
-- branch that is never taken. They are looked up by the names it calls them by.
CREATE FUNCTION strict_one(a integer, v integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS 'BEGIN RETURN v > 0; END';
CREATE FUNCTION null_within(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT fd.strict_one(NULL, v) IS NULL';
CREATE FUNCTION null_further_within(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT fd.null_within(v)';
CREATE FUNCTION null_parsed(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN strict_one(NULL, v) IS NULL;
CREATE FUNCTION null_by_default(v integer, a integer DEFAULT NULL) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT fd.strict_one(a, v) IS NULL';
CREATE FUNCTION default_within(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT fd.null_by_default(v)';
CREATE FUNCTION null_of_any(v anyelement) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT fd.strict_one(NULL, v) IS NULL';
CREATE FUNCTION any_within(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT fd.null_of_any(v)';
CREATE FUNCTION never(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT v > 0 OR (false AND fd.strict_one(v, v))';
CREATE FUNCTION wide(v bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN v > 0; END';
CREATE FUNCTION widens(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT fd.wide(v)';
-- What it comes to, or fails with; the change is undone.
CREATE FUNCTION tried(condition text, change text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', fd.alone(condition, change);
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$$;
SELECT c, tried(c, 'ALTER FUNCTION fd.strict_one(integer, integer) CALLED ON NULL INPUT')
  FROM unnest('{null_within(value),null_further_within(value),null_parsed(value),default_within(value),any_within(value)}'::text[]) c;
SELECT tried('widens(value)', 'CREATE OR REPLACE FUNCTION fd.wide(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS ''SELECT v > 1''');
SELECT tried('never(value)', 'ALTER FUNCTION fd.strict_one(integer, integer) RENAME TO another');

-- While a condition is planned, a function that is called may read another model, whose conditions are planned meanwhile.
CREATE FUNCTION reads_another() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM lead_scoring.score_at('fd_other', 1, '2026-01-02');
    RETURN 0;
END
$$;
CREATE TABLE other_leads (id bigint PRIMARY KEY);
CREATE TABLE other_events (LIKE events);
SELECT lead_scoring.create_model('fd_other', 'other_leads', 'other_events', require_index => false, status_columns => '{}');
SELECT lead_scoring.add_rule('fd_other', 'other', 'other', 1, condition => 'value > 0');
SELECT lead_scoring.publish('fd_other');
INSERT INTO other_leads VALUES (1);
INSERT INTO other_events VALUES (1, 'other', '2026-01-01', 1);
SELECT lead_scoring.create_model('fd_outer', 'leads', 'events', require_index => false, status_columns => '{}');
SELECT lead_scoring.add_rule('fd_outer', 'outer', 'outer', 1, condition => 'value > by_setting() + reads_another()');
SELECT lead_scoring.publish('fd_outer');
-- both are read again with the next event
ALTER TABLE events SET (fillfactor = 90);
ALTER TABLE other_events SET (fillfactor = 90);
SELECT outcome('outer');
SELECT score FROM fd_outer.scores ORDER BY lead_id DESC LIMIT 1;
SELECT changed('setting()', '1', '2');
SELECT outcome('outer');
SELECT score FROM fd_outer.scores ORDER BY lead_id DESC LIMIT 1;
SELECT changed('setting()', '2', '1');
SELECT lead_scoring.drop_model('fd_outer'), lead_scoring.drop_model('fd_other');

-- Types are looked up by the names that conditions call them by, and so are their columns and labels, and collations.
CREATE SCHEMA fd_types;
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE FUNCTION mood(v integer) RETURNS mood LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (enum_range(NULL::fd.mood))[v]; END';
CREATE FUNCTION tempers(v integer) RETURNS temper[] LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN ARRAY[fd.temper(v)]; END';
CREATE DOMAIN cool AS temper;
CREATE TYPE span AS RANGE (subtype = integer);
CREATE COLLATION plain FROM "C";
SELECT c, change, tried(c, change) FROM (VALUES
    ('(value::temper).warm', 'ALTER TYPE fd.temper RENAME TO warmth'),
    ('(value::temper).warm', 'ALTER TYPE fd.temper SET SCHEMA fd_types'),
    ('(value::temper).warm', 'ALTER TYPE fd.temper RENAME ATTRIBUTE warm TO hot'),
    ('(value::temper).warm', 'COMMENT ON TYPE fd.temper IS ''warm or not'''),
    ('(tempers(value))[1].warm', 'ALTER TYPE fd.temper RENAME ATTRIBUTE warm TO hot'),
    ('tempers(value)::temper[] IS NOT NULL', 'ALTER TYPE fd.temper RENAME TO warmth'),
    ('((value::temper)::cool).warm', 'ALTER TYPE fd.temper RENAME ATTRIBUTE warm TO hot'),
    ('((value::temper)::cool).warm', 'ALTER DOMAIN fd.cool RENAME TO cold'),
    ('mood(value) = ''high''', 'ALTER TYPE fd.mood RENAME TO spirits'),
    ('mood(value) = ''high''', 'ALTER TYPE fd.mood RENAME VALUE ''high'' TO ''top'''),
    ('value <@ ''[1,5)''::span', 'ALTER TYPE fd.span RENAME TO width'),
    ('value::text > ''0'' COLLATE plain', 'ALTER COLLATION fd.plain RENAME TO simple')) s(c, change);

-- What has changed names with another of its kind means another thing, without an error.
CREATE FUNCTION swap(kind text, a text, b text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER %1$s fd.%2$I RENAME TO between_; ALTER %1$s fd.%3$I RENAME TO %2$I; ALTER %1$s fd.between_ RENAME TO %3$I', kind, a, b);
END
$$;
CREATE TYPE inner_pair AS (a integer, b integer);
CREATE TYPE pair AS (x integer, y integer);
CREATE TYPE nested AS (p inner_pair);
CREATE TYPE one AS ENUM ('a', 'b');
CREATE TYPE other_one AS ENUM ('b', 'a');
CREATE FUNCTION pair(v integer) RETURNS pair LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN ROW(v, 0)::fd.pair; END';
CREATE TABLE row_type (x integer, y integer);
CREATE FUNCTION as_row(v integer) RETURNS row_type LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN ROW(v, 0)::fd.row_type; END';
CREATE FUNCTION of_row(v integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT (fd.as_row(v)).x > 0';
CREATE COLLATION sorted (provider = icu, locale = 'und');
CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.simple);
CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = snowball, LANGUAGE = english);
CREATE TABLE named (id integer);
CREATE TABLE named_too (id integer);
CREATE DOMAIN lower_case AS text CHECK (VALUE = lower(VALUE));
SET search_path = fd, pg_catalog;
SELECT c, change, tried(c, replace(change, 'swap', 'SELECT fd.swap')) FROM (VALUES
    ('mood(value) = ''high'' AND value = 2', 'ALTER TYPE fd.mood RENAME VALUE ''high'' TO ''x''; ALTER TYPE fd.mood RENAME VALUE ''low'' TO ''high''; ALTER TYPE fd.mood RENAME VALUE ''x'' TO ''low'''),
    ('(pair(value)).x > 0', 'ALTER TYPE fd.pair RENAME ATTRIBUTE x TO z; ALTER TYPE fd.pair RENAME ATTRIBUTE y TO x; ALTER TYPE fd.pair RENAME ATTRIBUTE z TO y'),
    ('(pair(value)).x > 0', 'ALTER TYPE fd.pair DROP ATTRIBUTE x'),
    ('(pair(value)).x > 0', 'ALTER TYPE fd.pair ADD ATTRIBUTE z integer'),
    ('(ROW(value, 0)::inner_pair).a > 0', 'DROP TYPE fd.inner_pair CASCADE; CREATE TYPE fd.inner_pair AS (b integer, a integer)'),
    ('(ROW(ROW(value, 0)::inner_pair)::nested) = ''("(1,0)")''::nested', 'ALTER TYPE fd.inner_pair ADD ATTRIBUTE c integer'),
    ('(as_row(value)).x > 0', 'ALTER TABLE fd.row_type RENAME x TO z; ALTER TABLE fd.row_type RENAME y TO x; ALTER TABLE fd.row_type RENAME z TO y'),
    ('of_row(value)', 'ALTER TABLE fd.row_type RENAME x TO z; ALTER TABLE fd.row_type RENAME y TO x; ALTER TABLE fd.row_type RENAME z TO y'),
    ('CASE value WHEN 1 THEN ''a'' ELSE ''B'' END < ''B'' COLLATE plain', 'swap(''COLLATION'', ''plain'', ''sorted'')'),
    ('value > 0 AND ''a''::one < ''b''::one', 'swap(''TYPE'', ''one'', ''other_one'')'),
    ('value > 0 AND to_tsquery(''words'', ''running'') = ''''''running''''''::tsquery', 'ALTER TEXT SEARCH CONFIGURATION fd.words ALTER MAPPING REPLACE simple WITH fd.stems'),
    ('value > 0 AND to_tsvector(''words'', ''running'') = ''''''running'''':1''::tsvector', 'ALTER TEXT SEARCH CONFIGURATION fd.words ALTER MAPPING REPLACE simple WITH fd.stems'),
    ('value > 0 AND ''fd.named''::regclass < ''fd.named_too''::regclass', 'swap(''TABLE'', ''named'', ''named_too'')'),
    ('''{a}''::lower_case[] IS NOT NULL AND value > 0', 'ALTER DOMAIN fd.lower_case ADD CHECK (VALUE <> ''a'') NOT VALID')) s(c, change);
SET search_path = fd;

-- Arrays and rows are compared by the operator class of what they are made of, which the expression does not show.
CREATE TYPE shown AS (v integer);
CREATE FUNCTION shown_less(a shown, b shown) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT (a).v < (b).v';
CREATE FUNCTION shown_least(a shown, b shown) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT (a).v <= (b).v';
CREATE FUNCTION shown_equal(a shown, b shown) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (a).v = (b).v; END';
CREATE FUNCTION shown_most(a shown, b shown) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT (a).v >= (b).v';
CREATE FUNCTION shown_more(a shown, b shown) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT (a).v > (b).v';
CREATE FUNCTION shown_order(a shown, b shown) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_advisory_lock(77); RETURN (a).v - (b).v; END';
CREATE OPERATOR < (FUNCTION = shown_less, LEFTARG = shown, RIGHTARG = shown);
CREATE OPERATOR <= (FUNCTION = shown_least, LEFTARG = shown, RIGHTARG = shown);
CREATE OPERATOR = (FUNCTION = shown_equal, LEFTARG = shown, RIGHTARG = shown);
CREATE OPERATOR >= (FUNCTION = shown_most, LEFTARG = shown, RIGHTARG = shown);
CREATE OPERATOR > (FUNCTION = shown_more, LEFTARG = shown, RIGHTARG = shown);
CREATE OPERATOR CLASS shown_ops DEFAULT FOR TYPE shown USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 shown_order(shown, shown);
CREATE TYPE of_shown AS (s shown);
SELECT c, change, tried(c, change) FROM
    unnest('{"value > 0 AND ARRAY[''(1)''::shown] < ARRAY[''(2)''::shown]",
             "value > 0 AND ROW(''(1)''::shown)::of_shown < ''(\"(2)\")''::of_shown",
             "ARRAY[ROW(value)::shown] < ARRAY[''(9)''::shown]",
             "ROW(ROW(value)::shown, ROW(0)::shown) < ROW(''(9)''::shown, ROW(0)::shown)",
             "least(ROW(value)::shown, ''(9)'') < ''(9)''"}'::text[]) c,
    unnest(ARRAY[$$SELECT fd.changed('fd.shown_order(fd.shown, fd.shown)', '- (b)', '+ (b)')$$,
                 'ALTER FUNCTION fd.shown_order(fd.shown, fd.shown) VOLATILE']) change;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();

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

-- What does not compile any more for a reason that is no error in SQL names the rule or stage, and the hint is the way out:
-- a value of an enum renamed, a constraint of a domain, a function that fails where it is folded.
CREATE TYPE size AS ENUM ('small', 'large');
CREATE TABLE sized_leads (id bigint PRIMARY KEY, lead_stage text);
CREATE TABLE sized (lead_id bigint, type text, occurred_at timestamptz DEFAULT '2026-01-01 10:00+00', size size);
CREATE FUNCTION fails(v integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1 / v; END';
CREATE FUNCTION raises() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END';
SELECT lead_scoring.create_model('fd_sized', 'sized_leads', 'sized', require_index => false);
SELECT lead_scoring.add_rule('fd_sized', 'large', 'sold', 10, condition => 'size = ''large''');
SELECT lead_scoring.add_stage('fd_sized', 'won', on_event => 'won', on_event_condition => 'size IN (''small'', ''large'')');
SELECT lead_scoring.publish('fd_sized');
INSERT INTO sized_leads VALUES (1);
INSERT INTO sized VALUES (1, 'sold', DEFAULT, 'large');
ALTER TYPE size RENAME VALUE 'large' TO 'big';
INSERT INTO sized VALUES (1, 'sold', DEFAULT, 'big');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('fd_sized');
SELECT lead_scoring.repair('fd_sized');
UPDATE fd_sized.rules SET condition = 'size = ''big''' WHERE name = 'large';
SELECT lead_scoring.publish('fd_sized');
UPDATE fd_sized.stages SET on_event_condition = 'size IN (''small'', ''big'')' WHERE name = 'won';
SELECT lead_scoring.publish('fd_sized');
INSERT INTO sized VALUES (1, 'sold', DEFAULT, 'big');
SELECT lead_id, score FROM fd_sized.scores;
ALTER TYPE size RENAME VALUE 'small' TO 'little';
INSERT INTO sized VALUES (1, 'sold', DEFAULT, 'big');
UPDATE fd_sized.stages SET on_event_condition = NULL WHERE name = 'won';
UPDATE fd_sized.rules SET condition = '''{a}''::lower_case[] IS NOT NULL' WHERE name = 'large';
SELECT lead_scoring.publish('fd_sized');
\set VERBOSITY terse
ALTER DOMAIN lower_case ADD CONSTRAINT no_a CHECK (VALUE <> 'a');
INSERT INTO sized VALUES (1, 'sold', DEFAULT, 'big');
\echo :LAST_ERROR_SQLSTATE
UPDATE fd_sized.rules SET condition = 'raises() >= fails(raises())' WHERE name = 'large';
SELECT lead_scoring.publish('fd_sized');
SELECT changed('raises()', '1', '0');
INSERT INTO sized VALUES (1, 'sold', DEFAULT, 'big');
\echo :LAST_ERROR_SQLSTATE
SELECT changed('raises()', 'RETURN 0;', 'RAISE EXCEPTION ''not today'';');
INSERT INTO sized VALUES (1, 'sold', DEFAULT, 'big');
\echo :LAST_ERROR_SQLSTATE
SELECT changed('raises()', 'RAISE EXCEPTION ''not today'';', 'PERFORM pg_cancel_backend(pg_backend_pid()), pg_sleep(10); RETURN 1;');
\set VERBOSITY default
INSERT INTO sized VALUES (1, 'sold', DEFAULT, 'big');
SELECT changed('raises()', 'PERFORM pg_cancel_backend(pg_backend_pid()), pg_sleep(10);', '');
INSERT INTO sized VALUES (1, 'sold', DEFAULT, 'big');
SELECT lead_id, score FROM fd_sized.scores;
SELECT * FROM lead_scoring.verify('fd_sized');
SELECT lead_scoring.drop_model('fd_sized');

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
    ('CREATE TYPE fd.other AS (a integer); ALTER TYPE fd.other RENAME ATTRIBUTE a TO b; DROP TYPE fd.other'),
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
    ('ALTER TYPE fd.temper RENAME TO warmth; ALTER TYPE fd.warmth RENAME TO temper'),
    ('ALTER TYPE fd.temper RENAME ATTRIBUTE warm TO hot; ALTER TYPE fd.temper RENAME ATTRIBUTE hot TO warm'),
    ('CREATE OPERATOR fd.==== (FUNCTION = fd.compares, LEFTARG = integer, RIGHTARG = text)')) s(statement);

DELETE FROM fd_model.rules WHERE name = 'domain';
SELECT lead_scoring.publish('fd_model');
SELECT lead_scoring.repair('fd_model');
SELECT * FROM lead_scoring.verify('fd_model');
SELECT lead_scoring.drop_model('fd_model');
DROP SCHEMA fd, fd_types CASCADE;
