-- The tables of a model, altered in any way: what cannot be worked with is refused with the way out, and repair() gives
-- back the shape, or says what it cannot do.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE SCHEMA shape_test;
SET search_path = shape_test, public;
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
SET default_table_access_method = heap2;
CREATE TABLE leads (id bigint PRIMARY KEY, employees integer);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz DEFAULT '2024-01-02 12:00+00', amount text);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('shape', 'leads', 'events');
-- Scores are read as a heap's rows, whatever the database's default.
SELECT a.amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.oid = 'shape.scores'::regclass;
RESET default_table_access_method;
SELECT lead_scoring.add_rule('shape', 'visit', 'visit', 10, limit_count => 3, limit_window => 'day');
SELECT lead_scoring.add_rule('shape', 'paid', 'paid', 1, per => 'amount::numeric');
SELECT lead_scoring.add_fit_rule('shape', 'size', 'employees >= 50', 7);
SELECT lead_scoring.add_stage('shape', 'mql', min_score => 20);
SELECT lead_scoring.publish('shape');
INSERT INTO leads SELECT i, i * 20 FROM generate_series(1, 4) i;
INSERT INTO events SELECT i, 'visit' FROM generate_series(1, 4) i, generate_series(1, 2);
INSERT INTO events VALUES (1, 'paid', '2024-01-02', 'much');
GRANT SELECT ON shape.leads TO pg_monitor;

-- What became of an event after the alteration, of repair(), of an event after that, and of verify().
CREATE FUNCTION try_insert() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text; message text; hint text;
BEGIN
    INSERT INTO events SELECT i, 'visit' FROM generate_series(1, 4) i;
    UPDATE leads SET employees = employees + 1;
    INSERT INTO events VALUES (2, 'paid', '2024-01-02', 'a lot');
    PERFORM lead_scoring.adjust('shape', 1, 1);
    RETURN 'stored';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN format('%s %s%s', code, message, CASE WHEN hint <> 'SELECT lead_scoring.repair(''shape'');' THEN ' HINT ' || hint END);
END
$$;
CREATE FUNCTION try_repair() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text; message text; hint text;
BEGIN
    PERFORM lead_scoring.repair('shape');
    RETURN 'repaired';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN format('%s %s HINT %s', code, message, hint);
