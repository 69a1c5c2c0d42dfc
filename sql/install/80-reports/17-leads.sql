-- The leads that reports count, each once, with when it came and reached each stage.

CREATE FUNCTION lead_scoring_internal.remembers(remembering bigint)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('(s.version = %s AND s.memory IS NOT NULL) IS TRUE', remembering) WHERE remembering IS NOT NULL
$$;
COMMENT ON FUNCTION lead_scoring_internal.remembers IS 'SQL for whether a row s of scores has a memory by that version; NULL where there is none.';

CREATE FUNCTION lead_scoring_internal.own_log(model text, event_log jsonb, remembering bigint)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN jsonb_build_object('remembers', lead_scoring_internal.remembers(remembering), 'time', event_log ->> 'time',
    'of_lead', lead_scoring_internal.fill('{!rows} WHERE e.{lead} = s.lead_id AND e.{time} > ''-infinity'' AND e.{time} < ''infinity''',
        jsonb_build_object('rows', event_log ->> 'rows', 'lead', event_log ->> 'lead', 'time', event_log ->> 'time')));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.own_log IS 'SQL over a row s of scores, to be filled in: "remembers", whether it has a memory by that version (NULL: none has), "of_lead", what stands behind FROM to read its events e of the log that have a time, and "time", the column that has it.';

CREATE FUNCTION lead_scoring_internal.fill_from_log(template text, own_log jsonb, places jsonb DEFAULT '{}')
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill(template, places || (SELECT coalesce(jsonb_object_agg(l.key, l.value), '{}') FROM jsonb_each(own_log) l WHERE template ~ format('\{!?%s\}', l.key)))
$$;
COMMENT ON FUNCTION lead_scoring_internal.fill_from_log IS 'The template filled in, as fill does, with the places and with those of own_log that it has.';

CREATE FUNCTION lead_scoring_internal.undone_rows(model text, stages text[])
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    any_undone boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF NOT lead_scoring_internal.keeps_undone(model) THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.transitions t WHERE t.undone_at IS NOT NULL AND NOT t.superseded)', model) INTO any_undone;
    RETURN (SELECT format('SELECT t.lead_id%s FROM %I.transitions t WHERE t.undone_at > $1 AND NOT t.superseded AND t.at <= $1 GROUP BY t.lead_id',
                          string_agg(format(', min(t.at) FILTER (WHERE t.to_stage = %L) AS %I', n, n || '_at'), '' ORDER BY place), model)
              FROM unnest(stages) WITH ORDINALITY u (n, place) WHERE any_undone HAVING any_undone);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.undone_rows IS 'SQL for the leads that stood elsewhere as of parameter 1, before moves of theirs were taken back, with when these entered each of the stages; NULL where nothing was ever taken back.';

