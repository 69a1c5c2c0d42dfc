-- What the reference in README.md has to say of the database it was run in: of each function its signature, of each type
-- and of the model in schema `inbound` each table and view with its columns. A row is: kind, name, text, with tabs between.
\pset format unaligned
\pset fieldsep '\t'
\pset tuples_only on

-- Without functions that only the server calls. Types by their short names, defaults without casts. The overloads for the
-- types a lead's key may have are one function.
SELECT DISTINCT 'signature', p.proname,
       regexp_replace(
           regexp_replace(
               replace(format('lead_scoring.%s(%s)', p.proname, pg_get_function_arguments(p.oid))
                       || coalesce(' RETURNS ' || nullif(pg_get_function_result(p.oid), 'void'), ''),
                       'timestamp with time zone', 'timestamptz'),
               '::("\w+"|\w+)( precision)?(\[\])?|\mpg_catalog\.|\mIN (?=model|batch_size)', '', 'g'),
           '(?<=\mlead )(text|bigint|uuid)(?=[,)])', 'key')
FROM pg_proc p
WHERE p.pronamespace = 'lead_scoring'::regnamespace
  AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
  AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE p.oid IN (a.aggtransfn, a.aggcombinefn, a.aggfinalfn))
  AND NOT EXISTS (SELECT FROM pg_type t WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend))
ORDER BY 2, 3;

SELECT 'type', t.typname, format('`lead_scoring.%s`', t.typname)
FROM pg_type t WHERE t.typnamespace = 'lead_scoring'::regnamespace AND t.typelem = 0 ORDER BY 2;

-- The columns <stage>_at are one.
SELECT CASE c.relkind WHEN 'v' THEN 'View' WHEN 'c' THEN 'Type' ELSE 'Table' END,
       c.relname || coalesce('.' || a.attname, ''),
       CASE WHEN a.attname IS NULL THEN coalesce(obj_description(c.oid, 'pg_class'), obj_description(c.reltype, 'pg_type'))
            ELSE format('| `%s` | %s | %s |', name,
                        CASE WHEN name = 'lead_id' OR c.relname = 'merged' THEN 'as the key'
                             ELSE replace(format_type(a.atttypid, NULL), 'timestamp with time zone', 'timestamptz') END,
                        replace(note, format('stage "%s"', left(a.attname, -3)), 'the stage')) END
FROM pg_class c
CROSS JOIN LATERAL (SELECT NULL AS attname, 0 AS attnum, NULL AS atttypid
                    UNION ALL
                    SELECT b.attname, b.attnum, b.atttypid FROM pg_attribute b
                    WHERE b.attrelid = c.oid AND b.attnum > 0 AND NOT b.attisdropped) AS a
CROSS JOIN LATERAL col_description(c.oid, a.attnum) AS note
CROSS JOIN LATERAL (SELECT CASE WHEN note LIKE 'When the lead first entered stage %' THEN '<stage>_at'
                                ELSE a.attname END AS name) AS named
WHERE c.relnamespace = 'inbound'::regnamespace AND c.relkind IN ('r', 'p', 'v')
   OR c.relnamespace = 'lead_scoring'::regnamespace AND c.relkind = 'c'
ORDER BY array_position('{r,p,v,c}', c.relkind), c.oid, a.attnum;
