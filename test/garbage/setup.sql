-- What the campaigns with garbage work on: full_model, of a role that is no superuser, and choices that follow from a
-- seed.
CREATE ROLE garbage_owner;
CREATE ROLE garbage_reader;
CREATE ROLE garbage_stranger;
CREATE EXTENSION lead_scoring;
SELECT format('GRANT CREATE ON DATABASE %I TO garbage_owner, garbage_stranger', current_database()) \gexec
SET ROLE garbage_owner;
\i full_model.sql
GRANT USAGE ON SCHEMA full_test, full_model TO garbage_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA full_model TO garbage_reader;
RESET ROLE;

CREATE SCHEMA garbage;
GRANT USAGE ON SCHEMA garbage TO PUBLIC;
SET search_path = garbage, public;

CREATE FUNCTION below(n bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT floor(random() * n)::bigint $$;
CREATE FUNCTION one_in(n bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT random() * n < 1 $$;
CREATE FUNCTION pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;
CREATE PROCEDURE begin_choices(seed bigint) LANGUAGE sql AS $$ SELECT setseed((seed * 7919 % 1000003) / 1000003.0) $$;

-- A statement and what came of it. Errors of class XX say that we did not foresee something (but for XX001, of stored
-- data that nothing can be read from), 57014 that it did not end.
CREATE TYPE outcome AS (code text, statement text, message text);
CREATE FUNCTION is_wrong(code text) RETURNS boolean LANGUAGE sql AS $$ SELECT code LIKE 'XX%' AND code <> 'XX001' OR code IN ('57014', 'P0004', 'wrong') $$;
CREATE FUNCTION try(statement text) RETURNS outcome LANGUAGE plpgsql AS $$
DECLARE
    message text;
BEGIN
    EXECUTE statement;
    RETURN ROW('00000', NULL, NULL)::garbage.outcome;
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
    RETURN CASE WHEN garbage.is_wrong(sqlstate) THEN ROW(sqlstate, statement, message)::garbage.outcome ELSE ROW(sqlstate, NULL, NULL)::garbage.outcome END;
END $$;

-- What came of a round of statements, with what was forged before where something of it is wrong; and how often what came.
CREATE FUNCTION blame(round outcome[], forged text) RETURNS outcome[] LANGUAGE sql AS $$
    SELECT CASE WHEN EXISTS (SELECT FROM unnest(round) r WHERE is_wrong(r.code)) THEN round || ('forged', forged, NULL)::outcome ELSE round END
$$;
CREATE FUNCTION count_outcomes(outcomes outcome[]) RETURNS TABLE (code text, calls_made bigint, example text) LANGUAGE sql AS $$
    SELECT o.code, count(*), left(string_agg(o.statement || ': ' || o.message, E'\n') FILTER (WHERE is_wrong(o.code)), 3000)
      FROM unnest(outcomes) o WHERE o.code <> 'forged' GROUP BY o.code
    UNION ALL SELECT 'forged', 0, string_agg(o.statement, E'\n') FROM unnest(outcomes) o WHERE o.code = 'forged' HAVING count(*) > 0
$$;

-- Numbers and words that nobody expects.
CREATE FUNCTION odd_number() RETURNS text LANGUAGE sql AS $$
    SELECT pick('0', '-1', '1', '0.5', '-0.00001', '1e308', '1e-308', '1e400', '9223372036854775807', '-9223372036854775808', '9223372036854775808', '2147483647', '2147483648',
                '100000', '100001', '1e12', '1e18', '3')
$$;
CREATE FUNCTION odd_text() RETURNS text LANGUAGE sql AS $$
    SELECT CASE below(24) WHEN 0 THEN '' WHEN 1 THEN ' ' WHEN 2 THEN repeat('x', 63) WHEN 3 THEN repeat('long ', 40) WHEN 4 THEN repeat('y', 20000) WHEN 5 THEN '%s%n%1$s' WHEN 6 THEN '"' WHEN 7 THEN ''''
        WHEN 8 THEN E'd\u00E9j\u00E0 \U0001F600' WHEN 9 THEN E'\x01\x7f' WHEN 10 THEN '; SELECT 1' WHEN 11 THEN 'NaN' WHEN 12 THEN '-Infinity' WHEN 13 THEN 'lead_id' WHEN 14 THEN 'pg_catalog' WHEN 15 THEN '1'
        WHEN 16 THEN odd_number() WHEN 17 THEN '1/0' WHEN 18 THEN 'a.b.c' WHEN 19 THEN '*' WHEN 20 THEN '2024-01-01' WHEN 21 THEN '{}' WHEN 22 THEN repeat('(', 300) ELSE 'full_test.leads' END
$$;
CREATE FUNCTION odd_expression() RETURNS text LANGUAGE sql AS $$
    SELECT pick('true', 'false', 'NULL', '1', '1/0 > 0', 'lead_id > 3', 'lead_id / (lead_id - 3) > 0', 'properties->>''n''', '(properties->>''n'')::int > 1', '(properties->>''asset'')::numeric', 'random() > 0.5', 'now()',
        'occurred_at > ''2024-02-01''', '(SELECT true)', 'count(*) > 1', 'lead_id = ANY (ARRAY[1, NULL])', 'country = ''NZ''', 'came < ''2024-01-01''', 'events.*::text = ''x''', 'ctid IS NULL', 'no_column', 'lead_id =', '')
$$;