CREATE FUNCTION lead_scoring_internal.type_dimension(model text, settings jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.transitions', model)) AND a.attname = 'lead_type' AND NOT a.attisdropped)
            THEN format('(SELECT t.lead_type FROM %I.transitions t WHERE t.lead_id = s.lead_id AND t.to_stage = ANY (%L::text[]) AND t.at <= $1 AND %s ORDER BY t.seq LIMIT 1)', model,
                        ARRAY(SELECT n FROM jsonb_array_elements_text(settings -> 'stages') WITH ORDINALITY u (n, place) WHERE place >= (settings ->> 'mql')::integer ORDER BY place),
                        lead_scoring_internal.move_stands(model, '$1'))
            ELSE 'NULL::text' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.type_dimension IS 'SQL for the type that the lead of a row s of scores had when it became an MQL, or moved higher at once, as of parameter 1; NULL for who did not, and for models of an older format.';

CREATE FUNCTION lead_scoring_internal.reason_expression(model text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill('coalesce({!decided}(SELECT t.reason FROM ({!moves}) t WHERE t.lead_id = s.lead_id AND t.at <= $1 AND t.reason IS NOT NULL ORDER BY t.seq DESC LIMIT 1))', jsonb_build_object(
    'moves', lead_scoring_internal.move_rows(model, '$1'),
    'decided', CASE WHEN to_regclass(format('%I.handoffs', model)) IS NULL THEN ''
                    ELSE format('(SELECT h.reason FROM %I.handoffs h WHERE h.lead_id = s.lead_id AND h.decided_at <= $1 ORDER BY h.seq DESC LIMIT 1), ', model) END))
$$;
COMMENT ON FUNCTION lead_scoring_internal.reason_expression IS 'SQL for what was said last of a lead, a row s of scores, up to parameter 1: the reason of the decision on its latest hand-off, else of its latest move that bears one.';

CREATE FUNCTION lead_scoring_internal.lead_rows(model text, settings jsonb, with_campaign boolean DEFAULT false, with_forgotten boolean DEFAULT false, only_lead text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    names CONSTANT text[] := ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'));
    kind CONSTANT text := settings #>> '{by,kind}';
    remembering CONSTANT bigint := lead_scoring_internal.remembering_version(model);
    log CONSTANT jsonb := lead_scoring_internal.event_log(model, settings, kind);
    channel text := CASE kind WHEN 'channel' THEN coalesce(log ->> 'channel', 'NULL') END;
    campaign text;
    undone text;
    entered text[];
    reached text[];
    came_at text;
    created text;
    known text;
    touches text;
    first text;
    had_come text;
    own_log jsonb;
    leads text;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    own_log := lead_scoring_internal.own_log(model, log, remembering);
    undone := lead_scoring_internal.undone_rows(model, names);
    entered := ARRAY(SELECT format(CASE WHEN undone IS NULL THEN 's.%1$I' ELSE 'LEAST(s.%1$I, u.%1$I)' END, n || '_at') FROM unnest(names) n);
    created := CASE WHEN settings ->> 'lead_created' IS NOT NULL THEN
        lead_scoring_internal.time_expression(bound.leads, settings ->> 'lead_created', settings ->> 'time_zone', 'lead_created') END;
    known := format('LEAST(%s)', concat_ws(', ', VARIADIC entered || created));
    campaign := CASE WHEN with_campaign OR kind IS NOT DISTINCT FROM 'campaign' THEN log ->> 'campaign' END;
    IF remembering IS NOT NULL THEN
        -- Leads of another version, and what a memory does not keep, are asked one by one.
        first := lead_scoring_internal.fill_from_log('CASE WHEN {!remembers} THEN lead_scoring_internal.first_event(s.memory) ELSE (SELECT min(e.{time}) FROM {!of_lead}) END', own_log);
        campaign := CASE WHEN campaign IS NOT NULL THEN lead_scoring_internal.fill_from_log('CASE WHEN {!remembers} AND lead_scoring_internal.keeps_names(s.memory) THEN lead_scoring_internal.first_campaign(s.memory, $1)
            ELSE (SELECT lead_scoring.first_touch({!campaign}, e.{time}) FROM {!of_lead} AND e.{time} <= $1) END', own_log, jsonb_build_object('campaign', campaign)) END;
        channel := CASE WHEN channel IS NOT NULL THEN lead_scoring_internal.fill_from_log('CASE WHEN {!remembers} AND lead_scoring_internal.keeps_names(s.memory) THEN lead_scoring_internal.first_channel(s.memory, $1)
            ELSE (SELECT lead_scoring.first_touch(nullif(({!channel})::text, ''''), e.{time}) FROM {!of_lead} AND e.{time} <= $1) END', own_log, jsonb_build_object('channel', channel)) END;
        had_come := format('%1$s <= $1 OR %2$s IS NULL AND %1$s IS NULL', first, known);
    ELSE
        touches := lead_scoring_internal.fill('SELECT e.{lead} AS lead_id, e.{time} AS at{!campaign}{!channel} FROM {!rows} WHERE e.{time} > ''-infinity'' AND e.{time} < ''infinity'' AND e.{time} <= $1{!only_lead}',
            jsonb_build_object('lead', log ->> 'lead', 'time', log ->> 'time', 'campaign', ', ' || campaign || ' AS campaign',
                'channel', ', nullif((' || channel || ')::text, '''') AS channel',
                'rows', log ->> 'rows', 'only_lead', ' AND e.' || quote_ident(log ->> 'lead') || ' = ' || only_lead));
        -- OFFSET 0 keeps the events out of parallel joins, each worker of which would read them all; they may be read in parallel.
        -- An index may have the first time of each lead, but not its campaign or channel: for these all are read as they lie, and
        -- sorted, since a hash table of all leads would outgrow its memory.
        touches := lead_scoring_internal.fill(CASE WHEN num_nonnulls(campaign, channel) > 0
            THEN 'LEFT JOIN (SELECT t.lead_id, min(t.at) AS first_at{!campaign}{!channel} FROM (SELECT t.* FROM ({!touches} OFFSET bigint ''0'') t ORDER BY t.lead_id) t GROUP BY 1 OFFSET 0) f ON f.lead_id = s.lead_id'
            ELSE 'LEFT JOIN (SELECT t.lead_id, min(t.at) AS first_at{!campaign}{!channel} FROM ({!touches}) t GROUP BY 1 OFFSET 0) f ON f.lead_id = s.lead_id' END,
            jsonb_build_object('touches', touches, 'campaign', CASE WHEN campaign IS NOT NULL THEN ', lead_scoring.first_touch(t.campaign, t.at) AS campaign' END,
                'channel', CASE WHEN channel IS NOT NULL THEN ', lead_scoring.first_touch(t.channel, t.at) AS channel' END));
        first := 'f.first_at';
        campaign := CASE WHEN campaign IS NOT NULL THEN 'f.campaign' END;
        channel := CASE WHEN channel IS NOT NULL THEN 'f.channel' END;
        had_come := lead_scoring_internal.fill_from_log('EXISTS (SELECT FROM {!of_lead} AND e.{time} <= $1) OR {!known} IS NULL AND NOT EXISTS (SELECT FROM {!of_lead})', own_log, jsonb_build_object('known', known));
    END IF;
    -- Whoever was merged into another is counted there, unless there are events of its own again. Whoever is there now has
    -- come by now, whatever the dates: so events are read to find who had come by a day in the past alone.
    leads := lead_scoring_internal.fill_report(settings, $query$
        SELECT s.lead_id, s.stage_since, s.stage, {!stood_elsewhere} AS stood_elsewhere, {!entered}, {!campaign} AS campaign, [[{!dimension} AS dimension, ]]LEAST({!first}{!created}) AS first_at, s.memory, s.card, {!remembers} AS remembers
          FROM {model}.scores s{!attributes}{!dimensions}{!undone}
          {!touches}
          LEFT JOIN {model}.merged m ON m.merged_from = s.lead_id
         WHERE s.counted AND (m.merged_from IS NULL OR (SELECT true FROM {!rows} WHERE e.{lead} = s.lead_id LIMIT 1)){!only_lead}
           AND (now() <= $1 OR {!known} <= $1 OR {!had_come})
        $query$, jsonb_build_object(
        'undone', ' LEFT JOIN (' || undone || ') u ON u.lead_id = s.lead_id', 'stood_elsewhere', CASE WHEN undone IS NULL THEN 'false' ELSE 'u.lead_id IS NOT NULL' END,
        'entered', (SELECT string_agg(format('%s AS %I', e, n || '_at'), ', ' ORDER BY place) FROM unnest(entered, names) WITH ORDINALITY c (e, n, place)), 'created', ', ' || created, 'known', known, 'first', first, 'had_come', had_come, 'campaign', coalesce(campaign, 'NULL::text'),
        'attributes', CASE WHEN created IS NOT NULL THEN format(' LEFT JOIN %s r ON r.%I = s.lead_id', bound.leads, bound.lead_key) END,
        'dimension', CASE kind WHEN 'campaign' THEN coalesce(campaign, 'NULL::text') WHEN 'channel' THEN channel WHEN 'reason' THEN lead_scoring_internal.reason_expression(model) WHEN 'expression' THEN 'd.dimension' WHEN 'lead_type' THEN lead_scoring_internal.type_dimension(model, settings) ELSE 'NULL::text' END,
        -- The expression names columns without their table, and a whole row by its name.
        'dimensions', CASE kind WHEN 'expression' THEN lead_scoring_internal.fill(' LEFT JOIN (SELECT {key} AS lead_id, nullif(({!expression})::text, '''') AS dimension FROM {!leads}) d ON d.lead_id = s.lead_id',
            jsonb_build_object('key', bound.lead_key, 'expression', settings #>> '{by,expression}', 'leads', bound.leads)) END,
        'model', model, 'touches', touches, 'only_lead', ' AND s.lead_id = ' || only_lead,
        'rows', log ->> 'rows', 'lead', log ->> 'lead', 'remembers', coalesce(own_log ->> 'remembers', 'false')));
    IF with_forgotten THEN
        leads := lead_scoring_internal.fill_report(settings, $query$
            {!leads}
            UNION ALL
            SELECT NULL, NULL, NULL, false, {!entered}, o.campaign, [[{!dimension}, ]]o.came::timestamp AT TIME ZONE {'zone'}, NULL, NULL, false
              FROM {model}.forgotten o, generate_series(1, o.leads)
             WHERE (o.came::timestamp AT TIME ZONE {'zone'} <= $1) IS NOT FALSE
            $query$,
            jsonb_build_object('leads', leads, 'dimension', CASE kind WHEN 'campaign' THEN 'o.campaign' ELSE 'NULL::text' END,
                'entered', (SELECT string_agg(format('(o.entered ->> %L)::timestamp AT TIME ZONE %L', n, settings ->> 'time_zone'), ', ' ORDER BY place)
                              FROM unnest(names) WITH ORDINALITY u (n, place)),
                'zone', settings ->> 'time_zone', 'model', model));
    END IF;

    entered := ARRAY(SELECT format('s.%I', n || '_at') FROM unnest(names) n);
    -- Times are made those of the report here, as late as can be: the server evaluates each as often as it is used.
    reached := ARRAY(SELECT format('lead_scoring_internal.report_time(LEAST(%s), $1)', array_to_string(entered[i:], ', ')) FROM generate_subscripts(names, 1) i ORDER BY i);
    came_at := format('lead_scoring_internal.report_time(LEAST(%s, s.first_at), $1)', array_to_string(entered, ', '));
    reached[1] := came_at;
    entered := ARRAY(SELECT format('lead_scoring_internal.report_time(%s, $1)', e) FROM unnest(entered) WITH ORDINALITY u (e, place) ORDER BY place);
    -- Whoever stands in the first stage was there from the beginning, without a transition.
    entered[1] := came_at;
    -- Where a lead that has moved since stood then, its history says: in the first stage before its first move.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        SELECT s.lead_id, lead_scoring_internal.report_time(CASE WHEN s.stage_since > $1 OR s.stood_elsewhere THEN (SELECT t.at {!last_move}) ELSE s.stage_since END) AS stage_since,
               (CASE WHEN s.stage_since > $1 OR s.stood_elsewhere THEN (SELECT t.to_stage {!last_move}) ELSE s.stage END <> ALL ({'stages'}::text[])) IS TRUE AS is_out,
               s.campaign, [[s.dimension COLLATE "C" AS dimension, ]]{!came_at} AS came_at,
               {!mql_at} AS mql_at, {!sql_at} AS sql_at, {!customer_at} AS customer_at, {!mql_entered} IS NOT NULL AS mql_entered, {!sql_entered} IS NOT NULL AS sql_entered,
               s.memory, s.card, s.remembers, {!reached}
          FROM ({!leads}) s
        $query$, jsonb_build_object(
        'last_move', format('FROM (%s) t WHERE t.lead_id = s.lead_id AND t.at <= $1 ORDER BY t.seq DESC LIMIT 1', lead_scoring_internal.move_rows(model, '$1')),
        'stages', names::text, 'came_at', came_at, 'mql_at', coalesce(reached[(settings ->> 'mql')::integer], 'NULL::timestamptz'),
        'sql_at', coalesce(reached[(settings ->> 'sql')::integer], 'NULL::timestamptz'),
        'customer_at', coalesce(reached[(settings ->> 'customer')::integer], 'NULL::timestamptz'),
        'mql_entered', coalesce(entered[(settings ->> 'mql')::integer], 'NULL'),
        'sql_entered', coalesce(entered[(settings ->> 'sql')::integer], 'NULL'),
        'reached', (SELECT string_agg(format('%s AS reached_%s, %s AS entered_%2$s', r, place, entered[place]), ', ' ORDER BY place)
                      FROM unnest(reached) WITH ORDINALITY u (r, place)),
        'leads', leads));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.lead_rows IS 'SQL that gives each lead that counts (scores.counted) once for a report that is told these settings, as report_request has them, but for those that were merged into another, as of parameter 1, the time of the report: since when it is in its stage, whether that is a detour (is_out), its campaign (of the earliest event that names one) if asked for, with "by" its dimension, when it came, and when it reached each stage (entered it or a higher one, at the earliest such time: reached_1 and so on, by place) and entered it (entered_1); with remembers, whether it has a memory that says what report_settings ask for, and then memory and card. What is later than the report is NULL, and a lead all of whose times are later is left out; where nothing dates a lead it counts at all times. Events are read only where the campaign or the time it came is used, or the report is of the past, and only of leads that do not remember these. only_lead is SQL for the key of the one lead wanted. Forgotten leads, if asked for, are rows without lead_id whose times are first days of months.';
