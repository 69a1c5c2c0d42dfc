-- Each constraint of each table of a model: dropped, with rows that break it put in, and put back by repair(), or by what it
-- says to do by hand, as it is typed. What is walked are the tables as they are to be, so that a new constraint is tried too.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE SCHEMA lost_test;
SET search_path = lost_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, employees integer);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, campaign text);
CREATE INDEX ON events (lead_id);
CREATE TABLE calls (lead_id bigint, occurred_at timestamptz);
CREATE INDEX ON calls (lead_id);
CREATE TABLE spend (campaign text, spent_on date, amount numeric);
SELECT lead_scoring.create_model('lost', 'leads', 'events', event_campaign => 'campaign'),
       lead_scoring.add_source('lost', 'calls', 'calls', every_event => 'call'),
       lead_scoring.add_rule('lost', 'visit', 'visit', 10),
       lead_scoring.add_fit_rule('lost', 'size', 'employees >= 50', 7),
       lead_scoring.add_fit_rule('lost', 'bad', '1 / (employees - 10) > 0', 1),
       lead_scoring.add_rule('lost', 'exponential', 'look', 1, decay => 'exponential', half_life => '1 day'),
       lead_scoring.add_rule('lost', 'linear', 'look', 1, decay => 'linear', lifespan => '1 day'),
       lead_scoring.add_rule('lost', 'step', 'look', 1, decay => 'step', step => '1 day', "drop" => 0.5),
       lead_scoring.add_rule('lost', 'limited', 'look', 1, limit_count => 1, limit_window => 'day'),
       lead_scoring.add_band('lost', 'engagement', '1', 10),
       lead_scoring.add_band('lost', 'fit', 'A', 5),
       lead_scoring.add_account_rule('lost', 'points', min_points => 5),
       lead_scoring.add_account_rule('lost', 'buying group', people => 2, active_within => '30 days', min_points => 5, top_n => 3, min_score => 1),
       lead_scoring.add_stage('lost', 'mql', min_score => 20),
       lead_scoring.add_stage('lost', 'sql', min_score => 500, within => '1 day', timeout_stage => 'mql'),
       lead_scoring.add_entry('lost', 'asked', 'mql', on_event => 'asked'),
       lead_scoring.add_lead_type('lost', 'hot', 'score > 20'),
       lead_scoring.set_spend('lost', 'spend'),
       lead_scoring.publish('lost') \g /dev/null
UPDATE lost.settings SET lead_account = 'id::text';
INSERT INTO leads SELECT i, i * 10 FROM generate_series(1, 6) i;
INSERT INTO events SELECT i, 'visit', '2024-01-01', 'fair' FROM generate_series(1, 6) i, generate_series(1, i) j;
SELECT lead_scoring.adjust('lost', 1, 1), lead_scoring.merge_leads('lost', 3, 2), lead_scoring.forget_lead('lost', 4),
       lead_scoring.add_rule('lost', 'call', 'call', 5), lead_scoring.publish('lost') \g /dev/null
CALL lead_scoring.refresh('lost');
-- No table is without a row to begin with.
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace = 'lost'::regnamespace AND c.relkind = 'r' AND query_to_xml(format('SELECT FROM lost.%I LIMIT 1', c.relname), false, false, '')::text NOT LIKE '%<row%';

CREATE TABLE candidates (type regtype, value text);
INSERT INTO candidates SELECT t, unnest(v) FROM (VALUES
    ('text'::regtype, ARRAY[NULL, '', 'bogus', 'detour', 'exponential', repeat('long', 20)]),
    ('numeric', '{NULL,-2,2,1e13}'), ('double precision', '{NULL,-2,2}'), ('integer', '{NULL,-1,0,2}'), ('bigint', '{NULL,0,7}'), ('boolean', '{NULL,false}'),
    ('interval', '{NULL,-1 day,1 day}'), ('timestamptz', '{NULL,infinity}'), ('jsonb', '{NULL,[]}'), ('text[]', '{NULL,"{}"}')) c (t, v);
