-- What all aggregates promise: results do not depend on how the input is split, in what order states meet, on the plan, or on being called
-- again for a growing frame; and states are of types that travel.
SET TIME ZONE 'UTC';
SET extra_float_digits = 1;

CREATE TABLE aggregate_input AS
SELECT i AS id, i % 3 AS team,
       timestamptz '2024-01-01' + i * interval '17 min' AS from_at,
       CASE WHEN i % 10 < 4 THEN timestamptz '2024-01-01' + (i * 17 + i * 7919 % 60000 - 100) * interval '1 min' END AS to_at,
       CASE WHEN i % 13 > 0 THEN (i * 7919 % 100003) / 10::numeric ^ (i % 5) - 500 END AS spend,
       CASE WHEN i % 11 > 0 THEN i * 31 % 7 < 2 END AS won,
       (i * 7919 % 1001) / 1001.0::float8 AS probability,
       i * 104729 % 7 AS kind,
       'channel ' || i * 7 % 5 AS channel,
       (ARRAY['{search,mail}', '{mail}', '{social,search,mail}', '{}', '{search,search,social}', '{mail,social}'])[i % 6 + 1]::text[] AS path
FROM generate_series(1, 2000) AS i;
ALTER TABLE aggregate_input SET (parallel_workers = 2);
ANALYZE aggregate_input;

