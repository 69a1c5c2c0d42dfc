-- What a document says of a model besides its draft: tables and columns, settings, sources, identities, reports.

CREATE FUNCTION lead_scoring_internal.require_table(name text, path text, argument text)
RETURNS regclass LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found CONSTANT regclass := lead_scoring_internal.resolve_table(name);
    called CONSTANT text := regexp_replace(name, '^.*\.|"', '', 'g');
    other text;
BEGIN
    IF found IS NULL THEN
        WITH tables AS (SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_')
        SELECT coalesce((SELECT format('%I.%I', t.nspname, t.relname) FROM tables t WHERE t.relname = called ORDER BY t.nspname COLLATE "C" LIMIT 1),
                        (SELECT format('%I.%I', t.nspname, lead_scoring_internal.nearest_name(called, array_agg(t.relname::text))) FROM tables t WHERE strpos(replace(name, '"', ''), t.nspname || '.') = 1
                          GROUP BY t.nspname HAVING lead_scoring_internal.nearest_name(called, array_agg(t.relname::text)) IS NOT NULL)) INTO other;
        PERFORM lead_scoring_internal.fail('42P01', format('%s: table %s does not exist', path, name), 'A document names a table with its schema, quoted where needed.',
            CASE WHEN other IS NULL THEN format('Name a table that is there, in the document or by tables => ''{%s: ...}''.', to_json(argument)) ELSE format('Pass tables => %L.', jsonb_build_object(argument, other)) END);
    END IF;

    RETURN found;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.require_table IS 'The table that a document names at that path, and apply_model() takes otherwise by that key of its argument tables. Raises 42P01 where there is none.';

CREATE FUNCTION lead_scoring_internal.create_defaults()
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    defaults jsonb;
BEGIN
    EXECUTE (SELECT format('SELECT jsonb_strip_nulls(jsonb_build_object(%s))', string_agg(format('%L, %s', a.name, pg_get_function_arg_default(p.oid, a.place::integer)), ', '))
               FROM pg_proc p CROSS JOIN LATERAL unnest(p.proargnames) WITH ORDINALITY a (name, place)
              WHERE p.pronamespace = 'lead_scoring'::regnamespace AND p.proname = 'create_model' AND pg_get_function_arg_default(p.oid, a.place::integer) IS NOT NULL) INTO defaults;
    RETURN defaults;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.create_defaults IS 'The defaults of the arguments of create_model(), but for NULL: what settings are where a document does not say it.';

CREATE FUNCTION lead_scoring_internal.without_nulls(object jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE jsonb_typeof(object) WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(object) e WHERE e.value <> 'null') ELSE object END
$$;
COMMENT ON FUNCTION lead_scoring_internal.without_nulls IS 'An object of a document without the keys that are null, which is as if they were not there; what is no object as it is.';

CREATE FUNCTION lead_scoring_internal.plain_document(document jsonb)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(jsonb_object_agg(s.key, CASE jsonb_typeof(s.value)
           WHEN 'object' THEN lead_scoring_internal.without_nulls(s.value)
           WHEN 'array' THEN (
               SELECT coalesce(jsonb_agg(CASE WHEN s.key = 'sources' THEN (SELECT jsonb_object_agg(d.key, d.value) FROM jsonb_each(c.defaults) d
                                                                            WHERE d.key IN ('event_lead', 'event_time') OR d.key = 'event_type' AND coalesce(i.item -> 'every_event', 'null') = 'null') ELSE '{}' END
                                         || lead_scoring_internal.without_nulls(i.item) ORDER BY i.place), '[]')
                 FROM jsonb_array_elements(s.value) WITH ORDINALITY i (item, place) CROSS JOIN lead_scoring_internal.create_defaults() c (defaults))
           ELSE s.value END), '{}')
  FROM jsonb_each(document) s
$$;
COMMENT ON FUNCTION lead_scoring_internal.plain_document IS 'A document without its nulls, in which each source says what its columns are called.';

CREATE FUNCTION lead_scoring_internal.document_row(section text, of text, item jsonb)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_object_agg(f.field, coalesce(nullif(item -> f.key, 'null'), d.defaults -> f.field, CASE WHEN of = 'settings' THEN c.defaults -> f.field END))
  FROM lead_scoring_internal.document_fields f CROSS JOIN lead_scoring_internal.draft_defaults(of) d (defaults) CROSS JOIN lead_scoring_internal.create_defaults() c (defaults)
 WHERE f.section = document_row.section AND f.entity = of
$$;
COMMENT ON FUNCTION lead_scoring_internal.document_row IS 'What an object of a document says of the row of that table of the draft: all of its fields that stand in that section, with their defaults.';

CREATE FUNCTION lead_scoring_internal.make_from_document(name text, document jsonb, leads regclass, events regclass)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first CONSTANT jsonb := lead_scoring_internal.document_row('sources', 'settings', document #> '{sources,0}');
    settings CONSTANT jsonb := lead_scoring_internal.document_row('settings', 'settings', coalesce(document -> 'settings', '{}'));
BEGIN
    PERFORM lead_scoring_internal.create_model(name, leads, events, document ->> 'lead_key', first ->> 'event_lead', first ->> 'event_type', first ->> 'event_time', first ->> 'event_campaign',
        settings ->> 'time_zone', settings -> 'status_columns', (settings ->> 'min_score')::numeric, (settings ->> 'max_score')::numeric, true, first ->> 'event_id', first ->> 'event_anonymous');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_from_document IS 'Makes the model of a document by create_model().';

CREATE FUNCTION lead_scoring_internal.refuse_rebinding(name text, path text, existing text, wanted text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.fail('42710', format('model "%s" already exists, and its %s is %s instead of %s', name, path, existing, wanted),
        'A model stays with its tables and keys: of others it would be another model.', format('Leave it out of the document and of tables, or SELECT lead_scoring.drop_model(%L);', name));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_rebinding IS 'Raises 42710 for a document that names another table or key than the model has.';

CREATE FUNCTION lead_scoring_internal.put_settings(model text, wanted jsonb)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    existing CONSTANT jsonb := lead_scoring_internal.settings_row(model);
    normal jsonb;
    changed text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(n) FROM jsonb_populate_record(NULL::%I.settings, $1) n', model) INTO normal USING wanted;
    changed := ARRAY(SELECT k FROM jsonb_object_keys(wanted) k WHERE existing ->> k IS DISTINCT FROM normal ->> k ORDER BY k COLLATE "C");
    IF changed <> '{}' THEN
        EXECUTE lead_scoring_internal.fill('UPDATE {model}.settings SET ({!columns}) = (SELECT {!columns} FROM jsonb_populate_record(NULL::{model}.settings, $1))',
            jsonb_build_object('model', model, 'columns', (SELECT string_agg(quote_ident(c), ', ') FROM unnest(changed) c))) USING wanted;
    END IF;
    RETURN EXISTS (SELECT FROM lead_scoring_internal.draft_fields f WHERE f.entity = 'settings' AND f.field = ANY (changed) AND f.is_owners AND f.kind NOT IN ('draft column', 'condition', 'key expression'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.put_settings IS 'Writes what differs into the model''s settings; whether that is more than draft, so that repair() has to follow.';

CREATE FUNCTION lead_scoring_internal.put_source(model text, item jsonb, events regclass)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted jsonb := lead_scoring_internal.document_row('sources', 'sources', item);
    existing jsonb;
    changed text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(s) FROM %I.sources s WHERE s.name = $1', model) INTO existing USING item ->> 'name';
    IF existing IS NULL THEN
        PERFORM lead_scoring_internal.add_source(model, item ->> 'name', events, item ->> 'event_lead', item ->> 'event_type', item ->> 'event_time',
            item ->> 'every_event', item ->> 'event_campaign', item ->> 'event_channel', item ->> 'event_asset', item ->> 'event_anonymous', item ->> 'event_id', item ->> 'time_zone', true);
        RETURN false;
    END IF;
    IF lead_scoring_internal.resolve_table(existing ->> 'events') <> events THEN
        PERFORM lead_scoring_internal.refuse_rebinding(model, format('source "%s"', item ->> 'name'), existing ->> 'events', events::text);
    END IF;
    wanted := wanted || jsonb_build_object('events', existing -> 'events',
        'event_channel', lead_scoring_internal.report_key(events, item ->> 'event_channel', 'event_channel'), 'event_asset', lead_scoring_internal.report_key(events, item ->> 'event_asset', 'event_asset'));
    changed := ARRAY(SELECT k FROM jsonb_object_keys(wanted) k WHERE existing ->> k IS DISTINCT FROM wanted ->> k);
    IF changed <> '{}' THEN
        PERFORM lead_scoring_internal.write_draft_row(model, 'sources', item ->> 'name', wanted);
    END IF;
    RETURN changed && '{event_lead,event_type,every_event,event_time,event_campaign,event_anonymous}'::text[];
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.put_source IS 'Makes a source of a model what an item of a document says; whether that is more than draft, so that repair() has to follow.';

CREATE FUNCTION lead_scoring_internal.check_binding(model text, document jsonb, events text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF document ? 'leads' AND lead_scoring_internal.require_table(document ->> 'leads', 'leads', 'leads') <> bound.leads THEN
        PERFORM lead_scoring_internal.refuse_rebinding(model, 'table of leads', bound.leads::text, document ->> 'leads');
    ELSIF events IS NOT NULL AND lead_scoring_internal.require_table(events, 'sources[0].events', 'events') <> bound.events THEN
        PERFORM lead_scoring_internal.refuse_rebinding(model, 'table of events', bound.events::text, events);
    ELSIF document ->> 'lead_key' <> bound.lead_key THEN
        PERFORM lead_scoring_internal.refuse_rebinding(model, 'lead_key', bound.lead_key, document ->> 'lead_key');
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_binding IS 'Raises 42710 where a document, or "events", names other tables of leads and events, or another key, than the model has.';

CREATE FUNCTION lead_scoring_internal.write_bindings(model text, document jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    settings jsonb := '{}';
    source record;
    needs_repair boolean;
    identities jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF document ? 'sources' THEN
        settings := lead_scoring_internal.document_row('sources', 'settings', document #> '{sources,0}') - 'events';
    END IF;
    IF document ? 'settings' THEN
        settings := settings || lead_scoring_internal.document_row('settings', 'settings', document -> 'settings');
        PERFORM lead_scoring_internal.add_status_columns(model, bound.leads, bound.lead_key, settings -> 'status_columns');
    END IF;
    needs_repair := lead_scoring_internal.put_settings(model, settings);
    FOR source IN SELECT s.item, format('sources[%s].events', s.place - 1) AS path FROM jsonb_array_elements(document -> 'sources') WITH ORDINALITY s (item, place) WHERE s.place > 1 ORDER BY s.place LOOP
        needs_repair := lead_scoring_internal.put_source(model, source.item, lead_scoring_internal.require_table(source.item ->> 'events', source.path, source.item ->> 'name')) OR needs_repair;
    END LOOP;
    IF document ? 'identities' AND document -> 'identities' IS DISTINCT FROM
           (SELECT jsonb_strip_nulls(jsonb_build_object('identities', i.identities::text, 'anonymous', i.anonymous, 'lead', i.lead)) FROM lead_scoring_internal.identities(model) i) THEN
        identities := document -> 'identities';
        PERFORM lead_scoring_internal.set_identities(model, CASE WHEN identities ? 'identities' THEN lead_scoring_internal.require_table(identities ->> 'identities', 'identities.identities', 'identities') END,
            identities ->> 'anonymous', identities ->> 'lead');
    END IF;
    IF needs_repair THEN
        PERFORM lead_scoring_internal.check_settings(model);
        PERFORM lead_scoring_internal.repair(model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.write_bindings IS 'Makes settings, sources and identities of a model what the document says, but for sources that it has no more; what that changes of the leads is computed.';

CREATE FUNCTION lead_scoring_internal.write_reports(model text, item jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted CONSTANT jsonb := lead_scoring_internal.document_row('reports', 'report_settings', item);
    existing jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(r) FROM %I.report_settings r', model) INTO existing;
    IF EXISTS (SELECT FROM jsonb_each(wanted) w WHERE w.value #>> '{}' IS DISTINCT FROM coalesce(existing, lead_scoring_internal.document_row('reports', 'report_settings', '{}')) ->> w.key) THEN
        PERFORM lead_scoring_internal.change_report_settings(model, wanted);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.write_reports IS 'Makes report_settings what the document says.';

CREATE FUNCTION lead_scoring_internal.remove_sources(model text, sources jsonb)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone record;
    any_gone boolean := false;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOR gone IN SELECT t.name, t.events FROM lead_scoring_internal.source_tables(model) t
                 WHERE jsonb_typeof(sources) = 'array' AND t.name <> ALL (ARRAY(SELECT s.item ->> 'name' FROM jsonb_array_elements(sources) s (item))) LOOP
        PERFORM lead_scoring_internal.lock_tables(model);
        PERFORM lead_scoring_internal.refuse_draft_drop(model, gone.name, false);
        PERFORM lead_scoring_internal.remove_source(model, gone.name, lead_scoring_internal.resolve_table(gone.events));
        any_gone := true;
    END LOOP;
    RETURN any_gone;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.remove_sources IS 'Takes the sources out of a model that a document has no more; whether there were any. What is published has to be published anew before anybody writes.';
