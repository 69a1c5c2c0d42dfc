-- All events of a model, as reports read them.

CREATE FUNCTION lead_scoring_internal.rows_once(source jsonb, at text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN source ->> 'event_id' IS NULL THEN source ->> 'events'
    ELSE lead_scoring_internal.fill('(SELECT e.* FROM (SELECT e.*, row_number() OVER (PARTITION BY e.{lead}, e.{id}, isfinite({!at}) ORDER BY {!at}, e USING OPERATOR(pg_catalog.*<)) AS lead_scoring_place FROM {!events} e) e
             WHERE e.lead_scoring_place = 1 OR e.{id} IS NULL OR isfinite({!at}) IS NOT TRUE)',
        jsonb_build_object('lead', source ->> 'event_lead', 'id', source ->> 'event_id', 'events', source ->> 'events', 'at', at)) END
$$;
COMMENT ON FUNCTION lead_scoring_internal.rows_once IS 'What stands behind FROM to read the rows of a source that count: of a lead''s rows of one id the earliest, and of several at its instant the one whose content comes first. What has no id or no time takes no part. "at" is SQL for the instant of a row e. Conditions on the lead reach the table.';

CREATE FUNCTION lead_scoring_internal.source_rows(model text, source jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    time_type text;
    at text;
    lead text := format('e.%I', source ->> 'event_lead');
    log jsonb := source;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    time_type := lead_scoring_internal.plain_type((source ->> 'events')::regclass, source ->> 'event_time', 'event_time');
    at := CASE time_type WHEN 'timestamp with time zone' THEN format('e.%I::timestamptz', source ->> 'event_time')
                         ELSE format('lead_scoring_internal.instant(e.%I::%s, %L)', source ->> 'event_time', time_type, source ->> 'time_zone') END;
    IF source ->> 'identities' IS NOT NULL THEN
        -- In two parts, so that what is asked of one lead finds its events by an index.
        log := log || jsonb_build_object('event_lead', 'lead by identity', 'events', lead_scoring_internal.fill('(SELECT e.*, e.{lead} AS "lead by identity" FROM {!events} e WHERE e.{lead} IS NOT NULL
            UNION ALL SELECT e.*, i.{identity_lead} FROM {!events} e LEFT JOIN {!identities} i ON i.{visitor} = e.{anonymous} WHERE e.{lead} IS NULL)',
            jsonb_build_object('events', source ->> 'events', 'lead', source ->> 'event_lead', 'identities', source ->> 'identities', 'identity_lead', source ->> 'identity_lead',
                'visitor', source ->> 'visitor', 'anonymous', source ->> 'event_anonymous')));
        lead := 'e."lead by identity"';
    END IF;
    RETURN lead_scoring_internal.fill('SELECT {!lead}::{!key_type} AS lead_id, {!at} AS at, {!type} AS type, {''name''}::text AS source, {!campaign} AS campaign, {!channel} AS channel, {!asset} AS asset FROM {!events} e',
    jsonb_build_object('lead', lead, 'key_type', lead_scoring_internal.key_type(model), 'name', source ->> 'name', 'events', lead_scoring_internal.rows_once(log, at), 'at', at,
        'type', CASE WHEN source ->> 'every_event' IS NULL THEN format('e.%I::text', source ->> 'event_type') ELSE format('%L::text', source ->> 'every_event') END,
        'campaign', coalesce('nullif(e.' || quote_ident(source ->> 'event_campaign') || '::text, '''')', 'NULL::text'),
        'channel', coalesce('nullif((' || (source ->> 'channel') || ')::text, '''')', 'NULL::text'),
        'asset', coalesce('nullif((' || (source ->> 'asset') || ')::text, '''')', 'NULL::text')));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_rows IS 'SQL for the events of a source, those of visitors with the lead that "identities", where the source has them, say: lead_id, at (an instant), type, source, campaign, channel, asset.';

CREATE FUNCTION lead_scoring_internal.event_log(model text, settings jsonb, VARIADIC named text[] DEFAULT '{}')
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source record;
    bound record;
    sources jsonb[] := '{}';
    logged jsonb;
    identities jsonb;
BEGIN
    SELECT jsonb_build_object('identities', i.identities, 'visitor', i.anonymous, 'identity_lead', i.lead) INTO identities
      FROM lead_scoring_internal.identities(model) i WHERE i.identities IS NOT NULL;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    FOR source IN SELECT s.*, s.name = 'events' AS is_first FROM lead_scoring_internal.sources(model) s LOOP
        -- A version looks at the sources that there were.
        logged := (SELECT l.source FROM jsonb_array_elements(settings -> 'sources') l (source) WHERE l.source ->> 'name' = source.name);
        CONTINUE WHEN NOT source.is_first AND logged IS NULL;
        logged := CASE WHEN source.is_first THEN settings ELSE logged END;
        PERFORM lead_scoring_internal.check_columns(bound.leads, source.events, bound.lead_key, source.event_lead, source.event_type, source.event_time, source.event_campaign),
                CASE WHEN logged ->> 'event_id' IS NOT NULL THEN lead_scoring_internal.column_type(source.events, logged ->> 'event_id', 'event_id') END;
        sources := sources || (to_jsonb(source) || CASE WHEN source.event_anonymous IS NOT NULL THEN coalesce(identities, '{}') ELSE '{}' END
            || jsonb_build_object('time_zone', coalesce(logged ->> 'time_zone', source.time_zone), 'event_id', logged -> 'event_id',
            'channel', lead_scoring_internal.report_key(source.events, CASE WHEN 'channel' = ANY (named) THEN coalesce(source.event_channel, quote_ident(source.event_campaign)) END, 'event_channel'),
            'asset', lead_scoring_internal.report_key(source.events, CASE WHEN 'asset' = ANY (named) THEN source.event_asset END, 'event_asset')));
    END LOOP;
    -- One table whose times are instants is read as it is, by its indexes too.
    IF cardinality(sources) = 1 AND num_nonnulls(sources[1] ->> 'event_id', sources[1] ->> 'identities') = 0 AND lead_scoring_internal.plain_type(bound.events, bound.event_time, 'event_time') = 'timestamp with time zone' THEN
        RETURN jsonb_build_object('rows', format('%s e', bound.events), 'lead', bound.event_lead, 'time', bound.event_time, 'type', bound.event_type, 'source', '''events''::text',
            'campaign', 'nullif(e.' || quote_ident(bound.event_campaign) || '::text, '''')', 'channel', sources[1] ->> 'channel', 'asset', sources[1] ->> 'asset');
    END IF;
    RETURN (
        SELECT jsonb_build_object('rows', format('(%s) e', string_agg(lead_scoring_internal.source_rows(model, s.source), ' UNION ALL ' ORDER BY s.place)),
            'lead', 'lead_id', 'time', 'at', 'type', 'type', 'source', 'e.source', 'campaign', CASE WHEN count(s.source ->> 'event_campaign') > 0 THEN 'e.campaign' END,
            'channel', CASE WHEN count(s.source ->> 'channel') > 0 THEN 'e.channel' END, 'asset', CASE WHEN count(s.source ->> 'asset') > 0 THEN 'e.asset' END)
          FROM unnest(sources) WITH ORDINALITY s (source, place));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.event_log IS 'All events of a model, for a report that is told these settings, of which "sources" are those that are looked at besides the first and "event_id" is the column of the first whose ids count once: "rows", what stands behind FROM to read them as e, "lead", "time" and "type", the columns of e that have the key, the instant and the type, and SQL over e for its "source", its "campaign" and, where they are asked for, "channel" and "asset", NULL where no event names one. The channel is the campaign where nothing else is said. Raises what check_columns and check_expression raise where a table has changed.';
