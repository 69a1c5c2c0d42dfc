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
    most := coalesce((settings ->> 'max_touches')::integer, CASE WHEN num_nonnulls(settings ->> 'event_channel', settings ->> 'event_asset') > 0 THEN 64 ELSE 0 END);
    IF most = 0 THEN
        RETURN '{}';
    END IF;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    RETURN jsonb_build_object('touches', jsonb_build_object(
        'channel', coalesce(settings ->> 'event_channel', quote_ident(bound.event_campaign)), 'asset', settings -> 'event_asset',
        'campaign', quote_ident(bound.event_campaign), 'max_touches', most));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_touches IS 'What the next version says of touches, as a part of its definition: channel, asset and campaign as SQL over the row of an event, null for none, and max_touches. The channel is the campaign where report_settings say nothing else. Empty where leads are to remember nothing, which is the default where neither channel nor asset is set; else it is 64 touches.';

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

CREATE FUNCTION lead_scoring_internal.remembering_version(model text)
RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    number bigint;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.version FROM (SELECT v.version, v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1) v
                     WHERE (v.definition -> ''touches'') - ''max_touches'' = ($1 -> ''touches'') - ''max_touches''', model)
       INTO number USING lead_scoring_internal.draft_touches(model);
    RETURN number;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.remembering_version IS 'The newest version, where leads that are of it remember what report_settings ask for now; else NULL, and reports read the events.';
