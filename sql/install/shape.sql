-- The shape of a model's own tables: what the library, which reads and writes them, relies on.

CREATE FUNCTION lead_scoring_internal.shape_faults(model text, stage_columns text[] DEFAULT '{}')
RETURNS TABLE (relation text, fault text, statement text, by_hand text)
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'lead_scoring_shape_faults';
COMMENT ON FUNCTION lead_scoring_internal.shape_faults IS 'What keeps the library from working with a model''s own tables, with the statement that puts it right, or, where none does without losing anything, with what to do by hand. "stage_columns" are further columns that scores needs. Looks at the catalogs only.';

CREATE FUNCTION lead_scoring_internal.mend_shape(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stage_columns text[];
    grants text[];
    left_over record;
    statement text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- First what does not depend on others; then the columns of stages, whose names are in versions.
    IF NOT EXISTS (SELECT FROM lead_scoring_internal.shape_faults(model) f WHERE f.relation = 'versions') THEN
        stage_columns := lead_scoring.stage_columns(model);
    END IF;
    IF NOT EXISTS (SELECT FROM lead_scoring_internal.shape_faults(model, coalesce(stage_columns, '{}'))) THEN
        RETURN;
    END IF;
    -- The view stands in the way of the columns it reads.
    grants := lead_scoring_internal.take_leads_view(model);
    FOR statement IN SELECT f.statement FROM lead_scoring_internal.shape_faults(model, coalesce(stage_columns, '{}')) f
                      WHERE f.statement IS NOT NULL LOOP
        EXECUTE statement;
    END LOOP;
    SELECT f.* INTO left_over FROM lead_scoring_internal.shape_faults(model, coalesce(stage_columns, '{}')) f LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('table "%s" of model "%s" %s', left_over.relation, model, left_over.fault),
            DETAIL = 'This is what repair() cannot put right.',
            HINT = coalesce(left_over.by_hand, left_over.statement);
    END IF;
    PERFORM lead_scoring_internal.put_back_leads_view(model, grants);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.mend_shape IS 'The part of repair() that gives the model''s own tables back the shape that create_model gave them, and keeps what is in them. Raises 55000 for what it cannot put right.';

CREATE FUNCTION lead_scoring_internal.take_leads_view(model text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    grants text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    grants := ARRAY(
        SELECT format('GRANT %s%s ON %I.leads TO %s%s', g.privilege_type, CASE WHEN a.attnum > 0 THEN format(' (%I)', a.attname) END, model,
                      CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END, CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END)
          FROM pg_class c
         CROSS JOIN LATERAL (SELECT 0 AS attnum, NULL AS attname, c.relacl AS acl
                             UNION ALL SELECT b.attnum, b.attname, b.attacl FROM pg_attribute b WHERE b.attrelid = c.oid) a
         CROSS JOIN LATERAL aclexplode(a.acl) g
         WHERE c.oid = to_regclass(format('%I.leads', model)));
    EXECUTE format('DROP VIEW IF EXISTS %I.leads', model);
    RETURN grants;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.take_leads_view IS 'Drops the view "leads" of a model, which stands in the way of the columns it reads, and returns the statements that grant again what is granted on it.';

CREATE FUNCTION lead_scoring_internal.put_back_leads_view(model text, grants text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring.make_leads_view(model);
    FOREACH statement IN ARRAY grants LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.put_back_leads_view IS 'Makes the view again that take_leads_view() dropped, with its grants.';
