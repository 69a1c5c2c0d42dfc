-- Report views of a model: what they have in common. A view is one call of report(), which builds its statement when it
-- is read, by the function <view>_report of the part of that noun, and runs it as the model's owner. So the views name
-- nothing of the user's, follow every publish and every change of settings by themselves, and need no right but SELECT
-- on the view.

-- ---------------------------------------------------------------- statements

CREATE FUNCTION lead_scoring_internal.report_setting(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings jsonb;
    version jsonb;
    names text[] := ARRAY(SELECT p.stage FROM lead_scoring_internal.progress_stages(model) p ORDER BY p.rank);
    meanings jsonb;
    role_stage record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(r) FROM %I.report_settings r', model) INTO settings;
    settings := coalesce(settings, '{"qualified_low": 0.02, "qualified_high": 0.05}');
    EXECUTE format('SELECT v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO version;
    SELECT jsonb_object_agg(s.stage ->> 'counts_as', s.stage ->> 'name') INTO meanings
      FROM jsonb_array_elements(version -> 'stages') s (stage) WHERE s.stage ->> 'counts_as' IS NOT NULL;
    FOR role_stage IN SELECT * FROM (VALUES
            ('mql', CASE WHEN cardinality(names) >= 2 THEN 2 END),
            ('sql', CASE WHEN cardinality(names) >= 4 THEN 3 END),
            ('customer', CASE WHEN cardinality(names) >= 3 THEN cardinality(names) END)) d (role, place) LOOP
        settings := settings || jsonb_build_object(role_stage.role, array_position(names,
            coalesce(settings ->> (role_stage.role || '_stage'), CASE WHEN meanings IS NOT NULL THEN meanings ->> role_stage.role ELSE names[role_stage.place] END)));
    END LOOP;
    RETURN settings || jsonb_build_object('stages', names, 'time_zone', version ->> 'time_zone');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_setting IS 'What a report goes by: report_settings with, in addition, time_zone and stages (the progress stages of the newest version by rank), and mql, sql and customer as places in these, NULL where the model has no such stage.';

CREATE FUNCTION lead_scoring_internal.report_time(at timestamptz) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_report_time';
COMMENT ON FUNCTION lead_scoring_internal.report_time(timestamptz) IS 'A time as reports take it: an absurd one, before 4000 BC or after the year 200000, for the nearer of these. So there is room on both sides for time zones, months and intervals, and differences fit into 64 bits.';

CREATE FUNCTION lead_scoring_internal.report_time(at timestamptz, as_of timestamptz) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_report_time_as_of';
COMMENT ON FUNCTION lead_scoring_internal.report_time(timestamptz, timestamptz) IS 'A time as a report of as_of takes it: NULL where it is later.';

CREATE FUNCTION lead_scoring_internal.month_expression(instant text, zone text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('date_trunc(''month'', %s AT TIME ZONE %L)::date', instant, zone)
$$;
COMMENT ON FUNCTION lead_scoring_internal.month_expression IS 'SQL for the first day of the month of a timestamptz in a time zone; see report_time.';

CREATE FUNCTION lead_scoring_internal.lead_rows(model text, with_campaign boolean DEFAULT false, with_forgotten boolean DEFAULT false, only_lead text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    settings CONSTANT jsonb := lead_scoring_internal.report_setting(model);
    names CONSTANT text[] := ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'));
    entered text[] := ARRAY(SELECT format('s.%I', n || '_at') FROM unnest(names) n);
    reached text[];
    came_at text;
    created text;
    known text;
    touches text;
    leads text;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type, bound.event_time,
                                       bound.event_campaign);
    created := CASE WHEN settings ->> 'lead_created' IS NOT NULL THEN
        lead_scoring_internal.time_expression(bound.leads, settings ->> 'lead_created', settings ->> 'time_zone', 'lead_created') END;
    known := format('LEAST(%s)', concat_ws(', ', VARIADIC entered || created));
    touches := lead_scoring_internal.fill('SELECT e.{lead} AS lead_id, e.{time} AS at, {!campaign} AS campaign FROM {!events} e WHERE e.{time} > ''-infinity'' AND e.{time} < ''infinity'' AND e.{time} <= $1{!only_lead}',
        jsonb_build_object('lead', bound.event_lead, 'time', bound.event_time,
            'campaign', CASE WHEN with_campaign AND bound.event_campaign IS NOT NULL THEN format('nullif(e.%I::text, '''')', bound.event_campaign) ELSE 'NULL::text' END,
            'events', bound.events, 'only_lead', ' AND e.' || quote_ident(bound.event_lead) || ' = ' || only_lead));
    -- OFFSET 0 keeps the events out of parallel joins, each worker of which would read them all; they may be read in parallel.
    -- An index may have the first time of each lead, but not its campaign: for that all are read as they lie, and sorted,
    -- since a hash table of all leads would outgrow its memory.
    touches := CASE WHEN with_campaign AND bound.event_campaign IS NOT NULL
        THEN format('SELECT t.lead_id, min(t.at) AS first_at, lead_scoring.first_touch(t.campaign, t.at) AS campaign FROM (SELECT t.* FROM (%s OFFSET bigint ''0'') t ORDER BY t.lead_id) t GROUP BY 1 OFFSET 0', touches)
        ELSE format('SELECT t.lead_id, min(t.at) AS first_at, NULL::text AS campaign FROM (%s) t GROUP BY 1 OFFSET 0', touches) END;
    -- Whoever was merged into another is counted there, unless there are events of its own again. Whoever is there now has
    -- come by now, whatever the dates: so events are read to find who had come by a day in the past alone.
    leads := lead_scoring_internal.fill($query$
        SELECT s.lead_id, s.stage_since, s.stage, {!entered}, f.campaign, LEAST(f.first_at{!created}) AS first_at
          FROM {model}.scores s{!attributes}
          LEFT JOIN ({!touches}) f ON f.lead_id = s.lead_id
          LEFT JOIN {model}.merged m ON m.merged_from = s.lead_id
         WHERE s.counted AND (m.merged_from IS NULL OR (SELECT true FROM {!events} e WHERE e.{event_lead} = s.lead_id LIMIT 1)){!only_lead}
           AND (now() <= $1 OR {!known} <= $1
                OR EXISTS (SELECT FROM {!events} e WHERE e.{event_lead} = s.lead_id AND e.{event_time} > '-infinity' AND e.{event_time} <= $1)
                OR {!known} IS NULL
                   AND NOT EXISTS (SELECT FROM {!events} e WHERE e.{event_lead} = s.lead_id AND e.{event_time} > '-infinity' AND e.{event_time} < 'infinity'))
        $query$, jsonb_build_object(
        'entered', array_to_string(entered, ', '), 'created', ', ' || created, 'known', known,
        'attributes', CASE WHEN created IS NOT NULL THEN format(' LEFT JOIN %s r ON r.%I = s.lead_id', bound.leads, bound.lead_key) END,
        'model', model, 'touches', touches, 'only_lead', ' AND s.lead_id = ' || only_lead,
        'events', bound.events, 'event_lead', bound.event_lead, 'event_time', bound.event_time));
    IF with_forgotten THEN
        leads := lead_scoring_internal.fill($query$
            {!leads}
            UNION ALL
            SELECT NULL, NULL, NULL, {!entered}, o.campaign, o.came::timestamp AT TIME ZONE {'zone'}
              FROM {model}.forgotten o, generate_series(1, o.leads)
             WHERE (o.came::timestamp AT TIME ZONE {'zone'} <= $1) IS NOT FALSE
            $query$,
            jsonb_build_object('leads', leads,
                'entered', (SELECT string_agg(format('(o.entered ->> %L)::timestamp AT TIME ZONE %L', n, settings ->> 'time_zone'), ', ' ORDER BY place)
                              FROM unnest(names) WITH ORDINALITY u (n, place)),
                'zone', settings ->> 'time_zone', 'model', model));
    END IF;

    -- Times are made those of the report here, as late as can be: the server evaluates each as often as it is used.
    reached := ARRAY(SELECT format('lead_scoring_internal.report_time(LEAST(%s), $1)', array_to_string(entered[i:], ', ')) FROM generate_subscripts(names, 1) i ORDER BY i);
    came_at := format('lead_scoring_internal.report_time(LEAST(%s, s.first_at), $1)', array_to_string(entered, ', '));
    reached[1] := came_at;
    entered := ARRAY(SELECT format('lead_scoring_internal.report_time(%s, $1)', e) FROM unnest(entered) WITH ORDINALITY u (e, place) ORDER BY place);
    -- Whoever stands in the first stage was there from the beginning, without a transition.
    entered[1] := came_at;
    -- Where a lead that has moved since stood then, its history says: in the first stage before its first move.
    RETURN lead_scoring_internal.fill($query$
        SELECT s.lead_id, lead_scoring_internal.report_time(CASE WHEN s.stage_since > $1 THEN (SELECT t.at {!last_move}) ELSE s.stage_since END) AS stage_since,
               (CASE WHEN s.stage_since > $1 THEN (SELECT t.to_stage {!last_move}) ELSE s.stage END <> ALL ({'stages'}::text[])) IS TRUE AS is_out,
               s.campaign, {!came_at} AS came_at,
               {!mql_at} AS mql_at, {!sql_at} AS sql_at, {!customer_at} AS customer_at, {!mql_entered} IS NOT NULL AS mql_entered, {!sql_entered} IS NOT NULL AS sql_entered,
               {!reached}
          FROM ({!leads}) s
        $query$, jsonb_build_object(
        'last_move', format('FROM (%s) t WHERE t.lead_id = s.lead_id AND t.at <= $1 ORDER BY t.seq DESC LIMIT 1', lead_scoring_internal.move_rows(model)),
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
COMMENT ON FUNCTION lead_scoring_internal.lead_rows IS 'SQL that gives each lead that counts (scores.counted) once, but for those that were merged into another, as of parameter 1, the time of the report: since when it is in its stage, whether that is a detour (is_out), its campaign (of the earliest event that names one) if asked for, when it came, and when it reached each stage (entered it or a higher one, at the earliest such time: reached_1 and so on, by place) and entered it (entered_1). What is later than the report is NULL, and a lead all of whose times are later is left out; where nothing dates a lead it counts at all times. Events are read only where the campaign or the time it came is used, or the report is of the past. only_lead is SQL for the key of the one lead wanted. Forgotten leads, if asked for, are rows without lead_id whose times are first days of months.';

CREATE FUNCTION lead_scoring_internal.report_query(model text, view_name text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF view_name <> ALL (lead_scoring_internal.report_views()) THEN
        PERFORM lead_scoring_internal.fail('42704', format('there is no report "%s"', view_name),
            format('The reports are %s.', array_to_string(lead_scoring_internal.report_views(), ', ')),
            format('SELECT * FROM %I.%I;', model, coalesce(lead_scoring_internal.nearest_name(view_name, lead_scoring_internal.report_views()), 'funnel')));
    END IF;
    EXECUTE format('SELECT lead_scoring_internal.%I($1)', view_name || '_report') INTO statement USING model;
    RETURN statement;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_query IS 'The statement of a report view.';

CREATE FUNCTION lead_scoring.report(model text, view_name text, as_of timestamptz DEFAULT pg_catalog.now())
RETURNS SETOF record LANGUAGE c STABLE STRICT PARALLEL UNSAFE ROWS 100 AS 'MODULE_PATHNAME', 'lead_scoring_report';
COMMENT ON FUNCTION lead_scoring.report IS 'The rows of a report view of a model as of another time than now: of what had happened by as_of, by its own time, and of nothing later. It goes by events, spend and revenue dated up to as_of, by moves whose "at" is, and by leads that had come by then (first event, first move or report_settings.lead_created), each in the stage where it stood then. Rules, stages, settings and attributes are those of today; an as_of of this transaction''s now is the moment of reading. Where everything was stored in the order of its times, and nothing was merged, erased or deleted, the report is that of a copy of the database that ends at as_of. What it cannot know: what was stored late counts from its own time on, and so does a move that refresh() made late; a merged lead is part of the other one at all times; an erased lead counts by whole months, where forget_lead says, a deleted one not at all; a lead, spend or revenue that nothing dates counts at all times. Takes USAGE on the schema, SELECT on that view and a column definition list; 42501 where row security on scores limits the caller. Runs as the model''s owner. No rows before the first publish, but of event_types. Raises 42704 for an unknown report, 42P01 for a view that was dropped, which repair() makes again, and 42P01, 42703 or 42804 where a table or column behind it changed.';

-- ---------------------------------------------------------------- views

CREATE FUNCTION lead_scoring_internal.make_report_view(model text, view_name text, note text, VARIADIC columns text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('CREATE OR REPLACE VIEW %1$I.%2$I AS SELECT r.* FROM lead_scoring.report(%1$L, %2$L) AS r (%3$s)', model, view_name,
        (SELECT string_agg(format('%I %s', c[1], c[2]), ', ' ORDER BY place)
           FROM unnest(columns) WITH ORDINALITY u (line, place), regexp_split_to_array(line, ' \| ') c));
    PERFORM lead_scoring_internal.describe(format('%I.%I', model, view_name)::regclass, note,
        (SELECT jsonb_object_agg(c[1], c[3]) FROM unnest(columns) u (line), regexp_split_to_array(line, ' \| ') c));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_report_view IS 'Creates or replaces a report view of a model; each column is "name | type | comment".';

CREATE FUNCTION lead_scoring_internal.report_views()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{funnel,campaigns,channels,lead_magnets,cohorts,velocity,qualified_rate,rule_lift,forecast,sla,feedback,event_types}'::text[]
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_views IS 'The names of the report views.';

CREATE FUNCTION lead_scoring_internal.make_reports(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    view_name text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOREACH view_name IN ARRAY lead_scoring_internal.report_views() LOOP
        EXECUTE format('SELECT lead_scoring_internal.%I($1)', 'make_' || view_name) USING model;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_reports IS 'Creates or replaces the report views of a model.';
