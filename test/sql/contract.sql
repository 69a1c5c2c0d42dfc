-- What BI tools and drivers can count on: plain types only, a comment on every view and column, and never NaN or infinity,
-- over a model with everything switched on.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
\set ECHO none
\i test/lib/full_model.sql
\set ECHO all

-- All views, and the functions that return rows to users.
WITH columns AS (
    SELECT format('%I.%I', c.relnamespace::regnamespace, c.relname) AS object, a.attname AS name, format_type(a.atttypid, NULL) AS type, a.atttypmod AS typmod,
           col_description(c.oid, a.attnum) IS NOT NULL AND obj_description(c.oid, 'pg_class') IS NOT NULL AS commented
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind IN ('v', 'm') AND c.relnamespace IN ('full_model'::regnamespace, 'lead_scoring'::regnamespace)
    UNION ALL
    SELECT p.oid::regprocedure::text, coalesce(o.name, 'result'), format_type(coalesce(o.type, p.prorettype), NULL), -1, obj_description(p.oid, 'pg_proc') IS NOT NULL
      FROM pg_proc p
      LEFT JOIN LATERAL (SELECT u.name, u.type FROM unnest(p.proargnames, p.proallargtypes, p.proargmodes) u (name, type, mode) WHERE u.mode IN ('t', 'o')) o ON true
     WHERE p.pronamespace = 'lead_scoring'::regnamespace AND p.proretset
       AND p.proname <> 'report' AND (p.proname, o.name) IS DISTINCT FROM ('templates', 'definition'))  -- a document, for apply_model
SELECT count(*) > 150 AS looked_at, count(DISTINCT object) > 15 AS objects, count(*) FILTER (WHERE type = 'numeric' AND typmod = -1 AND object LIKE 'full_model.%') AS unbounded,
       string_agg(object || ' ' || name || ': ' || CASE WHEN commented THEN type ELSE 'no comment' END, E'\n')
           FILTER (WHERE NOT commented OR type NOT IN ('text', 'bigint', 'integer', 'double precision', 'numeric', 'boolean', 'date', 'timestamp with time zone')) AS problems
  FROM columns;

-- Each view has rows, and no value is NaN or infinite.
SELECT format('SELECT %L, count(*) > 0 AS has_rows, count(*) FILTER (WHERE to_jsonb(v)::text ~ ''"-?(NaN|[Ii]nfinity)"'') AS not_finite FROM %I.%I v', c.relname, 'full_model', c.relname)
  FROM pg_class c WHERE c.relnamespace = 'full_model'::regnamespace AND c.relkind = 'v' ORDER BY c.relname \gexec

-- No view rests on a table of the user's, but for the key of leads; so nothing they do to their own columns is refused.
SELECT DISTINCT v.ev_class::regclass, d.refobjid::regclass, a.attname FROM pg_depend d JOIN pg_rewrite v ON v.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid JOIN pg_class c ON c.oid = d.refobjid
 WHERE d.refclassid = 'pg_class'::regclass AND v.ev_class::regclass::text LIKE 'full_model.%' AND c.relnamespace = 'full_test'::regnamespace;
SELECT * FROM lead_scoring.verify('full_model');
SELECT lead_scoring.drop_model('full_model') \g /dev/null
DROP SCHEMA full_test CASCADE;
