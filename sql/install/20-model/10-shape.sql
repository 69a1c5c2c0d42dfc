-- The shape of a model's own tables: what the library, which reads and writes them, relies on.

CREATE FUNCTION lead_scoring_internal.shape_faults(model text, stage_columns text[] DEFAULT '{}')
RETURNS TABLE (relation text, fault text, statement text, by_hand text)
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'lead_scoring_shape_faults';
COMMENT ON FUNCTION lead_scoring_internal.shape_faults IS 'What keeps the library from working with a model''s own tables, with the statement that puts it right, or, where none does without losing anything, with what to do by hand. "stage_columns" are further columns that scores needs. Looks at the catalogs only.';

CREATE FUNCTION lead_scoring_internal.moved_to(model text, definition text)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT replace(regexp_replace(definition, '\mlead_scoring_internal\.(?=(' || string_agg(c.relname, '|') || ')\M)', replace(quote_ident(model), '\', '\\') || '.', 'g'),
               quote_literal('lead_scoring_internal'), quote_literal(model))
  FROM pg_class c WHERE c.relnamespace = 'lead_scoring_internal'::regnamespace AND c.relkind = 'r'
$$;
COMMENT ON FUNCTION lead_scoring_internal.moved_to IS 'What a constraint or trigger of a table that models get a copy of is in that model: the tables it names are the model''s, the functions it calls stay.';

CREATE FUNCTION lead_scoring_internal.lost_parts(model text)
RETURNS TABLE (fault text, statement text, by_hand text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
WITH own AS (
    -- A model is nothing without the row of its settings, and rules stand in groups: such rows are put right, others go.
    SELECT w.oid AS wanted, c.oid AS found, c.oid::regclass AS name,
           EXISTS (SELECT FROM pg_constraint f WHERE f.confrelid = w.oid)
           OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = w.oid AND a.attname = 'only_row') AS keeps_rows
      FROM pg_class w
      JOIN pg_class c ON c.relname = w.relname AND c.relkind IN ('r', 'p')
      JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = model
     WHERE w.relnamespace = 'lead_scoring_internal'::regnamespace AND w.relkind = 'r')
SELECT p.fault, lead_scoring_internal.moved_to(model, p.statement), p.by_hand
  FROM (SELECT 1 AS place, o.name::text AS relation,
               format('table %s has lost constraint "%s"', o.name, c.conname) AS fault,
               format('ALTER TABLE %s %sADD CONSTRAINT %I %s', o.name,
                      CASE WHEN EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = o.found AND f.conname = c.conname)
                           THEN format('DROP CONSTRAINT %I, ', c.conname) END, c.conname, pg_get_constraintdef(c.oid)) AS statement,
               CASE WHEN c.contype <> 'f' THEN format('ALTER TABLE %s DISABLE TRIGGER USER; ', o.name) ELSE '' END  -- repair() enables those of the model
               || CASE WHEN c.contype = 'f' THEN format('SELECT lead_scoring.add_group(%1$L, r.rule_group, max(CASE WHEN r.event_type IS NULL THEN ''fit'' ELSE ''engagement'' END)) FROM %1$I.rules r LEFT JOIN %1$I.rule_groups g ON g.name = r.rule_group WHERE g.name IS NULL GROUP BY r.rule_group; ', model)
                       WHEN c.contype = 'u' THEN format('DELETE FROM %1$s a USING %1$s b WHERE a.ctid > b.ctid AND %2$s; ', o.name, k.same)
                       WHEN NOT o.keeps_rows THEN format('DELETE FROM %s WHERE NOT %s; ', o.name, pg_get_expr(c.conbin, c.conrelid))
                       ELSE CASE WHEN k.is_only_row THEN format('DELETE FROM %1$s WHERE NOT %2$s AND EXISTS (SELECT FROM %1$s WHERE %2$s); ', o.name, pg_get_expr(c.conbin, c.conrelid)) ELSE '' END
                            || format('UPDATE %s SET %s WHERE NOT %s; ', o.name, k.resets, pg_get_expr(c.conbin, c.conrelid)) END
               || format('SELECT lead_scoring.repair(%L);', model) AS by_hand
          FROM own o
          JOIN pg_constraint c ON c.conrelid = o.wanted AND c.contype IN ('c', 'u', 'f')
          LEFT JOIN pg_index i ON i.indexrelid = c.conindid AND c.contype = 'u'
         CROSS JOIN LATERAL (
            SELECT string_agg(format('a.%1$I %2$s b.%1$I', a.attname, CASE WHEN i.indnullsnotdistinct THEN 'IS NOT DISTINCT FROM' ELSE '=' END), ' AND ' ORDER BY r.place) AS same,
                   bool_and(a.attname = 'only_row') AS is_only_row,
                   string_agg(format('%I = %s', a.attname,
                       CASE WHEN d.adbin IS NOT NULL THEN pg_get_expr(d.adbin, d.adrelid)
                            WHEN NOT a.attnotnull THEN 'NULL'
                            WHEN a.attname = 'kind' THEN format('CASE WHEN EXISTS (SELECT FROM %I.rules r WHERE r.rule_group = rule_groups.name AND r.event_type IS NULL) THEN ''fit'' ELSE ''engagement'' END', model)
                            ELSE format('md5(%I)', a.attname) END), ', ' ORDER BY r.place) AS resets
              FROM unnest(c.conkey) WITH ORDINALITY r (attnum, place)
              JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = r.attnum
              LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum) k
         WHERE NOT EXISTS (SELECT FROM pg_constraint f
                            WHERE f.conrelid = o.found AND f.contype = c.contype
                              AND replace(pg_get_constraintdef(f.oid), format(' REFERENCES %I.', model), ' REFERENCES lead_scoring_internal.') = pg_get_constraintdef(c.oid))
        UNION ALL
        SELECT 2, o.name::text,
               format('trigger %s on %s is %s', t.tgname, o.name,
                      CASE WHEN f.oid IS NULL THEN 'missing' WHEN b.is_blind THEN 'not fired by every column' WHEN f.tgenabled = 'D' THEN 'disabled' ELSE 'enabled for the wrong sessions' END),
               coalesce(CASE WHEN b.is_blind THEN format('DROP TRIGGER %I ON %s; ', f.tgname, o.name) END, '')
               || coalesce(CASE WHEN f.oid IS NULL OR b.is_blind THEN pg_get_triggerdef(t.oid) || '; ' END, '')
               || format('ALTER TABLE %s ENABLE %s TRIGGER %I', o.name, CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' END, CASE WHEN b.is_blind THEN t.tgname ELSE coalesce(f.tgname, t.tgname) END), NULL
          FROM own o
          JOIN pg_trigger t ON t.tgrelid = o.wanted AND NOT t.tgisinternal
          LEFT JOIN pg_trigger f ON f.tgrelid = o.found AND f.tgfoid = t.tgfoid AND f.tgtype = t.tgtype
         CROSS JOIN LATERAL (
            SELECT f.tgattr <> '' AND EXISTS (SELECT FROM pg_attribute w JOIN pg_attribute a ON a.attrelid = o.found AND a.attname = w.attname
                                               WHERE w.attrelid = o.wanted AND w.attnum = ANY (t.tgattr) AND a.attnum <> ALL (f.tgattr)) AS is_blind) b
         WHERE f.tgenabled IS DISTINCT FROM t.tgenabled OR b.is_blind) p
 ORDER BY p.place, p.relation COLLATE "C", p.fault COLLATE "C"
$$;
COMMENT ON FUNCTION lead_scoring_internal.lost_parts IS 'Constraints, other than primary keys and NOT NULL, and triggers that the model''s own tables do not have, or not enabled or for all columns, each with the statement that puts it right, and what to do first where rows break a constraint. Scoring goes on without them. Looks at the catalogs only.';

CREATE FUNCTION lead_scoring_internal.mend_shape(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stage_columns text[] := '{}';
    has_view CONSTANT boolean := EXISTS (SELECT FROM unnest(lead_scoring_internal.lead_views()) v WHERE to_regclass(format('%I.%I', model, v)) IS NOT NULL);
    grants text[];
    statements text[];
    done text[];
    before jsonb := '{}';  -- statements of earlier rounds, by table
    this_round jsonb;
    broken text;
    left_over record;
    lost record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- What is mended shows what else is wrong: a table that is made has no keys yet; and the names of the columns of stages
    -- are in versions.
    LOOP
        IF NOT EXISTS (SELECT FROM lead_scoring_internal.shape_faults(model) f WHERE f.relation = 'versions') THEN
            stage_columns := coalesce(lead_scoring_internal.stage_columns(model), '{}');
        END IF;
        statements := ARRAY(SELECT f.statement FROM lead_scoring_internal.shape_faults(model, stage_columns) f WHERE f.statement IS NOT NULL);
        EXIT WHEN statements = '{}' OR statements = done;
        done := statements;
        -- The views stand in the way of the columns they read.
        grants := coalesce(grants, lead_scoring_internal.take_lead_views(model));
        this_round := before;
        FOR left_over IN SELECT f.* FROM lead_scoring_internal.shape_faults(model, stage_columns) f WHERE f.statement IS NOT NULL LOOP
            BEGIN
                EXECUTE left_over.statement;
            EXCEPTION WHEN data_exception OR cannot_coerce OR integrity_constraint_violation THEN
                GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
                -- All that was mended is lost with this error, and what to do by hand may rest on it.
                PERFORM lead_scoring_internal.fail('55000', format('table "%s" of model "%s" %s', left_over.relation, model, left_over.fault),
                    format('What it holds does not go with that: %s.', SQLERRM),
                    coalesce(before ->> left_over.relation, '')
                    || coalesce(left_over.by_hand,
                                (SELECT format('ALTER TABLE %s DROP CONSTRAINT %I; ', c.conrelid::regclass, c.conname) FROM pg_constraint c
                                  WHERE c.conrelid = to_regclass(format('%I.%I', model, left_over.relation)) AND c.conname = broken),
                                '')
                    || CASE WHEN left_over.by_hand IS NULL THEN format('SELECT lead_scoring.repair(%L);', model) ELSE '' END);
            END;
            this_round := this_round || jsonb_build_object(left_over.relation, coalesce(this_round ->> left_over.relation, '') || left_over.statement || '; ');
        END LOOP;
        before := this_round;
    END LOOP;
    SELECT f.* INTO left_over FROM lead_scoring_internal.shape_faults(model, stage_columns) f LIMIT 1;
    IF FOUND THEN
        PERFORM lead_scoring_internal.fail('55000', format('table "%s" of model "%s" %s', left_over.relation, model, left_over.fault),
            'This is what repair() cannot put right.', coalesce(left_over.by_hand, left_over.statement));
    END IF;
    FOR lost IN SELECT p.* FROM lead_scoring_internal.lost_parts(model) p LOOP
        BEGIN
            EXECUTE lost.statement;
        EXCEPTION WHEN integrity_constraint_violation THEN
            -- Scores do not depend on it, and publish says what is wrong with a draft.
            RAISE WARNING USING MESSAGE = format('%s, which cannot be put back', lost.fault),
                DETAIL = format('Rows break it that were written without it: %s.', SQLERRM),
                HINT = lost.by_hand;
        END;
    END LOOP;
    IF has_view AND grants IS NOT NULL THEN
        PERFORM lead_scoring_internal.put_back_lead_views(model, grants);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.mend_shape IS 'Makes the tables of a model that are not there, which for create_model are all, and gives those that are back the shape they are to have; keeps what is in them. Raises 55000 for what it cannot put right.';

CREATE FUNCTION lead_scoring_internal.lead_views()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{leads,moves,accounts}'::text[]
$$;
COMMENT ON FUNCTION lead_scoring_internal.lead_views IS 'The names of the views of a model that show leads one by one. They rest on the model''s own tables, and are read with the rights of who reads them.';

CREATE FUNCTION lead_scoring_internal.take_lead_views(model text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    views CONSTANT regclass[] := ARRAY(SELECT to_regclass(format('%I.%I', model, v)) FROM unnest(lead_scoring_internal.lead_views()) v);
    grants CONSTANT text[] := ARRAY(
        SELECT format('GRANT %s%s ON %s TO %s%s', g.privilege_type, CASE WHEN a.attnum > 0 THEN format(' (%I)', a.attname) END, format('%I.%I', model, c.relname),
                      CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END, CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END)
          FROM pg_class c
         CROSS JOIN LATERAL (SELECT 0 AS attnum, NULL AS attname, c.relacl AS acl
                             UNION ALL SELECT b.attnum, b.attname, b.attacl FROM pg_attribute b WHERE b.attrelid = c.oid) a
         CROSS JOIN LATERAL aclexplode(a.acl) g
         WHERE c.oid = ANY (views));
    view_name regclass;
    dependence text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOREACH view_name IN ARRAY array_remove(views, NULL) LOOP
        EXECUTE format('DROP VIEW %s', view_name);
    END LOOP;
    RETURN grants;
EXCEPTION WHEN dependent_objects_still_exist THEN
    GET STACKED DIAGNOSTICS dependence = PG_EXCEPTION_DETAIL;
    PERFORM lead_scoring_internal.fail('2BP01', format('view %s cannot be made anew, since others rest on it', view_name), dependence || '.',
        coalesce((WITH RECURSIVE resting (class, object) AS (
                      SELECT 'pg_class'::regclass::oid, view_name::oid
                      UNION SELECT CASE WHEN w.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass END, coalesce(w.ev_class, d.objid) FROM resting r
                        JOIN pg_depend d ON d.refclassid = r.class AND d.refobjid = r.object AND d.deptype = 'n'
                        LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid)
                  SELECT string_agg(format('DROP %s %s;', upper(i.type), i.identity), ' ' ORDER BY r.object DESC)
                         || format(' SELECT lead_scoring.repair(%L);  -- and make them again', model)
                    FROM resting r, pg_identify_object(r.class, r.object, 0) i
                   WHERE r.object <> view_name AND i.type IN ('view', 'materialized view', 'function', 'procedure', 'policy')),
                 format('SELECT lead_scoring.repair(%L);  -- when that is dropped', model)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.take_lead_views IS 'Drops the views of a model that show leads one by one, which stand in the way of the columns they read, and returns the statements that grant again what is granted on them. Raises 2BP01, with the statements that drop them, where views, functions or policies of somebody else''s rest on one.';

CREATE FUNCTION lead_scoring_internal.put_back_lead_views(model text, grants text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.make_leads_view(model), lead_scoring_internal.make_moves(model), lead_scoring_internal.make_accounts(model);
    FOREACH statement IN ARRAY grants LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.put_back_lead_views IS 'Makes the views again that take_lead_views() dropped, with their grants.';
