-- What a version says of what leads remember: which events are touches, and how many are kept of a lead.

CREATE FUNCTION lead_scoring_internal.draft_touches(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    settings jsonb;
    most integer;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(r) FROM %I.report_settings r', model) INTO settings;
    most := coalesce((settings ->> 'max_touches')::integer, CASE WHEN EXISTS (SELECT FROM lead_scoring_internal.sources(model) s WHERE num_nonnulls(s.event_channel, s.event_asset) > 0) THEN 64 ELSE 0 END);
    IF most = 0 THEN
        RETURN '{}';
    END IF;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    RETURN jsonb_build_object('touches', jsonb_build_object(
        'channel', coalesce(settings ->> 'event_channel', quote_ident(bound.event_campaign)), 'asset', settings -> 'event_asset',
        'campaign', quote_ident(bound.event_campaign), 'max_touches', most));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_touches IS 'What the next version says of touches, as a part of its definition: channel, asset and campaign as SQL over the row of an event, null for none, and max_touches. The channel is the campaign where report_settings say nothing else. Empty where leads are to remember nothing, which is the default where no source sets a channel or an asset; else it is 64 touches.';

CREATE FUNCTION lead_scoring_internal.draft_sources(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN count(*) FILTER (WHERE s.name <> 'events' OR s.event_id IS NOT NULL) = 0 THEN '{}' ELSE '{"format": 2}' END::jsonb
       || coalesce(jsonb_object_agg('event_id', s.event_id) FILTER (WHERE s.name = 'events' AND s.event_id IS NOT NULL), '{}')
       || CASE WHEN count(*) FILTER (WHERE s.name <> 'events') = 0 THEN '{}'
            ELSE jsonb_build_object('sources', jsonb_agg(
                jsonb_build_object('name', s.name, 'time_zone', s.time_zone)
                || CASE WHEN s.event_id IS NULL THEN '{}' ELSE jsonb_build_object('event_id', s.event_id) END
                || CASE WHEN t.touches = '{}' THEN '{}' ELSE jsonb_build_object('channel', coalesce(s.event_channel, quote_ident(s.event_campaign)), 'asset', s.event_asset, 'campaign', quote_ident(s.event_campaign)) END
                ORDER BY s.name COLLATE "C") FILTER (WHERE s.name <> 'events')) END
  FROM lead_scoring_internal.sources(model) s CROSS JOIN lead_scoring_internal.draft_touches(model) t (touches)
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_sources IS 'What the next version says of the sources of the model, as a part of its definition: of those besides the first, by name, the time zone of their times, the column of ids that count once, where they have one, and what names touches, where leads are to remember these; of the first such a column alone. Empty where there is nothing to say.';

CREATE FUNCTION lead_scoring_internal.compile_touches(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    draft CONSTANT jsonb := lead_scoring_internal.draft_touches(model);
    touches CONSTANT jsonb := draft -> 'touches';
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF touches -> 'channel' IS DISTINCT FROM touches -> 'campaign' THEN
        PERFORM lead_scoring_internal.report_key(bound.events, touches ->> 'channel', 'event_channel');
    END IF;
    PERFORM lead_scoring_internal.report_key(bound.events, touches ->> 'asset', 'event_asset');
    RETURN draft;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_touches IS 'What draft_touches says, checked against the table of events; raises what check_expression raises.';

CREATE FUNCTION lead_scoring_internal.compile_sources(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.report_key(s.events, s.event_channel, format('event_channel of source "%s"', s.name)),
            lead_scoring_internal.report_key(s.events, s.event_asset, format('event_asset of source "%s"', s.name))
       FROM lead_scoring_internal.sources(model) s WHERE s.name <> 'events';
    RETURN lead_scoring_internal.draft_sources(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_sources IS 'What draft_sources says, checked against the tables of events; raises what check_expression raises.';

CREATE FUNCTION lead_scoring_internal.remembering_version(model text)
RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    number bigint;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.version FROM (SELECT v.version, v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1) v
                     WHERE (v.definition -> ''touches'') - ''max_touches'' = ($1 -> ''touches'') - ''max_touches''
                       AND v.definition -> ''sources'' IS NOT DISTINCT FROM $2 -> ''sources'' AND v.definition -> ''event_id'' IS NOT DISTINCT FROM $2 -> ''event_id''', model)
       INTO number USING lead_scoring_internal.draft_touches(model), lead_scoring_internal.draft_sources(model);
    RETURN number;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.remembering_version IS 'The newest version, where leads that are of it remember what report_settings ask for now; else NULL, and reports read the events.';
