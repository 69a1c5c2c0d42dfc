-- models(): what models there are, and what is wrong with each.

CREATE FUNCTION lead_scoring_internal.model_state_as_owner(model text)
RETURNS TABLE (leads text, events text, version bigint, paused boolean, problem text, draft_differs boolean)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', 'lead_scoring_model_state';
COMMENT ON FUNCTION lead_scoring_internal.model_state_as_owner IS 'The row of a model in models(): read as the model''s owner, and not read at all where its tables have another owner, or where the caller may not SELECT its settings and versions.';
CREATE FUNCTION lead_scoring_internal.model_state(model text)
RETURNS TABLE (leads text, events text, version bigint, paused boolean, problem text, draft_differs boolean)
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
    IF version IS NOT NULL AND NOT EXISTS (SELECT FROM lead_scoring_internal.shape_faults(model) f WHERE f.relation IN ('settings', 'rule_groups', 'rules', 'bands', 'stages')) THEN
        BEGIN
            draft_differs := lead_scoring_internal.draft_differs(model);
        EXCEPTION WHEN OTHERS THEN  -- of what is wrong, the problem tells
            problem := coalesce(problem, format('cannot be read: %s', SQLERRM));
        END;
    END IF;
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    -- Whatever one model is like, the others are to be seen.
    problem := format('cannot be read: %s', SQLERRM);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.model_state IS 'Implements lead_scoring_internal.model_state_as_owner, as the model''s owner.';

CREATE FUNCTION lead_scoring.models()
RETURNS TABLE (model text, leads text, events text, version bigint, paused boolean, problem text, draft_differs boolean)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT m.name, s.leads, s.events, s.version, s.paused, s.problem, s.draft_differs
  FROM lead_scoring_internal.model_schemas() m CROSS JOIN LATERAL lead_scoring_internal.model_state_as_owner(m.name) s
 WHERE has_schema_privilege(m.schema, 'USAGE') ORDER BY m.name COLLATE "C"
$$;
COMMENT ON FUNCTION lead_scoring.models IS 'All models of this database whose schema the caller may use: the tables they score, the current version (NULL before the first publish), whether they are paused, and what is wrong: tables that are gone or have another owner, triggers missing or disabled on a table or partition, rows that come and go without them, its own tables altered, nothing published, events or leads that would be refused because a table, column or function that the model reads has changed, and events of which none has matched a rule or stage yet; NULL when all is well. draft_differs: whether the draft says something else than the current version; NULL where there is none.';

CREATE FUNCTION lead_scoring_internal.model_problem(model text, owner oid, leads text, events text, version bigint)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    leads_table CONSTANT regclass := lead_scoring_internal.resolve_table(leads);
    further CONSTANT text[] := events || ARRAY(SELECT s.events FROM lead_scoring_internal.source_tables(model) s);
    identities CONSTANT text := lead_scoring_internal.settings_row(model) ->> 'identities';
    names CONSTANT text[] := further || identities;
    tables CONSTANT regclass[] := ARRAY(SELECT lead_scoring_internal.resolve_table(n) FROM unnest(further) WITH ORDINALITY u (n, place) ORDER BY place);
    identities_table CONSTANT regclass := lead_scoring_internal.resolve_table(identities);
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
                        FROM unnest(leads || names, leads_table || tables || identities_table) WITH ORDINALITY t (name, relation, place)
                        LEFT JOIN pg_class c ON c.oid = t.relation
                       WHERE t.name IS NOT NULL AND (c.oid IS NULL OR c.relowner <> owner OR lead_scoring_internal.found_in_citus(t.relation) IS NOT NULL)
                       ORDER BY t.place);
    is_bound := problems = '{}';
    IF is_bound THEN
        problems := ARRAY(
            SELECT format(CASE WHEN e.found_state IS NULL THEN '%s trigger on %s is missing'
                               WHEN e.found_state = 'D' THEN '%s trigger on %s is disabled'
                               ELSE '%s trigger on %s is enabled for the wrong sessions' END, e.operation, e.relation)
              FROM lead_scoring_internal.expected_triggers(model, leads_table, identities_table, VARIADIC tables) e
             WHERE e.found_state IS DISTINCT FROM e.state)
            || ARRAY(
            SELECT format('%s: %s', f.fault, rtrim(f.statement, ';'))
              FROM unnest(leads_table || tables || identities_table) t CROSS JOIN LATERAL lead_scoring_internal.table_faults(t) f)
            || ARRAY(
            SELECT format('table %s has no index led by column "%s"', u.relation, u.lead)
              FROM unnest(tables, lead_scoring_internal.settings_row(model) ->> 'event_lead' || ARRAY(SELECT s.event_lead FROM lead_scoring_internal.source_tables(model) s)) u (relation, lead)
             WHERE NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                                WHERE i.indrelid = u.relation AND a.attname = u.lead AND i.indisvalid))
            || ARRAY(
            SELECT format('table %s has no index led by column "%s"', u.relation, u.name)
              FROM (SELECT s.events, s.event_anonymous, s.event_lead FROM lead_scoring_internal.sources(model) s WHERE identities IS NOT NULL
                    UNION ALL SELECT i.identities, i.lead, NULL FROM lead_scoring_internal.identities(model) i) u (relation, name, with_null)
             WHERE u.name IS NOT NULL AND NOT lead_scoring_internal.has_index(u.relation, u.name, u.with_null))
            || ARRAY(
            SELECT format('view %I.%I is missing', model, v) FROM unnest(lead_scoring_internal.lead_views() || lead_scoring_internal.report_views()) v
             WHERE to_regclass(format('%I.%I', model, v)) IS NULL);
    END IF;
    IF is_bound AND own = '{}' THEN
        problems := problems || lead_scoring_internal.refusal(model);
    END IF;
    problems := problems || own;
    IF version IS NULL THEN
        problems := problems || 'no version is published'::text;
    ELSIF is_bound AND problems = '{}' AND lead_scoring_internal.matches_nothing(model) THEN
        problems := problems || format('no event has matched a rule or a stage yet: SELECT * FROM %I.event_types', model);
    END IF;
    RETURN nullif(array_to_string(problems, '; '), '');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.model_problem IS 'What keeps a model from scoring, in words; NULL when nothing does.';