-- Puts values into columns of a row until one breaks the check; whether there is such a row.
CREATE FUNCTION break_check(relation regclass, columns name[], condition text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    change record;
    wrong boolean;
BEGIN
    FOR change IN EXECUTE format(
        'SELECT t.ctid AS place, format(CASE WHEN a.attname = b.attname THEN ''%%1$I = %%2$L'' ELSE ''%%1$I = %%2$L, %%3$I = %%4$L'' END, a.attname, c.value, b.attname, d.value) AS assignments
           FROM pg_attribute a JOIN pg_attribute b ON b.attrelid = a.attrelid AND b.attnum >= a.attnum
           JOIN candidates c ON c.type = a.atttypid JOIN candidates d ON d.type = b.atttypid AND (a.attname <> b.attname OR c.value IS NOT DISTINCT FROM d.value)
          CROSS JOIN %s t
          WHERE a.attrelid = $1 AND a.attname = ANY ($2) AND b.attname = ANY ($2)
          ORDER BY a.attnum <> b.attnum, a.attnum, b.attnum, c.value COLLATE "C", d.value COLLATE "C", t.ctid', relation) USING relation, columns LOOP
        BEGIN
            EXECUTE format('UPDATE %s SET %s WHERE ctid = %L', relation, change.assignments, change.place);
            EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE NOT (%s))', relation, condition) INTO wrong;
            IF wrong THEN
                RETURN true;
            END IF;
            RAISE EXCEPTION USING ERRCODE = 'ZZ998';
        EXCEPTION WHEN SQLSTATE 'ZZ998' OR integrity_constraint_violation OR data_exception THEN
            NULL;
        END;
    END LOOP;
    RETURN false;
END
$$;
-- The ways to break one: for keys, rows that are the same and rows without one, also in the place of the only row.
CREATE FUNCTION ways(kind "char", columns name[]) RETURNS SETOF text LANGUAGE sql AS $$
SELECT 'values' WHERE kind IN ('c', 'f', 'n') UNION ALL
SELECT 'same' WHERE kind IN ('p', 'u') UNION ALL
SELECT 'none in ' || c FROM unnest(columns) c WHERE kind = 'p'
$$;
CREATE FUNCTION break_constraint(relation regclass, kind "char", columns name[], condition text, way text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    broken boolean := true;
    key_columns CONSTANT name[] := ARRAY(SELECT a.attname FROM pg_constraint p JOIN pg_attribute a ON a.attrelid = p.conrelid AND a.attnum = ANY (p.conkey)
                                          WHERE p.conrelid = relation AND p.contype IN ('p', 'u'));
BEGIN
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', relation);
    IF kind = 'c' THEN
        broken := break_check(relation, columns, condition);
    ELSIF kind = 'n' THEN
        EXECUTE format('UPDATE %1$s SET %2$I = NULL WHERE ctid = (SELECT min(ctid) FROM %1$s)', relation, columns[1]);
    ELSIF kind = 'f' THEN
        EXECUTE format('UPDATE %1$s SET %2$I = ''nowhere'' WHERE ctid = (SELECT min(ctid) FROM %1$s)', relation, columns[1]);
    ELSIF way = 'same' THEN  -- what is not of the constraint, but of another key, is to differ
        EXECUTE format('INSERT INTO %1$s (%2$s) SELECT %3$s FROM %1$s', relation, string_agg(quote_ident(a.attname), ', '),
                       string_agg(CASE WHEN a.attname = ANY (key_columns) AND a.attname <> ALL (columns) THEN format(CASE a.atttypid WHEN 'text'::regtype THEN '''another '' || %I' ELSE '%I + 1' END, a.attname)
                                       ELSE quote_ident(a.attname) END, ', '))
           FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped;
    ELSE
        EXECUTE format('UPDATE %1$s SET %2$I = NULL WHERE ctid = (SELECT min(ctid) FROM %1$s)', relation, replace(way, 'none in ', ''));
    END IF;
    EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', relation);
    EXECUTE coalesce((SELECT string_agg(format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation, t.tgname), '; ') FROM pg_trigger t
                       WHERE t.tgrelid = replace(relation::text, 'lost.', 'lead_scoring_internal.')::regclass AND t.tgenabled = 'A'), 'SELECT');
    RETURN broken;
END
$$;
-- What a call says, and what it says to type.
CREATE FUNCTION try_call(call text, OUT said text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE call;
    said := 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    said := format('%s %s', SQLSTATE, SQLERRM);
END
$$;
CREATE TABLE outcomes (place serial, name text, way text, publish text, repair text, by_hand text, by_hand_said text, problem text, verify bigint, publish_again text);
CREATE FUNCTION lose_each() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    tried record;
    relation regclass;
    way text;
    hint text;
    outcome outcomes;
    tried_call record;
BEGIN
    FOR tried IN SELECT c.conname, c.contype, w.relname, pg_get_expr(c.conbin, c.conrelid) AS condition, format('DROP CONSTRAINT %I CASCADE', c.conname) AS loss,
                        ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = w.oid AND a.attnum = ANY (c.conkey) ORDER BY a.attnum) AS columns
                   FROM pg_constraint c JOIN pg_class w ON w.oid = c.conrelid
                  WHERE w.relnamespace = 'lead_scoring_internal'::regnamespace AND w.relkind = 'r' AND c.contype <> 'n'
                 UNION ALL  -- before PostgreSQL 18 these are no constraints
                 SELECT w.relname || '.' || a.attname, 'n', w.relname, NULL, format('ALTER COLUMN %I DROP NOT NULL', a.attname), ARRAY[a.attname]
                   FROM pg_attribute a JOIN pg_class w ON w.oid = a.attrelid
                  WHERE w.relnamespace = 'lead_scoring_internal'::regnamespace AND w.relkind = 'r' AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
                    AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.conrelid = w.oid AND p.contype = 'p' AND a.attnum = ANY (p.conkey))
                  ORDER BY 3, 2, 1 LOOP
        relation := format('lost.%I', tried.relname)::regclass;
        FOR way IN SELECT w FROM ways(tried.contype, tried.columns) w LOOP
            outcome := NULL;
            outcome.place := nextval('outcomes_place_seq');
            outcome.name := tried.conname;
            outcome.way := way;
            BEGIN
                EXECUTE format('ALTER TABLE %s %s', relation, tried.loss);
                IF tried.contype = 'p' THEN
                    EXECUTE format('ALTER TABLE %s %s', relation, (SELECT string_agg(format('ALTER COLUMN %I DROP NOT NULL', c), ', ') FROM unnest(tried.columns) c));
                END IF;
                IF NOT break_constraint(relation, tried.contype, tried.columns, tried.condition, way) THEN
                    outcome.way := 'nothing breaks it';
                END IF;
                SELECT * INTO tried_call FROM try_call('SELECT lead_scoring.publish(''lost'')');
                outcome.publish := tried_call.said;
                SELECT * INTO tried_call FROM try_call('SELECT lead_scoring.repair(''lost'')');
                outcome.repair := tried_call.said;
                -- What is done by hand may show what else there is to do.
                FOR round IN 1 .. 2 LOOP
                    hint := coalesce(tried_call.hint, (SELECT string_agg(p.by_hand, ' ') FROM lead_scoring_internal.lost_parts('lost') p));
                    EXIT WHEN hint IS NULL;
                    SELECT * INTO tried_call FROM try_call(hint);
                    outcome.by_hand := concat_ws(' THEN ', outcome.by_hand, hint);
                    outcome.by_hand_said := tried_call.said;
                END LOOP;
                outcome.problem := (SELECT m.problem FROM lead_scoring.models() m WHERE m.model = 'lost');
                outcome.verify := (SELECT count(*) FROM lead_scoring.verify('lost'));
                SELECT * INTO tried_call FROM try_call('SELECT lead_scoring.publish(''lost'')');
                outcome.publish_again := tried_call.said;
                RAISE EXCEPTION USING ERRCODE = 'ZZ999';
            EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
                NULL;
            WHEN OTHERS THEN
                outcome.problem := format('%s %s', SQLSTATE, SQLERRM);
            END;
            INSERT INTO outcomes SELECT outcome.*;
        END LOOP;
    END LOOP;
END
$$;
SELECT lose_each();
SELECT name, way, by_hand FROM outcomes WHERE by_hand IS NOT NULL ORDER BY place;
-- What is left to say, for each of them, and by whom.
SELECT name, way, by_hand_said, problem, verify, publish_again FROM outcomes
 WHERE by_hand_said <> 'done' OR problem IS NOT NULL OR verify <> 0 OR publish_again <> 'done' OR way = 'nothing breaks it' ORDER BY place;
SELECT name, way, publish, repair FROM outcomes WHERE by_hand IS NULL ORDER BY place;
SELECT * FROM lead_scoring.verify('lost');
SELECT problem FROM lead_scoring.models() WHERE model = 'lost';

-- ---------------------------------------------------------------- typed, statement by statement
SET client_min_messages = warning;
ALTER TABLE lost.bands DROP CONSTRAINT bands_axis_min_points_key;
INSERT INTO lost.bands VALUES ('fit', 'B', 5);
SELECT lead_scoring.publish('lost');
SELECT lead_scoring.repair('lost');
ALTER TABLE lost.bands DISABLE TRIGGER USER; DELETE FROM lost.bands a USING lost.bands b WHERE a.ctid > b.ctid AND a.axis = b.axis AND a.min_points = b.min_points; SELECT lead_scoring.repair('lost');
ALTER TABLE lost.settings DROP CONSTRAINT settings_score_range;
UPDATE lost.settings SET min_score = 10, max_score = 5;
SELECT lead_scoring.publish('lost');
SELECT lead_scoring.repair('lost');
ALTER TABLE lost.settings DISABLE TRIGGER USER; UPDATE lost.settings SET min_score = NULL, max_score = NULL WHERE NOT (min_score <= max_score); SELECT lead_scoring.repair('lost');
SELECT problem FROM lead_scoring.models() WHERE model = 'lost';

-- ---------------------------------------------------------------- what shows only when something else is mended
ALTER TABLE lost.report_settings DROP COLUMN only_row CASCADE;
INSERT INTO lost.report_settings (qualified_low) VALUES (0.01);
SELECT lead_scoring.repair('lost');
ALTER TABLE lost.report_settings ADD COLUMN only_row boolean DEFAULT true NOT NULL; ALTER TABLE lost.report_settings DISABLE TRIGGER USER; UPDATE lost.report_settings SET only_row = true WHERE only_row IS NULL; DELETE FROM lost.report_settings a USING lost.report_settings b WHERE a.ctid > b.ctid AND a.only_row = b.only_row; SELECT lead_scoring.repair('lost');
SELECT qualified_low, spend_table FROM lost.report_settings;
-- A constraint of the owner's, for which nothing is to be done by hand otherwise.
ALTER TABLE lost.scores ADD CONSTRAINT own CHECK (engagement IS NOT NULL);
DROP VIEW lost.leads CASCADE;
ALTER TABLE lost.scores ALTER COLUMN engagement TYPE text;
SELECT lead_scoring.repair('lost');
ALTER TABLE lost.scores DROP CONSTRAINT own; SELECT lead_scoring.repair('lost');
SELECT problem FROM lead_scoring.models() WHERE model = 'lost';
SELECT * FROM lead_scoring.verify('lost');
SELECT lead_scoring.drop_model('lost');
DROP SCHEMA lost_test CASCADE;
