-- What else a model's settings may say, and all of it together: binding(), check_settings().

CREATE FUNCTION lead_scoring_internal.check_time_zone(time_zone text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- The view reads hundreds of files, which publish would do with the tables locked.
    IF time_zone <> 'UTC' AND NOT EXISTS (SELECT FROM pg_timezone_names z WHERE lower(z.name) = lower(time_zone)) THEN
        PERFORM lead_scoring_internal.fail('22023', format('time zone "%s" is not known', time_zone),
            'It decides where the days, weeks and months of limits begin.', 'Take a name of the view pg_timezone_names, such as ''Europe/Berlin''.');
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_time_zone IS 'Raises 22023 unless the text is the full name of a time zone.';

CREATE FUNCTION lead_scoring_internal.check_status_columns(model text, leads regclass, lead_key text, status_columns jsonb)
RETURNS TABLE (missing_column text, missing_type text)
LANGUAGE plpgsql PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry record;
    status_column text;
    wanted regtype;
    found record;
    other record;
    claimed text;
    seen text[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF jsonb_typeof(status_columns) IS DISTINCT FROM 'object' THEN
        PERFORM lead_scoring_internal.fail('22023', 'status_columns is not a JSON object',
            'It maps what is to be written to columns of the leads table.',
            'status_columns => ''{"stage": "lead_stage", "mql_at": "mql_at"}'', or ''{}'' for none.');
    END IF;
    FOR entry IN SELECT e.key, e.value FROM jsonb_each(status_columns) e ORDER BY e.key COLLATE "C" LOOP
        wanted := CASE WHEN entry.key IN ('stage', 'grade') THEN 'text'
                       WHEN entry.key = 'score' THEN 'double precision'
                       WHEN entry.key LIKE '_%\_at' AND octet_length(entry.key) <= 63 THEN 'timestamptz' END;
        IF wanted IS NULL THEN
            PERFORM lead_scoring_internal.fail('22023', format('status_columns has an unknown key "%s"', entry.key),
                'The keys are "stage", "score", "grade" and a stage''s name with "_at", such as "mql_at".',
                'status_columns => ''{"stage": "lead_stage", "mql_at": "mql_at"}''.');
        END IF;
        status_column := entry.value #>> '{}';
        IF jsonb_typeof(entry.value) <> 'string' OR octet_length(status_column) NOT BETWEEN 1 AND 63 THEN
            PERFORM lead_scoring_internal.fail('22023', format('status_columns names no column for "%s"', entry.key),
                format('A column''s name is a string of 1 to 63 bytes, not %s.', left(entry.value::text, 70)),
                format('Write it as in ''{"%s": "lead_%1$s"}''.', entry.key));
        END IF;
        IF status_column = lead_key OR status_column = ANY (seen) THEN
            PERFORM lead_scoring_internal.fail('22023', format('status_columns uses column "%s" twice', status_column),
                'Each status has a column of its own, which is not the key.', format('Give "%s" another column.', entry.key));
        END IF;
        seen := seen || status_column;

        SELECT a.atttypid::regtype AS type, a.atttypmod, a.attnotnull, a.attgenerated <> '' AS is_generated INTO found
          FROM pg_attribute a
         WHERE a.attrelid = leads AND a.attname = status_column AND a.attnum > 0 AND NOT a.attisdropped;
        IF found.type IS NULL THEN
            RETURN QUERY SELECT status_column, CASE WHEN entry.key = 'stage' THEN 'text DEFAULT ''lead''' ELSE wanted::text END;
            CONTINUE;
        END IF;
        -- A varchar(n) that can cut a stage or grade short would make the user's own INSERT fail.
        IF found.type <> wanted
           AND NOT (wanted = 'text'::regtype AND found.type = 'varchar'::regtype
                    AND (found.atttypmod = -1 OR found.atttypmod - 4 >= CASE WHEN entry.key = 'stage' THEN 60 ELSE 126 END)) THEN
            PERFORM lead_scoring_internal.fail('42804',
                format('status column "%s" of table %s has type %s instead of %s', status_column, leads,
                       CASE WHEN found.atttypmod >= 4 THEN format('%s(%s)', found.type, found.atttypmod - 4)
                            ELSE found.type::text END, wanted),
                format('It holds the lead''s %s.', entry.key),
                format('ALTER TABLE %s ALTER COLUMN %I TYPE %s USING %2$I::%3$s;', leads, status_column, wanted)
                || format('  -- or give "%s" another column in status_columns', entry.key));
        END IF;
        IF found.is_generated OR found.attnotnull AND entry.key <> 'stage' THEN
            PERFORM lead_scoring_internal.fail('55000',
                format('status column "%s" of table %s %s', status_column, leads,
                       CASE WHEN found.is_generated THEN 'is a generated column' ELSE 'is NOT NULL' END),
                'The model writes it, and writes NULL as long as there is nothing to say.',
                CASE WHEN found.is_generated THEN format('Give "%s" another column in status_columns.', entry.key)
                     ELSE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL;', leads, status_column) END);
        END IF;
    END LOOP;

    -- No column is written by two models. A model that cannot be looked into is known by its trigger.
    FOR other IN SELECT m.name FROM lead_scoring_internal.model_schemas() m
                  WHERE m.name <> model AND seen <> '{}' ORDER BY m.name COLLATE "C" LOOP
        IF lead_scoring_internal.is_sound(other.name)
           AND NOT EXISTS (SELECT FROM lead_scoring_internal.shape_faults(other.name) f WHERE f.relation = 'settings') THEN
            EXECUTE format('SELECT e.value FROM ONLY %I.settings s, jsonb_each_text(s.status_columns) e
                             WHERE s.leads = $1 AND e.value = ANY ($2) ORDER BY e.value COLLATE "C" LIMIT 1', other.name)
               INTO claimed USING leads::text, seen;
            IF claimed IS NOT NULL THEN
                PERFORM lead_scoring_internal.fail('55006',
                    format('status column "%s" of table %s belongs to model "%s"', claimed, leads, other.name),
                    'Two models would write it in turns.', 'Pass status_columns => ''{}'' for none, or name other columns.');
            END IF;
        ELSIF EXISTS (SELECT FROM pg_trigger t
                       WHERE t.tgrelid = leads AND t.tgfoid = 'lead_scoring_internal.leads_changed()'::regprocedure
                         AND t.tgargs = lead_scoring_internal.trigger_argument(other.name)) THEN
            PERFORM lead_scoring_internal.fail('42501', format('permission denied for the settings of model "%s"', other.name),
                format('It scores table %s too, and belongs to another role, or tables of it do, or its settings were altered.', leads),
                format('Pass status_columns => ''{}'' for none; or SELECT lead_scoring.drop_model(%L);', other.name));
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_status_columns IS 'Raises when the leads table cannot hold these status columns for this model (22023, 42804, 55000, 55006); returns those that are still to be added, with type and default.';

CREATE FUNCTION lead_scoring_internal.binding(model text, OUT leads regclass, OUT events regclass, OUT lead_key text, OUT event_lead text,
    OUT event_type text, OUT event_time text, OUT event_campaign text, OUT status_columns jsonb, OUT time_zone text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    missing text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT s.* FROM %I.settings s', model) INTO bound;
    IF bound IS NULL THEN
        RETURN;
    END IF;
    leads := lead_scoring_internal.resolve_table(bound.leads);
    events := lead_scoring_internal.resolve_table(bound.events);
    missing := CASE WHEN leads IS NULL THEN 'leads' WHEN events IS NULL THEN 'events' END;
    IF missing IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42P01',
            format('table %s of model "%s" does not exist', CASE WHEN missing = 'leads' THEN bound.leads ELSE bound.events END, model),
            format('The model''s settings name it as the table of %s.', missing),
            coalesce(lead_scoring_internal.rebind_statement(model, bound.leads, bound.events, lead_scoring_internal.further_tables(model), to_jsonb(bound) ->> 'identities'),
                     format('Name the table that it is now, by UPDATE %I.settings SET %s = ''...''.', model, missing)));
    END IF;
    PERFORM lead_scoring_internal.require_own(leads, false), lead_scoring_internal.require_own(events, false);
    IF leads <> lead_scoring_internal.resolve_table(bound.leads) OR events <> lead_scoring_internal.resolve_table(bound.events) THEN
        PERFORM lead_scoring_internal.fail('40001', format('the tables of model "%s" were swapped while it was looked at', model),
            'What was looked at is to be what is used.', 'Run the statement again.');
    END IF;
    SELECT bound.lead_key, bound.event_lead, bound.event_type, bound.event_time, bound.event_campaign, bound.status_columns, bound.time_zone
      INTO lead_key, event_lead, event_type, event_time, event_campaign, status_columns, time_zone;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.binding IS 'The tables and columns a model''s settings name; all NULL without a settings row (a half-restored dump). Raises 42P01 when a table is gone, 42501 when it is not the owner''s.';

CREATE FUNCTION lead_scoring_internal.check_trigger_path(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    path text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT s.trigger_path FROM %I.settings s', model) INTO path;
    IF path IS NOT NULL THEN
        PERFORM set_config('search_path', path, true);
    END IF;
EXCEPTION WHEN invalid_parameter_value THEN
    PERFORM lead_scoring_internal.fail('22023', format('trigger_path of model "%s" is no search_path: %s', model, path),
        'It lists schemas, quoted where needed, in which triggers on leads and events find names.',
        format('UPDATE %I.settings SET trigger_path = NULL;', model));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_trigger_path IS 'Raises 22023 unless settings.trigger_path can be a search_path.';

CREATE FUNCTION lead_scoring_internal.check_settings(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    missing record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_table(bound.leads, 'leads');
    PERFORM lead_scoring_internal.check_sources(model);
    PERFORM lead_scoring_internal.check_table(s.events, 'events'),
            lead_scoring_internal.check_columns(bound.leads, s.events, bound.lead_key, s.event_lead, s.event_type, s.event_time, s.event_campaign),
            lead_scoring_internal.check_event_id(s.events, s.event_lead, s.event_id), lead_scoring_internal.check_time_zone(s.time_zone),
            CASE WHEN s.event_anonymous IS NOT NULL THEN lead_scoring_internal.check_visitor(s.events, s.event_anonymous, 'event_anonymous') END
       FROM lead_scoring_internal.sources(model) s;
    PERFORM lead_scoring_internal.check_table(i.identities, 'identities'), lead_scoring_internal.check_identities(model, bound.leads, bound.lead_key, i.identities, i.anonymous, i.lead)
       FROM lead_scoring_internal.identities(model) i WHERE i.identities IS NOT NULL;
    PERFORM lead_scoring_internal.check_trigger_path(model);
    SELECT * INTO missing
      FROM lead_scoring_internal.check_status_columns(model, bound.leads, bound.lead_key, bound.status_columns);
    IF missing.missing_column IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42703', format('status column "%s" of table %s does not exist', missing.missing_column, bound.leads),
            format('The settings of model "%s" name it in status_columns.', model),
            format('ALTER TABLE %s ADD COLUMN %I %s;  -- or UPDATE %I.settings SET status_columns', bound.leads,
                   missing.missing_column, missing.missing_type, model));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_settings IS 'Raises unless the settings of a model hold together: the same checks as at create_model and add_source, but for the index led by event_lead; all status columns must be there.';
