-- models(): what models there are, and what is wrong with each.

CREATE FUNCTION lead_scoring_internal.model_state_as_owner(model text)
RETURNS TABLE (leads text, events text, version bigint, paused boolean, problem text)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', 'lead_scoring_model_state';
COMMENT ON FUNCTION lead_scoring_internal.model_state_as_owner IS 'The row of a model in models(): read as the model''s owner, and not read at all where its tables have another owner, or where the caller may not SELECT its settings and versions.';
CREATE FUNCTION lead_scoring_internal.model_state(model text)
RETURNS TABLE (leads text, events text, version bigint, paused boolean, problem text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT s.found ->> 'leads', s.found ->> 'events', (s.found ->> 'paused')::boolean INTO leads, events, paused
      FROM lead_scoring_internal.settings_row(model) s (found);
    IF NOT EXISTS (SELECT FROM lead_scoring_internal.shape_faults(model) f WHERE f.relation = 'versions') THEN
        EXECUTE format('SELECT max(v.version) FROM ONLY %I.versions v', model) INTO version;
    END IF;
    problem := lead_scoring_internal.model_problem(model, (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = model), leads, events, version);
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    -- Whatever one model is like, the others are to be seen.
    problem := format('cannot be read: %s', SQLERRM);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.model_state IS 'Implements lead_scoring_internal.model_state_as_owner, as the model''s owner.';

CREATE FUNCTION lead_scoring.models()
RETURNS TABLE (model text, leads text, events text, version bigint, paused boolean, problem text)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT m.name, s.leads, s.events, s.version, s.paused, s.problem
  FROM lead_scoring_internal.model_schemas() m CROSS JOIN LATERAL lead_scoring_internal.model_state_as_owner(m.name) s
 WHERE has_schema_privilege(m.schema, 'USAGE') ORDER BY m.name COLLATE "C"
$$;
COMMENT ON FUNCTION lead_scoring.models IS 'All models of this database whose schema the caller may use: the tables they score, the current version (NULL before the first publish), whether they are paused, and what is wrong: tables that are gone or have another owner, triggers missing or disabled on a table or partition, rows that come and go without them, its own tables altered, nothing published; NULL when all is well.';

CREATE FUNCTION lead_scoring_internal.model_problem(model text, owner oid, leads text, events text, version bigint)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    leads_table CONSTANT regclass := lead_scoring_internal.resolve_table(leads);
    events_table CONSTANT regclass := lead_scoring_internal.resolve_table(events);
    own text[];
    problems text[] := '{}';
    is_bound boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    own := ARRAY(SELECT format('table %I.%I %s', model, f.relation, f.fault) FROM lead_scoring_internal.shape_faults(model) f)
           || ARRAY(SELECT f.fault FROM lead_scoring_internal.lost_parts(model) f);
    IF lead_scoring_internal.settings_row(model) IS NULL THEN
        own := own || format('settings has no row: %s', lead_scoring_internal.make_statement(model));
    ELSIF lead_scoring_internal.is_older(model) THEN
        own := ARRAY[format('its tables are of an older version: SELECT lead_scoring.upgrade_model(%L)', model)];
    ELSIF own <> '{}' THEN
        own := own || format('SELECT lead_scoring.repair(%L) gives back what is missing', model);
    END IF;
    IF leads IS NULL OR events IS NULL THEN
        RETURN array_to_string(own, '; ');
    END IF;
    problems := ARRAY(SELECT CASE WHEN t.relation IS NULL THEN format('table %s does not exist', t.name)
                                  WHEN c.relowner <> owner THEN format('table %s is not owned by %I', t.name, pg_get_userbyid(owner))
                                  ELSE format('table %s %s', t.name, lead_scoring_internal.found_in_citus(t.relation)) END
                        FROM (VALUES (leads, leads_table), (events, events_table)) t (name, relation)
                        LEFT JOIN pg_class c ON c.oid = t.relation
                       WHERE c.oid IS NULL OR c.relowner <> owner OR lead_scoring_internal.found_in_citus(t.relation) IS NOT NULL);
    is_bound := problems = '{}';
    IF is_bound THEN
        problems := ARRAY(
            SELECT format(CASE WHEN e.found_state IS NULL THEN '%s trigger on %s is missing'
                               WHEN e.found_state = 'D' THEN '%s trigger on %s is disabled'
                               ELSE '%s trigger on %s is enabled for the wrong sessions' END, e.operation, e.relation)
              FROM lead_scoring_internal.expected_triggers(model, leads_table, events_table) e
             WHERE e.found_state IS DISTINCT FROM e.state)
            || ARRAY(
            SELECT format('%s: %s', f.fault, rtrim(f.statement, ';'))
              FROM unnest(ARRAY[leads_table, events_table]) t CROSS JOIN LATERAL lead_scoring_internal.table_faults(t) f)
            || ARRAY(
            SELECT format('table %s has no index led by column "%s"', events_table, s.found ->> 'event_lead')
              FROM lead_scoring_internal.settings_row(model) s (found)
             WHERE NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                                WHERE i.indrelid = events_table AND a.attname = s.found ->> 'event_lead' AND i.indisvalid))
            || ARRAY(
            SELECT format('view %I.%I is missing', model, v) FROM unnest(lead_scoring_internal.lead_views() || lead_scoring_internal.report_views()) v
             WHERE to_regclass(format('%I.%I', model, v)) IS NULL);
    END IF;
    problems := problems || own;
    IF version IS NULL THEN
        problems := problems || 'no version is published'::text;
    END IF;
    RETURN nullif(array_to_string(problems, '; '), '');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.model_problem IS 'What keeps a model from scoring, in words; NULL when nothing does.';