CREATE FUNCTION lead_scoring_internal.dry_run(model text, of_leads boolean) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_dry_run';
COMMENT ON FUNCTION lead_scoring_internal.dry_run IS 'Raises what the triggers of a model would raise with the next lead, or event, before they look at it: of the tables and columns it is bound to, of its settings, and of the expressions of the current version. Reads no row of the user''s.';

CREATE FUNCTION lead_scoring_internal.refusal(model text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    what text;
    bound record;
    hint text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOREACH what IN ARRAY '{events,leads}'::text[] LOOP
        PERFORM lead_scoring_internal.dry_run(model, what = 'leads');
    END LOOP;
    what := NULL;
    -- What can be stored, until a lead moves or two have the same key; without an index on ids, in no time that is bearable.
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_sources(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, s.events, bound.lead_key, s.event_lead, s.event_type, s.event_time, s.event_campaign), lead_scoring_internal.check_event_id(s.events, s.event_lead, s.event_id)
       FROM lead_scoring_internal.sources(model) s;
    PERFORM lead_scoring_internal.check_identities(model, bound.leads, bound.lead_key, i.identities, i.anonymous, i.lead) FROM lead_scoring_internal.identities(model) i WHERE i.identities IS NOT NULL;
    PERFORM lead_scoring_internal.check_status_columns(model, bound.leads, bound.lead_key, bound.status_columns);
    RETURN '{}';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN ARRAY[concat_ws(': ', what || ' are refused', SQLERRM, nullif(rtrim(hint, ';.'), ''))];
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refusal IS 'Why the next event or lead, or its move, would be refused, with what ends that; empty where it would not.';

CREATE FUNCTION lead_scoring_internal.matches_nothing(model text)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    waits_for_any boolean;
    found_none boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT jsonb_path_exists(v.definition, ''$.rules[*].event_type ? (@ != null)'') OR jsonb_path_exists(v.definition, ''$.stages[*].on_event ? (@ != null)'')
                        OR jsonb_path_exists(v.definition, ''$.entries[*].on_event ? (@ != null)'')
                      FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO waits_for_any;
    IF waits_for_any THEN
        -- Of so many leads that a match is as good as sure to be among them, the first and the last to come where keys rise.
        EXECUTE lead_scoring_internal.fill($query$
            SELECT ({!events})
                   AND NOT EXISTS (SELECT FROM (SELECT s.card FROM {model}.scores s ORDER BY s.lead_id DESC LIMIT 5000) s WHERE lead_scoring_internal.card_matches(s.card))
                   AND NOT EXISTS (SELECT FROM (SELECT s.card FROM {model}.scores s ORDER BY s.lead_id LIMIT 5000) s WHERE lead_scoring_internal.card_matches(s.card))
            $query$, jsonb_build_object('model', model,
                'events', (SELECT string_agg(format('EXISTS (SELECT FROM %s)', s.events), ' OR ') FROM lead_scoring_internal.sources(model) s))) INTO found_none;
    END IF;
    RETURN found_none IS TRUE;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.matches_nothing IS 'Whether there are events, and the current version waits for some, but none has matched. Of a large model it looks at the cards of the leads with the lowest and the highest keys only.';
