-- All events of a model, as reports read them.

CREATE FUNCTION lead_scoring_internal.source_rows(source jsonb, key_type text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill('SELECT e.{lead}::{!key_type} AS lead_id, {!at} AS at, {!type} AS type, {''name''}::text AS source, {!campaign} AS campaign, {!channel} AS channel, {!asset} AS asset FROM {!events} e',
    jsonb_build_object('lead', source ->> 'event_lead', 'key_type', key_type, 'name', source ->> 'name', 'events', source ->> 'events',
        'at', CASE t.type WHEN 'timestamp with time zone' THEN format('e.%I::timestamptz', source ->> 'event_time')
                          ELSE format('lead_scoring_internal.instant(e.%I::%s, %L)', source ->> 'event_time', t.type, source ->> 'time_zone') END,
        'type', CASE WHEN source ->> 'every_event' IS NULL THEN format('e.%I::text', source ->> 'event_type') ELSE format('%L::text', source ->> 'every_event') END,
        'campaign', coalesce('nullif(e.' || quote_ident(source ->> 'event_campaign') || '::text, '''')', 'NULL::text'),
        'channel', coalesce('nullif((' || (source ->> 'channel') || ')::text, '''')', 'NULL::text'),
        'asset', coalesce('nullif((' || (source ->> 'asset') || ')::text, '''')', 'NULL::text')))
  FROM lead_scoring_internal.plain_type((source ->> 'events')::regclass, source ->> 'event_time', 'event_time') t (type)
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_rows IS 'SQL for the events of a source: lead_id, at (an instant), type, source, campaign, channel, asset.';

CREATE FUNCTION lead_scoring_internal.event_log(model text, settings jsonb, VARIADIC named text[] DEFAULT '{}')
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sources jsonb[];
    source jsonb;
    bound record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type, bound.event_time, bound.event_campaign);
    source := jsonb_build_object('name', 'events', 'events', bound.events, 'event_lead', bound.event_lead, 'event_type', bound.event_type, 'event_time', bound.event_time,
        'event_campaign', bound.event_campaign, 'time_zone', coalesce(settings ->> 'time_zone', bound.time_zone),
        'channel', lead_scoring_internal.report_key(bound.events, CASE WHEN 'channel' = ANY (named) THEN coalesce(settings ->> 'event_channel', quote_ident(bound.event_campaign)) END, 'event_channel'),
        'asset', lead_scoring_internal.report_key(bound.events, CASE WHEN 'asset' = ANY (named) THEN settings ->> 'event_asset' END, 'event_asset'));
    sources := ARRAY[source];
    -- One table whose times are instants is read as it is, by its indexes too.
    IF cardinality(sources) = 1 AND lead_scoring_internal.plain_type(bound.events, bound.event_time, 'event_time') = 'timestamp with time zone' THEN
        RETURN jsonb_build_object('rows', format('%s e', bound.events), 'lead', bound.event_lead, 'time', bound.event_time, 'type', bound.event_type,
            'campaign', 'nullif(e.' || quote_ident(bound.event_campaign) || '::text, '''')', 'channel', source ->> 'channel', 'asset', source ->> 'asset');
    END IF;
    RETURN (
        SELECT jsonb_build_object('rows', format('(%s) e', string_agg(lead_scoring_internal.source_rows(s.source, lead_scoring_internal.key_type(model)), ' UNION ALL ' ORDER BY s.place)),
            'lead', 'lead_id', 'time', 'at', 'type', 'type', 'campaign', CASE WHEN count(s.source ->> 'event_campaign') > 0 THEN 'e.campaign' END,
            'channel', CASE WHEN count(s.source ->> 'channel') > 0 THEN 'e.channel' END, 'asset', CASE WHEN count(s.source ->> 'asset') > 0 THEN 'e.asset' END)
          FROM unnest(sources) WITH ORDINALITY s (source, place));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.event_log IS 'All events of a model, for a report that is told these settings: "rows", what stands behind FROM to read them as e, "lead", "time" and "type", the columns of e that have the key, the instant and the type, and "campaign" and, where they are asked for, "channel" and "asset", SQL over e, NULL where no event names one. The channel is the campaign where nothing else is said. Raises what check_columns and check_expression raise where a table has changed.';
