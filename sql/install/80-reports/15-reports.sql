-- Reports of a model: what they have in common. Each is a function, lead_scoring.<report>, and a view in the model's schema,
-- which is one call of it. The function builds its statement when it is called, by <report>_report of the part of that
-- noun, and runs it as the model's owner. So the views name nothing of the user's, follow every publish and every change
-- of settings by themselves, and need no right but SELECT on the view. What a report takes and gives, and what that means,
-- is told once, by <report>_form: the function, the view and the reference are made from it.

-- ---------------------------------------------------------------- statements

CREATE FUNCTION lead_scoring_internal.stage_roles(definition jsonb, settings jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names CONSTANT text[] := ARRAY(SELECT s.stage ->> 'name' FROM jsonb_array_elements(definition -> 'stages') s (stage)
                                    WHERE s.stage ->> 'kind' = 'progress' ORDER BY (s.stage ->> 'rank')::integer);
    meanings CONSTANT jsonb := (SELECT jsonb_object_agg(s.stage ->> 'counts_as', s.stage ->> 'name')
                                  FROM jsonb_array_elements(definition -> 'stages') s (stage) WHERE s.stage ->> 'counts_as' IS NOT NULL);
BEGIN
    RETURN (SELECT jsonb_object_agg(d.role, array_position(names,
                       coalesce(settings ->> (d.role || '_stage'), CASE WHEN meanings IS NOT NULL THEN meanings ->> d.role ELSE names[d.place] END)))
              FROM (VALUES ('mql', CASE WHEN cardinality(names) >= 2 THEN 2 END),
                           ('sql', CASE WHEN cardinality(names) >= 4 THEN 3 END),
                           ('customer', CASE WHEN cardinality(names) >= 3 THEN cardinality(names) END)) d (role, place))
           || jsonb_build_object('stages', names);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_roles IS 'What the stages of a definition are to reports told these settings: stages (the progress stages by rank), and mql, sql and customer as places in these, NULL where there is no such stage.';

CREATE FUNCTION lead_scoring_internal.report_setting(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings jsonb;
    version jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(r) FROM %I.report_settings r', model) INTO settings;
    settings := coalesce(settings, '{"qualified_low": 0.02, "qualified_high": 0.05, "dimensions": {}, "week_starts": "monday"}');
    version := lead_scoring_internal.newest_definition(model);
    RETURN settings || lead_scoring_internal.stage_roles(version, settings) || jsonb_build_object('time_zone', version ->> 'time_zone', 'sources', coalesce(version -> 'sources', '[]'), 'event_id', version -> 'event_id',
        'lead_created', coalesce(settings ->> 'lead_created', version ->> 'lead_created'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_setting IS 'What a report goes by: report_settings with, in addition, time_zone, sources, event_id (of the first) and stages (the progress stages by rank) of the newest version, and mql, sql and customer as places in these, NULL where the model has no such stage; lead_created is that of the version where report_settings name none.';

CREATE FUNCTION lead_scoring_internal.report_time(at timestamptz) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_report_time';
COMMENT ON FUNCTION lead_scoring_internal.report_time(timestamptz) IS 'A time as reports take it: an absurd one, before 4000 BC or after the year 200000, for the nearer of these. So there is room on both sides for time zones, months and intervals, and differences fit into 64 bits.';

CREATE FUNCTION lead_scoring_internal.report_time(at timestamptz, as_of timestamptz) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_report_time_as_of';
COMMENT ON FUNCTION lead_scoring_internal.report_time(timestamptz, timestamptz) IS 'A time as a report of as_of takes it: NULL where it is later.';

CREATE FUNCTION lead_scoring_internal.period_expression(instant text, settings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN settings ->> 'grain' = 'week' AND w.days > 0
            THEN format('(date_trunc(''week'', %1$s AT TIME ZONE %2$L - interval ''%3$s days'') + interval ''%3$s days'')::date', instant, settings ->> 'time_zone', w.days)
            ELSE format('date_trunc(%L, %s AT TIME ZONE %L)::date', coalesce(settings ->> 'grain', 'month'), instant, settings ->> 'time_zone') END
  FROM (SELECT array_position(lead_scoring_internal.weekdays(), settings ->> 'week_starts') - 1) w (days)
$$;
COMMENT ON FUNCTION lead_scoring_internal.period_expression IS 'SQL for the first day of the period of a timestamptz, in the model''s time zone: of the settings'' grain, a month where they have none. See report_time.';

CREATE FUNCTION lead_scoring_internal.is_over(period text, settings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('%s + interval %L <= $1 AT TIME ZONE %L', period, settings ->> 'step', settings ->> 'time_zone')
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_over IS 'SQL for whether a period, by its first day, is over at parameter 1, the time of the report.';

CREATE FUNCTION lead_scoring_internal.is_asked_for(day text, settings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(nullif(concat_ws(' AND ', day || ' >= date ' || quote_literal(settings ->> 'since'), day || ' <= date ' || quote_literal(settings ->> 'until')), ''), 'true')
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_asked_for IS 'SQL for whether a day lies from the settings'' since to their until; where they say neither, it is true without the day.';

CREATE FUNCTION lead_scoring_internal.is_asked_for_at(instant text, settings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.is_asked_for(format('(lead_scoring_internal.report_time(%s) AT TIME ZONE %L)::date', instant, settings ->> 'time_zone'), settings)
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_asked_for_at IS 'The same for the day of a timestamptz.';

CREATE FUNCTION lead_scoring_internal.report_dimension(model text, report text, split_by text, settings jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    names CONSTANT text[] := lead_scoring_internal.own_dimensions() || ARRAY(SELECT k FROM jsonb_object_keys(settings -> 'dimensions') k ORDER BY k COLLATE "C");
    expression CONSTANT text := settings -> 'dimensions' ->> split_by;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF split_by IS NULL OR split_by = ANY (lead_scoring_internal.own_dimensions()) THEN
        RETURN jsonb_build_object('kind', split_by);
    ELSIF split_by = 'reason' AND report IN ('sla', 'feedback') AND expression IS NULL THEN
        RETURN jsonb_build_object('kind', 'reason');
    END IF;
    -- Whoever may not act as the owner is not to have him evaluate an expression.
    IF expression IS NULL AND NOT pg_has_role(lead_scoring_internal.asking_role(), current_user, 'USAGE') THEN
        PERFORM lead_scoring_internal.fail('42704', format('model "%s" has no dimension "%s"', model, split_by),
            format('Its dimensions are %s.', (SELECT string_agg(quote_ident(n), ', ' ORDER BY place) FROM unnest(names) WITH ORDINALITY u (n, place))),
            format('SELECT * FROM lead_scoring.%I(%L, by => %L);', report, model, coalesce(lead_scoring_internal.nearest_name(split_by, names), 'campaign')));
    END IF;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type, bound.event_time, bound.event_campaign);
    RETURN jsonb_build_object('kind', 'expression',
        'expression', lead_scoring_internal.report_key(bound.leads, coalesce(expression, split_by), CASE WHEN expression IS NULL THEN 'by' ELSE format('dimension "%s"', split_by) END));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_dimension IS 'What a report is split by: an object of kind (campaign, channel, lead_type, expression, or NULL; reason, of the reports on what sales made of leads) and, of an expression over the row of a lead, its SQL, checked against the table as it is. Raises 42704 for a name that is no dimension, where the caller may not act as the owner; for the owner that is an expression, which raises what check_expression raises.';

CREATE FUNCTION lead_scoring_internal.report_request(model text, report text, grain text, split_by text, since date, until date)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- how long it is, and how long a year is to it
    grains CONSTANT jsonb := '{"day": ["1 day", "1 year"], "week": ["7 days", "364 days"], "month": ["1 month", "1 year"], "quarter": ["3 months", "1 year"]}';
    settings CONSTANT jsonb := lead_scoring_internal.report_setting(model);
BEGIN
    IF grain IS NULL OR NOT grains ? grain THEN
        PERFORM lead_scoring_internal.fail('22023', format('there is no grain %s', coalesce('"' || grain || '"', 'NULL')), 'A report is by day, week, month or quarter.',
            format('SELECT * FROM lead_scoring.%I(%L, grain => %L);', report, model,
                   coalesce(lead_scoring_internal.nearest_name(grain, '{day,week,month,quarter}'), 'month')));
    ELSIF since > until THEN
        PERFORM lead_scoring_internal.fail('22023', format('since, %s, is after until, %s', to_jsonb(since) #>> '{}', to_jsonb(until) #>> '{}'),
            'A report has what lies from the one to the other.',
            format('SELECT * FROM lead_scoring.%I(%L, since => %L, until => %L);', report, model, to_jsonb(until) #>> '{}', to_jsonb(since) #>> '{}'));
    END IF;
    RETURN settings || jsonb_build_object('grain', grain, 'step', grains -> grain ->> 0, 'year', grains -> grain ->> 1, 'since', since, 'until', until,
                                          'by', lead_scoring_internal.report_dimension(model, report, split_by, settings));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_request IS 'What a report goes by and what is asked of it: report_setting with, in addition, grain, step (the length of a period), year (how far before it that of the year before lies), since, until, and by, as report_dimension has it. Raises 22023 for another grain or where since is after until, 42704 for an unknown dimension.';

CREATE FUNCTION lead_scoring_internal.fill_report(settings jsonb, template text, places jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marked CONSTANT text := '\[\[([^|]*?)(?:\|(.*?))?\]\]';
    taken CONSTANT text := regexp_replace(template, marked, CASE WHEN settings #>> '{by,kind}' IS NULL THEN '\2' ELSE '\1' END, 'g');
BEGIN
    RETURN lead_scoring_internal.fill(taken, (
        SELECT jsonb_object_agg(p.key, p.value) FROM jsonb_each(places) p
         WHERE taken ~ format('\{[!'']?%s''?\}', p.key) OR template !~ format('\{[!'']?%s''?\}', p.key)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.fill_report IS 'The template filled in, as fill does: of [[this|that]] with "this" where the report is split by a dimension, else with "that", or nothing. So what it costs to split is paid by whoever asks for it. A place may be in what is left out.';

CREATE FUNCTION lead_scoring_internal.report_query(model text, report text, grain text, split_by text, since date, until date)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF report <> ALL (lead_scoring_internal.report_views()) THEN
        PERFORM lead_scoring_internal.fail('42704', format('there is no report "%s"', report),
            format('The reports are %s.', array_to_string(lead_scoring_internal.report_views(), ', ')),
            format('SELECT * FROM lead_scoring.%I(%L);', coalesce(lead_scoring_internal.nearest_name(report, lead_scoring_internal.report_views()), 'funnel'), model));
    END IF;
    EXECUTE format('SELECT lead_scoring_internal.%I($1, $2)', report || '_report') INTO statement
      USING model, lead_scoring_internal.report_request(model, report, grain, split_by, since, until);
    RETURN statement;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_query IS 'The statement of a report, whose parameter 1 is the time of the report. Raises 42704 where there is none of that name.';

-- ---------------------------------------------------------------- functions and views

CREATE TYPE lead_scoring_internal.report_form AS (note text, arguments text[], columns text[]);
COMMENT ON TYPE lead_scoring_internal.report_form IS 'What a report is: in words; the arguments it takes besides the model and as_of, each "name", or "name | meaning" where it (or as_of) means something else than report_arguments says, "name | + meaning" where it means that besides; its columns, each "name | type | meaning".';

CREATE FUNCTION lead_scoring_internal.report_views()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{funnel,campaigns,channels,lead_magnets,cohorts,velocity,qualified_rate,rule_lift,forecast,sla,feedback,stage_times,event_types}'::text[]
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_views IS 'The names of the reports, which are those of the functions and of the views.';

CREATE FUNCTION lead_scoring_internal.report_note(report text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    form lead_scoring_internal.report_form;
BEGIN
    EXECUTE format('SELECT f.* FROM lead_scoring_internal.%I() f', report || '_form') INTO form;
    RETURN form.note;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_note IS 'What a report is, in words.';

CREATE FUNCTION lead_scoring_internal.report_arguments(report text)
RETURNS TABLE (name text, declaration text, note text) LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 6 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    form lead_scoring_internal.report_form;
BEGIN
    EXECUTE format('SELECT f.* FROM lead_scoring_internal.%I() f', report || '_form') INTO form;
    RETURN QUERY
    SELECT d.name, d.declaration, CASE WHEN a.c[2] LIKE '+ %' THEN d.note || substr(a.c[2], 2) ELSE coalesce(a.c[2], d.note) END
      FROM (VALUES
        (1, 'model', 'text', NULL),
        (2, 'as_of', 'timestamptz DEFAULT pg_catalog.now()', 'as_of: what had happened by then, by its own time, and nothing later.'),
        (3, 'grain', 'text DEFAULT ''month''', 'grain: a period is a day, week (from the day that report_settings.week_starts names), month or quarter.'),
        (4, 'by', 'text DEFAULT NULL', 'by: rows are of one value of a dimension each, which is the first column: campaign (the lead''s), channel (of its first touch), lead_type (that it had when it became an MQL), or a name in report_settings.dimensions; from whoever has the rights of the model''s owner any SQL expression over the row of a lead.'),
        (5, 'since', 'date DEFAULT NULL', 'since, until: only periods whose first day lies from the one to the other, both included; what they say is what they say without.'),
        (6, 'until', 'date DEFAULT NULL', NULL)) d (place, name, declaration, note)
      LEFT JOIN (SELECT regexp_split_to_array(line, ' \| ') FROM unnest(form.arguments) u (line)) a (c) ON a.c[1] = d.name
     WHERE d.place <= 2 OR a.c IS NOT NULL ORDER BY d.place;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_arguments IS 'The arguments of a report''s function, in order: their names, types with defaults, and what they mean.';

CREATE FUNCTION lead_scoring_internal.report_columns(report text)
RETURNS TABLE (place bigint, name text, type text, note text) LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    form lead_scoring_internal.report_form;
BEGIN
    EXECUTE format('SELECT f.* FROM lead_scoring_internal.%I() f', report || '_form') INTO form;
    RETURN QUERY
    SELECT 0::bigint, 'dimension', 'text', 'Value of the dimension that "by" names; NULL without "by", and where the value is NULL or empty. The view does not have this column.'
     WHERE EXISTS (SELECT FROM lead_scoring_internal.report_arguments(report) a WHERE a.name = 'by')
    UNION ALL
    SELECT u.place, c[1], c[2], c[3] FROM unnest(form.columns) WITH ORDINALITY u (line, place), regexp_split_to_array(u.line, ' \| ') c
     ORDER BY 1;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_columns IS 'The columns of a report, in order: their names, types, and what they mean. Place 0 is that of the dimension, which the view leaves out.';

CREATE FUNCTION lead_scoring_internal.make_report_view(model text, report text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- A function's columns do not keep the places behind the decimal point that their types say.
    EXECUTE lead_scoring_internal.fill('CREATE OR REPLACE VIEW {model}.{report} AS SELECT {!columns} FROM lead_scoring.{report}({''model''}) r',
        jsonb_build_object('model', model, 'report', report,
            'columns', (SELECT string_agg(format(CASE WHEN c.type LIKE '%(%' THEN 'r.%1$I::%2$s AS %1$I' ELSE 'r.%1$I' END, c.name, c.type), ', ' ORDER BY c.place)
                          FROM lead_scoring_internal.report_columns(report) c WHERE c.place > 0)));
    PERFORM lead_scoring_internal.describe(format('%I.%I', model, report)::regclass,
        lead_scoring_internal.report_note(report) || CASE WHEN EXISTS (SELECT FROM lead_scoring_internal.report_arguments(report) a WHERE a.name = 'grain') THEN ' A period is a month.' ELSE '' END,
        (SELECT jsonb_object_agg(c.name, c.note) FROM lead_scoring_internal.report_columns(report) c WHERE c.place > 0));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_report_view IS 'Creates or replaces the view of a report in a model.';

CREATE FUNCTION lead_scoring_internal.make_reports(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    report text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOREACH report IN ARRAY lead_scoring_internal.report_views() LOOP
        PERFORM lead_scoring_internal.make_report_view(model, report);
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_reports IS 'Creates or replaces the report views of a model.';