CREATE TABLE aggregate_calls (ordinal int GENERATED ALWAYS AS IDENTITY, aggregate text, arguments text);
INSERT INTO aggregate_calls (aggregate, arguments) VALUES
    ('conversion_rate(timestamptz,timestamptz)', 'from_at, to_at'),
    ('conversion_rate(timestamptz,timestamptz,interval)', 'from_at, to_at, ''20 days'''),
    ('conversion_rate(boolean,boolean)', 'kind > 2, won'),
    ('conversion_interval(timestamptz,timestamptz)', 'from_at, to_at'),
    ('conversion_interval(timestamptz,timestamptz,float8)', 'from_at, to_at, 0.99::float8'),
    ('conversion_interval(timestamptz,timestamptz,interval,float8)', 'from_at, to_at, ''20 days'', 0.99'),
    ('conversion_interval(boolean,boolean)', 'kind > 2, won'),
    ('conversion_interval(boolean,boolean,float8)', 'kind > 2, won, 0.8'),
    ('cost_per_mql(numeric,bigint)', 'spend, kind'),
    ('cost_per_mql(numeric,timestamptz)', 'spend, to_at'),
    ('cost_per(numeric,bigint)', 'spend * 1e30, kind'),
    ('cost_per(numeric,timestamptz)', 'spend / 1e30, to_at'),
    ('cost_per(numeric,boolean)', 'spend, won'),
    ('lead_velocity(timestamptz,timestamptz)', 'from_at, to_at'),
    ('median_time_to(timestamptz,timestamptz,timestamptz)', 'from_at, coalesce(to_at, from_at + kind * interval ''9 days''), ''2024-02-20'''),
    ('share_converted(timestamptz,timestamptz,timestamptz,float8)', 'from_at, to_at, ''2024-02-20'', 14'),
    ('share_converted_interval(timestamptz,timestamptz,timestamptz,float8)', 'from_at, to_at, ''2024-02-20'', 14'),
    ('share_converted_interval(timestamptz,timestamptz,timestamptz,float8,float8)', 'from_at, to_at, ''2024-02-20'', 14, 0.9'),
    ('retention(boolean[])', 'kind = 1, kind = 3, kind = 9, won'),
    ('auc(float8,boolean)', 'probability, won'),
    ('brier(float8,boolean)', 'probability, won'),
    ('log_loss(float8,boolean)', 'probability * 0.9 + 0.05, won'),
    ('calibration(float8,boolean)', 'probability, won'),
    ('calibration(float8,boolean,integer)', 'probability, won, 4'),
    ('window_funnel(interval,timestamptz,boolean[])', '''4 hours'', from_at, kind = 1, kind = 4, kind = 6, kind = 2, kind = 5'),
    ('window_funnel(interval,timestamptz,text,boolean[])', '''4 hours'', from_at, ''strict_increase, strict_once'', kind < 3, kind < 4, kind = 6'),
    ('funnel_times(interval,timestamptz,boolean[])', '''4 hours'', from_at, kind = 1, kind = 4, kind = 6, kind = 2, kind = 5'),
    ('funnel_times(interval,timestamptz,text,boolean[])', '''4 hours'', from_at, ''strict_order, allow_reentry'', kind = 1, kind > 1'),
    ('attribution(text,text,timestamptz,timestamptz)', '''linear'', channel, from_at, ''2024-01-20'''),
    ('attribution(text,text,timestamptz,timestamptz,numeric)', '''position'', channel, to_at, ''2024-02-20'', 99.99'),
    ('attribution(text,text,timestamptz,timestamptz,numeric,interval)', '''last_non_direct'', channel, to_at, ''2024-02-20'', 99.99, ''10 days'''),
    ('attribution(text,text,timestamptz,timestamptz,numeric,interval,interval)', '''time_decay'', channel, to_at, ''2024-02-20'', 99.99, ''20 days'', ''3 days'''),
    ('first_touch(text,timestamptz)', 'channel, to_at'),
    ('attribution_markov(text[],boolean)', 'path, won'),
    ('attribution_markov(text[],boolean,integer)', 'path, won, 2'),
    ('attribution_markov(text[],bigint,bigint,integer)', 'path, kind, 3, 3');

-- Every aggregate of the extension is in the list.
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'lead_scoring'::regnamespace AND p.prokind = 'a'
  AND p.oid NOT IN (SELECT ('lead_scoring.' || aggregate)::regprocedure FROM aggregate_calls);

-- Parallel safe, combinable, no internal state, commented; support functions are safe too.
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid
WHERE p.pronamespace = 'lead_scoring'::regnamespace
  AND (p.proparallel <> 's' OR a.aggcombinefn = 0 OR a.aggtranstype = 'internal'::regtype OR a.aggfinalmodify <> 'r'
       OR obj_description(p.oid, 'pg_proc') IS NULL
       OR EXISTS (SELECT FROM pg_proc s WHERE s.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn)
                  AND (s.proparallel <> 's' OR s.provolatile <> 'i' OR obj_description(s.oid, 'pg_proc') IS NULL)));

CREATE FUNCTION answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    EXECUTE query INTO result;
    RETURN coalesce(result, 'NULL');
END $$;

CREATE FUNCTION call_of(aggregate text, arguments text) RETURNS text LANGUAGE sql AS
    $$SELECT format('lead_scoring.%s(%s)', split_part(aggregate, '(', 1), arguments)$$;

-- Any split: partial states by bucket, through their text form, combined in an order of their own.
CREATE FUNCTION split_answer(aggregate text, arguments text, buckets int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    a record;
    start text;
    result text;
BEGIN
    SELECT g.*, pg_get_function_identity_arguments(g.aggfnoid) AS signature INTO a
    FROM pg_aggregate g WHERE g.aggfnoid = ('lead_scoring.' || aggregate)::regprocedure;
    start := CASE WHEN a.agginitval IS NULL THEN '' ELSE format(', INITCOND = %L', a.agginitval) END;
    EXECUTE format('CREATE AGGREGATE pg_temp.part(%s) (SFUNC = %s, STYPE = %s %s)', a.signature, a.aggtransfn::regproc, a.aggtranstype::regtype, start);
    EXECUTE format('CREATE AGGREGATE pg_temp.joined(%s) (SFUNC = %s, STYPE = %1$s, FINALFUNC = %3$s %4$s)',
                   a.aggtranstype::regtype, a.aggcombinefn::regproc, a.aggfinalfn::regproc, start);
    EXECUTE format('SELECT pg_temp.joined(s::text::%s ORDER BY bucket * 17 %% 23)
                    FROM (SELECT id * 7919 %% %s AS bucket, pg_temp.part(%s) AS s FROM aggregate_input GROUP BY 1) AS parts',
                   a.aggtranstype::regtype, buckets, arguments) INTO result;
    EXECUTE format('DROP AGGREGATE pg_temp.part(%s)', a.signature);
    EXECUTE format('DROP AGGREGATE pg_temp.joined(%s)', a.aggtranstype::regtype);
    RETURN coalesce(result, 'NULL');
END $$;

-- The answers themselves, once, and fewer digits than are compared below.
SET max_parallel_workers_per_gather = 0;
SET extra_float_digits = -3;
SELECT aggregate, left(answer(format('SELECT %s FROM aggregate_input', call_of(aggregate, arguments))), 150) AS answer
FROM aggregate_calls ORDER BY ordinal;
SET extra_float_digits = 1;

CREATE TABLE aggregate_answers AS
SELECT ordinal, aggregate, arguments, answer(format('SELECT %s FROM aggregate_input', call_of(aggregate, arguments))) FROM aggregate_calls;

SELECT buckets, aggregate, arguments, split.answer FROM aggregate_answers a, unnest(ARRAY[1, 2, 3, 7, 50]) AS buckets,
    LATERAL (SELECT split_answer(aggregate, arguments, buckets) AS answer) AS split
WHERE split.answer <> a.answer;

-- Any order of the rows.
SELECT aggregate, arguments FROM aggregate_answers
WHERE answer(format('SELECT %s FROM (SELECT * FROM aggregate_input ORDER BY id * 7919 %% 2003) AS shuffled', call_of(aggregate, arguments))) <> answer;

-- Parallel plans, each with partial aggregates.
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT aggregate, arguments FROM aggregate_answers
WHERE answer(format('EXPLAIN (FORMAT JSON) SELECT %s FROM aggregate_input', call_of(aggregate, arguments))) NOT LIKE '%Partial%';
SET parallel_leader_participation = off;
SELECT aggregate, arguments FROM aggregate_answers
WHERE answer(format('SELECT %s FROM aggregate_input', call_of(aggregate, arguments))) <> answer;
RESET parallel_leader_participation;
SELECT aggregate, arguments FROM aggregate_answers
WHERE answer(format('SELECT array_agg((team, a) ORDER BY team) FROM (SELECT team, %s AS a FROM aggregate_input GROUP BY team) AS g', call_of(aggregate, arguments)))
   <> answer(format('SELECT array_agg((team, (SELECT %s FROM aggregate_input i WHERE i.team = t.team)) ORDER BY team) FROM generate_series(0, 2) AS t(team)', call_of(aggregate, arguments)));
SET max_parallel_workers_per_gather = 0;

-- Partition-wise plans: each partition aggregates, the parts are combined.
CREATE TABLE aggregate_parts (LIKE aggregate_input) PARTITION BY RANGE (id);
CREATE TABLE aggregate_parts_1 PARTITION OF aggregate_parts FOR VALUES FROM (MINVALUE) TO (500);
CREATE TABLE aggregate_parts_2 PARTITION OF aggregate_parts FOR VALUES FROM (500) TO (600);
CREATE TABLE aggregate_parts_3 PARTITION OF aggregate_parts FOR VALUES FROM (600) TO (MAXVALUE);
INSERT INTO aggregate_parts SELECT * FROM aggregate_input;
ANALYZE aggregate_parts;
SET enable_partitionwise_aggregate = on;
SELECT aggregate, arguments FROM aggregate_answers
WHERE answer(format('EXPLAIN (FORMAT JSON) SELECT %s FROM aggregate_parts', call_of(aggregate, arguments))) NOT LIKE '%Partial%';
SELECT aggregate, arguments FROM aggregate_answers
WHERE answer(format('SELECT %s FROM aggregate_parts', call_of(aggregate, arguments))) <> answer;
RESET enable_partitionwise_aggregate;

-- GROUPING SETS, hashed and sorted.
CREATE FUNCTION grouping_answer(call text) RETURNS text LANGUAGE sql AS $$
    SELECT answer(format('SELECT array_agg((team, kind, a) ORDER BY team, kind) FROM
                          (SELECT team, kind, %s AS a FROM aggregate_input GROUP BY GROUPING SETS ((team), (kind), ())) AS g', call))$$;
CREATE FUNCTION single_answer(call text) RETURNS text LANGUAGE sql AS $$
    SELECT answer(format('SELECT array_agg((team, kind, a) ORDER BY team, kind) FROM
                          (SELECT team, NULL::int AS kind, %1$s AS a FROM aggregate_input GROUP BY team
                           UNION ALL SELECT NULL, kind, %1$s FROM aggregate_input GROUP BY kind
                           UNION ALL SELECT NULL, NULL, %1$s FROM aggregate_input) AS g', call))$$;
SELECT aggregate, arguments FROM aggregate_calls, call_of(aggregate, arguments) AS call WHERE grouping_answer(call) <> single_answer(call);
SET enable_hashagg = off;
SELECT aggregate, arguments FROM aggregate_calls, call_of(aggregate, arguments) AS call WHERE grouping_answer(call) <> single_answer(call);
RESET enable_hashagg;

-- Window frames that grow: the final function runs again and again on one state. And FILTER.
SELECT aggregate, arguments FROM aggregate_calls, call_of(aggregate, arguments) AS call
WHERE answer(format('SELECT array_agg(a ORDER BY id) FROM (SELECT id, (%s OVER (ORDER BY id))::text AS a FROM aggregate_input WHERE id <= 60) AS w', call))
   <> answer(format('SELECT array_agg((SELECT (%s)::text FROM aggregate_input i WHERE i.id <= t.id) ORDER BY t.id) FROM generate_series(1, 60) AS t(id)', call));
SELECT aggregate, arguments FROM aggregate_calls, call_of(aggregate, arguments) AS call
WHERE answer(format('SELECT %s FILTER (WHERE team = 1) FROM aggregate_input', call)) <> answer(format('SELECT %s FROM aggregate_input WHERE team = 1', call));

-- What a group of all these rows takes, in bytes.
CREATE FUNCTION state_size(aggregate text, arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    a record;
    result text;
BEGIN
    SELECT g.*, pg_get_function_identity_arguments(g.aggfnoid) AS signature INTO a
    FROM pg_aggregate g WHERE g.aggfnoid = ('lead_scoring.' || aggregate)::regprocedure;
    EXECUTE format('CREATE AGGREGATE pg_temp.part(%s) (SFUNC = %s, STYPE = %s %s)', a.signature, a.aggtransfn::regproc, a.aggtranstype::regtype,
                   CASE WHEN a.agginitval IS NULL THEN '' ELSE format(', INITCOND = %L', a.agginitval) END);
    result := answer(format('SELECT pg_column_size(pg_temp.part(%s)) FROM aggregate_input', arguments));
    EXECUTE format('DROP AGGREGATE pg_temp.part(%s)', a.signature);
    RETURN result;
END $$;
SELECT aggregate, state_size(aggregate, arguments) AS bytes FROM aggregate_calls ORDER BY ordinal;

-- What the planner is told that a group takes is what a small one does.
SELECT aggfnoid::regprocedure AS aggregate, aggtransspace AS told,
       pg_column_size(CASE aggtransfn::text WHEN 'lead_scoring_internal.attribution_accum' THEN lead_scoring_internal.attribution_accum(NULL, 'linear', 'a', now(), now())
                                            ELSE lead_scoring_internal.window_funnel_accum(NULL, '1 day', now(), true) END) AS takes
FROM pg_aggregate WHERE aggfnoid::text ~ '^lead_scoring.' AND aggtransspace > 0 ORDER BY aggfnoid;

-- No rows.
SELECT aggregate, answer(format('SELECT %s FROM aggregate_input WHERE false', call_of(aggregate, arguments))) FROM aggregate_calls ORDER BY ordinal;

-- Support functions called by hand leave their arguments alone, and refuse what is no state.
SELECT s, lead_scoring_internal.conversion_accum(s, now(), now()), s FROM (SELECT '{3,1,0}'::bigint[] AS s) AS given;
SELECT lead_scoring_internal.conversion_rate_final('{1,2}');
SELECT lead_scoring_internal.conversion_accum(NULL::bigint[], now(), now());
SELECT lead_scoring_internal.cost_final('{1,1,0,0,0,99999999999,1}');
SELECT lead_scoring_internal.cost_accum('{1,1,0,0,0}', 1, true);
SELECT lead_scoring_internal.cost_accum('{1,1,0,0,0,-9223372036854775808,1}', 1.5, true);
SELECT lead_scoring_internal.cost_accum('{1,1,0,0,0,9223372036854775807,1}', 1.5, true);
SELECT lead_scoring_internal.cost_accum(s, 1.5, true), s FROM (SELECT '{1,2,0,0,0,-1,25,3}'::bigint[] AS s) AS given;
SELECT lead_scoring_internal.window_funnel_final('\xdeadbeef');
SELECT lead_scoring_internal.attribution_final('\xdeadbeefdeadbeef');
SELECT lead_scoring_internal.attribution_final(overlay(b PLACING '\xffffffffffffffff' FROM 45 FOR 8)) FROM (SELECT lead_scoring_internal.attribution_accum(NULL, 'linear', 'a', now(), now()) AS a) AS one_touch,
    LATERAL (SELECT lead_scoring_internal.attribution_accum(lead_scoring_internal.attribution_accum(a, 'linear', 'b', now(), now()), 'linear', 'b', now(), now()) AS b) AS three_touches;
SELECT lead_scoring_internal.auc_combine(lead_scoring_internal.auc_accum(NULL, 1, true), lead_scoring_internal.survival_accum(NULL, now(), now(), now()));
SELECT lead_scoring_internal.auc_final(lead_scoring_internal.auc_accum(s, 2, true)), lead_scoring_internal.auc_final(lead_scoring_internal.auc_accum(s, 0, true)), lead_scoring_internal.auc_final(s)
FROM (SELECT lead_scoring_internal.auc_accum(NULL, 1, false) AS s) AS given;

-- Arguments that are stored compressed or elsewhere.
CREATE TABLE aggregate_toast (channel text, at timestamptz, spend numeric);
INSERT INTO aggregate_toast SELECT repeat('search', 10000), '2024-01-01'::timestamptz + i * interval '1 day', i * 10::numeric ^ (i * 1000) FROM generate_series(0, 9) AS i;
SELECT bool_and(c.channel = repeat('search', 10000)) AS same, sum(c.touches) AS touches
FROM (SELECT lead_scoring.attribution('linear', channel, at, '2024-02-01') AS credits FROM aggregate_toast) AS a, unnest(credits) AS c;
SELECT lead_scoring.cost_per(spend, 1) = sum(spend) / count(*) AS same FROM aggregate_toast;

DROP TABLE aggregate_toast, aggregate_parts, aggregate_input, aggregate_calls, aggregate_answers;
DROP FUNCTION answer, call_of, split_answer, state_size, grouping_answer, single_answer;
