-- The tables of events of a model: the first is that of its settings, the others are the rows of its table "sources".

CREATE FUNCTION lead_scoring_internal.source_tables(model text)
RETURNS TABLE (name text, events text, event_lead text) LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = model AND c.relname = 'sources' AND c.relkind IN ('r', 'p')) THEN
        RETURN QUERY EXECUTE format('SELECT s.name, s.events, s.event_lead FROM ONLY %I.sources s ORDER BY s.name COLLATE "C"', model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_tables IS 'The sources of a model besides the first, by name, with what they say their tables and the columns of leads are called. A model of an older format has none.';

CREATE FUNCTION lead_scoring_internal.further_tables(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(jsonb_object_agg(t.name, t.events), '{}') FROM lead_scoring_internal.source_tables(model) t
$$;
COMMENT ON FUNCTION lead_scoring_internal.further_tables IS 'What source_tables says, as an object of names and tables.';

CREATE FUNCTION lead_scoring_internal.sources(model text)
RETURNS TABLE (name text, events regclass, event_lead text, event_type text, every_event text, event_time text, event_campaign text,
               event_channel text, event_asset text, time_zone text, event_id text, event_anonymous text, place integer)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    further record;
    settings CONSTANT jsonb := lead_scoring_internal.settings_row(model);  -- of format 1 without what came later
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF bound.leads IS NULL THEN
        RETURN;
    END IF;
    SELECT 'events', bound.events, bound.event_lead, bound.event_type, bound.event_time, bound.event_campaign, bound.time_zone, settings ->> 'event_id', settings ->> 'event_anonymous', 1
      INTO name, events, event_lead, event_type, event_time, event_campaign, time_zone, event_id, event_anonymous, place;
    EXECUTE format('SELECT r.event_channel, r.event_asset FROM %I.report_settings r', model) INTO event_channel, event_asset;
    RETURN NEXT;
    IF NOT EXISTS (SELECT FROM lead_scoring_internal.source_tables(model)) THEN
        RETURN;
    END IF;
    FOR further IN EXECUTE format('SELECT s.* FROM %I.sources s ORDER BY s.name COLLATE "C"', model) LOOP
        events := lead_scoring_internal.resolve_table(further.events);
        IF events IS NULL THEN
            PERFORM lead_scoring_internal.fail('42P01', format('table %s of source "%s" of model "%s" does not exist', further.events, further.name, model),
                'The table was renamed, moved or dropped after the source was added.',
                coalesce(lead_scoring_internal.rebind_statement(model, bound.leads::text, bound.events::text, lead_scoring_internal.further_tables(model), settings ->> 'identities'),
                         format('SELECT lead_scoring.drop_source(%L, %L);  -- or name the table that it is now, by UPDATE %I.sources SET events = ''...'' WHERE name = %2$L', model, further.name, model)));
        END IF;
        PERFORM lead_scoring_internal.require_own(events, false);
        SELECT further.name, further.event_lead, further.event_type, further.every_event, further.event_time, further.event_campaign,
               further.event_channel, further.event_asset, coalesce(further.time_zone, bound.time_zone), further.event_id, further.event_anonymous, place + 1
          INTO name, event_lead, event_type, every_event, event_time, event_campaign, event_channel, event_asset, time_zone, event_id, event_anonymous, place;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.sources IS 'The tables of events of a model, first that of its settings, then the others by name, in the order in which they are locked: columns, channel and asset as SQL over their rows (the channel is the campaign where nothing is said), the time zone of times without one, and the columns of ids that count once and of the visitor. No rows without a row of settings. Raises 42P01 when a table is gone, 42501 when it is not the owner''s.';

CREATE FUNCTION lead_scoring_internal.check_source(model text, name text, events regclass, leads regclass)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF events = leads THEN
        PERFORM lead_scoring_internal.fail('22023', format('events of source "%s" are the leads table %s', name, events),
            'A lead has many events, each a row of its own.', 'Give another table, such as events => ''public.page_views''.');
    ELSIF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = check_source.events AND n.nspname = model) THEN
        PERFORM lead_scoring_internal.fail('22023', format('events of source "%s" are the table %s of model "%s" itself', name, events, model),
            'What the model writes would be an event that has it write again.', 'Give another table, such as events => ''public.page_views''.');
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_source IS 'Raises 22023 where the events of a source are the leads table, or one in the model''s own schema.';

CREATE FUNCTION lead_scoring_internal.check_sources(model text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    again record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_source(model, s.name, s.events, bound.leads) FROM lead_scoring_internal.sources(model) s;
    SELECT s.events, min(s.place) AS first, (array_agg(s.name ORDER BY s.place))[1:2] AS names INTO again
      FROM lead_scoring_internal.sources(model) s
     GROUP BY s.events HAVING count(*) > 1 ORDER BY 2 LIMIT 1;
    IF again.events IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42710', format('table %s is source "%s" and source "%s" of model "%s"', again.events, again.names[1], again.names[2], model),
            'Its events would count twice.', format('Name the table that it is, by UPDATE %I.sources SET events = ''...'' WHERE name = %L.', model, again.names[2]));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_sources IS 'Raises what check_source raises of each source of a model, and 42710 where two are of one table.';

CREATE FUNCTION lead_scoring_internal.event_tables(model text)
RETURNS regclass[] LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT array_agg(s.events ORDER BY s.place)
  FROM lead_scoring_internal.sources(model) s
$$;
COMMENT ON FUNCTION lead_scoring_internal.event_tables IS 'The tables of events of a model, as sources() has them.';

CREATE FUNCTION lead_scoring_internal.identities(model text, OUT identities regclass, OUT anonymous text, OUT lead text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings CONSTANT jsonb := lead_scoring_internal.settings_row(model);
BEGIN
    IF settings ->> 'identities' IS NULL THEN
        RETURN;
    END IF;
    identities := lead_scoring_internal.resolve_table(settings ->> 'identities');
    IF identities IS NULL THEN
        PERFORM lead_scoring_internal.fail('42P01', format('table %s of model "%s" does not exist', settings ->> 'identities', model),
            'The model''s settings name it as the table of identities.',
            coalesce(lead_scoring_internal.rebind_statement(model, settings ->> 'leads', settings ->> 'events', lead_scoring_internal.further_tables(model), settings ->> 'identities'),
                     format('SELECT lead_scoring.set_identities(%L, NULL);  -- or name the table that it is now', model)));
    END IF;
    PERFORM lead_scoring_internal.require_own(identities, false);
    anonymous := settings ->> 'identity_anonymous';
    lead := settings ->> 'identity_lead';
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.identities IS 'The table of identities of a model and its columns of visitor and lead; all NULL where it has none. Raises 42P01 when it is gone, 42501 when it is not the owner''s.';

CREATE FUNCTION lead_scoring_internal.bound_tables(model text)
RETURNS regclass[] LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.event_tables(model) || ARRAY(SELECT i.identities FROM lead_scoring_internal.identities(model) i WHERE i.identities IS NOT NULL)
$$;
COMMENT ON FUNCTION lead_scoring_internal.bound_tables IS 'The user''s tables of a model but that of leads, in the order in which they are locked: its tables of events, then that of identities.';

CREATE FUNCTION lead_scoring_internal.lead_tables(model text)
RETURNS TABLE (relation regclass, lead text) LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT s.events, s.event_lead FROM lead_scoring_internal.sources(model) s
UNION ALL SELECT i.identities, i.lead FROM lead_scoring_internal.identities(model) i WHERE i.identities IS NOT NULL
$$;
COMMENT ON FUNCTION lead_scoring_internal.lead_tables IS 'The same, each with its column that names the lead.';

CREATE FUNCTION lead_scoring_internal.anonymous_events(model text)
RETURNS TABLE (events regclass, condition text) LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT s.events, lead_scoring_internal.fill('e.{event_lead} IS NULL AND e.{event_anonymous} OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT i.{anonymous} FROM {!identities} i WHERE i.{lead} OPERATOR(pg_catalog.=) $1::{!key_type}))',
           jsonb_build_object('event_lead', s.event_lead, 'event_anonymous', s.event_anonymous, 'anonymous', i.anonymous, 'identities', i.identities, 'lead', i.lead, 'key_type', lead_scoring_internal.key_type(model)))
  FROM lead_scoring_internal.sources(model) s, lead_scoring_internal.identities(model) i WHERE s.event_anonymous IS NOT NULL AND i.identities IS NOT NULL
$$;
COMMENT ON FUNCTION lead_scoring_internal.anonymous_events IS 'The tables of events of a model that have events of visitors who are leads, and the condition that an event e there is one of lead $1.';

CREATE FUNCTION lead_scoring_internal.source_list(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(jsonb_agg(to_jsonb(s) - 'place' || jsonb_build_object('events', s.events::oid) ORDER BY s.place), '[]')
  FROM lead_scoring_internal.sources(model) s
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_list IS 'What sources() says, as an array of objects, for whoever looks at it once for each rule. Tables are OIDs: whoever may not use a schema cannot look up a name in it.';

CREATE FUNCTION lead_scoring_internal.source_of(sources jsonb, named text, event_type text)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH possible AS (
    SELECT s.source, s.source ->> 'every_event' IS NOT NULL AS is_of_one FROM jsonb_array_elements(sources) s (source)
     WHERE CASE WHEN named IS NULL THEN '*' = source_of.event_type OR coalesce(s.source ->> 'every_event', source_of.event_type) = source_of.event_type ELSE s.source ->> 'name' = named END
), chosen AS (
    SELECT p.source FROM possible p WHERE '*' = source_of.event_type OR p.is_of_one = (SELECT bool_or(o.is_of_one) FROM possible o)
)
SELECT (array_agg(c.source))[1] FROM chosen c HAVING count(*) = 1
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_of IS 'Of a source_list that which events of the type come from: the one that is named, else the one whose events are all of that type, else the only one with a column of types; of any type (*), the only one there is; NULL where there is none, or several.';

CREATE FUNCTION lead_scoring_internal.with_source(sources jsonb, item jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT item - f.source || CASE WHEN jsonb_array_length(sources) > 1 AND item ->> f.event_type IS NOT NULL
                               THEN jsonb_build_object(f.source, CASE WHEN lead_scoring_internal.is_of_all_sources(item) THEN '"*"' ELSE lead_scoring_internal.source_of(sources, item ->> f.source, item ->> f.event_type) -> 'name' END) ELSE '{}' END
  FROM (SELECT CASE WHEN item ? 'on_event' THEN 'on_event_source' ELSE 'source' END, CASE WHEN item ? 'on_event' THEN 'on_event' ELSE 'event_type' END) f (source, event_type)
$$;
COMMENT ON FUNCTION lead_scoring_internal.with_source IS 'A rule or stage as a version holds it: with the name of the source of its events, * for all of them, where the model has several, and without where it has one.';

CREATE FUNCTION lead_scoring_internal.source_hint(place jsonb, argument text, value text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('Pass %s => %L; where the row is there already, ', quote_ident(argument), value) || format('UPDATE %s.%s SET ', quote_ident(place ->> 'model'), quote_ident(place ->> 'table'))
       || format('%s = %L WHERE name = %L.', quote_ident(argument), value, place ->> 'name')
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_hint IS 'How the row of the draft at that place (model, table, name) is given another value.';

CREATE FUNCTION lead_scoring_internal.resolve_source(model text, sources jsonb, named text, event_type text, argument text, subject text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found CONSTANT jsonb := lead_scoring_internal.source_of(sources, named, event_type);
    listed text;
    place jsonb;
    names text[];
    likely text;
BEGIN
    IF found IS NOT NULL AND (event_type = '*' OR coalesce(found ->> 'every_event', event_type) = event_type) THEN
        RETURN found;
    END IF;
    SELECT jsonb_build_object('model', model, 'table', CASE p[1] WHEN 'entry' THEN 'entries' ELSE p[1] || 's' END, 'name', p[2]) INTO place FROM regexp_match(subject, '^(rule|stage|entry) "(.*)"$') p;
    SELECT string_agg(quote_ident(s.source ->> 'name') || coalesce(' (every event is "' || (s.source ->> 'every_event') || '")', ''), ', ' ORDER BY s.place), array_agg(s.source ->> 'name'),
           (array_agg(s.source ->> 'name' ORDER BY s.source ->> 'every_event' IS NOT DISTINCT FROM event_type DESC, s.place) FILTER (WHERE event_type = '*' OR coalesce(s.source ->> 'every_event', event_type) = event_type))[1]
      INTO listed, names, likely
      FROM jsonb_array_elements(sources) WITH ORDINALITY s (source, place);
    IF found IS NULL AND named IS NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('%s does not say which source its events of type "%s" come from', subject, event_type),
            format('The sources of model "%s" are %s.', model, listed), lead_scoring_internal.source_hint(place, argument, likely));
    ELSIF found IS NULL THEN
        PERFORM lead_scoring_internal.fail('42704', format('%s "%s" of %s does not exist', argument, named, subject), format('The sources of model "%s" are %s.', model, listed),
            lead_scoring_internal.source_hint(place, argument, coalesce(lead_scoring_internal.nearest_name(named, names), likely)));
    END IF;
    PERFORM lead_scoring_internal.fail('22023', format('%s waits for events of type "%s", which cannot occur', subject, event_type),
        format('Every event of source "%s" is of type "%s".', found ->> 'name', found ->> 'every_event'),
        lead_scoring_internal.source_hint(place, CASE argument WHEN 'source' THEN 'event_type' ELSE 'on_event' END, found ->> 'every_event'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.resolve_source IS 'The source of a rule or stage of the draft, as source_of has it. Raises 22023 where it cannot be told, or has no events of that type, 42704 where there is none of that name. "argument" is the column that names it, "subject" what errors call the row.';
