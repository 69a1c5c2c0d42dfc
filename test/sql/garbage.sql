-- What the C functions do with NULL, with states that no aggregate made, and where they are called as what they are not: an error of
-- a code that says so, never more.
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
SET TIME ZONE 'UTC';
CREATE SCHEMA garbage_test;
SET search_path = garbage_test;

CREATE FUNCTION code_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN '00000';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate;
END $$;

-- Every C function with NULL for all arguments, and for each while the others have a value; and with relations that there are not. Those of no
-- arguments are called too.
CREATE FUNCTION value_of(type regtype) RETURNS text LANGUAGE sql AS $$
    SELECT format('%L::%s', CASE WHEN type::text LIKE '%[]' THEN '{}' WHEN type::text LIKE 'timestamp%' THEN '2024-01-01' WHEN type = 'boolean'::regtype THEN 'true'
        WHEN type = 'interval'::regtype THEN '1 day' WHEN type = 'uuid'::regtype THEN '00000000-0000-0000-0000-000000000000' WHEN type = 'bytea'::regtype THEN '\x00'
        WHEN type = 'regclass'::regtype THEN 'pg_class' WHEN type = 'lead_scoring.scorecard'::regtype THEN 'clock 0 sections 0' ELSE '1' END, type)
$$;
CREATE VIEW calls AS
SELECT p.oid::regprocedure AS function, n.absent,
       format('SELECT %s(%s)', p.oid::regproc, (SELECT string_agg(CASE WHEN p.provariadic <> 0 AND a.number = p.pronargs THEN 'VARIADIC ' ELSE '' END || CASE WHEN n.absent IN (0, a.number) THEN format('NULL::%s', a.type::regtype) WHEN n.absent = -1 AND a.type IN ('regclass'::regtype, 'oid'::regtype) THEN '''1''::regclass' ELSE value_of(a.type) END, ', ' ORDER BY a.number)
                                                 FROM unnest(p.proargtypes) WITH ORDINALITY a (type, number))) AS statement
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang CROSS JOIN LATERAL generate_series(-1, p.pronargs) n (absent)
 WHERE p.probin LIKE '%lead_scoring' AND 'internal'::regtype <> ALL (p.proargtypes::oid[]) AND p.proname NOT LIKE 'progress%';
SELECT statement, code FROM calls, LATERAL code_of(statement) AS code WHERE code LIKE 'XX%';
SELECT count(*) > 250 AS made, count(DISTINCT function) > 75 AS functions FROM calls;

-- Where procedures pass them on.
CALL lead_scoring.rescore(NULL);
CALL lead_scoring.rescore('m', NULL);
CALL lead_scoring.refresh(NULL);
SELECT * FROM lead_scoring.verify(NULL);
SELECT lead_scoring_internal.rescore_leads(NULL, NULL, 1);
SELECT lead_scoring_internal.rescore_leads('m', NULL, NULL);
SELECT lead_scoring.set_stage(NULL, 1, 'mql');
SELECT lead_scoring.set_stage('m', NULL::bigint, 'mql');
SELECT lead_scoring.set_stage('m', 1, NULL);

-- States whose numbers lead elsewhere.
SELECT lead_scoring_internal.cost_accum('{0,0,0,0,0,-9223372036854775808}'::bigint[], 1e131068, 1::bigint);
SELECT lead_scoring_internal.cost_accum('{0,0,0,0,0,9223372036854775807}'::bigint[], 1e131068, 1::bigint);
SELECT lead_scoring_internal.cost_accum('{0,0,0,0,0,32767,1,2,3,4,5,6,7}'::bigint[], 1, 1::bigint);
SELECT lead_scoring_internal.cost_accum('{0,0,0,0,0,-2,0,0,9223372036854775807}'::bigint[], 1, 1::bigint);
SELECT lead_scoring_internal.cost_accum('{9223372036854775807,0,0,0,0,0}'::bigint[], 1, true);
SELECT lead_scoring_internal.cost_combine('{0,0,0,0,0,-4096}', '{0,0,0,0,0,32767,1}');
SELECT lead_scoring_internal.cost_final('{1,99999,0,0,0,0}');
SELECT lead_scoring_internal.cost_final('[-5:2]={1,0,0,0,0,0,1,9223372036854775807}'::bigint[]);
SELECT lead_scoring_internal.conversion_combine('{9223372036854775807,1,0}', '{1,1,0}');
SELECT lead_scoring_internal.conversion_accum('{9223372036854775807,1,0}', true, true);
SELECT lead_scoring_internal.conversion_interval_final('{5,-1,0}');
SELECT lead_scoring_internal.conversion_interval_final('{5,6,0}');
SELECT lead_scoring_internal.conversion_interval_final('{5,1,1000000000000000}');
SELECT lead_scoring_internal.mean_combine('{4611686018427387904,0,0,0}', '{4611686018427387904,0,0,0}');
SELECT lead_scoring_internal.mean_combine('{0,0,0,9223372036854775807}', '{0,0,0,1}');
SELECT lead_scoring_internal.lead_velocity_final('{1,-9223372036854775808,0,0}');
SELECT lead_scoring_internal.brier_accum('{-1,0,0,0}', 0.5, true);
SELECT lead_scoring_internal.calibration_accum(array_fill(0::bigint, '{50}') || '{}', 1.5, true);
SELECT lead_scoring_internal.calibration_combine('{1,0,0,0,9223372036854775807}', '{1,0,0,0,1}');
SELECT lead_scoring_internal.calibration_final(array_fill(0::bigint, '{5005}'));
SELECT lead_scoring_internal.calibration_final('{{0,0,0,0,0}}');
SELECT lead_scoring_internal.calibration_final('{0,NULL,0,0,0}');
SELECT lead_scoring_internal.retention_accum(NULL, true), lead_scoring_internal.retention_accum(-1, true);
SELECT lead_scoring_internal.retention_final(4294967296 * 33);
SELECT lead_scoring_internal.retention_combine(4294967296 * 2 + 4, 4294967296 * 2);
SELECT lead_scoring_internal.first_touch_final('\x0000000000000000ff00');
SELECT lead_scoring_internal.markov_accum(NULL, '{a}', 9223372036854775807, 1, 1);

-- States that grow, each number of them replaced: eight bytes at each place of a small state, by -1, 1, the least number and the
-- bytes of NaN; and cut short. Merged, joined and answered from.
CREATE TABLE states (name text, state bytea, accum text, combine text, final text);
INSERT INTO states VALUES
    ('funnel', lead_scoring_internal.window_funnel_accum(lead_scoring_internal.window_funnel_accum(NULL, '1 day', '2024-01-01', true, false), '1 day', '2024-01-02', false, true),
     'window_funnel_accum(%s, ''1 day'', ''2024-01-03'', true, true)', 'window_funnel_combine', 'window_funnel_final,funnel_times_final'),
    ('attribution', lead_scoring_internal.attribution_accum(lead_scoring_internal.attribution_accum(NULL, 'position', 'a', '2024-01-01', '2024-01-02', 99.5), 'position', 'b', '2024-01-02', '2024-01-02', 99.5),
     'attribution_accum(%s, ''position'', ''c'', ''2024-01-01'', ''2024-01-02'', 98.5)', 'attribution_combine', 'attribution_final'),
    ('time decay', lead_scoring_internal.attribution_accum(lead_scoring_internal.attribution_accum(NULL, 'time_decay', 'a', '2024-01-01', '2024-01-02'), 'time_decay', 'b', '2024-01-02', '2024-01-02'),
     'attribution_accum(%s, ''time_decay'', ''c'', ''2024-01-01'', ''2024-01-02'')', 'attribution_combine', 'attribution_final'),
    ('markov', lead_scoring_internal.markov_accum(lead_scoring_internal.markov_accum(NULL, '{a,b}', true, 2), '{b,b}', false, 2),
     'markov_accum(%s, ''{b,c,a}'', true, 2)', 'markov_combine', 'markov_final'),
    ('survival', lead_scoring_internal.survival_accum(lead_scoring_internal.survival_accum(NULL, '2024-01-01', '2024-01-02', '2024-02-01', 2), '2024-01-01', NULL, '2024-02-01', 2),
     'survival_accum(%s, ''2024-01-01'', ''2024-01-02'', ''2024-02-01'', 2, 0.9)', 'survival_combine', 'median_time_final,share_converted_final,share_converted_interval_final'),
    ('auc', lead_scoring_internal.auc_accum(lead_scoring_internal.auc_accum(lead_scoring_internal.auc_accum(NULL, 1, true), 2, false), 1, false),
     'auc_accum(%s, 2, true)', 'auc_combine', 'auc_final'),
    ('first touch', lead_scoring_internal.first_touch_accum(NULL, 'search', '2024-01-01'),
     'first_touch_accum(%s, ''mail'', ''2023-01-01'')', 'first_touch_combine', 'first_touch_final');
CREATE VIEW forged_states AS
SELECT name, overlay(state PLACING number FROM place + 1 FOR 8) AS forged, state, accum, combine, final
  FROM states, generate_series(0, length(state) - 8, 2) place, unnest('{"\\xffffffffffffffff","\\x0100000000000000","\\x0000000000000080","\\x000000000000f87f"}'::bytea[]) number
UNION ALL SELECT name, substring(state FROM 1 FOR size), state, accum, combine, final FROM states, generate_series(0, length(state) - 1) size;
CREATE VIEW forged_calls AS
SELECT name, forged, format('SELECT lead_scoring_internal.' || call, VARIADIC arguments) AS statement FROM forged_states,
       LATERAL (SELECT accum, ARRAY[quote_literal(forged) || '::bytea']
                UNION ALL SELECT combine || '(%L, %L)', ARRAY[forged::text, state::text] UNION ALL SELECT combine || '(%L, %L)', ARRAY[state::text, forged::text]
                UNION ALL SELECT f || '(lead_scoring_internal.' || combine || '(%L, %L))', ARRAY[forged::text, state::text] FROM unnest(string_to_array(final, ',')) f
                UNION ALL SELECT f || '(%L)', ARRAY[forged::text] FROM unnest(string_to_array(final, ',')) f) c (call, arguments);
CREATE TABLE outcomes AS SELECT name, code_of(statement) AS code, statement FROM forged_calls;
SELECT DISTINCT ON (name, code) name, code, statement FROM outcomes WHERE code NOT IN ('00000', '22023', '22003', 'XX001') ORDER BY 1, 2;
SELECT name, count(*) FILTER (WHERE code <> '00000') > 50 AS refused FROM outcomes GROUP BY name ORDER BY name;
SELECT format('promise: fuzz calls: %s tried, %s wrong', (SELECT count(*) FROM calls) + count(*), count(*) FILTER (WHERE code NOT IN ('00000', '22023', '22003', 'XX001')))
  FROM outcomes \g (format=unaligned tuples_only=on) |cat >>"${PROMISE:-/dev/null}"

-- Support functions are for their aggregates; these are for everybody, in every plan.
SELECT s.oid::regprocedure FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_proc s ON s.oid IN (a.aggtransfn, a.aggcombinefn, a.aggfinalfn)
 WHERE p.pronamespace = 'lead_scoring'::regnamespace AND has_function_privilege('public', s.oid, 'EXECUTE');
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'lead_scoring'::regnamespace AND p.prokind = 'a' AND NOT has_function_privilege('public', p.oid, 'EXECUTE');
CREATE ROLE regress_lead_scoring_analyst;
GRANT USAGE, CREATE ON SCHEMA garbage_test TO regress_lead_scoring_analyst;
CREATE TABLE leads AS SELECT i AS id, timestamptz '2024-01-01' + i * interval '1 hour' AS from_at, CASE WHEN i % 3 = 0 THEN timestamptz '2024-02-01' + i * interval '1 hour' END AS to_at FROM generate_series(1, 999) i;
GRANT SELECT ON leads TO regress_lead_scoring_analyst;
ALTER TABLE leads SET (parallel_workers = 2);
ANALYZE leads;
SET ROLE regress_lead_scoring_analyst;
CREATE FUNCTION arguments(function regprocedure) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(CASE type::regtype::text WHEN 'timestamp with time zone' THEN CASE WHEN name LIKE 'from%' OR name = 'at' THEN 'from_at' WHEN name = 'as_of' OR name = 'conversion_at' THEN '''2024-06-01'''
                                               ELSE 'to_at' END
        WHEN 'boolean' THEN 'to_at IS NOT NULL' WHEN 'boolean[]' THEN 'id % 2 = 0, to_at IS NOT NULL' WHEN 'text' THEN CASE name WHEN 'method' THEN '''linear''' WHEN 'mode' THEN '''strict_order''' ELSE 'left(id::text, 1)' END
        WHEN 'text[]' THEN 'ARRAY[left(id::text, 1)]' WHEN 'interval' THEN '''90 days''' WHEN 'integer' THEN '2' WHEN 'bigint' THEN '1' ELSE '0.5' END, ', ' ORDER BY number)
      FROM pg_proc p, unnest(p.proargtypes, p.proargnames) WITH ORDINALITY a (type, name, number) WHERE p.oid = function
$$;
CREATE VIEW uses AS SELECT p.oid::regprocedure AS aggregate, format('%s(%s)', p.oid::regproc, arguments(p.oid::regprocedure)) AS call
  FROM pg_proc p WHERE p.pronamespace = 'lead_scoring'::regnamespace AND p.prokind = 'a';
SELECT u.*, code_of(u.statement) FROM uses, LATERAL (VALUES (format('SELECT %s FROM garbage_test.leads', call)), (format('SELECT id %% 7, %s FROM garbage_test.leads GROUP BY 1', call)),
    (format('SELECT %s OVER (ORDER BY id) FROM garbage_test.leads', call))) u (statement) WHERE code_of(statement) <> '00000';
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off;
SELECT call, code FROM uses, LATERAL code_of(format('SELECT %s FROM garbage_test.leads', call)) AS code WHERE code <> '00000';
SELECT count(*) > 35 AS tried FROM uses;
EXPLAIN (COSTS OFF) SELECT lead_scoring.lead_velocity(from_at, to_at) FROM leads;
RESET parallel_leader_participation;
SELECT lead_scoring_internal.cost_final('{1,0,0,0,0,0}');
CREATE AGGREGATE stolen(numeric, bigint) (SFUNC = lead_scoring_internal.cost_accum, STYPE = bigint[], INITCOND = '{0,0,0,0,0,-9223372036854775808}');
RESET ROLE;

-- Trigger functions called otherwise than as the triggers they are.
SELECT lead_scoring_internal.events_changed();
SELECT lead_scoring_internal.leads_changed();
SELECT lead_scoring_internal.refuse_write();
SELECT lead_scoring_internal.binding_changed();
CREATE TABLE victims (id int);
CREATE VIEW victims_view AS SELECT * FROM victims;
CREATE FUNCTION try_triggers() RETURNS TABLE (function text, clause text, firing text, code text) LANGUAGE plpgsql AS $$
DECLARE
    relation text;
BEGIN
    FOREACH function IN ARRAY ARRAY['events_changed', 'leads_changed', 'refuse_write', 'binding_changed'] LOOP
        FOREACH clause IN ARRAY ARRAY[
            'TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW', 'TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW',
            'TRIGGER t BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT', 'TRIGGER t AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT',
            'TRIGGER t AFTER INSERT ON %s REFERENCING NEW TABLE AS n FOR EACH STATEMENT', 'TRIGGER t AFTER INSERT ON %s REFERENCING NEW TABLE AS n FOR EACH ROW',
            'TRIGGER t AFTER UPDATE ON %s REFERENCING NEW TABLE AS n FOR EACH STATEMENT', 'TRIGGER t AFTER UPDATE ON %s REFERENCING OLD TABLE AS o FOR EACH STATEMENT',
            'TRIGGER t AFTER DELETE ON %s REFERENCING OLD TABLE AS o FOR EACH STATEMENT',
            'CONSTRAINT TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON %s DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW',
            'TRIGGER t INSTEAD OF INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW'] LOOP
            relation := CASE WHEN clause LIKE '%INSTEAD%' THEN 'garbage_test.victims_view' ELSE 'garbage_test.victims' END;
            FOREACH firing IN ARRAY ARRAY['', '''garbage_test''', '''a'', ''b''', quote_literal(repeat('long', 50)), ''''''] LOOP
                EXECUTE format('CREATE ' || clause || ' EXECUTE FUNCTION lead_scoring_internal.%s(%s)', relation, function, firing);
                code := code_of(format('INSERT INTO %s VALUES (1)', relation)) || ' ' || code_of(format('UPDATE %s SET id = 2', relation)) || ' ' || code_of(format('DELETE FROM %s', relation))
                        || ' ' || code_of(format('TRUNCATE garbage_test.victims'));
                EXECUTE format('DROP TRIGGER t ON %s', relation);
                RETURN NEXT;
            END LOOP;
        END LOOP;
    END LOOP;
END $$;
SELECT code, count(*), count(DISTINCT function) FROM (SELECT unnest(string_to_array(code, ' ')) AS code, function FROM try_triggers()) c GROUP BY code ORDER BY code;

SET client_min_messages = warning;
DROP OWNED BY regress_lead_scoring_analyst;
DROP ROLE regress_lead_scoring_analyst;
DROP SCHEMA garbage_test CASCADE;
