-- Models: a schema a model, with its settings and its state; made, checked and dropped here.
--
-- Whose rights: commands are entered through C (src/pg/sql/command.cpp) and run as the model's owner, in a security-restricted
-- operation; whatever reads or writes a model calls require_identity() first. So every role may have EXECUTE on what
-- commands are made of.

-- ---------------------------------------------------------------- names and lookups

CREATE FUNCTION lead_scoring_internal.model_schemas(OUT schema oid, OUT name text, OUT owner oid)
RETURNS SETOF record LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT n.oid, n.nspname::text, n.nspowner
  FROM pg_namespace n
 WHERE n.nspname <> 'lead_scoring_internal'
   AND EXISTS (SELECT FROM (VALUES ('scores', '{stage_since,stage_seq,stage_armed}'::name[]), ('settings', '{lead_key,event_lead,status_columns}'),
                                   ('transitions', '{from_stage,to_stage,recorded_at}')) known (name, columns)
                 JOIN pg_class c ON c.relname = known.name AND c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
                 JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
                GROUP BY c.oid
               HAVING bool_or(a.atttypid = 'lead_scoring.scorecard'::regtype) OR count(*) FILTER (WHERE a.attname = ANY (known.columns)) = 3
               UNION ALL
               SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid AND c.relnamespace = n.oid
                 JOIN pg_class own ON own.relname = c.relname AND own.relnamespace = 'lead_scoring_internal'::regnamespace
                WHERE t.tgfoid = 'lead_scoring_internal.refuse_write()'::regprocedure)
$$;
COMMENT ON FUNCTION lead_scoring_internal.model_schemas IS 'The schemas that hold a model, or what is left of one: those with a table "scores", "settings" or "transitions" that has columns of ours, or with any table of a model''s that has our guard. Looks at the catalogs only.';

CREATE FUNCTION lead_scoring_internal.resolve_table(qualified_name text)
RETURNS regclass LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parts text[];
BEGIN
    parts := parse_ident(qualified_name);
    RETURN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE cardinality(parts) = 2 AND n.nspname = parts[1] AND c.relname = parts[2] AND c.relkind IN ('r', 'p'));
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.resolve_table IS 'The table of a name as settings holds it, with its schema and quoted where needed; NULL when there is none or the text is no such name. Unlike to_regclass it asks for no privilege, so that models() can speak of tables its caller may not use.';

CREATE FUNCTION lead_scoring_internal.is_span(span interval)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT span > '0'::interval AND extract(year FROM span) = 0 AND extract(month FROM span) = 0
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_span IS 'Whether an interval is positive, finite and free of months and years, so that it stands for a fixed number of seconds (a day is 24 hours). NULL for NULL.';

CREATE FUNCTION lead_scoring_internal.is_bound(points numeric)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT points BETWEEN -1e12 AND 1e12
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_bound IS 'Whether a number of points can be a threshold, a floor or a ceiling: finite, and far from where the sums of points end. NULL for NULL.';

CREATE FUNCTION lead_scoring_internal.describe(relation regclass, note text, column_notes jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry record;
BEGIN
    EXECUTE format('COMMENT ON %s %s IS %L',
        (SELECT CASE WHEN c.relkind = 'v' THEN 'VIEW' ELSE 'TABLE' END FROM pg_class c WHERE c.oid = relation),
        relation, note);
    FOR entry IN SELECT e.key, e.value FROM jsonb_each_text(column_notes) e LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', relation, entry.key, entry.value);
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.describe IS 'Comments a table or view and its columns; column_notes is an object of column name and text.';