END
$$;
CREATE FUNCTION try_alteration(command text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE command;
    RETURN NEXT command;
    RETURN NEXT '  insert: ' || try_insert();
    RETURN NEXT '  models: ' || coalesce((SELECT m.problem FROM lead_scoring.models() m WHERE m.model = 'shape'), 'nothing');
    RETURN NEXT '  repair: ' || try_repair();
    RETURN NEXT '  insert: ' || try_insert();
    RETURN QUERY SELECT '  verify: ' || v.lead_id || ' ' || v.problem FROM lead_scoring.verify('shape') v;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
    RETURN NEXT '  verify: ' || SQLERRM;
END
$$;

-- ---------------------------------------------------------------- the primary key
SELECT try_alteration('ALTER TABLE shape.scores DROP CONSTRAINT scores_pkey, ADD PRIMARY KEY (stage, lead_id)');
SELECT try_alteration('ALTER TABLE shape.scores DROP CONSTRAINT scores_pkey, ADD PRIMARY KEY (stage_seq, lead_id)');
SELECT try_alteration('ALTER TABLE shape.scores DROP CONSTRAINT scores_pkey, ADD PRIMARY KEY (lead_id, stage)');
SELECT try_alteration('ALTER TABLE shape.scores DROP CONSTRAINT scores_pkey, ADD PRIMARY KEY (lead_id) DEFERRABLE');
SELECT try_alteration('ALTER TABLE shape.scores DROP CONSTRAINT scores_pkey');
SELECT try_alteration('ALTER TABLE shape.scores DROP CONSTRAINT scores_pkey, ADD CONSTRAINT other PRIMARY KEY (lead_id) INCLUDE (stage)');
SELECT try_alteration('ALTER TABLE shape.problems DROP CONSTRAINT problems_pkey');
DROP VIEW shape.leads, shape.accounts;
ALTER TABLE shape.scores ALTER COLUMN lead_id TYPE numeric;
SELECT lead_scoring.repair('shape');
ALTER TABLE shape.scores ALTER COLUMN lead_id TYPE bigint;
SELECT try_repair();
SELECT try_insert();
SELECT * FROM lead_scoring.verify('shape');

-- ---------------------------------------------------------------- what the table is
SELECT try_alteration('ALTER TABLE shape.scores SET ACCESS METHOD heap2');
SELECT try_alteration('CREATE TABLE shape_test.child () INHERITS (shape.scores)');
-- The rows of a child are no rows of the model, whichever of its tables it hangs on.
CREATE FUNCTION try_child(own_table text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE shape_test.offspring () INHERITS (shape.%1$I); INSERT INTO shape_test.offspring SELECT * FROM ONLY shape.%1$I', own_table);
    RETURN NEXT own_table || ': ' || (SELECT m.problem FROM lead_scoring.models() m WHERE m.model = 'shape');
    BEGIN
        PERFORM FROM shape.campaigns;
        RETURN NEXT '  report went through';
    EXCEPTION WHEN object_not_in_prerequisite_state THEN
        RETURN NEXT '  report: ' || SQLERRM;
    END;
    BEGIN
        PERFORM lead_scoring.add_rule('shape', 'childish', 'visit', 1);
        RETURN NEXT '  command went through';
    EXCEPTION WHEN object_not_in_prerequisite_state THEN
        RETURN NEXT '  command: ' || SQLERRM;
    END;
    RETURN NEXT '  insert: ' || try_insert();
    RETURN NEXT '  repair: ' || try_repair();
    RETURN NEXT '  insert: ' || try_insert();
    RETURN NEXT '  problem: ' || coalesce((SELECT m.problem FROM lead_scoring.models() m WHERE m.model = 'shape'), 'nothing');
    DROP TABLE shape_test.offspring;
END
$$;
SELECT try_child(t) FROM unnest('{settings,versions,transitions,adjustments,problems,merged,forgotten,rule_groups,rules,bands,stages,report_settings,account_rules,account_states}'::text[]) t;
SELECT try_alteration('CREATE RULE nothing AS ON INSERT TO shape.transitions DO INSTEAD NOTHING');
SELECT try_alteration('CREATE RULE also AS ON INSERT TO shape.transitions DO ALSO SELECT 1');
SELECT try_alteration('DROP RULE also ON shape.transitions; ALTER TABLE shape.transitions SET UNLOGGED');
CREATE FUNCTION partition_scores() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE shape.scores RENAME TO plain;
    CREATE TABLE shape.scores (LIKE shape.plain INCLUDING DEFAULTS, PRIMARY KEY (lead_id)) PARTITION BY HASH (lead_id);
    CREATE TABLE shape.part PARTITION OF shape.scores FOR VALUES WITH (MODULUS 1, REMAINDER 0);
    INSERT INTO shape.scores SELECT * FROM shape.plain;
    DROP TABLE shape.plain CASCADE;
END
$$;
SELECT try_alteration('SELECT partition_scores()');
ALTER TABLE shape.scores RENAME TO old_scores; CREATE TABLE shape.scores (LIKE shape.old_scores INCLUDING ALL) USING heap; INSERT INTO shape.scores SELECT * FROM shape.old_scores; DROP TABLE shape.old_scores CASCADE; SELECT lead_scoring.repair('shape');
SELECT try_insert();
SELECT * FROM lead_scoring.verify('shape');
SELECT try_alteration('DROP TABLE shape.forgotten');

-- A trigger of the owner's that keeps rows out: no statement goes on for ever.
CREATE FUNCTION keep_out() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER keep_out BEFORE INSERT ON shape.scores FOR EACH ROW EXECUTE FUNCTION keep_out();
INSERT INTO leads VALUES (5, 50);
DROP TRIGGER keep_out ON shape.scores;

-- ---------------------------------------------------------------- columns
-- Columns are dropped, made of another type, renamed: each of scores, and in turn those of the other tables. repair() puts that
-- right, or its hint does, as it is typed.
CREATE FUNCTION mend() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    PERFORM lead_scoring.repair('shape');
    RETURN 'repaired';
EXCEPTION WHEN object_not_in_prerequisite_state THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    EXECUTE hint;
    IF EXISTS (SELECT FROM lead_scoring.models() m WHERE m.model = 'shape' AND m.problem IS NOT NULL) THEN
        PERFORM lead_scoring.repair('shape');
    END IF;
    RETURN 'mended by ' || regexp_replace(hint, 'shape\.[a-z_]+|COLUMN [a-z_]+|TO [a-z_]+', '...', 'g');
END
$$;
CREATE TABLE outcomes (alteration text, outcome text);
CREATE FUNCTION alter_columns(alterations text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    altered record;
    alteration text;
    outcome text;
BEGIN
    FOR altered IN SELECT c.relname, a.attname, format('%I.%I', 'shape', c.relname) AS name,
                          row_number() OVER (ORDER BY c.relname COLLATE "C", a.attnum) AS number
                     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                    WHERE c.relnamespace = 'shape'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
                    ORDER BY c.relname COLLATE "C", a.attnum LOOP
        FOREACH alteration IN ARRAY alterations LOOP
            CONTINUE WHEN altered.relname <> 'scores' AND alteration <> alterations[1 + altered.number % cardinality(alterations)];
            alteration := format('ALTER TABLE %s ' || alteration, altered.name, altered.attname);
            BEGIN
                DROP VIEW shape.leads, shape.moves, shape.accounts;
                BEGIN
                    EXECUTE alteration;
                EXCEPTION WHEN OTHERS THEN
                    RAISE EXCEPTION USING ERRCODE = 'ZZ998';  -- PostgreSQL refuses it: a default, a check, a key stands in the way
                END;
                outcome := regexp_replace(try_insert(), ' (table|model).*', '') || ', ' || mend() || ', ' || try_insert();
                PERFORM lead_scoring.publish('shape');
                outcome := outcome || coalesce((SELECT ', models: ' || m.problem FROM lead_scoring.models() m WHERE m.model = 'shape'), '')
                                   || (SELECT CASE WHEN count(*) > 0 THEN ', and verify lists it' ELSE '' END FROM lead_scoring.verify('shape') v);
                RAISE EXCEPTION USING ERRCODE = 'ZZ999', MESSAGE = outcome;
            EXCEPTION WHEN SQLSTATE 'ZZ998' THEN
                NULL;
            WHEN OTHERS THEN
                INSERT INTO outcomes VALUES (alteration, CASE WHEN SQLSTATE = 'ZZ999' THEN '' ELSE 'then ' || SQLSTATE || ' ' END || SQLERRM);
            END;
        END LOOP;
    END LOOP;
END
$$;
SELECT alter_columns('{DROP COLUMN %I CASCADE,ALTER COLUMN %I TYPE integer USING 0,RENAME COLUMN %I TO renamed}');
SELECT count(*), outcome COLLATE "C" FROM outcomes GROUP BY 2 ORDER BY 2;
SELECT * FROM outcomes WHERE outcome LIKE 'then%' OR outcome LIKE '%verify lists%' OR outcome LIKE '%models%' ORDER BY alteration COLLATE "C";

-- Versions without a definition: what is published next has one.
ALTER TABLE shape.versions DROP COLUMN definition;
SELECT try_insert();
SELECT try_repair();
ALTER TABLE shape.versions ADD COLUMN definition jsonb; SELECT lead_scoring.publish('shape');
SELECT try_insert();
SELECT * FROM lead_scoring.verify('shape');
SELECT lead_scoring.drop_model('shape');
DROP SCHEMA shape_test CASCADE;
DROP ACCESS METHOD heap2;
