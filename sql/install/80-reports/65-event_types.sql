-- The report "event_types": what its events are of, beside what its rules and stages wait for.

CREATE FUNCTION lead_scoring_internal.named_types(model text)
RETURNS TABLE (type text, source text, rules text, stages text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY EXECUTE format($query$
        SELECT w.type, coalesce(lead_scoring_internal.source_of($1, w.named, w.type) ->> 'name', w.named),
               string_agg(w.rule, ', ' ORDER BY w.rule COLLATE "C"), string_agg(w.stage, ', ' ORDER BY w.stage COLLATE "C")
          FROM (SELECT r.event_type, to_jsonb(r) ->> 'source', r.name, NULL FROM %1$I.rules r WHERE lead_scoring_internal.is_enabled(to_jsonb(r)) AND r.event_type <> '*' UNION ALL SELECT s.on_event, to_jsonb(s) ->> 'on_event_source', NULL, s.name FROM %1$I.stages s
                UNION SELECT e.item ->> 'on_event', e.item ->> 'on_event_source', NULL, e.item ->> 'stage' FROM lead_scoring_internal.rows_of(%1$L, 'entries') e (item)) w (type, named, rule, stage)
         WHERE w.type IS NOT NULL GROUP BY 1, 2
        $query$, model) USING lead_scoring_internal.source_list(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.named_types IS 'The types of events that rules and stages of the draft wait for, each with its source, and with their names; rules that wait for any are not among them.';

CREATE FUNCTION lead_scoring_internal.event_types_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log CONSTANT jsonb := lead_scoring_internal.event_log(model, settings - 'event_id' || lead_scoring_internal.draft_sources(model));
BEGIN
    RETURN lead_scoring_internal.fill($query$
        WITH settings AS (
            SELECT $1 + LEAST(s.future_tolerance, interval '100000 days') AS horizon FROM {model}.settings s
        ), came AS (
            SELECT e.{type}::text AS type, {!source} AS source, count(*) AS events, max(e.{time}) FILTER (WHERE e.{time} <= $1 AND isfinite(e.{time})) AS last_at,
                   count(*) FILTER (WHERE e.{time} > s.horizon AND isfinite(e.{time})) AS waiting, max(e.{time}) FILTER (WHERE e.{time} > s.horizon AND isfinite(e.{time})) AS waits_until
              FROM {!rows} CROSS JOIN settings s GROUP BY e.{type}, {!source}
        ), types AS (
            SELECT coalesce(c.type, n.type) AS type, coalesce(c.source, n.source) AS source, coalesce(c.events, 0) AS events, c.last_at, coalesce(c.waiting, 0) AS waiting, c.waits_until, n.rules, n.stages,
                   c.events IS NOT NULL AS has_come, n.type IS NOT NULL AS is_named
              FROM came c FULL JOIN lead_scoring_internal.named_types({'model'}) n ON n.type = c.type AND n.source = c.source
        ), lost AS MATERIALIZED (  -- few, where types of events may be many
            SELECT t.type FROM types t WHERE t.is_named AND NOT t.has_come
        )
        SELECT t.type, t.source, t.events, lead_scoring_internal.report_time(t.last_at), t.waiting, lead_scoring_internal.report_time(t.waits_until), t.rules, t.stages, o.type,
               nullif(concat_ws('; ',
                   CASE WHEN t.type IS NULL THEN 'events without a type match nothing'
                        WHEN NOT t.has_come THEN 'no event of this type has come' || coalesce(', but of "' || o.type || '"', '')
                        WHEN o.type IS NOT NULL THEN format('no rule or stage waits for it, but for "%s", of which no event has come', o.type) END,
                   CASE WHEN t.waiting > 0 THEN format('%s ahead of the clock, by up to %s hours, and waiting until then: if they have happened already, what stores them takes a local time for one of another time zone',
                                                       t.waiting, round(extract(epoch FROM lead_scoring_internal.report_time(t.waits_until) - $1) / 3600, 1)) END), '')
          FROM types t
          LEFT JOIN LATERAL (SELECT o.type FROM (SELECT l.type FROM lost l WHERE t.has_come AND NOT t.is_named
                                                  UNION ALL SELECT c.type FROM types c WHERE t.is_named AND NOT t.has_come AND c.has_come AND NOT c.is_named) o
                              ORDER BY lead_scoring_internal.near(t.type, o.type), o.type COLLATE "C" LIMIT 1) o ON lead_scoring_internal.near(t.type, o.type) IS NOT NULL
         ORDER BY t.events DESC, t.type COLLATE "C", t.source COLLATE "C"
        $query$, jsonb_build_object('model', model, 'type', log ->> 'type', 'source', log ->> 'source', 'time', log ->> 'time', 'rows', log ->> 'rows'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.event_types_report IS 'The statement of the report "event_types".';

CREATE FUNCTION lead_scoring_internal.event_types_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'Types of events: those that came, and those that rules and stages of the draft wait for. Counted from the events, also before the first publish.',
    ARRAY['as_of | as_of: the time that events have come by or are ahead of; all are counted.'],
    ARRAY['type | text | Type; NULL for events that have none.',
    'source | text | Source that has them, or is to have them; NULL where the draft does not say which.',
    'events | bigint | Events of the type.',
    'last_at | timestamp with time zone | Time of the latest event that is not ahead of the clock.',
    'waiting | bigint | Events further ahead of the clock than settings.future_tolerance, which count when their time comes.',
    'waits_until | timestamp with time zone | Time of the last of these.',
    'rules | text | Rules that the events can match, by name.',
    'stages | text | Stages that they can move a lead to, by name.',
    'nearest | text | Of a type that is waited for and never came, the most similar one that did and is not waited for, where one is; of one that came and is not waited for, the other way round.',
    'note | text | What is odd about it, in words.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.event_types_form IS 'What the report "event_types" is.';

CREATE FUNCTION lead_scoring_internal.notice_types(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log CONSTANT jsonb := lead_scoring_internal.event_log(model, lead_scoring_internal.draft_sources(model));
    came text[];
    waited text[];  -- what is waited for itself is spelt right: deal_won is no deal_lost
    missing record;
    others text[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- Most often the first events tell that there is nothing to say.
    EXECUTE format('SELECT array_agg(DISTINCT e.type) FROM (SELECT e.%1$I::text FROM %2$s WHERE e.%1$I IS NOT NULL LIMIT 10000) e (type)', log ->> 'type', log ->> 'rows') INTO came;
    IF came IS NULL OR NOT EXISTS (SELECT FROM lead_scoring_internal.named_types(model) n WHERE n.type <> ALL (came)) THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT array_agg(e.type) FROM (SELECT e.%1$I::text FROM %2$s WHERE e.%1$I IS NOT NULL GROUP BY e.%1$I) e (type)', log ->> 'type', log ->> 'rows') INTO came;
    SELECT array_agg(n.type) FROM lead_scoring_internal.named_types(model) n INTO waited;
    FOR missing IN SELECT n.*, o.type AS nearest
                     FROM (SELECT t.type, string_agg(t.rules, ', ') AS rules, string_agg(t.stages, ', ') AS stages FROM lead_scoring_internal.named_types(model) t GROUP BY 1) n
                     LEFT JOIN LATERAL (SELECT o.type FROM unnest(came) o (type) WHERE lead_scoring_internal.near(n.type, o.type) IS NOT NULL AND o.type <> ALL (waited)
                                         ORDER BY lead_scoring_internal.near(n.type, o.type), o.type COLLATE "C" LIMIT 1) o ON true
                    WHERE n.type <> ALL (came) ORDER BY n.type COLLATE "C" LOOP
        IF missing.nearest IS NULL THEN
            others := others || quote_ident(missing.type);
            CONTINUE;
        END IF;
        RAISE NOTICE USING MESSAGE = format('no event of type "%s" has come, but of "%s"', missing.type, missing.nearest),
            DETAIL = concat_ws(' ', 'Wait for it:', 'rules ' || missing.rules, 'stages ' || missing.stages) || '.',
            HINT = concat_ws(' ', CASE WHEN missing.rules IS NOT NULL THEN format('UPDATE %I.rules SET event_type = %L WHERE event_type = %L;', model, missing.nearest, missing.type) END,
                                  CASE WHEN missing.stages IS NOT NULL THEN format('UPDATE %I.stages SET on_event = %L WHERE on_event = %L;', model, missing.nearest, missing.type) END,
                                  format('SELECT lead_scoring.publish(%L);', model));
    END LOOP;
    IF others <> '{}' THEN
        RAISE NOTICE USING MESSAGE = format('no event of type %s has come yet', array_to_string(others, ', ')), HINT = format('SELECT * FROM %I.event_types;', model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.notice_types IS 'Says by notices which types of events the draft waits for and never came, with the nearest one that did; nothing while there are no events.';
