-- Names of models that are absurd: every function that takes one, found in the catalog, says so in a clean error, whatever
-- else it is given; and a model whose name has everything in it that a name may have lives like any other. try() gives the
-- SQLSTATE; only what is none of the expected ones is shown.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA model_names_test;
SET search_path = model_names_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz) PARTITION BY LIST (type);
CREATE TABLE events_1 PARTITION OF events DEFAULT;
CREATE INDEX ON events (lead_id);
CREATE TABLE spend (campaign text, spent_on date, amount numeric);
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN '00000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
CREATE TABLE names (place integer, name text);
INSERT INTO names VALUES (1, NULL), (2, ''), (3, ' '), (4, 'no_such_model'), (5, repeat('x', 63)), (6, repeat('x', 64)), (7, repeat('x', 300000)),
    (8, repeat('x', 62) || 'é'), (9, repeat('é', 40)), (10, repeat('𝄞', 16)), (11, 'pg_x'), (12, 'pg_catalog'), (13, 'information_schema'), (14, 'public'),
    (15, 'lead_scoring'), (16, 'pg_temp'), (17, 'model_names_test'), (18, $$it's$$), (19, 'a "name"'), (20, E'two\nlines'), (21, E'\t'), (22, 'a.b'),
    (23, '%s %1$I %L %'), (24, '$1'), (25, $$'; DROP TABLE leads; --$$), (26, '\'), (27, '{1,2}'), (28, 'NULL'), (29, E'a\u200Bb'), (30, E'\u00AD\uFFFD');

-- What else a function takes: no default is left to it where one can be made.
CREATE TABLE calls AS
SELECT p.oid::regprocedure AS function, p.proisstrict, p.prokind = 'p' AS is_procedure, p.prosrc = 'lead_scoring_command' AS is_command,
       format(CASE WHEN p.prokind = 'p' THEN 'CALL %s(%%L%s)' WHEN p.prorettype = 'record'::regtype AND p.proargmodes IS NULL THEN 'SELECT * FROM %s(%%L%s) AS r (x text)' ELSE 'SELECT * FROM %s(%%L%s)' END,
              p.oid::regproc, coalesce((SELECT string_agg(format(', %s%L::%s', CASE WHEN a.place = p.pronargs AND p.provariadic <> 0 THEN 'VARIADIC ' ELSE '' END,
                         CASE a.type WHEN 'regclass'::regtype THEN CASE count_before % 2 WHEN 0 THEN 'leads' ELSE 'events' END WHEN 'boolean'::regtype THEN 'true'
                                     WHEN 'timestamptz'::regtype THEN '2026-01-01' WHEN 'interval'::regtype THEN '1 day' WHEN 'uuid'::regtype THEN '00000000-0000-0000-0000-000000000001'
                                     WHEN 'jsonb'::regtype THEN '{}' WHEN 'text[]'::regtype THEN '{}' ELSE '1' END,
                         format_type(a.type, NULL)), '' ORDER BY a.place)
                    FROM (SELECT a.type, a.place, count(*) FILTER (WHERE a.type = 'regclass'::regtype) OVER (ORDER BY a.place) - 1 AS count_before
                            FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a (type, place)) a WHERE a.place > 1), '')) AS call
  FROM pg_proc p
 WHERE p.pronamespace IN ('lead_scoring'::regnamespace, 'lead_scoring_internal'::regnamespace)
   AND p.prokind IN ('f', 'p') AND p.proargtypes[0] = 'text'::regtype AND p.proargnames[1] IN ('model', 'name')
   AND p.proname NOT IN ('create_model', 'check_model_name');
SELECT count(*) > 100, count(*) FILTER (WHERE is_command) > 10, count(*) FILTER (WHERE is_procedure) FROM calls;
-- Commands say that there is no such model (42704), or that none is named (22004). Others do, or find nothing; what they are
-- made of, called by itself, is refused (42501), or meets a schema or a table that is not there. No name gets further.
SELECT c.function, n.place, t.code FROM calls c CROSS JOIN names n CROSS JOIN LATERAL try(format(c.call, n.name)) AS t (code)
 WHERE NOT c.is_procedure AND t.code <> CASE WHEN n.name IS NOT NULL THEN '42704' WHEN c.proisstrict THEN '00000' ELSE '22004' END
   AND (c.is_command OR t.code NOT IN ('00000', '42704', '42501', '22004', '3F000', '42P01'));
\set VERBOSITY sqlstate
SELECT format(c.call, n.name) FROM calls c CROSS JOIN names n WHERE c.is_procedure AND length(n.name) < 1000 IS NOT FALSE ORDER BY c.function::text, n.place \gexec
\set VERBOSITY default
SELECT lead_scoring.repair(repeat('x', 64));
SELECT lead_scoring.publish(repeat('x', 62) || 'é');
SELECT lead_scoring.drop_model(NULL);

-- New ones: too long, reserved, taken, or a model, that lives like any other.
SELECT n.place, t.code FROM names n CROSS JOIN LATERAL try(format('SELECT lead_scoring.create_model(%L, ''leads'', ''events'', status_columns => ''{}''), lead_scoring.drop_model(%1$L)', n.name)) AS t (code) ORDER BY 1;
SELECT lead_scoring.create_model(repeat('é', 40), 'leads', 'events');
SELECT lead_scoring.create_model('', 'leads', 'events');
SELECT lead_scoring.create_model('pg_x', 'leads', 'events');
SELECT count(*) FROM lead_scoring.models();
CREATE PROCEDURE live(model text) LANGUAGE plpgsql AS $$
DECLARE
    view text;
    problem text;
BEGIN
    INSERT INTO leads SELECT i, CASE WHEN i % 2 = 0 THEN 'DE' END FROM generate_series(1, 4) i;
    PERFORM lead_scoring.add_rule(model, 'visit', 'visit', 10), lead_scoring.add_fit_rule(model, 'domestic', 'country = ''DE''', 5), lead_scoring.add_group(model, 'g');
    PERFORM lead_scoring.add_stage(model, 'mql', min_score => 10), lead_scoring.add_band(model, 'fit', 'A', 1), lead_scoring.set_spend(model, 'spend');
    PERFORM lead_scoring.publish(model);
    INSERT INTO events SELECT i % 4 + 1, 'visit', '2024-01-01' FROM generate_series(1, 4) i;
    PERFORM lead_scoring.set_stage(model, 1, 'lead'), lead_scoring.adjust(model, 1, 7), lead_scoring.pause(model), lead_scoring.resume(model), lead_scoring.repair(model);
    PERFORM lead_scoring.merge_leads(model, 1, 2), lead_scoring.explain(model, 2), lead_scoring.score_at(model, 2, now());
    FOR view IN SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = model AND c.relkind = 'v' LOOP
        EXECUTE 'SELECT count(*) FROM ' || view;
    END LOOP;
    CREATE TABLE new_part PARTITION OF events FOR VALUES IN ('new');
    SELECT m.problem INTO problem FROM lead_scoring.models() m WHERE m.model = live.model;
    IF problem IS NOT NULL OR EXISTS (SELECT FROM lead_scoring.verify(model)) THEN
        RAISE EXCEPTION 'model "%" is not right: %', model, problem;
    END IF;
    PERFORM lead_scoring.drop_model(model);
    DROP TABLE new_part;
    DELETE FROM leads;
    DELETE FROM events;
END $$;
SELECT format('SELECT lead_scoring.create_model(%1$L, ''leads'', ''events'', status_columns => ''{}''); CALL live(%1$L)', n.name) FROM names n
 WHERE try(format('SELECT lead_scoring.create_model(%L, ''leads'', ''events'', status_columns => ''{}''), lead_scoring.drop_model(%1$L)', n.name)) = '00000' ORDER BY n.place \gexec
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'lead\_scoring\_%';

DROP SCHEMA model_names_test CASCADE;
