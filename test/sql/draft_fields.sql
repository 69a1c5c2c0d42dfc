-- The list of what a draft is made of is what its tables are: a new column cannot be forgotten.
\pset format unaligned
\pset tuples_only on

CREATE TEMPORARY VIEW columns AS
SELECT c.relname::text AS entity, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum)::integer AS place, a.attname::text AS field,
       format_type(a.atttypid, a.atttypmod) AS type,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey) AND a.attname <> 'only_row') AS is_key
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'lead_scoring_internal'::regnamespace AND c.relkind = 'r';
-- Tables whose rows come and go with the model's state are no draft.
SELECT DISTINCT entity FROM columns EXCEPT SELECT entity FROM lead_scoring_internal.draft_fields ORDER BY 1;
-- Fields and columns, in the same order, both ways.
SELECT 'not listed', c.entity, c.place, c.field FROM columns c WHERE c.entity IN (SELECT f.entity FROM lead_scoring_internal.draft_fields f)
   AND NOT EXISTS (SELECT FROM lead_scoring_internal.draft_fields f WHERE (f.entity, f.place, f.field) = (c.entity, c.place, c.field))
UNION ALL
SELECT 'no column', f.entity, f.place, f.field FROM lead_scoring_internal.draft_fields f
 WHERE NOT EXISTS (SELECT FROM columns c WHERE (f.entity, f.place, f.field) = (c.entity, c.place, c.field));
-- A kind has types, and what identifies a row is its key.
SELECT f.kind, f.is_owners, string_agg(DISTINCT c.type, ', ' ORDER BY c.type) FROM lead_scoring_internal.draft_fields f JOIN columns c USING (entity, field) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT entity, field, kind FROM lead_scoring_internal.draft_fields f JOIN columns c USING (entity, field) WHERE c.is_key <> (f.kind = 'name');
-- At most one event type a table: conditions and expressions are over its events.
SELECT entity FROM lead_scoring_internal.draft_fields WHERE kind = 'event type' GROUP BY 1 HAVING count(*) > 1;
-- The functions that add rows take every field of them by its name but switches and comments, and nothing else; those of working time take days and hours.
SELECT a.function, a.entity, p.argument, f.field
  FROM (VALUES ('add_group', 'rule_groups'), ('add_rule', 'rules'), ('add_band', 'bands'), ('add_stage', 'stages'), ('add_source', 'sources'), ('add_account_rule', 'account_rules'), ('add_entry', 'entries'), ('add_lead_type', 'lead_types')) a (function, entity)
 CROSS JOIN LATERAL (SELECT array_agg(n) AS arguments FROM pg_proc p, unnest(p.proargnames) n
                      WHERE p.pronamespace = 'lead_scoring'::regnamespace AND p.proname = a.function AND n NOT IN ('model', 'require_index')) g
 CROSS JOIN LATERAL (SELECT n FROM unnest(g.arguments) n) p (argument)
  FULL JOIN (SELECT * FROM lead_scoring_internal.draft_fields WHERE entity NOT LIKE '%settings' AND entity NOT IN ('calendar', 'holidays') AND kind NOT IN ('id', 'switch', 'comment')) f ON f.entity = a.entity AND f.field = p.argument
 WHERE f.field IS NULL OR p.argument IS NULL;
-- Whatever is run or read with the owner's rights is his to write.
SELECT entity, field FROM lead_scoring_internal.draft_fields WHERE kind ~ 'expression|condition|table|column|path' AND NOT is_owners;

-- What a version holds, whatever intervals look like to the one who publishes.
SET client_min_messages = warning;
\set ECHO none
\i test/lib/full_model.sql
\set ECHO all
SELECT jsonb_pretty(definition) FROM full_model.versions ORDER BY version DESC LIMIT 1;
SET intervalstyle = sql_standard;
SELECT lead_scoring.publish('full_model');
SET intervalstyle = iso_8601;
SELECT lead_scoring.publish('full_model');
SET intervalstyle = postgres_verbose;
SELECT lead_scoring.publish('full_model');
SELECT count(*) FROM full_model.versions;
SELECT * FROM lead_scoring.verify('full_model');
SELECT lead_scoring.drop_model('full_model') \g /dev/null
DROP SCHEMA full_test CASCADE;
