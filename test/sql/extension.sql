-- What CREATE EXTENSION brings, and who may use it. A model's own objects are checked with the model.

-- an existing schema is refused, not adopted
\set SHOW_CONTEXT never
DROP EXTENSION lead_scoring;
CREATE SCHEMA lead_scoring;
CREATE EXTENSION lead_scoring;
DROP SCHEMA lead_scoring;
CREATE EXTENSION lead_scoring;
SELECT extrelocatable, extnamespace::regnamespace FROM pg_extension WHERE extname = 'lead_scoring';

-- the extension owns no sequence, one view, of what backends report, and the tables of a model, which stay empty
SELECT pg_describe_object(classid, objid, 0)
FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND classid = 'pg_class'::regclass
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'lead_scoring')
ORDER BY 1;

CREATE TEMP VIEW members AS
SELECT classid, objid, pg_describe_object(classid, objid, 0) AS name
FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'lead_scoring');

-- every object has a comment
SELECT name FROM members
WHERE obj_description(objid, (SELECT relname FROM pg_class WHERE pg_class.oid = classid)) IS NULL
  AND name NOT LIKE 'type %[]'
  AND NOT (classid = 'pg_type'::regclass AND EXISTS (SELECT FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind <> 'c' WHERE t.oid = objid)) -- of rows
ORDER BY name COLLATE "C";

CREATE TEMP VIEW functions AS
SELECT p.* FROM pg_proc p JOIN members ON classid = 'pg_proc'::regclass AND objid = p.oid;

-- functions in SQL and PL/pgSQL, and all that run with another's rights, name their search_path
SELECT oid::regprocedure, prosecdef FROM functions
WHERE (prosecdef OR prolang IN (SELECT oid FROM pg_language WHERE lanname IN ('sql', 'plpgsql')))
  AND NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting = 'search_path=pg_catalog, pg_temp')
ORDER BY oid::regprocedure::text COLLATE "C";

-- what everybody may execute
\pset format unaligned
SELECT DISTINCT proname COLLATE "C", prosecdef FROM functions
WHERE has_function_privilege('public', oid, 'execute')
ORDER BY 1;
\pset format aligned

-- everybody may look into the schema, nobody may create in it
SELECT has_schema_privilege('public', 'lead_scoring', 'usage') AS usage,
       has_schema_privilege('public', 'lead_scoring', 'create') AS create;

-- nothing is left behind
DROP VIEW members CASCADE;
DROP EXTENSION lead_scoring;
SELECT count(*) FROM pg_namespace WHERE nspname = 'lead_scoring';
CREATE EXTENSION lead_scoring;
